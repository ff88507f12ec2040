"""What the statements VACUUM, OPTIMIZE, RESTORE, HISTORY and DETAIL do, shared with their function twins.

The work on the Delta log is `engine.delta.maintain`; here are names, rights, limits, the catalog, and columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pyarrow as pa

from catalog.errors import (
    FeatureNotSupported,
    InsufficientPrivilege,
    InvalidParameterValue,
    ObjectNotInPrerequisiteState,
    SqlError,
)
from catalog.model import Column, Relation, RelationKind
from catalog.names import TableLocation
from engine.base import ArrowRows, Notice, Result
from engine.delta import maintain
from engine.delta.log import commits
from engine.delta.snapshot import columns_of
from engine.storage.storage import Storage
from sql_extensions import cluster_maintenance, native, partition_filter, tables
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.maintenance_shapes import (
    OPTIMIZE_COLUMNS,
    RESTORE_COLUMNS,
    RESTORE_NAMES,
    UNCOMMITTED_KEPT,
    VACUUM_COLUMNS,
    VACUUM_FILES,
    VacuumOptions,
)
from sql_extensions.names import Name
from sql_extensions.partition_filter import Condition
from sql_extensions.registry import fields_of


@dataclass(frozen=True, slots=True)
class VacuumTarget:
    """A Delta table to vacuum; `relation` None: not in the catalog, given by its path."""

    shown: str
    uri: str
    relation: Relation | None


def take_wait(c: Cursor) -> None:
    """[ WAIT ]: the default. Raises FeatureNotSupported for NOWAIT and a limited wait: there are no jobs."""
    position = c.here()
    if c.take("NOWAIT"):
        raise FeatureNotSupported("NOWAIT is not supported: the statement is done when it returns", position=position)
    if c.take("WAIT") and not c.at_end():
        raise FeatureNotSupported("WAIT with a time limit is not supported", position=position)


def rows_result(tag: str, rows: pa.Table) -> Result:
    """An answer whose rows are at hand."""
    return Result(tag, ArrowRows(fields_of(rows.schema), rows.to_reader()))


def vacuum_targets(ctx: Context, names: Sequence[Name], path: str | None) -> list[VacuumTarget]:
    """The tables named, or with the path, or all of the database that the user owns (the others with a WARNING)."""
    session = ctx.session
    tables.refuse_time_travel(session)
    relations = session.tenant.catalog.snapshot().relations.values()
    if path is not None:
        return [_by_path(ctx, path, list(relations))]
    if not names:
        mine = [relation for relation in relations if relation.kind is RelationKind.TABLE and not relation.pending]
        for relation in sorted(mine, key=lambda relation: relation.name):
            if not tables.owns(relation, session):
                text = f'permission denied to vacuum "{relation.name.name}", skipping it'
                ctx.call.notice(Notice("WARNING", text, "42501"))
        mine = [relation for relation in mine if tables.owns(relation, session)]
        return [_target(relation) for relation in sorted(mine, key=lambda relation: relation.name)]
    found = [tables.resolve_table(name.parts, session, name.position) for name in names]
    for relation in found:
        tables.require_owner(relation, session)
    return [_target(relation) for relation in found]


def vacuum(ctx: Context, targets: Sequence[VacuumTarget], options: VacuumOptions) -> pa.Table:
    """Run it, table after table: VACUUM_COLUMNS, or VACUUM_FILES for a dry run."""
    rows: list[dict[str, object]] = []
    for target in targets:
        done = _vacuum_one(ctx, target, options)
        if options.dry_run:
            rows += [{"table": target.shown, "path": path, "bytes": size} for path, size in done.files]
        else:
            rows.append(_totals(target, done))
    return pa.Table.from_pylist(rows, VACUUM_FILES if options.dry_run else VACUUM_COLUMNS)


def vacuum_totals(ctx: Context, targets: Sequence[VacuumTarget], options: VacuumOptions) -> pa.Table:
    """As `vacuum`, but a dry run has VACUUM_COLUMNS too: how many files it would delete."""
    rows = [_totals(target, _vacuum_one(ctx, target, options)) for target in targets]
    return pa.Table.from_pylist(rows, VACUUM_COLUMNS)


def _vacuum_one(ctx: Context, target: VacuumTarget, options: VacuumOptions) -> maintain.VacuumResult:
    if options.full and options.lite:
        raise InvalidParameterValue("FULL and LITE exclude each other")
    ctx.call.check_canceled()
    if options.lite and (known := commits(target.uri, None, _storage(ctx))) and known[-1].version > 0:
        raise ObjectNotInPrerequisiteState(
            f"the log of {target.shown} has been shortened: it does not name all files", hint="Use FULL."
        )
    relation = target.relation
    work = None if relation is None or options.dry_run else native.work_on(ctx, relation)
    if relation is not None and work is not None:
        return cluster_maintenance.vacuum(ctx, work, relation, options.retain, lite=options.lite, force=options.force)
    done = _delete_files(ctx, target.uri, options)
    if target.relation is not None and not options.dry_run:
        tables.refresh(ctx.session.tenant, target.relation, at_once=True)
    return done


def _delete_files(ctx: Context, uri: str, options: VacuumOptions) -> maintain.VacuumResult:
    """One pass, or two for a short retention: what no commit names is not deleted before UNCOMMITTED_KEPT."""

    def sweep(retain: timedelta | None, *, full: bool, dry_run: bool) -> maintain.VacuumResult:
        return maintain.vacuum(
            uri,
            commit=ctx.commit,
            retain=retain,
            dry_run=dry_run,
            force=options.force,
            full=full,
            storage=_storage(ctx),
        )

    wanted = options.retain
    if wanted is None:
        wanted = maintain.retention(ctx.session.tenant.engine.snapshots.latest(uri).configuration)
    if options.lite or wanted >= UNCOMMITTED_KEPT:
        return sweep(options.retain, full=not options.lite, dry_run=options.dry_run)
    done = sweep(options.retain, full=False, dry_run=options.dry_run)
    others = sweep(UNCOMMITTED_KEPT, full=True, dry_run=True)
    if others.files and not options.dry_run:
        others = sweep(UNCOMMITTED_KEPT, full=True, dry_run=False)
    files = dict(done.files) | dict(others.files)
    return replace(others, files=tuple(sorted(files.items())), bytes=sum(files.values()))


def _totals(target: VacuumTarget, done: maintain.VacuumResult) -> dict[str, object]:
    return {
        "table": target.shown,
        "files_deleted": len(done.files) + done.unnamed,
        "bytes": done.bytes,
        "retain_from_version": done.oldest_version,
        "oldest_time_travel_left": done.oldest_time,
    }


def optimize(ctx: Context, name: Name, where: tuple[Condition, ...], zorder_by: Sequence[str]) -> pa.Table:
    """Rewrite small files: one row of OPTIMIZE_COLUMNS."""
    relation = _owned(ctx, name)
    filters = partition_filter.resolve(where, relation, ctx.session)
    work = native.work_on(ctx, relation)
    if work is not None:
        on_cluster = cluster_maintenance.optimize(ctx, work, relation, filters, zorder_by)
        return pa.Table.from_pylist([dict(on_cluster)], OPTIMIZE_COLUMNS)
    done = maintain.optimize(
        tables.location_of(relation),
        commit=ctx.commit,
        where=filters,
        zorder_by=zorder_by,
        storage=_storage(ctx),
    )
    tables.refresh(ctx.session.tenant, relation, at_once=True)
    row = {
        "table": str(relation.name),
        "files_added": done.files_added,
        "files_removed": done.files_removed,
        "bytes_added": done.bytes_added,
        "bytes_removed": done.bytes_removed,
        "delta_version": done.version,
    }
    return pa.Table.from_pylist([row], OPTIMIZE_COLUMNS)


def restore(ctx: Context, relation: Relation, version: int, *, dry_run: bool) -> pa.Table:
    """Make an earlier version current again: one row of RESTORE_COLUMNS. `relation` is one that `owned` gave."""
    tenant = ctx.session.tenant
    uri = tables.location_of(relation)
    work = None if dry_run else native.work_on(ctx, relation)
    if work is not None:
        figures = cluster_maintenance.restore(ctx, work, relation, version)
        _take_over_columns(ctx, relation)
        return figures.select(RESTORE_NAMES).cast(RESTORE_COLUMNS)
    snapshots = tenant.engine.snapshots
    done = maintain.restore(uri, version, str(relation.name), snapshots, commit=ctx.commit, dry_run=dry_run)
    if not dry_run:
        _take_over_columns(ctx, relation)
        tables.refresh(tenant, relation, at_once=True)
    return pa.Table.from_pylist([{name: getattr(done, name) for name in RESTORE_NAMES}], RESTORE_COLUMNS)


def history(ctx: Context, name: Name, limit: int | None) -> pa.Table:
    """The table's commits, newest first, in the shape of maintain.HISTORY."""
    return maintain.history(tables.location_of(_readable(ctx, name)), limit, _storage(ctx))


