"""Results as streams: who may read them, how they end early, and that nothing goes on behind a client that is gone."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.flight as flight
import pytest
from adbc_driver_flightsql import dbapi

from gateway.flight import messages as m
from gateway.flight.messages import base, sql
from tests.flight.clients import Bare, adbc, answer, flight_sqlstate, sqlstate
from tests.flight.conftest import ROWS
from tests.gateway_server import PASSWORD, GatewayServer

WAIT_S = 30.0
SLOW = "SELECT count(*) FROM {0} a, {0} b WHERE a.id + b.id = 7"
READER = """
import sys
import pyarrow.flight as flight
sys.path.insert(0, sys.argv[1])
from gateway.flight import messages as m
from gateway.flight.messages import sql
client = flight.connect(sys.argv[2])
options = flight.FlightCallOptions(headers=[client.authenticate_basic_token("alice", sys.argv[3],
    flight.FlightCallOptions(headers=[(b"database", b"acme")]))])
command = m.pack(sql.CommandStatementQuery(query=sys.argv[4]))
info = client.get_flight_info(flight.FlightDescriptor.for_command(command), options)
reader = client.do_get(info.endpoints[0].ticket, options)
reader.read_chunk()
print("reading", flush=True)
sys.stdin.read()
"""


def state_of(server: GatewayServer, text: str) -> str:
    """How the last statement with this text stands in kadali.queries."""
    with server.connect() as connection:
        found = connection.execute(
            "SELECT state FROM kadali.queries WHERE query = %s ORDER BY queued_at DESC LIMIT 1", [text]
        ).fetchone()
    return "" if found is None else str(found[0])


def ends(server: GatewayServer, text: str) -> str:
    """The state a statement comes to, within WAIT_S."""
    deadline = time.monotonic() + WAIT_S
    while (state := state_of(server, text)) in ("", "running", "queued"):
        assert time.monotonic() < deadline, f"still {state!r}"
    return state


def test_all_rows_come(gateway: GatewayServer, numbers: str) -> None:
    with adbc(gateway) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {numbers}")
        seen = total = 0
        for batch in cursor.fetch_record_batch():
            seen, total = seen + batch.num_rows, total + sum(batch.column(0).to_pylist()[:1])
    assert seen == ROWS
    assert total > 0


def test_streams_of_one_session_are_read_beside_each_other(bare: Bare, numbers: str) -> None:
    readers = [
        bare.client.do_get(bare.query(f"SELECT id FROM {numbers} WHERE id > {n}").endpoints[0].ticket, bare.options)
        for n in range(3)
    ]
    rows = [0, 0, 0]
    for number in (0, 1, 2, 0, 1, 2):
        rows[number] += readers[number].read_chunk().data.num_rows
    assert bare.read(bare.query("SELECT 1 AS one")).num_rows == 1
    for number, reader in enumerate(readers):
        rows[number] += sum(chunk.data.num_rows for chunk in reader)
    assert rows == [ROWS, ROWS - 1, ROWS - 2]


def test_messages_are_what_clients_take_unless_told_otherwise(bare: Bare) -> None:
    text = "SELECT i, repeat('x', CASE WHEN i % 1000 < 500 THEN 20000 ELSE 1 END) FROM generate_series(1, 2000) a(i)"
    reader = bare.client.do_get(bare.query(text).endpoints[0].ticket, bare.options)
    batches = [chunk.data for chunk in reader]
    assert sum(batch.num_rows for batch in batches) == 2000
    assert pa.Table.from_batches(batches).column(0).to_pylist() == [*range(1, 2001)]
    assert 2 << 20 < max(batch.nbytes for batch in batches) < 4 << 20, "gRPC's own limit is 4 MB"


def test_parts_of_a_result_are_read_by_other_connections(gateway: GatewayServer) -> None:
    with adbc(gateway) as connection, connection.cursor() as cursor, adbc(gateway) as other, other.cursor() as reader:
        parts, schema = cursor.adbc_execute_partitions("SELECT 1 AS one")
        assert schema is not None and schema.names == ["one"]
        [part] = parts
        reader.adbc_read_partition(part)
        assert reader.fetchall() == [(1,)]


def test_a_ticket_is_used_once_by_its_user_in_its_database(gateway: GatewayServer, bare: Bare) -> None:
    info = bare.query("SELECT 1 AS one")
    for user, database in (("bob", "acme"), ("alice", "globex")):
        with closing(Bare(gateway, user, database)) as stranger, pytest.raises(flight.FlightError) as caught:
            stranger.read(info)
        assert flight_sqlstate(caught.value) == "34000"
    with closing(Bare(gateway)) as other:
        assert other.read(info).num_rows == 1, "another session of the same user"
    with pytest.raises(flight.FlightError) as caught:
        bare.read(info)
    assert flight_sqlstate(caught.value) == "34000"


def test_a_reader_that_cancels_ends_the_query(gateway: GatewayServer, bare: Bare, numbers: str) -> None:
    text = f"SELECT * FROM {numbers} WHERE id > 11"
    reader = bare.client.do_get(bare.query(text).endpoints[0].ticket, bare.options)
    reader.read_chunk()
    assert state_of(gateway, text) == "running"
    reader.cancel()
    assert ends(gateway, text) in ("canceled", "abandoned")


def test_a_reader_that_is_dropped_ends_the_query(gateway: GatewayServer, bare: Bare, numbers: str) -> None:
    text = f"SELECT * FROM {numbers} WHERE id > 12"
    reader = bare.client.do_get(bare.query(text).endpoints[0].ticket, bare.options)
    reader.read_chunk()
    del reader
    assert ends(gateway, text) in ("canceled", "abandoned")


def test_a_killed_client_ends_the_query(gateway: GatewayServer, numbers: str) -> None:
    text = f"SELECT * FROM {numbers} WHERE id > 13"
    here, there = str(Path(__file__).parents[2]), f"grpc://127.0.0.1:{gateway.flight_port}"
    command = [sys.executable, "-c", READER, here, there, PASSWORD, text]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert client.stdout is not None
    assert client.stdout.readline() == b"reading\n"
    assert state_of(gateway, text) == "running"
    client.kill()
    client.communicate()
    assert ends(gateway, text) in ("canceled", "abandoned")


def test_a_query_before_its_first_row_is_stopped_by_its_clients_deadline(
    gateway: GatewayServer, bare: Bare, numbers: str
) -> None:
    text = SLOW.format(numbers)
    command = flight.FlightDescriptor.for_command(m.pack(sql.CommandStatementQuery(query=text)))
    short = flight.FlightCallOptions(timeout=1.0, headers=[bare.header])
    with pytest.raises(flight.FlightTimedOutError):
        bare.client.get_flight_info(command, short)
    assert ends(gateway, text) == "canceled"


def test_a_statement_timeout(gateway: GatewayServer, numbers: str) -> None:
    with adbc(gateway) as connection:
        answer(connection, "SET statement_timeout = '500ms'")
        with pytest.raises(dbapi.Error, match="statement timeout") as caught:
            answer(connection, SLOW.format(numbers))
        assert sqlstate(caught.value) == "57014"


def test_an_answer_that_nobody_reads_can_be_canceled(gateway: GatewayServer, bare: Bare, numbers: str) -> None:
    text = f"SELECT * FROM {numbers} WHERE id > 14"
    info = bare.query(text)
    assert state_of(gateway, text) == "running"
    [result] = bare.act("CancelFlightInfo", base.CancelFlightInfoRequest(info=_parsed(info)).SerializeToString())
    assert base.CancelFlightInfoResult.FromString(result).status == base.CANCEL_STATUS_CANCELLED
    assert ends(gateway, text) == "canceled"
    [again] = bare.act("CancelFlightInfo", base.CancelFlightInfoRequest(info=_parsed(info)).SerializeToString())
    assert base.CancelFlightInfoResult.FromString(again).status == base.CANCEL_STATUS_NOT_CANCELLABLE


def test_cancel_query_of_sql_reaches_a_stream(gateway: GatewayServer, bare: Bare, numbers: str) -> None:
    text = f"SELECT * FROM {numbers} WHERE id > 15"
    reader = bare.client.do_get(bare.query(text).endpoints[0].ticket, bare.options)
    reader.read_chunk()
    with gateway.connect() as connection:
        [[found]] = connection.execute("SELECT id FROM kadali.queries WHERE query = %s", [text]).fetchall()
        connection.execute(f"CANCEL QUERY '{found}'".encode())
    with pytest.raises(flight.FlightServerError) as caught:
        reader.read_all()
    assert flight_sqlstate(caught.value) == "57014"


def _parsed(info: flight.FlightInfo) -> base.FlightInfo:
    return base.FlightInfo.FromString(info.serialize())
