"""The tables of clients in docs/compatibility.md: every test they name exists, and every module of tests is named."""

from __future__ import annotations

import ast
import re
from pathlib import Path

FOLDER = Path(__file__).parent
PAGE = (FOLDER.parents[1] / "docs" / "compatibility.md").read_text()
NAMED = re.findall(r"`((?:\w+/)?test_\w+\.py)::(test_\w+)`", PAGE)
"""Modules of other folders than this one have the folder's name in front."""


def test_named_tests_exist() -> None:
    for module, name in NAMED:
        tree = ast.parse((FOLDER.parent / module if "/" in module else FOLDER / module).read_text())
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{module}::{name}"


def test_all_modules_are_named() -> None:
    modules = {path.name for path in FOLDER.glob("test_*.py")} - {Path(__file__).name}
    assert modules == {module for module, _ in NAMED if "/" not in module}


def test_names_are_written_so_that_they_are_found() -> None:
    assert PAGE.count("::test_") == len(NAMED)
