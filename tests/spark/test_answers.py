"""What the engine answers: parameters and columns of every type, rows sent along, versions, errors, progress."""

from __future__ import annotations

import math
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from catalog.errors import FeatureNotSupported, SqlError, UndefinedColumn
from catalog.names import TableLocation
from catalog.types import (
    BOOL,
    BYTEA,
    DATE,
    FLOAT8,
    INT4,
    INT8,
    JSON,
    NUMERIC,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    UUID,
    PgType,
    array_of,
    numeric,
)
from engine.base import DeltaSource, StagedSource
from engine.spark.engine import SparkEngine
from engine.spark.progress import Progress
from engine.spark.relations import delta_path
from engine.spark.running import Options
from tests.engines.engine_queries import arrow_read, ask, delta_read, query, rows, source_read

AN_UUID = uuid.UUID("01234567-89ab-cdef-0123-456789abcdef")
VALUES: tuple[tuple[PgType, object, object], ...] = (
    (BOOL, True, True),
    (INT4, -(2**31), -(2**31)),
    (INT8, -(2**63), -(2**63)),
    (INT8, 2**63 - 1, 2**63 - 1),
    (numeric(38, 0), 10**37, Decimal(10**37)),
    (numeric(10, 3), Decimal("-1.500"), Decimal("-1.500")),
    (NUMERIC, Decimal("0.00010"), Decimal("0.00010")),
    (FLOAT8, -0.1, -0.1),
    (FLOAT8, 1e300, 1e300),
    (FLOAT8, math.inf, math.inf),
    (TEXT, 'it\'s \\ a "text" with\nlines\r\tand ${env:HOME} %_ -- /* é 漢 \U0001f600', None),
    (TEXT, "", ""),
    (BYTEA, b"\x00\xff'\\", b"\x00\xff'\\"),
    (DATE, date(1, 1, 1), date(1, 1, 1)),
    (DATE, date(9999, 12, 31), date(9999, 12, 31)),
    (TIMESTAMP, datetime(1969, 12, 31, 23, 59, 59, 999999), None),
    (TIMESTAMP, datetime(2024, 3, 10, 2, 30), None),
    (TIMESTAMPTZ, datetime(2024, 3, 10, 2, 30, tzinfo=UTC), None),
    (UUID, AN_UUID, AN_UUID.bytes),
    (array_of(INT4), [1, None, -3], [1, None, -3]),
    (array_of(TEXT), ["a'b", None], ["a'b", None]),
)


def test_parameters_of_every_type(engine: SparkEngine) -> None:
    """All in one query, behind operators that would bite a bare negative number, in another time zone."""
    places = ", ".join(f"\x00{i + 1}\x00" for i in range(len(VALUES)))
    types = [pg for pg, _, _ in VALUES]
    got = ask(engine, f"SELECT {places}", types, params=[value for _, value, _ in VALUES], time_zone="America/New_York")
    for (_, sent, expected), column in zip(VALUES, got.columns, strict=True):
        assert column[0].as_py() == (sent if expected is None else expected)
    taken = ask(engine, "SELECT 5 -\x001\x00, \x002\x00 IS NULL", [INT4, BOOL], params=[-3, None])
    assert rows(taken) == [(8, True)]


def test_parameters_that_are_refused(engine: SparkEngine) -> None:
    for value in (datetime(2020, 1, 1).time(), Decimal("NaN"), Decimal(10) ** 40):
        with pytest.raises(FeatureNotSupported, match="not supported on Spark"):
            ask(engine, "SELECT \x001\x00", [TEXT], params=[value])


def test_the_environment_of_the_driver_is_not_readable(engine: SparkEngine) -> None:
    assert rows(ask(engine, "SELECT '${env:HOME}', '${system:user.home}'", [TEXT, TEXT])) == [
        ("${env:HOME}", "${system:user.home}")
    ]


def test_rows_sent_along(engine: SparkEngine) -> None:
    table = pa.table(
        {
            "id": pa.array([1, 2, None], pa.int64()),
            "u": pa.array([AN_UUID.bytes, None, AN_UUID.bytes], pa.binary(16)),
            "l": pa.array([[1], None, []], pa.list_(pa.int32())),
            "d": pa.array(["a", "b", "a"]).dictionary_encode(),
            "at": pa.array([datetime(2024, 1, 1, tzinfo=UTC)] * 3, pa.timestamp("us", tz="UTC")),
        }
    )
    types = [INT8, UUID, array_of(INT4), TEXT, TIMESTAMPTZ]
    read = arrow_read("some view", table, list(zip(["id", "u", "l", "d", "At `x"], types, strict=True)))
    got = ask(engine, "SELECT * FROM `some view` ORDER BY id NULLS LAST", types, [read], time_zone="Asia/Tokyo")
    assert rows(got) == rows(table)
    joined = ask(engine, "WITH w AS (SELECT id FROM v) SELECT count(*) FROM w JOIN v USING (id)", [INT8],
                 [arrow_read("v", table, [("id", INT8), ("u", UUID), ("l", array_of(INT4)), ("d", TEXT),
                                          ("at", TIMESTAMPTZ)])])  # fmt: skip
    assert rows(joined) == [(2,)]


