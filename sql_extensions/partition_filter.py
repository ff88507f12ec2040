"""Conditions on partition columns, as OPTIMIZE takes them: comparisons with literals, joined by AND."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from catalog.errors import FeatureNotSupported, UndefinedColumn
from catalog.model import Relation
from catalog.types import format_type
from engine.delta.maintain import PartitionFilter
from engine.dialect.scanner import Token, TokenKind
from sql_extensions.cursor import Cursor
from sql_extensions.evaluation import read_text
from sql_extensions.session import Session

_OPERATORS = {"=": "=", "<>": "!=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Condition:
    """`column operator literals`; `operator` is one of = != < <= > >= in, not in. Literals are SQL text."""

    column: str
    operator: str
    literals: tuple[str, ...]


def parse(c: Cursor) -> tuple[Condition, ...]:
    """The conditions up to the first token that continues none. Raises FeatureNotSupported for any other form."""
    found = _condition(c)
    while c.take("AND"):
        found += _condition(c)
    if c.at("OR"):
        _refuse(c)
    return found


def resolve(conditions: tuple[Condition, ...], relation: Relation, session: Session) -> list[PartitionFilter]:
    """What deltalake takes: literals in the text form of the column's type, as PostgreSQL spells it.

    Raises UndefinedColumn (42703), FeatureNotSupported (0A000) for a column the table is not partitioned by, and
    PostgreSQL's errors for literals that do not fit.
    """
    types = {column.name: column.type for column in relation.columns}
    filters: list[PartitionFilter] = []
    for condition in conditions:
        if condition.column not in types:
            raise UndefinedColumn(f'column "{condition.column}" does not exist')
        if condition.column not in relation.partition_by:
            raise FeatureNotSupported(
                f'OPTIMIZE can be limited by partition columns only, not by "{condition.column}"',
                hint=f"Partition columns: {', '.join(relation.partition_by) or 'none'}.",
            )
        name = format_type(types[condition.column])
        values = [
            read_text(session, f"SELECT ({literal})::{name}::pg_catalog.text")[0][0] or ""
            for literal in condition.literals
        ]
        filters.append((condition.column, condition.operator, values if "in" in condition.operator else values[0]))
    return filters


def _condition(c: Cursor) -> tuple[Condition, ...]:
    if c.take("("):
        inner = parse(c)
        c.expect(")")
        return inner
    token = c.peek()
    if token is None:
        c.fail("a condition on a partition column")
    if token.kind is not TokenKind.QUOTED and (token.kind is not TokenKind.WORD or _is_typed_literal(c)):
        literal = _literal(c)
        operator = _operator(c)
        return (Condition(c.name(), _FLIPPED.get(operator, operator), (literal,)),)
    column = c.name()
    if c.take("IN"):
        return (Condition(column, "in", _list(c)),)
    if c.take("NOT", "IN"):
        return (Condition(column, "not in", _list(c)),)
    if c.take("BETWEEN"):
        low = _literal(c)
        c.expect("AND")
        return (Condition(column, ">=", (low,)), Condition(column, "<=", (_literal(c),)))
    return (Condition(column, _operator(c), (_literal(c),)),)


def _list(c: Cursor) -> tuple[str, ...]:
    return c.in_parentheses(lambda: c.comma_list(lambda: _literal(c)))


def _operator(c: Cursor) -> str:
    token = c.peek()
    if token is None or token.text not in _OPERATORS:
        _refuse(c)
    c.next()
    return _OPERATORS[token.text]


def _is_typed_literal(c: Cursor) -> bool:
    """`date '2026-01-01'`, `true`."""
    token, after = c.peek(), c.peek(1)
    if token is not None and token.word in ("TRUE", "FALSE"):
        return True
    return after is not None and after.kind is TokenKind.STRING


def _literal(c: Cursor) -> str:
    first = c.peek()
    if first is None:
        c.fail("a literal")
    c.take("-")
    token: Token | None = c.peek()
    if token is None:
        c.fail("a literal")
    if token.kind is TokenKind.WORD and _is_typed_literal(c):
        last = c.next()
        if last.word not in ("TRUE", "FALSE"):
            last = c.next()
    elif token.kind in (TokenKind.STRING, TokenKind.NUMBER):
        last = c.next()
    else:
        _refuse(c)
    while c.take("::"):
        last = c.next()
    return c.sql[first.start : last.end]


def _refuse(c: Cursor) -> NoReturn:
    raise FeatureNotSupported(
        "a partition condition must compare partition columns with literals, joined by AND", position=c.here()
    )
