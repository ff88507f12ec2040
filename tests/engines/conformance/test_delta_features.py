"""Every engine reads every Delta feature right, or refuses it by name."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import FeatureNotSupported, ObjectNotInPrerequisiteState, SnapshotTooOld
from catalog.types import INT8, arrow_type
from engine.delta.snapshot import Snapshots, columns_of, open_table
from tests.delta.delta_fixtures import CASES, DeltaCase
from tests.engines.engine_queries import ask, delta_read, rows


def _version(case: DeltaCase) -> int:
    return 0 if case.refused is not None else int(open_table(case.uri).version())


def _key(row: tuple[object, ...]) -> str:
    return repr(tuple(str(value) for value in row))


@pytest.mark.parametrize("name", CASES)
def test_rows(engine: Any, tmp_path: Path, name: str) -> None:
    case = CASES[name](tmp_path / name)
    columns = case.columns
    read = delta_read("v", case.uri, _version(case), columns)
    if case.refused is not None:
        with pytest.raises(FeatureNotSupported, match=case.refused):
            ask(engine, "SELECT * FROM v", [pg for _, pg in columns], [read])
        return
    answer = ask(engine, "SELECT * FROM v", [pg for _, pg in columns], [read])
    assert sorted(map(_naive, rows(answer)), key=_key) == sorted(map(_naive, case.rows), key=_key)
    assert columns_of(Snapshots().latest(case.uri)) == columns
    for column, (_, pg) in zip(answer.schema, columns, strict=True):
        assert column.type == arrow_type(pg) or str(column.type).startswith("decimal")


def _naive(row: tuple[object, ...]) -> tuple[object, ...]:
    """Moments in UTC, whatever class the zone has."""
    return tuple(v.astimezone(dt.UTC) if isinstance(v, dt.datetime) and v.tzinfo is not None else v for v in row)


@pytest.mark.requires("single columns")
@pytest.mark.parametrize(
    "name", [name for name in CASES if name not in ("variant_column", "type_widening", "unknown_feature")]
)
def test_count_join_and_single_columns(engine: Any, tmp_path: Path, name: str) -> None:
    """The relation may be read twice in one query, and column by column, also columns that are in no file."""
    case = CASES[name](tmp_path / name)
    version = _version(case)
    read = delta_read("v", case.uri, version, case.columns)
    answer = ask(engine, "SELECT (SELECT count(*) FROM v), (SELECT count(*) FROM v a, v b)", [INT8, INT8], [read])
    assert rows(answer) == [(len(case.rows), len(case.rows) ** 2)]
    for i, (column, pg) in enumerate(case.columns):
        single = delta_read("v", case.uri, version, [(column, pg)])
        answer = ask(engine, "SELECT * FROM v", [pg], [single])
        found = sorted((_naive(row) for row in rows(answer)), key=_key)
        assert found == sorted((_naive((row[i],)) for row in case.rows), key=_key)


@pytest.mark.parametrize(
    "name", [name for name in CASES if name not in ("variant_column", "type_widening", "unknown_feature")]
)
def test_statistics(tmp_path: Path, name: str) -> None:
    case = CASES[name](tmp_path / name)
    statistics = Snapshots().latest(case.uri).statistics()
    assert statistics.rows == len(case.rows)
    assert (statistics.files == 0) == (statistics.bytes == 0)


def test_vacuumed_version_fails_cleanly(engine: Any, tmp_path: Path) -> None:
    case = CASES["vacuumed"](tmp_path / "vacuumed")
    with pytest.raises((SnapshotTooOld, ObjectNotInPrerequisiteState)) as caught:
        ask(engine, "SELECT * FROM v", [INT8], [delta_read("v", case.uri, 1, case.columns)])
    assert str(tmp_path) not in caught.value.message


def test_each_read_has_its_own_version(engine: Any, tmp_path: Path) -> None:
    case = CASES["evolved"](tmp_path / "evolved")
    old = delta_read("old", case.uri, 0, [("id", INT8)])
    new = delta_read("new", case.uri, 1, case.columns)
    answer = ask(engine, "SELECT (SELECT count(*) FROM old), (SELECT count(*) FROM new)", [INT8, INT8], [old, new])
    assert rows(answer) == [(1, 2)]
