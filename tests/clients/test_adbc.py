"""ADBC's PostgreSQL driver: Arrow tables by COPY binary, ingestion, metadata; compared with PostgreSQL."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pytest

from tests.clients.sides import DATABASE, Pair, Side


def connect(side: Side) -> Any:
    return adbc.connect(f"postgresql://alice:{side.password.replace(' ', '%20')}@{side.host}:{side.port}/{DATABASE}")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id, customer_id, note, day, at, ratio, paid, tags, token::text AS token FROM shop.orders ORDER BY id",
        "SELECT amount, extra FROM shop.orders ORDER BY id",
        "SELECT n, n * 1.5::float8 AS x FROM shop.numbers ORDER BY n",
        "SELECT * FROM shop.revenue ORDER BY name",
        "SELECT 1 AS one, 'x' AS x, NULL::int AS none, now() IS NOT NULL AS yes",
        "SELECT * FROM shop.orders WHERE false",
    ],
)
def test_queries_give_the_same_arrow_tables(pair: Pair, sql: str) -> None:
    def answer(side: Side) -> pa.Table:
        with connect(side) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            table: pa.Table = cursor.fetch_arrow_table()
            return table

    ours, theirs = pair.ask(answer)
    assert ours.schema == theirs.schema
    assert ours.to_pylist() == theirs.to_pylist() or str(ours.to_pylist()) == str(theirs.to_pylist())


def test_parameters(pair: Pair) -> None:
    def answer(side: Side) -> Any:
        with connect(side) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT name FROM shop.customers WHERE id = $1 OR name = $2 ORDER BY id", (1, "zoë"))
            found = cursor.fetchall()
            cursor.execute("SELECT n FROM shop.numbers WHERE n BETWEEN $1 AND $2 ORDER BY n", (10, 13))
            return found, cursor.fetchall()

    ours, theirs = pair.ask(answer)
    assert ours == theirs


TABLE = pa.table(
    {
        "id": pa.array([1, 2, None], pa.int64()),
        "small": pa.array([1, -1, None], pa.int16()),
        "label": ["a", None, "ünï"],
        "real": [0.1, float("nan"), None],
        "flag": [True, False, None],
        "day": pa.array([dt.date(2024, 2, 29), None, dt.date(1969, 1, 1)]),
        "moment": pa.array([dt.datetime(2024, 1, 1, 1, 2, 3, 4), None, None], pa.timestamp("us")),
        "zoned": pa.array([dt.datetime(2024, 1, 1, tzinfo=dt.UTC), None, None], pa.timestamp("us", "UTC")),
        "data": pa.array([b"\x00\xff", None, b""], pa.binary()),
        "price": pa.array([Decimal("1.50"), None, Decimal("-0.01")], pa.decimal128(10, 2)),
    }
)


def test_ingestion(pair: Pair, schema: str) -> None:
    def answer(side: Side) -> Any:
        told: list[Any] = []
        with connect(side) as connection:
            with connection.cursor() as cursor:
                columns = TABLE.column_names[:-1]  # decimals become text columns there; see below
                told.append(cursor.adbc_ingest("taken", TABLE.select(columns), mode="create", db_schema_name=schema))
                told.append(cursor.adbc_ingest("taken", TABLE.select(columns), mode="append", db_schema_name=schema))
            connection.commit()
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {schema}.taken ORDER BY id, flag")
                told.append(str(cursor.fetch_arrow_table().to_pylist()))
            connection.rollback()
            with connection.cursor() as cursor:
                cursor.adbc_ingest("taken", TABLE.select(columns), mode="append", db_schema_name=schema)
            connection.rollback()
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT count(*) FROM {schema}.taken")
                told.append(cursor.fetchall())
        return told

    ours, theirs = pair.ask(answer)
    assert ours == theirs


def test_metadata(pair: Pair) -> None:
    def answer(side: Side) -> Any:
        with connect(side) as connection:
            found = (
                connection.adbc_get_objects(depth="columns", catalog_filter=DATABASE, db_schema_filter="shop")
                .read_all()
                .to_pylist()
            )
            for catalog in found:
                for one in catalog["catalog_db_schemas"] or []:
                    one["db_schema_tables"].sort(key=lambda table: table["table_name"])
            tables = connection.adbc_get_table_schema("orders", db_schema_filter="shop")
            return found, tables, sorted(connection.adbc_get_table_types()), connection.adbc_get_info()["vendor_name"]

    ours, theirs = pair.ask(answer)
    assert ours == theirs
