"""Statements over Flight SQL, by ADBC: answers, counts, parameters, errors."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import pyarrow as pa
import pytest
from adbc_driver_flightsql import dbapi

from gateway.flight import messages as m
from gateway.flight.messages import sql
from tests.flight.clients import Bare, adbc, answer, sqlstate
from tests.gateway_server import GatewayServer


@pytest.fixture(scope="module")
def connection(gateway: GatewayServer) -> Iterator[dbapi.Connection]:
    with adbc(gateway) as made:
        answer(made, "CREATE SCHEMA flight_statements")
        answer(made, "SET search_path = flight_statements")
        yield made


def test_rows_of_a_table_have_its_types(connection: dbapi.Connection) -> None:
    answer(connection, "CREATE TABLE kinds (id int, name text, price numeric(10,2), at timestamptz, u uuid, j jsonb)")
    row = "(1, 'a', 1.5, '2026-01-02 03:04:05.678901+00', '5b30857f-0bfa-48b5-ac0b-5c64e28078d1', '{\"a\": [1]}')"
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO kinds VALUES {row}, (2, NULL, NULL, NULL, NULL, NULL)")
        assert cursor.rowcount == 2
    table = answer(connection, "SELECT * FROM kinds ORDER BY id")
    assert table.schema.types == [
        pa.int32(),
        pa.string(),
        pa.decimal128(10, 2),
        pa.timestamp("us", "UTC"),
        pa.uuid(),
        pa.json_(pa.string()),
    ]
    first, second = table.to_pylist()
    assert first == {
        "id": 1,
        "name": "a",
        "price": Decimal("1.50"),
        "at": datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, datetime.UTC),
        "u": UUID("5b30857f-0bfa-48b5-ac0b-5c64e28078d1"),
        "j": '{"a": [1]}',
    }
    assert list(second.values()) == [2, None, None, None, None, None]


def test_answers_without_a_table(connection: dbapi.Connection) -> None:
    assert answer(connection, "SELECT 1 AS one").to_pylist() == [{"one": 1}]
    assert answer(connection, "SHOW search_path").to_pylist() == [{"search_path": "flight_statements"}]
    assert answer(connection, "SELECT relname FROM pg_class WHERE relname = 'pg_class'").num_rows == 1
    assert answer(connection, "SELECT 1 AS a WHERE false").schema.names == ["a"]


def test_parameters(connection: dbapi.Connection) -> None:
    answer(connection, "CREATE TABLE bound (id int, name text)")
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO bound VALUES ($1, $2)", [(1, "x"), (2, None), (3, "z")])
        assert cursor.rowcount == 3
    found = answer(connection, "SELECT name FROM bound WHERE id >= $1 ORDER BY id", [2])
    assert found.to_pylist() == [{"name": None}, {"name": "z"}]


def test_each_execution_has_its_own_now(gateway: GatewayServer) -> None:
    bare = Bare(gateway)
    [made] = bare.act(
        "CreatePreparedStatement", m.pack(sql.ActionCreatePreparedStatementRequest(query="SELECT now() AS at"))
    )
    handle = m.unpack_as(sql.ActionCreatePreparedStatementResult, made).prepared_statement_handle
    [before] = bare.read(bare.query("SELECT clock_timestamp() AS at")).to_pylist()
    times = [
        bare.read(bare.info(sql.CommandPreparedStatementQuery(prepared_statement_handle=handle))).to_pylist()[0]["at"]
        for _ in range(2)
    ]
    bare.close()
    assert before["at"] < times[0] < times[1]


def test_several_rows_of_parameters_are_one_execution(connection: dbapi.Connection) -> None:
    answer(connection, "CREATE TABLE atomic (id int, inverse int)")
    with connection.cursor() as cursor, pytest.raises(dbapi.Error) as caught:
        cursor.executemany("INSERT INTO atomic VALUES ($1, 12 / $1)", [(1,), (2,), (0,)])
    assert sqlstate(caught.value) == "22012"
    assert answer(connection, "SELECT count(*) AS n FROM atomic").to_pylist() == [{"n": 0}]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT * FROM nothing", "42P01"),
        ("SELEC 1", "42601"),
        ("SELECT 1; SELECT 2", "42601"),
        ("SELECT 1 / 0", "22012"),
        ("SELECT 'x'::int", "22P02"),
        ("COPY (SELECT 1) TO STDOUT", "0A000"),
    ],
)
def test_errors_tell_their_sqlstate(connection: dbapi.Connection, text: str, code: str) -> None:
    with pytest.raises(dbapi.Error) as caught:
        answer(connection, text)
    assert sqlstate(caught.value) == code
    assert answer(connection, "SELECT 1 AS one").num_rows == 1, "the session goes on"


def test_an_empty_text_has_no_rows(gateway: GatewayServer) -> None:
    bare = Bare(gateway)
    table = bare.read(bare.query("-- nothing"))
    bare.close()
    assert (table.num_columns, table.num_rows) == (0, 0)
