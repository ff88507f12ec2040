"""One atomic change of a tenant's catalog: several objects, one transaction, one number in the change feed."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Delete, bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from catalog.errors import (
    DependentObjectsStillExist,
    DuplicateSchema,
    DuplicateTable,
    InvalidSchemaName,
    SerializationFailure,
    SqlError,
    UndefinedObject,
    UndefinedTable,
)
from catalog.model import DefaultAcl, Relation, Schema, Statistics
from catalog.names import TableName
from catalog.store.documents import default_acl_document, schema_document
from catalog.store.lake import Lake
from catalog.store.rows import relation_row
from catalog.store.tables import (
    catalog_changes,
    memberships,
    relations,
    removals,
    schema_history,
    schemas,
    tenants,
    unfinished,
)
from catalog.store.undo import Undo, undo_document, undo_from

CHANNEL = "kadali_catalog"
"""NOTIFY channel; the payload is "<tenant id> <seq>"."""
_log = logging.getLogger("kadali.store")
FEED_KEPT = 10_000
"""Changes kept in the feed of a tenant: who is further behind loads everything."""
HISTORY_KEPT = 200
"""Definitions kept per relation name."""


class Op(Enum):
    """What happened to an object of the catalog."""

    PUT = "put"
    DROP = "drop"
    STATISTICS = "statistics"
    ROLE = "role"
    DEFAULT_ACLS = "default acls"


class Change:
    """Made by `TenantCatalog.change()`. Each method takes effect at once in the transaction, for nobody else before
    its end; whatever is raised inside the block undoes all of it. The tenant's other changes wait meanwhile: do no
    slow work inside.
    """

    def __init__(self, connection: Connection, tenant: UUID, lake: Lake, instance: int) -> None:
        self._connection = connection
        self._tenant = tenant
        self._lake = lake
        self._instance = instance
        self._feed: list[dict[str, Any]] = []
        self._history: dict[TableName, Mapping[str, Any] | None] = {}
        self.seq = next_seq(connection, tenant)
        """Number of this change in the tenant's feed."""

    def create_schema(self, schema: Schema) -> None:
        """Raises DuplicateSchema."""
        row = {"tenant_id": self._tenant, "name": schema.name, "version": self.seq, "document": schema_document(schema)}
        made = insert_or_skip(schemas).values(row).on_conflict_do_nothing().returning(schemas.c.name)
        if self._connection.execute(made).first() is None:
            raise DuplicateSchema(f"schema {_quoted(schema.name)} already exists")
        self._log(Op.PUT, schema.name)

    def put_schema(self, schema: Schema, expected: int | None = None) -> None:
        """Replace it. Raises InvalidSchemaName; SerializationFailure if it changed after change number `expected`."""
        self._check_schema(schema.name, expected)
        where = (schemas.c.tenant_id == self._tenant, schemas.c.name == schema.name)
        self._connection.execute(
            update(schemas).where(*where).values(version=self.seq, document=schema_document(schema))
        )
        self._log(Op.PUT, schema.name)

    def drop_schema(self, name: str) -> None:
        """Raises InvalidSchemaName; DependentObjectsStillExist if it is not empty (drop its relations first)."""
        self._check_schema(name, None)
        inside = select(relations.c.name).where(relations.c.tenant_id == self._tenant, relations.c.schema == name)
        found = self._connection.execute(inside.order_by(relations.c.name)).scalars().all()
        if found:
            depends = "\n".join(f"table {TableName(name, relation)} depends on schema {name}" for relation in found)
            raise DependentObjectsStillExist(
                f"cannot drop schema {name} because other objects depend on it",
                detail=depends,
                hint="Use DROP ... CASCADE to drop the dependent objects too.",
            )
        self._connection.execute(delete(schemas).where(schemas.c.tenant_id == self._tenant, schemas.c.name == name))
        self._log(Op.DROP, name)

    def rename_schema(self, old: str, new: str) -> None:
        """With everything in it. Raises InvalidSchemaName, DuplicateSchema."""
        self._check_schema(old, None)
        taken = select(schemas.c.name).where(schemas.c.tenant_id == self._tenant, schemas.c.name == new)
        if self._connection.execute(taken).first() is not None:
            raise DuplicateSchema(f"schema {_quoted(new)} already exists")
        where = (schemas.c.tenant_id == self._tenant, schemas.c.name == old)
        self._connection.execute(update(schemas).where(*where).values(name=new, version=self.seq))
        moved = update(relations).where(relations.c.tenant_id == self._tenant, relations.c.schema == new)
        for row in self._connection.execute(moved.values(version=self.seq).returning(relations)).mappings().all():
            self._log(Op.DROP, old, row["name"])
            self._record(TableName(old, row["name"]), None)
            self._log(Op.PUT, new, row["name"])
            self._record(TableName(new, row["name"]), row["document"])
        self._log(Op.DROP, old)
        self._log(Op.PUT, new)

    def create_relation(self, relation: Relation) -> None:
        """Raises DuplicateTable, InvalidSchemaName."""
        self._check_schema(relation.name.schema, None)
        row = self._row(relation)
        made = insert_or_skip(relations).values(row).on_conflict_do_nothing().returning(relations.c.name)
        if self._connection.execute(made).first() is None:
            raise DuplicateTable(f"relation {_quoted(relation.name.name)} already exists")
        self._connection.execute(delete(removals).where(removals.c.location == row["location"]))
        self._put(relation.name, row["document"])

    def put_relation(self, relation: Relation, expected: int | None = None) -> None:
        """Replace it. Raises UndefinedTable; SerializationFailure if its definition changed after `expected`.

        `expected` is the `seq` of the snapshot the new definition was worked out on. A relation without statistics
        keeps those the store has, if its location is the same.
        """
        found = self._check_relation(relation.name, expected)
        row = self._row(relation)
        if relation.statistics is None and found["location"] == row["location"]:
            for column in ("delta_version", "rows", "bytes", "files"):
                del row[column]
        self._connection.execute(update(relations).where(*self._at(relation.name)).values(row))
        self._put(relation.name, row["document"])

    def drop_relation(self, name: TableName, expected: int | None = None) -> None:
        """Its Delta files are the caller's to remove. Raises UndefinedTable, SerializationFailure."""
        self._check_relation(name, expected)
        self._drop(name)

    def rename_relation(self, old: TableName, new: TableName) -> None:
        """Raises UndefinedTable, DuplicateTable, InvalidSchemaName."""
        found = self._check_relation(old, None)
        self._check_schema(new.schema, None)
        if self._connection.execute(select(relations.c.name).where(*self._at(new))).first() is not None:
            raise DuplicateTable(f"relation {_quoted(new.name)} already exists")
        values = {"schema": new.schema, "name": new.name, "version": self.seq}
        self._connection.execute(update(relations).where(*self._at(old)).values(values))
        self._log(Op.DROP, old.schema, old.name)
        self._record(old, None)
        self._put(new, found["document"])

    def put_statistics(self, name: TableName, location: str | None, statistics: Statistics) -> bool:
        """Statistics of a newer Delta version of the table at `location`; False if the store knows better."""
        newer = (relations.c.delta_version.is_(None)) | (relations.c.delta_version < statistics.version)
        where = (*self._at(name), relations.c.location == self._lake.relative(location), newer)
        values = {
            "delta_version": statistics.version,
            "rows": statistics.rows,
            "bytes": statistics.bytes,
            "files": statistics.files,
        }
        done = self._connection.execute(update(relations).where(*where).values(values)).rowcount == 1
        if done:
            self._log(Op.STATISTICS, name.schema, name.name)
        return done

    def publish(self, transaction: str) -> list[TableName]:
        """Everyone sees now what the transaction created (`Relation.pending`). Returns the names."""
        mine = update(relations).where(relations.c.tenant_id == self._tenant, relations.c.pending == transaction)
        done = mine.values(pending=None, instance=None, version=self.seq).returning(relations)
        names = []
        for row in self._connection.execute(done).mappings().all():
            name = TableName(row["schema"], row["name"])
            self._put(name, row["document"])
            names.append(name)
        return names

    def discard(self, transaction: str) -> list[str]:
        """Forget what the transaction created. Returns the Delta locations to remove."""
        return self._discard(relations.c.pending == transaction)

    def discard_of(self, instance: int) -> list[str]:
        """Forget what the transactions of a dead gateway created. Returns the Delta locations to remove."""
        return self._discard(relations.c.instance == instance)

    def note_undo(self, transaction: str, undo: Undo) -> None:
        """Should this gateway die before `settle` or `forget_undo`, the next start takes this change back."""
        row = {"tenant_id": self._tenant, "transaction": transaction, "seq": self.seq, "instance": self._instance}
        self._connection.execute(insert(unfinished).values(row | {"undo": undo_document(undo, self._lake)}))

    def undo(self, undo: Undo) -> None:
        """Put back what an earlier change found; files of what it had created are the caller's to remove."""
        for name in undo.created:
            if self._connection.execute(select(relations.c.name).where(*self._at(name))).first() is not None:
                self._drop(name)
        for schema in undo.schemas:
            if schema.name in undo.dropped_schemas:
                self.create_schema(schema)
        for new_schema, old_schema in undo.renamed_schemas.items():
            self.rename_schema(new_schema, old_schema)
        for new, old in undo.renamed.items():
            if new.schema not in undo.renamed_schemas:
                self.rename_relation(new, old)
        for item in undo.relations:
            if item.name in undo.dropped:
                self.create_relation(item)
            else:
                self.put_relation(item)
        for schema in undo.schemas:
            if schema.name not in undo.dropped_schemas:
                self.put_schema(schema)
        for created_schema in undo.created_schemas:
            self.drop_schema(created_schema)

    def forget_undo(self, transaction: str, seq: int) -> None:
        """Change number `seq` has been taken back."""
        self._connection.execute(delete(unfinished).where(*self._unfinished(transaction), unfinished.c.seq == seq))

    def settle(self, transaction: str) -> list[str]:
        """The transaction's definitions stand. Returns the locations of dropped tables, now in `removals`."""
        gone = delete(unfinished).where(*self._unfinished(transaction)).returning(unfinished.c.undo)
        undone = [undo_from(document, self._lake) for document in self._connection.execute(gone).scalars().all()]
        locations = [location for undo in undone for location in undo.dropped_locations]
        self.note_removals(locations)
        return locations

    def note_removals(self, locations: Sequence[str], instance: int | None = None) -> None:
        """Files at `locations` belong to no relation: the next start removes them if this gateway dies."""
        owner = self._instance if instance is None else instance
        rows = [
            {"location": self._lake.relative(location), "tenant_id": self._tenant, "instance": owner}
            for location in locations
        ]
        if rows:
            self._connection.execute(insert_or_skip(removals).on_conflict_do_nothing(), rows)

    def undo_of(self, instance: int) -> None:
        """Take back what transactions of a dead gateway defined and never committed; their files go to `removals`."""
        mine = (unfinished.c.tenant_id == self._tenant, unfinished.c.instance == instance)
        rows = self._connection.execute(select(unfinished).where(*mine).order_by(unfinished.c.seq.desc())).mappings()
        for row in rows.all():
            undo = undo_from(row["undo"], self._lake)
            feed, history = len(self._feed), dict(self._history)
            try:
                with self._connection.begin_nested():
                    self._undo_for(instance, undo)
                    self.forget_undo(row["transaction"], row["seq"])
            except SqlError as error:  # a name taken meanwhile, say; no reason for a server not to start
                _log.error("change %d of a dead gateway cannot be taken back: %s", row["seq"], error)
                del self._feed[feed:]
                self._history = history

    def put_default_acls(self, defaults: Sequence[DefaultAcl]) -> None:
        """Replace all of the tenant's default privileges."""
        documents = [default_acl_document(default) for default in defaults]
        self._connection.execute(update(tenants).where(tenants.c.id == self._tenant).values(default_acls=documents))
        self._log(Op.DEFAULT_ACLS, "")

    def set_setting(self, role: str | None, name: str | None, value: str | None) -> None:
        """What sessions of a role, or of everyone (None), begin with; `value` None: no longer, `name` None: nothing.

        Raises UndefinedObject (42704).
        """
        table, mine = tenants, tenants.c.id == self._tenant
        if role is not None:
            table, mine = memberships, (memberships.c.tenant_id == self._tenant) & (memberships.c.user_name == role)
        known = self._connection.execute(select(table.c.settings).where(mine).with_for_update()).scalar()
        if known is None:
            raise UndefinedObject(f'role "{role}" does not exist')
        kept = {} if name is None else {key: item for key, item in known.items() if key != name}
        if name is not None and value is not None:
            kept[name] = value
        self._connection.execute(update(table).where(mine).values(settings=kept))
        self.role_changed(role or "")

    def role_changed(self, name: str) -> None:
        """Tell the followers of the feed that a user came, went, became administrator, or has other settings."""
        self._log(Op.ROLE, "", name)

    def _undo_for(self, instance: int, undo: Undo) -> None:
        for name in undo.created:
            place = self._connection.execute(select(relations.c.location).where(*self._at(name))).scalar()
            if place is not None:
                self.note_removals([str(self._lake.absolute(place))], instance)
        self.undo(undo)

    def _discard(self, which: Any) -> list[str]:
        mine = select(relations).where(relations.c.tenant_id == self._tenant, relations.c.pending.is_not(None), which)
        locations = []
        for row in self._connection.execute(mine).mappings().all():
            self._drop(TableName(row["schema"], row["name"]))
            if (location := self._lake.absolute(row["location"])) is not None:
                locations.append(location)
        return locations

    def _drop(self, name: TableName) -> None:
        self._connection.execute(delete(relations).where(*self._at(name)))
        self._log(Op.DROP, name.schema, name.name)
        self._record(name, None)

    def _put(self, name: TableName, document: Mapping[str, Any]) -> None:
        self._log(Op.PUT, name.schema, name.name)
        self._record(name, document)

    def _unfinished(self, transaction: str) -> tuple[Any, ...]:
        return (unfinished.c.tenant_id == self._tenant, unfinished.c.transaction == transaction)

    def _row(self, relation: Relation) -> dict[str, Any]:
        row = relation_row(relation, self._lake)
        instance = None if relation.pending is None else self._instance
        return row | {"tenant_id": self._tenant, "version": self.seq, "instance": instance}

    def _at(self, name: TableName) -> tuple[Any, ...]:
        mine = relations.c.tenant_id == self._tenant
        return (mine, relations.c.schema == name.schema, relations.c.name == name.name)

    def _check_schema(self, name: str, expected: int | None) -> None:
        where = (schemas.c.tenant_id == self._tenant, schemas.c.name == name)
        version = self._connection.execute(select(schemas.c.version).where(*where)).scalar()
        if version is None:
            raise InvalidSchemaName(f"schema {_quoted(name)} does not exist")
        _check_version(version, expected)

    def _check_relation(self, name: TableName, expected: int | None) -> Mapping[str, Any]:
        row = self._connection.execute(select(relations).where(*self._at(name))).mappings().first()
        if row is None:
            raise UndefinedTable(f'relation "{name.schema}.{name.name}" does not exist')
        _check_version(row["version"], expected)
        return dict(row)

    def _log(self, op: Op, schema: str, name: str = "") -> None:
        row = {"tenant_id": self._tenant, "seq": self.seq, "ordinal": len(self._feed) + 1}
        self._feed.append(row | {"op": op.value, "schema": schema, "name": name})

    def _record(self, name: TableName, document: Mapping[str, Any] | None) -> None:
        self._history[name] = document

    def finish(self) -> None:
        """Write feed and history, tell the other gateways; called by `TenantCatalog.change()` before the commit."""
        if self._feed:
            self._connection.execute(insert(catalog_changes), self._feed)
        self._write_history()
        too_old = (catalog_changes.c.tenant_id == self._tenant, catalog_changes.c.seq <= self.seq - FEED_KEPT)
        self._connection.execute(delete(catalog_changes).where(*too_old))
        self._connection.execute(select(func.pg_notify(CHANNEL, f"{self._tenant} {self.seq}")))

    def _write_history(self) -> None:
        if not self._history:
            return
        rows = [
            {"tenant_id": self._tenant, "seq": self.seq, "schema": name.schema, "name": name.name, "document": document}
            for name, document in self._history.items()
        ]
        self._connection.execute(insert(schema_history), rows)
        old = [{"of_tenant": self._tenant, "of_schema": name.schema, "of_name": name.name} for name in self._history]
        self._connection.execute(_shorten(), old)


