"""Ordinary queries: described by PostgreSQL, answered by it where no table of ours is read, else by the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import pyarrow as pa
from sqlglot import exp

from catalog.errors import FeatureNotSupported, NumericValueOutOfRange, UndefinedFunction, UndefinedParameter
from catalog.names import TableLocation, TableName
from catalog.shadow.answers import ShadowParam
from catalog.shadow.errors import GuardHit
from catalog.types import PgType
from engine.base import (
    ArrowRows,
    ArrowSource,
    DeltaSource,
    Description,
    Dialect,
    Engine,
    Field,
    Notice,
    Query,
    Result,
    Route,
    RouteReason,
    Source,
    StagedSource,
    TableRead,
    WireRows,
)
from engine.clusters.routing import Need
from engine.dialect.scanner import TokenKind
from sql_extensions import historic, kept, needs, parameters, planner, rows, tables, wrapped
from sql_extensions.compute import add_hint
from sql_extensions.constants import session_constants
from sql_extensions.context import Context
from sql_extensions.plan import Plan, Read
from sql_extensions.references import touches
from sql_extensions.rewrites import time_travel
from sql_extensions.rewrites.time_spec import ValueKind
from sql_extensions.settings import find_calls
from sql_extensions.shadowing import offset_by, without_positions

Overrides = Mapping[TableName, Source]
"""Other rows in the place of tables: what RETURNING reads."""

__all__ = ["Overrides", "Work", "describe", "describe_statement", "prepared", "run", "run_arrow", "without_positions"]


@dataclass(frozen=True, slots=True)
class Work:
    """A query in the words of the engine that its route names; `wide`: with sums in 38 digits, if that differs.

    `size` are the bytes it will read, if somebody wanted to know.
    """

    route: Route
    query: Query
    wide: Query | None = None
    size: int | None = None


def describe(context: Context, param_oids: Sequence[int] = ()) -> Description:
    """Parameter types and columns of `context.statement`, an ordinary query, without running anything."""
    with wrapped.hinted(context.statement.tokens):
        return planner.plan(context, param_oids).description


def describe_statement(context: Context, param_oids: Sequence[int] = ()) -> Description:
    """The same for a statement that PostgreSQL understands as a whole (INSERT, UPDATE, DELETE); checks rights."""
    return planner.describe_whole(context, param_oids)


def run(context: Context) -> Result:
    """Start the query; its rows are still to be read. Raises SqlError."""
    with wrapped.hinted(context.statement.tokens):
        return _run(context)


def _run(context: Context) -> Result:
    _check_params(context)
    if context.call.pinned is not None:
        return _once_more(context, context.call.pinned)
    names = context.session.tenant.names.of(context.session.tenant.catalog.snapshot())
    needs_plan = time_travel.suspected(context.statement.sql) or planner.fixes_time(context)
    if not needs_plan and not touches(context.statement.tokens, names):
        return _forward(context, RouteReason.CATALOG if _has_from(context) else RouteReason.NO_TABLES)
    plan = planner.plan(context, context.call.known_oids)
    if plan.tree is None:
        return _forward(context, RouteReason.NO_TABLES if plan.no_tables else RouteReason.CATALOG)
    context.call.route = Route("embedded", RouteReason.NO_TABLES if plan.no_tables else RouteReason.DELTA_READ)
    return Result("SELECT ", _run_plan(context, plan, {}))


def _once_more(context: Context, pinned: kept.Answered) -> Result:
    """The answer of a query that was answered before, from the same versions."""
    call = context.call
    call.route = call.data_route = pinned.route
    return Result("SELECT ", _started(context, Work(pinned.route, pinned.query, pinned.wide)))


def _has_from(context: Context) -> bool:
    return any(token.word in ("FROM", "TABLE") for token in context.statement.tokens)


def _check_params(context: Context) -> None:
    """Raises UndefinedParameter (42P02) for a $n that was given no value: in a simple query none is."""
    for token in context.statement.tokens:
        if token.kind is TokenKind.PARAM and int(token.text[1:]) > len(context.call.params):
            raise UndefinedParameter(f"there is no parameter {token.text}", position=token.start + 1)


def run_arrow(context: Context, param_oids: Sequence[int], overrides: Overrides) -> ArrowRows:
    """The query's rows as Arrow batches whoever answers it; `overrides` replace the content of tables."""
    plan = planner.plan(context, param_oids)
    if plan.tree is None:
        answer = _forward(context, RouteReason.NO_TABLES, text=True)
        if not isinstance(answer.rows, WireRows):
            raise TypeError("PostgreSQL answers a query with rows")
        return rows.to_arrow(answer.rows)
    return _run_plan(context, plan, overrides)


def prepared(context: Context, param_oids: Sequence[int], also: Need) -> Work:
    """The query for the engine it goes to, not started: for a statement of that engine's to be put around it, which
    needs `also` what it says. What PostgreSQL answers is computed here, and its rows go along.
    """
    plan = planner.plan(context, param_oids)
    if plan.tree is None:
        return _sent_along(context, plan, param_oids, also)
    return _planned(context, plan, _table_reads(context, plan, {}), also)


