"""A connection of one's own to the store that hears of changed clusters and may hold the lead among gateways."""

from __future__ import annotations

import selectors
import socket
from contextlib import suppress
from types import TracebackType

import psycopg

from catalog.store.database import Database, store_errors

CHANNEL = "kadali_clusters"
LEAD_LOCK = 0x6B61_636C
"""Key of the advisory lock that the leading gateway holds."""


class ClusterWatch:
    """Used by one thread, but for `stop_waiting`. A lost connection is a lost lead: `close` it and make another."""

    def __init__(self, database: Database) -> None:
        """Raises ConnectionFailure."""
        self._woken, self._waker = socket.socketpair()
        self._leading = False
        with store_errors():
            self._connection = database.connect()
            self._connection.autocommit = True
            self._connection.execute(f"LISTEN {CHANNEL}")

    def __enter__(self) -> ClusterWatch:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def leading(self) -> bool:
        """Whether this watch held the lead when last asked for, and its connection is not known to be lost."""
        return self._leading and not self._connection.closed

    def try_lead(self) -> bool:
        """Take or keep the lead; False if another gateway has it. Raises ConnectionFailure: the lead is lost."""
        try:
            with store_errors():
                if self._leading:
                    self._connection.execute("SELECT 1")
                else:
                    row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (LEAD_LOCK,)).fetchone()
                    self._leading = bool(row and row[0])
        except BaseException:
            self._leading = False
            raise
        return self._leading

    def wait(self, timeout_s: float) -> bool:
        """Until a cluster has changed (True), `timeout_s` are over or `stop_waiting` is called; raises SqlError."""
        with store_errors(), selectors.DefaultSelector() as selector:
            selector.register(self._connection.fileno(), selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            ready = {key.fileobj for key, _ in selector.select(timeout_s)}
            if self._woken in ready:
                self._woken.recv(4096)
            heard = list(self._connection.notifies(timeout=0))
        return bool(heard)

    def stop_waiting(self) -> None:
        """Wake `wait`: from any thread."""
        self._waker.send(b"x")

    def close(self) -> None:
        """Gives up the lead, at once where the connection still stands. Idempotent."""
        if self.leading:
            with suppress(psycopg.Error):  # lost: the server lets go of the lock when it notices
                self._connection.execute("SELECT pg_advisory_unlock(%s)", (LEAD_LOCK,))
        self._leading = False
        self._connection.close()
        self._woken.close()
        self._waker.close()