def test_versions_and_absent_columns(engine: SparkEngine, tmp_path: Path) -> None:
    uri = str(tmp_path / "it's a `table`")
    write_deltalake(uri, pa.table({"a": [1, 2], "B b": ["x", "y"]}))
    write_deltalake(uri, pa.table({"a": [3], "B b": ["z"], "n": [1.5]}), mode="append", schema_mode="merge")
    both = [("a", INT8), ("B b", TEXT)]
    for version, expected in ((0, [(1, "x"), (2, "y")]), (1, [(1, "x"), (2, "y"), (3, "z")])):
        read = delta_read("v", uri, version, both)
        assert rows(ask(engine, "SELECT * FROM v ORDER BY a", [INT8, TEXT], [read])) == expected
    late = [*both, ("n", FLOAT8)]
    source = DeltaSource(TableLocation(uri, 0), absent_as_null=True)
    assert rows(ask(engine, "SELECT n FROM v", [FLOAT8], [source_read("v", source, late)])) == [(None,), (None,)]
    with pytest.raises(SqlError) as missing:
        ask(engine, "SELECT n FROM v", [FLOAT8], [delta_read("v", uri, 0, late)])
    assert missing.value.code in ("42703", "0A000")
    with pytest.raises(UndefinedColumn):
        ask(engine, "SELECT n FROM v", [JSON], [delta_read("v", uri, 0, [("n", JSON)])])


def test_nested_data_is_refused(engine: SparkEngine, tmp_path: Path) -> None:
    uri = str(tmp_path / "nested")
    write_deltalake(uri, pa.table({"s": [{"x": 1}], "j": ['{"a": 1}']}))
    assert rows(ask(engine, "SELECT j FROM v", [JSON], [delta_read("v", uri, 0, [("j", JSON)])])) == [('{"a": 1}',)]
    with pytest.raises(FeatureNotSupported, match="nested"):
        ask(engine, "SELECT s FROM v", [JSON], [delta_read("v", uri, 0, [("s", JSON)])])


def test_rows_of_the_open_transaction(engine: SparkEngine, tmp_path: Path) -> None:
    uri, columns = str(tmp_path / "t"), [("a", INT8), ("b", TEXT)]
    write_deltalake(uri, pa.table({"a": [1], "b": ["base"]}))
    spilled = tmp_path / "spilled.arrow"
    with pa.ipc.new_file(spilled, pa.schema([("b", pa.string()), ("a", pa.int64())])) as file:
        file.write_table(pa.table({"b": ["file"], "a": [2]}))
    own = pa.table({"a": [3], "b": ["own"]})
    base = DeltaSource(TableLocation(uri, 0))
    for source, expected in (
        (StagedSource(base, own, (str(spilled),)), ["base", "file", "own"]),
        (StagedSource(None, own), ["own"]),
        (StagedSource(None, None), []),
        (StagedSource(base, None), ["base"]),
    ):
        got = ask(engine, "SELECT b FROM v ORDER BY a", [TEXT], [source_read("v", source, columns)])
        assert [row[0] for row in rows(got)] == expected


ERRORS = (
    ("SELECT 1/0", "22012", "division by zero"),
    ("SELECT id/0 FROM range(10)", "22012", "division by zero"),
    ("SELECT CAST('abc' AS INT)", "22P02", 'invalid input syntax for type integer: "abc"'),
    ("SELECT CAST(concat(id, 'x') AS DOUBLE) FROM range(1)", "22P02", None),
    ("SELECT CAST('99999999999' AS INT)", "22003", 'value "99999999999" is out of range for type integer'),
    ("SELECT CAST('2020-13-01' AS DATE)", "22008", 'date/time field value out of range: "2020-13-01"'),
    ("SELECT CAST('soon' AS TIMESTAMP)", "22007", None),
    ("SELECT CAST(300000 AS SMALLINT)", "22003", "smallint out of range"),
    ("SELECT CAST(id + 2147483647 AS INT) FROM range(3)", "22003", "integer out of range"),
    ("SELECT id + 9223372036854775807 FROM range(3)", "22003", "value out of range"),
    ("SELECT CAST(id AS SMALLINT) + 32767S FROM range(3)", "22003", "smallint out of range"),
    ("SELECT CAST(id * 1000 AS DECIMAL(3,1)) FROM range(3)", "22003", "numeric field overflow"),
    ("SELECT (SELECT id FROM range(2))", "21000", "more than one row returned by a subquery used as an expression"),
    ("SELECT raise_error('SQLSTATE 22003: a \"thing\" out of range')", "22003", 'a "thing" out of range'),
    ("SELECT raise_error('SQLSTATE 2201E: x') FROM range(1)", "2201E", "x"),
    ("SELECT nosuch", "0A000", "Spark does not support this query"),
)