def _sent_along(context: Context, plan: Plan, param_oids: Sequence[int], also: Need) -> Work:
    """A query whose rows are at hand, in columns c1, c2, ... as every query's."""
    route = context.session.compute.route(context.call, also)
    names = [f"c{number}" for number in range(1, len(plan.fields) + 1)]
    found = rows.at_hand(run_arrow(context, param_oids, {}).reader).rename_columns(names)
    columns = tuple(zip(names, (field.type for field in plan.fields), strict=True))
    read = TableRead("kadali_rows", TableName("kadali", "rows"), columns, ArrowSource(found))
    sql = f"SELECT {', '.join(names)} FROM {read.view}"
    return Work(route, Query(sql, plan.fields, (), (read,), context.session.settings.time_zone))


def param_values(context: Context, description: Description) -> tuple[object, ...]:
    """The bound parameters as engines take them."""
    settings, oids = context.session.settings, description.param_oids
    return tuple(
        parameters.value(param, PgType(oid), settings) for param, oid in zip(context.call.params, oids, strict=False)
    )


def explain(context: Context, verbose: bool) -> tuple[Route, list[str]]:
    """Where the query would go, and (with `verbose`) the engine's own plan, line by line. Starts no cluster."""
    plan = planner.plan(context, context.call.known_oids)
    if plan.tree is None:
        return Route("metadata", RouteReason.NO_TABLES if plan.no_tables else RouteReason.CATALOG), []
    decided = context.session.compute.stays_embedded and not verbose  # no table need be looked at
    if plan.twins or decided:  # what twins read is computed by running them
        return Route("embedded", RouteReason.DELTA_READ), []
    reads = _table_reads(context, plan, {})
    work = _planned(context, plan, reads)
    context.call.data_route = None
    if not verbose:
        return work.route, []
    if work.route.cluster is not None and not context.session.compute.is_up(work.route.cluster):
        return work.route, [f'Cluster "{work.route.cluster}" is not running: its plan is not known.']
    engine = context.session.compute.engine(context.call, work.route)
    return work.route, engine.explain(work.query).splitlines()


def explain_on_shadow(context: Context, prefix: str) -> WireRows:
    """PostgreSQL's own EXPLAIN of the statement; `prefix` is what stands before it."""
    rewritten = planner.rewritten(context)
    with without_positions():
        answer = _shadow_query(context, prefix + rewritten.shadow_sql, ())
    if not isinstance(answer.rows, WireRows):
        raise TypeError("EXPLAIN has rows")
    return answer.rows


def _forward(context: Context, reason: RouteReason, *, text: bool = False) -> Result:
    """PostgreSQL's own answer, in its own bytes."""
    call, session = context.call, context.session
    if call.route is None or call.route.engine != "embedded":
        call.route = Route("metadata", reason)
    statement = context.statement
    set_config = find_calls(statement.sql, statement.tokens, statement.offset)
    sql = statement.sql if set_config is None else set_config.sql
    try:
        with offset_by(statement):
            result = _shadow_query(context, sql, () if text else call.result_binary)
    except GuardHit as hit:
        raise FeatureNotSupported(
            "this query mixes catalog relations and tables in a way that is not supported"
        ) from hit
    if set_config is not None:
        session.settings.follow(set_config)
    return result


def _shadow_query(context: Context, sql: str, binary: Sequence[bool]) -> Result:
    call, shadow = context.call, context.session.shadow
    params = [ShadowParam(param.type_oid, param.data, param.binary) for param in call.params]
    with call.stopping(shadow.cancel):
        answer = shadow.query(sql, params, binary[0] if len(binary) == 1 else binary or False)
    notices = [Notice(item.severity, item.message, item.sqlstate, item.detail, item.hint) for item in answer.notices]
    if answer.columns is None or answer.rows is None:
        return Result(answer.tag, notices=notices)
    fields = tuple(Field(column.name, column.type, column.table_oid, column.attnum) for column in answer.columns)
    return Result("SELECT ", WireRows(fields, tuple(answer.binary), answer.rows), notices)


def _run_plan(context: Context, plan: Plan, overrides: Overrides) -> ArrowRows:
    reads = _table_reads(context, plan, overrides)
    work = _planned(context, plan, reads)
    call = context.call
    if work.route.cluster is not None or work.route.reason is not RouteReason.DELTA_READ:
        call.route = work.route
    context.session.compute.charge(call, work.size)
    if context.statement is call.statement:
        call.answered = kept.answered(context, work.route, work.query, work.wide)
    return _started(context, work)


def _started(context: Context, work: Work) -> ArrowRows:
    call = context.call
    engine = context.session.compute.engine(call, work.route)
    if work.wide is None:
        return context.session.compute.keep_place(call, work.route, _start(context, engine, work.query))
    try:
        return _with_first_batch(_start(context, engine, work.query))
    except NumericValueOutOfRange:
        return _start(context, engine, work.wide)


