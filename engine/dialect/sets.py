"""Set-returning functions of a select list as a view beside FROM, for targets whose select lists take none."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from engine.dialect.context import Context
from engine.dialect.functions import AGGREGATES
from engine.dialect.scope import Column
from engine.dialect.value import refuse


def expanded(context: Context, node: exp.Select, columns: list[Column], tail: str) -> tuple[list[Column], str]:
    """The columns, those that are sets of rows now of the view, and the FROM clause with it.

    PostgreSQL makes the rows after grouping and windows: with these it is refused, for the view comes before them.
    """
    if node.args.get("group") or node.args.get("having") or any(map(_is_grouped, node.expressions)):
        raise refuse("a set-returning function beside aggregates or window functions")
    sets = [c.value.sql for c in columns if c.value.srf]
    alias = context.alias()
    generator = context.target.syntax.generator(sets, numbered=False)
    names = ", ".join(f"c{i + 1}" for i in range(len(sets)))
    source = tail or f" FROM (SELECT 1) AS {context.alias()}"
    found: list[Column] = []
    at = 0
    for column in columns:
        if not column.value.srf:
            found.append(column)
            continue
        at += 1
        found.append(replace(column, value=replace(column.value.with_sql(f"{alias}.c{at}"), srf=False)))
    return found, f"{source} LATERAL VIEW {generator} {alias} AS {names}"


def _is_grouped(node: exp.Expression) -> bool:
    return any(isinstance(n, exp.Window) or n.this in AGGREGATES.rows for n in node.find_all(exp.Window, exp.Anonymous))
