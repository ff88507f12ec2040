"""Bulk ingestion (CommandStatementIngest) by ADBC and by a bare client: modes, columns, rules, rights, one commit."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
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

SCHEMA = "flight_ingest"
_Options = sql.CommandStatementIngest.TableDefinitionOptions
CREATE, FAIL = _Options.TABLE_NOT_EXIST_OPTION_CREATE, _Options.TABLE_NOT_EXIST_OPTION_FAIL
EXISTS_FAIL, APPEND = _Options.TABLE_EXISTS_OPTION_FAIL, _Options.TABLE_EXISTS_OPTION_APPEND


@pytest.fixture(scope="module")
def connection(gateway: GatewayServer) -> Iterator[dbapi.Connection]:
    with adbc(gateway) as made:
        answer(made, f"CREATE SCHEMA {SCHEMA}")
        answer(made, f"SET search_path = {SCHEMA}")
        yield made


@pytest.fixture(scope="module")
def pgwire(gateway: GatewayServer, connection: dbapi.Connection) -> Iterator[psycopg.Connection[Any]]:
    with gateway.connect() as made:
        made.execute(f"SET search_path = {SCHEMA}")
        yield made


def ingest(connection: dbapi.Connection, table: str, data: Any, mode: Any = "append", **more: Any) -> int:
    with connection.cursor() as cursor:
        return cursor.adbc_ingest(table, data, mode, **more)


def refused(connection: dbapi.Connection, table: str, data: Any, mode: Any = "append", **more: Any) -> str:
    """The SQLSTATE of an ingestion that fails."""
    with pytest.raises(dbapi.Error) as caught:
        ingest(connection, table, data, mode, **more)
    return sqlstate(caught.value)


def rows(pgwire: psycopg.Connection[Any], text: str) -> list[tuple[Any, ...]]:
    return pgwire.execute(text).fetchall()


def versions(pgwire: psycopg.Connection[Any], table: str) -> int:
    return len(rows(pgwire, f"DESCRIBE HISTORY {table}"))


EMPTY = pa.RecordBatch.from_pylist([], pa.schema([("id", pa.int32()), ("name", pa.string())]))
DATA = pa.table({"id": pa.array([1, 2], pa.int32()), "name": ["a", None]})


def test_the_modes(connection: dbapi.Connection, pgwire: psycopg.Connection[Any]) -> None:
    assert refused(connection, "modes", DATA, "append") == "42P01"
    assert ingest(connection, "modes", DATA, "create") == 2
    assert refused(connection, "modes", DATA, "create") == "42P07"
    assert ingest(connection, "modes", DATA, "append") == 2
    assert ingest(connection, "modes", DATA, "create_append") == 2
    assert rows(pgwire, "SELECT count(*) FROM modes") == [(6,)]
    assert ingest(connection, "modes", DATA, "replace") == 2
    assert rows(pgwire, "SELECT * FROM modes ORDER BY id") == [(1, "a"), (2, None)]
    assert versions(pgwire, "modes") == 5, "the same columns: the rows are replaced, the history stays"
    assert ingest(connection, "modes", pa.table({"other": [1.5]}), "replace") == 1
    assert rows(pgwire, "SELECT * FROM modes") == [(1.5,)]
    assert versions(pgwire, "modes") == 2
    assert ingest(connection, "modes_new", DATA, "create_append") == 2
    assert ingest(connection, "modes_newer", DATA, "replace") == 2


def test_a_table_of_another_schema_or_database(connection: dbapi.Connection, pgwire: psycopg.Connection[Any]) -> None:
    pgwire.execute("CREATE SCHEMA flight_ingest_other")
    ingest(connection, "t", DATA, "create", db_schema_name="flight_ingest_other", catalog_name="acme")
    assert rows(pgwire, "SELECT count(*) FROM flight_ingest_other.t") == [(2,)]
    assert refused(connection, "t", DATA, "create", db_schema_name="none") == "3F000"
    assert refused(connection, "t", DATA, "append", db_schema_name="public", catalog_name="globex") == "0A000"
    assert refused(connection, "t", DATA, "create", temporary=True) == "0A000"
    pgwire.execute("CREATE VIEW seen AS SELECT 1 AS id")
    assert refused(connection, "seen", pa.table({"id": [1]}), "append") == "55000"
    assert refused(connection, "seen", pa.table({"id": [1]}), "replace") == "42809"


def test_columns_are_matched_by_name(connection: dbapi.Connection, pgwire: psycopg.Connection[Any]) -> None:
    pgwire.execute("CREATE TABLE named (id int, name text DEFAULT 'none', n int, at date DEFAULT '2026-01-02')")
    ingest(connection, "named", pa.table({"n": [5], "id": [1]}))
    assert rows(pgwire, "SELECT * FROM named") == [(1, "none", 5, datetime.date(2026, 1, 2))]
    assert refused(connection, "named", pa.table({"id": [1], "nam": ["x"]})) == "42703"
    assert refused(connection, "named", pa.table([[1], [1]], names=["id", "id"])) == "42701"
    assert refused(connection, "named", pa.table({"id": ["1"]})) == "42804"
    assert refused(connection, "named", pa.table({"at": [1]})) == "42804"
    assert refused(connection, "named", pa.table({"": [1]})) == "42602"
    assert rows(pgwire, "SELECT count(*) FROM named") == [(1,)]


def test_constraints_hold_and_a_bad_row_writes_nothing(
    connection: dbapi.Connection, pgwire: psycopg.Connection[Any]
) -> None:
    pgwire.execute("CREATE TABLE ruled (id int NOT NULL, n int CHECK (n < 10), code varchar(3))")
    before = versions(pgwire, "ruled")
    good = pa.table({"id": pa.array(range(100_000), pa.int32()), "n": pa.array([1] * 100_000, pa.int32())})
    for bad, code in (
        ({"id": [None], "n": [1]}, "23502"),
        ({"id": [1], "n": [10]}, "23514"),
        ({"id": [2**40], "n": [1]}, "22003"),
    ):
        table = pa.table(bad, schema=pa.schema([("id", pa.int64()), ("n", pa.int64())]))
        whole = pa.concat_tables([good.cast(table.schema), table])
        assert refused(connection, "ruled", whole) == code
    assert refused(connection, "ruled", pa.table({"n": [1]})) == "23502", "a column that is not sent is NULL"
    assert refused(connection, "ruled", pa.table({"id": [1], "code": ["toolong"]})) == "22001"
    assert rows(pgwire, "SELECT count(*) FROM ruled") == [(0,)]
    assert versions(pgwire, "ruled") == before
    [(where,)] = rows(pgwire, "SELECT location FROM kadali.table_detail('ruled')")
    folder = Path(where.removeprefix("file://"))
    assert folder.is_dir()
    assert not list(folder.rglob("*.parquet")), "nothing half written"
    ingest(connection, "ruled", good)
    assert versions(pgwire, "ruled") == before + 1, "one commit"


def test_generated_columns(connection: dbapi.Connection, pgwire: psycopg.Connection[Any]) -> None:
    pgwire.execute(
        "CREATE TABLE computed (id bigint NOT NULL CHECK (id >= 0), twice bigint GENERATED ALWAYS AS (id * 2) STORED)"
    )
    assert ingest(connection, "computed", pa.table({"id": [1, 2]})) == 2
    many = pa.table({"id": pa.array(range(600_000), pa.int64())})
    assert ingest(connection, "computed", many) == 600_000
    assert rows(pgwire, "SELECT count(*), sum(twice - 2 * id) FROM computed") == [(600_002, 0)]
    before = versions(pgwire, "computed")
    assert refused(connection, "computed", pa.table({"id": [1], "twice": [2]})) == "42P10"
    late = pa.concat_tables([many, pa.table({"id": [-1]})])
    assert refused(connection, "computed", late) == "23514"
    assert (
        refused(connection, "computed", pa.concat_tables([many, pa.table({"id": pa.array([None], pa.int64())})]))
        == "23502"
    )
    assert versions(pgwire, "computed") == before
    assert ingest(connection, "computed", pa.table({"id": [5], "twice": [1]}), "replace") == 1
    assert rows(pgwire, "SELECT * FROM computed") == [(5, 1)], "made anew, of plain columns"
    pgwire.execute("CREATE TABLE plainer (id bigint, twice bigint GENERATED ALWAYS AS (id * 2) STORED)")
    assert ingest(connection, "plainer", pa.table({"id": [5], "twice": [1]}), "replace") == 1
    assert rows(pgwire, "SELECT * FROM plainer") == [(5, 1)]


def test_a_failed_create_leaves_no_table(connection: dbapi.Connection, pgwire: psycopg.Connection[Any]) -> None:
    bad = pa.table({"at": pa.array([1, 2**62], pa.timestamp("s"))})
    assert refused(connection, "never", bad, "create") == "22008"
    assert rows(pgwire, "SELECT to_regclass('never')") == [(None,)]
    assert refused(connection, "never", pa.table({"at": pa.array([1], pa.time64("us"))}), "create") == "0A000"
    assert refused(connection, "never", pa.table({"x": pa.array([1], pa.decimal256(60, 2))}), "create") == "0A000"
    ingest(connection, "kept", DATA, "create")
    assert refused(connection, "kept", bad, "replace") == "22008"
    assert rows(pgwire, "SELECT count(*) FROM kept") == [(2,)], "the old table is back"


def test_rights(gateway: GatewayServer, connection: dbapi.Connection, pgwire: psycopg.Connection[Any]) -> None:
    ingest(connection, "guarded", DATA, "create")
    with adbc(gateway, "bob") as bob:
        where = {"db_schema_name": SCHEMA}
        assert refused(bob, "guarded", DATA, **where) == "42501"
        pgwire.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO bob")
        assert refused(bob, "guarded", DATA, **where) == "42501"
        assert refused(bob, "mine", DATA, "create", **where) == "42501"
        pgwire.execute("GRANT INSERT ON guarded TO bob")
        assert ingest(bob, "guarded", DATA, **where) == 2
        assert refused(bob, "guarded", DATA, "replace", **where) == "42501", "replacing takes the owner"
        assert refused(bob, "guarded", pa.table({"x": [1]}), "replace", **where) == "42501"
        pgwire.execute(f"GRANT CREATE ON SCHEMA {SCHEMA} TO bob")
        assert ingest(bob, "mine", DATA, "create", **where) == 2
    assert rows(pgwire, "SELECT count(*) FROM guarded") == [(4,)]


def test_history_and_statistics_follow(connection: dbapi.Connection, pgwire: psycopg.Connection[Any]) -> None:
    ingest(connection, "Noted", DATA, "create")
    found = rows(
        pgwire, """SELECT state, "rows" FROM kadali.queries WHERE query LIKE 'INGEST INTO "Noted"' ORDER BY queued_at"""
    )
    assert found == [("finished", 2)]
    with pytest.raises(psycopg.Error) as caught:
        pgwire.execute('INGEST INTO "Noted"')
    assert caught.value.sqlstate == "42601", "no statement of SQL"


def test_what_nobody_sends(gateway: GatewayServer, connection: dbapi.Connection) -> None:
    bare = Bare(gateway)
    options = _Options(if_not_exist=FAIL, if_exists=APPEND)

    def put(**command: Any) -> str:
        given = sql.CommandStatementIngest(**command)
        descriptor = flight.FlightDescriptor.for_command(m.pack(given))
        with pytest.raises(flight.FlightError) as caught:
            writer, reader = bare.client.do_put(descriptor, DATA.schema, bare.options)
            with writer:
                writer.done_writing()
                reader.read()
        return flight_sqlstate(caught.value)

    assert put(table="t") == "22023", "no options"
    assert put(table="", table_definition_options=options) == "42602"
    assert put(table="t", table_definition_options=options, options={"x": "y"}) == "22023"
    assert put(table="t", table_definition_options=options, transaction_id=b"nothing") == "25P01"
    both = _Options(if_not_exist=FAIL, if_exists=EXISTS_FAIL)
    assert put(table="t_none", table_definition_options=both) == "42P01"
    bare.close()


def test_an_empty_stream_makes_an_empty_table(connection: dbapi.Connection, pgwire: psycopg.Connection[Any]) -> None:
    nothing = pa.RecordBatchReader.from_batches(DATA.schema, [EMPTY])
    assert ingest(connection, "empty", nothing, "create") == 0
    assert rows(pgwire, "SELECT count(*) FROM empty") == [(0,)]
    assert versions(pgwire, "empty") == 1


def test_numbers_of_decimals(connection: dbapi.Connection, pgwire: psycopg.Connection[Any]) -> None:
    pgwire.execute("CREATE TABLE prices (price numeric(6,2))")
    ingest(connection, "prices", pa.table({"price": pa.array([Decimal("1.5000")], pa.decimal128(10, 4))}))
    ingest(connection, "prices", pa.table({"price": [0.1]}))
    ingest(connection, "prices", pa.table({"price": [7]}))
    assert rows(pgwire, "SELECT price FROM prices ORDER BY 1") == [
        (Decimal("0.10"),),
        (Decimal("1.50"),),
        (Decimal("7.00"),),
    ]
    for bad in (pa.array([Decimal("0.001")]), pa.array([0.001]), pa.array([float("nan")]), pa.array([10_000])):
        assert refused(connection, "prices", pa.table({"price": bad})) == "22003"
