"""One tenant's shadow: its PostgreSQL server, made from the template, kept running, made anew when it is lost."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import psycopg

from catalog.errors import CannotConnectNow, InternalError, InvalidName
from catalog.model import CatalogSnapshot, Relation, Statistics
from catalog.names import TableName, always_quote
from catalog.postgres import EmbeddedPostgres, EmbeddedPostgresError, identity
from catalog.shadow import objects as kadali_objects
from catalog.shadow import sync
from catalog.shadow.ddl import DdlTransaction, ddl_transaction
from catalog.shadow.errors import error_from_psycopg
from catalog.shadow.objects import KadaliObject
from catalog.shadow.open_sessions import OpenSessions
from catalog.shadow.roles import set_roles
from catalog.shadow.session import ShadowSession
from catalog.shadow.template import DATABASE, template

_RESERVED = ("template0", "template1", DATABASE)
_OPTIONS = {
    "autovacuum": "off",
    "max_connections": "300",
    "max_wal_size": "128MB",
    "min_wal_size": "32MB",
    "work_mem": "8MB",
    "temp_file_limit": "512MB",
    "max_locks_per_transaction": "128",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_workers": "0",
    "track_io_timing": "off",
    "timezone": "UTC",
}
_MEMORY_MAX = 1536 << 20
_SESSIONS_KEPT = 100
"""Connections of idle clients' sessions that stay open; each costs some megabytes."""
_ATTEMPTS = 3
_log = logging.getLogger("kadali.shadow")


