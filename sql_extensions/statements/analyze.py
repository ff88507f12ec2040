r"""Bring what the catalog knows of tables up to date: row counts and sizes that tools read.

    ANALYZE sales.orders
    ANALYZE

Looks at the newest version of each Delta table, also one that another program has written, and has pg_class.reltuples,
pg_total_relation_size and `\dt+` show it. Anyone may send it; tables of other owners are skipped with a WARNING, as in
PostgreSQL. Without a table it stands for all tables of the database. Columns may be named, and mean nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import SqlSyntaxError
from catalog.model import Relation, RelationKind
from engine.base import Action, Notice, Result
from sql_extensions import tables
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.names import Name

HEADS = (("ANALYZE",), ("ANALYSE",))
SYNTAX = """ANALYZE [ VERBOSE ] [ table [ ( column [, ...] ) ] [, ...] ]
ANALYZE ( { VERBOSE | SKIP_LOCKED | BUFFER_USAGE_LIMIT } [ value ] [, ...] ) [ table [ ( column [, ...] ) ] [, ...] ]"""
ACTION = Action.MAINTAIN
_OPTIONS = frozenset({"VERBOSE", "SKIP_LOCKED", "BUFFER_USAGE_LIMIT"})


@dataclass(frozen=True, slots=True)
class Analyze:
    """`tables` empty: all of the database."""

    tables: tuple[Name, ...] = ()


def parse(c: Cursor) -> Analyze:
    if c.at("("):
        c.in_parentheses(lambda: c.comma_list(lambda: _option(c)))
    else:
        c.take("VERBOSE")
    if c.at_end():
        return Analyze()

    def one() -> Name:
        name = tables.take_name(c)
        if c.at("("):
            c.in_parentheses(lambda: c.comma_list(c.name))
        return name

    return Analyze(c.comma_list(one))


def _option(c: Cursor) -> None:
    token = c.next()
    if token.word not in _OPTIONS:
        raise SqlSyntaxError(f'unrecognized ANALYZE option "{token.text}"', position=token.start + 1)
    if not (c.at(",") or c.at(")")):
        c.option_value()


EXAMPLES: dict[str, object] = {
    "ANALYZE": Analyze(),
    "ANALYZE VERBOSE sales.orders (a, b), t": Analyze((Name(("sales", "orders")), Name(("t",)))),
    "ANALYZE (VERBOSE, SKIP_LOCKED false) t": Analyze((Name(("t",)),)),
    "ANALYZE (NOPE) t": "42601 at 10",
    "ANALYZE t,": "42601 at 11",
}


def run(stmt: Analyze, ctx: Context) -> Result:
    session = ctx.session
    if stmt.tables:
        found = [tables.resolve_table(name.parts, session, name.position) for name in stmt.tables]
    else:
        every = session.tenant.catalog.snapshot().relations.values()
        found = [r for r in every if r.kind is RelationKind.TABLE and r.pending is None]
    analyze(ctx, found)
    return Result("ANALYZE")


def analyze(ctx: Context, relations: list[Relation]) -> None:
    """Refresh the tables the user owns; a WARNING for each of the others."""
    for relation in sorted(relations, key=lambda relation: relation.name):
        ctx.call.check_canceled()
        if tables.owns(relation, ctx.session):
            tables.refresh(ctx.session.tenant, relation, at_once=True)
        else:
            text = f'permission denied to analyze "{relation.name.name}", skipping it'
            ctx.call.notice(Notice("WARNING", text, "42501"))
