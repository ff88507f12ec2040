"""Steps of a sync: rows and position in one commit, told again without effect, other writers in between, rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from catalog.errors import (
    CannotConnect,
    FeatureNotSupported,
    InvalidParameterValue,
    NotNullViolation,
    ObjectNotInPrerequisiteState,
    SerializationFailure,
)
from catalog.model import Column, Identity
from catalog.types import BOOL, BYTEA, DATE, FLOAT8, INT4, INT8, JSONB, TEXT, TIMESTAMPTZ, UUID, array_of, numeric
from engine.connectors.changes import DELETE, INSERT, TRUNCATE, UPDATE
from engine.delta.table import CommitInfo, create
from engine.sync import merging
from engine.sync.changes import apply_changes
from engine.sync.merging import merge_rows
from engine.sync.position import Step, next_step, read_mark
from engine.sync.target import Deletes, Target
from engine.sync.write import append_rows, replace_rows
from tests.sync import sources
from tests.sync.sources import PLAIN, column, log_version, reader, rows_of, step

ROWS = [{"id": 1, "name": "one", "n": 1}, {"id": 2, "name": "two", "n": None}]
KEYLESS = sources.table(column("id", INT8), column("name"), key=())


def filled(tmp_path: Path, **rules: object) -> Target:
    where = sources.target(tmp_path, **rules)
    replace_rows(where, PLAIN, reader(PLAIN, ROWS), step(1))
    return where


def actions(where: Target, version: int) -> list[dict[str, object]]:
    path = Path(where.uri, "_delta_log", f"{version:020}.json")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_missing_target_is_made_of_the_sources_columns(tmp_path: Path) -> None:
    where = sources.target(tmp_path, partition_by=("name",))
    done = replace_rows(where, PLAIN, reader(PLAIN, ROWS), step(1))
    assert (done.taken, done.rows_written, done.version) == (True, 2, log_version(where))
    assert rows_of(where) == ROWS
    found = DeltaTable(where.uri)
    assert found.metadata().partition_columns == ["name"]
    assert [item.nullable for item in found.schema().fields] == [False, True, True]


def test_rows_number_and_position_are_one_commit(tmp_path: Path) -> None:
    where = filled(tmp_path)
    done = append_rows(where, PLAIN, reader(PLAIN, [{"id": 3}]), Step(sources.SYNC, 7, {"lsn": 7, "slot": "ü"}))
    kinds = [next(iter(action)) for action in actions(where, done.version)]
    assert sorted(kinds) == ["add", "commitInfo", "txn"]
    mark = read_mark(where.uri, sources.SYNC)
    assert mark is not None
    assert (mark.number, mark.position, mark.version) == (7, {"lsn": 7, "slot": "ü"}, done.version)
    latest = DeltaTable(where.uri).history(1)[0]
    assert (latest["userName"], latest["queryId"]) == ("alice", "q_1")
    assert json.loads(latest["userMetadata"])["position"] == {"lsn": 7, "slot": "ü"}


def test_positions_of_several_syncs_do_not_meet(tmp_path: Path) -> None:
    where = filled(tmp_path)
    append_rows(where, PLAIN, reader(PLAIN, []), Step("sync:another", 3, {"at": "x"}))
    append_rows(where, PLAIN, reader(PLAIN, []), next_step("sync:third", None, {}))
    found = [read_mark(where.uri, name) for name in (sources.SYNC, "sync:another", "sync:third", "sync:none")]
    assert [None if mark is None else (mark.number, mark.position) for mark in found] == [
        (1, {"lsn": 1}),
        (3, {"at": "x"}),
        (1, {}),
        None,
    ]
    assert read_mark(str(tmp_path / "nowhere"), sources.SYNC) is None


def test_the_position_is_found_behind_commits_of_others(tmp_path: Path) -> None:
    where = filled(tmp_path)
    for _ in range(12):  # a checkpoint comes in between
        DeltaTable(where.uri).alter.set_table_properties({"mine": "x"}, raise_if_not_exists=False)
    DeltaTable(where.uri).create_checkpoint()
    mark = read_mark(where.uri, sources.SYNC)
    assert mark is not None and mark.position == {"lsn": 1}
    assert not apply_changes(where, sources.changes(PLAIN, [(DELETE, {"id": 1})]), step(1)).taken
    for entry in Path(where.uri, "_delta_log").glob("*.json"):
        if entry.name < f"{log_version(where):020}.json":
            entry.unlink()
    with pytest.raises(ObjectNotInPrerequisiteState) as caught:
        read_mark(where.uri, sources.SYNC)
    assert caught.value.hint == "RESYNC the table."


@pytest.mark.parametrize("number", [4, 5])
def test_a_step_told_again_does_nothing(tmp_path: Path, number: int) -> None:
    where = filled(tmp_path)
    append_rows(where, PLAIN, reader(PLAIN, [{"id": 3}]), step(5))
    before = log_version(where), rows_of(where)
    older = sources.table(column("id", INT8, nullable=False), id_="16384")
    assert not append_rows(where, older, reader(older, [{"id": 3}]), step(number)).taken
    assert not merge_rows(where, PLAIN, ["id"], reader(PLAIN, [{"id": 9}]), step(number)).taken
    assert not apply_changes(where, sources.changes(PLAIN, [(INSERT, {"id": 9})]), step(number)).taken
    assert (log_version(where), rows_of(where)) == before


def test_steps_without_rows_are_commits_too(tmp_path: Path) -> None:
    where = filled(tmp_path)
    first = log_version(where)
    append_rows(where, PLAIN, reader(PLAIN, []), step(2))
    merge_rows(where, PLAIN, ["id"], reader(PLAIN, []), step(3))
    apply_changes(where, sources.changes(PLAIN, []), step(4))
    apply_changes(where, sources.changes(PLAIN, [(DELETE, {"id": 99})]), step(5))  # a MERGE without effect
    assert log_version(where) == first + 4 and rows_of(where) == ROWS
    mark = read_mark(where.uri, sources.SYNC)
    assert mark is not None and (mark.number, mark.version) == (5, first + 4)
    replace_rows(where, PLAIN, reader(PLAIN, []), step(6))
    mark = read_mark(where.uri, sources.SYNC)
    assert rows_of(where) == [] and mark is not None and mark.number == 6


def test_a_snapshot_may_begin_a_sync_anew(tmp_path: Path) -> None:
    where = filled(tmp_path)
    append_rows(where, PLAIN, reader(PLAIN, ROWS), step(100))
    replace_rows(where, PLAIN, reader(PLAIN, ROWS[:1]), step(50))
    mark = read_mark(where.uri, sources.SYNC)
    assert mark is not None and mark.number == 50 and rows_of(where) == ROWS[:1]


def test_rows_are_merged_by_key_and_the_last_counts(tmp_path: Path) -> None:
    where = filled(tmp_path)
    incoming = [{"id": 2, "name": "a"}, {"id": 3, "name": "x"}, {"id": 2, "name": "b", "n": 4}, {"id": 3, "name": "y"}]
    done = merge_rows(where, PLAIN, ["id"], reader(PLAIN, incoming, 2), step(2))
    assert done.rows_written == 2
    assert rows_of(where) == [ROWS[0], {"id": 2, "name": "b", "n": 4}, {"id": 3, "name": "y", "n": None}]


@pytest.mark.parametrize("merge_bytes", [1 << 20, 0])
def test_many_rows_wait_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, merge_bytes: int) -> None:
    """And if they are too many for a MERGE, the table is written anew."""
    monkeypatch.setattr(merging, "MEMORY_BYTES", 1000)
    monkeypatch.setattr(merging, "MERGE_BYTES", merge_bytes)
    where = filled(tmp_path)
    stays = [{"id": number, "name": "before", "n": None} for number in range(1000, 1200)]
    append_rows(where, PLAIN, reader(PLAIN, stays), step(2))
    before = log_version(where)
    rows = [{"id": number % 500, "name": f"n {number}", "n": number} for number in range(2000)]
    assert merge_rows(where, PLAIN, ["id"], reader(PLAIN, rows, 100), step(3)).rows_written == 500
    assert rows_of(where) == sorted(rows[1500:], key=lambda row: int(str(row["id"]))) + stays
    assert log_version(where) == before + 1
    narrow = sources.table(column("id", INT8, nullable=False), column("n", INT8, 3))
    merge_rows(where, narrow, ["id"], reader(narrow, [{"id": 1000, "n": 5}]), step(4))
    assert rows_of(where)[500] == {"id": 1000, "name": "before", "n": 5}
    assert list((tmp_path / "staging").iterdir()) == []


def test_keys_must_be_there_and_not_null(tmp_path: Path) -> None:
    where = filled(tmp_path)
    with pytest.raises(NotNullViolation, match='"name"'):
        merge_rows(where, PLAIN, ["id", "name"], reader(PLAIN, [{"id": 1, "name": None}]), step(2))
    for key in ([], ["nothing"]):
        with pytest.raises(InvalidParameterValue):
            merge_rows(where, PLAIN, key, reader(PLAIN, ROWS), step(2))
    with pytest.raises(NotNullViolation, match="id"):
        append_rows(where, PLAIN, reader(PLAIN, [{"id": None}]), step(2))
    with pytest.raises(InvalidParameterValue):
        Step("s", -1, {})
    assert rows_of(where) == ROWS


def test_without_a_key_rows_are_only_added(tmp_path: Path) -> None:
    where = sources.target(tmp_path)
    one, two = {"id": 1, "name": "x"}, {"id": 2, "name": None}
    apply_changes(where, sources.changes(KEYLESS, [(INSERT, one), (INSERT, one)]), step(1))
    apply_changes(where, sources.changes(KEYLESS, [(INSERT, one)]), step(2))
    assert rows_of(where) == [one] * 3
    for op in (UPDATE, DELETE):
        with pytest.raises(ObjectNotInPrerequisiteState) as caught:
            apply_changes(where, sources.changes(KEYLESS, [(op, one)]), step(3))
        assert caught.value.hint
    done = apply_changes(where, sources.changes(KEYLESS, [(INSERT, one), (TRUNCATE, {}), (INSERT, two)]), step(3))
    assert (done.rows_written, done.rows_deleted) == (1, 3) and rows_of(where) == [two]


def test_soft_deletes_say_when(tmp_path: Path) -> None:
    where = filled(tmp_path, deletes=Deletes.SOFT)
    apply_changes(
        where, sources.changes(PLAIN, [(DELETE, {"id": 1}), (INSERT, {"id": 3}), (DELETE, {"id": 3})]), step(2)
    )
    first, _, third = rows_of(where)
    assert first["name"] == "one" and first["_deleted_at"] is not None and third["_deleted_at"] is not None
    apply_changes(where, sources.changes(PLAIN, [(DELETE, {"id": 1}), (INSERT, {"id": 3, "n": 5})]), step(3))
    again, _, third = rows_of(where)
    assert again == first, "the first time counts"
    assert third["_deleted_at"] is None and third["n"] == 5
    apply_changes(where, sources.changes(PLAIN, [(TRUNCATE, {})]), step(4))
    assert all(row["_deleted_at"] is not None for row in rows_of(where)) and rows_of(where)[0] == first


TYPES = {
    "b": (BOOL, True),
    "u": (UUID, b"\x00" * 15 + b"\x01"),
    "j": (JSONB, '{"a": 1}'),
    "d": (DATE, date(1970, 1, 11)),
    "at": (TIMESTAMPTZ, datetime(2024, 1, 1, 1, 2, 3, 4, UTC)),
    "f": (FLOAT8, float("nan")),
    "x": (numeric(10, 2), Decimal("1.50")),
    "bytes": (BYTEA, b"\x00\xff"),
    "list": (array_of(TEXT), ["a", None]),
    "i": (INT4, -1),
}


@pytest.mark.parametrize("key", ["u", "d", "at", "x", "bytes", "b", "f"])
def test_keys_of_every_kind_find_their_rows(tmp_path: Path, key: str) -> None:
    source = sources.table(*(column(name, kind) for name, (kind, _) in TYPES.items()), key=(key,))
    where = sources.target(tmp_path)
    row = {name: value for name, (_, value) in TYPES.items()}
    replace_rows(where, source, reader(source, [row]), step(1))
    apply_changes(where, sources.changes(source, [(UPDATE, {**row, "i": 5})]), step(2))
    assert [row["i"] for row in rows_of(where, "i")] == [5]
    apply_changes(where, sources.changes(source, [(DELETE, {key: row[key]})]), step(3))
    assert rows_of(where, "i") == []


def test_another_writers_rows_are_kept(tmp_path: Path) -> None:
    where = filled(tmp_path)
    mine = pa.table(
        {"id": [50], "name": ["mine"], "n": [0]}, schema=pa.schema(DeltaTable(where.uri).schema().to_arrow())
    )

    def coming() -> Iterator[pa.RecordBatch]:
        write_deltalake(where.uri, mine, mode="append")
        yield from reader(PLAIN, [{"id": 3, "name": "x", "n": 3}])

    source = pa.RecordBatchReader.from_batches(sources.schema_of(PLAIN), coming())
    append_rows(where, PLAIN, source, step(2))
    assert [row["id"] for row in rows_of(where)] == [1, 2, 3, 50]


def test_a_snapshot_does_not_undo_what_came_in_between(tmp_path: Path) -> None:
    where = filled(tmp_path)

    def coming() -> Iterator[pa.RecordBatch]:
        append_rows(where, PLAIN, reader(PLAIN, [{"id": 3}]), step(2))
        yield from reader(PLAIN, ROWS)

    source = pa.RecordBatchReader.from_batches(sources.schema_of(PLAIN), coming())
    with pytest.raises(SerializationFailure):
        replace_rows(where, PLAIN, source, step(3))
    assert [row["id"] for row in rows_of(where)] == [1, 2, 3]


def test_of_two_that_take_one_step_one_counts(tmp_path: Path) -> None:
    where = filled(tmp_path)

    def coming() -> Iterator[pa.RecordBatch]:
        assert append_rows(where, PLAIN, reader(PLAIN, [{"id": 3}]), step(2)).taken
        yield from reader(PLAIN, [{"id": 3}])

    source = pa.RecordBatchReader.from_batches(sources.schema_of(PLAIN), coming())
    assert not append_rows(where, PLAIN, source, step(2)).taken
    assert [row["id"] for row in rows_of(where)] == [1, 2, 3]


def test_a_merge_is_tried_again_on_what_another_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where, real, tries = filled(tmp_path), merging.merge, []

    def merge(table: DeltaTable, *given: object) -> object:
        tries.append(table.version())
        if len(tries) == 1:
            DeltaTable(where.uri).update({"n": "n + 1"}, predicate="id = 1")
        return real(table, *given)  # type: ignore[arg-type]

    monkeypatch.setattr("engine.sync.changes.merge", merge)
    change = sources.changes(PLAIN, [(UPDATE, {"id": 1, "name": None, "n": 9, "__unchanged": [1]})])
    apply_changes(where, change, step(2))
    assert len(tries) == 2 and rows_of(where)[0] == {"id": 1, "name": "one", "n": 9}


def test_a_source_that_fails_leaves_nothing(tmp_path: Path) -> None:
    where = filled(tmp_path)
    before = log_version(where)

    def failing() -> Iterator[pa.RecordBatch]:
        yield from reader(PLAIN, [{"id": 3}])
        raise CannotConnect("the source has gone")

    for write in (replace_rows, append_rows, lambda w, s, r, p: merge_rows(w, s, ["id"], r, p)):
        source = pa.RecordBatchReader.from_batches(sources.schema_of(PLAIN), failing())
        with pytest.raises(CannotConnect, match="the source has gone"):
            write(where, PLAIN, source, step(2))
    assert log_version(where) == before and rows_of(where) == ROWS


def test_computed_columns_are_refused(tmp_path: Path) -> None:
    where = sources.target(tmp_path)
    create(where.uri, [Column("id", INT8, identity=Identity(always=True)), Column("name", TEXT)], commit=where.commit)
    with pytest.raises(FeatureNotSupported):
        append_rows(where, PLAIN, reader(PLAIN, ROWS), step(1))


def test_the_history_tells_of_the_sync(tmp_path: Path) -> None:
    where = filled(tmp_path)
    told = Target(where.uri, "t", CommitInfo("bob", "q_2", "monthly"), where.staging_dir)
    apply_changes(told, sources.changes(PLAIN, [(DELETE, {"id": 1})]), step(2))
    latest = DeltaTable(where.uri).history(1)[0]
    assert json.loads(latest["userMetadata"]) == {"sync": sources.SYNC, "position": {"lsn": 2}, "note": "monthly"}