def detail(ctx: Context, name: Name) -> pa.Table:
    """One row in the shape of maintain.DETAIL."""
    relation = _readable(ctx, name)
    shown = f"{ctx.session.tenant.name}.{relation.name}"
    return maintain.detail(tables.location_of(relation), shown, _storage(ctx))


def _storage(ctx: Context) -> Storage:
    return ctx.session.tenant.engine.storage


def owned(ctx: Context, name: Name) -> Relation:
    """The table of that name, which the user may change (42501 otherwise) and the session's time allows (25006)."""
    return _owned(ctx, name)


def _owned(ctx: Context, name: Name) -> Relation:
    tables.refuse_time_travel(ctx.session)
    relation = tables.resolve_table(name.parts, ctx.session, name.position)
    tables.require_owner(relation, ctx.session)
    return relation


def _readable(ctx: Context, name: Name) -> Relation:
    relation = tables.resolve_table(name.parts, ctx.session, name.position)
    tables.require_privilege(relation, "SELECT", ctx.session)
    return relation


def _target(relation: Relation) -> VacuumTarget:
    return VacuumTarget(str(relation.name), tables.location_of(relation), relation)


def _by_path(ctx: Context, path: str, relations: Sequence[Relation]) -> VacuumTarget:
    """A table by its place: one of the catalog for its owner, any below the tenant's folder for administrators."""
    session = ctx.session
    uri = path.rstrip("/")
    known = next((r for r in relations if r.location is not None and r.location.rstrip("/") == uri), None)
    if known is not None and tables.owns(known, session):
        return VacuumTarget(path, uri, known)
    inside = uri.startswith(session.tenant.catalog.root.rstrip("/") + "/") and ".." not in uri.split("/")
    if not session.principal.admin or not inside:
        raise InsufficientPrivilege(f'permission denied to vacuum "{path}"')
    return VacuumTarget(path, uri, None)


def _take_over_columns(ctx: Context, relation: Relation) -> None:
    """After RESTORE the table has the columns of the version restored: so does the catalog."""
    tenant = ctx.session.tenant
    snapshot = tenant.engine.snapshots.at(TableLocation(tables.location_of(relation)))
    now = columns_of(snapshot)
    if now == tuple((column.name, column.type) for column in relation.columns):
        return
    known = {column.name: column for column in relation.columns}
    nullable = {field.name: field.nullable for field in snapshot.fields}
    columns = tuple(
        replace(known[name], type=pg) if name in known else Column(name, pg, nullable[name]) for name, pg in now
    )
    try:
        with tenant.catalog.change() as change:
            change.put_relation(replace(relation, columns=columns))
        tenant.catch_up()
    except SqlError as error:
        error.hint = "The table itself has been restored. Run RESTORE again to bring the catalog in line."
        raise
