"""Cuts, restarts, cancels, lost slots: nothing is lost or doubled past what the position tells."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from catalog.errors import ConnectionFailure, ObjectNotInPrerequisiteState, QueryCanceled, SqlError
from catalog.postgres import EmbeddedPostgres
from engine.connectors.changes import OP
from engine.connectors.model import ConnectorKind, Endpoint
from engine.connectors.postgres.connection import connect
from engine.connectors.postgres.hand_over import HandOver
from engine.connectors.postgres.replication import drop_slot, slot_state
from engine.connectors.postgres.stream import PostgresStream
from tests.connectors.conftest import PASSWORD, PostgresSource
from tests.connectors.following import PUBLICATION, SLOT, drained, following, handed_over, rows_of, tables_of
from tests.connectors.test_cdc_refused import made_at
from tests.ports import free_port

_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "wal_level": "logical",
    "max_wal_senders": "4",
    "max_slot_wal_keep_size": "2MB",
    "min_wal_size": "2MB",
    "max_wal_size": "4MB",
}


@pytest.fixture
def small_source(tmp_path: Path) -> Iterator[PostgresSource]:
    """A source of its own that keeps little of its log, and may be stopped."""
    port = free_port()
    server = EmbeddedPostgres(
        tmp_path / "pg",
        durable=False,
        options={**_OPTIONS, "port": str(port)},
        initdb_options=("--auth-host=scram-sha-256", "--wal-segsize=1"),
    )
    server.start()
    conninfo = psycopg.conninfo.make_conninfo(server.conninfo("postgres"), port=port)
    endpoint = Endpoint(ConnectorKind.POSTGRES, "127.0.0.1", port, "postgres", "kadali", PASSWORD)
    source = PostgresSource(endpoint, conninfo, server)
    source.execute(f"ALTER ROLE CURRENT_USER PASSWORD '{PASSWORD}'")
    yield source
    server.stop()


def test_a_connection_that_is_cut(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY)")
    tables = handed_over(source.endpoint, "t")
    ((table, _),) = tables.values()
    with following(source.endpoint, tables) as stream:
        source.execute("INSERT INTO t VALUES (1)")
        (first,) = drained(stream, source)
        source.execute("INSERT INTO t VALUES (2)")
        (second,) = drained(stream, source, confirm=False)
        source.execute("INSERT INTO t VALUES (3)")
        source.execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active")
        with pytest.raises(ConnectionFailure):
            drained(stream, source)
        stream.confirm(second.position)
    for since, expected in ((first.position, [2, 3]), (second.position, [3])):
        with following(source.endpoint, {table.id: (table, since)}) as stream:
            found = drained(stream, source, confirm=False)
            assert [row["id"] for row in rows_of(found, table)] == expected
            # What is unconfirmed comes again although the network, not the source, ended it.
            broken = socket.socket(fileno=os.dup(stream._link._pgconn.socket))
            broken.shutdown(socket.SHUT_RDWR)
            broken.close()
            with pytest.raises(ConnectionFailure):
                drained(stream, source)


def test_a_source_that_is_restarted(small_source: PostgresSource) -> None:
    source = small_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY)")
    tables = handed_over(source.endpoint, "t")
    ((table, _),) = tables.values()
    with following(source.endpoint, tables, silence_max_s=2) as stream:
        source.execute("INSERT INTO t VALUES (1)")
        (first,) = drained(stream, source)
        source.execute("INSERT INTO t VALUES (2)")
        assert drained(stream, source, confirm=False)
        source.server.stop()
        with pytest.raises(ConnectionFailure):
            stream.next(10, 5)
    with pytest.raises(SqlError) as caught:
        PostgresStream(source.endpoint, SLOT, PUBLICATION, tables)
    assert caught.value.code == "08001"
    source.server.start()
    with following(source.endpoint, {table.id: (table, first.position)}) as stream:
        source.execute("INSERT INTO t VALUES (3)")
        assert [row["id"] for row in rows_of(drained(stream, source), table)] == [2, 3]


def test_a_slot_that_is_lost(small_source: PostgresSource) -> None:
    source = small_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY)", "CREATE TABLE noise (a text)")
    tables = handed_over(source.endpoint, "t")
    deadline = time.monotonic() + 30
    with connect(source.endpoint) as connection:
        while (state := slot_state(connection, SLOT)) is not None and not state.lost:
            assert time.monotonic() < deadline
            source.execute(
                "INSERT INTO noise SELECT repeat('x', 1000) FROM generate_series(1, 4000)",
                "TRUNCATE noise",
                "CHECKPOINT",
            )
    with pytest.raises(ObjectNotInPrerequisiteState) as caught:
        PostgresStream(source.endpoint, SLOT, PUBLICATION, tables)
    assert "can no longer get changes" in caught.value.message
    assert "RESYNC" in (caught.value.hint or "")
    with connect(source.endpoint) as connection:
        assert drop_slot(connection, SLOT)
        assert not drop_slot(connection, SLOT)


def test_an_idle_source(postgres_source: PostgresSource) -> None:
    """Its questions are answered, and it need not keep its log for us; who falls silent is given up."""
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY)", "CREATE TABLE other (a text)")
    tables = handed_over(source.endpoint, "t")
    with following(source.endpoint, tables, silence_max_s=0.6) as stream, connect(source.endpoint) as connection:
        source.execute("INSERT INTO other SELECT repeat('x', 1000) FROM generate_series(1, 3000)")
        behind = stream.lag_bytes()
        assert behind > 3_000_000
        assert stream.next(10, 1.4) is None
        assert stream.lag_bytes() < behind / 10
        before = slot_state(connection, SLOT)
        # The stream's other connection, for questions, may be ended when it is idle for long.
        source.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' "
            "AND datname = current_database() AND query LIKE '%pg_wal_lsn_diff%' "
            f"AND pid NOT IN (pg_backend_pid(), {connection.info.backend_pid})",
            "INSERT INTO t VALUES (1)",
        )
        (found,) = drained(stream, source, confirm=False)
        source.execute("INSERT INTO other VALUES ('x')")
        assert drained(stream, source, confirm=False) == []
        held = slot_state(connection, SLOT)
        assert before is not None and held is not None
        stream.confirm(found.position)
        assert stream.next(10, 0.3) is None
        after = slot_state(connection, SLOT)
        assert after is not None
        assert before.confirmed_lsn <= held.confirmed_lsn < after.confirmed_lsn
        with pytest.raises(ConnectionFailure):
            time.sleep(1.5)  # what is tried is that nobody answers
            for _ in range(100):
                stream.next(10, 0.1)


def test_cancel(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY)")
    tables = handed_over(source.endpoint, "t")
    stream = PostgresStream(source.endpoint, SLOT, PUBLICATION, tables)
    timer = threading.Timer(0.2, stream.cancel)
    timer.start()
    started = time.monotonic()
    with pytest.raises(QueryCanceled):
        stream.next(10, 30)
    assert time.monotonic() - started < 5
    timer.join()
    with pytest.raises(QueryCanceled):
        stream.next(10, 0)
    stream.close()
    stream.cancel()
    stream.close()


def test_cancel_of_a_hand_over(postgres_source: PostgresSource) -> None:
    """Which waits for a transaction of somebody else's."""
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY)")
    tables = tables_of(source.endpoint, "t")
    with source.admin() as writer, HandOver(source.endpoint, SLOT, PUBLICATION) as hand:
        writer.execute("BEGIN")
        writer.execute("INSERT INTO t VALUES (1)")
        timer = threading.Timer(0.3, hand.cancel)
        timer.start()
        with pytest.raises(QueryCanceled):
            hand.begin(tables, 30)
        timer.join()
        writer.execute("ROLLBACK")
    assert made_at(source) == (0, 0)


