"""SYNC FROM carried out: each table of the source into its target, a row told of each.

Rows and position are one commit of the target (`engine.sync`), so nothing is to be repaired after a crash: the same
statement goes on where the last commit stands. What the sync has made of a target's columns, the catalog follows.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from catalog.errors import (
    ObjectNotInPrerequisiteState,
    QueryCanceled,
    ReadOnlySqlTransaction,
    SerializationFailure,
    SqlError,
    WrongObjectType,
)
from catalog.model import Column, Relation, RelationKind
from catalog.names import TableName, quote_ident
from catalog.types import format_type
from engine.base import Notice
from engine.connectors.model import Endpoint, Position, Reading, Session
from engine.storage.storage import Storage
from engine.sync import merging, write
from engine.sync.position import Mark, Step, next_step, read_mark
from engine.sync.target import Target, fields_in, open_writable, planned
from engine.sync.write import Outcome
from sql_extensions import definition, sync_source, tables
from sql_extensions.context import Context
from sql_extensions.shadowing import without_positions
from sql_extensions.sync_body import Mode, SyncBody
from sql_extensions.sync_source import Read
from sql_extensions.table_options import TableOptions
from sql_extensions.tenant import Tenant

FOLLOW_TRIES = 3
COLUMNS = pa.schema(
    [
        ("source", pa.string()),
        ("target", pa.string()),
        ("mode", pa.string()),
        ("rows_read", pa.int64()),
        ("rows_written", pa.int64()),
        ("rows_deleted", pa.int64()),
        ("bytes", pa.int64()),
        ("from_position", pa.string()),
        ("to_position", pa.string()),
        ("delta_version", pa.int64()),
        ("duration", pa.month_day_nano_interval()),
        ("status", pa.string()),
        ("error", pa.string()),
    ]
)


@dataclass(slots=True)
class _Row:
    """What is told of one table; `error` is what ended it."""

    source: str
    target: str
    mode: str | None = None
    rows_read: int = 0
    rows_written: int = 0
    rows_deleted: int = 0
    bytes: int = 0
    from_position: str | None = None
    to_position: str | None = None
    delta_version: int | None = None
    seconds: float = 0.0
    status: str = "ok"
    error: SqlError | None = None


def run(ctx: Context, body: SyncBody) -> pa.Table:
    """A row for each table. Raises what ended the last one if all have failed, and what kept the source from opening:
    08001, 42P01, 42703, 42501.
    """
    if ctx.session.settings.transaction_read_only:
        raise ReadOnlySqlTransaction("cannot execute SYNC in a read-only transaction")
    tables.refuse_time_travel(ctx.session)
    with sync_source.opened(ctx, body) as (session, endpoint):
        rows = [_synced(ctx, body, session, endpoint, read) for read in sync_source.chosen(body, session)]
    failed = [row.error for row in rows if row.error is not None]
    if failed and len(failed) == len(rows):
        raise failed[-1]
    for row in rows:
        if row.error is not None:
            ctx.call.notice(Notice("WARNING", f"{row.source}: {row.error.message}", row.error.code))
    return pa.Table.from_pylist([_shown(row) for row in rows], COLUMNS)


def _synced(ctx: Context, body: SyncBody, session: Session, endpoint: Endpoint, read: Read) -> _Row:
    """One table. Its failure is its row's, but for a cancel, which ends all."""
    began = time.monotonic()
    name = "query" if body.query is not None else str(read.table.name)
    row = _Row(name, str(read.target))
    try:
        _sync(ctx, body, session, _sync_name(endpoint, read, body), read, row)
    except QueryCanceled:
        raise
    except SqlError as error:
        row.error, row.status = error, "failed"
    row.seconds = time.monotonic() - began
    return row


def _sync_name(endpoint: Endpoint, read: Read, body: SyncBody) -> str:
    """What the target's log calls the sync: the source and what is read of it, whoever reads, by whatever connection.

    Of another part of the table nothing has been read yet: it is another sync.
    """
    what = f"query {body.query}" if body.query is not None else str(read.table.name)
    part = (body.where, body.columns, body.except_columns)
    digest = f" {hashlib.sha256(json.dumps(part).encode()).hexdigest()[:16]}" if any(part) else ""
    return f"{endpoint.kind.value}://{endpoint.host}:{endpoint.port}/{endpoint.database} {what}{digest}"


def _sync(ctx: Context, body: SyncBody, session: Session, sync: str, read: Read, row: _Row) -> None:
    found = tables.find(read.target.parts, ctx.session.tenant.catalog.snapshot(), ctx.session.settings.search_path)
    if found is not None:
        if found.kind is not RelationKind.TABLE:
            raise WrongObjectType(f'"{found.name.name}" is not a table', position=read.target.position or None)
        tables.require_owner(found, ctx.session)
    mark = None if found is None else read_mark(tables.location_of(found), sync, _storage(ctx))
    mode = _mode(body, read, found, mark)
    row.mode = mode.value
    since = mark.position if mark is not None and mode is Mode.INCREMENTAL else None
    row.from_position = _position_text(since)
    if body.dry_run:
        row.status = _would(ctx, body, read, found, mode)
        return
    key = read.key(body) if mode in (Mode.INCREMENTAL, Mode.MERGE) else ()
    relation = found if found is not None else _made(ctx, body, read)
    row.target, target = str(relation.name), _target(ctx, body, relation)
    try:
        reading = session.read(read.cut(body, since), body.batch_rows)
        reader = pa.RecordBatchReader.from_batches(read.schema(reading), _counted(ctx, read, reading, row))
        step = next_step(sync, mark, reading.position)
        outcome = _written(target, read, mode, key, found is None, reader, step)
    except SqlError:
        if found is None:
            _unmade(ctx, relation)
        raise
    for warning in reading.warnings:
        ctx.call.notice(Notice("WARNING", f"{row.source}: {warning}", "01000"))
    for change in outcome.evolution.changes:
        ctx.call.notice(Notice("NOTICE", f"{row.target}: {change}"))
    row.rows_written, row.rows_deleted, row.delta_version = outcome.rows_written, outcome.rows_deleted, outcome.version
    row.to_position = _position_text(reading.position)
    _follow(ctx, target, relation)


