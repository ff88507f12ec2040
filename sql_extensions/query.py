"""Ordinary queries: described by PostgreSQL, answered by it where no table of ours is read, else by the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog.errors import FeatureNotSupported
from catalog.names import TableLocation, TableName
from catalog.shadow import GuardHit
from catalog.types import PgType
from engine.base import (
    ArrowRows,
    ArrowSource,
    DeltaSource,
    Description,
    Field,
    Param,
    Query,
    Result,
    Route,
    RouteReason,
    Source,
    TableRead,
    WireRows,
)
from engine.values import python_value
from sql_extensions import historic, planner, rows
from sql_extensions.constants import session_constants
from sql_extensions.context import Context
from sql_extensions.plan import Plan, Read
from sql_extensions.references import touches
from sql_extensions.shadowing import describe_on_shadow, positions, without_positions

Overrides = Mapping[TableName, Source]
"""Other rows in the place of tables: what RETURNING reads."""

__all__ = ["Overrides", "describe", "describe_statement", "run", "run_arrow", "without_positions"]


def describe(context: Context, param_oids: Sequence[int] = ()) -> Description:
    """Parameter types and columns of `context.statement`, an ordinary query, without running anything."""
    return planner.plan(context, param_oids).description


def describe_statement(context: Context, param_oids: Sequence[int] = ()) -> Description:
    """The same for a statement that PostgreSQL understands as a whole (INSERT, UPDATE, DELETE): names, types, rights."""
    return planner.describe_whole(context, param_oids)


def run(context: Context) -> Result:
    """Start the query; its rows are still to be read. Raises SqlError."""
    names = context.session.tenant.names.of(context.session.tenant.catalog.snapshot())
    if not touches(context.statement.tokens, names):
        return _forward(context, RouteReason.CATALOG)
    plan = planner.plan(context, [param.type_oid for param in context.call.params])
    if plan.tree is None:
        return _forward(context, RouteReason.NO_TABLES if plan.no_tables else RouteReason.CATALOG)
    context.call.route = Route("embedded", RouteReason.DELTA_READ)
    return Result("SELECT ", _run_plan(context, plan, {}))


def run_arrow(context: Context, param_oids: Sequence[int], overrides: Overrides) -> ArrowRows:
    """The query's rows as Arrow batches whoever answers it; `overrides` replace the content of tables."""
    plan = planner.plan(context, param_oids)
    if plan.tree is None:
        answer = _forward(context, RouteReason.NO_TABLES, text=True)
        if not isinstance(answer.rows, WireRows):
            raise TypeError("PostgreSQL answers a query with rows")
        return rows.to_arrow(answer.rows)
    return _run_plan(context, plan, overrides)


def _forward(context: Context, reason: RouteReason, *, text: bool = False) -> Result:
    """PostgreSQL's own answer, in its own bytes."""
    call, session = context.call, context.session
    if call.route is None or call.route.engine != "embedded":
        call.route = Route("metadata", reason)
    params = [(param.type_oid, param.data, param.binary) for param in call.params]
    binary = () if text else call.result_binary
    call.on_cancel(session.shadow.cancel)
    try:
        with positions_of(context):
            answer = session.shadow.query(context.statement.sql, params, binary)
    except GuardHit as hit:
        raise FeatureNotSupported("this query mixes catalog relations and tables in a way that is not supported") from hit
    finally:
        call.off_cancel(session.shadow.cancel)
    if session.settings.may_have_changed(context.statement.tokens):
        session.settings.resync()
    fields = tuple(Field(column.name, column.type, column.table_oid, column.attnum) for column in answer.columns)
    return Result("SELECT ", WireRows(fields, tuple(answer.binary), answer), list(answer.notices))


def _run_plan(context: Context, plan: Plan, overrides: Overrides) -> ArrowRows:
    call, session = context.call, context.session
    reads = [_table_read(context, read, overrides) for read in plan.reads]
    reads.extend(twin.materialise(context) for twin in plan.twins)
    columns = {read.view: read.columns for read in reads}
    sql = planner.translated(plan, columns, session_constants(context))
    params = tuple(_value(param, oid) for param, oid in zip(call.params, plan.description.param_oids, strict=False))
    query = Query(sql, plan.fields, params, tuple(reads), session.settings.time_zone)
    running = session.tenant.engine.start(query)
    call.on_cancel(running.cancel)
    call.check_canceled()
    return running.result()


def _value(param: Param, oid: int) -> object:
    return python_value(param, PgType(oid))


def _table_read(context: Context, read: Read, overrides: Overrides) -> TableRead:
    relation, delta = read.relation, context.session.transaction.delta
    columns = planner.columns_of(relation)
    if relation.name in overrides:
        source = overrides[relation.name]
        if isinstance(source, ArrowSource):
            return TableRead(read.view, relation.name, columns, source)
    version = historic.version_of(context, read)
    if relation.location is None:
        raise TypeError("a table has a location")
    if version is not None:
        columns = historic.columns_at(context, read, version)
        return TableRead(read.view, relation.name, columns, DeltaSource(TableLocation(relation.location, version)))
    context.session.transaction.settle_deferred(relation.name)
    delta.pin(relation.name, relation.location)
    return TableRead(read.view, relation.name, columns, delta.source(relation.name))
