"""The engines under test: one row each, with what it can do. A new engine joins by a row here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from engine.base import Query
from engine.embedded.engine import EmbeddedEngine
from engine.embedded.instance import EmbeddedSettings
from engine.spark.engine import SparkEngine
from engine.spark.running import SparkRunning
from tests.engines.conformance.spark_spelling import ELSEWHERE, spelled


@dataclass(frozen=True)
class EngineCase:
    """`make` builds an engine over a folder of tables. `capabilities`: words tests ask for with `requires`. `leaves`:
    values of parameters (SQL, names) whose tests are not made for this engine.
    """

    name: str
    make: Callable[[pytest.FixtureRequest, Path], Any]
    capabilities: frozenset[str]
    leaves: frozenset[object] = frozenset()


class SpelledSpark(SparkEngine):
    """The suite is written in DuckDB's SQL: where Spark's differs, the same question in Spark's."""

    def start(self, query: Query, **options: Any) -> SparkRunning:
        return super().start(replace(query, sql=spelled(query.sql)), **options)


def _embedded(_: pytest.FixtureRequest, root: Path) -> EmbeddedEngine:
    staging = root / "staging"
    staging.mkdir(exist_ok=True)
    return EmbeddedEngine(EmbeddedSettings(roots=(root,), staging_dir=staging, memory_bytes=256 << 20))


def _spark(request: pytest.FixtureRequest, _: Path) -> SpelledSpark:
    return SpelledSpark("test", request.getfixturevalue("spark_server").session())


ENGINES = (
    EngineCase(
        "embedded",
        _embedded,
        frozenset({"staged", "arrow", "time", "interval", "cancel", "params", "uuid", "single columns"}),
    ),
    EngineCase("spark", _spark, frozenset({"staged", "arrow", "cancel", "params", "uuid"}), ELSEWHERE),
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of what an engine cannot do are not made."""
    if "engine" not in metafunc.fixturenames:
        return
    wanted = {word for mark in metafunc.definition.iter_markers("requires") for word in mark.args}
    able = [case for case in ENGINES if wanted <= case.capabilities]
    metafunc.parametrize("engine", able, ids=[case.name for case in able], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left = [item for item in items if _is_left(item)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def _is_left(item: pytest.Item) -> bool:
    params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    case = params.get("engine")
    return isinstance(case, EngineCase) and any(
        value in case.leaves for name, value in params.items() if name != "engine" and isinstance(value, str)
    )


@pytest.fixture
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    case: EngineCase = request.param
    built = case.make(request, tmp_path)
    yield built
    built.close()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requires(capability): what an engine must be able to do for this test")
