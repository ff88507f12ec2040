"""Metadata as ADBC's drivers show it: get_objects at every depth, get_table_schema, get_table_types, get_info."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_flightsql import dbapi

from gateway.version import VERSION
from tests.flight.clients import adbc, answer
from tests.gateway_server import GatewayServer

SCHEMA = "flight_objects"
COLUMNS = ["id", "name", "placed"]


@pytest.fixture(scope="module")
def connection(gateway: GatewayServer) -> Iterator[dbapi.Connection]:
    with adbc(gateway) as made:
        answer(made, f"CREATE SCHEMA {SCHEMA}")
        answer(made, f"CREATE TABLE {SCHEMA}.orders (id bigint PRIMARY KEY, name varchar(9) NOT NULL, placed date)")
        answer(made, f"CREATE TABLE {SCHEMA}.lines (number int, of_order bigint REFERENCES {SCHEMA}.orders)")
        answer(made, f"CREATE VIEW {SCHEMA}.recent AS SELECT id FROM {SCHEMA}.orders")
        yield made


def objects(connection: dbapi.Connection, **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = connection.adbc_get_objects(**options).read_all().to_pylist()
    return found


def tables(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    [catalog] = found
    return {table["table_name"]: table for one in catalog["catalog_db_schemas"] for table in one["db_schema_tables"]}


def test_catalogs_and_schemas(connection: dbapi.Connection) -> None:
    assert objects(connection, depth="catalogs") == [{"catalog_name": "acme", "catalog_db_schemas": None}]
    assert objects(connection, depth="catalogs", catalog_filter="nothing") == []
    [catalog] = objects(connection, depth="db_schemas", db_schema_filter="flight\\_ob%")
    assert catalog["catalog_db_schemas"] == [{"db_schema_name": SCHEMA, "db_schema_tables": None}]


def test_tables(connection: dbapi.Connection) -> None:
    found = tables(objects(connection, depth="tables", db_schema_filter=SCHEMA))
    types = {name: table["table_type"] for name, table in found.items()}
    assert types == {"lines": "TABLE", "orders": "TABLE", "recent": "VIEW"}
    views = objects(connection, depth="tables", db_schema_filter=SCHEMA, table_types_filter=["VIEW"])
    assert list(tables(views)) == ["recent"]
    named = objects(connection, depth="tables", db_schema_filter=SCHEMA, table_name_filter="l_nes")
    assert list(tables(named)) == ["lines"]


def test_columns(connection: dbapi.Connection) -> None:
    found = tables(objects(connection, depth="all", db_schema_filter=SCHEMA))
    columns = found["orders"]["table_columns"]
    assert [column["column_name"] for column in columns] == COLUMNS
    assert [column["ordinal_position"] for column in columns] == [1, 2, 3]
    assert [column["xdbc_type_name"] for column in columns] == ["bigint", "character varying(9)", "date"]
    some = objects(connection, depth="columns", db_schema_filter=SCHEMA, column_name_filter="n%")
    names = {name: [c["column_name"] for c in table["table_columns"]] for name, table in tables(some).items()}
    assert names == {"lines": ["number"], "orders": ["name"], "recent": []}


def test_schema_of_a_table(connection: dbapi.Connection) -> None:
    told = connection.adbc_get_table_schema("orders", db_schema_filter=SCHEMA)
    assert told.names == COLUMNS
    assert told.types == [pa.int64(), pa.string(), pa.date32()]
    assert [field.nullable for field in told] == [False, False, True]
    with pytest.raises(dbapi.Error):
        connection.adbc_get_table_schema("nothing", db_schema_filter=SCHEMA)


def test_table_types_and_info(connection: dbapi.Connection) -> None:
    assert connection.adbc_get_table_types() == ["SYSTEM TABLE", "SYSTEM VIEW", "TABLE", "VIEW"]
    info = connection.adbc_get_info()
    assert (info["vendor_name"], info["vendor_version"]) == ("Kadali", VERSION)
