"""Write PostgreSQL's checkpoint: refused, as PostgreSQL refuses it to ordinary users.

    CHECKPOINT

The checkpoints of Delta tables are written by OPTIMIZE and VACUUM.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import InsufficientPrivilege
from engine.base import Action, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

HEADS = (("CHECKPOINT",),)
SYNTAX = "CHECKPOINT"
ACTION = Action.ADMIN


@dataclass(frozen=True, slots=True)
class Checkpoint: ...


def parse(c: Cursor) -> Checkpoint:
    return Checkpoint()


def run(stmt: Checkpoint, ctx: Context) -> Result:
    raise InsufficientPrivilege(
        "permission denied to execute CHECKPOINT command",
        detail='Only roles with privileges of the "pg_checkpoint" role may execute this command.',
    )


EXAMPLES: dict[str, object] = {"CHECKPOINT": Checkpoint(), "CHECKPOINT now": "42601 at 12"}
