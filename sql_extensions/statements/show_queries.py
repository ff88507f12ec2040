"""Show queries: under way, and done.

    SHOW QUERIES
    SHOW QUERIES ALL WHERE rows > 1000000
    SHOW RUNNING QUERIES
    SHOW QUERY 'q_0199c2f3a1b20a1b2c3d'

SHOW QUERIES shows your own queries that are queued or running; ALL adds those that have ended, also refused ones, and
for administrators those of all users. Who may MONITOR a cluster also sees what others run there, with ALL and in SHOW
RUNNING QUERIES, which shows every query under way that you may see. WHERE takes any condition on the columns: id, pid,
user, tenant, cluster, engine, state, queued_at, started_at, ended_at, rows, bytes_scanned, cache_hit, sqlstate, query,
database, route, route_reason, bytes, error, progress (of queries under way). As a relation: kadali.queries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from catalog.errors import UndefinedObject
from engine.base import Action, Description, Result
from sql_extensions import maintenance, query
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import fields_of
from sql_extensions.relations import queries
from sql_extensions.statement import recognise

HEADS = (("SHOW", "QUERIES"), ("SHOW", "RUNNING", "QUERIES"), ("SHOW", "QUERY"))
SYNTAX = """SHOW QUERIES [ ALL ] [ WHERE condition ]
SHOW RUNNING QUERIES
SHOW QUERY 'id'"""
RELATION = "kadali.queries"
ACTION = Action.READ


@dataclass(frozen=True, slots=True)
class ShowQueries:
    """`query_id`: this one only. `where` is SQL text."""

    ended: bool = False
    running: bool = False
    query_id: str | None = None
    where: str | None = None


def parse(c: Cursor) -> ShowQueries:
    before = c.peek(-1)
    if before is not None and before.word == "QUERY":
        return ShowQueries(query_id=c.string())
    if (running := c.peek(-2)) is not None and running.word == "RUNNING":
        return ShowQueries(running=True)
    ended = c.take("ALL")
    where = None
    if c.take("WHERE"):
        if c.at_end():
            c.fail("a condition")
        where = c.text_from_here()
    return ShowQueries(ended=ended, where=where)


EXAMPLES: dict[str, object] = {
    "SHOW QUERIES": ShowQueries(),
    "SHOW QUERIES ALL WHERE rows > 10 AND \"user\" = 'a'": ShowQueries(
        ended=True, where="rows > 10 AND \"user\" = 'a'"
    ),
    "SHOW QUERIES WHERE state = 'running'": ShowQueries(where="state = 'running'"),
    "SHOW RUNNING QUERIES": ShowQueries(running=True),
    "SHOW QUERY 'q_01'": ShowQueries(query_id="q_01"),
    "SHOW QUERIES WHERE": "42601 at 19",
    "SHOW QUERIES LIMIT 3": "42601 at 14",
    "SHOW RUNNING QUERIES ALL": "42601 at 22",
    "SHOW QUERY q_01": "42601 at 12",
}


def describe(stmt: ShowQueries, ctx: Context) -> Description:
    if stmt.where is None:
        return Description((), fields_of(queries.SCHEMA))
    with query.without_positions():
        return query.describe(_filtered(stmt, ctx), ctx.call.known_oids)


def run(stmt: ShowQueries, ctx: Context) -> Result:
    if stmt.where is not None:
        with query.without_positions():
            result = query.run(_filtered(stmt, ctx))
        result.tag = "SHOW"
        return result
    rows = queries.rows(ctx.session)
    user = ctx.session.principal.user
    if stmt.query_id is not None:
        rows = _only(rows, lambda row: row["id"] == stmt.query_id)
        if rows.num_rows == 0:
            raise UndefinedObject(f'query "{stmt.query_id}" does not exist')
    elif stmt.running:
        rows = _only(rows, lambda row: row["state"] in queries.UNENDED)
    elif not stmt.ended:
        rows = _only(rows, lambda row: row["state"] in queries.UNENDED and row["user"] == user)
    return maintenance.rows_result("SHOW", rows)


def _filtered(stmt: ShowQueries, ctx: Context) -> Context:
    """The query on kadali.queries that SHOW QUERIES ... WHERE stands for (rule R5)."""
    own = "true" if stmt.ended else "state IN ('queued', 'running') AND \"user\" = current_user"
    sql = f"SELECT * FROM kadali.queries WHERE ({stmt.where}) AND {own} ORDER BY queued_at DESC, id DESC"
    return Context(ctx.call, ctx.session, recognise(sql)[0])


def _only(rows: pa.Table, wanted: Callable[[dict[str, object]], bool]) -> pa.Table:
    return pa.Table.from_pylist([row for row in rows.to_pylist() if wanted(row)], rows.schema)
