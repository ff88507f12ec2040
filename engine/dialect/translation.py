"""PostgreSQL query trees to DuckDB SQL: the entry of the dialect for the embedded engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from catalog.errors import InternalError
from catalog.types import TEXT, UNKNOWN, PgType, format_type
from engine.base import Field
from engine.dialect.context import Context
from engine.dialect.duckdb.styles import check_styles
from engine.dialect.duckdb.target import DUCKDB
from engine.dialect.queries import compile_top
from engine.dialect.session import SessionConstants
from engine.dialect.value import refuse


def translate(
    tree: exp.Expression,
    relations: Mapping[str, Sequence[tuple[str, PgType]]],
    fields: Sequence[Field],
    param_types: Sequence[PgType],
    session: SessionConstants,
    *,
    wide_decimals: bool = False,
) -> str:
    """The DuckDB query that answers `tree` as PostgreSQL does, with exactly the columns `fields`, named c1, c2, ...

    `tree` comes from `parser.parse`, its tables replaced by keys of `relations` (name -> columns with PostgreSQL
    types). `fields` are what PostgreSQL described. Products of decimals in the arguments of sum and avg are computed in
    18 digits where that may overflow, with an error (22003) if it does; with `wide_decimals` in 38.
    Raises FeatureNotSupported naming what cannot be answered faithfully, and InternalError when the types found
    here and PostgreSQL's description disagree.
    """
    if not fields:
        raise refuse("a query without columns")
    context = Context(DUCKDB, session, relations, tuple(param_types), wide_sums=wide_decimals)
    sql, columns = compile_top(context, tree, fields)
    if len(columns) != len(fields):
        raise InternalError(f"the query has {len(columns)} columns, PostgreSQL described {len(fields)}")
    for column, described in zip(columns, fields, strict=True):
        found = TEXT.oid if column.value.oid == UNKNOWN.oid else column.value.oid
        if found != described.type.oid:
            shown, wanted = format_type(column.value.type), format_type(described.type)
            raise InternalError(f"column {described.name}: type {shown}, described as {wanted}")
    check_styles(sql, session)
    return sql
