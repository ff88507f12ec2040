"""Brings a shadow to what the store says: idempotent by version, in place where possible, in batches.

`kadali_internal.state` holds, for each object, the version it was last written at and a digest of what was written. A
change older than an object's version is passed over; equal digests need no work.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import psycopg

from catalog.model import CatalogSnapshot, Column, Relation, RelationKind, Schema, Statistics
from catalog.names import TableName, always_quote
from catalog.postgres.server import SUPERUSER
from catalog.shadow import introspect, rights, shells, state
from catalog.shadow.roles import drop_roles, known_roles, set_roles
from catalog.shadow.state import alone, oids_of, writing
from catalog.types import PgType

BATCH = 200
_T = TypeVar("_T")
_log = logging.getLogger("kadali.shadow")


@dataclass(slots=True)
class SyncReport:
    """What a sync did.

    `stand_ins` are views whose text PostgreSQL cannot parse, `failed` tables it refuses. `lost` are relations that
    fell, or lost a foreign key, with another one (CASCADE): only a snapshot brings them back.
    """

    created: list[TableName] = field(default_factory=list)
    altered: list[TableName] = field(default_factory=list)
    dropped: list[TableName] = field(default_factory=list)
    stand_ins: list[TableName] = field(default_factory=list)
    failed: list[TableName] = field(default_factory=list)
    lost: list[TableName] = field(default_factory=list)


def apply_snapshot(connection: psycopg.Connection[Any], snapshot: CatalogSnapshot) -> SyncReport:
    """Make the shadow hold exactly `snapshot`, except what it holds in a later version.

    `connection`: the superuser's, in autocommit. Many transactions: a kill in the middle leaves a shadow that a second
    call completes.
    """
    with alone(connection):
        return _apply_snapshot(connection, snapshot)


def apply_relations(
    connection: psycopg.Connection[Any], seq: int, relations: Sequence[Relation], dropped: Sequence[TableName] = ()
) -> SyncReport:
    """Apply changes of single relations, made at change number `seq`; their schemas and owners must exist."""
    with alone(connection):
        run = _Run(connection, seq, known_roles(connection))
        now = state.read(connection)
        with writing(connection):
            run.drop_relations([state.key(name) for name in dropped if now.get(state.key(name), (-1, None))[0] <= seq])
        due = [item for item in relations if run.is_due(now, state.key(item.name), state.digest(item))]
        run.put_relations(due, {item.name: item for item in relations})
        set_statistics(connection, {item.name: item.statistics for item in relations if item.statistics is not None})
        run.find_lost()
    return run.report


def set_statistics(connection: psycopg.Connection[Any], statistics: Mapping[TableName, Statistics]) -> None:
    """Plant row counts and sizes; tables without a shell are passed over, unchanged figures cost no write."""
    if not statistics:
        return
    with writing(connection):
        oids = oids_of(connection, statistics)
        now = connection.execute("SELECT oid, row_count, bytes, files FROM kadali_internal.delta_size").fetchall()
        have = {oid: (rows, size, files) for oid, rows, size, files in now}
        due = [
            (oid, told.rows, told.bytes, told.files)
            for name, told in statistics.items()
            if (oid := oids.get(name)) is not None and have.get(oid) != (told.rows, told.bytes, told.files)
        ]
        if due:
            connection.execute(shells.PLANT, [list(column) for column in zip(*due, strict=True)])


def drifted(connection: psycopg.Connection[Any]) -> list[TableName]:
    """Relations that do not look as they did when they were last written, or are gone."""
    rows = connection.execute(
        "SELECT object FROM kadali_internal.state WHERE object LIKE 'r:%' AND digest IS NOT NULL AND fingerprint"
        " IS DISTINCT FROM kadali_internal.fingerprint(to_regclass(substr(object, 3))::oid)"
    ).fetchall()
    return [state.name_of(key) for (key,) in rows]


def unsettle(connection: psycopg.Connection[Any], names: Iterable[TableName]) -> None:
    """Make the next sync look at relations again, whatever was noted about them."""
    keys = [state.key(name) for name in names]
    connection.execute("DELETE FROM kadali_internal.state WHERE object = ANY(%s)", [keys])


def _apply_snapshot(connection: psycopg.Connection[Any], snapshot: CatalogSnapshot) -> SyncReport:
    set_roles(connection, snapshot.roles)
    run = _Run(connection, snapshot.seq, known_roles(connection, snapshot.roles))
    now = state.read(connection)
    with writing(connection):
        for schema in snapshot.schemas.values():
            run.put_schema(schema, now)
    known = {key: digest for key, (version, digest) in now.items() if digest is not None and version <= snapshot.seq}
    wanted = {state.key(name) for name in snapshot.relations}
    gone = [key for key in known if key.startswith("r:") and key not in wanted]
    for batch in _batches(gone):
        with writing(connection):
            run.drop_relations(batch)
    changed = [
        item for item in snapshot.relations.values() if run.is_due(now, state.key(item.name), state.digest(item))
    ]
    run.put_relations(changed, snapshot.relations)
    with writing(connection):
        run.drop_schemas([key for key in known if key.startswith("s:") and key[2:] not in snapshot.schemas])
        run.put_default_acls(snapshot, now)
    set_statistics(
        connection, {item.name: item.statistics for item in snapshot.relations.values() if item.statistics is not None}
    )
    drop_roles(connection, snapshot.roles)
    if run.cascaded:
        fallen = [snapshot.relations[name] for name in drifted(connection) if name in snapshot.relations]
        unsettle(connection, [item.name for item in fallen])
        run.put_relations(fallen, snapshot.relations)
    run.find_lost()
    return run.report


class _Run:
    """One sync: the connection, the change number, what was done so far."""

    def __init__(self, connection: psycopg.Connection[Any], seq: int, roles: frozenset[str]) -> None:
        self.connection = connection
        self.seq = seq
        self.roles = roles
        self.report = SyncReport()
        self.cascaded = False
        """Whether a relation was dropped that others may have stood on."""
        self._types: dict[PgType, str] = {}

    def is_due(self, now: state.State, key: str, digest: str) -> bool:
        version, had = now.get(key, (-1, None))
        return version <= self.seq and had != digest

    def put_schema(self, schema: Schema, now: state.State) -> None:
        if self.is_due(now, state.schema_key(schema.name), state.value_digest(schema)):
            self.execute(shells.create_schema(rights.of_schema(schema, self.roles)))
            state.record_value(self.connection, self.seq, state.schema_key(schema.name), schema)

    def put_default_acls(self, snapshot: CatalogSnapshot, now: state.State) -> None:
        digest = state.value_digest(snapshot.default_acls)
        if snapshot.default_acls != () or "default acls" in now:
            if not self.is_due(now, "default acls", digest):
                return
            self.execute(shells.set_default_acls(snapshot.default_acls))
            state.record_value(self.connection, self.seq, "default acls", snapshot.default_acls)

    def drop_schemas(self, keys: Sequence[str]) -> None:
        for key in keys:
            if key[2:] != "public":
                self.execute([f"DROP SCHEMA IF EXISTS {always_quote(key[2:])} CASCADE"])
            state.record_dropped(self.connection, self.seq, [key])

    def drop_relations(self, keys: Sequence[str]) -> None:
        kinds = dict(
            self.connection.execute(
                "SELECT key, relkind FROM unnest(%s::text[]) t (key)"
                " JOIN pg_class c ON c.oid = to_regclass(substr(key, 3))",
                [list(keys)],
            ).fetchall()
        )
        names = [state.name_of(key) for key in kinds]
        sizes = list(oids_of(self.connection, names).values())
        self.cascaded |= bool(kinds)
        for key, kind in kinds.items():
            self.execute([shells.drop(RelationKind.VIEW if kind == "v" else RelationKind.TABLE, state.name_of(key))])
        self.connection.execute("DELETE FROM kadali_internal.delta_size WHERE oid = ANY(%s)", [sizes])
        state.record_dropped(self.connection, self.seq, keys)
        self.report.dropped += names

    def put_relations(self, relations: Sequence[Relation], all_relations: Mapping[TableName, Relation]) -> None:
        """Tables first, then foreign keys between them, then views, and again the views that fell with a table."""
        relations = [rights.of_relation(item, self.roles) for item in relations]
        tables = [item for item in relations if item.kind is RelationKind.TABLE]
        for batch in _batches(tables):
            self._put_tables(batch)
        for item in tables:
            if any(shells.is_foreign_key(definition) for _, definition in item.constraints):
                self._put_foreign_keys(item)
        self._put_views([item for item in relations if item.kind is RelationKind.VIEW], all_relations)

    def find_lost(self) -> None:
        if self.cascaded:
            self.report.lost += drifted(self.connection)
            unsettle(self.connection, self.report.lost)

    def type_text(self, pg: PgType) -> str:
        text = shells.known_type(pg) or self._types.get(pg)
        if text is None:
            row = self.connection.execute("SELECT format_type(%s::oid, %s)", [pg.oid, pg.typmod]).fetchone()
            text = self._types[pg] = str(row[0]) if row is not None else "text"
        return text

    def execute(self, statements: Sequence[str]) -> None:
        """Several statements in one round trip."""
        if statements:
            self.connection.execute(";\n".join(statements).encode())

    # -- tables ---------------------------------------------------------------------------------------------------

    def _put_tables(self, batch: Sequence[Relation]) -> None:
        """All in one transaction; if one fails, each for itself."""
        try:
            with writing(self.connection):
                created, altered = self._make_tables(batch)
        except psycopg.errors.Error as error:
            self._raise_if_passing(error)
            if len(batch) == 1:
                self._put_bare_table(batch[0], error)
                return
            for item in batch:
                self._put_tables([item])
            return
        self.report.created += created
        self.report.altered += altered

    def _make_tables(self, batch: Sequence[Relation]) -> tuple[list[TableName], list[TableName]]:
        oids = oids_of(self.connection, [item.name for item in batch])
        now = {item.name: item for item in introspect.read_relations(self.connection, list(oids.values())).values()}
        created, altered, steps = [], [], []
        for item in batch:
            old = now.get(item.name)
            change = None
            if old is not None and old.kind is RelationKind.TABLE:
                change = shells.alter_table(old, item, self.type_text)
            if change is None:
                if old is not None:
                    steps.append(shells.drop(old.kind, old.name))
                    self.cascaded = True
                steps += shells.create_table(item, self.type_text)
                created.append(item.name)
            else:
                steps += change
                altered.append(item.name)
        self.execute(steps)
        self._guard([item.name for item in batch])
        for whole in (True, False):
            state.record(
                self.connection, self.seq, [item for item in batch if _has_foreign_keys(item) != whole], whole=whole
            )
        return created, altered

    def _put_bare_table(self, item: Relation, error: psycopg.Error) -> None:
        """In place did not work (a view depends on a column), or PostgreSQL refuses a default, a constraint, a role.

        The last resort shows the columns and belongs to us, so that nobody has rights on it.
        """
        self.cascaded = True
        bare = replace(item, constraints=(), indexes=(), columns=_bare_columns(item), owner=SUPERUSER, acl=None)
        for wanted in (item, bare):
            try:
                with writing(self.connection):
                    self.execute([shells.drop(RelationKind.TABLE, item.name)])
                    self.execute(shells.create_table(wanted, self.type_text))
                    self._guard([item.name])
                    state.record(
                        self.connection, self.seq, [item], whole=wanted is item and not _has_foreign_keys(item)
                    )
            except psycopg.errors.Error as again:
                self._raise_if_passing(again)
                error = again
            else:
                self.report.created.append(item.name)
                if wanted is not item:
                    _log.warning("the shell of %s has columns only: %s", item.name, error)
                return
        _log.error("no shell for %s: %s", item.name, error)
        self.report.failed.append(item.name)

    def _raise_if_passing(self, error: psycopg.Error) -> None:
        """Raise what another try may cure (locks, resources, a lost server): it says nothing about the relation."""
        if self.connection.broken or (error.sqlstate or "08000")[:2] in ("08", "40", "53", "55", "57", "58"):
            raise error

    def _guard(self, names: Sequence[TableName]) -> None:
        self.connection.execute(shells.GUARD, [list(oids_of(self.connection, names).values())])

    def _put_foreign_keys(self, item: Relation) -> None:
        """Each by itself: the table it points to may not be there (yet)."""
        whole = True
        oids = list(oids_of(self.connection, [item.name]).values())
        if not oids:
            return
        with writing(self.connection):
            now = introspect.read_relations(self.connection, oids)[oids[0]]
            for name, definition in shells.missing_foreign_keys(now, item):
                try:
                    with self.connection.transaction():
                        self.execute(shells.add_foreign_key(item.name, name, definition))
                except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
                    whole = False
                except psycopg.errors.Error as error:
                    self._raise_if_passing(error)
                    whole = False
                    _log.warning("foreign key %s of %s: %s", name, item.name, error)
            state.record(self.connection, self.seq, [item], whole=whole)

    # -- views ----------------------------------------------------------------------------------------------------

    def _put_views(self, views: Sequence[Relation], all_relations: Mapping[TableName, Relation]) -> None:
        """In rounds, since views stand on views: a round that achieves nothing ends in stand-ins."""
        pending = {item.name: item for item in views}
        for item in self._fallen_views(all_relations):
            pending.setdefault(item.name, item)
        while pending:
            done = [item for item in pending.values() if self._put_view(item)]
            for item in done:
                del pending[item.name]
            if not done:
                for item in pending.values():
                    self._put_stand_in(item)
                break
        for item in self._fallen_views(all_relations):
            if not self._put_view(item):
                self._put_stand_in(item)

    def _fallen_views(self, all_relations: Mapping[TableName, Relation]) -> list[Relation]:
        views = [item for item in all_relations.values() if item.kind is RelationKind.VIEW]
        there = oids_of(self.connection, [item.name for item in views])
        now = state.read(self.connection) if views else {}
        return [
            rights.of_relation(item, self.roles)
            for item in views
            if item.name not in there and now.get(state.key(item.name), (0, None))[0] <= self.seq
        ]

    def _put_view(self, item: Relation) -> bool:
        for replacing in (True, False):
            try:
                with writing(self.connection):
                    there = oids_of(self.connection, [item.name])
                    if not replacing:
                        self._drop_any(item.name)
                    for statement in shells.create_view(item):
                        self.connection.execute(statement.encode())
                    self._reset_attributes(item)
                    state.record(self.connection, self.seq, [item])
            except psycopg.errors.Error as error:
                self._raise_if_passing(error)
                _log.debug("view %s: %s", item.name, error)
            else:
                (self.report.altered if there else self.report.created).append(item.name)
                return True
        return False

    def _reset_attributes(self, item: Relation) -> None:
        oids = list(oids_of(self.connection, [item.name]).values())
        now = introspect.read_relations(self.connection, oids)[oids[0]]
        self.execute(shells.alter_attributes(now, item))

    def _drop_any(self, name: TableName) -> None:
        oids = list(oids_of(self.connection, [name]).values())
        for old in introspect.read_relations(self.connection, oids).values():
            self.execute([shells.drop(old.kind, name)])
            self.cascaded = True

    def _put_stand_in(self, item: Relation) -> None:
        with writing(self.connection):
            self._drop_any(item.name)
            self.execute(shells.create_stand_in(item, self.type_text))
            state.record(self.connection, self.seq, [item], whole=False)
        self.report.stand_ins.append(item.name)


def _batches(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _bare_columns(item: Relation) -> tuple[Column, ...]:
    return tuple(replace(column, default=None, acl=()) for column in item.columns)


def _has_foreign_keys(item: Relation) -> bool:
    return any(shells.is_foreign_key(definition) for _, definition in item.constraints)
