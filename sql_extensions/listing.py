"""SHOW of a kind of objects: all of them, or those for which LIKE or WHERE holds (rule R5)."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from catalog.names import quote_literal
from engine.base import Description, Result
from sql_extensions import maintenance, query
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import fields_of
from sql_extensions.session import Session
from sql_extensions.statement import recognise


def parse_condition(c: Cursor) -> str | None:
    """`[ LIKE 'pattern' | WHERE condition ]` as the SQL text of a condition on the rows, which have a name."""
    if c.take("LIKE"):
        return f"name LIKE {quote_literal(c.string())}"
    if c.take("WHERE"):
        if c.at_end():
            c.fail("a condition")
        return c.text_from_here()
    return None


def describe(ctx: Context, relation: str, where: str | None, schema: pa.Schema) -> Description:
    """`relation` is the one of schema `kadali` with the same rows."""
    if where is None:
        return Description((), fields_of(schema))
    with query.without_positions():
        return query.describe(_filtered(ctx, relation, where), ctx.call.known_oids)


def run(ctx: Context, relation: str, where: str | None, rows: Callable[[Session], pa.Table]) -> Result:
    if where is None:
        return maintenance.rows_result("SHOW", rows(ctx.session))
    return filtered(ctx, relation, where)


def filtered(ctx: Context, relation: str, where: str, order: str = "name") -> Result:
    """The rows of a relation, or of a function, for which the condition holds, as the answer of a SHOW."""
    with query.without_positions():
        result = query.run(_filtered(ctx, relation, where, order))
    result.tag = "SHOW"
    return result


def _filtered(ctx: Context, relation: str, where: str, order: str = "name") -> Context:
    """The query on the relation that it stands for."""
    sql = f"SELECT * FROM {relation} WHERE ({where}) ORDER BY {order}"
    return Context(ctx.call, ctx.session, recognise(sql)[0])
