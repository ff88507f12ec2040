"""Memory of the server: growth under a client that reads a large result slowly, and bytes per idle connection."""

from __future__ import annotations

import time

import psycopg

from bench import peers, wire
from bench.measure import Figure, Report, children, private_bytes, resident_bytes

SCALE = 1.0
SLOW_ROWS = 5_000_000
SLOW_S, PIECE = 20.0, 64 << 10
IDLE = 1000
CATALOG = "SELECT count(*) FROM pg_class"


def run(report: Report, rounds: int) -> None:
    with peers.loaded_gateway(SCALE) as ours:
        for name, request in {
            "text": wire.simple(f"SELECT * FROM {peers.SCHEMA}.lineitem LIMIT {SLOW_ROWS}"),
            "binary": wire.extended(f"SELECT * FROM {peers.SCHEMA}.lineitem", binary=True),
        }.items():
            _slow(report, ours, name, request)
    with peers.gateway(options=("--max-connections", str(IDLE + 100))) as ours:
        _idle(report, ours, "gateway")
    with peers.postgres() as peer:
        _idle(report, peer, "PostgreSQL")


def _slow(report: Report, server: peers.Server, name: str, request: bytes) -> None:
    """Read a little, note memory, read slowly for SLOW_S: what is added is what piled up in the server."""
    client = wire.RawClient(server.conninfo)
    client.read_some(wire.simple(f"SELECT * FROM {peers.SCHEMA}.lineitem LIMIT 20000"), 1 << 20)
    client.close()
    client = wire.RawClient(server.conninfo)
    client.read_some(request, 8 << 20)
    start, most = resident_bytes(server.main_pid), 0
    deadline = time.monotonic() + SLOW_S
    while time.monotonic() < deadline:
        client.read_some(b"", PIECE)
        time.sleep(0.05)
        most = max(most, resident_bytes(server.main_pid))
    client.close()
    report.add(Figure(f"slow client, {name}: growth", max(0, most - start) / 1e6, "MB", "target: 16 MB at most"))


def _idle(report: Report, server: peers.Server, name: str) -> None:
    """Private memory a connection adds, in the server's own process and in PostgreSQL's processes below it."""
    held: list[psycopg.Connection] = []
    try:
        held += [server.connect() for _ in range(20)]  # what the first connections load is not the connections' own
        for connection in held:
            connection.execute(CATALOG)
        before = _memory(server)
        fresh = [server.connect() for _ in range(IDLE)]
        held += fresh
        _tell(report, name, "connected", before, _memory(server))
        for connection in fresh:
            connection.execute(CATALOG)
        _tell(report, name, "after a catalog query each", before, _memory(server))
        backends = len(children(server.main_pid))
        report.add(Figure(f"{name}: processes after that", backends, ""))
    finally:
        for connection in held:
            connection.close()


def _memory(server: peers.Server) -> tuple[int, int]:
    time.sleep(2.0)
    return private_bytes(server.main_pid), sum(map(private_bytes, children(server.main_pid)))


def _tell(report: Report, name: str, state: str, before: tuple[int, int], after: tuple[int, int]) -> None:
    own, below = ((b - a) / IDLE / 1000 for a, b in zip(before, after, strict=True))
    if name == "PostgreSQL":
        report.add(Figure(f"{name}, {state}: backends", below, "kB each"))
        return
    report.add(Figure(f"{name}, {state}: its process", own, "kB each", "target: 100 kB at most, catalog untouched"))
    report.add(Figure(f"{name}, {state}: shadow's processes", below, "kB each"))
