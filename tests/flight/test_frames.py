"""Data frames through ADBC: pandas, polars and DuckDB read and write as their manuals say."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pandas as pd
import polars as pl
import pytest
from adbc_driver_flightsql import dbapi

from tests.flight.clients import adbc, answer
from tests.gateway_server import GatewayServer

ROWS = [
    (1, "a", Decimal("1.50"), datetime.date(2026, 1, 2), True),
    (2, None, Decimal("-2.25"), None, False),
    (3, "ü", None, datetime.date(1999, 12, 31), None),
]
TEXT = "SELECT * FROM flight_frames.things ORDER BY id"


@pytest.fixture(scope="module")
def connection(gateway: GatewayServer) -> Iterator[dbapi.Connection]:
    with adbc(gateway) as made:
        answer(made, "CREATE SCHEMA flight_frames")
        answer(made, "SET search_path = flight_frames")
        answer(made, "CREATE TABLE things (id int, name text, price numeric(8,2), day date, good bool)")
        with made.cursor() as cursor:
            cursor.executemany("INSERT INTO things VALUES ($1, $2, $3, $4, $5)", ROWS)
        yield made


def test_pandas(connection: dbapi.Connection) -> None:
    frame = pd.read_sql(TEXT, connection)
    assert list(frame["id"]) == [1, 2, 3]
    assert list(frame["price"][:2]) == [Decimal("1.50"), Decimal("-2.25")]
    frame = frame[["id", "name"]]
    frame.to_sql("from_pandas", connection, index=False)
    frame.to_sql("from_pandas", connection, index=False, if_exists="append")
    counted = answer(connection, "SELECT count(*) AS n, sum(id) AS s FROM from_pandas").to_pylist()
    assert counted == [{"n": 6, "s": 12}]


def test_polars(connection: dbapi.Connection) -> None:
    frame = pl.read_database(TEXT, connection)
    assert frame.rows() == ROWS
    frame.write_database("from_polars", connection, engine="adbc", if_table_exists="replace")
    assert pl.read_database("SELECT * FROM from_polars ORDER BY id", connection).rows() == ROWS


def test_duckdb(connection: dbapi.Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(TEXT)
        things = cursor.fetch_record_batch()  # noqa: F841 - DuckDB finds it by its name
        found = duckdb.sql("SELECT id, name, price, day, good FROM things ORDER BY id").fetchall()
    assert found == ROWS
