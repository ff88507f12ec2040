"""Show everything about one cluster, or the statement that makes it.

    DESCRIBE CLUSTER etl
    SHOW CREATE CLUSTER etl

DESCRIBE has a row for each thing to know: state, size, workers (now, min, max), queued, running, idle_for,
suspends_in, started_by, rights (those granted), ui_url, cost_today (worker hours, and money where workers have a
price), budget, last_error, events. It needs the right MONITOR. SHOW CREATE prints every option in force, never a token.
As functions: kadali.cluster_detail('etl'). What was used, by day: kadali.cluster_usage.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from catalog.names import quote_ident
from engine.base import Action, Description, Result
from sql_extensions import cluster_actions, cluster_options, maintenance
from sql_extensions.cluster_waits import cluster_name
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import fields_of
from sql_extensions.relations import clusters

HEADS = (("DESCRIBE", "CLUSTER"), ("SHOW", "CREATE", "CLUSTER"))
SYNTAX = """DESCRIBE CLUSTER name
SHOW CREATE CLUSTER name"""
RELATION = "kadali.cluster_detail('name')"
ACTION = Action.READ
CREATE = pa.schema([("name", pa.string()), ("create_statement", pa.string())])


@dataclass(frozen=True, slots=True)
class DescribeCluster:
    """`create`: SHOW CREATE."""

    name: str
    create: bool = False


def parse(c: Cursor) -> DescribeCluster:
    create = c.passed("SHOW")
    return DescribeCluster(cluster_name(c), create)


EXAMPLES: dict[str, object] = {
    "DESCRIBE CLUSTER etl": DescribeCluster("etl"),
    "SHOW CREATE CLUSTER etl": DescribeCluster("etl", create=True),
    "DESCRIBE CLUSTER": "42601 at 17",
    "SHOW CREATE CLUSTER a, b": "42601 at 22",
}


def describe(stmt: DescribeCluster, _ctx: Context) -> Description:
    return Description((), fields_of(CREATE if stmt.create else clusters.DETAIL))


def run(stmt: DescribeCluster, ctx: Context) -> Result:
    cluster = cluster_actions.with_right(ctx, stmt.name, "MONITOR")
    if not stmt.create:
        return maintenance.rows_result("SHOW", clusters.detail(ctx.session, cluster))
    tier = cluster_actions.clusters_of(ctx).tier
    text = cluster_options.create_statement(cluster, quote_ident(cluster.name), tier)
    return maintenance.rows_result(
        "SHOW", pa.Table.from_pylist([{"name": cluster.name, "create_statement": text}], CREATE)
    )
