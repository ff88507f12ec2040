"""Small questions to the session's PostgreSQL: values it computes, as text."""

from __future__ import annotations

from catalog.shadow.answers import ShadowParam
from sql_extensions.session import Session


def read_text(session: Session, sql: str, *params: str | None) -> list[tuple[str | None, ...]]:
    """All rows of a query as text; `$n` take the types PostgreSQL infers. Raises SqlError, without a position."""
    given = [ShadowParam(0, None if value is None else value.encode()) for value in params]
    return session.shadow.evaluate(sql, given)
