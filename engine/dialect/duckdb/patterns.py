"""DuckDB's half of the patterns."""

from __future__ import annotations

from catalog.errors import DataException
from catalog.types import BOOL, TEXT
from engine.dialect.context import Context
from engine.dialect.duckdb.syntax import string
from engine.dialect.patterns import NULL, Patterns, ends_in_escape, escape_character, subject
from engine.dialect.value import Value, refuse, value


class _DuckPatterns(Patterns):
    def like(self, context: Context, left: Value, right: Value, escape: Value | None, *, insensitive: bool) -> Value:
        pattern = context.cast(right, TEXT).sql
        character = escape_character(escape)
        if character is None:
            return value(NULL, BOOL)
        if right.literal is not None and character and ends_in_escape(right.literal, character):
            raise DataException("LIKE pattern must not end with escape character", code="22025")
        clause = f" ESCAPE {string(character)}" if character else ""
        if insensitive:
            # Both sides folded with PostgreSQL's lower(), as it does itself for multi-byte encodings.
            if character.lower() != character:
                raise refuse("ILIKE with a letter as escape character")
            return value(f"(pg_lower({subject(context, left)}) LIKE pg_lower({pattern}){clause})", BOOL)
        if right.literal is not None and character and character not in right.literal:
            clause = ""
        return value(f"({subject(context, left)} LIKE {pattern}{clause})", BOOL)

    def matches(self, text: str, regex: str) -> str:
        return f"regexp_matches({text}, {regex})"


PATTERNS = _DuckPatterns()
