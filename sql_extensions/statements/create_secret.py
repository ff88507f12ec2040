"""Keep a password or key, to be used by connections and never to be shown.

    CREATE SECRET crm_pw AS 'geheim'
    CREATE SECRET IF NOT EXISTS lake_key FROM KUBERNETES 'kadali-acme/lake' KEY 'secret_access_key'
    CREATE SECRET erp_pw FROM FILE '/run/secrets/erp'

AS keeps the value in the metadata store, sealed with a key that is not there. FROM reads it when a connection is made:
from a variable or file of the server, if its settings `secret_env` and `secret_paths` list it (42501), or from a Secret
of Kubernetes in the database's own namespace. What is not there is 55000. Administrators of the database make secrets.
No statement gives the value back, and the text of this one is kept without it: see the
[guide](../../guide/connections.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.secrets.model import Origin, SecretSource
from engine.base import Action, Result
from sql_extensions import secret_actions
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule
from sql_extensions.secret_origin import parse_origin

HEADS = (("CREATE", "SECRET"),)
SYNTAX = """CREATE SECRET [ IF NOT EXISTS ] name
    { AS 'value' | FROM { ENV 'variable' | FILE 'path' | KUBERNETES 'namespace/name' KEY 'key' } }"""
ACTION = Action.ADMIN
TRANSACTION = TransactionRule.IMMEDIATE


@dataclass(frozen=True, slots=True)
class CreateSecret:
    name: str
    origin: Origin
    if_not_exists: bool = False


def parse(c: Cursor) -> CreateSecret:
    if_not_exists = c.take("IF", "NOT", "EXISTS")
    return CreateSecret(c.identifier(), parse_origin(c, c.one_of("AS", "FROM")), if_not_exists)


EXAMPLES: dict[str, object] = {
    "CREATE SECRET s AS 'geheim'": CreateSecret("s", Origin(SecretSource.VALUE, value="geheim")),
    "CREATE SECRET IF NOT EXISTS s FROM ENV 'CRM_PW'": CreateSecret(
        "s", Origin(SecretSource.ENV, "CRM_PW"), if_not_exists=True
    ),
    "CREATE SECRET s FROM FILE '/run/secrets/crm'": CreateSecret("s", Origin(SecretSource.FILE, "/run/secrets/crm")),
    "CREATE SECRET \"S 1\" FROM KUBERNETES 'prod/crm' KEY 'password'": CreateSecret(
        "S 1", Origin(SecretSource.KUBERNETES, "prod/crm", "password")
    ),
    "CREATE SECRET s AS geheim": "42601 at 20",
    "CREATE SECRET s 'geheim'": "42601 at 17",
    "CREATE SECRET s FROM KUBERNETES 'prod/crm'": "42601 at 43",
    "CREATE SECRET s FROM VAULT 'x'": "42601 at 22",
    "CREATE OR REPLACE SECRET s AS 'x'": "0A000 at 1",
    "CREATE SECRET AS 'x'": "42601 at 15",
}


def run(stmt: CreateSecret, ctx: Context) -> Result:
    secret_actions.create(ctx, stmt.name, stmt.origin, if_not_exists=stmt.if_not_exists)
    return Result("CREATE SECRET")
