"""Show the clusters of the database.

    SHOW CLUSTERS
    SHOW CLUSTERS LIKE 'etl%'
    SHOW CLUSTERS WHERE state = 'RUNNING'

Those you own or have a right on; all of them for administrators. `workers` are those registered now; `running` and
`queued` are queries, of all gateways. As a relation: kadali.clusters; what has happened to them: kadali.cluster_events;
what they have used, by day: kadali.cluster_usage.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.names import quote_literal
from engine.base import Action, Description, Result
from sql_extensions import maintenance, query
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import fields_of
from sql_extensions.relations import clusters
from sql_extensions.statement import recognise

HEADS = (("SHOW", "CLUSTERS"),)
SYNTAX = "SHOW CLUSTERS [ LIKE 'pattern' | WHERE condition ]"
RELATION = "kadali.clusters"
ACTION = Action.READ


@dataclass(frozen=True, slots=True)
class ShowClusters:
    """`where` is SQL text."""

    where: str | None = None


def parse(c: Cursor) -> ShowClusters:
    if c.take("LIKE"):
        return ShowClusters(f"name LIKE {quote_literal(c.string())}")
    if c.take("WHERE"):
        if c.at_end():
            c.fail("a condition")
        return ShowClusters(c.text_from_here())
    return ShowClusters()


EXAMPLES: dict[str, object] = {
    "SHOW CLUSTERS": ShowClusters(),
    "SHOW CLUSTERS LIKE 'e%'": ShowClusters("name LIKE 'e%'"),
    "SHOW CLUSTERS WHERE state = 'RUNNING'": ShowClusters("state = 'RUNNING'"),
    "SHOW CLUSTERS LIKE e": "42601 at 20",
    "SHOW CLUSTERS LIMIT 1": "42601 at 15",
}


def describe(stmt: ShowClusters, ctx: Context) -> Description:
    if stmt.where is None:
        return Description((), fields_of(clusters.SCHEMA))
    with query.without_positions():
        return query.describe(_filtered(stmt, ctx), ctx.call.known_oids)


def run(stmt: ShowClusters, ctx: Context) -> Result:
    if stmt.where is None:
        return maintenance.rows_result("SHOW", clusters.rows(ctx.session))
    with query.without_positions():
        result = query.run(_filtered(stmt, ctx))
    result.tag = "SHOW"
    return result


def _filtered(stmt: ShowClusters, ctx: Context) -> Context:
    """The query on kadali.clusters that it stands for (rule R5)."""
    sql = f"SELECT * FROM kadali.clusters WHERE ({stmt.where}) ORDER BY name"
    return Context(ctx.call, ctx.session, recognise(sql)[0])
