"""One tenant's catalog, as this gateway knows it: a snapshot in memory that follows the store's change feed."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Lock
from uuid import UUID

from sqlalchemy import Connection, delete, insert, literal, select, union_all

from catalog.errors import ConnectionFailure, InvalidCatalogName, SqlError, UndefinedTable
from catalog.model import CatalogSnapshot, DefaultAcl, Relation, Schema, Statistics
from catalog.names import TableName
from catalog.store.change import FEED_KEPT, Change, Op, relaxed
from catalog.store.database import Database
from catalog.store.documents import default_acl_from, schema_from
from catalog.store.lake import Lake
from catalog.store.rows import relation_of
from catalog.store.tables import catalog_changes, memberships, relations, removals, schemas, tenants, unfinished

FOLLOW_MAX = 5_000
"""Beyond so many entries of the feed at once, everything is loaded anew."""
STALE_S = 0.5
"""A snapshot older than this is checked against the store before it is given out."""

_log = logging.getLogger("kadali.store")


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant: its `name` is the PostgreSQL database name, its `id` never changes."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Changed:
    """One entry of the feed: `name` is empty for a schema, `schema` is empty for a role."""

    seq: int
    op: Op
    schema: str
    name: str


class TenantCatalog:
    """Made by `Store.catalog()`, one per tenant and gateway. Usable from any thread."""

    def __init__(self, database: Database, tenant: Tenant, lake: Lake, instance: int) -> None:
        self.tenant = tenant
        self._database = database
        self._lake = lake
        self._instance = instance
        self._lock = Lock()
        self._base: CatalogSnapshot | None = None
        self._view: CatalogSnapshot | None = None
        self._wanted = 0
        self._checked = 0.0
        self._unsaved: dict[TableName, tuple[str | None, Statistics]] = {}
        self._unsettled: list[str] = []

    def snapshot(self) -> CatalogSnapshot:
        """The catalog now: with every change made through this gateway, and others' of more than `STALE_S` ago.

        Raises ConnectionFailure only if nothing is known yet, or a change of our own cannot be read back.
        """
        view = self._view  # only this is replaced as a whole: `_base` may be newer for a moment
        fresh = time.monotonic() - self._checked < STALE_S
        if fresh and view is not None and view.seq >= self._wanted:
            return view
        with self._lock:
            return self._refreshed()

    def refresh(self) -> CatalogSnapshot:
        """The catalog as the store has it now: also what others changed a moment ago. Raises as `snapshot`."""
        with self._lock:
            return self._refreshed()

    @property
    def seq(self) -> int:
        """Number of the last change to a definition or a role; statistics do not count. What was worked out under the
        same number is still right.
        """
        return self.snapshot().defined

    def relation(self, name: TableName) -> Relation:
        """Raises UndefinedTable."""
        found = self.snapshot().relations.get(name)
        if found is None:
            raise UndefinedTable(f'relation "{name.schema}.{name.name}" does not exist')
        return found

    @contextmanager
    def change(self) -> Iterator[Change]:
        """Several changes as one: all or none, under one number. Seen by `snapshot()` as soon as the block ends.

        The tenant's changes wait for each other, at most 10 s (55P03): never open one inside another.
        """
        with self._database.begin() as connection:
            change = Change(connection, self.tenant.id, self._lake, self._instance)
            yield change
            change.finish()
        self.notice(change.seq)

    def new_location(self) -> str:
        """A fresh place for a table's Delta files: plain ASCII, never given out before."""
        return self._lake.new_location(self.tenant.id)

    def reserve(self, location: str) -> None:
        """Before files are written to a new location: a crash before a relation names it has them removed."""
        row = {"location": self._lake.relative(location), "tenant_id": self.tenant.id, "instance": self._instance}
        with self._database.begin() as connection:
            connection.execute(insert(removals).values(row))

    def settle(self, transaction: str) -> list[str]:
        """The transaction has committed: everyone sees what it created, and no crash takes its definitions back.

        Returns the locations of the tables it dropped: remove the files, then tell `removed`. Raises ConnectionFailure;
        then it is done as soon as the store can be reached, by `settle_late`.
        """
        mine = (unfinished.c.tenant_id == self.tenant.id, unfinished.c.transaction == transaction)
        try:
            with self._database.begin() as connection:
                if connection.execute(select(unfinished.c.seq).where(*mine).limit(1)).first() is None:
                    return []
            with self.change() as change:
                change.publish(transaction)
                return change.settle(transaction)
        except SqlError:
            self._unsettled.append(transaction)
            raise

    def settle_late(self) -> list[str]:
        """What `settle` could not do when it was asked. Raises as it does."""
        waiting, self._unsettled = self._unsettled, []
        locations: list[str] = []
        while waiting:
            try:
                locations += self.settle(waiting.pop())
            except SqlError:
                self._unsettled += waiting
                raise
        return locations

    def removed(self, locations: Sequence[str]) -> None:
        """The files at these locations are gone."""
        if not locations:
            return
        places = [self._lake.relative(location) for location in locations]
        with self._database.begin() as connection:
            relaxed(connection)
            connection.execute(delete(removals).where(removals.c.location.in_(places)))

    @property
    def root(self) -> str:
        """The place below which `new_location()` puts the tenant's tables."""
        return self._lake.tenant_root(self.tenant.id)

    def record_statistics(self, name: TableName, location: str | None, statistics: Statistics) -> None:
        """What a newer Delta version of the table at `location` holds. Cheap: seen here at once, saved in batches."""
        with self._lock:
            known = self._unsaved.get(name)
            if known is not None and known[0] == location and known[1].version >= statistics.version:
                return
            self._unsaved[name] = (location, statistics)
            if self._view is not None:
                shown = dict(self._view.relations)
                _overlay(shown, name, location, statistics)
                self._view = replace(self._view, relations=shown)

    def save_statistics(self) -> None:
        """Write what `record_statistics` has gathered, as one change that need not wait for the disk."""
        with self._lock:
            batch, self._unsaved = self._unsaved, {}
        if not batch:
            return
        try:
            with self._database.begin() as connection:
                relaxed(connection)
                change = Change(connection, self.tenant.id, self._lake, self._instance)
                for name, (location, statistics) in sorted(batch.items()):
                    change.put_statistics(name, location, statistics)
                change.finish()
        except SqlError:
            with self._lock:
                self._unsaved = batch | self._unsaved
            raise
        self.notice(change.seq)

    def changes_since(self, seq: int) -> list[Changed] | None:
        """The feed after change number `seq`, oldest first; None if it no longer reaches back so far."""
        with self._database.begin("REPEATABLE READ") as connection:
            return self._changes(connection, seq, self._last_seq(connection))

    def notice(self, seq: int) -> None:
        """The store holds change number `seq`: the next snapshot includes it."""
        with self._lock:
            self._wanted = max(self._wanted, seq)

    def _refreshed(self) -> CatalogSnapshot:
        try:
            with self._database.begin("REPEATABLE READ") as connection:
                last = self._last_seq(connection)
                if self._base is None:
                    self._base = self._load(connection, last)
                elif self._base.seq != last:
                    self._base = self._follow(connection, self._base, last)
                elif self._view is not None:
                    self._checked = time.monotonic()
                    return self._view
        except ConnectionFailure as error:
            if self._view is None or self._base is None or self._base.seq < self._wanted:
                raise
            _log.warning("answering from the catalog of change %d: %s", self._base.seq, error.detail)
            self._checked = time.monotonic()
            return self._view
        shown = dict(self._base.relations)
        for name, (location, statistics) in self._unsaved.items():
            _overlay(shown, name, location, statistics)
        self._view = replace(self._base, relations=shown)
        self._checked = time.monotonic()
        return self._view

    def _last_seq(self, connection: Connection) -> int:
        last = connection.execute(select(tenants.c.seq).where(tenants.c.id == self.tenant.id)).scalar()
        if last is None:
            raise InvalidCatalogName(f'database "{self.tenant.name}" does not exist')
        return int(last)

    def _load(self, connection: Connection, seq: int) -> CatalogSnapshot:
        mine = select(relations).where(relations.c.tenant_id == self.tenant.id)
        found = (relation_of(dict(row), self._lake) for row in connection.execute(mine).mappings())
        return CatalogSnapshot(
            seq=seq,
            defined=seq,
            schemas=self._schemas(connection),
            relations={relation.name: relation for relation in found},
            roles=self._roles(connection),
            settings=self._settings(connection),
            default_acls=self._default_acls(connection),
        )

    def _follow(self, connection: Connection, base: CatalogSnapshot, last: int) -> CatalogSnapshot:
        changes = self._changes(connection, base.seq, last)
        if changes is None or len(changes) > FOLLOW_MAX:
            return self._load(connection, last)
        ops = {entry.op for entry in changes}
        names = {TableName(entry.schema, entry.name) for entry in changes if entry.schema and entry.name}
        merged = {name: relation for name, relation in base.relations.items() if name not in names}
        for schema in {name.schema for name in names}:
            wanted = [name.name for name in names if name.schema == schema]
            here = (relations.c.tenant_id == self.tenant.id, relations.c.schema == schema)
            found = select(relations).where(*here, relations.c.name.in_(wanted))
            for row in connection.execute(found).mappings():
                relation = relation_of(dict(row), self._lake)
                merged[relation.name] = relation
        return CatalogSnapshot(
            seq=last,
            defined=last if ops - {Op.STATISTICS} else base.defined,
            schemas=self._schemas(connection),
            relations=merged,
            roles=self._roles(connection) if Op.ROLE in ops else base.roles,
            settings=self._settings(connection) if Op.ROLE in ops else base.settings,
            default_acls=self._default_acls(connection) if Op.DEFAULT_ACLS in ops else base.default_acls,
        )

    def _changes(self, connection: Connection, seq: int, last: int) -> list[Changed] | None:
        if last - seq >= FEED_KEPT:
            return None
        feed = select(catalog_changes).where(catalog_changes.c.tenant_id == self.tenant.id, catalog_changes.c.seq > seq)
        rows = connection.execute(feed.order_by(catalog_changes.c.seq, catalog_changes.c.ordinal)).mappings()
        return [Changed(row["seq"], Op(row["op"]), row["schema"], row["name"]) for row in rows]

    def _schemas(self, connection: Connection) -> dict[str, Schema]:
        mine = select(schemas).where(schemas.c.tenant_id == self.tenant.id).order_by(schemas.c.name)
        rows = connection.execute(mine).mappings()
        return {row["name"]: schema_from(row["name"], row["document"]) for row in rows}

    def _default_acls(self, connection: Connection) -> tuple[DefaultAcl, ...]:
        mine = select(tenants.c.default_acls).where(tenants.c.id == self.tenant.id)
        return tuple(default_acl_from(document) for document in connection.execute(mine).scalar_one())

    def _settings(self, connection: Connection) -> dict[str, dict[str, str]]:
        everyone = select(literal("").label("role"), tenants.c.settings).where(tenants.c.id == self.tenant.id)
        roles = select(memberships.c.user_name, memberships.c.settings).where(memberships.c.tenant_id == self.tenant.id)
        return {role: found for role, found in connection.execute(union_all(everyone, roles)) if found}

    def _roles(self, connection: Connection) -> dict[str, bool]:
        mine = select(memberships).where(memberships.c.tenant_id == self.tenant.id).order_by(memberships.c.user_name)
        return {row["user_name"]: row["admin"] for row in connection.execute(mine).mappings()}


def _overlay(shown: dict[TableName, Relation], name: TableName, location: str | None, statistics: Statistics) -> None:
    relation = shown.get(name)
    if relation is None or relation.location != location:
        return
    if relation.statistics is None or relation.statistics.version < statistics.version:
        shown[name] = replace(relation, statistics=statistics)
