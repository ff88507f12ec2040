"""What the statements on clusters have in common: names, roles, and WAIT [ 'length' ] or NOWAIT at the end."""

from __future__ import annotations

from engine.dialect.scanner import TokenKind
from sql_extensions.cluster_actions import NOWAIT, ONESELF, WAIT_S, Patience
from sql_extensions.cursor import Cursor, duration


def cluster_name(c: Cursor) -> str:
    """A name; DEFAULT passes, to be refused as the reserved name it is (42939)."""
    return "default" if c.take("DEFAULT") else c.identifier()


def role_name(c: Cursor) -> str:
    """A role, public among them; ONESELF for the words that mean the session's user."""
    if c.take("CURRENT_USER") or c.take("CURRENT_ROLE") or c.take("SESSION_USER"):
        return ONESELF
    return c.name()


def parse_patience(c: Cursor) -> Patience:
    """What stands here; statements on objects do not wait by default (rule R9)."""
    if not c.take("WAIT"):
        c.take("NOWAIT")
        return NOWAIT
    token = c.peek()
    if token is not None and token.kind is TokenKind.STRING:
        return Patience(duration(c.string()).total_seconds())
    return Patience(WAIT_S)