class ShadowInstance:
    """`directory` is the instance's own; `objects` are what users see in schema `kadali`. All methods: any thread.

    What the shadow holds may vanish at any start (see `generation`): the caller then applies a snapshot.
    """

    def __init__(
        self,
        tenant: str,
        directory: Path,
        *,
        objects: Sequence[KadaliObject] = (),
        options: Mapping[str, str] | None = None,
        cache_dir: Path | None = None,
        bin_dir: Path | None = None,
        run_as_uid: int = identity.NOBODY,
        memory_max_bytes: int = _MEMORY_MAX,
    ) -> None:
        if tenant in _RESERVED:
            raise InvalidName(f'tenant name "{tenant}" is reserved')
        self.tenant = tenant
        self.directory = directory
        self.generation = 0
        """Changes whenever a snapshot must be applied: the content was made anew, or part of it fell with a table."""
        self._objects = tuple(objects)
        self._options = _OPTIONS | dict(options or {})
        self._cache_dir = cache_dir
        self._bin_dir = bin_dir
        self._run_as_uid = run_as_uid
        self._memory_max_bytes = memory_max_bytes
        self._server: EmbeddedPostgres | None = None
        self._mutex = threading.RLock()
        self._sessions = OpenSessions(_SESSIONS_KEPT)

    def start(self) -> Self:
        """Start, prove that the guard works, declare our objects. A cluster that does not start is made anew.

        Raises EmbeddedPostgresError, or InternalError if the guard does not hold in this PostgreSQL.
        """
        with self._mutex:
            if self._server is not None:
                try:
                    self._server.start()
                    return self
                except EmbeddedPostgresError:
                    _log.exception("the shadow of %s does not start again", self.tenant)
                    self.stop()
            seed = template(self.directory.parent, cache_dir=self._cache_dir, bin_dir=self._bin_dir)
            server = EmbeddedPostgres(
                self.directory,
                durable=False,
                seed=seed,
                options=self._options,
                run_as_uid=self._run_as_uid,
                bin_dir=self._bin_dir,
                memory_max_bytes=self._memory_max_bytes,
            )
            try:
                try:
                    self._prepare(server, seed)
                except (EmbeddedPostgresError, psycopg.Error) as error:
                    _log.warning("the shadow of %s is made anew: %s", self.tenant, error)
                    server.wipe()
                    self._prepare(server, seed)
            except BaseException:
                server.stop()
                raise
            self._server = server
            return self

    def stop(self) -> None:
        with self._mutex:
            if self._server is not None:
                self._server.stop()
                self._server = None

    def ensure_running(self, deadline_s: float = 20.0) -> None:
        """Start if stopped, wait while it restarts. Raises CannotConnectNow (57P03) after `deadline_s`."""
        end = time.monotonic() + deadline_s
        while True:
            self.start()
            try:
                with self.admin():
                    return
            except psycopg.OperationalError as error:
                if time.monotonic() > end:
                    raise CannotConnectNow("the catalog of this database is starting up") from error
                time.sleep(0.02)

    def wipe(self) -> None:
        """Throw everything away and start from the template; a snapshot must be applied then."""
        with self._mutex:
            if self._server is None:
                self.start()
            if self._server is not None:
                self._server.wipe()
                self._server = None
            self.start()

    @property
    def running(self) -> bool:
        server = self._server
        return server is not None and server.running

    def conninfo(self, user: str) -> str:
        """Of the tenant's database, for a role of the tenant. Raises CannotConnectNow if stopped."""
        if self._server is None:
            raise CannotConnectNow("the catalog of this database is not running")
        return self._server.conninfo(self.tenant, user)

    @contextmanager
    def admin(self) -> Iterator[psycopg.Connection[Any]]:
        """A superuser's connection in autocommit, for us only."""
        if self._server is None:
            raise CannotConnectNow("the catalog of this database is not running")
        connection = psycopg.connect(self._server.conninfo(self.tenant), **_ADMIN)
        try:
            yield connection
        finally:
            connection.close()

    def session(
        self, user: str, settings: Mapping[str, str] | None = None, *, client_pid: int | None = None
    ) -> ShadowSession:
        """A session of `user`; connects when it is first used. `client_pid`: what pg_backend_pid() answers."""
        return ShadowSession(self, user, settings, client_pid=client_pid, opened=self._sessions.opened)

    @contextmanager
    def ddl(self, role: str, search_path: Sequence[str]) -> Iterator[DdlTransaction]:
        """A transaction in which `role` changes the catalog; undone unless `finish` was called."""
        with self._writer() as connection, ddl_transaction(connection, role, search_path) as transaction:
            yield transaction

    def apply_snapshot(self, snapshot: CatalogSnapshot) -> sync.SyncReport:
        """Raises SqlError: 55P03 if another writer holds the shadow, 08006 if the server is lost. Then try again."""
        with self._writer() as connection:
            return sync.apply_snapshot(connection, snapshot)

    def apply_relations(
        self, seq: int, relations: Sequence[Relation], dropped: Sequence[TableName] = ()
    ) -> sync.SyncReport:
        """As `apply_snapshot`, for single relations; views that fell with a table raise `generation`."""
        with self._writer() as connection:
            report = sync.apply_relations(connection, seq, relations, dropped)
        if report.lost:
            with self._mutex:
                self.generation += 1
        return report

    def set_roles(self, roles: Mapping[str, bool]) -> None:
        """Create the login roles that are missing: name -> administrator."""
        with self._writer() as connection:
            set_roles(connection, roles)

    def set_statistics(self, statistics: Mapping[TableName, Statistics]) -> None:
        with self._writer() as connection:
            sync.set_statistics(connection, statistics)

    def repair(self, snapshot: CatalogSnapshot) -> list[TableName]:
        """Compare each shell with how it was written; mend those that differ. Returns their names."""
        with self._writer() as connection:
            drifted = sync.drifted(connection)
            if drifted:
                _log.warning("shells of %s that had drifted: %s", self.tenant, ", ".join(map(str, drifted)))
                sync.unsettle(connection, drifted)
                sync.apply_snapshot(connection, snapshot)
            return drifted

    @contextmanager
    def _writer(self) -> Iterator[psycopg.Connection[Any]]:
        """A superuser's connection; waits while the server restarts. Raises CannotConnectNow (57P03), or SqlError."""
        connection = self._connected()
        try:
            yield connection
        except psycopg.Error as error:
            raise error_from_psycopg(error) from error
        finally:
            connection.close()

    def _connected(self) -> psycopg.Connection[Any]:
        for _ in range(_ATTEMPTS):
            try:
                if self._server is not None:
                    return psycopg.connect(self._server.conninfo(self.tenant), **_ADMIN)
            except psycopg.OperationalError as error:
                _log.info("the shadow of %s is not there: %s", self.tenant, error)
            self.ensure_running()
        raise CannotConnectNow("the catalog of this database is starting up")

    def _prepare(self, server: EmbeddedPostgres, seed: Path) -> None:
        server.start()
        if not self._has_database(server):
            with psycopg.connect(server.conninfo("template1"), **_ADMIN) as connection:
                connection.execute(f"ALTER DATABASE {DATABASE} RENAME TO {always_quote(self.tenant)}".encode())
        with psycopg.connect(server.conninfo(self.tenant), **_ADMIN) as connection:
            self._test_guard(connection)
            recipe = kadali_objects.digest(self._objects, seed.name)
            made_by = kadali_objects.declared(connection)
            if made_by is None:
                kadali_objects.declare(connection, self._objects, recipe)
                self.generation += 1
            elif made_by != recipe:
                raise EmbeddedPostgresError("it was made for other objects or by another version")

    def _has_database(self, server: EmbeddedPostgres) -> bool:
        with psycopg.connect(server.conninfo("template1"), **_ADMIN) as connection:
            sql = "SELECT 1 FROM pg_database WHERE datname = %s"
            return connection.execute(sql, [self.tenant]).fetchone() is not None

    def _test_guard(self, connection: psycopg.Connection[Any]) -> None:
        try:
            connection.execute("SELECT 1 FROM kadali_internal.guard")
        except psycopg.errors.ObjectNotInPrerequisiteState:
            return
        raise InternalError("the execution guard of the shadow catalog does not hold in this PostgreSQL")


_ADMIN: Any = {
    "autocommit": True,
    "connect_timeout": 10,
    "options": "",
    "client_encoding": "UTF8",
    "prepare_threshold": None,
}
