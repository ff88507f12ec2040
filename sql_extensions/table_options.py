"""What CREATE TABLE says of a table's storage: partitions, clustering, properties. Some of it only Spark can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from catalog.errors import (
    FeatureNotSupported,
    InvalidParameterValue,
    InvalidTableDefinition,
    SqlSyntaxError,
    UndefinedColumn,
)
from catalog.model import Relation
from engine.base import RouteReason
from engine.clusters.routing import Need
from engine.delta.features import check_properties
from engine.spark.literals import quote_name, string_literal
from sql_extensions import native
from sql_extensions.compute import USE_CLUSTER_HINT
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

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


def check(options: TableOptions, relation: Relation) -> None:
    """Raises what is wrong with the options for these columns."""
    if options.cluster_by and options.partition_by:
        raise InvalidTableDefinition("a table is either partitioned or clustered, not both")
    names = {column.name for column in relation.columns}
    for name in options.cluster_by:
        if name not in names:
            raise UndefinedColumn(f'column "{name}" named in clustering key does not exist')
    _ = options.ours


def cluster_for(ctx: Context, options: TableOptions) -> str | None:
    """The cluster that is needed to make the table; None: it can be made here. Raises FeatureNotSupported."""
    if not options.cluster_by and not options.sparks:
        return None
    where = ctx.session.compute.route(ctx.call, Need(RouteReason.DELTA_WRITE, only_spark=True))
    if where.cluster is None:
        what = "CLUSTER BY" if options.cluster_by else f'table property "{next(iter(options.sparks))}"'
        raise FeatureNotSupported(f"{what} is not supported by the embedded engine", hint=USE_CLUSTER_HINT)
    return where.cluster


def apply(ctx: Context, cluster: str, relation: Relation, options: TableOptions) -> None:
    """Give a table just made what only Spark can give it. Raises SqlError."""
    table = native.target(relation)
    if options.cluster_by:
        native.command(
            ctx, cluster, f"ALTER TABLE {table} CLUSTER BY ({', '.join(map(quote_name, options.cluster_by))})"
        )
    if options.sparks:
        listed = ", ".join(f"{string_literal(key)} = {string_literal(value)}" for key, value in options.sparks.items())
        native.command(ctx, cluster, f"ALTER TABLE {table} SET TBLPROPERTIES ({listed})")


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