def _mode(body: SyncBody, read: Read, found: Relation | None, mark: Mark | None) -> Mode:
    """As said; else a snapshot the first time, then what is new where rows have a key."""
    if body.mode is not None:
        return body.mode
    if mark is not None:
        return Mode.INCREMENTAL if read.shown.key and body.query is None else Mode.SNAPSHOT
    if found is not None and (found.statistics is None or found.statistics.rows):
        raise ObjectNotInPrerequisiteState(
            f'table "{found.name.name}" has rows that are not of this sync',
            hint="MODE SNAPSHOT replaces them; MODE MERGE and MODE APPEND keep them.",
        )
    return Mode.SNAPSHOT


def _made(ctx: Context, body: SyncBody, read: Read) -> Relation:
    """A new table with the source's columns."""
    for column in read.shown.columns:
        if column.lossy is not None:
            ctx.call.notice(Notice("WARNING", f'column "{column.name}": {column.lossy}', "01000"))
    listed = ", ".join(
        f"{quote_ident(column.name)} {format_type(column.type)}{'' if column.nullable else ' NOT NULL'}"
        for column in read.shown.columns
    )
    with without_positions():
        options = TableOptions(partition_by=body.partition_by)
        definition.define(ctx, f"CREATE TABLE {read.target} ({listed})", "CREATE TABLE", options=options)
    return tables.resolve_table(read.target.parts, ctx.session)


def _unmade(ctx: Context, relation: Relation) -> None:
    with without_positions():
        definition.define(ctx, f"DROP TABLE {relation.name}", "DROP TABLE")


def _target(ctx: Context, body: SyncBody, relation: Relation) -> Target:
    return Target(
        tables.location_of(relation),
        relation.name.name,
        ctx.commit,
        Path(ctx.session.tenant.staging),
        _storage(ctx),
        relation.partition_by,
        body.on_schema_change,
    )


def _written(
    target: Target,
    read: Read,
    mode: Mode,
    key: Sequence[str],
    new: bool,
    reader: pa.RecordBatchReader,
    step: Step,
) -> Outcome:
    if mode is Mode.SNAPSHOT:
        return write.replace_rows(target, read.shown, reader, step)
    if mode is Mode.APPEND or (new and mode is Mode.INCREMENTAL):
        return write.append_rows(target, read.shown, reader, step)
    return merging.merge_rows(target, read.shown, key, reader, step)


def _counted(ctx: Context, read: Read, reading: Reading, row: _Row) -> Iterator[pa.RecordBatch]:
    for batch in read.rows(reading):
        ctx.call.check_canceled()
        row.rows_read += batch.num_rows
        row.bytes += batch.nbytes
        ctx.call.bytes += batch.nbytes
        ctx.call.report(f"{row.source}: {row.rows_read} rows read")
        yield batch


def _follow(ctx: Context, target: Target, relation: Relation) -> None:
    """The catalog, and with it the shadow, has the columns that the target has now, and its numbers."""
    tenant = ctx.session.tenant
    known = {column.name: column for column in relation.columns}
    now = tuple(
        replace(known[item.name], type=item.pg, nullable=item.nullable)
        if item.name in known
        else Column(item.name, item.pg, item.nullable)
        for item in fields_in(open_writable(target))
    )
    if now != relation.columns:
        _redefine(tenant, relation.name, now)
        tenant.catch_up()
    tables.refresh(tenant, relation, at_once=True)


def _redefine(tenant: Tenant, name: TableName, columns: tuple[Column, ...]) -> None:
    """Raises SerializationFailure if others change the table's definition all the time."""
    for attempt in range(1, FOLLOW_TRIES + 1):
        snapshot = tenant.catalog.refresh()
        try:
            with tenant.catalog.change() as change:
                found = snapshot.relations[name]
                change.put_relation(replace(found, columns=columns, statistics=None), snapshot.seq)
            return
        except SerializationFailure:
            if attempt == FOLLOW_TRIES:
                raise


def _would(ctx: Context, body: SyncBody, read: Read, found: Relation | None, mode: Mode) -> str:
    """What a DRY RUN tells: nothing is written."""
    if mode in (Mode.INCREMENTAL, Mode.MERGE):
        read.key(body)
    if found is None:
        return "would create the table"
    target = _target(ctx, body, found)
    changes = planned(target, read.shown, open_writable(target)).changes
    return "; ".join(("would write", *changes))


def _storage(ctx: Context) -> Storage:
    return ctx.session.tenant.engine.storage


def _position_text(position: Position | None) -> str | None:
    """For people: the cursor's value where there is one, else the source's snapshot."""
    if position is None:
        return None
    value = position.get("value")
    return str(value if value is not None else position.get("snapshot", dict(position)))


def _shown(row: _Row) -> dict[str, object]:
    return {
        "source": row.source,
        "target": row.target,
        "mode": row.mode,
        "rows_read": row.rows_read,
        "rows_written": row.rows_written,
        "rows_deleted": row.rows_deleted,
        "bytes": row.bytes,
        "from_position": row.from_position,
        "to_position": row.to_position,
        "delta_version": row.delta_version,
        "duration": pa.MonthDayNano([0, 0, int(row.seconds * 1e6) * 1000]),
        "status": row.status,
        "error": None if row.error is None else row.error.message,
    }
