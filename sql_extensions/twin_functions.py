"""The functions of schema `kadali` (and PostgreSQL's two for canceling): signatures, columns, and what each does.

How a query calls them is `twins`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from catalog.errors import InvalidParameterValue, UndefinedFunction
from catalog.shadow.objects import KadaliFunction
from catalog.types import BOOL, BYTEA, TEXT, TIMESTAMPTZ, format_type, storage_type
from engine.base import Field
from engine.delta.maintain import DETAIL, HISTORY
from engine.dialect.scanner import tokenize
from sql_extensions import cancellation, cluster_actions, historic, kept, maintenance, partition_filter, sources
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor, duration
from sql_extensions.maintenance_shapes import OPTIMIZE_COLUMNS, RESTORE_COLUMNS, VACUUM_COLUMNS, VacuumOptions
from sql_extensions.names import Name, parse_name
from sql_extensions.registry import fields_of
from sql_extensions.relations import clusters
from sql_extensions.rewrites.time_spec import SpecKind, TimeSpec, ValueKind

Arguments = Mapping[str, str | None]
"""By argument name, in PostgreSQL's text form; None for NULL and for those not given."""


@dataclass(frozen=True, slots=True)
class Argument:
    """`type` is its SQL type: text, bigint, integer or boolean. Without `optional` it must be given."""

    name: str
    type: str
    optional: bool = True


@dataclass(frozen=True, slots=True)
class TwinFunction:
    """`columns` None: one value of type boolean. `action`: it changes something (rule R7)."""

    schema: str
    name: str
    arguments: tuple[Argument, ...]
    columns: tuple[Field, ...] | None
    run: Callable[[Context, Arguments], pa.Table]
    comment: str
    action: bool = False

    @property
    def fields(self) -> tuple[Field, ...]:
        return self.columns if self.columns is not None else (Field(self.name, BOOL),)


_ENDPOINT = (Field("ticket", BYTEA), Field("location", TEXT), Field("expires_at", TIMESTAMPTZ))
_RELATION = Argument("relation", "text", optional=False)


def _name(given: Arguments) -> Name:
    text = given["relation"]
    if text is None:
        raise InvalidParameterValue("the name of the table must not be null")
    return Name(parse_name(text))


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _history(ctx: Context, given: Arguments) -> pa.Table:
    last = _number(given["last"])
    if last is not None and last < 0:
        raise InvalidParameterValue("the number of commits must not be negative")
    return maintenance.history(ctx, _name(given), last)


def _detail(ctx: Context, given: Arguments) -> pa.Table:
    return maintenance.detail(ctx, _name(given))


def _vacuum(ctx: Context, given: Arguments) -> pa.Table:
    retain = given["retain"]
    options = VacuumOptions(
        retain=None if retain is None else duration(retain),
        dry_run=given["dry_run"] == "true",
        force=given["force"] == "true",
    )
    return maintenance.vacuum_totals(ctx, maintenance.vacuum_targets(ctx, [_name(given)], None), options)


def _optimize(ctx: Context, given: Arguments) -> pa.Table:
    where: tuple[partition_filter.Condition, ...] = ()
    text = given["filter"]
    if text is not None:
        c = Cursor(text, tokenize(text))
        where = partition_filter.parse(c)
        c.end()
    zorder = given["zorder_by"]
    columns = () if zorder is None else tuple(parse_name(part)[0] for part in zorder.split(","))
    return maintenance.optimize(ctx, _name(given), where, columns)


def _restore(ctx: Context, given: Arguments) -> pa.Table:
    name = _name(given)
    relation = maintenance.owned(ctx, name)
    version, as_of = given["version"], given["as_of"]
    if (version is None) == (as_of is None):
        raise InvalidParameterValue("kadali.restore needs either version or as_of")
    kind = SpecKind.VERSION if version is not None else SpecKind.TIMESTAMP
    spec = TimeSpec(name.parts, kind, ValueKind.LITERAL, version or as_of or "")
    dry_run = given["dry_run"] == "true"
    return maintenance.restore(ctx, relation, historic.resolve(ctx, relation, spec), dry_run=dry_run)


