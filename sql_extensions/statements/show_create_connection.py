"""Show the statement that makes a connection.

    SHOW CREATE CONNECTION crm

Every option in force. A secret is printed by its name; a password that was written as text is left out, which a comment
in the statement says. For its owner and administrators.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from engine.base import Action, Result
from sql_extensions import connection_actions, connection_options, maintenance
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

HEADS = (("SHOW", "CREATE", "CONNECTION"),)
SYNTAX = "SHOW CREATE CONNECTION name"
ACTION = Action.READ
COLUMNS = pa.schema([("name", pa.string()), ("create_statement", pa.string())])


@dataclass(frozen=True, slots=True)
class ShowCreateConnection:
    name: str


def parse(c: Cursor) -> ShowCreateConnection:
    return ShowCreateConnection(c.identifier())


EXAMPLES: dict[str, object] = {
    "SHOW CREATE CONNECTION crm": ShowCreateConnection("crm"),
    "SHOW CREATE CONNECTION a, b": "42601 at 25",
}


def run(stmt: ShowCreateConnection, ctx: Context) -> Result:
    connection = connection_actions.owned(ctx, stmt.name)
    row = {"name": connection.name, "create_statement": connection_options.create_statement(connection)}
    return maintenance.rows_result("SHOW", pa.Table.from_pylist([row], COLUMNS))
