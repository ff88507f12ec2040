"""The SET list of UPDATE and MERGE: which column gets the value of which expression, as text."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.errors import FeatureNotSupported
from engine.dialect.scanner import Token, TokenKind
from sql_extensions import clauses, dml

Assignments = tuple[tuple[str, str | None], ...]
"""(column, text of the expression; None for DEFAULT)."""


def parse(sql: str, tokens: Sequence[Token], command: str) -> Assignments:
    """`tokens` are all that stands behind SET."""
    found: list[tuple[str, str | None]] = []
    for part in clauses.comma_parts(tokens):
        found.extend(_assignment(sql, part, command))
    return tuple(found)


def value(sql: str, tokens: Sequence[Token]) -> str | None:
    """The text of one expression; None for DEFAULT."""
    return None if len(tokens) == 1 and tokens[0].word == "DEFAULT" else clauses.text(sql, tokens)


def _assignment(sql: str, tokens: Sequence[Token], command: str) -> list[tuple[str, str | None]]:
    if not tokens:
        dml.syntax_error(sql, None)
    if tokens[0].text != "(":
        if tokens[0].kind not in (TokenKind.WORD, TokenKind.QUOTED) or len(tokens) < 3 or tokens[1].text != "=":
            dml.syntax_error(sql, tokens[1] if len(tokens) > 1 else tokens[0])
        return [(tokens[0].text, value(sql, tokens[2:]))]
    close = clauses.matching(tokens, 0)
    if close is None or len(tokens) < close + 3 or tokens[close + 1].text != "=":
        dml.syntax_error(sql, tokens[0])
    columns = clauses.comma_parts(tokens[1:close])
    if not all(columns):
        dml.syntax_error(sql, tokens[close])
    names = [part[0].text for part in columns]
    values = tokens[close + 2 :]
    if values[0].word == "ROW" and len(values) > 1:
        values = values[1:]
    if values[0].text != "(" or clauses.matching(values, 0) != len(values) - 1:
        dml.syntax_error(sql, values[0])
    if values[1].word in ("SELECT", "WITH"):
        raise FeatureNotSupported(
            f"{command} ... SET (columns) = (query) is not supported", position=values[0].start + 1
        )
    items = clauses.comma_parts(values[1:-1])
    if len(items) != len(names):
        dml.syntax_error(sql, tokens[0])
    return [(name, value(sql, item)) for name, item in zip(names, items, strict=True)]
