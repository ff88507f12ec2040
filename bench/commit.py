"""Writes: single rows with and without a transaction, pipelines, COPY FROM; against PostgreSQL and write_deltalake."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
from deltalake import write_deltalake

from bench import peers
from bench.encoders import lineitem
from bench.measure import Report, alternate, latency, seconds, throughput
from gateway.demo.ddl import TABLES

INSERT = "INSERT INTO w.t VALUES (%s, %s, %s)"
AUTOCOMMITS, ROWS = 20, 1000
COPY_ROWS = 1_000_000


def run(report: Report, rounds: int) -> None:
    batch = lineitem(COPY_ROWS)
    with (
        peers.gateway() as ours,
        peers.postgres() as loose,
        peers.postgres(durable=True) as durable,
        ExitStack() as held,
    ):
        mine, unsafe, safe = (held.enter_context(server.connect()) for server in (ours, loose, durable))
        for connection in (mine, unsafe, safe):
            connection.execute("CREATE SCHEMA w")
            connection.execute("CREATE TABLE w.t (id bigint, name text, amount numeric(12,2))")
            connection.execute(peers.bare_table(TABLES[-1]).replace(f"{peers.SCHEMA}.", "w."))
        against = ((safe, "PostgreSQL"), (unsafe, "PostgreSQL, fsync off"))
        for peer, name in against:
            _rows(report, rounds, mine, peer, name)
        data = _csv(batch)
        for peer, name in against:
            costs = alternate(seconds(partial(_copy, mine, data)), seconds(partial(_copy, peer, data)), rounds)
            report.add(throughput("COPY FROM csv, 1M rows", name, costs))
        _against_deltalake(report, rounds, mine, data, batch)


def _rows(report: Report, rounds: int, mine: psycopg.Connection, peer: psycopg.Connection, name: str) -> None:
    for title, work in {
        f"INSERT of a row, autocommit (of {AUTOCOMMITS})": _autocommit,
        f"{ROWS} INSERTs in a transaction": _transaction,
        f"executemany of {ROWS} rows (pipeline)": _executemany,
        f"INSERT of {ROWS} rows in one statement": _one_statement,
    }.items():
        costs = alternate(seconds(_on(work, mine)), seconds(_on(work, peer)), rounds)
        report.add(latency(title, name, costs))


def _on(work: Callable[[psycopg.Connection], None], connection: psycopg.Connection) -> Callable[[], None]:
    return lambda: work(connection)


def _autocommit(connection: psycopg.Connection) -> None:
    for number in range(AUTOCOMMITS):
        connection.execute(INSERT, (number, "name", "12.50"))


def _transaction(connection: psycopg.Connection) -> None:
    with connection.transaction():
        for number in range(ROWS):
            connection.execute(INSERT, (number, "name", "12.50"))


def _executemany(connection: psycopg.Connection) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(INSERT, [(number, "name", "12.50") for number in range(ROWS)])


def _one_statement(connection: psycopg.Connection) -> None:
    values = ", ".join(f"({number}, 'name', 12.50)" for number in range(ROWS))
    connection.execute(f"INSERT INTO w.t VALUES {values}")


def _csv(batch: pa.RecordBatch) -> list[bytes]:
    buffer = io.BytesIO()
    pa_csv.write_csv(batch, buffer, pa_csv.WriteOptions(include_header=False, quoting_style="needed"))
    data = buffer.getvalue()
    return [data[at : at + (1 << 18)] for at in range(0, len(data), 1 << 18)]


def _copy(connection: psycopg.Connection, data: list[bytes]) -> None:
    connection.execute("TRUNCATE w.lineitem")
    with connection.cursor() as cursor, cursor.copy("COPY w.lineitem FROM STDIN (FORMAT csv)") as copy:
        for piece in data:
            copy.write(piece)


def _against_deltalake(
    report: Report, rounds: int, mine: psycopg.Connection, data: list[bytes], batch: pa.RecordBatch
) -> None:
    """The same CSV read by pyarrow and written by deltalake in this process."""
    types = pa_csv.ConvertOptions(column_types=batch.schema)
    names = pa_csv.ReadOptions(column_names=batch.schema.names)
    folder = Path(tempfile.mkdtemp(prefix="kadali-bench-"))

    def direct() -> None:
        table = pa_csv.read_csv(io.BytesIO(b"".join(data)), read_options=names, convert_options=types)
        write_deltalake(str(folder / "t"), table, mode="overwrite")

    try:
        costs = alternate(seconds(lambda: _copy(mine, data)), seconds(direct), rounds)
        report.add(throughput("COPY FROM csv, 1M rows", "pyarrow.csv + write_deltalake in process", costs))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
