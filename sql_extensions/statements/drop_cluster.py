"""Drop clusters, with all that belongs to them.

    DROP CLUSTER IF EXISTS etl, adhoc
    TERMINATE CLUSTER old

Of several clusters all are dropped, or none. With queries running or waiting on it a cluster is not dropped (55006),
unless FORCE cancels them (57014). TERMINATE CLUSTER is DROP CLUSTER ... FORCE. The name is free at once; what is left
of the cluster is removed behind it. Sessions that still name it get 42704 with their next query.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Result
from sql_extensions import cluster_actions
from sql_extensions.cluster_waits import cluster_name
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("DROP", "CLUSTER"), ("TERMINATE", "CLUSTER"))
SYNTAX = """DROP CLUSTER [ IF EXISTS ] name [, ...] [ FORCE ]
TERMINATE CLUSTER name"""
ACTION = Action.ADMIN
TRANSACTION = TransactionRule.IMMEDIATE


@dataclass(frozen=True, slots=True)
class DropClusters:
    names: tuple[str, ...]
    force: bool = False
    if_exists: bool = False
    terminate: bool = False


def parse(c: Cursor) -> DropClusters:
    if c.passed("TERMINATE"):
        return DropClusters((cluster_name(c),), force=True, terminate=True)
    if_exists = c.take("IF", "EXISTS")
    names = c.comma_list(lambda: cluster_name(c))
    return DropClusters(names, c.take("FORCE"), if_exists)


EXAMPLES: dict[str, object] = {
    "DROP CLUSTER etl": DropClusters(("etl",)),
    "DROP CLUSTER IF EXISTS etl, adhoc FORCE": DropClusters(("etl", "adhoc"), force=True, if_exists=True),
    "TERMINATE CLUSTER old": DropClusters(("old",), force=True, terminate=True),
    "DROP CLUSTER etl CASCADE": "42601 at 18",
    "TERMINATE CLUSTER a, b": "42601 at 20",
}


def run(stmt: DropClusters, ctx: Context) -> Result:
    cluster_actions.drop(ctx, stmt.names, force=stmt.force, if_exists=stmt.if_exists)
    return Result("TERMINATE CLUSTER" if stmt.terminate else "DROP CLUSTER")