def _flight_endpoint(ctx: Context, given: Arguments) -> pa.Table:
    query_id = given["query_id"]
    if query_id is None:
        raise InvalidParameterValue("the id of the query must not be null")
    ticket, location, expires = kept.endpoint(ctx, query_id)
    rows = {"ticket": [ticket], "location": [location], "expires_at": [expires]}
    return pa.table(rows, schema=pa.schema([(one.name, storage_type(one.type)) for one in _ENDPOINT]))


def _truth(name: str, value: bool | None) -> pa.Table:
    return pa.table({name: pa.array([value], pa.bool_())})


def _cancel_query(ctx: Context, given: Arguments) -> pa.Table:
    query_id = given["query_id"]
    return _truth("cancel_query", None if query_id is None else cancellation.cancel_query(ctx, query_id))


def _cancel_backend(ctx: Context, given: Arguments) -> pa.Table:
    pid = _number(given["pid"])
    return _truth("pg_cancel_backend", None if pid is None else cancellation.cancel_backend(ctx, pid))


def _terminate_backend(ctx: Context, given: Arguments) -> pa.Table:
    pid = _number(given["pid"])
    return _truth("pg_terminate_backend", None if pid is None else cancellation.terminate_backend(ctx, pid))


def _cluster(given: Arguments) -> str:
    name = given["name"]
    if name is None:
        raise InvalidParameterValue("the name of the cluster must not be null")
    return name


def _cluster_detail(ctx: Context, given: Arguments) -> pa.Table:
    cluster = cluster_actions.with_right(ctx, _cluster(given), "MONITOR")
    return clusters.detail(ctx.session, cluster)


def _cluster_suspend(ctx: Context, given: Arguments) -> pa.Table:
    cluster_actions.suspend(ctx, _cluster(given), force=given["force"] == "true")
    return _truth("cluster_suspend", value=True)


def _cluster_resume(ctx: Context, given: Arguments) -> pa.Table:
    cluster_actions.resume(ctx, _cluster(given), if_suspended=False)
    return _truth("cluster_resume", value=True)


def _cluster_scale(ctx: Context, given: Arguments) -> pa.Table:
    workers = _number(given["n"])
    if workers is None:
        raise InvalidParameterValue("the number of workers must not be null")
    cluster_actions.scale(ctx, _cluster(given), workers)
    return _truth("cluster_scale", value=True)


def _cluster_restart(ctx: Context, given: Arguments) -> pa.Table:
    cluster_actions.restart(ctx, _cluster(given))
    return _truth("cluster_restart", value=True)


def _cluster_drop(ctx: Context, given: Arguments) -> pa.Table:
    cluster_actions.drop(ctx, [_cluster(given)], force=given["force"] == "true", if_exists=False)
    return _truth("cluster_drop", value=True)


def _connection(given: Arguments) -> str:
    name = given["name"]
    if name is None:
        raise InvalidParameterValue("the name of the connection must not be null")
    return name


def _validate_connection(ctx: Context, given: Arguments) -> pa.Table:
    return sources.checks(ctx, _connection(given))


def _connection_tables(ctx: Context, given: Arguments) -> pa.Table:
    return sources.tables(ctx, _connection(given))


def _has_cluster_privilege(ctx: Context, given: Arguments) -> pa.Table:
    name, privilege = given["name"], given["privilege"]
    if name is None or privilege is None:
        return _truth("has_cluster_privilege", None)
    return _truth("has_cluster_privilege", cluster_actions.has_privilege(ctx, name, privilege, given["role"]))


_NAME = Argument("name", "text", optional=False)
_FORCE = Argument("force", "boolean")


def _action(name: str, more: tuple[Argument, ...], run: Callable[[Context, Arguments], pa.Table]) -> TwinFunction:
    """A function of one value that does what ALTER or DROP CLUSTER does."""
    words = name.removeprefix("cluster_").upper()
    return TwinFunction("kadali", name, (_NAME, *more), None, run, f"As {words} of a cluster", action=True)


