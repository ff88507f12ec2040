"""Opening the metadata store that the settings name: as the server that runs it, or as a command that visits it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from catalog.errors import ConnectionFailure
from catalog.postgres import EmbeddedPostgres
from catalog.postgres.folder import PORT
from catalog.postgres.server import SUPERUSER
from catalog.store import Store
from gateway.data_folder import POLL_S, DataFolder
from gateway.settings import Settings

TURN_S = 90.0
"""A first start makes a PostgreSQL cluster; a slow machine needs some seconds for that."""
ATTACH_S = 30.0


class Metadata:
    """The store and, if it is embedded, its PostgreSQL. `folder` must be held by this process.

    Raises ConnectionFailure, ObjectInUse, ConfigFileError.
    """

    def __init__(self, settings: Settings, folder: DataFolder) -> None:
        self._folder = folder
        self._postgres: EmbeddedPostgres | None = None
        if settings.catalog_url is not None:
            self.store = Store(settings.catalog_url, settings.lake)
            return
        with folder.turn(TURN_S):
            self._postgres = _embedded(settings).start()
            try:
                self.store = Store(self._postgres.conninfo("postgres"), settings.lake)
            except BaseException:
                self._postgres.stop()
                raise

    def close(self) -> None:
        """The store, then its PostgreSQL. Idempotent."""
        try:
            self.store.close()
        finally:
            if self._postgres is not None:
                self._postgres.stop()


@contextmanager
def visited_store(settings: Settings) -> Iterator[Store]:
    """The store for a short administrative command, whether or not a server runs; visits take turns.

    Raises ConnectionFailure, ObjectInUse, ConfigFileError.
    """
    if settings.catalog_url is not None:
        store = Store(settings.catalog_url, settings.lake)
        try:
            yield store
        finally:
            store.close()
        return
    folder = DataFolder(settings.data_dir)
    with folder.turn(TURN_S):
        postgres = _embedded(settings)
        try:
            store = _attached(settings, folder) or Store(postgres.start().conninfo("postgres"), settings.lake)
            try:
                yield store
            finally:
                store.close()
        finally:
            postgres.stop()


def _embedded(settings: Settings) -> EmbeddedPostgres:
    return EmbeddedPostgres(settings.data_dir / "metadata", durable=True)


def _attached(settings: Settings, folder: DataFolder) -> Store | None:
    """The running server's store; None if there is no server. Waits for one that is about to start or stop."""
    deadline = time.monotonic() + ATTACH_S
    while folder.has_server():
        try:
            return Store(_running_conninfo(settings.data_dir / "metadata"), settings.lake)
        except ConnectionFailure:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_S)
    return None


def _running_conninfo(metadata: Path) -> str:
    """How to reach the embedded PostgreSQL that another process has started there."""
    elsewhere = metadata / "socket.path"
    socket = Path(elsewhere.read_text()) if elsewhere.exists() else metadata / "socket"
    host = str(socket).replace("\\", "\\\\").replace("'", "\\'")
    return f"host='{host}' port={PORT} dbname=postgres user={SUPERUSER}"
