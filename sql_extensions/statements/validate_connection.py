"""Find out what stands in the way of using a connection.

    VALIDATE CONNECTION crm

Connects, and looks at what reading tables and following changes need: rights, row security, the log, slots, replica
identities. A row for each thing looked at; `fix` is the command that repairs it at the source. That the source cannot
be reached is a row, not an error. Changes nothing there. For the connection's owner and administrators. As a function:
kadali.validate_connection('crm').
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Result
from sql_extensions import maintenance, sources
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

HEADS = (("VALIDATE", "CONNECTION"),)
SYNTAX = "VALIDATE CONNECTION name"
RELATION = "kadali.validate_connection('name')"
ACTION = Action.READ
COLUMNS = sources.CHECKS


@dataclass(frozen=True, slots=True)
class ValidateConnection:
    name: str


def parse(c: Cursor) -> ValidateConnection:
    return ValidateConnection(c.identifier())


EXAMPLES: dict[str, object] = {
    "VALIDATE CONNECTION crm": ValidateConnection("crm"),
    "VALIDATE CONNECTION": "42601 at 20",
    "VALIDATE CONNECTION a, b": "42601 at 22",
}


def run(stmt: ValidateConnection, ctx: Context) -> Result:
    return maintenance.rows_result("VALIDATE CONNECTION", sources.checks(ctx, stmt.name))
