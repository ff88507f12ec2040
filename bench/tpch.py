"""TPC-H's 22 queries at scale 1 through the wire, against DuckDB in process on the same files with the same SQL."""

from __future__ import annotations

import os
import time
from pathlib import Path

import duckdb
import psycopg

from bench import peers
from bench.measure import Ratio, Report

SCALE = 1.0
QUERIES = Path(__file__).parent.parent / "tests" / "dialect" / "corpus" / "tpch.sql"
SCALED = {"0.01 FROM partsupp, supplier": "0.0001 FROM partsupp, supplier"}
"""The corpus has scale 0.01's fractions."""


def queries() -> list[str]:
    lines = [line for line in QUERIES.read_text().splitlines() if not line.startswith("--")]
    found = [text.strip() for text in "\n".join(lines).split(";") if text.strip()]
    if len(found) != 22:
        raise RuntimeError(f"{len(found)} queries instead of 22")
    return found


def run(report: Report, rounds: int, scale: float = SCALE) -> None:
    with peers.loaded_gateway(scale) as ours, ours.connect() as connection:
        connection.execute(f"SET search_path = {peers.SCHEMA}")
        local = _in_process(ours, connection)
        totals: list[tuple[float, float]] = [(0.0, 0.0)] * rounds
        for number, sql in enumerate(queries(), 1):
            costs = []
            for turn in range(rounds + 1):
                pair = [_seconds(lambda: _wire(connection, sql)), _seconds(lambda: _local(local, sql))]  # noqa: B023
                if turn:
                    costs.append((pair[0], pair[1]))
            totals = [(a + c, b + d) for (a, b), (c, d) in zip(totals, costs, strict=True)]
            _same(number, _wire(connection, sql), _local(local, sql))
            report.add(Ratio(f"query {number}", "DuckDB", tuple(a / b for a, b in costs), lower=True))
        report.add(Ratio("all 22", "DuckDB", tuple(a / b for a, b in totals), lower=True))


def _in_process(ours: peers.Server, connection: psycopg.Connection) -> duckdb.DuckDBPyConnection:
    """DuckDB with a view over each table's Parquet files; as many threads as the gateway's engine has."""
    database = duckdb.connect(config={"threads": len(os.sched_getaffinity(0)), "memory_limit": "1GB"})
    database.execute("SET GLOBAL parquet_metadata_cache = true")
    described = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (peers.SCHEMA,)).fetchall()
    for (name,) in described:
        row = connection.execute(f"DESCRIBE DETAIL {peers.SCHEMA}.{name}").fetchone()
        assert row is not None
        folder = next(str(value).removeprefix("file://") for value in row if str(value).startswith(("/", "file://")))
        database.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{folder}/*.parquet')")
    return database


def _wire(connection: psycopg.Connection, sql: str) -> list[tuple[object, ...]]:
    return connection.execute(sql).fetchall()


def _local(database: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[object, ...]]:
    return database.cursor().sql(sql).fetchall()


def _seconds(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - start


def _same(number: int, ours: list[tuple[object, ...]], theirs: list[tuple[object, ...]]) -> None:
    if len(ours) != len(theirs):
        raise RuntimeError(f"query {number}: {len(ours)} rows, DuckDB {len(theirs)}")
