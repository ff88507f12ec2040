"""Comment on a connection or a secret.

    COMMENT ON CONNECTION crm IS 'sales, read only'
    COMMENT ON SECRET crm_pw IS 'changed each quarter'

NULL removes the comment. SHOW CONNECTIONS and SHOW SECRETS show it.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Result
from sql_extensions import connection_actions, secret_actions
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("COMMENT", "ON", "CONNECTION"), ("COMMENT", "ON", "SECRET"))
SYNTAX = "COMMENT ON { CONNECTION | SECRET } name IS { 'text' | NULL }"
ACTION = Action.ADMIN
TRANSACTION = TransactionRule.IMMEDIATE


@dataclass(frozen=True, slots=True)
class CommentConnection:
    """`secret`: on a secret."""

    name: str
    text: str | None
    secret: bool = False


def parse(c: Cursor) -> CommentConnection:
    secret = c.passed("SECRET")
    name = c.identifier()
    c.expect("IS")
    return CommentConnection(name, None if c.take("NULL") else c.string(), secret)


EXAMPLES: dict[str, object] = {
    "COMMENT ON CONNECTION crm IS 'sales'": CommentConnection("crm", "sales"),
    "COMMENT ON SECRET s IS NULL": CommentConnection("s", None, secret=True),
    "COMMENT ON CONNECTION crm 'x'": "42601 at 27",
}


def run(stmt: CommentConnection, ctx: Context) -> Result:
    if stmt.secret:
        secret_actions.comment(ctx, stmt.name, stmt.text)
    else:
        connection_actions.comment(ctx, stmt.name, stmt.text)
    return Result("COMMENT")
