"""Change a cluster, or have it start, stop, grow or shrink.

    ALTER CLUSTER etl SET (auto_suspend = never, worker_memory = '8Gi')
    ALTER CLUSTER etl SCALE TO 3 WAIT '2 minutes'
    ALTER CLUSTER etl SUSPEND
    ALTER CLUSTER blue SWAP WITH green

SUSPEND lets running queries end, FORCE cancels them (57014). RESUME of a cluster that runs is 55000, unless IF
SUSPENDED. SCALE is done when the workers have registered with the driver; above the tier's limit it is 53400 and
nothing changes. SET of what a driver is started with (sizes, Spark's settings) replaces the driver. ABORT ALL QUERIES
ends the queries on it, of all users. SWAP exchanges the names of two clusters. With WAIT the statement returns when it
is done, telling how far it is; else at once. Suspending, resuming, scaling, restarting and aborting need the right
OPERATE, everything else is for the owner and administrators.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from catalog.clusters.model import Cluster
from engine.base import Action, Result
from sql_extensions import cluster_actions as actions
from sql_extensions import cluster_options
from sql_extensions.cluster_actions import NOWAIT, Patience
from sql_extensions.cluster_waits import cluster_name, parse_patience, role_name
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor, OptionValue
from sql_extensions.registry import TransactionRule

HEADS = (("ALTER", "CLUSTER"),)
SYNTAX = """ALTER CLUSTER [ IF EXISTS ] name
    { SET ( option = value [, ...] ) | RESET ( option [, ...] ) | SUSPEND [ FORCE ] | RESUME [ IF SUSPENDED ]
    | SCALE TO workers | RESTART | ABORT ALL QUERIES | RENAME TO name | OWNER TO role | SWAP WITH name }
    [ WAIT [ 'interval' ] | NOWAIT ]"""
ACTION = Action.ADMIN
TRANSACTION = TransactionRule.IMMEDIATE


@dataclass(frozen=True, slots=True)
class AlterCluster:
    """`verb` is the clause's first word; `word` the name, role or number it is given; `forced`: FORCE, IF SUSPENDED."""

    name: str
    verb: str
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    word: str = ""
    forced: bool = False
    if_exists: bool = False
    patience: Patience = NOWAIT


def parse(c: Cursor) -> AlterCluster:
    if_exists = c.take("IF", "EXISTS")
    name = cluster_name(c)
    verb = c.one_of("SET", "RESET", "SUSPEND", "RESUME", "SCALE", "RESTART", "ABORT", "RENAME", "OWNER", "SWAP")
    options: Mapping[str, OptionValue] = {}
    keys: tuple[str, ...] = ()
    word, forced = "", False
    match verb:
        case "SET":
            options = cluster_options.parse(c, stops=("WAIT", "NOWAIT"))
        case "RESET":
            keys = cluster_options.names(c)
        case "SUSPEND":
            forced = c.take("FORCE")
        case "RESUME":
            forced = c.take("IF", "SUSPENDED")
        case "SCALE":
            c.expect("TO")
            word = str(c.integer())
        case "ABORT":
            c.expect("ALL", "QUERIES")
        case "RENAME" | "OWNER" | "SWAP":
            c.expect("WITH" if verb == "SWAP" else "TO")
            word = role_name(c) if verb == "OWNER" else cluster_name(c)
    return AlterCluster(name, verb, options, keys, word, forced, if_exists, parse_patience(c))


EXAMPLES: dict[str, object] = {
    "ALTER CLUSTER etl SET (auto_suspend = never)": AlterCluster("etl", "SET", {"auto_suspend": "never"}),
    "ALTER CLUSTER etl RESET (auto_suspend, tags)": AlterCluster("etl", "RESET", keys=("auto_suspend", "tags")),
    "ALTER CLUSTER etl SUSPEND FORCE WAIT": AlterCluster("etl", "SUSPEND", forced=True, patience=Patience(600.0)),
    "ALTER CLUSTER IF EXISTS etl RESUME IF SUSPENDED": AlterCluster("etl", "RESUME", forced=True, if_exists=True),
    "ALTER CLUSTER etl SCALE TO 3 WAIT '2 minutes'": AlterCluster("etl", "SCALE", word="3", patience=Patience(120.0)),
    "ALTER CLUSTER etl ABORT ALL QUERIES": AlterCluster("etl", "ABORT"),
    "ALTER CLUSTER a SWAP WITH b": AlterCluster("a", "SWAP", word="b"),
    "ALTER CLUSTER etl OWNER TO ann": AlterCluster("etl", "OWNER", word="ann"),
    "ALTER CLUSTER etl OWNER TO CURRENT_USER": AlterCluster("etl", "OWNER", word=actions.ONESELF),
    "ALTER CLUSTER etl SET (auto_suspent = 1)": "22023 at 24",
    "ALTER CLUSTER etl SCALE 3": "42601 at 25",
    "ALTER CLUSTER etl SCALE TO -1": "42601 at 28",
    "ALTER CLUSTER SET (size = 'a')": "42601 at 19",
    "ALTER CLUSTER etl STOP": "42601 at 19",
}


def run(stmt: AlterCluster, ctx: Context) -> Result:
    if stmt.if_exists and actions.skips_missing(ctx, stmt.name):
        return Result("ALTER CLUSTER")
    cluster, done = _change(stmt, ctx)
    if cluster is not None:
        actions.wait_until(ctx, cluster, stmt.patience, done)
    return Result("ALTER CLUSTER")


def _change(stmt: AlterCluster, ctx: Context) -> tuple[Cluster | None, Callable[[Cluster], bool]]:
    """The cluster after the change, and what WAIT waits for; None: nothing to wait for."""
    name = stmt.name
    match stmt.verb:
        case "SET":
            return actions.alter(ctx, name, stmt.options), actions.is_settled
        case "RESET":
            return actions.reset(ctx, name, stmt.keys), actions.is_settled
        case "SUSPEND":
            return actions.suspend(ctx, name, force=stmt.forced), actions.is_suspended
        case "RESUME":
            return actions.resume(ctx, name, if_suspended=stmt.forced), actions.is_running
        case "SCALE":
            return actions.scale(ctx, name, int(stmt.word)), actions.is_settled
        case "RESTART":
            return actions.restart(ctx, name), actions.is_running
        case "ABORT":
            return actions.abort(ctx, name), lambda cluster: not cluster.running and not cluster.queued
        case "RENAME":
            actions.rename(ctx, name, stmt.word)
        case "OWNER":
            actions.give(ctx, name, stmt.word)
        case _:
            actions.swap(ctx, name, stmt.word)
    return None, actions.is_settled
