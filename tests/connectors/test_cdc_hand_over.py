"""Snapshot and stream together are the source exactly once, whatever happens there meanwhile and to us in between."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from catalog.errors import ConnectionFailure
from engine.connectors.changes import ChangeSet, TableChanges
from engine.connectors.model import Cut, Position, SourceTable
from engine.connectors.postgres.hand_over import HandOver
from engine.connectors.postgres.starting import parse_snapshot
from tests.connectors.conftest import PostgresSource
from tests.connectors.following import (
    PUBLICATION,
    SLOT,
    Replica,
    drained,
    following,
    handed_over,
    source_rows,
    tables_of,
)

WRITERS, SECONDS = 4, 1.0
ROUNDS = int(os.environ.get("KADALI_CDC_ROUNDS", "1"))
_errors = psycopg.errors
_TABLES = (
    "CREATE TABLE keyed (id int PRIMARY KEY, n int, big text)",
    "ALTER TABLE keyed ALTER big SET STORAGE EXTERNAL",
    "CREATE TABLE bare (n int, a text)",
    "ALTER TABLE bare REPLICA IDENTITY FULL",
    "CREATE TABLE coded (id int PRIMARY KEY, code int NOT NULL, big text)",
    "CREATE UNIQUE INDEX coded_code ON coded (code)",
    "ALTER TABLE coded REPLICA IDENTITY USING INDEX coded_code",
    "ALTER TABLE coded ALTER big SET STORAGE EXTERNAL",
    "CREATE TABLE parts (id int PRIMARY KEY, n int) PARTITION BY HASH (id)",
    "CREATE TABLE parts0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
    "CREATE TABLE parts1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
    *(f"INSERT INTO {name} SELECT n, n, 'x' FROM generate_series(1, 40) AS n" for name in ("keyed", "coded")),
    "INSERT INTO bare SELECT n % 5, 'x' FROM generate_series(1, 40) AS n",
    "INSERT INTO parts SELECT n, n FROM generate_series(1, 40) AS n",
)
NAMES = ("keyed", "bare", "coded", "parts")


class Writers:
    """Threads that change the source's rows in transactions of their own, until they are stopped."""

    def __init__(self, source: PostgresSource, seed: int) -> None:
        self._source, self._stop = source, threading.Event()
        self.errors: list[BaseException] = []
        self.transactions = 0
        self._threads = [threading.Thread(target=self._run, args=(random.Random(seed + n),)) for n in range(WRITERS)]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        assert self.errors == []

    def _run(self, chance: random.Random) -> None:
        try:
            with self._source.admin() as connection:
                while not self._stop.is_set():
                    self._transact(connection, chance)
                    self.transactions += 1
        except (psycopg.Error, AssertionError) as error:
            self.errors.append(error)

    def _transact(self, connection: psycopg.Connection[Any], chance: random.Random) -> None:
        try:
            connection.execute("BEGIN")
            for _ in range(chance.randint(1, 5)):
                if chance.random() < 0.2:
                    connection.execute("SAVEPOINT s")
                    connection.execute(_statement(chance))
                    connection.execute("ROLLBACK TO s" if chance.random() < 0.5 else "RELEASE s")
                connection.execute(_statement(chance))
                if chance.random() < 0.1:
                    self._stop.wait(chance.random() * 0.05)
            connection.execute("ROLLBACK" if chance.random() < 0.15 else "COMMIT")
        except (_errors.DeadlockDetected, _errors.SerializationFailure, _errors.UniqueViolation):
            connection.execute("ROLLBACK")


def _statement(chance: random.Random) -> str:
    a, b, n = chance.randint(1, 80), chance.randint(1, 80), chance.randint(1, 1000)
    long = f"repeat('{n}', 1500)"
    return chance.choice(
        [
            f"INSERT INTO keyed VALUES ({a}, {n}, {long}) ON CONFLICT DO NOTHING",
            f"UPDATE keyed SET n = {n} WHERE id = {a}",
            f"UPDATE keyed SET n = {n}, big = {long} WHERE id = {a}",
            f"UPDATE keyed SET id = {b} WHERE id = {a} AND NOT EXISTS (SELECT FROM keyed WHERE id = {b})",
            f"DELETE FROM keyed WHERE id = {a}",
            f"INSERT INTO bare VALUES ({n % 5}, 'x'), ({n % 5}, 'x')",
            f"UPDATE bare SET a = '{n % 3}' WHERE ctid = (SELECT min(ctid) FROM bare WHERE n = {n % 5})",
            f"DELETE FROM bare WHERE ctid IN (SELECT ctid FROM bare WHERE n = {n % 5} LIMIT 2)",
            f"INSERT INTO coded VALUES ({a}, {b}, {long}) ON CONFLICT DO NOTHING",
            f"UPDATE coded SET code = {b} WHERE id = {a} AND NOT EXISTS (SELECT FROM coded WHERE code = {b})",
            f"UPDATE coded SET id = {b} WHERE code = {a} AND NOT EXISTS (SELECT FROM coded WHERE id = {b})",
            f"DELETE FROM coded WHERE id = {a}",
            f"INSERT INTO parts VALUES ({a}, {n}) ON CONFLICT DO NOTHING",
            f"UPDATE parts SET id = {b} WHERE id = {a} AND NOT EXISTS (SELECT FROM parts WHERE id = {b})",
            f"DELETE FROM parts WHERE id = {a}",
            "TRUNCATE bare" if n < 60 else f"UPDATE parts SET n = {n} WHERE id = {a}",
        ]
    )


