"""Choose where the session's queries run.

    USE CLUSTER etl
    USE CLUSTER AUTO

The same as `SET kadali.cluster = ...`. A name sends every query on tables to that cluster; AUTO chooses for each query,
by what it reads, what it needs and whether the cluster runs; EMBEDDED stays in the gateway and never starts anything;
DEFAULT is what the server's administrator has chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Result
from sql_extensions.cluster_waits import cluster_name
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

HEADS = (("USE", "CLUSTER"),)
SYNTAX = "USE CLUSTER { name | DEFAULT | AUTO | EMBEDDED }"
ACTION = Action.SESSION


@dataclass(frozen=True, slots=True)
class UseCluster:
    name: str


def parse(c: Cursor) -> UseCluster:
    return UseCluster(cluster_name(c))


EXAMPLES: dict[str, object] = {
    "USE CLUSTER etl": UseCluster("etl"),
    "USE CLUSTER DEFAULT": UseCluster("default"),
    'USE CLUSTER "Big One"': UseCluster("Big One"),
    "USE CLUSTER": "42601 at 12",
    "USE CLUSTER 'etl'": "42601 at 13",
}


def run(stmt: UseCluster, ctx: Context) -> Result:
    ctx.session.before_setting_change()
    ctx.session.settings.set_list("kadali.cluster", (stmt.name,), local=False)
    return Result("SET")
