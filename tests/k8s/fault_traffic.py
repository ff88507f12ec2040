"""Clients that go on while the fault tests break things: readers check each answer, writers remember what they
were told. Whatever else than "it went away" they are told is kept as a failure."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import psycopg
from deltalake import DeltaTable

from tests.k8s.fault_world import QUESTIONS, World, WrongError, check_answer, is_lost

Connection = psycopg.Connection[Any]
REST_S, REST = 0.5, 2.0
"""Between two statements a client rests so long, and so many times what the last one took: the faults need room."""
STOP_S = 400.0
CONFLICT = "40001"


class Traffic:
    """A client of each of `clusters`, which users never suspend, that asks and writes, and one that uses none."""

    def __init__(self, world: World, clusters: list[str], seed: int) -> None:
        self._world, self._seed = world, seed
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._next = 0
        self.answered = 0
        self.lost: dict[str, int] = {}
        """Statements that did not come to an answer, by SQLSTATE."""
        self.acknowledged: set[int] = set()
        self.doubtful: set[int] = set()
        self.failures: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._client, args=(one,), name=one) for one in (*clusters, "embedded")
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(STOP_S)
            assert not thread.is_alive(), f"{thread.name} still waits"

    def check(self) -> None:
        """So far. Raises the first failure of a client."""
        if self.failures:
            raise self.failures[0]

    def check_rows(self) -> None:
        """After `stop`: what was acknowledged is there, once; what is there was written by somebody."""
        with self._world.living[0].connect() as connection:
            found = dict(connection.execute("SELECT id, count(*) FROM f.written GROUP BY id").fetchall())
            row = connection.execute(
                "SELECT location FROM kadali.tables WHERE schema = 'f' AND name = 'written'"
            ).fetchone()
        assert row is not None
        assert self.acknowledged <= found.keys(), f"acknowledged rows lost: {self.acknowledged - found.keys()}"
        assert found.keys() <= self.acknowledged | self.doubtful, "rows nobody wrote"
        doubled = {key: count for key, count in found.items() if count != 2}
        assert not doubled, f"half a statement, or rows twice: {doubled}"
        assert len(DeltaTable(row[0].removeprefix("file://")).to_pyarrow_table()) == 2 * len(found)

    def _client(self, cluster: str) -> None:
        randomness = random.Random(f"{self._seed} {cluster}")
        try:
            while not self._stopping.is_set():
                try:
                    self._connected(cluster, randomness)
                except psycopg.OperationalError as error:  # no connection, or none any more
                    self._note(error)
                    self._stopping.wait(REST_S)
        except BaseException as error:
            self.failures.append(error)
            raise

    def _connected(self, cluster: str, randomness: random.Random) -> None:
        """As long as a connection lasts."""
        with randomness.choice(self._world.gateways).connect() as connection:
            connection.execute(f"USE CLUSTER {cluster}".encode())
            took = 0.0
            while not connection.closed and not self._stopping.wait(REST_S + REST * took):
                work = self._ask if randomness.random() < 0.6 else self._write
                began = time.monotonic()
                try:
                    work(connection, cluster, randomness)
                except psycopg.Error as error:
                    self._note(error)
                took = time.monotonic() - began

    def _note(self, error: psycopg.Error) -> None:
        if not is_lost(error) and error.sqlstate != CONFLICT:
            told = "\n".join(gateway.log()[-8000:] for gateway in self._world.gateways)
            raise WrongError(f"a client was told {error.sqlstate}: {error}\n{told}") from error
        with self._lock:
            key = error.sqlstate or "connection lost"
            self.lost[key] = self.lost.get(key, 0) + 1

    def _ask(self, connection: Connection, _cluster: str, randomness: random.Random) -> None:
        check_answer(connection, *randomness.choice(QUESTIONS))
        with self._lock:
            self.answered += 1

    def _write(self, connection: Connection, cluster: str, randomness: random.Random) -> None:
        """Two rows, in one statement or in two of a transaction."""
        with self._lock:
            self._next += 1
            key = self._next
            self.doubtful.add(key)
        try:
            if randomness.random() < 0.7:
                connection.execute(
                    "INSERT INTO f.written VALUES (%s, 1, %s), (%s, 2, %s)", [key, cluster, key, cluster]
                )
            else:
                with connection.transaction():
                    for part in (1, 2):
                        connection.execute("INSERT INTO f.written VALUES (%s, %s, %s)", [key, part, cluster])
        except psycopg.errors.SerializationFailure:  # certainly not written
            with self._lock:
                self.doubtful.discard(key)
            raise
        with self._lock:
            self.acknowledged.add(key)
            self.doubtful.discard(key)
