"""Asking the session's PostgreSQL: descriptions, rights, and whole answers, in the words of engine.base."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from catalog.errors import SqlError
from engine.base import Description, Field
from sql_extensions.rewrites.rewritten import Rewritten
from sql_extensions.session import Session


@contextmanager
def positions(rewritten: Rewritten) -> Iterator[None]:
    """Errors raised inside point into the string the client sent, not into the text PostgreSQL was given."""
    try:
        yield
    except SqlError as error:
        if error.position is not None:
            error.position = rewritten.position(error.position)
        raise


@contextmanager
def offset_by(characters: int) -> Iterator[None]:
    """The same for a statement sent as it is, of which this many characters precede it in the string."""
    try:
        yield
    except SqlError as error:
        if error.position is not None:
            error.position += characters
        raise


@contextmanager
def without_positions() -> Iterator[None]:
    """For generated text: a position in it would tell the client nothing."""
    try:
        yield
    except SqlError as error:
        error.position = None
        raise


def describe_on_shadow(session: Session, sql: str, param_oids: Sequence[int]) -> Description:
    """What PostgreSQL says the statement takes and gives, on the shells; raises its errors."""
    described = session.shadow.describe(sql, param_oids)
    columns = described.columns
    if columns is None:
        return Description(tuple(described.param_oids), None)
    fields = tuple(Field(column.name, column.type, column.table_oid, column.attnum) for column in columns)
    return Description(tuple(described.param_oids), fields)
