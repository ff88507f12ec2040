"""Spark through the gateway's client, against pyspark's client and Spark's Thrift server; starts of clusters."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

import psycopg
import pytest

from bench import peers
from bench.measure import Report, alternate, latency, throughput
from bench.spark_peers import PySpark, pyhive_cost, pyhive_python, thrift_server
from catalog.types import FLOAT8, INT8, TEXT, TIMESTAMP, PgType
from engine.base import Field, Query
from engine.spark.configuration import spark_defaults
from engine.spark.engine import SparkEngine
from engine.spark.local import LocalSpark
from tests.spark.distribution import spark_distribution
from tests.spark.servers import SparkServer, has_library, local_server

ROWS, THRIFT_ROWS = 1_000_000, 300_000
THREADS, SMALL = 8, 10
COLUMNS: dict[str, tuple[str, PgType]] = {
    "id": ("id", INT8),
    "half": ("id / 2", FLOAT8),
    "name": ("concat('name-', id)", TEXT),
    "group_of": ("id % 100", INT8),
    "at": ("timestamp_ntz'2026-01-01' + make_dt_interval(0, 0, 0, id % 86400)", TIMESTAMP),
    "word": ("sha1(cast(id % 1000 AS string))", TEXT),
    "third": ("cast(id AS double) / 3", FLOAT8),
    "other": ("hash(id) * 1L", INT8),
}
FIELDS = tuple(Field(name, kind) for name, (_, kind) in COLUMNS.items())


JVM = {"spark.driver.extraJavaOptions": "-XX:+UseG1GC"}
"""Java's default: the servers of tests have settings for a quick start, which long runs pay for."""


def run(report: Report, rounds: int) -> None:
    try:
        dist = spark_distribution()
    except pytest.skip.Exception as lacking:
        report.skipped("Spark", str(lacking))
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        table = Path(folder) / "table"
        with local_server(Path(folder) / "server", JVM) as server:
            _connect(report, rounds, server, table)
        _thrift(report, rounds, dist, Path(folder), table)
        _starts(report, min(rounds, 3), dist, Path(folder))


def _connect(report: Report, rounds: int, server: SparkServer, table: Path) -> None:
    engines = [SparkEngine("bench", server.session(f"bench/{number}")) for number in range(THREADS)]
    listed = ", ".join(f"{text} AS {name}" for name, (text, _) in COLUMNS.items())
    engines[0].run(f"CREATE TABLE delta.`{table}` USING delta AS SELECT {listed} FROM range(0, {ROWS}, 1, 4)")
    theirs = PySpark(server, THREADS)
    try:
        one, bulk = "SELECT 1 AS id", f"SELECT * FROM delta.`{table}`"
        costs = alternate(lambda: _cost(engines[0], one, 20), lambda: theirs.cost(one, 20), rounds)
        report.add(latency("SELECT 1, 20 times", "pyspark toArrow", costs))
        if _rows(engines[0], bulk) != theirs.rows(bulk):
            raise RuntimeError("the two clients got different numbers of rows")
        costs = alternate(lambda: _cost(engines[0], bulk, 1), lambda: theirs.cost(bulk), rounds)
        report.add(latency(f"{ROWS} rows of {len(COLUMNS)} columns as Arrow", "pyspark toArrow", costs))
        small = f"SELECT count(*) AS id FROM delta.`{table}` WHERE group_of = 7"
        costs = alternate(lambda: _together(engines, small), lambda: theirs.cost(small, SMALL, THREADS), rounds)
        report.add(latency(f"{THREADS} sessions at once, {SMALL} small queries each", "pyspark toArrow", costs))
    finally:
        theirs.close()
        for engine in engines:
            engine.close()


def _thrift(report: Report, rounds: int, dist: Path, folder: Path, table: Path) -> None:
    python = pyhive_python()
    sql = f"SELECT * FROM delta.`{table}` LIMIT {THRIFT_ROWS}"
    with thrift_server(dist, folder / "thrift") as port, local_server(folder / "beside", JVM) as server:
        engine = SparkEngine("bench", server.session())
        costs = alternate(lambda: _cost(engine, sql, 1), lambda: pyhive_cost(python, port, sql), rounds)
        engine.close()
    report.add(throughput(f"{THRIFT_ROWS} rows", "PyHive on Spark's Thrift server", costs))


def _starts(report: Report, rounds: int, dist: Path, folder: Path) -> None:
    """A cluster on this machine, from the statement to its first answer, and Spark's own server to its first answer."""
    own = {**spark_defaults(2, library=has_library(dist)), "spark.ui.enabled": "false"}
    plain = LocalSpark(dist, folder / "plain", 2, 1 << 30, own, "bench")
    options = ("--spark-home", str(dist))
    with peers.gateway(folder / "gateway", options) as server, server.connect() as connection:
        connection.execute("CREATE TABLE public.small AS SELECT 1 AS id")
        costs = alternate(lambda: _create(connection), lambda: _plain(plain), rounds, warm=1)
        report.add(latency("CREATE CLUSTER to its first answer", "start of Spark's own server", costs))
        connection.execute("CREATE CLUSTER again (workers = 2)")
        connection.execute("ALTER CLUSTER again RESUME WAIT")
        costs = alternate(lambda: _resume(connection), lambda: _plain(plain), rounds, warm=0)
        report.add(latency("resume of a suspended cluster to its first answer", "start of Spark's own server", costs))


def _create(connection: psycopg.Connection) -> float:
    begun = time.perf_counter()
    connection.execute("CREATE CLUSTER fresh (workers = 2)")
    connection.execute("USE CLUSTER fresh")
    connection.execute("SELECT id FROM public.small").fetchall()
    spent = time.perf_counter() - begun
    connection.execute("USE CLUSTER EMBEDDED")
    connection.execute("DROP CLUSTER fresh FORCE")
    return spent


def _resume(connection: psycopg.Connection) -> float:
    connection.execute("ALTER CLUSTER again SUSPEND FORCE WAIT")
    begun = time.perf_counter()
    connection.execute("USE CLUSTER again")
    connection.execute("SELECT id FROM public.small").fetchall()
    spent = time.perf_counter() - begun
    connection.execute("USE CLUSTER EMBEDDED")
    return spent


def _plain(driver: LocalSpark) -> float:
    begun = time.perf_counter()
    driver.start()
    engine = SparkEngine("plain", SparkServer(driver.endpoint, "bench", driver).session())
    _rows(engine, "SELECT 1 AS id")
    spent = time.perf_counter() - begun
    engine.close()
    driver.stop()
    return spent


def _query(sql: str) -> Query:
    """A query of one number, or of the whole table."""
    return Query(sql, FIELDS if sql.startswith("SELECT *") else FIELDS[:1])


def _rows(engine: SparkEngine, sql: str) -> int:
    return sum(batch.num_rows for batch in engine.start(_query(sql)).result().reader)


def _cost(engine: SparkEngine, sql: str, repeat: int) -> float:
    begun = time.perf_counter()
    for _ in range(repeat):
        _rows(engine, sql)
    return time.perf_counter() - begun


def _together(engines: list[SparkEngine], sql: str) -> float:
    begun = time.perf_counter()
    threads = [threading.Thread(target=_cost, args=(engine, sql, SMALL)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begun