class Follower:
    """Applies sets table by table, each with its position, and loses its connection or its life at any point."""

    def __init__(self, source: PostgresSource, replica: Replica, chance: random.Random) -> None:
        self.source, self.replica, self.chance = source, replica, chance
        self.state: dict[str, tuple[SourceTable, Position]] = {}
        self.lives = 0

    def follow(self, until: float) -> None:
        """Until a moment, and then to the end of what the source has written."""
        while time.monotonic() < until:
            self._live(until)
        with following(self.source.endpoint, self.state) as stream:
            self.replica.last_seq = -1
            for changes in drained(stream, self.source):
                self._apply(changes, list(changes.tables))

    def _live(self, until: float) -> None:
        self.lives += 1
        self.replica.last_seq = -1
        with following(self.source.endpoint, self.state) as stream:
            for _ in range(self.chance.randint(1, 12)):
                if time.monotonic() > until:
                    return
                try:
                    changes = stream.next(self.chance.choice((1, 20, 500)), 0.1)
                except ConnectionFailure:
                    return
                if changes is None:
                    continue
                names = list(changes.tables)
                self.chance.shuffle(names)
                if self.chance.random() < 0.2:
                    self._apply(changes, names[: self.chance.randint(0, len(names))])
                    return
                self._apply(changes, names)
                if self.chance.random() < 0.7:
                    stream.confirm(changes.position)
                if self.chance.random() < 0.1:
                    self.source.execute(
                        "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active"
                    )

    def _apply(self, changes: ChangeSet, names: Sequence[str]) -> None:
        assert not changes.schema_changed
        told: dict[str, TableChanges] = {name: changes.tables[name] for name in names}
        if told:
            self.replica.apply(ChangeSet(told, changes.position, changes.transactions))
        self.state |= {name: (one.table, changes.position) for name, one in told.items()}


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_snapshot_and_stream_are_the_source(postgres_source: PostgresSource, seed: int) -> None:
    """With writers at work: two tables first, two more later, the follower dying now and then."""
    source, replica = postgres_source, Replica()
    source.execute(*_TABLES)
    follower = Follower(source, replica, random.Random(seed))
    with Writers(source, seed * 1000) as writers:
        follower.state = _handed_over(source, NAMES[:2], replica)
        follower.follow(time.monotonic() + SECONDS / 2)
        follower.state |= _handed_over(source, NAMES[2:], replica)
        follower.follow(time.monotonic() + SECONDS)
    follower.follow(0)
    assert writers.transactions > 50
    for table, _ in follower.state.values():
        names = [column.name for column in table.columns]
        expected = [{name: row[name] for name in names} for row in source_rows(source.endpoint, table.name.table)]
        assert replica.rows(table) == sorted(expected, key=repr), table.name


def _handed_over(
    source: PostgresSource, names: Sequence[str], replica: Replica
) -> dict[str, tuple[SourceTable, Position]]:
    """A table that is truncated between the snapshot and its reading shows itself empty: it is read anew."""
    while True:
        try:
            return handed_over(source.endpoint, *names, replica=replica)
        except Exception as error:
            if getattr(error, "code", None) != "40001":
                raise
            for table in tables_of(source.endpoint, *names):
                replica.keyed.pop(table.id, None)
                replica.keyless.pop(table.id, None)


def test_a_snapshot_taken_while_others_write(postgres_source: PostgresSource) -> None:
    """What commits after the snapshot comes once; what was in it does not come again, though the slot tells it."""
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY, a int)")
    tables = tables_of(source.endpoint, "t")
    with source.admin() as early, source.admin() as late, HandOver(source.endpoint, SLOT, PUBLICATION) as hand:
        with HandOver(source.endpoint, SLOT, PUBLICATION) as first:
            first.begin(tables, 20)
        early.execute("INSERT INTO t VALUES (1, 0)")
        early.execute("UPDATE t SET a = 1")
        timer = threading.Timer(0.4, lambda: late.execute("COMMIT"))
        late.execute("BEGIN")
        late.execute("INSERT INTO t VALUES (2, 0)")
        timer.start()
        session, (table,) = hand.begin(tables, 20)
        timer.join()
        early.execute("INSERT INTO t VALUES (3, 0)")
        reading = session.read(Cut(table), 100)
        assert sorted(reading.reader.read_all().column("id").to_pylist()) == [1, 2]
        position = hand.position(reading.position, table)
    early.close()
    with following(source.endpoint, {table.id: (table, position)}) as stream:
        found = drained(stream, source)
        assert [row["id"] for one in found for row in one.tables[table.id].rows.to_pylist()] == [3]
        assert "snapshots" not in found[-1].position


def test_snapshots_tell_what_they_show() -> None:
    """As pg_visible_in_snapshot, of numbers of which the lower 32 bits are told; also where these start anew."""
    plain = parse_snapshot("100:110:102,105")
    assert [xid for xid in range(98, 112) if plain.shows(xid)] == [98, 99, 100, 101, 103, 104, 106, 107, 108, 109]
    epoch = 1 << 32
    around = parse_snapshot(f"{epoch - 4}:{epoch + 6}:{epoch - 2},{epoch + 4}")
    assert around.shows(2**32 - 5) and not around.shows(2**32 - 2) and around.shows(2**32 - 1)
    assert around.shows(3) and not around.shows(4) and around.shows(5) and not around.shows(6)
    assert not parse_snapshot(f"{epoch - 4}:{epoch - 2}:").shows(3), "the next epoch's"
