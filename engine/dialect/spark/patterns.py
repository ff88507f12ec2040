"""Spark's half of the patterns; regular expressions run in the RE2 of our library."""

from __future__ import annotations

from catalog.errors import DataException
from catalog.types import BOOL, TEXT
from engine.dialect.context import Context
from engine.dialect.patterns import NULL, Patterns, ends_in_escape, escape_character, subject
from engine.dialect.spark.syntax import string
from engine.dialect.value import Value, refuse, value


class _SparkPatterns(Patterns):
    def like(self, context: Context, left: Value, right: Value, escape: Value | None, *, insensitive: bool) -> Value:
        """(Spark's own LIKE, which reads files by its prefix, takes patterns without escapes; ours the others.)"""
        character = escape_character(escape)
        if character is None:
            return value(NULL, BOOL)
        text = subject(context, left)
        wanted = context.cast(right, TEXT)
        pattern = wanted.sql
        literal = right.literal if right.literal is not None else wanted.text
        if literal is not None and character and ends_in_escape(literal, character):
            raise DataException("LIKE pattern must not end with escape character", code="22025")
        if insensitive:
            if character.lower() != character:
                raise refuse("ILIKE with a letter as escape character")
            text, pattern = f"pg_lower({text})", f"pg_lower({pattern})"
        if literal is not None and "\\" not in literal and (not character or character not in literal):
            return value(f"({text} LIKE {pattern})", BOOL)
        return value(f"pg_like({text}, {pattern}, {string(character)})", BOOL)

    def matches(self, text: str, regex: str) -> str:
        return f"pg_regex_matches({text}, {regex})"


PATTERNS = _SparkPatterns()
