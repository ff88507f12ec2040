"""What CREATE TABLE says of a table's storage: partitions, clustering, properties. Some of it only Spark can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from sqlglot import exp

from catalog.errors import (
    ActiveSqlTransaction,
    FeatureNotSupported,
    InvalidParameterValue,
    InvalidTableDefinition,
    SqlSyntaxError,
    UndefinedColumn,
)
from catalog.model import Relation
from catalog.types import DATE, FLOAT4, FLOAT8, INT2, INT4, INT8, NUMERIC, TIMESTAMP, PgType, format_type, storage_type
from engine import dialect
from engine.base import RouteReason
from engine.clusters.routing import Need
from engine.delta.features import check_properties
from engine.delta.schema import delta_of
from engine.delta.table import set_properties
from engine.spark.literals import quote_name, string_literal
from sql_extensions import constraints, native, tables
from sql_extensions.compute import USE_CLUSTER_HINT
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

_WIDER = {
    INT2.oid: (INT4.oid, INT8.oid, FLOAT8.oid),
    INT4.oid: (INT8.oid, FLOAT8.oid),
    FLOAT4.oid: (FLOAT8.oid,),
    DATE.oid: (TIMESTAMP.oid,),
}
_INTEGER_DIGITS = {INT2.oid: 10, INT4.oid: 10, INT8.oid: 20}
"""Of a numeric that Delta takes in their place."""
_SPARK_NAMES = {"long": "BIGINT", "integer": "INT"}
SYNTAX = (
    "[ USING DELTA ] [ PARTITIONED BY ( column [, ...] ) | CLUSTER BY ( column [, ...] ) ]\n"
    '    [ { WITH | TBLPROPERTIES } ( "delta.property" = value [, ...] ) ]'
)


@dataclass(frozen=True, slots=True)
class TableOptions:
    """As written."""

    partition_by: tuple[str, ...] = ()
    cluster_by: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def ours(self) -> dict[str, str]:
        """The properties that this gateway can set. Raises InvalidParameterValue for those nobody knows."""
        return {key: value for key, value in self.properties.items() if not _needs_spark(key, value)}

    @property
    def sparks(self) -> dict[str, str]:
        return {key: value for key, value in self.properties.items() if _needs_spark(key, value)}


@dataclass(frozen=True, slots=True)
class StorageChange:
    """ALTER TABLE ... CLUSTER BY (empty: NONE), or SET: as written."""

    table: tuple[str, ...]
    position: int | None
    cluster_by: tuple[str, ...] | None = None
    properties: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def parse(c: Cursor) -> TableOptions:
    """All options, in any order, each once."""
    given: dict[str, tuple[str, ...]] = {}
    properties: dict[str, str] = {}
    c.take("USING", "DELTA")
    while True:
        position = c.here()
        word = next((word for word in ("PARTITIONED", "CLUSTER") if c.at(word, "BY")), None)
        if word is not None:
            c.take(word, "BY")
            if word in given:
                raise SqlSyntaxError(f"{word} BY is given twice", position=position)
            given[word] = c.in_parentheses(lambda: c.comma_list(c.name))
        elif c.at("WITH", "(") or c.at("TBLPROPERTIES", "("):
            c.next()
            for key, value in c.in_parentheses(lambda: c.comma_list(lambda: _property(c))):
                if key in properties:
                    raise SqlSyntaxError(f'parameter "{key}" specified more than once', position=position)
                properties[key] = value
        else:
            return TableOptions(given.get("PARTITIONED", ()), given.get("CLUSTER", ()), properties)


def parse_change(c: Cursor, table: tuple[str, ...], position: int | None) -> StorageChange | None:
    """What follows the table's name, if it is about its storage."""
    if c.take("CLUSTER", "BY"):
        names = () if c.take("NONE") else c.in_parentheses(lambda: c.comma_list(c.name))
        return StorageChange(table, position, names)
    if c.take("SET", "TBLPROPERTIES") or c.at("SET", "("):
        c.take("SET")
        given = c.in_parentheses(lambda: c.comma_list(lambda: _property(c)))
        return StorageChange(table, position, None, dict(given))
    return None


def change(ctx: Context, wanted: StorageChange) -> None:
    """Carry it out: properties here where that is possible, all else on the session's cluster. Raises SqlError."""
    relation = tables.resolve_table(wanted.table, ctx.session, wanted.position)
    tables.require_owner(relation, ctx.session)
    for name in wanted.cluster_by or ():
        if name not in {column.name for column in relation.columns}:
            raise UndefinedColumn(f'column "{name}" named in clustering key does not exist')
    options = TableOptions((), wanted.cluster_by or (), wanted.properties)
    uri, ours = tables.location_of(relation), options.ours
    if not native.stands_alone(ctx):
        raise ActiveSqlTransaction("ALTER TABLE ... CLUSTER BY and SET cannot run inside a transaction block")
    if wanted.cluster_by is None and not options.sparks:
        set_properties(uri, ours, commit=ctx.commit, storage=ctx.session.tenant.engine.storage)
    else:
        what = "CLUSTER BY" if wanted.cluster_by is not None else f'table property "{next(iter(options.sparks))}"'
        cluster = needed(ctx, what)
        if wanted.cluster_by is not None:
            key = f"({', '.join(map(quote_name, wanted.cluster_by))})" if wanted.cluster_by else "NONE"
            native.command(ctx, cluster, f"ALTER TABLE {native.target(relation)} CLUSTER BY {key}")
        else:
            _set_properties(ctx, cluster, relation, wanted.properties)
    with suppress(FeatureNotSupported):  # of a table that only Spark reads
        tables.refresh(ctx.session.tenant, relation, at_once=True)


