"""Cold start of `kadali serve` to the first answer of a query, as multiples of starting its PostgreSQL alone."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from bench import peers
from bench.measure import Figure, Report, alternate, latency
from catalog.postgres import EmbeddedPostgres


def run(report: Report, rounds: int) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data, cluster = Path(folder) / "data", Path(folder) / "peer"
        first = _start(data)  # a new data folder: initdb, migrations, the tenant's first shadow
        with EmbeddedPostgres(cluster, durable=True):
            pass
        costs = alternate(lambda: _start(data), lambda: _postgres(cluster), rounds, warm=0)
        report.add(latency("start to the first answer, data folder in use", "start of an embedded PostgreSQL", costs))
        ordinary = sorted(ours for ours, _ in costs)[len(costs) // 2]
        report.add(Figure("the same with a new data folder", first / ordinary, "x", "of one in use; it adds initdb"))
    for module in ("gateway.cli.main", "gateway.build"):
        costs = alternate(lambda: _import(module), lambda: _import("duckdb, pyarrow, deltalake"), rounds)  # noqa: B023
        report.add(latency(f"import {module}", "import duckdb, pyarrow, deltalake", costs))


def _start(data: Path) -> float:
    """Seconds from the command to the answer of a query on the catalog."""
    begun = time.perf_counter()
    with peers.gateway(data) as server, server.connect() as connection:
        connection.execute("SELECT count(*) FROM pg_class").fetchall()
        return time.perf_counter() - begun


def _postgres(cluster: Path) -> float:
    begun = time.perf_counter()
    with EmbeddedPostgres(cluster, durable=True) as server:
        with psycopg.connect(server.conninfo()) as connection:
            connection.execute("SELECT 1").fetchall()
        return time.perf_counter() - begun


def _import(names: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {names}"], check=True)
    return time.perf_counter() - begun
