"""SIGTERM: streams under way are read to their end within the grace, what nobody reads is dropped, new ones refused."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.flight as flight

from gateway.flight import messages as m
from gateway.flight.messages import sql
from tests.flight.clients import Bare, flight_sqlstate
from tests.gateway_server import GatewayServer

ROWS = 2_000_000
_Options = sql.CommandStatementIngest.TableDefinitionOptions
INGESTION = m.pack(
    sql.CommandStatementIngest(
        table="t",
        table_definition_options=_Options(
            if_not_exist=_Options.TABLE_NOT_EXIST_OPTION_CREATE, if_exists=_Options.TABLE_EXISTS_OPTION_FAIL
        ),
    )
)


def test_drain(tmp_path: Path) -> None:
    server = GatewayServer(tmp_path / "data")
    server.add_user("alice", "acme", admin=True)
    server.start()
    bare = Bare(server)
    bare.read(bare.query(f"CREATE TABLE t AS SELECT i, repeat('x', 50) AS f FROM generate_series(1, {ROWS}) i"))
    unread = bare.query("SELECT * FROM t")
    reader = bare.client.do_get(bare.query("SELECT * FROM t").endpoints[0].ticket, bare.options)
    rows = reader.read_chunk().data.num_rows
    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 20
    refused = None
    while refused is None and time.monotonic() < deadline:
        try:
            bare.query("SELECT 1")
        except flight.FlightError as error:
            refused = error
    assert isinstance(refused, flight.FlightUnavailableError)
    assert flight_sqlstate(refused) == "57P03"
    rows += sum(chunk.data.num_rows for chunk in reader)
    assert rows == ROWS
    began = time.monotonic()
    assert server.process.wait(30) == 0
    assert time.monotonic() - began < 20, "the grace of 30 s was not waited for"
    server.process = None
    assert unread.schema.names == ["i", "f"]
    assert not list(server.data_dir.glob("tenants/*/staging/*"))
    bare.close()


def test_silent_clients_do_not_hold_it_up(tmp_path: Path) -> None:
    """Who sends no more, reads no more, binds no more: canceled after the grace, then cut off."""
    server = GatewayServer(tmp_path / "data", ("--shutdown-grace", "1s"))
    server.add_user("alice", "acme", admin=True)
    server.start()
    sending, reading, binding = Bare(server), Bare(server), Bare(server)
    batch = pa.record_batch({"i": list(range(1000))})
    writer, _ = sending.client.do_put(flight.FlightDescriptor.for_command(INGESTION), batch.schema, sending.options)
    writer.write_batch(batch)
    many = f"SELECT i, repeat('x', 50) AS f FROM generate_series(1, {ROWS}) i"
    reader = reading.client.do_get(reading.query(many).endpoints[0].ticket, reading.options)
    assert reader.read_chunk().data.num_rows
    body = m.pack(sql.ActionCreatePreparedStatementRequest(query="SELECT $1::bigint AS i"))
    made = m.unpack_as(sql.ActionCreatePreparedStatementResult, binding.act("CreatePreparedStatement", body)[0])
    bound = m.pack(sql.CommandPreparedStatementQuery(prepared_statement_handle=made.prepared_statement_handle))
    parameters, _ = binding.client.do_put(flight.FlightDescriptor.for_command(bound), batch.schema, binding.options)
    parameters.write_batch(batch)
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 12
    assert "Traceback" not in server.log(), server.log()[-3000:]
    assert not list(server.data_dir.glob("tenants/*/staging/*"))
    for one in (sending, reading, binding):
        one.close()
