"""What CommandGetSqlInfo and CommandGetXdbcTypeInfo claim, held against what the server does."""

from __future__ import annotations

from typing import Any

import pytest

from engine.dialect import functions
from engine.dialect.duckdb.target import DUCKDB
from gateway.flight.messages import sql
from gateway.flight.sql_words import CONVERSIONS, DATETIME, NUMERIC, STRING, SYSTEM
from gateway.version import VERSION
from tests.flight.clients import Bare, adbc, answer
from tests.gateway_server import GatewayServer

CONVERTED: dict[int, str] = {
    **{sql.SQL_CONVERT_BIGINT: "bigint", sql.SQL_CONVERT_BIT: "boolean", sql.SQL_CONVERT_CHAR: "char(5)"},
    **{sql.SQL_CONVERT_DATE: "date", sql.SQL_CONVERT_DECIMAL: "decimal", sql.SQL_CONVERT_FLOAT: "float"},
    **{sql.SQL_CONVERT_INTEGER: "integer", sql.SQL_CONVERT_LONGVARCHAR: "text", sql.SQL_CONVERT_NUMERIC: "numeric"},
    **{sql.SQL_CONVERT_REAL: "real", sql.SQL_CONVERT_SMALLINT: "smallint", sql.SQL_CONVERT_TIME: "time"},
    **{sql.SQL_CONVERT_TIMESTAMP: "timestamp", sql.SQL_CONVERT_VARCHAR: "varchar"},
    **dict.fromkeys((sql.SQL_CONVERT_INTERVAL_DAY_TIME, sql.SQL_CONVERT_INTERVAL_YEAR_MONTH), "interval"),
    **dict.fromkeys((sql.SQL_CONVERT_BINARY, sql.SQL_CONVERT_LONGVARBINARY, sql.SQL_CONVERT_VARBINARY), "bytea"),
}
WITHOUT_PARENTHESES = {
    *("current_catalog", "current_date", "current_schema", "current_timestamp", "current_user"),
    *("localtime", "localtimestamp", "session_user"),
}


def facts(client: Bare, *numbers: int) -> dict[int, Any]:
    table = client.read(client.info(sql.CommandGetSqlInfo(info=numbers)))
    table.validate(full=True)
    return dict(zip(table["info_name"].to_pylist(), table["value"].to_pylist(), strict=True))


def test_every_number_of_the_proto_is_answered(bare: Bare) -> None:
    found = facts(bare)
    assert list(found) == sorted(sql.SqlInfo.values())
    assert found[sql.FLIGHT_SQL_SERVER_NAME] == "Kadali"
    assert found[sql.FLIGHT_SQL_SERVER_VERSION] == VERSION
    assert found[sql.SQL_IDENTIFIER_QUOTE_CHAR] == '"'
    assert found[sql.SQL_MAX_TABLE_NAME_LENGTH] == 63
    assert found[sql.SQL_SUPPORTED_UNIONS] == 0b11
    assert dict(found[sql.SQL_SUPPORTS_CONVERT]) == CONVERSIONS
    assert found[sql.FLIGHT_SQL_SERVER_STATEMENT_TIMEOUT] == 12 * 3600 * 1000


def test_only_what_is_asked_for(bare: Bare) -> None:
    assert facts(bare, 507, 0, 507, 99_999, 4_294_967_295) == {507: 0, 0: "Kadali"}
    assert facts(bare, 99_999) == {}


def test_conversions_are_casts(gateway: GatewayServer) -> None:
    pairs = {(source, to) for source, targets in CONVERSIONS.items() for to in targets}
    assert set(CONVERTED) == set(CONVERSIONS)
    columns = [f"CAST(CAST(NULL AS {CONVERTED[source]}) AS {CONVERTED[to]})" for source, to in sorted(pairs)]
    with adbc(gateway) as connection:
        assert answer(connection, f"SELECT {', '.join(columns)}").num_columns == len(pairs)


def test_functions_work_on_tables() -> None:
    assert DUCKDB is not None  # its rows have been declared
    known = {name for kind in functions.KINDS.values() for name in kind.rows}
    folded = {"now", "statement_timestamp", "transaction_timestamp", "current_database", "version"}
    assert {*NUMERIC, *STRING, *DATETIME, *SYSTEM} - known <= folded | WITHOUT_PARENTHESES


def test_functions_are_postgresqls(gateway: GatewayServer) -> None:
    names = {*NUMERIC, *STRING, *DATETIME, *SYSTEM} - WITHOUT_PARENTHESES
    with gateway.connect() as connection:
        found = connection.execute("SELECT DISTINCT proname FROM pg_proc WHERE proname = ANY (%s)", [list(names)])
        assert {row[0] for row in found} == names


def test_nulls_come_last(gateway: GatewayServer) -> None:
    with adbc(gateway) as connection:
        rows = answer(connection, "SELECT a FROM (VALUES (1), (NULL)) AS v (a) ORDER BY a").to_pylist()
    assert rows == [{"a": 1}, {"a": None}]


@pytest.mark.parametrize("data_type", [None, sql.XDBC_VARCHAR, sql.XDBC_TIMESTAMP, 4711])
def test_types(bare: Bare, gateway: GatewayServer, data_type: int | None) -> None:
    rows = bare.read(bare.info(sql.CommandGetXdbcTypeInfo(data_type=data_type))).to_pylist()
    assert rows == sorted(rows, key=lambda row: (row["data_type"], row["type_name"]))
    if data_type is not None:
        expected = {12: ["character varying", "text"], 93: 2 * [""], 4711: []}[data_type]
        assert len(rows) == len(expected)
        assert all(row["data_type"] == data_type for row in rows)
        return
    numbers = {row["type_name"]: row["data_type"] for row in rows}
    assert numbers["bigint"] == -5
    assert numbers["numeric"] == 2
    columns = [f"CAST(NULL AS {row['type_name']}) AS c{place}" for place, row in enumerate(rows)]
    with adbc(gateway) as connection:
        schema = answer(connection, f"SELECT {', '.join(columns)}").schema
    told = [field.metadata[b"ARROW:FLIGHT:SQL:TYPE_NAME"].decode() for field in schema]
    assert [name.replace("character(1)", "character") for name in told] == [row["type_name"] for row in rows]