def widen(ctx: Context, old: Relation, new: Relation) -> None:
    """Give columns the wider types that they have in `new`. Raises FeatureNotSupported for other changes of types."""
    changed = [(was, column) for was, column in zip(old.columns, new.columns, strict=False) if was.type != column.type]
    if not changed:
        return
    for was, column in changed:
        if not _is_wider(was.type, column.type) or column.name in old.partition_by or column.identity is not None:
            raise FeatureNotSupported(
                f'column "{column.name}" cannot be changed from {format_type(was.type)} to {format_type(column.type)}',
                hint="Types can become wider only: from integer to bigint, for instance.",
            )
    if not native.stands_alone(ctx):
        raise ActiveSqlTransaction("ALTER TABLE ... TYPE cannot run inside a transaction block")
    cluster = needed(ctx, "changing a column's type")
    properties = {"delta.enableTypeWidening": "true"}
    if any(column.type.oid == TIMESTAMP.oid for _, column in changed):
        properties["delta.feature.timestampNtz"] = "supported"
    _set_properties(ctx, cluster, old, properties)
    for _, column in changed:
        to = f"{quote_name(column.name)} TYPE {_spark_type(column.type)}"
        native.command(ctx, cluster, f"ALTER TABLE {native.target(old)} ALTER COLUMN {to}")


def needed(ctx: Context, what: str) -> str:
    """The cluster of a statement that only Spark can carry out. Raises FeatureNotSupported."""
    where = ctx.session.compute.route(ctx.call, Need(RouteReason.DELTA_WRITE, only_spark=True))
    if where.cluster is None:
        raise FeatureNotSupported(f"{what} is not supported by the embedded engine", hint=USE_CLUSTER_HINT)
    ctx.call.route = where
    return where.cluster


def check(options: TableOptions, relation: Relation) -> None:
    """Raises what is wrong with the options for these columns."""
    if options.cluster_by and options.partition_by:
        raise InvalidTableDefinition("a table is either partitioned or clustered, not both")
    names = {column.name for column in relation.columns}
    identity = {column.name for column in relation.columns if column.identity is not None}
    for name, condition in constraints.checks_of(relation):
        if identity & _named(condition):
            raise FeatureNotSupported(f'constraint "{name}" on an identity column is not supported')
    for column in relation.columns:
        if column.generated is not None and identity & _named(column.generated):
            raise FeatureNotSupported(f'column "{column.name}" cannot be computed from an identity column')
    for name in options.cluster_by:
        if name not in names:
            raise UndefinedColumn(f'column "{name}" named in clustering key does not exist')
    _ = options.ours


def _named(expression: str) -> set[str]:
    return {item.name for item in dialect.parse_expression(expression).find_all(exp.Column)}


def cluster_for(ctx: Context, options: TableOptions, created: Sequence[Relation]) -> str | None:
    """The cluster that is needed to make the tables; None: they can be made here. Raises FeatureNotSupported."""
    identity = any(column.identity is not None for item in created for column in item.columns)
    if not options.cluster_by and not options.sparks and not identity:
        return None
    if options.sparks:
        return needed(ctx, f'table property "{next(iter(options.sparks))}"')
    return needed(ctx, "CLUSTER BY" if options.cluster_by else "an identity column")


def apply(ctx: Context, cluster: str, relation: Relation, options: TableOptions) -> None:
    """Give a table just made what only Spark can give it. Raises SqlError."""
    table = native.target(relation)
    if options.cluster_by:
        native.command(
            ctx, cluster, f"ALTER TABLE {table} CLUSTER BY ({', '.join(map(quote_name, options.cluster_by))})"
        )
    if options.sparks:
        _set_properties(ctx, cluster, relation, options.sparks)


def _set_properties(ctx: Context, cluster: str, relation: Relation, properties: Mapping[str, str]) -> None:
    listed = ", ".join(f"{string_literal(key)} = {string_literal(value)}" for key, value in properties.items())
    native.command(ctx, cluster, f"ALTER TABLE {native.target(relation)} SET TBLPROPERTIES ({listed})")


def _is_wider(old: PgType, new: PgType) -> bool:
    """Whether Delta can read files of the one type as the other."""
    if new.oid == NUMERIC.oid and new.typmod >= 0:
        digits, scale = _whole_digits(new)
        had = (_INTEGER_DIGITS.get(old.oid), 0) if old.oid != NUMERIC.oid else _whole_digits(old)
        return had[0] is not None and digits >= had[0] and scale >= had[1]
    return new.oid in _WIDER.get(old.oid, ())


def _whole_digits(pg: PgType) -> tuple[int, int]:
    """Digits before the point, and behind it."""
    stored = storage_type(pg)
    return stored.precision - stored.scale, stored.scale


def _spark_type(pg: PgType) -> str:
    stored = delta_of(storage_type(pg))
    return _SPARK_NAMES.get(str(stored), str(stored))


def _property(c: Cursor) -> tuple[str, str]:
    """`"delta.appendOnly" = true`; the key also as a string, or as words with dots."""
    token = c.peek()
    position = c.here()
    key = c.string() if token is not None and c.sql[token.start] == "'" else ".".join(c.qualified_name())
    c.expect("=")
    value = c.option_value()
    if "." not in key:
        raise InvalidParameterValue(
            f'unrecognized parameter "{key}"', hint='Properties of Delta tables begin with "delta.".', position=position
        )
    return key, str(value).lower() if isinstance(value, bool) else str(value)


def _needs_spark(key: str, value: str) -> bool:
    try:
        check_properties({key: value})
    except FeatureNotSupported:
        return True
    return False
