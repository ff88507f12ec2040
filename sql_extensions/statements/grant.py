"""Give and take rights on schemas, tables, views and columns.

    GRANT SELECT (id, amount) ON sales.orders TO bi
    GRANT USAGE ON SCHEMA sales TO bi
    REVOKE ALL ON sales.orders FROM PUBLIC

As in PostgreSQL, for every door and engine; `\\dp` and has_table_privilege show the result.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported
from engine.base import Action, Result
from sql_extensions import clauses, definition
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("GRANT",), ("REVOKE",))
SYNTAX = """GRANT { privilege [ ( column [, ...] ) ] [, ...] | ALL } ON { [ TABLE ] name [, ...] | SCHEMA name [, ...]
    | ALL TABLES IN SCHEMA name [, ...] } TO role [, ...] [ WITH GRANT OPTION ]
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


def parse(c: Cursor) -> ChangeRights:
    tokens = c.tokens()
    on = clauses.find(tokens, "ON")
    if on is None:
        raise FeatureNotSupported("membership in roles is not supported", position=tokens[0].start + 1)
    kind = tokens[on + 1] if on + 1 < len(tokens) else None
    if kind is not None and kind.word in _REFUSED:
        raise FeatureNotSupported(f"{tokens[0].word} ON {kind.word} is not supported", position=kind.start + 1)
    c.rest()
    return ChangeRights(tokens[0].word, c.sql[tokens[0].start : tokens[-1].end])


EXAMPLES: dict[str, object] = {
    "GRANT SELECT ON t TO bi": ChangeRights("GRANT", "GRANT SELECT ON t TO bi"),
    "GRANT admin TO bi": "0A000 at 1",
    "REVOKE ALL ON SEQUENCE s FROM bi": "0A000 at 15",
}


def run(stmt: ChangeRights, ctx: Context) -> Result:
    return definition.define(ctx, stmt.sql, stmt.tag)
