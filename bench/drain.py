"""How fast rows leave the server: a raw socket reader drains lineitem, by SELECT and COPY, text and binary."""

from __future__ import annotations

from functools import partial

from bench import peers, wire
from bench.measure import Report, alternate, cpu_of, latency, seconds, throughput

SCALE = 0.2
"""1.2 million rows."""


def requests() -> dict[str, bytes]:
    table = f"{peers.SCHEMA}.lineitem"
    sql = f"SELECT * FROM {table}"
    return {
        "SELECT text, simple": wire.simple(sql),
        "SELECT text, extended": wire.extended(sql),
        "SELECT binary, extended": wire.extended(sql, binary=True),
        "COPY text": wire.simple(f"COPY {table} TO STDOUT"),
        "COPY csv": wire.simple(f"COPY {table} TO STDOUT (FORMAT csv)"),
        "COPY binary": wire.simple(f"COPY {table} TO STDOUT (FORMAT binary)"),
    }


def run(report: Report, rounds: int, scale: float = SCALE) -> None:
    with peers.loaded_gateway(scale) as ours, peers.loaded_postgres(scale, ["lineitem"]) as peer:
        mine, theirs = wire.RawClient(ours.conninfo), wire.RawClient(peer.conninfo)
        for name, request in requests().items():
            costs = alternate(seconds(partial(mine.drain, request)), seconds(partial(theirs.drain, request)), rounds)
            report.add(throughput(name, "PostgreSQL", costs))
        for name, request in requests().items():

            def cpu(client: wire.RawClient, pid: int, request: bytes = request) -> float:
                before = cpu_of(pid)
                client.drain(request)
                return cpu_of(pid) - before

            costs = alternate(lambda: cpu(mine, ours.main_pid), lambda: cpu(theirs, theirs.pid), rounds, warm=0)
            report.add(latency(f"{name}: CPU of the server", "PostgreSQL", costs))
        mine.close()
        theirs.close()
