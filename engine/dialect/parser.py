"""PostgreSQL text of a query, or expression, to a sqlglot tree in which nothing is guessed from a function's shape."""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp

from engine.dialect.expression_grammar import expression
from engine.dialect.lexer import Kind
from engine.dialect.query_grammar import query
from engine.dialect.reader import Reader

_CACHED_BYTES_MAX = 20_000


def parse(sql: str) -> exp.Expression:
    """The tree of one query (SELECT, VALUES, TABLE, WITH or a set operation), yours to change.

    Raises SqlSyntaxError with PostgreSQL's wording and position, FeatureNotSupported for syntax that no engine
    here answers.
    """
    return _cached(sql).copy() if len(sql) <= _CACHED_BYTES_MAX else _parse(sql)


def parse_expression(text: str) -> exp.Expression:
    """The tree of one expression or condition. Raises as `parse`."""
    reader = Reader(text, query)
    tree = expression(reader)
    if reader.here.kind is not Kind.END:
        reader.fail()
    return tree


@lru_cache(maxsize=256)
def _cached(sql: str) -> exp.Expression:
    return _parse(sql)


def _parse(sql: str) -> exp.Expression:
    reader = Reader(sql, query)
    tree = query(reader)
    reader.mark(";")
    if reader.here.kind is not Kind.END:
        reader.fail()
    return tree
