"""Writes the generated pages of docs/reference: `python -m gateway.cli.reference docs/reference`."""

from __future__ import annotations

import sys
from pathlib import Path

from gateway.declaration import Declaration
from gateway.settings import declarations
from gateway.units import Unit
from sql_extensions import reference as sql_reference

_SETTINGS_HEAD = """\
# Settings

Generated from `gateway/settings.py` by `make docs`; do not edit.

Each setting can be given in four ways; the last one in this order wins: the default, the TOML file named by `--config`,
an environment variable, an option of `kadali serve` or `kadali demo`. `kadali user` takes `data_dir`, `catalog_url` and
`lake_root`. The TOML file is flat:

```toml
data_dir = "/srv/kadali"
host = "0.0.0.0"
tls = "required"
memory_limit = "4GB"
statement_timeout = "5min"
```

Sizes take a unit `B`, `kB`, `MB`, `GB` or `TB` (steps of 1024); times take `ms`, `s`, `min`, `h` or `d`.
An unknown key in the file is an error; unknown `KADALI_*` variables are ignored.

| setting | default | values | meaning |
|---|---|---|---|
"""


def settings_page() -> str:
    """docs/reference/settings.md."""
    rows = [
        f"| `{entry.name}`<br>`{entry.option}`<br>`{entry.variable}` | {_code(entry.shown_default)} | {_values(entry)} "
        f"| {entry.help} |"
        for entry in declarations()
    ]
    return _SETTINGS_HEAD + "\n".join(rows) + "\n"


PAGES = {"settings.md": settings_page}


def main(arguments: list[str]) -> int:
    """The exit code."""
    if len(arguments) != 1:
        print("usage: python -m gateway.cli.reference FOLDER", file=sys.stderr)
        return 2
    for name, page in PAGES.items():
        Path(arguments[0], name).write_text(page())
    sql = Path(arguments[0], "sql")
    sql.mkdir(exist_ok=True)
    pages = sql_reference.pages()
    for name, text in pages.items():
        (sql / name).write_text(text)
    for stale in sql.glob("*.md"):
        if stale.name not in pages:
            stale.unlink()
    return 0


def _code(text: str) -> str:
    return f"`{text}`" if text else "not set"


def _values(entry: Declaration) -> str:
    if entry.choices is not None:
        return ", ".join(f"`{choice.value}`" for choice in entry.choices)
    if entry.minimum is None or entry.maximum is None:
        return {Unit.SWITCH: "`on`, `off`"}.get(entry.unit, entry.unit.value)
    return f"{_bound(entry.minimum, entry.unit)} to {_bound(entry.maximum, entry.unit)}"


def _bound(value: float, unit: Unit) -> str:
    """A number in the largest unit that gives a whole one."""
    if unit is Unit.BYTES:
        scales = (("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10))
    elif unit is Unit.SECONDS:
        scales = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    else:
        return f"{value:.0f}"
    for name, scale in scales:
        if value and value % scale == 0:
            return f"{value / scale:.0f}{name}"
    return f"{value:g}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
