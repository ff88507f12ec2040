"""Say where another system is and how to log in there, for others to use by name.

    CREATE CONNECTION crm TYPE postgres WITH (host = 'db.example.org', database = 'crm', user = 'sync',
        password = SECRET crm_pw, sslmode = 'verify-full', sslrootcert = 'system')
    CREATE OR REPLACE CONNECTION shop TO mysql (host = 'db.example.org', database = 'shop', user = 'sync')
    CREATE CONNECTION raw TYPE s3 WITH (bucket = 'raw', region = 'eu-central-1', access_key_id = 'AKIA...',
        secret_access_key = SECRET raw_key)

A password written as text is kept as a secret of the connection's own, sealed as all are. Nothing is connected to by
this statement. Administrators of the database make connections, to hosts that the server's setting `connect_to` allows
(42501). OR REPLACE sets all options anew and keeps the owner. The options of each type are in the
[guide](../../guide/connections.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog.connections.model import ConnectorKind
from catalog.connections.tenant import SecretGiven
from catalog.errors import SqlSyntaxError
from engine.base import Action, Result
from sql_extensions import connection_actions, connection_options
from sql_extensions.connection_options import Given
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("CREATE", "CONNECTION"), ("CREATE", "OR", "REPLACE", "CONNECTION"), ("CREATE", "SERVER"))
SYNTAX = """CREATE [ OR REPLACE ] CONNECTION [ IF NOT EXISTS ] name { TYPE | TO } { POSTGRES | MYSQL | MONGODB | S3 }
    [ WITH | OPTIONS ] ( option = { value | SECRET secret } [, ...] )
CREATE SERVER [ IF NOT EXISTS ] name FOREIGN DATA WRAPPER type OPTIONS ( option 'value' [, ...] )"""
ACTION = Action.ADMIN
TRANSACTION = TransactionRule.IMMEDIATE


@dataclass(frozen=True, slots=True)
class CreateConnection:
    """`server`: in PostgreSQL's spelling."""

    name: str
    kind: ConnectorKind
    given: Given = field(default_factory=Given)
    replacing: bool = False
    if_not_exists: bool = False
    server: bool = False


def parse(c: Cursor) -> CreateConnection:
    replacing, server = c.passed("REPLACE"), c.passed("SERVER")
    at = c.here()
    if_not_exists = c.take("IF", "NOT", "EXISTS")
    if if_not_exists and replacing:
        raise SqlSyntaxError("OR REPLACE excludes IF NOT EXISTS", position=at)
    name = c.identifier()
    if server:
        c.expect("FOREIGN", "DATA", "WRAPPER")
        kind = connection_options.parse_kind(c)
        c.expect("OPTIONS")
        given = connection_options.parse(c, kind, equals=False)
    else:
        c.one_of("TYPE", "TO")
        kind = connection_options.parse_kind(c)
        equals = not c.take("OPTIONS")
        if equals:
            c.take("WITH")
        given = connection_options.parse(c, kind, equals=equals)
    return CreateConnection(name, kind, given, replacing, if_not_exists, server)


_PLAIN = {"host": "h", "database": "d"}
EXAMPLES: dict[str, object] = {
    "CREATE CONNECTION c TYPE postgres WITH (host = 'h', port = 5433, database = d, password = SECRET s)": (
        CreateConnection(
            "c",
            ConnectorKind.POSTGRES,
            Given({"host": "h", "port": 5433, "database": "d"}, {"password": SecretGiven(name="s")}),
        )
    ),
    "CREATE CONNECTION IF NOT EXISTS c TO POSTGRES (host = 'h', dbname = 'd', password = 'geheim')": CreateConnection(
        "c", ConnectorKind.POSTGRES, Given(_PLAIN, {"password": SecretGiven(value="geheim")}), if_not_exists=True
    ),
    "CREATE OR REPLACE CONNECTION c TYPE mysql OPTIONS (host 'h', database = 'd')": CreateConnection(
        "c", ConnectorKind.MYSQL, Given(_PLAIN), replacing=True
    ),
    "CREATE SERVER c FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h', dbname 'd')": CreateConnection(
        "c", ConnectorKind.POSTGRES, Given(_PLAIN), server=True
    ),
    "CREATE CONNECTION c TYPE s3 (bucket = 'b', comment = 'raw')": CreateConnection(
        "c", ConnectorKind.S3, Given({"bucket": "b"}, comment="raw")
    ),
    "CREATE CONNECTION c TYPE postgres (hostt = 'h')": "22023 at 36",
    "CREATE CONNECTION c TYPE postgres (host = 'h', HOST = 'i')": "42601 at 48",
    "CREATE CONNECTION c TYPE postgres (bucket = 'h')": "22023 at 36",
    "CREATE CONNECTION c TYPE oracle (host = 'h')": "22023 at 26",
    "CREATE CONNECTION c TYPE jdbc (url = 'h')": "0A000 at 26",
    "CREATE CONNECTION c TYPE postgres (password = geheim)": "42601 at 47",
    "CREATE CONNECTION c TYPE postgres WITH (host 'h')": "42601 at 46",
    "CREATE CONNECTION c TYPE postgres": "42601 at 34",
    "CREATE CONNECTION c (host = 'h')": "42601 at 21",
    "CREATE OR REPLACE CONNECTION IF NOT EXISTS c TYPE s3 (bucket = 'b')": "42601 at 30",
}


def run(stmt: CreateConnection, ctx: Context) -> Result:
    connection_actions.create(
        ctx, stmt.name, stmt.kind, stmt.given, replacing=stmt.replacing, if_not_exists=stmt.if_not_exists
    )
    return Result("CREATE SERVER" if stmt.server else "CREATE CONNECTION")
