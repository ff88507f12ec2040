"""Definition statements: PostgreSQL interprets them on the shells, then Delta and the catalog follow.

The order makes a failure harmless: the shadow's transaction is open until everything else is done; the Delta table of a
CREATE exists before the catalog names it; files of a dropped table go after the commit. What the catalog has taken has
happened: a shadow that is lost after that follows. What ROLLBACK must take back is registered with the transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from catalog.errors import FeatureNotSupported, ReadOnlySqlTransaction, SerializationFailure, SqlError
from catalog.model import CatalogSnapshot, Column, Relation, RelationKind, Schema, Statistics
from catalog.names import TableName, always_quote
from catalog.shadow.ddl import Changes, DdlTransaction
from catalog.store import Undo
from catalog.types import NUMERIC, TEXT, UNKNOWN, PgType, element, format_type, numeric
from engine.base import Description, Notice, Result
from engine.delta import maintain, table
from sql_extensions import constraints, dml, query, table_options, tables, views
from sql_extensions.assignment import NewRows
from sql_extensions.context import Context
from sql_extensions.table_options import TableOptions
from sql_extensions.tenant import Tenant

log = logging.getLogger(__name__)

LAKE_NUMERIC = numeric(38, 18)
"""What `numeric` without precision means for a column: Delta's decimals have a scale, and 38 digits at most."""


@dataclass(frozen=True, slots=True)
class _Before:
    """What a statement found: to be put back by ROLLBACK."""

    relations: dict[TableName, Relation]
    schemas: dict[str, Schema]
    renamed: dict[TableName, TableName]
    versions: dict[str, int]
    """Delta version by location, of tables whose log the statement has changed."""


def define(
    ctx: Context, sql: str, tag: str, *, options: TableOptions | None = None, view_query: str | None = None
) -> Result:
    """Run one definition statement. Raises SqlError with PostgreSQL's words; then nothing has changed."""
    _, notices = _define(ctx, sql, options or TableOptions(), view_query)
    return Result(tag, notices=notices)


def describe_query(sql: str, ctx: Context) -> Description:
    """Parameters of the query of a CREATE TABLE AS, which gives no rows itself."""
    return Description(query.describe(dml.nested(ctx, sql)).param_oids, None)


def create_view(ctx: Context, sql: str, view_query: str, columns: Sequence[str]) -> Result:
    """CREATE VIEW: the text kept is the user's, with `*` and a column list made explicit by names."""
    described = query.describe(dml.nested(ctx, view_query)).fields or ()
    names = [field.name for field in described]
    if "*" in view_query or columns:
        shown = [*columns, *names[len(columns) :]]
        listed = ", ".join(
            f"{always_quote(name)} AS {always_quote(new)}" for name, new in zip(names, shown, strict=False)
        )
        view_query = f"SELECT {listed} FROM ({view_query}) AS kadali_view"
    return define(ctx, sql, "CREATE VIEW", view_query=view_query)


@dataclass(frozen=True, slots=True)
class CreateTableAs:
    """`query` is its text; `columns` name the first ones otherwise than the query does."""

    table: tuple[str, ...]
    query: str
    columns: tuple[str, ...]
    if_not_exists: bool
    options: TableOptions
    with_data: bool


def create_table_as(ctx: Context, statement: CreateTableAs) -> Result:
    """CREATE TABLE AS: the table takes the columns PostgreSQL describes, then the rows."""
    inner = dml.nested(ctx, statement.query)
    described = query.describe(inner, ctx.call.known_oids)
    fields = described.fields or ()
    names = [*statement.columns, *(field.name for field in fields[len(statement.columns) :])]
    listed = ", ".join(
        f"{always_quote(name)} {format_type(_stored(field.type))}" for name, field in zip(names, fields, strict=False)
    )
    exists = "IF NOT EXISTS " if statement.if_not_exists else ""
    sql = f"CREATE TABLE {exists}{'.'.join(map(always_quote, statement.table))} ({listed})"
    with query.without_positions():
        changes, notices = _define(ctx, sql, statement.options, None)
    if not changes.created:
        return Result("CREATE TABLE AS", notices=notices)
    if not statement.with_data:
        return Result("CREATE TABLE AS", notices=notices)
    relation = ctx.session.tenant.catalog.snapshot().relations[next(iter(changes.created))]
    count = dml.insert(ctx, relation, NewRows(query=statement.query), described, created=True)
    return Result(f"SELECT {count}", notices=notices)


