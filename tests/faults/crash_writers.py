"""Clients that write until their server dies, and remember what they were told: the evidence of the crash test."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

Connection = psycopg.Connection[Any]
COPY_ROWS = 400
LEFT_ROWS, RIGHT_ROWS = 3, 2
COUNTERS = 20
DOOMED = 200


@dataclass
class Evidence:
    """Keys by how they ended. `doubtful`: the server died before it answered; what was rolled back is in neither."""

    kept: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    doubtful: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    counters: dict[int, int] = field(default_factory=dict)
    counters_doubtful: set[int] = field(default_factory=set)
    made: dict[str, int] = field(default_factory=dict)
    """Tables made by DDL, acknowledged, with their number of rows."""
    dropped: set[str] = field(default_factory=set)
    made_doubtful: set[str] = field(default_factory=set)
    dropped_doubtful: set[str] = field(default_factory=set)


SCHEMA = """
CREATE SCHEMA crash;
CREATE TABLE crash.single (id bigint NOT NULL, note text);
CREATE TABLE crash.lefts (id bigint NOT NULL, part int);
CREATE TABLE crash.rights (id bigint NOT NULL, part int);
CREATE TABLE crash.copied (id bigint NOT NULL, part int, filler text);
CREATE TABLE crash.counters (id int NOT NULL, value int NOT NULL);
CREATE TABLE crash.doomed (id int NOT NULL);
CREATE TABLE crash.precious (id int NOT NULL);
INSERT INTO crash.precious SELECT generate_series(1, 10);
"""


def prepare(connection: Connection, evidence: Evidence) -> None:
    connection.execute(SCHEMA)
    connection.execute(f"INSERT INTO crash.counters SELECT i, 0 FROM generate_series(1, {COUNTERS}) i".encode())
    connection.execute(f"INSERT INTO crash.doomed SELECT generate_series(1, {DOOMED})".encode())
    evidence.counters = dict.fromkeys(range(1, COUNTERS + 1), 0)
    evidence.kept["doomed"] = set(range(1, DOOMED + 1))


class Writers:
    """One thread a kind of write. Each ends with the first error that is not one PostgreSQL tells to retry."""

    def __init__(self, connect: Callable[[], Connection], evidence: Evidence, seed: int) -> None:
        self._connect, self._evidence, self._seed = connect, evidence, seed
        self._keys = _Keys(seed)
        self.failures: list[BaseException] = []
        work = (self._single, self._pairs, self._copy, self._count, self._delete, self._define, self._drop_and_wait)
        self._threads = [threading.Thread(target=self._until_death, args=(step,), daemon=True) for step in work]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a client still waits for a server that is dead"

    def _until_death(self, step: Callable[[Connection, random.Random], None]) -> None:
        randomness = random.Random(f"{self._seed} {step.__name__}")
        try:
            with self._connect() as connection:
                while True:
                    step(connection, randomness)
        except psycopg.errors.SerializationFailure as error:
            self.failures.append(error)
        except psycopg.Error as error:
            if error.sqlstate is not None and not error.sqlstate.startswith(("08", "57P")):
                self.failures.append(error)

    def _single(self, connection: Connection, _randomness: random.Random) -> None:
        key = self._keys.next()
        self._evidence.doubtful["single"].add(key)
        connection.execute("INSERT INTO crash.single VALUES (%s, 'one')", [key])
        self._settle("single", key)

    def _pairs(self, connection: Connection, randomness: random.Random) -> None:
        key = self._keys.next()
        keep = randomness.random() < 0.75
        if keep:
            self._evidence.doubtful["pairs"].add(key)
        connection.execute("BEGIN")
        for part in range(LEFT_ROWS):
            connection.execute("INSERT INTO crash.lefts VALUES (%s, %s)", [key, part])
        for part in range(RIGHT_ROWS):
            connection.execute("INSERT INTO crash.rights VALUES (%s, %s)", [key, part])
        connection.execute("COMMIT" if keep else "ROLLBACK")
        if keep:
            self._settle("pairs", key)

    def _copy(self, connection: Connection, randomness: random.Random) -> None:
        key = self._keys.next()
        self._evidence.doubtful["copied"].add(key)
        filler = "x" * randomness.choice((10, 1000))
        with connection.cursor().copy("COPY crash.copied FROM STDIN") as copy:
            for part in range(COPY_ROWS):
                copy.write(f"{key}\t{part}\t{filler}\n")
        self._settle("copied", key)

    def _count(self, connection: Connection, randomness: random.Random) -> None:
        key = randomness.randint(1, COUNTERS)
        self._evidence.counters_doubtful.add(key)
        connection.execute("UPDATE crash.counters SET value = value + 1 WHERE id = %s", [key])
        self._evidence.counters[key] += 1
        self._evidence.counters_doubtful.discard(key)

    def _delete(self, connection: Connection, randomness: random.Random) -> None:
        left = sorted(self._evidence.kept["doomed"])
        if not left:
            connection.execute("SELECT count(*) FROM crash.doomed")
            return
        key = randomness.choice(left)
        self._evidence.kept["doomed"].discard(key)
        self._evidence.doubtful["doomed"].add(key)
        connection.execute("DELETE FROM crash.doomed WHERE id = %s", [key])
        self._evidence.doubtful["doomed"].discard(key)

    def _define(self, connection: Connection, randomness: random.Random) -> None:
        name = f"made_{self._keys.next()}"
        rows = randomness.randint(1, 5)
        self._evidence.made_doubtful.add(name)
        connection.execute(f"CREATE TABLE crash.{name} AS SELECT i FROM generate_series(1, {rows}) i".encode())
        self._evidence.made[name] = rows
        self._evidence.made_doubtful.discard(name)
        if randomness.random() < 0.7:
            del self._evidence.made[name]
            self._evidence.dropped_doubtful.add(name)
            connection.execute(f"DROP TABLE crash.{name}".encode())
            self._evidence.dropped_doubtful.discard(name)
            self._evidence.dropped.add(name)

    def _drop_and_wait(self, connection: Connection, randomness: random.Random) -> None:
        """An open transaction that has dropped a table, made another, and never commits."""
        name = f"never_{self._keys.next()}"
        connection.execute("BEGIN")
        if randomness.random() < 0.5:
            connection.execute("DROP TABLE crash.precious")
        connection.execute(f"CREATE TABLE crash.{name} (a int)".encode())
        connection.execute(f"INSERT INTO crash.{name} VALUES (1)".encode())
        for _ in range(randomness.randint(0, 20)):
            connection.execute("SELECT 1")
        connection.execute("ROLLBACK")

    def _settle(self, kind: str, key: int) -> None:
        self._evidence.kept[kind].add(key)
        self._evidence.doubtful[kind].discard(key)


class _Keys:
    """Unique keys for all threads of one round."""

    def __init__(self, seed: int) -> None:
        self._next = seed * 1_000_000
        self._mutex = threading.Lock()

    def next(self) -> int:
        with self._mutex:
            self._next += 1
            return self._next
