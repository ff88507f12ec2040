"""Make a cluster: Spark of your own, on Kubernetes or on the server's machine.

    CREATE CLUSTER etl WITH (size = 'small', min_workers = 1, max_workers = 4, auto_suspend = '10 minutes')
    CREATE CLUSTER IF NOT EXISTS adhoc SIZE = SMALL AUTO_SUSPEND = 600
    CREATE CLUSTER lab WITH (url = 'sc://spark.example:15002', token = '...')

Nothing starts before the first query, unless `initially_suspended = false`; `USE CLUSTER etl` sends the session's
queries there. OR REPLACE resets the options that are not named, OR ALTER keeps them; queries under way go on. `WAIT`
returns when the cluster is in the state wanted. With `workers = n` the number of workers is fixed; with `min_workers`
and `max_workers` it follows the load. What the tier does not allow is 53400, with the limit in the hint, and nothing is
changed. Administrators of the database make clusters; GRANT gives others the right to use them. The options are in
the [guide](../../guide/clusters.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.errors import SqlSyntaxError
from engine.base import Action, Result
from sql_extensions import cluster_actions, cluster_options
from sql_extensions.cluster_actions import NOWAIT, Patience
from sql_extensions.cluster_waits import cluster_name, parse_patience
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor, OptionValue
from sql_extensions.registry import TransactionRule

HEADS = (("CREATE", "CLUSTER"), ("CREATE", "OR", "REPLACE", "CLUSTER"), ("CREATE", "OR", "ALTER", "CLUSTER"))
SYNTAX = """CREATE [ OR REPLACE | OR ALTER ] CLUSTER [ IF NOT EXISTS ] name
    [ [ WITH ] ( option = value [, ...] ) | [ WITH ] option = value [ ... ] ] [ WAIT [ 'interval' ] | NOWAIT ]"""
ACTION = Action.ADMIN
TRANSACTION = TransactionRule.IMMEDIATE


@dataclass(frozen=True, slots=True)
class CreateCluster:
    """`options` as written, by name; `replacing`, `altering`: OR REPLACE, OR ALTER."""

    name: str
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    replacing: bool = False
    altering: bool = False
    if_not_exists: bool = False
    patience: Patience = NOWAIT


def parse(c: Cursor) -> CreateCluster:
    replacing, altering = c.passed("REPLACE"), c.passed("ALTER")
    at = c.here()
    if_not_exists = c.take("IF", "NOT", "EXISTS")
    if if_not_exists and (replacing or altering):
        raise SqlSyntaxError("OR REPLACE and OR ALTER exclude IF NOT EXISTS", position=at)
    name = cluster_name(c)
    options: Mapping[str, OptionValue] = {}
    if c.take("WITH") or not (c.at_end() or c.at("WAIT") or c.at("NOWAIT")):
        options = cluster_options.parse(c, stops=("WAIT", "NOWAIT"))
    return CreateCluster(name, options, replacing, altering, if_not_exists, parse_patience(c))


EXAMPLES: dict[str, object] = {
    "CREATE CLUSTER etl": CreateCluster("etl"),
    "CREATE CLUSTER etl WITH (size = 'small', workers = 2, auto_suspend = never)": CreateCluster(
        "etl", {"size": "small", "workers": 2, "auto_suspend": "never"}
    ),
    "CREATE CLUSTER IF NOT EXISTS adhoc SIZE = SMALL AUTO_SUSPEND = 600 WAIT '2 minutes'": CreateCluster(
        "adhoc", {"size": "small", "auto_suspend": 600}, if_not_exists=True, patience=Patience(120.0)
    ),
    'CREATE OR ALTER CLUSTER "Big One" ("spark.sql.shuffle.partitions" = \'64\') NOWAIT': CreateCluster(
        "Big One", {"spark.sql.shuffle.partitions": "64"}, altering=True
    ),
    "CREATE CLUSTER etl (sice = 1)": "22023 at 21",
    "CREATE CLUSTER etl (budget = 5.5, budget_period = week, on_budget = 'reject')": CreateCluster(
        "etl", {"budget": 5.5, "budget_period": "week", "on_budget": "reject"}
    ),
    "CREATE CLUSTER etl (budget = )": "42601 at 30",
    "CREATE CLUSTER etl (size = 'a', SIZE = 'b')": "42601 at 33",
    "CREATE CLUSTER etl WITH (size)": "42601 at 30",
    "CREATE OR REPLACE CLUSTER IF NOT EXISTS etl": "42601 at 27",
    "CREATE CLUSTER etl (size 'a')": "42601 at 26",
    "CREATE CLUSTER etl size = a, workers = 2": "42601 at 28",
    "CREATE CLUSTER WITH (size = 'a')": "42601 at 16",
    "CREATE CLUSTER": "42601 at 15",
    "CREATE CLUSTER etl WAIT 5": "42601 at 25",
}


def run(stmt: CreateCluster, ctx: Context) -> Result:
    made = cluster_actions.create(
        ctx,
        stmt.name,
        stmt.options,
        replacing=stmt.replacing,
        altering=stmt.altering,
        if_not_exists=stmt.if_not_exists,
    )
    cluster_actions.wait_until(ctx, made, stmt.patience, cluster_actions.is_settled)
    return Result("CREATE CLUSTER")
