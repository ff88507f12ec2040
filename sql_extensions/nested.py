"""Statements inside others: what PREPARE, EXECUTE and DECLARE take, describe and run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from catalog.errors import SqlSyntaxError
from engine.base import Action, ArrowRows, Description, Param, Result
from sql_extensions import query, rows
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.statement import Statement, recognise_tokens

_CHANGES_ROWS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "WITH"})
_ANSWERS = frozenset({"SHOW", "DESCRIBE", "DESC", "EXPLAIN"})


def parse_query(c: Cursor) -> Statement:
    """A statement that gives rows: PostgreSQL's queries, and every row-returning statement of ours (rule R10)."""
    return _parse(c, changes_rows=False)


def parse_preparable(c: Cursor) -> Statement:
    """As `parse_query`, or INSERT, UPDATE, DELETE."""
    return _parse(c, changes_rows=True)


def describe_statement(statement: Statement, ctx: Context, param_oids: Sequence[int] = ()) -> Description:
    """Parameters and columns of the inner statement, without running it. Raises SqlError."""
    inner = Context(ctx.call, ctx.session, statement)
    if statement.spec is None:
        return query.describe(inner, param_oids)
    return statement.spec.describe(statement.tree, inner)


def run_statement(statement: Statement, ctx: Context, params: tuple[Param, ...] | None = None) -> Result:
    """Run the inner statement; `params` None: with those of the outer one. Raises SqlError."""
    if statement.action is not Action.SESSION:
        ctx.session.transaction.queried = True
    inner = Context(ctx.call, ctx.session, statement)
    with _params(ctx, params):
        return query.run(inner) if statement.spec is None else statement.spec.run(statement.tree, inner)


def run_for_arrow(statement: Statement, ctx: Context) -> ArrowRows:
    """Run a statement of `parse_query` with the outer one's parameters; its rows as Arrow batches."""
    asked = ctx.call.result_binary
    ctx.call.result_binary = ()
    try:
        result = run_statement(statement, ctx)
    finally:
        ctx.call.result_binary = asked
    for notice in result.notices:
        ctx.call.notice(notice)
    if result.rows is None:
        raise SqlSyntaxError(f"{statement.sql.split()[0].upper()} does not return rows", position=statement.offset + 1)
    return result.rows if isinstance(result.rows, ArrowRows) else rows.to_arrow(result.rows)


@contextmanager
def _params(ctx: Context, params: tuple[Param, ...] | None) -> Iterator[None]:
    outer = ctx.call.params
    if params is not None:
        ctx.call.params = params
    try:
        yield
    finally:
        ctx.call.params = outer


def _parse(c: Cursor, *, changes_rows: bool) -> Statement:
    first = c.peek()
    if first is None or first.word in _NEVER:
        c.fail("a query")
    position = c.here()
    statement = recognise_tokens(c.sql, c.rest())
    if statement.spec is None or statement.action in (Action.READ, Action.MAINTAIN) or first.word in _ANSWERS:
        return statement
    if changes_rows and first.word in _CHANGES_ROWS:
        return statement
    near = c.sql[first.start : first.end]
    raise SqlSyntaxError(f'syntax error at or near "{near}"', position=position)


_NEVER = frozenset("PREPARE EXECUTE DECLARE COPY FETCH".split())
"""Would nest without end, or in ways that mean nothing."""
