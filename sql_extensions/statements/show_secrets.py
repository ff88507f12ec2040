"""Show the secrets of the database, never their values.

    SHOW SECRETS
    SHOW SECRETS LIKE 'crm%'
    SHOW SECRETS WHERE source = 'FILE'

Those you own; all of them for administrators. `source` says where the value is: VALUE (sealed in the metadata store),
ENV, FILE or KUBERNETES, and `reference` where exactly. What connections have for themselves is not listed. As a
relation: kadali.secrets.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Description, Result
from sql_extensions import listing
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.relations import secrets

HEADS = (("SHOW", "SECRETS"),)
SYNTAX = "SHOW SECRETS [ LIKE 'pattern' | WHERE condition ]"
RELATION = "kadali.secrets"
ACTION = Action.READ


@dataclass(frozen=True, slots=True)
class ShowSecrets:
    """`where` is SQL text."""

    where: str | None = None


def parse(c: Cursor) -> ShowSecrets:
    return ShowSecrets(listing.parse_condition(c))


EXAMPLES: dict[str, object] = {
    "SHOW SECRETS": ShowSecrets(),
    "SHOW SECRETS LIKE 'c%'": ShowSecrets("name LIKE 'c%'"),
    "SHOW SECRETS WHERE source = 'ENV'": ShowSecrets("source = 'ENV'"),
    "SHOW SECRETS crm": "42601 at 14",
}


def describe(stmt: ShowSecrets, ctx: Context) -> Description:
    return listing.describe(ctx, RELATION, stmt.where, secrets.SCHEMA)


def run(stmt: ShowSecrets, ctx: Context) -> Result:
    return listing.run(ctx, RELATION, stmt.where, secrets.rows)