def _define(ctx: Context, sql: str, options: TableOptions, view_query: str | None) -> tuple[Changes, list[Notice]]:
    session = ctx.session
    if session.settings.transaction_read_only:
        verb = " ".join(ctx.statement.spec.heads[0]) if ctx.statement.spec else "DDL"
        raise ReadOnlySqlTransaction(f"cannot execute {verb} in a read-only transaction")
    tables.refuse_time_travel(session)
    tenant = session.tenant
    tenant.catalog.refresh()  # the statement may name a user made a moment ago
    tenant.catch_up()
    _check_rows(ctx, sql, view_query)
    stored = False
    try:
        with tenant.shadow.ddl(session.principal.user, session.settings.search_path) as ddl:
            _run(ddl, sql, view_query, ctx)
            snapshot = tenant.catalog.snapshot()
            changes = _with_scales(ddl, ddl.changes(), snapshot, ctx)
            views.check_meaning(snapshot, changes.relations, (*changes.dropped, *changes.renamed.values()))
            relations = [_completed(ctx, item, changes, snapshot, options) for item in changes.relations]
            before = _before(changes, snapshot)
            created = [item for item in relations if item.name in changes.created]
            try:
                _create_delta(ctx, created, options)
                _alter_delta(ctx, relations, before)
                seq = _store(ctx, changes, relations, snapshot, before)
            except BaseException:
                _restore_columns(ctx, before)
                _drop_files(tenant, created)
                raise
            stored = True
            ddl.finish(seq, relations, changes.schemas)
    except SqlError as error:
        if not stored:
            raise
        log.warning("the shadow of %s has to be brought up to date: %s", tenant.name, error)
        _bring_up_to_date(tenant)
    _register(ctx, seq, changes, relations, before)
    notices = [Notice(item.severity, item.message, item.sqlstate, item.detail, item.hint) for item in ddl.notices]
    return changes, notices


def _bring_up_to_date(tenant: Tenant) -> None:
    """The shadow fails after the catalog has taken a change: it follows now, or as soon as it can."""
    try:
        tenant.shadow.ensure_running()
        tenant.catch_up()
    except SqlError as error:
        log.warning("the shadow of %s is not up to date yet: %s", tenant.name, error)


def _with_scales(ddl: DdlTransaction, changes: Changes, snapshot: CatalogSnapshot, ctx: Context) -> Changes:
    """New columns of bare numeric become numeric(38,18), which is what Delta can hold and what tools are then shown."""
    altered = False
    for item in changes.relations:
        old = snapshot.relations.get(changes.renamed.get(item.name, item.name))
        known = {column.name for column in old.columns} if old is not None else set()
        for column in item.columns if item.kind is RelationKind.TABLE else ():
            stored = _stored(column.type)
            if stored == column.type or column.name in known:
                continue
            name = always_quote(column.name)
            ddl.run(f"ALTER TABLE {item.name} ALTER COLUMN {name} TYPE {format_type(stored)}")
            ctx.call.notice(Notice("NOTICE", f'column "{column.name}" will hold {format_type(stored)}'))
            altered = True
    return ddl.changes() if altered else changes


def _check_rows(ctx: Context, sql: str, view_query: str | None) -> None:
    """Hold constraints that an ALTER TABLE adds against the rows there are.

    What it adds is known only once PostgreSQL has run it, and then its lock keeps everybody from describing a query on
    the table: so it is run once for the answer and undone before the rows are looked at.
    """
    if view_query is not None or ctx.statement.tokens[0].word != "ALTER":
        return
    session = ctx.session
    with session.tenant.shadow.ddl(session.principal.user, session.settings.search_path) as ddl:
        _run(ddl, sql, None, ctx)
        changes = ddl.changes()
    snapshot = session.tenant.catalog.snapshot()
    for item in changes.relations:
        old = snapshot.relations.get(changes.renamed.get(item.name, item.name))
        if old is not None:
            constraints.check_existing(ctx, old, item)


def _run(ddl: DdlTransaction, sql: str, view_query: str | None, ctx: Context) -> None:
    try:
        ddl.run(sql, view_query=view_query)
    except SqlError as error:
        if error.position is not None:
            error.position += ctx.statement.offset
        raise