def test_a_large_transaction_lies_on_disk(postgres_source: PostgresSource, tmp_path: Path) -> None:
    """With a flat memory: that of the process grows by less than half of what the transaction holds."""
    source = postgres_source
    rows, width = 200_000, 1500
    source.execute("CREATE TABLE t (id int PRIMARY KEY, a text)", "CREATE TABLE u (id int PRIMARY KEY)")
    tables = handed_over(source.endpoint, "t", "u")
    ((table, _), (other, _)) = tables.values()
    with following(source.endpoint, tables, folder=tmp_path) as stream:
        source.execute(
            "INSERT INTO u VALUES (1)",
            f"BEGIN; INSERT INTO t SELECT n, repeat('x', {width}) FROM generate_series(1, {rows}) AS n;"
            "INSERT INTO u VALUES (2); DELETE FROM t WHERE id > 199998; COMMIT",
            "INSERT INTO u VALUES (3)",
        )
        Path("/proc/self/clear_refs").write_text("5")
        before = memory("VmRSS")
        found = drained(stream, source, max_rows=1_000_000, timeout_s=90)
        grown = memory("VmHWM") - before
        assert grown < rows * width / 2
        assert [sorted(changes.tables) for changes in found] == [[other.id], sorted(tables), [other.id]]
        large = found[1].tables[table.id].rows
        assert large.num_rows == rows + 2
        assert large.column(OP).to_pylist()[-3:] == ["i", "d", "d"]
        assert large.column("id").to_pylist() == [*range(1, rows + 1), rows - 1, rows]
        assert large.column("a")[rows - 1].as_py() == "x" * width
        assert list(tmp_path.iterdir()) == [], "nothing that a killed process would leave"
        assert [row["id"] for row in rows_of(found, other)] == [1, 2, 3]


def memory(name: str) -> int:
    """A figure of this process, in bytes."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024
