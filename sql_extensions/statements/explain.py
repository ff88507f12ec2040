"""Show how a statement would be answered, without running it.

    EXPLAIN SELECT count(*) FROM sales.orders
    EXPLAIN (FORMAT JSON) SELECT * FROM sales.orders WHERE id = 1

PostgreSQL's estimate of the statement, from the tables' real numbers of rows, in its own form, which tools and
postgres_fdw read; in text format followed by the route: which engine answers, and why. VERBOSE adds that engine's own
plan. ANALYZE is for queries that PostgreSQL's catalog answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from catalog.errors import FeatureNotSupported, SqlSyntaxError
from catalog.types import TEXT
from engine.base import Action, ArrowRows, Description, Field, Result, Route, RouteReason, WireRows
from engine.dialect.scanner import Token
from sql_extensions import clauses, needs, query, rows, tables
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.statement import Statement, recognise_tokens

HEADS = (("EXPLAIN",),)
SYNTAX = """EXPLAIN [ ANALYZE ] [ VERBOSE ] statement
EXPLAIN ( { ANALYZE | VERBOSE | COSTS | FORMAT { TEXT | XML | JSON | YAML } | ... } [ boolean ] [, ...] ) statement"""
ACTION = Action.READ


@dataclass(frozen=True, slots=True)
class Explain:
    """`options` is the text between EXPLAIN and the statement."""

    statement: Statement
    options: str
    analyze: bool
    verbose: bool
    text_format: bool


def parse(c: Cursor) -> Explain:
    tokens = c.tokens()
    first = 1
    options: Sequence[Token] = ()
    if c.at("(") and (close := clauses.matching(tokens, 1)) is not None and not _opens_query(tokens):
        options, first = tokens[1 : close + 1], close + 1
    else:
        while first < len(tokens) and tokens[first].word in ("ANALYZE", "ANALYSE", "VERBOSE"):
            first += 1
        options = tokens[1:first]
    if first >= len(tokens):
        raise SqlSyntaxError("syntax error at end of input", position=tokens[-1].end + 1)
    c.rest()
    chosen = _chosen(options)
    return Explain(
        recognise_tokens(c.sql, tokens[first:]),
        clauses.text(c.sql, options),
        _on(chosen, "analyze"),
        _on(chosen, "verbose"),
        chosen.get("format", "text") == "text",
    )


EXAMPLES: dict[str, object] = {"EXPLAIN": "42601 at 8"}


def describe(stmt: Explain, ctx: Context) -> Description:
    return Description((), (Field("QUERY PLAN", TEXT),))


def run(stmt: Explain, ctx: Context) -> Result:
    inner = Context(ctx.call, ctx.session, stmt.statement)
    spec = stmt.statement.spec
    if spec is not None and spec.action is not Action.WRITE:
        raise FeatureNotSupported(f"EXPLAIN of {' '.join(spec.heads[0])} is not supported")
    route, detail = (_write_route(inner), []) if spec is not None else query.explain(inner, stmt.verbose)
    if route.engine != "metadata" and stmt.analyze:
        raise FeatureNotSupported(
            "EXPLAIN ANALYZE is not supported for queries on tables", hint="EXPLAIN VERBOSE shows the engine's plan."
        )
    answer = query.explain_on_shadow(inner, f"EXPLAIN {stmt.options} ")
    ctx.call.route = Route("metadata", RouteReason.STATEMENT)
    if not stmt.text_format or route.engine == "metadata" or not isinstance(answer, WireRows):
        return Result("EXPLAIN", answer)
    lines = rows.to_arrow(answer).reader.read_all().column(0).to_pylist()
    lines += [f"Route: {route.engine} ({route.reason.value})", *detail]
    table = pa.table({"QUERY PLAN": pa.array(lines, pa.string())})
    return Result("EXPLAIN", ArrowRows((Field("QUERY PLAN", TEXT),), table.to_reader()))


def _write_route(inner: Context) -> Route:
    """Where the rows would be changed."""
    call, session = inner.call, inner.session
    name = getattr(inner.statement.tree, "table", None)
    found = tables.find(name, session.tenant.catalog.snapshot(), session.settings.search_path) if name else None
    if found is None or found.location is None:
        return Route("embedded", RouteReason.DELTA_WRITE)
    route = session.compute.route(call, needs.of_rewrite(inner, found))
    call.data_route = None
    return route


def _opens_query(tokens: Sequence[Token]) -> bool:
    return (len(tokens) > 2 and tokens[2].word in ("SELECT", "WITH", "VALUES", "TABLE")) or tokens[2].text == "("


def _chosen(options: Sequence[Token]) -> dict[str, str]:
    """Option names as PostgreSQL reads them, quoted or not, with their values; the last of equal ones counts."""
    inside = options[1:-1] if options and options[0].text == "(" else options
    parts = clauses.comma_parts(inside) if inside is not options else [(token,) for token in options]
    chosen: dict[str, str] = {}
    for part in parts:
        name = "analyze" if part and part[0].word == "ANALYSE" else part[0].text if part else ""
        chosen[name] = "".join(token.text for token in part[1:]).lower()
    return chosen


def _on(chosen: dict[str, str], option: str) -> bool:
    """Whether the option may be on: what PostgreSQL would refuse counts as on."""
    return option in chosen and chosen[option] not in ("false", "off", "0")
