"""The rules of the house, as far as a program can hold them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import errors
from catalog.errors import SqlError
from tests.architecture.sources import ROOT, modules, text_of, tracked

FILE_LINES_MAX, FUNCTION_LINES_MAX = 450, 80
FUNCTION_UNDOCUMENTED_MAX, CLASS_UNDOCUMENTED_MAX = 10, 6
"""Lines beyond which a public function or class must say what it is for."""
POLLERS = {
    "catalog/postgres/leftovers.py": "processes that are not our children",
    "catalog/shadow/instance.py": "a server that starts",
    "catalog/shadow/session.py": "a server that starts",
    "engine/clusters/processes.py": "a driver that gets ready",
    "gateway/data_folder.py": "a lock of another process",
    "gateway/demo/launch.py": "a server that starts",
    "gateway/metadata.py": "a store that another process starts",
}
"""Where sleeping is right, and what is waited for: an outside process that tells nobody, until a deadline."""
BLIND = {
    "engine/clusters/reconcile.py": "one cluster's error is its own",
    "gateway/cluster_loop.py": "the edge of a thread that must go on",
    "gateway/flight/watch.py": "the edge of a thread that must go on",
    "gateway/execute.py": "an observer's failure stops nothing",
    "gateway/pgwire": "the edge of a client's session",
    "gateway/http/server.py": "the edge of a request",
    "gateway/tenants.py": "the edge of a thread that must go on",
    "gateway/demo/launch.py": "the edge of the loader's thread",
}
"""Where `except Exception` is right: at an edge."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def lines_of(node: Function | ast.ClassDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_imports_go_one_way() -> None:
    """The contracts in pyproject.toml: gateway > sql_extensions > engine > catalog; a protocol without IO."""
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


def test_files_and_functions_can_be_read() -> None:
    long_files = {module.path: n for module in modules() if (n := module.text.count("\n")) > FILE_LINES_MAX}
    long_functions = {
        f"{module.path}: {function.name}": lines_of(function)
        for module in modules()
        for function in functions(module.tree)
        if lines_of(function) > FUNCTION_LINES_MAX
    }
    assert (long_files, long_functions) == ({}, {})


def test_modules_and_what_they_offer_are_explained() -> None:
    silent = []
    for module in modules():
        if module.tree.body and not ast.get_docstring(module.tree):
            silent.append(module.path)
        for node in module.tree.body:
            if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_") or ast.get_docstring(node):
                continue
            if "/statements/" in module.path and node.name in ("parse", "describe", "run"):
                continue  # explained once, in registry.py
            limit = CLASS_UNDOCUMENTED_MAX if isinstance(node, ast.ClassDef) else FUNCTION_UNDOCUMENTED_MAX
            if lines_of(node) > limit:
                silent.append(f"{module.path}: {node.name}")
    assert silent == []


def test_nobody_sleeps_but_pollers() -> None:
    asleep = {
        module.path
        for module in modules()
        if re.search(r"\btime\.sleep\(|\bEvent\(\)\.wait\(|\basyncio\.sleep\((?!0\))", module.text)
    }
    assert asleep - POLLERS.keys() == set()
    assert {path for path in POLLERS if "time.sleep(" not in (ROOT / path).read_text()} == set(), "stale entries"


def test_exceptions_are_not_swallowed() -> None:
    """Nothing is caught bare; what is caught blindly is so at an edge, and nothing is caught to be forgotten there."""
    swallowed = []
    for module in modules():
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            blind = node.type is None or (isinstance(node.type, ast.Name) and node.type.id in _ALL)
            raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            forgets = all(isinstance(statement, ast.Pass | ast.Continue) for statement in node.body)
            if blind and (forgets or not (raises or module.path.startswith(tuple(BLIND)))):
                swallowed.append(f"{module.path}:{node.lineno}")
    assert swallowed == []


_ALL = ("Exception", "BaseException")


def test_no_work_is_left_lying() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")
    assert [module.path for module in modules() if marks.search(module.text)] == []


def test_each_sqlstate_is_one_class() -> None:
    own = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, SqlError) and value is not SqlError
    ]
    states = Counter(each.sqlstate for each in own if each is not errors.InternalError)
    assert [state for state, count in states.items() if count > 1] == []
    assert all(re.fullmatch(r"[0-9A-Z]{5}", each.sqlstate) for each in own)
    assert all(errors.BY_SQLSTATE[each.sqlstate] is each for each in own)


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("paths of one machine", r"(?<![\w.:/-])/(work|root|Users)/[\w.]|(?<![\w.:/-])/home/(?!nonroot|kadali)\w+/"),
        ("hosts of package registries", r"files\.pythonhosted\.org|(?<!//)\bpypi\.(org|python)|registry\.npmjs"),
        ("private mirrors", r"index-url|extra-index|(?<!google\.protobuf)(?<!jdk)\.internal\b|artifactory|nexus\."),
    ],
)
def test_no_trace_of_a_workplace(what: str, pattern: str) -> None:
    found = re.compile(pattern)
    own = Path(__file__)
    traces = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        if path != own and (text := text_of(path)) is not None and (match := found.search(text)) is not None
    ]
    assert traces == [], what
