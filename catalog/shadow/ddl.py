"""PostgreSQL interprets the user's DDL: run under the client's role on the shells, then read back as model values.

with instance.ddl("alice", ("sales", "public")) as ddl:
    ddl.run("ALTER TABLE orders ADD COLUMN note text")
    changes = ddl.changes()
    ...                                   # write changes.relations to the store: change number seq
    ddl.finish(seq, stored_relations)     # plant guard, statistics, state; commit
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, LiteralString

import psycopg
from psycopg.pq import ExecStatus

from catalog.errors import InsufficientPrivilege, UndefinedObject
from catalog.model import DefaultAcl, Relation, RelationKind, Schema
from catalog.names import TableName, always_quote
from catalog.shadow import introspect, shells, state
from catalog.shadow.answers import ShadowParam
from catalog.shadow.channel import ShadowNotice
from catalog.shadow.errors import GuardHit, error_from_psycopg, error_from_result

_LOCK_TIMEOUT = "10s"
_STATEMENT_TIMEOUT = "60s"
_STRONG_LOCKS = """
SELECT relation, classid, objid FROM pg_locks
WHERE pid = pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
"""
_TOUCHED_RELATIONS: LiteralString = f"""
WITH locks AS ({_STRONG_LOCKS}), me AS (SELECT pg_current_xact_id()::xid AS xid), touched AS (
  SELECT relation AS oid FROM locks WHERE relation IS NOT NULL
  UNION SELECT i.indrelid FROM locks JOIN pg_index i ON i.indexrelid = locks.relation
  UNION SELECT oid FROM pg_class, me WHERE pg_class.xmin = me.xid AND oid <> ALL(%s)
  UNION SELECT attrelid FROM pg_attribute, me WHERE pg_attribute.xmin = me.xid AND attnum > 0)
SELECT c.oid, c.relkind FROM touched JOIN pg_class c ON c.oid = touched.oid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind NOT IN ('i', 'I', 't') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
AND NOT (c.relkind = 'S' AND EXISTS (
  SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i'))
"""
"""Relations this transaction has locked for a change; rights are changed without a lock, but write a catalog row. The
sequences of identity columns belong to their tables.
"""
_TOUCHED_SCHEMAS: LiteralString = f"""
WITH locks AS ({_STRONG_LOCKS})
SELECT oid FROM pg_namespace WHERE xmin = pg_current_xact_id()::xid AND nspname !~ '^pg_'
UNION SELECT n.oid FROM locks JOIN pg_namespace n ON n.oid = objid WHERE classid = 'pg_namespace'::regclass
"""
_FORGET_SIZES: LiteralString = """
DELETE FROM kadali_internal.delta_size d WHERE NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = d.oid)
"""
_GUARD_ALL: LiteralString = """
UPDATE pg_class SET relispopulated = false WHERE relkind = 'r' AND relispopulated AND oid >= 16384
AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname = 'kadali_internal')
"""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the statements did. A renamed relation is in `relations` under its new name, with `renamed[new] = old`.

    Tables have no location, partition columns and statistics, views no text unless a statement of this transaction
    gave it: the caller keeps its own. `dropped` includes what CASCADE took. `default_acls` None: unchanged.
    """

    relations: tuple[Relation, ...]
    created: frozenset[TableName]
    renamed: Mapping[TableName, TableName]
    dropped: tuple[TableName, ...]
    schemas: tuple[Schema, ...]
    created_schemas: frozenset[str]
    renamed_schemas: Mapping[str, str]
    dropped_schemas: tuple[str, ...]
    default_acls: tuple[DefaultAcl, ...] | None


@dataclass(frozen=True, slots=True)
class _ViewText:
    query: str
    search_path: tuple[str, ...]


