"""Every feature of Delta tables that Spark writes: the embedded engine and writer do right or refuse by name, and what
they leave behind Spark reads and continues. The tables are in delta_tables.py.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from catalog.errors import CheckViolation, FeatureNotSupported, NotNullViolation, ObjectNotInPrerequisiteState, SqlError
from catalog.model import Column
from catalog.names import TableName
from catalog.types import (
    BOOL,
    BPCHAR,
    BYTEA,
    DATE,
    FLOAT8,
    INT2,
    INT4,
    INT8,
    JSONB,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    UUID,
    PgType,
    array_of,
    arrow_type,
    numeric,
    varchar,
)
from engine.delta import maintain
from engine.delta.snapshot import columns_of
from engine.delta.table import CommitInfo, add_column, create
from engine.delta.transaction import DeltaTransaction
from engine.embedded.engine import EmbeddedEngine
from engine.embedded.instance import EmbeddedSettings
from tests.engines.engine_queries import ask, delta_read, rows
from tests.spark.delta_tables import BASE, FEATURES, STEPS, Feature, Row
from tests.spark.plain_session import PlainSession
from tests.spark.servers import SparkServer

T = TableName("public", "t")
COMMIT = CommitInfo("tester", "q")
SESSIONS = 4


@dataclass
class Lake:
    """Tables of one folder, for Spark and for the embedded engine."""

    root: Path
    spark: PlainSession
    engine: EmbeddedEngine
    refused: dict[tuple[str, str], SqlError] = field(default_factory=dict)
    expected: dict[str, list[Row]] = field(default_factory=dict)

    def path(self, name: str) -> str:
        return str(self.root / name)

    def latest(self, name: str) -> int:
        return self.engine.snapshots.latest_version(self.path(name))

    def read(self, name: str, columns: Any = BASE) -> list[Row]:
        read = delta_read("v", self.path(name), self.latest(name), columns)
        return rows(ask(self.engine, "SELECT * FROM v", [pg for _, pg in columns], [read]))

    def begin(self) -> DeltaTransaction:
        return DeltaTransaction(self.root / "staging", self.engine.snapshots, COMMIT)

    def append(self, name: str, *added: Row, columns: Any = BASE) -> None:
        types = [arrow_type(pg) for _, pg in columns]
        arrays = [pa.array([row[i] for row in added], kind) for i, kind in enumerate(types)]
        batch = pa.RecordBatch.from_arrays(arrays, names=[column for column, _ in columns])
        transaction = self.begin()
        try:
            transaction.append(T, self.path(name), batch.schema, [batch])
            transaction.commit()
        finally:
            transaction.rollback()

    def change(self, name: str, stage: Callable[[DeltaTransaction, str], object]) -> None:
        transaction = self.begin()
        try:
            stage(transaction, self.path(name))
            transaction.commit()
        finally:
            transaction.rollback()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, spark_server: SparkServer) -> Iterator[Lake]:
    root = tmp_path_factory.mktemp("features")
    (root / "staging").mkdir()
    engine = EmbeddedEngine(EmbeddedSettings((root,), root / "staging", memory_bytes=256 << 20))
    with PlainSession(spark_server.endpoint, spark_server.token) as spark:
        yield Lake(root, spark, engine)
    engine.close()


@pytest.fixture(scope="module")
def tables(lake: Lake, spark_server: SparkServer) -> Lake:
    """All tables of delta_tables.py, written by Spark; several at a time, as most of a small statement is waiting."""

    def write(name: str) -> None:
        with PlainSession(spark_server.endpoint, spark_server.token) as session:
            for sql in FEATURES[name].sql:
                session.sql(sql.replace("{t}", f"delta.`{lake.path(name)}`"))

    with ThreadPoolExecutor(SESSIONS) as pool:
        list(pool.map(write, FEATURES))
    return lake


@pytest.fixture(scope="module")
def written(tables: Lake) -> Lake:
    """What the embedded writer makes of copies of the tables, named w_...: rows expected, or a refusal of each step."""
    for name, feature in FEATURES.items():
        if feature.read_refused is None:
            shutil.copytree(tables.path(name), tables.path(f"w_{name}"))
            tables.expected[f"w_{name}"] = _write(tables, name, feature)
    return tables


def _write(lake: Lake, name: str, feature: Feature) -> list[Row]:
    """Append, update, delete, rewrite, optimize; what (id, v) are left."""
    copy = f"w_{name}"
    left = {row[0]: row[1] for row in feature.rows}

    def attempt(step: str, action: Callable[[], object]) -> bool:
        try:
            action()
        except SqlError as error:
            lake.refused[name, step] = error
            return False
        return True

    added = [(number, value, *feature.others(number)) for number, value in ((1001, "new"), (1002, "newer"))]
    if attempt("append", lambda: lake.append(copy, *added, columns=feature.columns)):
        left |= {1001: "new", 1002: "newer"}
    update = {"v": "'upd'"}
    if attempt("update", lambda: lake.change(copy, lambda t, uri: t.update_where(T, uri, update, "id = 1"))):
        left |= {1: "upd"}
    if attempt("delete", lambda: lake.change(copy, lambda t, uri: t.delete_where(T, uri, "id = 2"))):
        left.pop(2, None)
    if attempt("rewrite", lambda: lake.change(copy, lambda t, uri: _rewrite(lake, copy, feature, t, uri))):
        left.pop(1001, None)
    attempt("optimize", lambda: maintain.optimize(lake.path(copy), commit=COMMIT))
    return sorted(left.items(), key=_key)


def _rewrite(lake: Lake, copy: str, feature: Feature, transaction: DeltaTransaction, uri: str) -> None:
    """UPDATE and DELETE that are not simple: the whole content anew, here without the row 1001."""
    transaction.pin(T, uri)
    read = delta_read("v", uri, lake.latest(copy), feature.columns)
    types = [pg for _, pg in feature.columns]
    answer = ask(lake.engine, "SELECT * FROM v WHERE id <> 1001", types, [read])
    names = [column for column, _ in feature.columns]
    transaction.replace(T, uri, answer.rename_columns(names).to_reader())


def _key(row: Row) -> str:
    return repr(tuple(str(value) for value in row))


def _same(row: Row) -> Row:
    """Moments in UTC, and NaN equal to itself."""
    return tuple(
        value.astimezone(dt.UTC)
        if isinstance(value, dt.datetime) and value.tzinfo is not None
        else "NaN"
        if value != value
        else value
        for value in row
    )


@pytest.mark.parametrize("name", FEATURES)
def test_what_spark_writes_is_read(tables: Lake, name: str) -> None:
    feature = FEATURES[name]
    if feature.read_refused is not None:
        with pytest.raises(FeatureNotSupported, match=feature.read_refused):
            tables.read(name, feature.columns)
        return
    found = sorted((_same(row) for row in tables.read(name, feature.columns)), key=_key)
    assert found == sorted((_same(row) for row in feature.rows), key=_key)
    shown = columns_of(tables.engine.snapshots.latest(tables.path(name)))
    assert shown == feature.columns


@pytest.mark.parametrize("name", [name for name, feature in FEATURES.items() if feature.read_refused is None])
def test_what_is_written_is_right_or_refused(written: Lake, name: str) -> None:
    feature = FEATURES[name]
    refusals = {step: error for (table, step), error in written.refused.items() if table == name}
    for step in STEPS:
        error, words = refusals.pop(step, None), feature.refused.get(step)
        assert (error is None) == (words is None), f"{step}: {error!r}"
        if error is not None and words is not None:
            assert isinstance(error, FeatureNotSupported | ObjectNotInPrerequisiteState), f"{step}: {error!r}"
            assert words in error.message, step
    found = [_same(row) for row in written.read(f"w_{name}", feature.columns)]
    assert sorted((row[:2] for row in found), key=_key) == written.expected[f"w_{name}"]
    before = {row[0]: _same(row)[2:] for row in feature.rows}
    assert {row[0]: row[2:] for row in found if row[0] in before}.items() <= before.items()


def test_spark_reads_what_was_written(written: Lake) -> None:
    with ThreadPoolExecutor(SESSIONS) as pool:
        sql = {copy: f"SELECT id, v FROM delta.`{written.path(copy)}`" for copy in written.expected}
        found = dict(zip(sql, pool.map(written.spark.rows, sql.values()), strict=True))
    assert {copy: sorted(each, key=_key) for copy, each in found.items()} == written.expected
    nested = written.path("w_mapping_nested")
    assert written.spark.rows(f"SELECT id, v, s.w, s.y FROM delta.`{nested}`") == [(1, "upd", 1, "z")]


def test_the_source_of_a_generated_column_is_not_changed(tables: Lake) -> None:
    with pytest.raises(SqlError):
        tables.change("generated", lambda t, uri: t.update_where(T, uri, {"id": "id + 1"}, "id = 1"))
    tables.append("generated", (50, "computed"))
    columns = FEATURES["generated"].columns
    assert (50, "computed", 100) in tables.read("generated", columns)


@pytest.mark.parametrize(
    ("name", "row", "error"), [("check", (-1, "x"), CheckViolation), ("not_null", (None, "x"), NotNullViolation)]
)
def test_sparks_constraints_hold(tables: Lake, name: str, row: Row, error: type[SqlError]) -> None:
    version = tables.latest(name)
    with pytest.raises(error):
        tables.append(name, row)
    assert tables.latest(name) == version


def test_sparks_change_feed_goes_on(written: Lake) -> None:
    """Rows that the embedded writer added, changed and deleted are in the feed that Spark reads."""
    path = written.path("w_change_feed")
    changes = written.spark.rows(f"SELECT _change_type, id, v FROM table_changes_by_path('{path}', 2)")
    wanted = {
        ("insert", 1002, "newer"),
        ("update_preimage", 1, "a"),
        ("update_postimage", 1, "upd"),
        ("delete", 2, "B"),
    }
    assert wanted <= set(changes)


def test_a_history_of_both(lake: Lake) -> None:
    """Made here, changed there, changed here ...: each sees what the other left."""
    path = lake.path("mixed")
    table = f"delta.`{path}`"
    create(path, [Column("id", INT8), Column("v", TEXT), Column("p", TEXT)], ["p"], commit=COMMIT)
    columns = (*BASE, ("p", TEXT))
    lake.append("mixed", (1, "a", "x y"), (2, "b", None), (3, "c", "x%y"), columns=columns)
    lake.spark.sql(f"INSERT INTO {table} VALUES (4, 'd', 'x y'), (5, 'e', 'e=/')")
    lake.change("mixed", lambda t, uri: t.update_where(T, uri, {"v": "'B'"}, "id = 2"))
    lake.spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ('delta.enableDeletionVectors'='true')")
    lake.spark.sql(f"DELETE FROM {table} WHERE id IN (3, 4)")
    lake.append("mixed", (6, "f", "x%y"), columns=columns)
    lake.spark.sql(
        f"MERGE INTO {table} t USING (VALUES (1, 'A'), (7, 'g') AS s(id, v)) s ON t.id = s.id WHEN MATCHED"
        " THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT (id, v, p) VALUES (s.id, s.v, 'm')"
    )
    lake.change("mixed", lambda t, uri: t.delete_where(T, uri, "id = 5"))
    maintain.optimize(path, commit=COMMIT)
    lake.spark.sql(f"OPTIMIZE {table}")
    expected: list[Row] = [(1, "A", "x y"), (2, "B", None), (6, "f", "x%y"), (7, "g", "m")]
    assert sorted(lake.read("mixed", columns), key=lambda row: str(row[0])) == expected
    assert lake.spark.rows(f"SELECT id, v, p FROM {table} ORDER BY id") == expected
    changed = add_column(path, Column("w", INT8), commit=COMMIT)
    assert changed is not None
    assert lake.spark.rows(f"SELECT count(w), count(*) FROM {table}") == [(0, 4)]


def test_appends_of_both_at_once_lose_nothing(lake: Lake, spark_server: SparkServer) -> None:
    create(lake.path("race"), [Column("id", INT8), Column("v", TEXT)], commit=COMMIT)

    def by_spark(first: int) -> None:
        with PlainSession(spark_server.endpoint, spark_server.token) as session:
            for number in range(first, first + 3):
                session.sql(f"INSERT INTO delta.`{lake.path('race')}` VALUES ({number}, 's')")

    def embedded(first: int) -> None:
        for number in range(first, first + 15):
            lake.append("race", (number, "e"))

    with ThreadPoolExecutor(SESSIONS) as pool:
        done = [pool.submit(by_spark, first) for first in (100, 200)]
        done += [pool.submit(embedded, first) for first in (300, 400)]
        for each in done:
            each.result()
    expected = {*range(100, 103), *range(200, 203), *range(300, 315), *range(400, 415)}
    found = [row[0] for row in lake.read("race")]
    assert (len(found), set(found)) == (len(expected), expected)
    assert lake.spark.rows(f"SELECT count(*), count(DISTINCT id) FROM delta.`{lake.path('race')}`") == [(36, 36)]


def test_spark_reads_the_types_of_postgresql(lake: Lake) -> None:
    """As stored: uuid and json as text, char and varchar with their lengths, moments with and without zone."""
    moment = dt.datetime(2024, 3, 10, 2, 30, 0, 999999)
    columns: dict[str, tuple[PgType, object, object]] = {
        "id": (INT8, 1, 1),
        "v": (TEXT, "é漢\U0001f600", "é漢\U0001f600"),
        "u": (UUID, bytes(range(16)), "00010203-0405-0607-0809-0a0b0c0d0e0f"),
        "j": (JSONB, '{"a": 1}', '{"a": 1}'),
        "c": (PgType(BPCHAR.oid, 8), "ab", "ab  "),
        "w": (varchar(3), "abc", "abc"),
        "n": (numeric(12, 3), Decimal("-1.500"), Decimal("-1.500")),
        "d": (DATE, dt.date(1, 1, 1), dt.date(1, 1, 1)),
        "z": (
            TIMESTAMPTZ,
            moment.replace(tzinfo=dt.UTC),
            moment.replace(tzinfo=dt.UTC),
        ),
        "y": (TIMESTAMP, moment, moment),
        "a": (array_of(INT4), [1, None], [1, None]),
        "f": (FLOAT8, float("inf"), float("inf")),
        "x": (BYTEA, b"\x00\xff", b"\x00\xff"),
        "b": (BOOL, False, False),
        "s": (INT2, -32768, -32768),
    }
    create(lake.path("pg"), [Column(name, pg) for name, (pg, _, _) in columns.items()], commit=COMMIT)
    row = tuple(value for _, value, _ in columns.values())
    lake.append("pg", row, (2, *[None] * (len(row) - 1)), columns=[(n, pg) for n, (pg, _, _) in columns.items()])
    found = lake.spark.rows(f"SELECT * FROM delta.`{lake.path('pg')}` WHERE id = 1")
    assert [_same(each) for each in found] == [_same(tuple(value for _, _, value in columns.values()))]
    lake.spark.sql(f"UPDATE delta.`{lake.path('pg')}` SET w = 'xyz' WHERE id = 2")
    shown = [(name, pg) for name, (pg, _, _) in columns.items()]
    assert (2, "xyz") in [(each[0], each[5]) for each in lake.read("pg", shown)]
