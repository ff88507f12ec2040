"""PostgreSQL query trees to the SQL of a target: the entries of the dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sqlglot import exp

from catalog.errors import InternalError
from catalog.types import BOOL, TEXT, UNKNOWN, PgType, format_type
from engine.base import Dialect, Field
from engine.dialect.context import Context
from engine.dialect.duckdb.styles import check_styles
from engine.dialect.duckdb.target import DUCKDB
from engine.dialect.expressions import boolean, compile_expression
from engine.dialect.queries import compile_top
from engine.dialect.scope import Scope, table_relation
from engine.dialect.session import SessionConstants
from engine.dialect.spark.target import SPARK
from engine.dialect.target import Target
from engine.dialect.value import Unsupported, refuse

_TARGETS: Mapping[Dialect, Target] = {Dialect.DUCKDB: DUCKDB, Dialect.SPARK: SPARK}
_T = TypeVar("_T")


def translate(
    tree: exp.Expression,
    relations: Mapping[str, Sequence[tuple[str, PgType]]],
    fields: Sequence[Field],
    param_types: Sequence[PgType],
    session: SessionConstants,
    *,
    target: Dialect = Dialect.DUCKDB,
    wide_decimals: bool = False,
) -> str:
    """The query in SQL of `target` that answers `tree` as PostgreSQL does, its columns named c1, c2, ...

    `tree` comes from `parser.parse`, its tables replaced by keys of `relations` (name -> columns with PostgreSQL
    types). `fields` are what PostgreSQL described. Products of decimals in the arguments of sum and avg are computed in
    18 digits where that may overflow, with an error (22003) if it does; with `wide_decimals` in 38 (Spark: always).
    For Spark parameter n is NUL n NUL, and its columns are those of `catalog.types.spark_type`.
    Raises FeatureNotSupported naming what cannot be answered faithfully, and InternalError when the types found
    here and PostgreSQL's description disagree.
    """
    context = Context(_TARGETS[target], session, relations, tuple(param_types), wide_sums=wide_decimals)
    return _naming(context.target, lambda: _translate(context, tree, fields))


def _translate(context: Context, tree: exp.Expression, fields: Sequence[Field]) -> str:
    if not fields:
        raise refuse("a query without columns")
    sql, columns = compile_top(context, tree, fields)
    if len(columns) != len(fields):
        raise InternalError(f"the query has {len(columns)} columns, PostgreSQL described {len(fields)}")
    for column, described in zip(columns, fields, strict=True):
        found = TEXT.oid if column.value.oid == UNKNOWN.oid else column.value.oid
        if found != described.type.oid:
            shown, wanted = format_type(column.value.type), format_type(described.type)
            raise InternalError(f"column {described.name}: type {shown}, described as {wanted}")
    if context.target is DUCKDB:
        check_styles(sql, context.session)
    return sql


def translate_expression(
    node: exp.Expression,
    relations: Mapping[str, tuple[str, Sequence[tuple[str, PgType]]]],
    param_types: Sequence[PgType],
    session: SessionConstants,
    *,
    target: Dialect,
    to: PgType | None = None,
) -> str:
    """An expression over given relations, in the outer form of type `to`, or as a condition where `to` is None.

    `relations`: the name users write -> how the statement around it names the relation, and its columns. For the
    conditions and assignments of UPDATE, DELETE and MERGE; tables are not known to it, so neither are subqueries over
    them. A value that does not
    fit `to` raises when computed, as in an assignment of PostgreSQL. Raises SqlError.
    """
    context = Context(_TARGETS[target], session, {}, tuple(param_types))
    return _naming(context.target, lambda: _expression(context, node, relations, to))


def _expression(
    context: Context,
    node: exp.Expression,
    relations: Mapping[str, tuple[str, Sequence[tuple[str, PgType]]]],
    to: PgType | None,
) -> str:
    scope = Scope(None, {})
    for alias, (prefix, columns) in relations.items():
        scope.relations.append(table_relation(context.target.syntax, alias, prefix, columns))
    found = compile_expression(context, scope, node)
    if to is None:
        if found.oid not in (BOOL.oid, UNKNOWN.oid):
            raise refuse("a condition that is not boolean")
        return boolean(context, found)
    return context.target.casts.deliver(context.cast(found, to), to, context.session)


def _naming(target: Target, step: Callable[[], _T]) -> _T:
    """Refusals name the engine that refuses."""
    try:
        return step()
    except Unsupported as error:
        raise error.named(target.where) from None
