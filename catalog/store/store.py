"""The metadata store: the system of record for tenants, users and catalogs, in ordinary tables of a PostgreSQL."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CompoundSelect, delete, func, select, union
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from catalog.errors import ConnectionFailure, DuplicateDatabase, InvalidCatalogName, ReservedName
from catalog.model import Schema
from catalog.store.change import Change
from catalog.store.database import Database
from catalog.store.documents import schema_document
from catalog.store.lake import Lake
from catalog.store.listener import INSTANCE_LOCK, Listener
from catalog.store.tables import relations, removals, schemas, server_secrets, tenants, unfinished
from catalog.store.tenant_catalog import Tenant, TenantCatalog
from catalog.store.upgrade import upgrade
from catalog.store.users import Users, check_name

RESERVED_TENANTS = frozenset({"postgres", "template0", "template1", "kadali", "all", "replication"})
SECRET_BYTES = 32
PUBLIC = Schema(
    "public",
    "pg_database_owner",
    "standard public schema",
    ("pg_database_owner=UC/pg_database_owner", "=U/pg_database_owner"),
)
"""The schema each tenant starts with, as in PostgreSQL."""


_log = logging.getLogger("kadali.store")


class Store:
    """Open it once per process; usable from any thread. The tables are made or brought up to date on opening.

    `url` is a postgresql:// URL or libpq's keyword=value form; `root` is where the lake's tables lie: an absolute
    folder or an object store's URI. Raises ConnectionFailure, ConfigFileError (a newer store).
    """

    def __init__(self, url: str, root: str) -> None:
        self.database = Database(url)
        self.lake = Lake(root)
        self._catalogs: dict[UUID, TenantCatalog] = {}
        self._lock = Lock()
        try:
            with self.database.begin() as connection:
                upgrade(connection)
            self.users = Users(self.database, self.secret("mock authentication"))
            self._listener = Listener(self.database, self._changed, self.save_statistics)
        except BaseException:
            self.database.close()
            raise

    @property
    def instance(self) -> int:
        """Names this gateway process in the store, among those alive."""
        return self._listener.instance

    def hear(self, channel: str, heard: Callable[[str], None]) -> None:
        """Call `heard` with what gateways tell on a channel of the store, from a moment later on. It must not block."""
        self._listener.hear(channel, heard)

    def create_tenant(self, name: str) -> Tenant:
        """With an empty schema `public`. Raises DuplicateDatabase, InvalidName, ReservedName."""
        tenant, made = self._make_tenant(name)
        if not made:
            raise DuplicateDatabase(f'database "{name}" already exists')
        return tenant

    def ensure_tenant(self, name: str) -> Tenant:
        """The tenant, made if missing; two callers at once are safe. Raises InvalidName, ReservedName."""
        return self._make_tenant(name)[0]

    def tenant(self, name: str) -> Tenant:
        """Raises InvalidCatalogName."""
        with self.database.begin() as connection:
            found = connection.execute(select(tenants.c.id).where(tenants.c.name == name)).scalar()
        if found is None:
            raise InvalidCatalogName(f'database "{name}" does not exist')
        return Tenant(found, name)

    def tenants(self) -> list[Tenant]:
        """Sorted by name."""
        with self.database.begin() as connection:
            rows = connection.execute(select(tenants.c.id, tenants.c.name).order_by(tenants.c.name)).all()
        return [Tenant(row.id, row.name) for row in rows]

    def catalog(self, tenant: Tenant | str) -> TenantCatalog:
        """The same object for the same tenant each time. Raises InvalidCatalogName."""
        if isinstance(tenant, str):
            known = [catalog for catalog in self._open_catalogs() if catalog.tenant.name == tenant]
            if known:
                return known[0]
            tenant = self.tenant(tenant)
        with self._lock:
            made = TenantCatalog(self.database, tenant, self.lake, self.instance)
            return self._catalogs.setdefault(tenant.id, made)

    def secret(self, name: str) -> bytes:
        """A random secret of this server, made at first use, the same on every gateway. 32 bytes."""
        with self.database.begin() as connection:
            fresh = {"name": name, "value": secrets.token_bytes(SECRET_BYTES)}
            connection.execute(insert_or_skip(server_secrets).values(fresh).on_conflict_do_nothing())
            kept = connection.execute(select(server_secrets.c.value).where(server_secrets.c.name == name))
            return bytes(kept.scalar_one())

    def recover(self) -> list[str]:
        """Take back what transactions of dead gateways defined and never committed.

        Returns Delta locations that no relation names any more: the caller removes the files, and tells `removed`. Safe
        while other gateways run.
        """
        locations: list[str] = []
        with self.database.begin() as connection:
            found = connection.execute(_of_instances()).all()
            for tenant, instance in found:
                lock = select(func.pg_try_advisory_xact_lock(INSTANCE_LOCK, instance))
                if instance == self.instance or not connection.execute(lock).scalar_one():
                    continue
                change = Change(connection, tenant, self.lake, self.instance)
                change.undo_of(instance)
                locations += change.discard_of(instance)
                change.finish()
                mine = (removals.c.tenant_id == tenant, removals.c.instance == instance)
                places = connection.execute(select(removals.c.location).where(*mine)).scalars()
                locations += [str(self.lake.absolute(place)) for place in places]
        return locations

    def removed(self, locations: Sequence[str]) -> None:
        """The files at these locations are gone."""
        with self.database.begin() as connection:
            places = [self.lake.relative(location) for location in locations]
            connection.execute(delete(removals).where(removals.c.location.in_(places)))

    def save_statistics(self) -> None:
        """Write the statistics gathered by every tenant's catalog; happens by itself several times a second."""
        for catalog in self._open_catalogs():
            catalog.save_statistics()

    def close(self) -> None:
        """Saves what is unsaved, if it still can. Idempotent."""
        self._listener.stop()
        try:
            self.save_statistics()
        except ConnectionFailure as error:
            _log.warning("statistics were not saved and will be gathered anew: %s", error.detail)
        finally:
            self.database.close()

    def _make_tenant(self, name: str) -> tuple[Tenant, bool]:
        check_name(name, "database")
        if name in RESERVED_TENANTS:
            raise ReservedName(f'database name "{name}" is reserved')
        with self.database.begin() as connection:
            row = {"id": uuid4(), "name": name}
            fresh = insert_or_skip(tenants).values(row).on_conflict_do_nothing().returning(tenants.c.id)
            made = connection.execute(fresh).scalar()
            if made is None:
                found = connection.execute(select(tenants.c.id).where(tenants.c.name == name)).scalar_one()
                return Tenant(found, name), False
            public = {"tenant_id": made, "name": PUBLIC.name, "version": 0, "document": schema_document(PUBLIC)}
            connection.execute(insert_or_skip(schemas).values(public))
        return Tenant(made, name), True

    def _open_catalogs(self) -> list[TenantCatalog]:
        with self._lock:
            return list(self._catalogs.values())

    def _changed(self, tenant: UUID, seq: int) -> None:
        with self._lock:
            catalog = self._catalogs.get(tenant)
        if catalog is not None:
            catalog.notice(seq)


def _of_instances() -> CompoundSelect[Any]:
    """(tenant, gateway) of everything that is not finished."""
    pending = select(relations.c.tenant_id, relations.c.instance).where(relations.c.pending.is_not(None))
    defined = select(unfinished.c.tenant_id, unfinished.c.instance)
    return union(pending, defined, select(removals.c.tenant_id, removals.c.instance))