def next_seq(connection: Connection, tenant: UUID) -> int:
    """The number of the change that this transaction makes; locks out the tenant's other changes until its end."""
    bump = update(tenants).where(tenants.c.id == tenant).values(seq=tenants.c.seq + 1).returning(tenants.c.seq)
    return int(connection.execute(bump).scalar_one())


def relaxed(connection: Connection) -> None:
    """Let this transaction's commit not wait for the disk: for what can be worked out again."""
    connection.execute(text("SET LOCAL synchronous_commit = off"))


def _shorten() -> Delete:
    """Away with all but the newest definitions of a name."""
    same = (
        schema_history.c.tenant_id == bindparam("of_tenant"),
        schema_history.c.schema == bindparam("of_schema"),
        schema_history.c.name == bindparam("of_name"),
    )
    newest = select(schema_history.c.seq).where(*same).order_by(schema_history.c.seq.desc())
    cut = newest.offset(HISTORY_KEPT).limit(1).scalar_subquery()
    return delete(schema_history).where(*same, schema_history.c.seq <= cut)


def _check_version(version: int, expected: int | None) -> None:
    if expected is not None and version > expected:
        raise SerializationFailure("could not serialize access due to concurrent update")


def _quoted(name: str) -> str:
    """As in PostgreSQL's messages: always in double quotes, nothing doubled."""
    return f'"{name}"'
