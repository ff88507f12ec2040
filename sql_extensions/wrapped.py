"""Rule R5: a SHOW or DESCRIBE inside a query is a syntax error that names the relation to use instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from catalog.errors import SqlSyntaxError
from engine.dialect.scanner import Token, TokenKind

_INSTEAD = {
    ("SHOW", "QUERIES"): "kadali.queries",
    ("SHOW", "RUNNING"): "kadali.queries WHERE state = 'running'",
    ("SHOW", "QUERY"): "kadali.queries WHERE id = '...'",
    ("SHOW", "ALL"): "kadali.settings",
    ("SHOW", "HISTORY"): "kadali.table_history('table')",
    ("DESCRIBE", "HISTORY"): "kadali.table_history('table')",
    ("DESC", "HISTORY"): "kadali.table_history('table')",
    ("DESCRIBE", "DETAIL"): "kadali.table_detail('table')",
    ("DESC", "DETAIL"): "kadali.table_detail('table')",
}


def hint(tokens: Sequence[Token]) -> str | None:
    """What to write instead of the first SHOW or DESCRIBE in parentheses; None if there is none."""
    for index, token in enumerate(tokens[:-2]):
        if token.text != "(" or token.kind is not TokenKind.PUNCTUATION:
            continue
        instead = _INSTEAD.get((tokens[index + 1].word, tokens[index + 2].word))
        if instead is not None:
            return f"Read {instead} instead."
    return None


@contextmanager
def hinted(tokens: Sequence[Token]) -> Iterator[None]:
    """Adds the hint to a syntax error raised inside."""
    try:
        yield
    except SqlSyntaxError as error:
        error.hint = error.hint or hint(tokens)
        raise
