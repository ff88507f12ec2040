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

from engine.base import Action, Description, Result
from sql_extensions import listing
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.relations import clusters

HEADS = (("SHOW", "CLUSTERS"),)
SYNTAX = "SHOW CLUSTERS [ LIKE 'pattern' | WHERE condition ]"
RELATION = "kadali.clusters"
ACTION = Action.READ


@dataclass(frozen=True, slots=True)
class ShowClusters:
    """`where` is SQL text."""

    where: str | None = None


def parse(c: Cursor) -> ShowClusters:
    return ShowClusters(listing.parse_condition(c))


EXAMPLES: dict[str, object] = {
    "SHOW CLUSTERS": ShowClusters(),
    "SHOW CLUSTERS LIKE 'e%'": ShowClusters("name LIKE 'e%'"),
    "SHOW CLUSTERS WHERE state = 'RUNNING'": ShowClusters("state = 'RUNNING'"),
    "SHOW CLUSTERS LIKE e": "42601 at 20",
    "SHOW CLUSTERS LIMIT 1": "42601 at 15",
}


def describe(stmt: ShowClusters, ctx: Context) -> Description:
    return listing.describe(ctx, RELATION, stmt.where, clusters.SCHEMA)


def run(stmt: ShowClusters, ctx: Context) -> Result:
    return listing.run(ctx, RELATION, stmt.where, clusters.rows)
