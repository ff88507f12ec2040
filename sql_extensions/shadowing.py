"""Asking the session's PostgreSQL: descriptions, rights, and whole answers, in the words of engine.base."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from catalog.errors import SqlError
from engine.base import Description, Field
from engine.dialect.scanner import scan
from sql_extensions.rewrites.rewritten import Rewritten
from sql_extensions.session import Session
from sql_extensions.statement import Statement


@contextmanager
def positions(rewritten: Rewritten) -> Iterator[None]:
    """Errors raised inside point into the string the client sent, not into the text PostgreSQL was given."""
    try:
        yield
    except SqlError as error:
        if error.position is not None:
            error.position = rewritten.position(error.position)
            _name_what_follows(error, rewritten.source)
        raise


@contextmanager
def offset_by(statement: Statement) -> Iterator[None]:
    """The same for a statement that PostgreSQL was given as it is."""
    try:
        yield
    except SqlError as error:
        if error.position is not None:
            error.position += statement.offset
            _name_what_follows(error, statement.source)
        raise


@contextmanager
def without_positions() -> Iterator[None]:
    """For generated text: a position in it would tell the client nothing."""
    try:
        yield
    except SqlError as error:
        error.position = None
        raise


def _name_what_follows(error: SqlError, source: str) -> None:
    """Where a statement ends too early, PostgreSQL, which is given it alone, cannot see the semicolon behind it."""
    if error.message != "syntax error at end of input" or error.position is None:
        return
    token = next(scan(source, error.position - 1), None)
    if token is not None:
        error.message = f'syntax error at or near "{source[token.start : token.end]}"'
        error.position = token.start + 1


def describe_on_shadow(session: Session, sql: str, param_oids: Sequence[int]) -> Description:
    """What PostgreSQL says the statement takes and gives, on the shells; raises its errors."""
    described = session.shadow.describe(sql, param_oids)
    columns = described.columns
    if columns is None:
        return Description(tuple(described.param_oids), None)
    fields = tuple(Field(column.name, column.type, column.table_oid, column.attnum) for column in columns)
    return Description(tuple(described.param_oids), fields)