def _planned(context: Context, plan: Plan, reads: list[TableRead], also: Need | None = None) -> Work:
    """The query for the engine it goes to. Where the session leaves the choice, what one engine refuses the other gets.

    Rows at hand in the gateway, and none of tables, need no cluster.
    """
    compute = context.session.compute
    if also is None and not any(isinstance(read.source, DeltaSource | StagedSource) for read in reads):
        return _embedded(context, plan, reads, Route("embedded", RouteReason.DELTA_READ))

    need = needs.of(context, plan, reads)
    if also is not None:
        need = replace(need, usual=also.usual, only_spark=need.only_spark or also.only_spark)
    route = compute.route(context.call, need)
    try:
        return replace(_for_route(context, plan, reads, route), size=need.bytes)
    except (FeatureNotSupported, UndefinedFunction) as error:
        on_spark = route.cluster is not None
        other = compute.switch(context.call, replace(need, only_embedded=on_spark, only_spark=not on_spark))
        if other is None:
            add_hint(error, route)
            raise
        return replace(_for_route(context, plan, reads, other), size=need.bytes)


def _for_route(context: Context, plan: Plan, reads: list[TableRead], route: Route) -> Work:
    if route.cluster is None:
        return _embedded(context, plan, reads, route)
    return Work(route, _engine_query(context, plan, reads, target=Dialect.SPARK))


def _embedded(context: Context, plan: Plan, reads: list[TableRead], route: Route) -> Work:
    query = _engine_query(context, plan, reads)
    wide = _engine_query(context, plan, reads, wide_decimals=True) if _has_sums(query.sql) else query
    return Work(route, query, None if wide.sql == query.sql else wide)


def _start(context: Context, engine: Engine, query: Query) -> ArrowRows:
    running = engine.start(query)
    context.call.on_cancel(running.cancel)
    context.call.check_canceled()
    return running.result()


def _has_sums(sql: str) -> bool:
    return "sum(" in sql.lower() or "avg(" in sql.lower()


def _with_first_batch(rows: ArrowRows) -> ArrowRows:
    """The same rows, the first of them computed.

    Products under sum and avg are computed in 18 digits, which is quicker; a query in which one overflows starts over
    in 38. Aggregates read all their input before their first row, so nothing has been sent by then.
    """
    first = next(iter(rows.reader), None)
    batches = chain(() if first is None else (first,), rows.reader)
    return ArrowRows(rows.fields, pa.RecordBatchReader.from_batches(rows.reader.schema, batches))


def _table_reads(context: Context, plan: Plan, overrides: Overrides) -> list[TableRead]:
    """What the query reads. Functions of ours that stand in it are run here, once."""
    reads = [_table_read(context, plan, read, overrides) for read in plan.reads]
    reads.extend(twin.materialise(context) for twin in plan.twins)
    return reads


def _engine_query(
    context: Context,
    plan: Plan,
    reads: list[TableRead],
    *,
    wide_decimals: bool = False,
    target: Dialect = Dialect.DUCKDB,
) -> Query:
    columns = {read.view: read.columns for read in reads}
    constants = session_constants(context)
    sql = planner.translated(plan, columns, constants, wide_decimals=wide_decimals, target=target)
    used = param_values(context, plan.description)
    if target is Dialect.DUCKDB:
        sql, used = parameters.used_only(sql, used)
    return Query(sql, plan.fields, used, tuple(reads), context.session.settings.time_zone)


def _table_read(context: Context, plan: Plan, read: Read, overrides: Overrides) -> TableRead:
    relation, transaction = read.relation, context.session.transaction
    columns = planner.columns_of(relation)
    if relation.name in overrides:
        return TableRead(read.view, relation.name, columns, overrides[relation.name])
    spec = None if read.spec is None else plan.rewritten.specs[read.spec]
    location = tables.location_of(relation)
    version = historic.version_of(context, relation, spec)
    if version is not None:
        columns = historic.columns_at(context, relation, spec, version)
        if spec is not None and spec.value is ValueKind.PARAMETER and not spec.current_columns:
            _check_described(plan, planner.columns_of(relation), columns)
        source = DeltaSource(TableLocation(location, version), spec is not None and spec.current_columns)
        return TableRead(read.view, relation.name, columns, source)
    transaction.settle_deferred(relation.name)
    transaction.delta.pin(relation.name, location)
    return TableRead(read.view, relation.name, columns, transaction.delta.source(relation.name))


def _check_described(plan: Plan, described: historic.Columns, columns: historic.Columns) -> None:
    """A version bound as a parameter was described with the present columns: `*` must still mean the same."""
    if plan.tree is None or columns == described:
        return
    if any(not isinstance(star.parent, exp.Func) for star in plan.tree.find_all(exp.Star)):
        raise FeatureNotSupported(
            "cached plan must not change result type",
            hint="The table had other columns in that version: name the columns, or write the version into the text.",
        )