@pytest.mark.parametrize(("sql", "code", "message"), ERRORS)
def test_errors_of_queries(engine: SparkEngine, sql: str, code: str, message: str | None) -> None:
    with pytest.raises(SqlError) as raised:
        ask(engine, f"SELECT CAST(x AS STRING) FROM ({sql}) t(x)", [TEXT])
    assert raised.value.code == code
    assert message is None or raised.value.message == message
    assert raised.value.position is None


def test_a_table_that_is_gone(engine: SparkEngine, tmp_path: Path) -> None:
    """Planned by the gateway, and no longer there; where it was is not told."""
    write_deltalake(str(tmp_path / "t"), pa.table({"a": [1]}))
    for folder, version in (("nosuch", 0), ("t", 7)):
        with pytest.raises(SqlError) as raised:
            ask(engine, "SELECT a FROM v", [INT8], [delta_read("v", str(tmp_path / folder), version, [("a", INT8)])])
        assert raised.value.code in ("58030", "42P01", "22023"), raised.value
        assert str(tmp_path) not in f"{raised.value.message} {raised.value.detail}"


@pytest.mark.parametrize(
    ("sql", "code", "position"),
    (
        ("SELECT\n  selec 1 frm", "42601", 16),
        ("SELECT nosuch", "42703", 8),
        ("SELECT * FROM nosuch", "42P01", 15),
        ("SELECT nofn(1)", "42883", 8),
    ),
)
def test_positions_in_the_clients_own_text(engine: SparkEngine, sql: str, code: str, position: int) -> None:
    with pytest.raises(SqlError) as raised:
        engine.run(sql, own_text=True)
    assert (raised.value.code, raised.value.position) == (code, position)


def test_errors_of_delta(engine: SparkEngine, tmp_path: Path) -> None:
    table = f"delta.`{tmp_path / 't'}`"
    engine.run(f"CREATE TABLE {table} (a INT NOT NULL, b INT) USING delta")
    engine.run(f"ALTER TABLE {table} ADD CONSTRAINT positive CHECK (b > 0)")
    engine.run(f"INSERT INTO {table} VALUES (1, 1)")
    source = "(SELECT * FROM VALUES (1, 5), (1, 6) AS v(a, b)) s"
    for sql, code in (
        (f"INSERT INTO {table} VALUES (2, -1)", "23514"),
        (f"INSERT INTO {table} VALUES (NULL, 1)", "23502"),
        (f"MERGE INTO {table} t USING {source} ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b", "21000"),
        (f"SELECT * FROM {table} VERSION AS OF 99", "22023"),
    ):
        with pytest.raises(SqlError) as raised:
            engine.run(sql, own_text=True)
        assert raised.value.code == code, sql


def test_commands_run_once_and_tell_counts(engine: SparkEngine, tmp_path: Path) -> None:
    table = f"delta.`{tmp_path / 't'}`"
    engine.run(f"CREATE TABLE {table} (a INT, b STRING) USING delta")
    engine.run(f"INSERT INTO {table} SELECT id, \x001\x00 FROM range(10)", ["it's"])
    counts = engine.run(f"UPDATE {table} SET b = 'x' WHERE a < \x001\x00", [4]).rows
    assert counts is not None and counts["num_affected_rows"].to_pylist() == [4]
    assert rows(ask(engine, "SELECT count(*), count(DISTINCT b) FROM v", [INT8, INT8],
                    [delta_read("v", str(tmp_path / "t"), 2, [("b", TEXT)])])) == [(10, 2)]  # fmt: skip


def test_progress_is_told(engine: SparkEngine) -> None:
    seen: list[Progress] = []
    slow = query(
        "SELECT count(*) FROM range(0, 400000000, 1, 4) WHERE hash(id) % 7 = 3 AND hash(id, 1) % 3 = 1", [INT8]
    )
    engine.start(slow, options=Options(watch=seen.append)).result().reader.read_all()
    assert seen and all(0 <= one.tasks_done <= one.tasks for one in seen)
    assert max(one.tasks for one in seen) >= 4
    assert str(seen[-1]).startswith("stage ")


def test_explain(engine: SparkEngine, tmp_path: Path) -> None:
    write_deltalake(str(tmp_path / "t"), pa.table({"a": [1]}))
    read = delta_read("v", str(tmp_path / "t"), 0, [("a", INT8)])
    text = engine.explain(query("SELECT sum(a) FROM v", [NUMERIC], [read]))
    assert "== Physical Plan ==" in text and str(tmp_path) not in text


def test_locations() -> None:
    assert delta_path("/a b/c") == "/a b/c"
    assert delta_path("file:///a%20b/c") == "/a b/c"
    assert delta_path("s3://bucket/x") == "s3a://bucket/x"
    assert delta_path("s3a://bucket/x") == "s3a://bucket/x"