def _completed(
    ctx: Context, item: Relation, changes: Changes, snapshot: CatalogSnapshot, options: TableOptions
) -> Relation:
    """A relation as PostgreSQL sees it, with what only the catalog knows: location, partitions, statistics, text."""
    old = snapshot.relations.get(changes.renamed.get(item.name, item.name))
    transaction = ctx.session.transaction
    if item.name in changes.created:
        if item.kind is RelationKind.VIEW:
            return item
        table.check_columns(item.columns, options.partition_by)
        table_options.check(options, item)
        location = ctx.session.tenant.catalog.new_location()
        pending = transaction.name() if transaction.in_block else None
        return replace(
            item,
            location=location,
            partition_by=options.partition_by,
            pending=pending,
            statistics=Statistics(0, 0, 0, 0),
        )
    if old is None:
        raise FeatureNotSupported(f'relation "{item.name.name}" cannot be changed')
    text = (item.query, item.search_path) if item.query is not None else (old.query, old.search_path)
    return replace(
        item,
        location=old.location,
        partition_by=old.partition_by,
        statistics=old.statistics,
        pending=old.pending,
        query=text[0],
        search_path=text[1],
    )


def _before(changes: Changes, snapshot: CatalogSnapshot) -> _Before:
    touched = {changes.renamed.get(item.name, item.name) for item in changes.relations} | set(changes.dropped)
    schemas = {changes.renamed_schemas.get(item.name, item.name) for item in changes.schemas}
    schemas |= set(changes.dropped_schemas) | set(changes.renamed_schemas.values())
    return _Before(
        {name: snapshot.relations[name] for name in touched if name in snapshot.relations},
        {name: snapshot.schemas[name] for name in schemas if name in snapshot.schemas},
        dict(changes.renamed),
        {},
    )


def _create_delta(ctx: Context, created: Iterable[Relation], options: TableOptions) -> None:
    created = list(created)
    cluster = table_options.cluster_for(ctx, options, created)
    storage, properties = ctx.session.tenant.engine.storage, options.ours
    for item in created:
        if item.location is not None:
            ctx.session.tenant.catalog.reserve(item.location)
            table.create(item.location, item.columns, item.partition_by, properties, commit=ctx.commit, storage=storage)
            if cluster is not None:
                table_options.apply(ctx, cluster, item, options)


def _alter_delta(ctx: Context, relations: Iterable[Relation], before: _Before) -> None:
    """Columns added to Delta tables, and those of a wider type."""
    old_by_location = {item.location: item for item in before.relations.values() if item.location}
    for item in relations:
        if item.location is None or (old := old_by_location.get(item.location)) is None:
            continue
        added = _added_columns(old, item)
        table_options.widen(ctx, old, item)
        for column in added:
            storage = ctx.session.tenant.engine.storage
            version = table.add_column(item.location, column, commit=ctx.commit, storage=storage)
            if version is None:
                continue
            before.versions.setdefault(item.location, version - 1)
            ctx.session.transaction.altered.setdefault(item.location, set()).add(version)


def _restore_columns(ctx: Context, before: _Before) -> set[str]:
    """Take added columns out of Delta again; the locations of tables where they stay, since others have written there.

    Raises no SqlError: there is one to tell already, or a ROLLBACK that must go on.
    """
    snapshots = ctx.session.tenant.engine.snapshots
    stay = set()
    for location, version in before.versions.items():
        ours = ctx.session.transaction.altered[location]
        try:
            latest = snapshots.latest_version(location)
            if not ours.issuperset(range(version + 1, latest + 1)):
                raise SerializationFailure("others have written to the table since")
            ours.add(maintain.restore(location, version, "", snapshots, commit=ctx.commit, expected=latest).version)
        except SqlError as error:
            log.warning("columns added to the table at %s stay: %s", location, error)
            stay.add(location)
    return stay


def _drop_files(tenant: Tenant, created: Iterable[Relation]) -> None:
    tenant.drop_files([item.location for item in created if item.location is not None])


