"""What becomes of a target when its source's columns change, by rule: each kind of change against each rule."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from deltalake import DeltaTable

from catalog.errors import DatatypeMismatch, DuplicateColumn, NumericValueOutOfRange, SqlError
from catalog.types import DATE, FLOAT8, INT2, INT4, INT8, TEXT, TIMESTAMP, PgType, array_of, numeric, varchar
from engine.connectors.changes import INSERT, UPDATE
from engine.connectors.model import SourceTable
from engine.delta.schema import DeltaField, read_fields
from engine.sync.changes import apply_changes
from engine.sync.evolution import OnSchemaChange
from engine.sync.target import Deletes, Target, prepare
from engine.sync.widening import common_type
from engine.sync.write import append_rows, replace_rows
from tests.sync import sources
from tests.sync.sources import column, reader, step

EVOLVE, IGNORE, FAIL = OnSchemaChange.EVOLVE, OnSchemaChange.IGNORE, OnSchemaChange.FAIL
ID = column("id", INT8, 1, nullable=False)
BEFORE = sources.table(ID, column("a", INT4, 2, nullable=False), column("b", varchar(5), 3))
ROWS = [{"id": 1, "a": 10, "b": "one"}]


def fields(where: Target) -> dict[str, DeltaField]:
    return {item.name: item for item in read_fields(DeltaTable(where.uri).schema().to_json())}


def evolved(tmp_path: Path, after: SourceTable, row: sources.Row, rule: OnSchemaChange = EVOLVE) -> Target:
    """A target made from BEFORE with ROWS, then given one more row of `after`."""
    where = sources.target(tmp_path, on_schema_change=rule)
    replace_rows(where, BEFORE, reader(BEFORE, ROWS), step(1))
    apply_changes(where, sources.changes(after, [(INSERT, row)]), step(2))
    return where


ADDED = sources.table(ID, *BEFORE.columns[1:], column("c", DATE, 4, nullable=False))
DROPPED = sources.table(ID, column("b", varchar(5), 3))
RENAMED = sources.table(ID, column("first", INT4, 2, nullable=False), column("b", varchar(5), 3))
WIDENED = sources.table(ID, column("a", INT8, 2, nullable=False), column("b", varchar(9), 3))
NARROWED = sources.table(ID, column("a", INT2, 2, nullable=False), column("b", varchar(5), 3))
OTHER = sources.table(ID, column("a", DATE, 2), column("b", varchar(5), 3))
SWAPPED = sources.table(ID, column("b", INT4, 2, nullable=False), column("a", varchar(5), 3))
AGAIN = sources.table(ID, column("a", INT4, 9), column("b", varchar(5), 3))
NULLABLE = sources.table(ID, column("a", INT4, 2), column("b", varchar(5), 3))


def test_added_columns_are_null_in_old_rows(tmp_path: Path) -> None:
    where = evolved(tmp_path, ADDED, {"id": 2, "a": 1, "b": "x", "c": 0})
    assert [row["c"] is None for row in sources.rows_of(where)] == [True, False]
    assert fields(where)["c"].nullable and fields(where)["c"].metadata["kadali.source"] == "16384.4"
    assert not fields(where)["a"].nullable


def test_dropped_columns_stay_and_are_null_in_new_rows(tmp_path: Path) -> None:
    where = evolved(tmp_path, DROPPED, {"id": 2, "b": "two"})
    assert sources.rows_of(where) == [{"id": 1, "a": 10, "b": "one"}, {"id": 2, "a": None, "b": "two"}]
    apply_changes(where, sources.changes(DROPPED, [(UPDATE, {"id": 1, "b": "new"})]), step(3))
    assert sources.rows_of(where)[0] == {"id": 1, "a": 10, "b": "new"}


def test_renamed_columns_are_known_by_their_number(tmp_path: Path) -> None:
    where = evolved(tmp_path, RENAMED, {"id": 2, "first": 20, "b": "x"})
    assert sources.rows_of(where) == [{"id": 1, "first": 10, "b": "one"}, {"id": 2, "first": 20, "b": "x"}]


def test_two_columns_may_swap_their_names(tmp_path: Path) -> None:
    where = evolved(tmp_path, SWAPPED, {"id": 2, "b": 20, "a": "x"})
    assert sources.rows_of(where) == [{"id": 1, "b": 10, "a": "one"}, {"id": 2, "b": 20, "a": "x"}]


def test_without_numbers_a_renamed_column_is_a_new_one(tmp_path: Path) -> None:
    where = sources.target(tmp_path)
    unnumbered = sources.table(*BEFORE.columns, id_="1")
    replace_rows(where, unnumbered, reader(unnumbered, ROWS), step(1))
    append_rows(where, RENAMED, reader(RENAMED, [{"id": 2, "first": 20, "b": "x"}]), step(2))
    found = sources.rows_of(where)
    assert found == [{"id": 1, "a": 10, "b": "one", "first": None}, {"id": 2, "a": None, "b": "x", "first": 20}]


def test_a_column_dropped_and_made_again_does_not_keep_its_old_values(tmp_path: Path) -> None:
    where = sources.target(tmp_path)
    replace_rows(where, BEFORE, reader(BEFORE, ROWS), step(1))
    assert prepare(where, AGAIN).reread == ("a",)
    assert sources.rows_of(where) == [{"id": 1, "a": None, "b": "one"}]
    assert not prepare(where, AGAIN).changes


def test_widened_columns_take_what_is_there_with_them(tmp_path: Path) -> None:
    where = evolved(tmp_path, WIDENED, {"id": 2, "a": 2**40, "b": "ninechars"})
    assert [row["a"] for row in sources.rows_of(where)] == [10, 2**40]
    assert fields(where)["a"].pg == INT8 and fields(where)["b"].pg == varchar(9) and not fields(where)["a"].nullable
    before = sources.log_version(where)
    assert not prepare(where, WIDENED).changes
    assert sources.log_version(where) == before


def test_a_limit_that_goes_goes_for_spark_too(tmp_path: Path) -> None:
    where = sources.target(tmp_path)
    prepare(where, BEFORE)
    after = sources.table(*BEFORE.columns[:2], column("b", TEXT, 3))
    assert not prepare(where, after).rewritten
    assert fields(where)["b"].pg == TEXT and fields(where)["b"].metadata["__CHAR_VARCHAR_TYPE_STRING"] == "string"
    assert not prepare(where, after).changes


def test_what_fits_the_wider_column_is_no_change_of_it(tmp_path: Path) -> None:
    where = evolved(tmp_path, NARROWED, {"id": 2, "a": 3, "b": "x"})
    assert fields(where)["a"].pg == INT4


def test_not_null_goes_where_it_went_at_the_source(tmp_path: Path) -> None:
    where = evolved(tmp_path, NULLABLE, {"id": 2, "a": None, "b": "x"})
    assert fields(where)["a"].nullable and not fields(where)["id"].nullable


def test_what_no_type_holds_is_an_error_with_its_columns(tmp_path: Path) -> None:
    with pytest.raises(DatatypeMismatch) as caught:
        evolved(tmp_path, OTHER, {"id": 2, "a": None, "b": "x"})
    assert caught.value.detail == 'column "a" is integer here and date at the source'
    assert DeltaTable(tmp_path / "target").transaction_version(sources.SYNC) == 1


@pytest.mark.parametrize("after", [ADDED, DROPPED, RENAMED, WIDENED, NARROWED, OTHER, SWAPPED, AGAIN, NULLABLE])
def test_fail_lets_no_change_pass(tmp_path: Path, after: SourceTable) -> None:
    where = sources.target(tmp_path, on_schema_change=FAIL)
    replace_rows(where, BEFORE, reader(BEFORE, ROWS), step(1))
    before = sources.log_version(where)
    for write in (replace_rows, append_rows):
        with pytest.raises(DatatypeMismatch) as caught:
            write(where, after, reader(after, []), step(2))
        assert caught.value.sqlstate == "42804" and caught.value.detail
    assert sources.log_version(where) == before
    append_rows(where, BEFORE, reader(BEFORE, ROWS), step(2))


@pytest.mark.parametrize(
    ("after", "row", "found"),
    [
        (ADDED, {"id": 2, "a": 1, "b": "x", "c": 0}, {"id": 2, "a": 1, "b": "x"}),
        (WIDENED, {"id": 2, "a": 7, "b": "y"}, {"id": 2, "a": 7, "b": "y"}),
        (NARROWED, {"id": 2, "a": 7, "b": "y"}, {"id": 2, "a": 7, "b": "y"}),
    ],
)
def test_ignore_takes_what_fits(tmp_path: Path, after: SourceTable, row: sources.Row, found: sources.Row) -> None:
    where = evolved(tmp_path, after, row, IGNORE)
    assert sources.rows_of(where) == [*ROWS, found]


@pytest.mark.parametrize(
    ("after", "row", "error"),
    [
        (DROPPED, {"id": 2, "b": "x"}, DatatypeMismatch),
        (RENAMED, {"id": 2, "first": 1, "b": "x"}, DatatypeMismatch),
        (WIDENED, {"id": 2, "a": 2**40, "b": "x"}, NumericValueOutOfRange),
        (OTHER, {"id": 2, "a": 1, "b": "x"}, DatatypeMismatch),
    ],
)
def test_ignore_refuses_what_does_not_fit(
    tmp_path: Path, after: SourceTable, row: sources.Row, error: type[SqlError]
) -> None:
    with pytest.raises(error):
        evolved(tmp_path, after, row, IGNORE)


def test_a_snapshot_brings_the_columns_of_its_source(tmp_path: Path) -> None:
    where = sources.target(tmp_path)
    replace_rows(where, BEFORE, reader(BEFORE, ROWS), step(1))
    before = sources.log_version(where)
    done = replace_rows(where, OTHER, reader(OTHER, [{"id": 5, "a": None, "b": "x"}]), step(2))
    assert done.version == before + 1 and done.evolution.changes
    assert list(fields(where)) == ["id", "a", "b"] and fields(where)["a"].pg == DATE
    replace_rows(where, DROPPED, reader(DROPPED, [{"id": 6, "b": "x"}]), step(3))
    assert sources.rows_of(where) == [{"id": 6, "b": "x"}]


def test_partitions_stay_where_columns_change(tmp_path: Path) -> None:
    where = sources.target(tmp_path, partition_by=("b",))
    replace_rows(where, BEFORE, reader(BEFORE, [*ROWS, {"id": 2, "a": 1, "b": "two"}]), step(1))
    after = sources.table(ID, column("a", INT8, 2, nullable=False), column("part", varchar(5), 3))
    assert prepare(where, after).rewritten
    assert DeltaTable(where.uri).metadata().partition_columns == ["part"]
    assert [row["part"] for row in sources.rows_of(where)] == ["one", "two"]
    with pytest.raises(DatatypeMismatch, match="cannot be those of the source"):
        gone = sources.table(ID, column("a", INT8, 2))
        replace_rows(where, gone, reader(gone, []), step(2))


def test_a_table_that_others_made_keeps_its_own_columns(tmp_path: Path) -> None:
    where = sources.target(tmp_path)
    mine = sources.table(ID, column("mine", TEXT, 2), id_="")
    replace_rows(where, mine, reader(mine, [{"id": 1, "mine": "m"}]), step(1))
    append_rows(where, BEFORE, reader(BEFORE, [{"id": 2, "a": 1, "b": "x"}]), step(2))
    assert sources.rows_of(where)[1] == {"id": 2, "mine": None, "a": 1, "b": "x"}


def test_the_soft_column_must_be_the_syncs_own(tmp_path: Path) -> None:
    where = sources.target(tmp_path, deletes=Deletes.SOFT, soft_column="B")
    with pytest.raises(DuplicateColumn):
        prepare(where, BEFORE)
    sources_plain = sources.target(tmp_path)
    prepare(sources_plain, BEFORE)
    with pytest.raises(DuplicateColumn):
        prepare(where, BEFORE)


def test_columns_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DuplicateColumn):
        prepare(sources.target(tmp_path), sources.table(ID, column("ID", TEXT, 2)))


def test_noted_numbers_do_not_hide_the_postgresql_type(tmp_path: Path) -> None:
    where = sources.target(tmp_path)
    prepare(where, BEFORE)
    [noted] = [item for item in json.loads(DeltaTable(where.uri).schema().to_json())["fields"] if item["name"] == "b"]
    assert noted["metadata"]["kadali.type"] == "character varying(5)"
    assert noted["metadata"]["kadali.source"] == "16384.3"


@pytest.mark.parametrize(
    ("have", "come", "common"),
    [
        (INT2, INT4, INT4),
        (INT8, INT2, INT8),
        (INT4, numeric(12, 2), numeric(12, 2)),
        (INT8, numeric(12, 2), None),
        (INT8, FLOAT8, None),
        (INT4, FLOAT8, FLOAT8),
        (numeric(10, 2), numeric(8, 4), numeric(12, 4)),
        (numeric(38, 0), numeric(38, 10), None),
        (varchar(5), varchar(3), varchar(5)),
        (varchar(5), varchar(7), varchar(7)),
        (varchar(5), TEXT, TEXT),
        (TEXT, varchar(5), TEXT),
        (INT4, TEXT, TEXT),
        (DATE, TIMESTAMP, TIMESTAMP),
        (DATE, TEXT, None),
        (array_of(INT4), array_of(INT8), array_of(INT8)),
        (array_of(INT4), INT4, None),
    ],
)
def test_the_type_for_two(have: PgType, come: PgType, common: PgType | None) -> None:
    assert common_type(have, come) == common


def test_numbers_become_the_text_that_postgresql_writes(tmp_path: Path) -> None:
    where = sources.target(tmp_path)
    before = sources.table(ID, column("x", numeric(6, 2), 2), column("y", INT4, 3))
    after = sources.table(ID, column("x", TEXT, 2), column("y", TEXT, 3))
    replace_rows(where, before, reader(before, [{"id": 1, "x": Decimal("-0.50"), "y": -3}]), step(1))
    prepare(where, after)
    assert sources.rows_of(where) == [{"id": 1, "x": "-0.50", "y": "-3"}]
