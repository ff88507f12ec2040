"""Every engine: types, parameters, errors and streaming of a query, independent of Delta."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from catalog.errors import SqlError
from catalog.types import (
    BOOL,
    BPCHAR,
    BYTEA,
    DATE,
    FLOAT4,
    FLOAT8,
    INT2,
    INT4,
    INT8,
    INTERVAL,
    JSONB,
    NUMERIC,
    OID,
    TEXT,
    TIME,
    TIMESTAMP,
    UUID,
    PgType,
    array_of,
    numeric,
    varchar,
)
from tests.engines.engine_queries import arrow_read, ask, query, rows

ONE = bytes(range(16))
ONE_TEXT = "00010203-0405-0607-0809-0a0b0c0d0e0f"

VALUES: list[tuple[str, PgType, object]] = [
    ("true", BOOL, True),
    ("1", INT2, 1),
    ("CAST(1 AS BIGINT)", INT4, 1),
    ("CAST(-9223372036854775808 AS BIGINT)", INT8, -(2**63)),
    ("26", OID, 26),
    ("CAST(1.5 AS DOUBLE)", FLOAT8, 1.5),
    ("CAST(1.5 AS DOUBLE)", FLOAT4, 1.5),
    ("CAST(1.50 AS DECIMAL(10,2))", numeric(12, 3), Decimal("1.500")),
    ("CAST(1.50 AS DECIMAL(10,2))", NUMERIC, Decimal("1.50")),
    ("CAST(7 AS INTEGER)", NUMERIC, Decimal(7)),
    ("'0.30000000000000000'", NUMERIC, "0.30000000000000000"),
    ("''", TEXT, ""),
    ("'ab'", varchar(5), "ab"),
    ("'a '", BPCHAR, "a "),
    ("DATE '2020-02-29'", DATE, dt.date(2020, 2, 29)),
    ("TIMESTAMP '2020-02-29 23:59:59.999999'", TIMESTAMP, dt.datetime(2020, 2, 29, 23, 59, 59, 999999)),
    ("NULL", INT4, None),
    ("NULL", NUMERIC, None),
    ("NULL", array_of(UUID), None),
]


@pytest.mark.parametrize(("sql", "pg", "expected"), VALUES)
def test_value(engine: Any, sql: str, pg: PgType, expected: object) -> None:
    assert rows(ask(engine, f"SELECT {sql}", [pg])) == [(expected,)]


@pytest.mark.requires("uuid", "time", "interval")
def test_engine_types(engine: Any) -> None:
    sql = (
        f"SELECT CAST('{ONE_TEXT}' AS UUID), [CAST('{ONE_TEXT}' AS UUID), NULL], TIME '24:00:00', "
        "INTERVAL '1 month', CAST('{}' AS JSON), CAST('\\x00\\xFF' AS BLOB)"
    )
    answer = ask(engine, sql, [UUID, array_of(UUID), TIME, INTERVAL, JSONB, BYTEA])
    assert answer.column(0).to_pylist() == [ONE]
    assert answer.column(1).to_pylist() == [[ONE, None]]
    assert answer.column(2).cast(pa.int64()).to_pylist() == [86_400_000_000]
    assert tuple(answer.column(3)[0].as_py()) == (1, 0, 0)
    assert answer.column(4).to_pylist() == ["{}"]
    assert answer.column(5).to_pylist() == [b"\x00\xff"]


@pytest.mark.requires("arrow", "uuid")
def test_rows_at_hand(engine: Any) -> None:
    """Arrow rows as a relation, with NULLs, in slices, read twice."""
    table = pa.table({"a": [1, 2, 3], "u": pa.array([ONE, None, ONE], pa.binary(16)), "j": ["{}", None, "[1]"]}).slice(
        1
    )
    read = arrow_read("v", table, [("id", INT8), ("u", UUID), ("j", JSONB)])
    answer = ask(engine, "SELECT a.id, a.u, a.j FROM v a JOIN v b USING (id) ORDER BY 1", [INT8, UUID, JSONB], [read])
    assert rows(answer) == [(2, None, None), (3, ONE, "[1]")]


@pytest.mark.requires("params")
def test_parameters(engine: Any) -> None:
    params = (41, Decimal("1.50"), "it's", b"\x00", dt.datetime(2020, 1, 1, 12), [1, None], None)
    sql = "SELECT $1 + 1, CAST($2 AS DECIMAL(10,2)), $3, $4, $5, CAST($6 AS INTEGER[]), CAST($7 AS INTEGER)"
    types = [INT4, numeric(10, 2), TEXT, BYTEA, TIMESTAMP, array_of(INT4), INT4]
    answer = ask(engine, sql, types, (), params)
    assert rows(answer) == [(42, Decimal("1.50"), "it's", b"\x00", dt.datetime(2020, 1, 1, 12), [1, None], None)]


def test_time_zone_is_the_querys(engine: Any) -> None:
    sql = "SELECT CAST(TIMESTAMPTZ '2020-01-01 00:00:00+00' AS DATE)"
    assert rows(ask(engine, sql, [DATE], time_zone="America/New_York")) == [(dt.date(2019, 12, 31),)]
    assert rows(ask(engine, sql, [DATE], time_zone="Asia/Kolkata")) == [(dt.date(2020, 1, 1),)]


@pytest.mark.parametrize(
    ("sql", "pg", "code", "message"),
    [
        ("SELECT CAST(2147483647 AS INTEGER) + CAST(1 AS INTEGER)", INT4, "22003", "integer out of range"),
        ("SELECT CAST(9223372036854775807 AS BIGINT) + 1", INT8, "22003", "bigint out of range"),
        ("SELECT CAST(3000000000 AS BIGINT)", INT4, "22003", "integer out of range"),
        ("SELECT CAST(1.55 AS DECIMAL(10,2))", numeric(3, 1), "22003", "numeric field overflow"),
        ("SELECT 1 / 0", INT4, "22012", "division by zero"),
        ("SELECT 1 % 0", INT4, "22012", "division by zero"),
        ("SELECT CAST('x' AS INTEGER)", INT4, "22P02", 'invalid input syntax for type integer: "x"'),
        (
            "SELECT CAST('99999999999' AS INTEGER)",
            INT4,
            "22003",
            'value "99999999999" is out of range for type integer',
        ),
        ("SELECT CAST('zz' AS BOOLEAN)", BOOL, "22P02", 'invalid input syntax for type boolean: "zz"'),
        ("SELECT CAST('2020-13-01' AS DATE)", DATE, "22008", 'date/time field value out of range: "2020-13-01"'),
        ("SELECT CAST('a' AS TIMESTAMP)", TIMESTAMP, "22007", 'invalid input syntax for type timestamp: "a"'),
        ("SELECT (SELECT i FROM (VALUES (1), (2)) t(i))", INT4, "21000", "more than one row returned by a subquery"),
        ("SELECT sqrt(-1)", FLOAT8, "2201F", "cannot take square root of a negative number"),
        ("SELECT ln(0)", FLOAT8, "2201E", "cannot take logarithm of zero"),
        ("SELECT nosuchfunction(1)", INT4, "0A000", "does not support this query"),
    ],
)
def test_error(engine: Any, sql: str, pg: PgType, code: str, message: str) -> None:
    with pytest.raises(SqlError) as caught:
        ask(engine, sql, [pg])
    assert caught.value.code == code
    assert message in caught.value.message
    assert "LINE 1" not in caught.value.message


def test_describes_as_declared(engine: Any) -> None:
    """The reader's schema is known before the first batch, and an empty answer has it too."""
    answer = engine.start(query("SELECT 1 WHERE false", [INT8])).result()
    assert answer.reader.schema.field(0).type == pa.int64()
    assert answer.reader.schema.names == ["c0"]
    assert answer.reader.read_all().num_rows == 0


def test_wrong_width_is_a_bug(engine: Any) -> None:
    with pytest.raises(SqlError) as caught:
        ask(engine, "SELECT 1, 2", [INT4])
    assert caught.value.code == "XX000"


def test_float_for_numeric_is_refused(engine: Any) -> None:
    """Never an approximation."""
    with pytest.raises(SqlError) as caught:
        ask(engine, "SELECT CAST(0.1 AS DOUBLE)", [NUMERIC])
    assert caught.value.code == "0A000"


def test_many_at_once(engine: Any) -> None:
    """Streams of one engine do not disturb each other."""
    readers = [
        engine.start(query(f"SELECT {i} FROM (VALUES (1), (2), (3)) t(x)", [INT4])).result().reader for i in range(20)
    ]
    assert [reader.read_all().column(0).to_pylist() for reader in readers] == [[i] * 3 for i in range(20)]
