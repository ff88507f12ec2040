"""Which tables of a source a sync reads, and under which names and columns they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pyarrow as pa

from catalog.errors import (
    DuplicateTable,
    FeatureNotSupported,
    InsufficientPrivilege,
    InvalidParameterValue,
    ObjectNotInPrerequisiteState,
    UndefinedColumn,
    UndefinedTable,
    WrongObjectType,
)
from engine.connectors.model import Cut, Endpoint, Position, Reading, Session, SourceName, SourceTable
from sql_extensions import connection_actions, sources
from sql_extensions.context import Context
from sql_extensions.names import Name
from sql_extensions.sync_body import SyncBody, Wanted


@dataclass(frozen=True, slots=True)
class Read:
    """One table of the source: `table` as the source has it, `shown` as the target is to have it, `columns` the names
    at the source of those that are read.
    """

    table: SourceTable
    shown: SourceTable
    columns: tuple[str, ...]
    target: Name

    def cut(self, body: SyncBody, since: Position | None) -> Cut:
        """What is read of it; `since` None: everything."""
        return Cut(self.table, self.columns, body.where, body.cursor, since)

    def rows(self, reading: Reading) -> Iterator[pa.RecordBatch]:
        """Its rows under the names they have here."""
        schema = self.schema(reading)
        return (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in reading.reader)

    def schema(self, reading: Reading) -> pa.Schema:
        """Of `rows`."""
        given: pa.Schema = reading.reader.schema
        return pa.schema([field.with_name(c.name) for field, c in zip(given, self.shown.columns, strict=True)])

    def key(self, body: SyncBody) -> tuple[str, ...]:
        """By which rows are merged: the columns named, or the source's key. Raises InvalidParameterValue (22023)."""
        names = body.key or self.shown.key
        if not names:
            raise InvalidParameterValue(
                f'table "{self.table.name}" of the source has no key by which rows could be merged',
                hint="Name columns that tell its rows apart: KEY ( column [, ...] ).",
            )
        known = {column.name for column in self.shown.columns}
        for name in names:
            if name not in known:
                raise UndefinedColumn(f'key column "{name}" is not among the columns that are read')
        return names


@contextmanager
def opened(ctx: Context, body: SyncBody) -> Iterator[tuple[Session, Endpoint]]:
    """The source that a sync names, by its connection or by a URI, which is for administrators.

    Raises 42704, 42501, 55000 (a secret), 08001.
    """
    if body.uri is None:
        connection = connection_actions.owned(ctx, body.connection or "")
        if connection.kind is not body.kind:
            raise WrongObjectType(f'connection "{connection.name}" is of type {connection.kind.value}')
        endpoint = connection_actions.endpoint(ctx, connection)
        patience = connection_actions.connect_timeout_s(connection)
    else:
        if not ctx.session.principal.admin:
            raise InsufficientPrivilege(
                "permission denied to read a source by its URI", hint="Name a connection that you own."
            )
        endpoint = connection_actions.checked(ctx, sources.URIS[body.kind](body.uri))
        patience = connection_actions.CONNECT_TIMEOUT_S
    with sources.opened(ctx, endpoint, patience) as session:
        yield session, endpoint


def chosen(body: SyncBody, session: Session) -> list[Read]:
    """What the statement asks for, of the source as it is. Raises UndefinedTable, UndefinedColumn, DuplicateTable."""
    if body.query is not None:
        if body.into is None:
            raise InvalidParameterValue("a query needs INTO table")
        found = [(session.query(body.query), body.into)]
    elif body.tables:
        found = [(session.table(_source(one.source)), _target(one, body)) for one in body.tables]
    else:
        found = [(one, _beside(one.name, body)) for one in _listed(body, session)]
        if not found:
            raise ObjectNotInPrerequisiteState("the source has no such tables")
    reads = [_read(table, target, body) for table, target in found]
    names = [read.target.parts for read in reads]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DuplicateTable(f'"{".".join(twice)}" is the target of several tables', hint="Name targets with AS.")
    return reads


def _source(parts: Sequence[str]) -> SourceName:
    if len(parts) > 2:
        raise FeatureNotSupported(f'cross-database references are not implemented: "{".".join(parts)}"')
    return SourceName(parts[-2] if len(parts) > 1 else "public", parts[-1])


def _target(wanted: Wanted, body: SyncBody) -> Name:
    if wanted.target is not None and body.into_schema is not None and len(wanted.target.parts) == 1:
        return Name((body.into_schema, *wanted.target.parts))
    return wanted.target or body.into or _beside(_source(wanted.source), body)


def _beside(source: SourceName, body: SyncBody) -> Name:
    """Of the source's name, in the schema named or the current one."""
    return Name((source.table,) if body.into_schema is None else (body.into_schema, source.table))


def _listed(body: SyncBody, session: Session) -> list[SourceTable]:
    excluded = {str(_source(parts)) for parts in body.excluded} | {p[-1] for p in body.excluded if len(p) == 1}
    found: list[SourceTable] = []
    for schema in body.schemas or (None,):
        there = list(session.tables(schema))
        if schema is not None and not there:
            raise UndefinedTable(f'schema "{schema}" of the source has no tables')
        found += [one for one in there if str(one.name) not in excluded and one.name.table not in excluded]
    return found


def _read(table: SourceTable, target: Name, body: SyncBody) -> Read:
    names = {column.name for column in table.columns}
    for name in (*(name for name, _ in body.columns), *body.except_columns):
        if name not in names:
            raise UndefinedColumn(f'column "{name}" of relation "{table.name}" does not exist')
    renamed = dict(body.columns) if body.columns else {name: name for name in names if name not in body.except_columns}
    order = [name for name, _ in body.columns] or [column.name for column in table.columns if column.name in renamed]
    if not order:
        raise FeatureNotSupported(f'relation "{table.name}" has no columns to read')
    by_name = {column.name: column for column in table.columns}
    columns = tuple(replace(by_name[name], name=renamed[name]) for name in order)
    whole = all(name in renamed for name in table.key)
    key = tuple(renamed[name] for name in table.key) if whole else ()
    return Read(table, replace(table, columns=columns, key=key), tuple(order), target)
