"""Names of relations in text: what PostgreSQL reads in 'sales.orders'::regclass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from catalog.errors import InvalidName
from catalog.names import quote_ident
from engine.dialect.scanner import TokenKind, tokenize

NAME_PARTS_MAX = 3


def parse_name(text: str, *, position: int | None = None) -> tuple[str, ...]:
    """'sales."Orders"' -> ("sales", "Orders"). Raises InvalidName (42602) with PostgreSQL's text."""
    tokens = tokenize(text) if text.strip() else []
    names, dots = tokens[::2], tokens[1::2]
    good = all(token.kind in (TokenKind.WORD, TokenKind.QUOTED) for token in names)
    if (
        not good
        or len(names) != len(dots) + 1
        or any(token.text != "." for token in dots)
        or len(names) > NAME_PARTS_MAX
    ):
        raise InvalidName("invalid name syntax", position=position)
    return tuple(token.text for token in names)


def dotted(parts: Sequence[str]) -> str:
    """A name in a message: parts with dots between, without quotes, as PostgreSQL's errors print it."""
    return ".".join(parts)


def written(parts: Sequence[str]) -> str:
    """A name as SQL."""
    return ".".join(quote_ident(part) for part in parts)


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a statement: one to three parts, and where it stands (from 1, in the string sent; 0: nowhere).

    Names are equal if their parts are: where one stands does not matter.
    """

    parts: tuple[str, ...]
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return written(self.parts)
