"""Stop a query.

    CANCEL QUERY 'q_0199c2f3a1b20a1b2c3d'
    SELECT pg_cancel_backend(4711)

Returns when the engine has really stopped; the query ends with 57014. The id is the one SHOW QUERIES tells. Your own
queries only, unless you are an administrator (42501). An unknown id is 42704; a query that has ended already gives a
WARNING. As a function: `SELECT kadali.cancel_query('q_...')`. `pg_cancel_backend(pid)` and `pg_terminate_backend(pid)`
work as in PostgreSQL, with the pid of the connection.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Result
from sql_extensions import cancellation
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

HEADS = (("CANCEL", "QUERY"), ("KILL", "QUERY"))
SYNTAX = "{ CANCEL | KILL } QUERY 'id'"
ACTION = Action.ADMIN


@dataclass(frozen=True, slots=True)
class CancelQuery:
    query_id: str


def parse(c: Cursor) -> CancelQuery:
    return CancelQuery(c.string())


EXAMPLES: dict[str, object] = {
    "CANCEL QUERY 'q_01'": CancelQuery("q_01"),
    "KILL QUERY 'q_01'": CancelQuery("q_01"),
    "CANCEL QUERY q_01": "42601 at 14",
    "KILL QUERY": "42601 at 11",
}


def run(stmt: CancelQuery, ctx: Context) -> Result:
    cancellation.cancel_query(ctx, stmt.query_id)
    return Result("CANCEL QUERY")
