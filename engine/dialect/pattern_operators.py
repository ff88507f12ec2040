"""The names of LIKE and of regular expressions as operators."""

from __future__ import annotations

from catalog.types import BOOL
from engine.dialect.context import Context
from engine.dialect.value import Value, value

REGEX_OPERATORS = frozenset(("~", "~*", "!~", "!~*"))
LIKE_OPERATORS = frozenset(("~~", "~~*", "!~~", "!~~*"))


def like_operator(context: Context, symbol: str, left: Value, right: Value) -> Value:
    """`~~`, `!~~` and their ILIKE forms."""
    found = context.target.patterns.like(context, left, right, None, insensitive=symbol.endswith("*"))
    return value(f"(NOT {found.sql})", BOOL) if symbol.startswith("!") else found
