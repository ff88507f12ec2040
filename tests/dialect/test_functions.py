# ruff: noqa: E501  (tables of cases)
"""The functions registered in DuckDB: seen by every cursor, streamed, cancelled, with PostgreSQL's errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import psycopg
import pytest

from catalog.errors import SqlError
from engine.dialect import numeric_text, register
from engine.embedded import errors
from tests.dialect.oracle import Oracle


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(":memory:", config={"threads": 2})
    for setting in ("TimeZone = 'UTC'", "integer_division = true", "ieee_floating_point_ops = false"):
        connection.execute(f"SET GLOBAL {setting}")
    register(connection)
    yield connection
    connection.close()


def test_every_cursor_sees_them(database: duckdb.DuckDBPyConnection) -> None:
    for cursor in (database.cursor(), database.cursor()):
        assert cursor.sql("SELECT pg_numeric_div('1', '3'), pg_left('abc', -1)").fetchall() == [
            ("0.33333333333333333333", "ab")
        ]


def test_python_functions_stream(database: duckdb.DuckDBPyConnection) -> None:
    """The first batch comes long before the whole would."""
    reader = (
        database.cursor()
        .sql("SELECT pg_numeric_div(CAST(range AS VARCHAR), '7') AS x FROM range(50000000)")
        .to_arrow_reader(2048)
    )
    started = time.monotonic()
    assert reader.read_next_batch().num_rows > 0
    assert time.monotonic() - started < 20
    reader.close()


def test_python_functions_can_be_cancelled(database: duckdb.DuckDBPyConnection) -> None:
    cursor = database.cursor()
    caught: list[BaseException] = []

    def run() -> None:
        try:
            cursor.sql("SELECT count(pg_numeric_mul(CAST(range AS VARCHAR), '7')) FROM range(200000000)").fetchall()
        except duckdb.InterruptException as error:
            caught.append(error)

    worker = threading.Thread(target=run)
    worker.start()
    deadline = time.monotonic() + 30
    while worker.is_alive() and time.monotonic() < deadline:
        cursor.interrupt()
        worker.join(0.05)
    assert caught and not worker.is_alive()
    assert cursor.sql("SELECT pg_numeric_add('1', '2')").fetchall() == [("3",)]


@pytest.mark.parametrize(
    ("sql", "code", "message"),
    [
        ("pg_numeric_div('1', '0')", "22012", "division by zero"),
        ("pg_numeric_typed('1000', 5, 2)", "22003", "numeric field overflow"),
        ("pg_int_in('x', 'integer')", "22P02", 'invalid input syntax for type integer: "x"'),
        ("pg_float_sqrt(CAST(range - 1 AS DOUBLE))", "2201F", "cannot take square root of a negative number"),
        ("pg_chr(CAST(range AS INTEGER))", "54000", "null character not permitted"),
    ],
)
def test_errors_carry_their_sqlstate(database: duckdb.DuckDBPyConnection, sql: str, code: str, message: str) -> None:
    with pytest.raises(duckdb.Error) as caught:
        database.cursor().sql(f"SELECT {sql} FROM range(1)").fetchall()
    found = errors.translate(caught.value)
    assert isinstance(found, SqlError) and (found.code, found.message) == (code, message)


NUMBERS = (
    "0 1 -1 0.5 1.50 -2.25 99.99 1e10 123456789.123456789 0.000001 -0.0000001234 9999 10000 99999999999999999999 1e-30 3 7 NaN "
    "Infinity -Infinity 5.000 0.00 12345678901234567890.12345678901234567890"
).split()  # fmt: skip


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "%"])
def test_exact_arithmetic_is_numeric_c(oracle: Oracle, operator: str) -> None:
    function = {"+": numeric_text.add, "-": numeric_text.subtract, "*": numeric_text.multiply,
                "/": numeric_text.divide, "%": numeric_text.modulo}[operator]  # fmt: skip
    for a in NUMBERS:
        for b in NUMBERS:
            try:
                row = oracle.connection.execute(f"SELECT ('{a}'::numeric {operator} '{b}'::numeric)::text").fetchone()
                assert row is not None
                expected = row[0]
            except psycopg.Error as error:
                expected = error.sqlstate
            try:
                found = numeric_text.format_decimal(
                    function(Decimal(numeric_text.read(a)), Decimal(numeric_text.read(b)))
                )
            except SqlError as error:
                found = error.code
            assert found == expected, (a, operator, b)


def test_sort_keys_order_as_numbers_do(oracle: Oracle) -> None:
    listed = ", ".join(f"('{n}'::numeric)" for n in NUMBERS)
    rows = oracle.connection.execute(
        f"SELECT x::text AS shown FROM (VALUES {listed}) v (x) ORDER BY x, x::text"
    ).fetchall()
    ours = sorted((numeric_text.read(n) for n in NUMBERS), key=lambda n: (numeric_text.sort_key(Decimal(n)), n))
    assert [row[0] for row in rows] == ours
