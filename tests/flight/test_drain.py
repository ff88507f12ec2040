"""SIGTERM: streams under way are read to their end within the grace, what nobody reads is dropped, new ones refused."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pyarrow.flight as flight

from tests.flight.clients import Bare, flight_sqlstate
from tests.gateway_server import GatewayServer

ROWS = 2_000_000


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
