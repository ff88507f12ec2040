"""Wait for notifications, which never come.

    LISTEN orders_changed
    UNLISTEN *

`LISTEN` and `UNLISTEN` are accepted, since connection pools send them. `NOTIFY` is refused: sessions cannot reach
one another here, and a notification that is not delivered would be a lie.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported
from engine.base import Action, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

HEADS = (("LISTEN",), ("UNLISTEN",), ("NOTIFY",))
SYNTAX = """\
LISTEN channel
UNLISTEN { channel | * }
NOTIFY channel [, 'payload' ]"""
ACTION = Action.SESSION


@dataclass(frozen=True, slots=True)
class Listen:
    command: str
    channel: str | None
    """None: all."""


def parse(c: Cursor) -> Listen:
    command = next(word for word in ("LISTEN", "UNLISTEN", "NOTIFY") if c.passed(word))
    if command == "UNLISTEN" and c.take("*"):
        return Listen(command, None)
    channel = c.identifier()
    if command == "NOTIFY" and c.take(","):
        c.string()
    return Listen(command, channel)


def run(stmt: Listen, ctx: Context) -> Result:
    if stmt.command == "NOTIFY":
        raise FeatureNotSupported("NOTIFY is not supported")
    return Result(stmt.command)


EXAMPLES: dict[str, object] = {
    "LISTEN a": Listen("LISTEN", "a"),
    "UNLISTEN *": Listen("UNLISTEN", None),
    "NOTIFY a, 'x'": Listen("NOTIFY", "a"),
    "LISTEN *": "42601 at 8",
}
