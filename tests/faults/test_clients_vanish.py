"""Clients that vanish: their queries are stopped, what they had not committed is undone, and the history says so."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.gateway_server import PASSWORD, GatewayServer
from tests.wire.raw_client import Address, RawClient

Connection = psycopg.Connection[Any]
ENDS_WITHIN_S = 20.0
LONG = "SELECT count(*) FROM f.numbers a, generate_series(1, 3000000) b, generate_series(1, 3000) c"
WIDE = "SELECT a.i, a.filler, b FROM f.numbers a, generate_series(1, 400) b"


@pytest.fixture
def raw(faulty: GatewayServer) -> Iterator[RawClient]:
    with RawClient(Address("127.0.0.1", faulty.pg_port, "alice", "acme", PASSWORD)) as client:
        client.log_in()
        yield client


@pytest.fixture
def watcher(faulty: GatewayServer) -> Iterator[Connection]:
    with faulty.connect() as connection:
        connection.execute("DROP TABLE IF EXISTS f.target")
        connection.execute("CREATE TABLE f.target (i int, s text)")
        yield connection


def hang_up(client: RawClient, *, reset: bool) -> None:
    if reset:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.close()


def eventually(connection: Connection, sql: str, wanted: list[tuple[Any, ...]]) -> None:
    end = time.monotonic() + ENDS_WITHIN_S
    while (found := connection.execute(sql.encode()).fetchall()) != wanted:
        assert time.monotonic() < end, found
        threading.Event().wait(0.02)


def states(pid: int) -> str:
    return f"SELECT DISTINCT state FROM kadali.queries WHERE pid = {pid} AND state <> 'done'"


def simple(sql: str) -> bytes:
    body = sql.encode() + b"\0"
    return b"Q" + struct.pack("!i", len(body) + 4) + body


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("sql", [LONG, WIDE], ids=["computing", "streaming"])
def test_in_a_query(raw: RawClient, watcher: Connection, sql: str, reset: bool) -> None:
    raw.send(simple(sql))
    eventually(
        watcher, f"SELECT state FROM kadali.queries WHERE pid = {raw.pid} AND query LIKE 'SELECT%'", [("running",)]
    )
    if sql is WIDE:
        raw.socket.recv(100_000)
    hang_up(raw, reset=reset)
    eventually(watcher, states(raw.pid), [("abandoned",)])


def test_in_copy_in(raw: RawClient, watcher: Connection) -> None:
    raw.send(simple("COPY f.target FROM STDIN"))
    for i in range(1000):
        line = f"{i}\tsome text\n".encode()
        raw.send(b"d" + struct.pack("!i", len(line) + 4) + line)
    eventually(
        watcher, f"SELECT state FROM kadali.queries WHERE pid = {raw.pid} AND query LIKE 'COPY%'", [("running",)]
    )
    hang_up(raw, reset=False)
    eventually(watcher, states(raw.pid), [("abandoned",)])
    assert watcher.execute("SELECT count(*) FROM f.target").fetchone() == (0,)


def test_in_copy_out(raw: RawClient, watcher: Connection) -> None:
    raw.send(simple(f"COPY ({WIDE}) TO STDOUT"))
    raw.socket.recv(100_000)
    hang_up(raw, reset=False)
    eventually(watcher, states(raw.pid), [("abandoned",)])


def test_in_a_transaction(faulty: GatewayServer, raw: RawClient, watcher: Connection) -> None:
    """Rows, a table and a dropped table: all as before."""
    watcher.execute("DROP TABLE IF EXISTS f.stays")
    watcher.execute("CREATE TABLE f.stays AS SELECT 1 AS a")
    for sql in (
        "BEGIN",
        "INSERT INTO f.target VALUES (1, 'x')",
        "CREATE TABLE f.fleeting (a int)",
        "DROP TABLE f.stays",
    ):
        raw.send(simple(sql))
        while raw.receive()[0] != b"Z":
            pass
    hang_up(raw, reset=False)
    eventually(watcher, "SELECT relname FROM pg_class WHERE relname IN ('stays', 'fleeting')", [("stays",)])
    assert watcher.execute("SELECT count(*) FROM f.target").fetchone() == (0,)
    assert watcher.execute("SELECT a FROM f.stays").fetchone() == (1,)
    watcher.execute("DROP TABLE f.stays")


def test_a_slow_reader_costs_no_memory(faulty: GatewayServer, raw: RawClient, watcher: Connection) -> None:
    """80 million rows wanted, 1 MB read: the server's own memory grows by 16 MB at most while the client dawdles."""
    assert faulty.process is not None
    raw.send(simple(WIDE))
    assert raw.socket.recv(1 << 16)
    threading.Event().wait(1.0)
    before = anonymous_bytes(faulty.process.pid)
    for _ in range(20):
        raw.socket.recv(50_000)
        threading.Event().wait(0.1)
    grown = anonymous_bytes(faulty.process.pid) - before
    assert grown <= 16 << 20, f"{grown >> 20} MB"
    running = f"SELECT state FROM kadali.queries WHERE pid = {raw.pid} AND query LIKE 'SELECT%'"
    assert watcher.execute(running.encode()).fetchall() == [("running",)]


def anonymous_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) << 10
    raise AssertionError("no RssAnon")


@pytest.mark.parametrize("stage", ["planning", "computing", "streaming", "committing"])
def test_cancel_at_each_stage(faulty: GatewayServer, watcher: Connection, stage: str) -> None:
    sql = {
        "planning": "SELECT a FROM f.stay WHERE b IN (" + ", ".join(map(str, range(30_000))) + ")",
        "computing": LONG,
        "streaming": WIDE,
        "committing": "INSERT INTO f.target SELECT i, filler FROM f.numbers, generate_series(1, 5)",
    }[stage]
    if stage == "planning":
        watcher.execute("CREATE TABLE IF NOT EXISTS f.stay (a int, b int)")
    delay = {"planning": 0.05, "computing": 0.3, "streaming": 0.3, "committing": 0.25}[stage]
    with faulty.connect() as connection:
        timer = threading.Timer(delay, connection.cancel)
        timer.start()
        code: str | None = None
        try:
            connection.execute(sql.encode())
        except psycopg.Error as error:
            code = error.sqlstate
        timer.join()
        assert code == "57014" or (code is None and stage in ("planning", "committing"))
        assert connection.execute("SELECT 1").fetchone() == (1,)
        (count,) = connection.execute("SELECT count(*) FROM f.target").fetchone() or (None,)
        assert count == (0 if code else (1_000_000 if stage == "committing" else 0))
