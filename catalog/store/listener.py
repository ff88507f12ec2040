"""This gateway's presence in the store: a connection of its own that hears of changes and proves it is alive."""

from __future__ import annotations

import logging
import secrets
import selectors
import socket
from collections.abc import Callable
from threading import Event, Thread
from uuid import UUID

import psycopg

from catalog.errors import ConnectionFailure, SqlError
from catalog.store.change import CHANNEL
from catalog.store.database import Database, store_errors

INSTANCE_LOCK = 0x6B61
"""First key of the advisory lock a gateway holds while it lives; the second is its instance number."""
TICK_S = 0.25
RECONNECT_S = 1.0
STOP_S = 15.0

_log = logging.getLogger("kadali.store")


class Listener:
    """Owns one thread and one connection. `on_change(tenant id, seq)` and `on_tick()` are called on that thread."""

    def __init__(self, database: Database, on_change: Callable[[UUID, int], None], on_tick: Callable[[], None]) -> None:
        self.instance = secrets.randbits(31)
        """Names this gateway process in the store, among those alive."""
        self._database = database
        self._on_change = on_change
        self._on_tick = on_tick
        self._heard: dict[str, Callable[[str], None]] = {CHANNEL: self._catalog_changed}
        """By channel: what is done with the payloads of its notifications."""
        self._listening: set[str] = set()
        self._stopping = Event()
        self._woken, self._waker = socket.socketpair()
        with store_errors():
            self._connection = self._connected()
        self._thread = Thread(target=self._run, name="store-listener", daemon=True)
        self._thread.start()

    def hear(self, channel: str, heard: Callable[[str], None]) -> None:
        """Call `heard` with what is told on a channel, on the listener's thread, from a tick later on."""
        self._heard[channel] = heard

    def stop(self) -> None:
        """Idempotent."""
        self._stopping.set()
        if self._thread.is_alive():
            self._waker.send(b"x")
            self._thread.join(STOP_S)
        self._connection.close()
        self._woken.close()
        self._waker.close()

    def _connected(self) -> psycopg.Connection:
        connection = self._database.connect()
        connection.autocommit = True
        connection.execute("SELECT pg_advisory_lock(%s, %s)", (INSTANCE_LOCK, self.instance))
        self._listening.clear()
        self._listen(connection)
        return connection

    def _listen(self, connection: psycopg.Connection) -> None:
        for channel in set(self._heard) - self._listening:
            connection.execute(f"LISTEN {channel}")
            self._listening.add(channel)

    def _catalog_changed(self, payload: str) -> None:
        tenant, _, seq = payload.partition(" ")
        self._on_change(UUID(tenant), int(seq))

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._connection.closed:
                    self._connection = self._connected()
                self._listen(self._connection)
                self._wait()
                for notification in self._connection.notifies(timeout=0):
                    self._heard[notification.channel](notification.payload)
                self._tick()
            except (psycopg.Error, ConnectionFailure) as error:
                if not self._stopping.is_set():
                    _log.warning("the metadata store cannot be reached: %s", error)
                self._connection.close()
                self._stopping.wait(RECONNECT_S)

    def _tick(self) -> None:
        """A failure of what is done by the way does not cost the connection, and with it the proof of life."""
        try:
            self._on_tick()
        except SqlError as error:
            _log.warning("statistics could not be saved, which is tried again: %s", error)

    def _wait(self) -> None:
        """For a notification, the next tick, or `stop()`."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._connection.fileno(), selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            selector.select(TICK_S)
