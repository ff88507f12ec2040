"""Readings that are cancelled or cut off, and how much memory they take."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from catalog.errors import SqlError
from engine.connectors.model import Cut, Endpoint, Session
from engine.connectors.postgres.connector import POSTGRES
from tests.connectors.conftest import PostgresSource
from tests.connectors.wire_cutter import wire_cutter

ENDLESS = "SELECT generate_series(1, 1000000000) AS g, repeat('x', 100) AS x"
SLOW = "SELECT pg_sleep(60)::text AS s, 1 AS g"


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(SqlError) as caught:
        call()
    return caught.value.code


def wait_for(what: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.02)


def running(source: PostgresSource, words: str) -> int:
    with source.admin() as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
            " AND query LIKE %s AND pid <> pg_backend_pid()",
            [f"%{words}%"],
        ).fetchone()
    return 0 if row is None else int(row[0])


@pytest.mark.parametrize("sql", [ENDLESS, SLOW])
def test_cancel_ends_the_sources_query(postgres_source: PostgresSource, sql: str) -> None:
    told: list[str] = []

    def read(session: Session) -> None:
        def rows() -> None:
            for _ in session.read(Cut(session.query(sql)), 1000).reader:
                pass

        told.append(code_of(rows))

    mark = "generate_series" if sql == ENDLESS else "pg_sleep"
    with POSTGRES.connect(postgres_source.endpoint) as session:
        reader = threading.Thread(target=read, args=(session,))
        reader.start()
        wait_for(lambda: running(postgres_source, f"COPY%{mark}") == 1)
        session.cancel()
        session.cancel()
        reader.join(20)
        assert told == ["57014"]
        wait_for(lambda: running(postgres_source, mark) == 0)
        assert code_of(session.tables) == "57014"


def test_cancel_before_anything_runs(postgres_source: PostgresSource) -> None:
    with POSTGRES.connect(postgres_source.endpoint) as session:
        table = session.query(ENDLESS)
        session.cancel()
        assert code_of(lambda: session.read(Cut(table), 10)) == "57014"


def test_closing_ends_the_sources_query(postgres_source: PostgresSource) -> None:
    with POSTGRES.connect(postgres_source.endpoint) as session:
        reading = session.read(Cut(session.query(ENDLESS)), 1000)
        assert next(iter(reading.reader)).num_rows == 1000
        assert running(postgres_source, "COPY%generate_series") == 1
    wait_for(lambda: running(postgres_source, "generate_series") == 0)
    with postgres_source.admin() as connection:
        left = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kadali' AND datname = current_database()"
        )
        wait_for(lambda: connection.execute(left).fetchone() == (0,))


def test_the_source_ends_our_connection(postgres_source: PostgresSource) -> None:
    with POSTGRES.connect(postgres_source.endpoint) as session:
        reading = session.read(Cut(session.query(ENDLESS)), 1000)
        next(iter(reading.reader))
        postgres_source.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%generate_series%'"
        )
        assert code_of(lambda: list(reading.reader)) == "08006"
        assert session.tables() == []  # what keeps the snapshot is still there
        postgres_source.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kadali'"
        )
        assert code_of(session.tables) == "08006"


def test_the_network_is_cut(postgres_source: PostgresSource) -> None:
    to = postgres_source.endpoint
    with wire_cutter(to.host, to.port, after_bytes=2_000_000) as cutter:
        through: Endpoint = replace(to, port=cutter.port)
        with POSTGRES.connect(through) as session:
            table = session.query(ENDLESS)
            assert code_of(lambda: list(session.read(Cut(table), 1000).reader)) == "08006"
            assert code_of(lambda: session.read(Cut(table), 1000)) in ("08001", "08006")
            assert code_of(session.tables) == "08006"
        assert code_of(lambda: POSTGRES.connect(through)) == "08001"


def test_a_snapshot_that_is_gone(postgres_source: PostgresSource) -> None:
    """The second connection of a session cannot see what the first saw once that has ended."""
    with POSTGRES.connect(postgres_source.endpoint) as session:
        table = session.query(ENDLESS)
        postgres_source.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kadali'"
        )
        assert code_of(lambda: session.read(Cut(table), 10)) == "08006"


MEASURE = """
import resource, sys
from engine.connectors.model import ConnectorKind, Cut, Endpoint
from engine.connectors.postgres.connector import POSTGRES
host, port, database, user, password, rows = sys.argv[1:]
with POSTGRES.connect(Endpoint(ConnectorKind.POSTGRES, host, int(port), database, user, password)) as session:
    query = session.query(f"SELECT generate_series(1, {rows}) AS id, 2.5::float8 AS x, repeat('x', 60) AS t")
    seen = sum(batch.num_rows for batch in session.read(Cut(query), 65536).reader)
print(seen, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_table(postgres_source: PostgresSource) -> None:
    def peak_kb(rows: int) -> int:
        to = postgres_source.endpoint
        arguments = (to.host, str(to.port), to.database, to.user, str(to.password), str(rows))
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, *arguments], capture_output=True, text=True, timeout=120, check=True
        )
        seen, peak = done.stdout.split()
        assert int(seen) == rows
        return int(peak)

    few, many = peak_kb(300_000), peak_kb(1_800_000)
    assert many - few < 50_000, f"{few} kB for 300,000 rows, {many} kB for 1,800,000"
