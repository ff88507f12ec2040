"""Create, change and drop schemas.

    CREATE SCHEMA IF NOT EXISTS sales AUTHORIZATION demo
    ALTER SCHEMA sales RENAME TO shop
    DROP SCHEMA shop CASCADE

As in PostgreSQL. DROP SCHEMA ... CASCADE drops the tables in it; their files are removed when the transaction commits.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported
from engine.base import Action, Result
from sql_extensions import definition
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("CREATE", "SCHEMA"), ("ALTER", "SCHEMA"), ("DROP", "SCHEMA"))
SYNTAX = """CREATE SCHEMA [ IF NOT EXISTS ] { name [ AUTHORIZATION role ] | AUTHORIZATION role }
ALTER SCHEMA name { RENAME TO new_name | OWNER TO role }
DROP SCHEMA [ IF EXISTS ] name [, ...] [ CASCADE | RESTRICT ]"""
ACTION = Action.DEFINE
TRANSACTION = TransactionRule.TRANSACTIONAL


@dataclass(frozen=True, slots=True)
class ChangeSchema:
    """`tag` is the command tag; `sql` goes to PostgreSQL as it is."""

    tag: str
    sql: str


def parse(c: Cursor) -> ChangeSchema:
    tokens = c.tokens()
    verb = tokens[0].word
    for token in tokens[2:]:
        if token.word in ("CREATE", "GRANT") and verb == "CREATE":
            raise FeatureNotSupported("CREATE SCHEMA with elements is not supported", position=token.start + 1)
    c.rest()
    return ChangeSchema(f"{verb} SCHEMA", c.sql[tokens[0].start : tokens[-1].end])


EXAMPLES: dict[str, object] = {
    "CREATE SCHEMA s": ChangeSchema("CREATE SCHEMA", "CREATE SCHEMA s"),
    "CREATE SCHEMA s CREATE TABLE t (a int)": "0A000 at 17",
}


def run(stmt: ChangeSchema, ctx: Context) -> Result:
    return definition.define(ctx, stmt.sql, stmt.tag)