_ALL = (
    TwinFunction(
        "kadali", "cluster_detail", (_NAME,), fields_of(clusters.DETAIL), _cluster_detail, "As DESCRIBE CLUSTER"
    ),
    _action("cluster_suspend", (_FORCE,), _cluster_suspend),
    _action("cluster_resume", (), _cluster_resume),
    _action("cluster_scale", (Argument("n", "bigint", optional=False),), _cluster_scale),
    _action("cluster_restart", (), _cluster_restart),
    _action("cluster_drop", (_FORCE,), _cluster_drop),
    TwinFunction(
        "kadali",
        "has_cluster_privilege",
        (_NAME, Argument("privilege", "text", optional=False), Argument("role", "text")),
        None,
        _has_cluster_privilege,
        "Whether you, or a role, may USAGE, OPERATE or MONITOR a cluster",
    ),
    TwinFunction(
        "kadali",
        "validate_connection",
        (_NAME,),
        fields_of(sources.CHECKS),
        _validate_connection,
        "As VALIDATE CONNECTION",
    ),
    TwinFunction(
        "kadali",
        "connection_tables",
        (_NAME,),
        fields_of(sources.TABLES),
        _connection_tables,
        "As SHOW TABLES FROM CONNECTION",
    ),
    TwinFunction(
        "kadali", "table_history", (_RELATION, Argument("last", "bigint")), HISTORY, _history, "As DESCRIBE HISTORY"
    ),
    TwinFunction("kadali", "table_detail", (_RELATION,), DETAIL, _detail, "As DESCRIBE DETAIL"),
    TwinFunction(
        "kadali",
        "vacuum",
        (_RELATION, Argument("retain", "text"), Argument("dry_run", "boolean"), Argument("force", "boolean")),
        fields_of(VACUUM_COLUMNS),
        _vacuum,
        "As VACUUM; a dry run counts what would be deleted",
        action=True,
    ),
    TwinFunction(
        "kadali",
        "optimize",
        (_RELATION, Argument("filter", "text"), Argument("zorder_by", "text")),
        fields_of(OPTIMIZE_COLUMNS),
        _optimize,
        "As OPTIMIZE",
        action=True,
    ),
    TwinFunction(
        "kadali",
        "restore",
        (_RELATION, Argument("version", "bigint"), Argument("as_of", "text"), Argument("dry_run", "boolean")),
        fields_of(RESTORE_COLUMNS),
        _restore,
        "As RESTORE",
        action=True,
    ),
    TwinFunction(
        "kadali",
        "cancel_query",
        (Argument("query_id", "text", optional=False),),
        None,
        _cancel_query,
        "As CANCEL QUERY",
    ),
    TwinFunction(
        "kadali",
        "flight_endpoint",
        (Argument("query_id", "text", optional=False),),
        _ENDPOINT,
        _flight_endpoint,
        "A ticket with which Flight SQL gives the rows of a query of yours once more",
    ),
    TwinFunction(
        "pg_catalog",
        "pg_cancel_backend",
        (Argument("pid", "integer", optional=False),),
        None,
        _cancel_backend,
        "As pg_catalog.pg_cancel_backend",
    ),
    TwinFunction(
        "pg_catalog",
        "pg_terminate_backend",
        (Argument("pid", "integer", optional=False), Argument("timeout", "bigint")),
        None,
        _terminate_backend,
        "As pg_catalog.pg_terminate_backend",
    ),
)
FUNCTIONS: dict[str, TwinFunction] = {function.name: function for function in _ALL}
"""By name; those of schema `kadali`, and pg_cancel_backend, pg_terminate_backend."""


def function(schema: str, name: str) -> TwinFunction:
    """Raises UndefinedFunction (42883)."""
    found = FUNCTIONS.get(name)
    if found is None or found.schema != schema:
        raise UndefinedFunction(f"function {schema}.{name} does not exist")
    return found


def declarations() -> list[KadaliFunction]:
    """The functions of schema `kadali` as PostgreSQL is told of them; also those that stand for its own there."""
    declared = [_declaration(one) for one in _ALL]
    time_travel = KadaliFunction(
        "time_travel",
        "relation text, version bigint DEFAULT NULL, as_of text DEFAULT NULL, tag text DEFAULT NULL",
        "SETOF record",
        "A table as it was: FROM kadali.time_travel('schema.table', version => n)",
    )
    return [*declared, time_travel]


def _declaration(one: TwinFunction) -> KadaliFunction:
    arguments = ", ".join(
        f"{item.name} {item.type}{' DEFAULT NULL' if item.optional else ''}" for item in one.arguments
    )
    if one.columns is None:
        return KadaliFunction(one.name, arguments, "boolean", one.comment)
    columns = ", ".join(f'"{column.name}" {format_type(column.type)}' for column in one.columns)
    return KadaliFunction(one.name, arguments, f"TABLE({columns})", one.comment)