class DdlTransaction:
    """One transaction on the shells, under the write lock. After an error only leaving it is left to do."""

    def __init__(self, connection: psycopg.Connection[Any], role: str, search_path: Sequence[str]) -> None:
        self.notices: list[ShadowNotice] = []
        """NOTICEs and WARNINGs of the statements run, in order."""
        self._connection = connection
        self._role = role
        self._search_path = tuple(search_path)
        self._before = introspect.Names({}, {})
        self._default_acls_before: tuple[DefaultAcl, ...] = ()
        self._view_texts: dict[int, _ViewText] = {}
        self._unguarded: list[int] = []
        self._ran = False
        self._changes: Changes | None = None

    def run(self, sql: str, params: Sequence[ShadowParam] = (), *, view_query: str | None = None) -> str:
        """Run one statement as the client's role; returns its command tag.

        `view_query`: the text after AS, when the statement makes a view. Raises SqlError with PostgreSQL's words and
        position.
        """
        try:
            tag = self._run(sql, params)
        except GuardHit:
            # The check of a foreign key scans both tables; only a transaction that has done nothing else starts anew.
            if self._ran:
                raise
            self._connection.rollback()
            self._begin()
            self._unguarded = [oid for (oid,) in self._connection.execute(shells.UNGUARD, [sql]).fetchall()]
            tag = self._run(sql, params)
        self._ran = True
        self._changes = None
        if view_query is not None:
            self._note_view(view_query)
        return tag

    def changes(self) -> Changes:
        """What has changed since the beginning. Raises FeatureNotSupported for what the model cannot hold."""
        if self._changes is None:
            self._changes = self._read_changes()
        return self._changes

    def finish(self, seq: int, relations: Sequence[Relation] = (), schemas: Sequence[Schema] = ()) -> None:
        """Guard the shells, plant statistics, note the state at change number `seq`, and commit.

        `relations` and `schemas`: all that `changes` told, as they now stand in the store. Raises SqlError; then the
        shadow is unchanged, and applying the store's snapshot brings it up to date.
        """
        changes = self.changes()
        told = {item.name: item for item in relations}
        missing = [item.name for item in changes.relations if item.name not in told]
        if missing:
            raise UndefinedObject(f"finish lacks the changed relation {missing[0]}")
        with self._as_superuser() as connection:
            tables = [item for item in relations if item.kind is RelationKind.TABLE]
            oids = state.oids_of(connection, [item.name for item in tables])
            connection.execute(_GUARD_ALL)
            if changes.dropped:
                connection.execute(_FORGET_SIZES)
            figures = [
                (oids[item.name], item.statistics.rows, item.statistics.bytes, item.statistics.files)
                for item in tables
                if item.statistics is not None and item.name in oids
            ]
            if figures:
                connection.execute(shells.PLANT, [list(column) for column in zip(*figures, strict=True)])
            gone = [*changes.dropped, *changes.renamed.values()]
            state.record_dropped(connection, seq, [state.key(name) for name in gone if name not in told])
            dropped_schemas = [*changes.dropped_schemas, *changes.renamed_schemas.values()]
            state.record_dropped(connection, seq, [state.schema_key(name) for name in dropped_schemas])
            state.record(connection, seq, list(relations))
            for schema in schemas:
                state.record_value(connection, seq, state.schema_key(schema.name), schema)
            if changes.default_acls is not None:
                state.record_value(connection, seq, "default acls", changes.default_acls)
        try:
            self._connection.commit()
        except psycopg.Error as error:
            raise error_from_psycopg(error) from error

    def _read_changes(self) -> Changes:
        with self._as_superuser() as connection:
            touched = connection.execute(_TOUCHED_RELATIONS, [self._unguarded]).fetchall()
            for _, kind in touched:
                introspect.refuse_kind(kind)
            relations = introspect.read_relations(connection, [oid for oid, _ in touched])
            schema_oids = [oid for (oid,) in connection.execute(_TOUCHED_SCHEMAS).fetchall()]
            schemas = introspect.read_schemas(connection, schema_oids)
            after = introspect.names(connection)
            moved = [oid for oid, name in after.relations.items() if self._before.relations.get(oid, name) != name]
            relations |= introspect.read_relations(connection, [oid for oid in moved if oid not in relations])
            default_acls = introspect.read_default_acls(connection)
            known = state.read(connection, [item.name for item in relations.values()])
        unchanged = [
            oid for oid, item in relations.items() if known.get(state.key(item.name), (0, ""))[1] == state.digest(item)
        ]
        for oid in unchanged:  # only locked: the table a new foreign key points to
            del relations[oid]
        renamed = {after.relations[oid]: self._before.relations[oid] for oid in moved}
        return Changes(
            relations=tuple(self._with_text(oid, item) for oid, item in relations.items()),
            created=frozenset(item.name for oid, item in relations.items() if oid not in self._before.relations),
            renamed=renamed,
            dropped=tuple(name for oid, name in self._before.relations.items() if oid not in after.relations),
            schemas=tuple(schemas.values()),
            created_schemas=frozenset(item.name for oid, item in schemas.items() if oid not in self._before.schemas),
            renamed_schemas={
                name: old for oid, name in after.schemas.items() if (old := self._before.schemas.get(oid, name)) != name
            },
            dropped_schemas=tuple(name for oid, name in self._before.schemas.items() if oid not in after.schemas),
            default_acls=None if default_acls == self._default_acls_before else default_acls,
        )

    def _begin(self) -> None:
        connection = self._connection
        connection.execute("BEGIN")
        try:
            connection.execute(
                f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'; SET LOCAL statement_timeout = '{_STATEMENT_TIMEOUT}';"
                f" SELECT pg_advisory_xact_lock({state.LOCK})".encode()
            )
        except psycopg.errors.Error as error:
            raise error_from_psycopg(error) from error
        self._before = introspect.names(connection)
        self._default_acls_before = introspect.read_default_acls(connection)

    def _run(self, sql: str, params: Sequence[ShadowParam]) -> str:
        """By the extended protocol, which takes one statement only."""
        path = ", ".join(always_quote(schema) for schema in self._search_path) or "''"
        head = f"SET LOCAL ROLE {always_quote(self._role)}; SET LOCAL search_path = {path}"
        result = self._connection.pgconn.exec_(head.encode())
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result)
        result = self._connection.pgconn.exec_params(
            sql.encode(),
            [param.data for param in params],
            param_types=[param.type_oid for param in params],
            param_formats=[int(param.binary) for param in params],
        )
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result)
        self._check_role()
        return (result.command_status or b"").decode()

    def _check_role(self) -> None:
        """No statement may leave the client's role (by `set_config`, in an expression that is evaluated)."""
        now = self._connection.pgconn.exec_(b"SELECT current_user").get_value(0, 0)
        if now != self._role.encode():
            self._connection.rollback()
            raise InsufficientPrivilege("permission denied to change the current role")

    def _note_view(self, query: str) -> None:
        """The view just made is the one whose rule is newest in this transaction and has no text yet."""
        with self._as_superuser() as connection:
            rows = connection.execute(
                "SELECT ev_class FROM pg_rewrite WHERE xmin = pg_current_xact_id()::xid ORDER BY cmin::text::int8 DESC"
            ).fetchall()
        if rows:
            self._view_texts[rows[0][0]] = _ViewText(query, self._search_path)

    def _with_text(self, oid: int, relation: Relation) -> Relation:
        text = self._view_texts.get(oid)
        return relation if text is None else replace(relation, query=text.query, search_path=text.search_path)

    @contextmanager
    def _as_superuser(self) -> Iterator[psycopg.Connection[Any]]:
        self._connection.execute("RESET ROLE; SET LOCAL search_path = ''")
        yield self._connection


@contextmanager
def ddl_transaction(
    connection: psycopg.Connection[Any], role: str, search_path: Sequence[str]
) -> Iterator[DdlTransaction]:
    """`connection`: a superuser's of its own. Raises 55P03 if another writer holds the shadow for too long."""
    transaction = DdlTransaction(connection, role, search_path)

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        transaction.notices.append(
            ShadowNotice(
                diagnostic.severity_nonlocalized or "NOTICE",
                diagnostic.message_primary or "",
                diagnostic.sqlstate or "00000",
                diagnostic.message_detail,
                diagnostic.message_hint,
            )
        )

    connection.add_notice_handler(note)
    try:
        transaction._begin()
        yield transaction
    finally:
        if not connection.closed:
            connection.rollback()
