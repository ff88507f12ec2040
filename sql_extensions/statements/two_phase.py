"""Commit in two phases: refused.

    PREPARE TRANSACTION 'id'

PostgreSQL's servers too refuse it in their default configuration.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported
from engine.base import Action, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

HEADS = (("PREPARE", "TRANSACTION"), ("COMMIT", "PREPARED"), ("ROLLBACK", "PREPARED"))
SYNTAX = "{ PREPARE TRANSACTION | COMMIT PREPARED | ROLLBACK PREPARED } 'id'"
ACTION = Action.SESSION


@dataclass(frozen=True, slots=True)
class TwoPhase:
    id: str


def parse(c: Cursor) -> TwoPhase:
    return TwoPhase(c.string())


def run(stmt: TwoPhase, ctx: Context) -> Result:
    raise FeatureNotSupported("prepared transactions are not supported")


EXAMPLES: dict[str, object] = {
    "PREPARE TRANSACTION 'a'": TwoPhase("a"),
    "COMMIT PREPARED 'a'": TwoPhase("a"),
    "ROLLBACK PREPARED": "42601 at 18",
}
