"""Every module can be the first that a program imports."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence

from tests.architecture.sources import ROOT, modules

IMPORT_EACH = """
import importlib, json, sys
for circle, first in json.loads(sys.argv[1]):
    for name in first:
        for known in circle:
            if sys.modules.pop(known, None) is not None and "." in known:
                parent, _, own = known.rpartition(".")
                delattr(sys.modules[parent], own)
        try:
            importlib.import_module(name)
        except ImportError as error:
            print(name, error)
"""
"""Nothing outside a circle leads back into it: it may stay."""


def test_each_module_of_a_circle_can_come_first() -> None:
    """Modules that import each other fail or not by which of them is met first; the others have nothing to fail by.

    A package is met before its modules are: where it is in the circle itself, all of them are met in one order.
    """
    circles = [circle for circle in _circles(_imports()) if len(circle) > 1]
    told = [(circle, [name for name in circle if not {*_packages(name)} & {*circle}]) for circle in circles]
    assert told, "no circle is found"
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EACH, json.dumps(told)],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    assert done.stdout == ""


def _packages(name: str) -> Iterator[str]:
    while name := name.rpartition(".")[0]:
        yield name


def _imports() -> dict[str, set[str]]:
    """What each module imports as soon as it is imported itself."""
    trees = {
        module.path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): module.tree for module in modules()
    }
    return {name: {found for found in _imported(tree.body) if found in trees} - {name} for name, tree in trees.items()}


def _imported(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Try):
            yield from _imported(node.body)


def _circles(graph: dict[str, set[str]]) -> list[Sequence[str]]:
    """Strongly connected parts (Kosaraju): who reaches each other."""
    order: list[str] = []
    _walk(graph, graph, order)
    back: dict[str, set[str]] = {name: set() for name in graph}
    for name, found in graph.items():
        for other in found:
            back[other].add(name)
    parts: list[Sequence[str]] = []
    seen = set[str]()
    for name in reversed(order):
        part: list[str] = []
        _walk(back, [name], part, seen)
        parts.append(part)
    return parts


def _walk(graph: dict[str, set[str]], starts: Iterable[str], order: list[str], seen: set[str] | None = None) -> None:
    """Adds to `order` what is reached from the starts and was not seen before, each behind what it leads to."""
    seen = set() if seen is None else seen
    for start in starts:
        stack = [(start, iter(graph[start]))] if start not in seen else []
        seen.add(start)
        while stack:
            _, rest = stack[-1]
            following = next((other for other in rest if other not in seen), None)
            if following is None:
                order.append(stack.pop()[0])
            else:
                seen.add(following)
                stack.append((following, iter(graph[following])))
