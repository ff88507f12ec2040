"""Comment on a cluster.

    COMMENT ON CLUSTER etl IS 'nightly loads'

NULL removes the comment. SHOW CLUSTERS shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Result
from sql_extensions import cluster_actions
from sql_extensions.cluster_waits import cluster_name
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("COMMENT", "ON", "CLUSTER"),)
SYNTAX = "COMMENT ON CLUSTER name IS { 'text' | NULL }"
ACTION = Action.ADMIN
TRANSACTION = TransactionRule.IMMEDIATE


@dataclass(frozen=True, slots=True)
class CommentCluster:
    name: str
    text: str | None


def parse(c: Cursor) -> CommentCluster:
    name = cluster_name(c)
    c.expect("IS")
    return CommentCluster(name, None if c.take("NULL") else c.string())


EXAMPLES: dict[str, object] = {
    "COMMENT ON CLUSTER etl IS 'nightly'": CommentCluster("etl", "nightly"),
    "COMMENT ON CLUSTER etl IS NULL": CommentCluster("etl", None),
    "COMMENT ON CLUSTER etl 'x'": "42601 at 24",
}


def run(stmt: CommentCluster, ctx: Context) -> Result:
    cluster_actions.comment(ctx, stmt.name, stmt.text)
    return Result("COMMENT")
