"""Spark through the gateway's client, against pyspark's client and Spark's Thrift server; starts of clusters."""

from __future__ import annotations

import math
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from bench import peers
from bench.measure import Cost, Report, alternate, latency, throughput
from bench.spark_peers import ANSWER_S, PySpark, pyhive_cost, pyhive_python, thrift_server
from catalog.errors import SqlError
from catalog.types import FLOAT8, INT8, TEXT, TIMESTAMP, PgType
from engine.base import Field, Query
from engine.spark.configuration import spark_defaults
from engine.spark.engine import SparkEngine
from engine.spark.local import CLASS_ARCHIVE, LocalSpark
from tests.spark.distribution import distribution, spark_distribution
from tests.spark.servers import SparkServer, has_library, local_server

ROWS, THRIFT_ROWS = 1_000_000, 300_000
THREADS, SMALL = 8, 10
FILES = 4
WARM = 3
"""Runs of both before the first round: Java compiles what it runs often."""
START_S = 300
ONE = "SELECT 1 AS id"
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
PG_COLUMNS = (
    "g AS id, g / 2.0::float8 AS half, 'name-' || g AS name, (g % 100)::bigint AS group_of,"
    " timestamp '2026-01-01' + make_interval(secs => g % 86400) AS at, md5((g % 1000)::text) AS word,"
    " g::float8 / 3 AS third, g * 7::bigint AS other"
)
FIELDS = tuple(Field(name, kind) for name, (_, kind) in COLUMNS.items())


JVM = {"spark.driver.extraJavaOptions": "-XX:+UseG1GC"}
"""Java's default: the servers of tests have settings for a quick start, which long runs pay for."""


def run(report: Report, rounds: int) -> None:
    try:
        dist = spark_distribution()
    except pytest.skip.Exception as lacking:
        report.skipped("Spark", str(lacking))
        return
    if not (dist / CLASS_ARCHIVE).exists():  # `make spark` makes it
        distribution.add_archive(dist)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for what, part in (("clients of Connect", _connect), ("rows", _thrift), ("starts", _starts)):
            try:
                part(report, rounds, dist, Path(folder))
            except (RuntimeError, OSError, subprocess.SubprocessError, SqlError, psycopg.Error) as error:
                report.skipped(what, f"{type(error).__name__}: {error}")


def _connect(report: Report, rounds: int, dist: Path, folder: Path) -> None:
    with local_server(folder / "server", JVM) as server:
        _clients(report, rounds, server, folder / "table")


def _clients(report: Report, rounds: int, server: SparkServer, table: Path) -> None:
    engines = [SparkEngine("bench", server.session(f"bench/{number}")) for number in range(THREADS)]
    listed = ", ".join(f"{text} AS {name}" for name, (text, _) in COLUMNS.items())
    engines[0].run(f"CREATE TABLE delta.`{table}` USING delta AS SELECT {listed} FROM range(0, {ROWS}, 1, 4)")
    theirs = PySpark(server, THREADS)
    try:
        bulk = f"SELECT * FROM delta.`{table}`"
        costs = alternate(lambda: _cost(engines[0], ONE, 20), lambda: theirs.cost(ONE, 20), rounds, WARM)
        report.add(latency("SELECT 1, 20 times", "pyspark toArrow", costs))
        if _rows(engines[0], bulk) != theirs.rows(bulk):
            raise RuntimeError("the two clients got different numbers of rows")
        costs = alternate(lambda: _cost(engines[0], bulk, 1), lambda: theirs.cost(bulk), rounds, WARM)
        report.add(latency(f"{ROWS} rows of {len(COLUMNS)} columns as Arrow", "pyspark toArrow", costs))
        small = f"SELECT count(*) AS id FROM delta.`{table}` WHERE group_of = 7"
        costs = alternate(lambda: _together(engines, small), lambda: theirs.cost(small, SMALL, THREADS), rounds, WARM)
        report.add(latency(f"{THREADS} sessions at once, {SMALL} small queries each", "pyspark toArrow", costs))
    finally:
        theirs.close()
        for engine in engines:
            engine.close()


def _thrift(report: Report, rounds: int, dist: Path, folder: Path) -> None:
    """The same table, read by programs: through a gateway whose cluster reads it, and through Spark's Thrift server."""
    python = pyhive_python()
    with _gateway(dist, folder / "rows") as (server, connection):
        part = THRIFT_ROWS // FILES
        for number in range(FILES):  # as a table is that has grown
            rows = f"SELECT {PG_COLUMNS} FROM generate_series({number * part + 1}, {(number + 1) * part}) g"
            connection.execute(f"{'INSERT INTO public.rows' if number else 'CREATE TABLE public.rows AS'} {rows}")
        connection.execute("CREATE CLUSTER reads (workers = 2)")
        connection.execute("USE CLUSTER reads")
        theirs = f"SELECT * FROM delta.`{_location(server)}`"
        with thrift_server(dist, folder / "thrift") as port:
            for how, binary in (("text", False), ("binary", True)):
                costs = alternate(
                    lambda binary=binary: _fetched(connection, binary),  # type: ignore[misc]
                    lambda: pyhive_cost(python, port, theirs),
                    rounds,
                    warm=WARM,
                )
                name = f"{THRIFT_ROWS} rows by psycopg, {how}"
                report.add(throughput(name, "PyHive on Spark's Thrift server", costs))


