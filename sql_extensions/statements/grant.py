"""Give and take rights on schemas, tables, views and columns.

    GRANT SELECT (id, amount) ON sales.orders TO bi
    GRANT USAGE ON SCHEMA sales TO bi
    REVOKE ALL ON sales.orders FROM PUBLIC
    GRANT USAGE, MONITOR ON CLUSTER etl TO bi

As in PostgreSQL, for every door and engine; `\\dp` and has_table_privilege show the result. On a cluster USAGE lets run
queries, OPERATE suspend, resume, scale, restart and abort, MONITOR describe it and see its Spark UI; such a change
takes effect at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported
from engine.base import Action, Result
from sql_extensions import clauses, cluster_actions, definition
from sql_extensions.cluster_waits import cluster_name, role_name
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("GRANT",), ("REVOKE",))
SYNTAX = """GRANT { privilege [ ( column [, ...] ) ] [, ...] | ALL } ON { [ TABLE ] name [, ...] | SCHEMA name [, ...]
    | ALL TABLES IN SCHEMA name [, ...] } TO role [, ...] [ WITH GRANT OPTION ]
GRANT { USAGE | OPERATE | MONITOR | ALL } [, ...] ON CLUSTER name TO role [, ...]
REVOKE [ GRANT OPTION FOR ] ... ON ... FROM role [, ...] [ CASCADE | RESTRICT ]"""
ACTION = Action.ADMIN
TRANSACTION = TransactionRule.TRANSACTIONAL
_REFUSED = frozenset(
    "SEQUENCE SEQUENCES DATABASE DOMAIN FOREIGN FUNCTION LANGUAGE LARGE PARAMETER TABLESPACE TYPE".split()
)


@dataclass(frozen=True, slots=True)
class ChangeRights:
    tag: str
    sql: str


@dataclass(frozen=True, slots=True)
class ClusterRights:
    """`revoke`: taken, not given."""

    cluster: str
    rights: tuple[str, ...]
    roles: tuple[str, ...]
    revoke: bool = False


def parse(c: Cursor) -> ChangeRights | ClusterRights:
    tokens = c.tokens()
    on = clauses.find(tokens, "ON")
    if on is None:
        raise FeatureNotSupported("membership in roles is not supported", position=tokens[0].start + 1)
    kind = tokens[on + 1] if on + 1 < len(tokens) else None
    if kind is not None and kind.word == "CLUSTER":
        return _cluster_rights(c)
    if kind is not None and kind.word in _REFUSED:
        raise FeatureNotSupported(f"{tokens[0].word} ON {kind.word} is not supported", position=kind.start + 1)
    c.rest()
    return ChangeRights(tokens[0].word, c.sql[tokens[0].start : tokens[-1].end])


def _cluster_rights(c: Cursor) -> ClusterRights:
    revoke = c.passed("REVOKE")
    rights = c.comma_list(lambda: c.one_of("USAGE", "OPERATE", "MONITOR", "ALL"))
    c.take("PRIVILEGES")
    c.expect("ON", "CLUSTER")
    name = cluster_name(c)
    c.expect("FROM" if revoke else "TO")
    roles = c.comma_list(lambda: role_name(c))
    if revoke and not c.take("CASCADE"):  # nothing depends on a right
        c.take("RESTRICT")
    if not revoke and c.at("WITH"):
        raise FeatureNotSupported("grant options of clusters are not supported", position=c.here())
    return ClusterRights(name, cluster_actions.RIGHTS if "ALL" in rights else rights, roles, revoke)


EXAMPLES: dict[str, object] = {
    "GRANT USAGE, MONITOR ON CLUSTER etl TO bi": ClusterRights("etl", ("USAGE", "MONITOR"), ("bi",)),
    "REVOKE ALL ON CLUSTER etl FROM bi, PUBLIC": ClusterRights(
        "etl", ("USAGE", "OPERATE", "MONITOR"), ("bi", "public"), revoke=True
    ),
    "REVOKE ALL PRIVILEGES ON CLUSTER etl FROM bi CASCADE": ClusterRights(
        "etl", ("USAGE", "OPERATE", "MONITOR"), ("bi",), revoke=True
    ),
    "GRANT USAGE ON CLUSTER etl TO SESSION_USER": ClusterRights("etl", ("USAGE",), (cluster_actions.ONESELF,)),
    "GRANT USAGE ON CLUSTER etl TO bi WITH GRANT OPTION": "0A000 at 34",
    "GRANT SELECT ON CLUSTER etl TO bi": "42601 at 7",
    "GRANT SELECT ON t TO bi": ChangeRights("GRANT", "GRANT SELECT ON t TO bi"),
    "GRANT admin TO bi": "0A000 at 1",
    "REVOKE ALL ON SEQUENCE s FROM bi": "0A000 at 15",
}


def run(stmt: ChangeRights | ClusterRights, ctx: Context) -> Result:
    if isinstance(stmt, ClusterRights):
        cluster_actions.grant(ctx, stmt.cluster, stmt.rights, stmt.roles, revoke=stmt.revoke)
        return Result("REVOKE" if stmt.revoke else "GRANT")
    return definition.define(ctx, stmt.sql, stmt.tag)
