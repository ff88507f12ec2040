"""Transactions over Flight: ADBC's (autocommit off), those of SQL, several of one session, savepoints, ingestion."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.flight as flight
import pytest
from adbc_driver_flightsql import dbapi

from gateway.flight import messages as m
from gateway.flight.messages import sql
from tests.flight.clients import Bare, adbc, answer, flight_sqlstate, sqlstate
from tests.gateway_server import GatewayServer

SCHEMA = "flight_transactions"
COMMIT = sql.ActionEndTransactionRequest.END_TRANSACTION_COMMIT
ROLLBACK = sql.ActionEndTransactionRequest.END_TRANSACTION_ROLLBACK
DEADLINE_S = 20.0
ROWS = pa.table({"n": pa.array([10, 11], pa.int32())})


class Transactions(Bare):
    """Transactions by hand."""

    def begin(self) -> bytes:
        [body] = self.act("BeginTransaction", m.pack(sql.ActionBeginTransactionRequest()))
        return m.unpack_as(sql.ActionBeginTransactionResult, body).transaction_id

    def end(self, transaction: bytes, action: Any = COMMIT) -> None:
        self.act("EndTransaction", m.pack(sql.ActionEndTransactionRequest(transaction_id=transaction, action=action)))

    def rows(self, text: str, transaction: bytes = b"") -> list[Any]:
        return list(self.read(self.info(sql.CommandStatementQuery(query=text, transaction_id=transaction))).to_pylist())

    def savepoint(self, transaction: bytes) -> bytes:
        asked = sql.ActionBeginSavepointRequest(transaction_id=transaction, name="s")
        [body] = self.act("BeginSavepoint", m.pack(asked))
        return m.unpack_as(sql.ActionBeginSavepointResult, body).savepoint_id

    def end_savepoint(self, savepoint: bytes, action: Any) -> None:
        self.act("EndSavepoint", m.pack(sql.ActionEndSavepointRequest(savepoint_id=savepoint, action=action)))


@pytest.fixture(scope="module")
def pgwire(gateway: GatewayServer) -> Iterator[psycopg.Connection[Any]]:
    with gateway.connect() as made:
        made.execute(f"CREATE SCHEMA {SCHEMA}")
        made.execute(f"SET search_path = {SCHEMA}")
        yield made


@pytest.fixture
def table(pgwire: psycopg.Connection[Any], request: pytest.FixtureRequest) -> str:
    """A new table of one column n, by its whole name."""
    name = f"{SCHEMA}.t_{re.sub('[^a-z]+', '_', request.node.name.lower())[-40:]}"
    pgwire.execute(f"CREATE TABLE {name} (n int)".encode())
    return name


@pytest.fixture
def bare(gateway: GatewayServer) -> Iterator[Transactions]:
    made = Transactions(gateway)
    yield made
    made.close()


def seen(pgwire: psycopg.Connection[Any], table: str) -> list[int]:
    return [n for (n,) in pgwire.execute(f"SELECT n FROM {table} ORDER BY n".encode()).fetchall()]


def test_autocommit_off(gateway: GatewayServer, pgwire: psycopg.Connection[Any], table: str) -> None:
    with adbc(gateway, autocommit=False) as connection:
        answer(connection, f"INSERT INTO {table} VALUES (1)")
        assert seen(pgwire, table) == []
        assert answer(connection, f"SELECT n FROM {table}").to_pylist() == [{"n": 1}]
        connection.commit()
        assert seen(pgwire, table) == [1]
        answer(connection, f"INSERT INTO {table} VALUES (2)")
        connection.rollback()
        assert answer(connection, f"SELECT n FROM {table}").to_pylist() == [{"n": 1}]
        with pytest.raises(dbapi.Error) as caught:
            answer(connection, "SELECT 1 / 0")
        assert sqlstate(caught.value) == "22012"
        with pytest.raises(dbapi.Error) as caught:
            answer(connection, "SELECT 1")
        assert sqlstate(caught.value) == "25P02"
        with pytest.raises(dbapi.Error) as caught:
            connection.commit()
        assert sqlstate(caught.value) == "25P02", "what was written is lost, and said to be"


def test_a_client_that_leaves_has_not_committed(
    gateway: GatewayServer, pgwire: psycopg.Connection[Any], table: str
) -> None:
    with adbc(gateway, autocommit=False) as connection:
        answer(connection, f"INSERT INTO {table} VALUES (1)")
    assert seen(pgwire, table) == []


def test_ingestion_belongs_to_the_transaction(
    gateway: GatewayServer, pgwire: psycopg.Connection[Any], table: str
) -> None:
    schema, name = table.split(".")
    with adbc(gateway, autocommit=False) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(name, ROWS, "append", db_schema_name=schema)
        cursor.adbc_ingest("made_inside", ROWS, "create", db_schema_name=schema)
        answer(connection, f"UPDATE {table} SET n = n + 1")
        assert answer(connection, f"SELECT count(*) AS n FROM {schema}.made_inside").to_pylist() == [{"n": 2}]
        assert seen(pgwire, table) == []
        connection.commit()
        assert seen(pgwire, table) == [11, 12]
        assert seen(pgwire, f"{schema}.made_inside") == [10, 11]
        cursor.adbc_ingest(name, ROWS, "replace", db_schema_name=schema)
        cursor.adbc_ingest("made_inside", pa.table({"other": ["x"]}), "replace", db_schema_name=schema)
        connection.rollback()
        assert seen(pgwire, table) == [11, 12]
        assert seen(pgwire, f"{schema}.made_inside") == [10, 11], "the table that was dropped is back"
        with pytest.raises(dbapi.Error):
            cursor.adbc_ingest(name, pa.table({"n": ["x"]}), "append", db_schema_name=schema)
        with pytest.raises(dbapi.Error) as caught:
            cursor.adbc_ingest(name, ROWS, "append", db_schema_name=schema)
        assert sqlstate(caught.value) == "25P02"


def test_ingestion_names_its_transaction(bare: Transactions, pgwire: psycopg.Connection[Any], table: str) -> None:
    kind = sql.CommandStatementIngest.TableDefinitionOptions
    options = kind(if_not_exist=kind.TABLE_NOT_EXIST_OPTION_FAIL, if_exists=kind.TABLE_EXISTS_OPTION_APPEND)
    schema, name = table.split(".")

    def put(**more: Any) -> int:
        command = sql.CommandStatementIngest(table_definition_options=options, schema=schema, table=name, **more)
        descriptor = flight.FlightDescriptor.for_command(m.pack(command))
        writer, reader = bare.client.do_put(descriptor, ROWS.schema, bare.options)
        with writer:
            writer.write_table(ROWS)
            writer.done_writing()
            return sql.DoPutUpdateResult.FromString(reader.read().to_pybytes()).record_count

    one, other = bare.begin(), bare.begin()
    assert put(transaction_id=one) == put(transaction_id=other) == 2
    assert seen(pgwire, table) == []
    bare.end(other, ROLLBACK)
    assert put() == 2
    assert seen(pgwire, table) == [10, 11], "one that names none is its own, whatever is open"
    bare.end(one)
    assert seen(pgwire, table) == [10, 10, 11, 11]


def test_a_conflict(gateway: GatewayServer, pgwire: psycopg.Connection[Any], table: str) -> None:
    pgwire.execute(f"INSERT INTO {table} VALUES (1)".encode())
    with adbc(gateway, autocommit=False) as one, adbc(gateway, autocommit=False) as other:
        answer(one, f"UPDATE {table} SET n = 2")
        answer(other, f"UPDATE {table} SET n = 3")
        one.commit()
        with pytest.raises(dbapi.Error) as caught:
            other.commit()
        assert sqlstate(caught.value) == "40001"
    assert seen(pgwire, table) == [2]


def test_several_of_one_session(bare: Transactions, pgwire: psycopg.Connection[Any], table: str) -> None:
    one, other = bare.begin(), bare.begin()
    bare.rows(f"INSERT INTO {table} VALUES (1)", one)
    bare.rows(f"INSERT INTO {table} VALUES (2)", other)
    bare.rows(f"INSERT INTO {table} VALUES (3)")
    select = f"SELECT n FROM {table} ORDER BY n"
    assert bare.rows(select, one) == [{"n": 1}], "its version was pinned by its first touch"
    assert bare.rows(select, other) == [{"n": 2}]
    assert bare.rows(select) == [{"n": 3}]
    bare.end(one)
    bare.end(other, ROLLBACK)
    assert seen(pgwire, table) == [1, 3]
    for use in (lambda: bare.rows("SELECT 1", one), lambda: bare.end(one), lambda: bare.end(b"x")):
        with pytest.raises(flight.FlightError) as caught:
            use()
        assert flight_sqlstate(caught.value) == "25P01"


def test_there_is_a_bound(bare: Transactions) -> None:
    begun = []
    with pytest.raises(flight.FlightError) as caught:
        for _ in range(100):
            begun.append(bare.begin())
    assert flight_sqlstate(caught.value) == "53400" and begun
    for transaction in begun:
        bare.end(transaction, ROLLBACK)
    bare.end(bare.begin())


def test_savepoints(bare: Transactions, pgwire: psycopg.Connection[Any], table: str) -> None:
    release = sql.ActionEndSavepointRequest.END_SAVEPOINT_RELEASE
    back = sql.ActionEndSavepointRequest.END_SAVEPOINT_ROLLBACK
    transaction = bare.begin()
    bare.rows(f"INSERT INTO {table} VALUES (1)", transaction)
    first = bare.savepoint(transaction)
    bare.rows(f"INSERT INTO {table} VALUES (2)", transaction)
    second = bare.savepoint(transaction)
    with pytest.raises(flight.FlightError):
        bare.rows("SELECT 1 / 0", transaction)
    bare.end_savepoint(second, back)
    bare.rows(f"INSERT INTO {table} VALUES (3)", transaction)
    bare.end_savepoint(second, release)
    bare.end_savepoint(first, back)
    with pytest.raises(flight.FlightError) as caught:
        bare.end_savepoint(second, back)
    assert flight_sqlstate(caught.value) == "3B001"
    bare.end_savepoint(first, back)
    bare.end(transaction)
    assert seen(pgwire, table) == [1]
    with pytest.raises(flight.FlightError) as caught:
        bare.savepoint(b"")
    assert flight_sqlstate(caught.value) == "3B001"


def test_transactions_of_sql(bare: Transactions, pgwire: psycopg.Connection[Any], table: str) -> None:
    bare.rows("BEGIN")
    bare.rows(f"INSERT INTO {table} VALUES (1)")
    assert bare.rows(f"SELECT n FROM {table}") == [{"n": 1}]
    assert seen(pgwire, table) == []
    bare.rows("SAVEPOINT a")
    bare.rows(f"INSERT INTO {table} VALUES (2)")
    bare.rows("ROLLBACK TO a")
    bare.rows("COMMIT")
    assert seen(pgwire, table) == [1]
    bare.rows("BEGIN READ ONLY")
    with pytest.raises(flight.FlightError) as caught:
        bare.rows(f"INSERT INTO {table} VALUES (3)")
    assert flight_sqlstate(caught.value) == "25006"
    bare.rows("ROLLBACK")


def test_settings_of_the_session_hold_in_its_transactions(bare: Transactions) -> None:
    bare.rows("SET TimeZone = 'Asia/Tokyo'")
    transaction = bare.begin()
    assert bare.rows("SHOW TimeZone", transaction) == [{"TimeZone": "Asia/Tokyo"}]
    bare.end(transaction)


@pytest.mark.parametrize("by_sql", [True, False])
def test_an_idle_transaction_is_rolled_back(
    bare: Transactions, pgwire: psycopg.Connection[Any], table: str, by_sql: bool
) -> None:
    bare.rows("SET idle_in_transaction_session_timeout = '200ms'")
    transaction = b"" if by_sql else bare.begin()
    if by_sql:
        bare.rows("BEGIN")
    bare.rows(f"INSERT INTO {table} VALUES (1)", transaction)
    deadline, code = time.monotonic() + DEADLINE_S, ""
    while not code and time.monotonic() < deadline:
        time.sleep(1.5)
        try:
            bare.rows("SELECT 1", transaction)
        except flight.FlightError as error:
            code = flight_sqlstate(error)
    assert code == "25P02"
    if by_sql:
        bare.rows("COMMIT")
    else:
        with pytest.raises(flight.FlightError) as caught:
            bare.end(transaction)
        assert flight_sqlstate(caught.value) == "25P02"
    assert seen(pgwire, table) == []
    assert bare.rows("SELECT 1 AS one") == [{"one": 1}]