def _fetched(connection: psycopg.Connection, binary: bool) -> float:
    begun = time.perf_counter()
    with connection.cursor(binary=binary) as cursor:
        rows = cursor.execute("SELECT * FROM public.rows").fetchall()
    spent = time.perf_counter() - begun
    if len(rows) != THRIFT_ROWS:
        raise RuntimeError(f"{len(rows)} rows came")
    return spent


def _starts(report: Report, rounds: int, dist: Path, folder: Path) -> None:
    """A cluster on this machine, from the statement to its first answer, and Spark's own server to the same answer."""
    own = {**spark_defaults(2, library=has_library(dist)), "spark.ui.enabled": "false"}
    plain = LocalSpark(dist, folder / "plain", 2, 1 << 30, own, "bench")
    with _gateway(dist, folder / "gateway") as (server, connection):
        connection.execute("CREATE TABLE public.small AS SELECT 1 AS id")
        table = f"SELECT id FROM delta.`{_location(server)}`"
        connection.execute("CREATE CLUSTER again (workers = 2)")
        connection.execute("ALTER CLUSTER again SUSPEND FORCE WAIT")
        for name, ours in (
            ("CREATE CLUSTER to the first answer", lambda: _create(connection)),
            ("resume of a suspended cluster to the first answer", lambda: _resume(connection)),
        ):
            for peer, sql in (("the same query on Spark's own server", table), (f"{ONE} there", ONE)):
                _tried(report, name, peer, rounds, ours, lambda sql=sql: _plain(plain, sql))  # type: ignore[misc]


def _tried(report: Report, name: str, peer: str, rounds: int, ours: Cost, theirs: Cost) -> None:
    """A round in which a side fails, or takes longer than a start may, counts as failed and is told."""
    failed: list[str] = []

    def noted(who: str, cost: Cost) -> float:
        try:
            return cost()
        except (SqlError, psycopg.Error) as error:
            failed.append(f"{who}: {str(error).splitlines()[0]}")
            return math.nan

    pairs = alternate(lambda: noted("ours", ours), lambda: noted("peer", theirs), rounds, warm=0)
    whole = [pair for pair in pairs if not any(map(math.isnan, pair))]
    note = f"{len(failed)} of {2 * rounds} failed: {'; '.join(failed)}" if failed else ""
    if whole:
        report.add(latency(name, peer, whole, note))
    else:
        report.skipped(name, note)


@contextmanager
def _gateway(dist: Path, folder: Path) -> Iterator[tuple[peers.Server, psycopg.Connection]]:
    """With clusters of this machine; no statement takes longer than START_S."""
    options = ("--spark-home", str(dist))
    with peers.gateway(folder, options) as server, server.connect() as connection:
        connection.execute(f"SET statement_timeout = '{START_S}s'")
        yield server, connection


def _location(server: peers.Server) -> Path:
    """The folder of the only table."""
    (log,) = (server.data_dir / "lake").rglob("_delta_log")
    return log.parent


def _create(connection: psycopg.Connection) -> float:
    connection.execute("USE CLUSTER EMBEDDED")
    connection.execute("DROP CLUSTER IF EXISTS fresh FORCE")
    begun = time.perf_counter()
    connection.execute("CREATE CLUSTER fresh (workers = 2)")
    spent = _first_answer(connection, "fresh", begun)
    connection.execute("DROP CLUSTER fresh FORCE")
    return spent


def _resume(connection: psycopg.Connection) -> float:
    connection.execute("USE CLUSTER EMBEDDED")
    connection.execute("ALTER CLUSTER again SUSPEND FORCE WAIT")
    spent = _first_answer(connection, "again", time.perf_counter())
    connection.execute("ALTER CLUSTER again SUSPEND FORCE WAIT")
    return spent


def _first_answer(connection: psycopg.Connection, name: str, begun: float) -> float:
    connection.execute(f"USE CLUSTER {name}")
    connection.execute("SELECT id FROM public.small").fetchall()
    spent = time.perf_counter() - begun
    connection.execute("USE CLUSTER EMBEDDED")
    return spent


def _plain(driver: LocalSpark, sql: str) -> float:
    begun = time.perf_counter()
    driver.start(START_S)
    engine = SparkEngine("plain", SparkServer(driver.endpoint, "bench", driver).session())
    try:
        _rows(engine, sql)
        return time.perf_counter() - begun
    finally:
        engine.close()
        driver.stop()


def _query(sql: str) -> Query:
    """A query of one number, or of the whole table."""
    return Query(sql, FIELDS if sql.startswith("SELECT *") else FIELDS[:1])


def _rows(engine: SparkEngine, sql: str) -> int:
    running = engine.start(_query(sql))
    guard = threading.Timer(ANSWER_S, running.cancel)
    guard.start()
    try:
        return sum(batch.num_rows for batch in running.result().reader)
    finally:
        guard.cancel()


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
