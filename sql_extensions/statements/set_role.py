"""Take another role, or come back to one's own.

    SET ROLE NONE
    SET SESSION AUTHORIZATION DEFAULT

A session acts as the user who logged in: only that name, `NONE` and `DEFAULT` are accepted. What PostgreSQL refuses
(a role that does not exist, or that one is no member of) is refused as there, all else with 0A000.
"""

from __future__ import annotations

from engine.base import Action, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.setting_values import setting_value, word_or_string
from sql_extensions.settings import Reset
from sql_extensions.statements.set import Set
from sql_extensions.statements.set import run as run_set

HEADS = (
    ("SET", "ROLE"),
    ("SET", "LOCAL", "ROLE"),
    ("SET", "SESSION", "ROLE"),
    ("SET", "SESSION", "AUTHORIZATION"),
    ("SET", "LOCAL", "SESSION", "AUTHORIZATION"),
    ("SET", "SESSION", "SESSION", "AUTHORIZATION"),
)
SYNTAX = """\
SET [ SESSION | LOCAL ] ROLE { role | NONE }
SET [ SESSION | LOCAL ] SESSION AUTHORIZATION { user | DEFAULT }"""
ACTION = Action.SESSION


def parse(c: Cursor) -> Set:
    local, authorization = c.passed("LOCAL"), c.passed("AUTHORIZATION")
    if not authorization and (c.take("=") or c.take("TO")):
        return Set("role", setting_value(c), local)
    if authorization and c.take("DEFAULT"):
        return Set("session_authorization", Reset.DEFAULT, local)
    return Set("session_authorization" if authorization else "role", (word_or_string(c),), local)


def run(stmt: Set, ctx: Context) -> Result:
    return run_set(stmt, ctx)


EXAMPLES: dict[str, object] = {
    "SET ROLE NONE": Set("role", ("none",)),
    "SET LOCAL ROLE 'Ann'": Set("role", ("Ann",), True),
    "SET role TO bob": Set("role", ("bob",)),
    "SET SESSION AUTHORIZATION DEFAULT": Set("session_authorization", Reset.DEFAULT),
    "SET LOCAL SESSION AUTHORIZATION ann": Set("session_authorization", ("ann",), True),
    "SET ROLE": "42601 at 9",
    "SET ROLE DEFAULT": "42601 at 10",
}
