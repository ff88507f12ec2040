"""The engines under test: one row each, with what it can do. A new engine joins by a row here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.embedded.engine import EmbeddedEngine
from engine.embedded.instance import EmbeddedSettings


@dataclass(frozen=True)
class EngineCase:
    """`make` builds an engine over a folder of tables. `capabilities`: words tests ask for with `requires`."""

    name: str
    make: Callable[[Path], Any]
    capabilities: frozenset[str]


def _embedded(root: Path) -> EmbeddedEngine:
    staging = root / "staging"
    staging.mkdir(exist_ok=True)
    return EmbeddedEngine(EmbeddedSettings(roots=(root,), staging_dir=staging, memory_bytes=256 << 20))


ENGINES = (
    EngineCase("embedded", _embedded, frozenset({"staged", "arrow", "time", "interval", "cancel", "params", "uuid"})),
)


@pytest.fixture(params=ENGINES, ids=lambda case: case.name)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    case: EngineCase = request.param
    wanted = {word for mark in request.node.iter_markers("requires") for word in mark.args}
    if not wanted <= case.capabilities:
        pytest.skip(f"{case.name} has no {', '.join(sorted(wanted - case.capabilities))}")
    built = case.make(tmp_path)
    yield built
    built.close()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requires(capability): what an engine must be able to do for this test")
