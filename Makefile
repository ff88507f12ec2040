# make run     try it: environment, server, sample data        make env    the environment only (.venv)
# make test    the tests                                       make check  format, lint, types, imports
# make bench   ratios against other programs                   make docs   the generated reference pages
# make spark   a Spark distribution in .spark, for `kadali serve --spark-home .spark`: needs Maven and a JDK, 500 MB
# make k8s-up, make k8s-down   a Kubernetes of this machine, to try Spark clusters: needs root, Linux and Go
# make faults  a hundred faults and more, one after the other, in such a Kubernetes: an hour or two
# Another Python: make PYTHON=python3.13 env

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := catalog engine sql_extensions gateway
ARGS ?=
NEED_PYTHON = test -n "$(PYTHON)" || \
	{ echo "Python 3.11 or newer is needed; name one: make PYTHON=/path/to/python3.12" >&2; exit 1; }

.PHONY: env run test faults check format bench docs spark k8s-up k8s-down clean

env: $(VENV)/.installed

$(VENV)/.made:
	@$(NEED_PYTHON)
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made requirements.lock pyproject.toml
	@echo "installing what Kadali needs"
	@$(PIP) install -r requirements.lock
	@$(PIP) install --no-deps -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@echo "installing what the tests need"
	@$(PIP) install -r requirements-dev.lock
	@touch $@

run: env
	@exec $(BIN)/kadali demo $(ARGS)

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -q $(ARGS)

faults: $(VENV)/.installed-dev
	KADALI_FAULTS=$${KADALI_FAULTS:-120} $(BIN)/python -m pytest -q -s tests/k8s/test_faults.py $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench $(ARGS)

docs: $(VENV)/.installed
	$(BIN)/python -m gateway.cli.reference docs/reference

spark:
	@$(NEED_PYTHON)
	@$(PYTHON) docker/spark/distribution.py .spark $(ARGS)

k8s-up k8s-down:
	@$(NEED_PYTHON)
	@$(PYTHON) docker/k8s $(@:k8s-%=%) $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