def _added_columns(old: Relation, new: Relation) -> list[Column]:
    if list(map(_fixed, new.columns[: len(old.columns)])) != list(map(_fixed, old.columns)):
        raise FeatureNotSupported("dropping and renaming columns is not supported")
    added = list(new.columns[len(old.columns) :])
    has_rows = old.statistics is None or old.statistics.rows > 0
    for column in added:
        if column.identity is not None:
            raise FeatureNotSupported(
                "identity columns cannot be added to a table", hint="Make the table with the column."
            )
        if has_rows and (column.default is not None or column.generated is not None or not column.nullable):
            raise FeatureNotSupported(
                f'column "{column.name}" with a default or NOT NULL cannot be added to a table that has rows'
                if column.generated is None
                else f'generated column "{column.name}" cannot be added to a table that has rows',
                hint="Add the column, UPDATE it, then ALTER COLUMN ... SET DEFAULT or SET NOT NULL.",
            )
    return added


def _fixed(column: Column) -> tuple[object, ...]:
    """What no ALTER TABLE changes of a column."""
    return column.name, column.identity, column.generated


def _store(
    ctx: Context, changes: Changes, relations: Sequence[Relation], snapshot: CatalogSnapshot, before: _Before
) -> int:
    with ctx.session.tenant.catalog.change() as change:
        change.note_undo(ctx.session.transaction.name(), _undo_of(changes, before))
        for new, old in changes.renamed_schemas.items():
            change.rename_schema(old, new)
        for schema in changes.schemas:
            if schema.name in changes.created_schemas:
                change.create_schema(schema)
            else:
                change.put_schema(schema)
        for name in changes.dropped:
            change.drop_relation(name, snapshot.seq)
        moved_schemas = set(changes.renamed_schemas)
        for new_name, old_name in changes.renamed.items():
            if new_name.schema not in moved_schemas or new_name.name != old_name.name:
                change.rename_relation(old_name, new_name)
        for item in relations:
            if item.name in changes.created:
                change.create_relation(item)
            else:
                checked = None if item.name in changes.renamed else snapshot.seq  # a rename is a change of its own
                change.put_relation(replace(item, statistics=None), checked)
        for dropped in changes.dropped_schemas:
            change.drop_schema(dropped)
        if changes.default_acls is not None:
            change.put_default_acls(changes.default_acls)
    return change.seq


def _undo_of(changes: Changes, before: _Before) -> Undo:
    """What the catalog has to put back: at ROLLBACK, or at the start after a crash, when a column stays in Delta."""
    return Undo(
        created=tuple(sorted(changes.created)),
        created_schemas=tuple(sorted(changes.created_schemas)),
        relations=tuple(before.relations.values()),
        dropped=frozenset(changes.dropped),
        schemas=tuple(before.schemas.values()),
        dropped_schemas=frozenset(changes.dropped_schemas),
        renamed=before.renamed,
        renamed_schemas=changes.renamed_schemas,
    )


def _register(ctx: Context, seq: int, changes: Changes, relations: Sequence[Relation], before: _Before) -> None:
    """What COMMIT still has to do, and how ROLLBACK takes the statement back."""
    transaction, tenant = ctx.session.transaction, ctx.session.tenant
    name = transaction.name()
    transaction.after_commit(lambda: tenant.settle(name))
    transaction.undo_with(lambda: _undo(ctx, name, seq, relations, changes, before))


def _undo(ctx: Context, name: str, seq: int, relations: Sequence[Relation], changes: Changes, before: _Before) -> None:
    """Put back what the statement found; the shadow follows. `relations` are what it made of it."""
    tenant = ctx.session.tenant
    created = [item for item in relations if item.name in changes.created]
    stay = _restore_columns(ctx, before)
    columns = {item.location: item.columns for item in relations if item.location and item.location in stay}
    found = tuple(
        item
        if item.name in changes.dropped
        else replace(item, statistics=None, columns=columns.get(item.location or "", item.columns))
        for item in before.relations.values()
    )
    with tenant.catalog.change() as change:
        change.undo(replace(_undo_of(changes, before), relations=found))
        change.forget_undo(name, seq)
        change.note_removals([item.location for item in created if item.location is not None])
    tenant.catch_up()
    _drop_files(tenant, created)


def _stored(pg: PgType) -> PgType:
    """The type a column gets: text for an untyped literal, a scale for numeric without one."""
    if pg.oid == UNKNOWN.oid:
        return TEXT
    if pg.typmod < 0 and (element(pg) or pg).oid == NUMERIC.oid:
        return PgType(pg.oid, LAKE_NUMERIC.typmod)
    return pg
