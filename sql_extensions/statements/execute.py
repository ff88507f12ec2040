"""Run a prepared statement.

    EXECUTE orders_of (4711)

The values are expressions without tables. They are evaluated by PostgreSQL and converted as on assignment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from catalog.errors import FeatureNotSupported, InvalidSqlStatementName, SqlError, SqlSyntaxError
from engine.base import Action, Description, Param, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.nested import describe_statement, run_statement
from sql_extensions.session import Prepared

HEADS = (("EXECUTE",),)
SYNTAX = "EXECUTE name [ ( value [, ...] ) ]"
ACTION = Action.READ
_PREFIX = "EXECUTE kadali_values ("


@dataclass(frozen=True, slots=True)
class Execute:
    """`values` is the text between the parentheses, `count` of values, and where it begins (from 0)."""

    name: str
    values: str = ""
    count: int = 0
    offset: int = 0


def parse(c: Cursor) -> Execute:
    name = c.identifier()
    if not c.take("("):
        return Execute(name)
    tokens, depth, count = [], 0, 1
    while (token := c.peek()) is not None and (depth or token.text != ")"):
        depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        if depth == 0 and token.text == ",":
            count += 1
        tokens.append(c.next())
    if not tokens:
        c.fail("a value")
    c.expect(")")
    return Execute(name, c.sql[tokens[0].start : tokens[-1].end], count, tokens[0].start)


def describe(stmt: Execute, ctx: Context) -> Description:
    """As PostgreSQL: a statement that is missing is an error only when it is run."""
    prepared = ctx.session.prepared.get(stmt.name)
    return Description((), None if prepared is None else prepared.description.fields)


def run(stmt: Execute, ctx: Context) -> Result:
    prepared = _current(ctx, stmt.name)
    oids = prepared.description.param_oids
    if stmt.count != len(oids):
        raise SqlSyntaxError(
            f'wrong number of parameters for prepared statement "{stmt.name}"',
            detail=f"Expected {len(oids)} parameters but got {stmt.count}.",
        )
    if prepared.statement is None:
        raise InvalidSqlStatementName(f'prepared statement "{stmt.name}" is empty')
    return run_statement(prepared.statement, ctx, _values(stmt, ctx, oids))


def _find(ctx: Context, name: str) -> Prepared:
    prepared = ctx.session.prepared.get(name)
    if prepared is None or not name:
        raise InvalidSqlStatementName(f'prepared statement "{name}" does not exist')
    return prepared


def _current(ctx: Context, name: str) -> Prepared:
    """Described anew if the catalog has changed since; FeatureNotSupported if its columns have."""
    prepared, seq = _find(ctx, name), ctx.session.tenant.catalog.seq
    if prepared.catalog_seq == seq or prepared.statement is None:
        return prepared
    new = describe_statement(prepared.statement, ctx, prepared.description.param_oids)
    if _shape(new) != _shape(prepared.description):
        raise FeatureNotSupported("cached plan must not change result type")
    renewed = replace(prepared, description=new, catalog_seq=seq)
    ctx.session.prepared[name] = renewed
    return renewed


def _shape(description: Description) -> list[object] | None:
    return None if description.fields is None else [(field.name, field.type) for field in description.fields]


def _values(stmt: Execute, ctx: Context, oids: Sequence[int]) -> tuple[Param, ...]:
    """PostgreSQL's own PREPARE and EXECUTE convert the values; their errors point into the client's text."""
    if not oids:
        return ()
    read = ctx.session.shadow.read_text
    [types] = read("SELECT " + ", ".join(f"{oid}::pg_catalog.regtype::pg_catalog.text" for oid in oids))
    taken = ", ".join(f"${number + 1}" for number in range(len(oids)))
    read(f"PREPARE kadali_values ({', '.join(text or '' for text in types)}) AS SELECT {taken}")
    try:
        [row] = read(f"{_PREFIX}{stmt.values})")
    except SqlError as error:
        if error.position is not None:
            error.position += stmt.offset - len(_PREFIX)
        raise
    finally:
        read("DEALLOCATE kadali_values")
    return tuple(Param(oid, None if text is None else text.encode()) for oid, text in zip(oids, row, strict=True))


EXAMPLES: dict[str, object] = {
    "EXECUTE p": Execute("p"),
    "EXECUTE p (4711, f(1, 2), ARRAY[1,2])": Execute("p", "4711, f(1, 2), ARRAY[1,2]", 3, 11),
    "EXECUTE p ()": "42601 at 12",
    "EXECUTE p (1": "42601 at 13",
    "EXECUTE": "42601 at 8",
}
