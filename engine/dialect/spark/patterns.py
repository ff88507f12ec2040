"""LIKE, ILIKE, SIMILAR TO and the regex operators on Spark; regular expressions run in the RE2 of our library."""

from __future__ import annotations

from catalog.errors import DataException
from catalog.types import BOOL, BPCHAR, TEXT
from engine.dialect.context import Context
from engine.dialect.regex import similar_to_regex, to_re2
from engine.dialect.spark.syntax import string
from engine.dialect.value import Value, refuse, value

_NULL = "CAST(NULL AS BOOLEAN)"


def subject(context: Context, v: Value) -> str:
    """The text a pattern is matched against; char(n) keeps its blanks here."""
    if v.oid == BPCHAR.oid:
        if v.width is None:
            raise refuse("a pattern match on character of varying length")
        return f"rpad({v.sql}, {v.width}, ' ')"
    return context.cast(v, TEXT).sql


def like(context: Context, left: Value, right: Value, escape: Value | None, *, insensitive: bool) -> Value:
    """left [I]LIKE right [ESCAPE escape]; the default escape is the backslash, an empty one turns escaping off.

    Spark's own LIKE, which reads files by its prefix, takes patterns without escapes; ours the others.
    """
    character = _escape(escape)
    if character is None:
        return value(_NULL, BOOL)
    text = subject(context, left)
    wanted = context.cast(right, TEXT)
    pattern = wanted.sql
    literal = right.literal if right.literal is not None else wanted.text
    if literal is not None and character and _ends_in_escape(literal, character):
        raise DataException("LIKE pattern must not end with escape character", code="22025")
    if insensitive:
        if character.lower() != character:
            raise refuse("ILIKE with a letter as escape character")
        text, pattern = f"pg_lower({text})", f"pg_lower({pattern})"
    if literal is not None and "\\" not in literal and (not character or character not in literal):
        return value(f"({text} LIKE {pattern})", BOOL)
    return value(f"pg_like({text}, {pattern}, {string(character)})", BOOL)


def _escape(escape: Value | None) -> str | None:
    """The escape character, empty for none; None where it is NULL."""
    if escape is None:
        return "\\"
    if escape.literal is None:
        if escape.is_null:
            return None
        raise refuse("an ESCAPE that is not a literal")
    if len(escape.literal) > 1:
        raise refuse("an ESCAPE of more than one character")
    return escape.literal


def _ends_in_escape(pattern: str, character: str) -> bool:
    at = 0
    while at < len(pattern):
        at += 2 if pattern[at] == character else 1
    return at > len(pattern)


def regex_operator(context: Context, symbol: str, left: Value, right: Value) -> Value:
    """`~` and its forms, for literal patterns that RE2 matches alike."""
    if right.is_null or left.is_null:
        return value(_NULL, BOOL)
    re2 = to_re2(_literal(right), insensitive=symbol.endswith("*"))
    sql = f"pg_regex_matches({subject(context, left)}, {string(re2)})"
    return value(f"(NOT {sql})" if symbol.startswith("!") else sql, BOOL)


def _literal(v: Value) -> str:
    if v.literal is None:
        raise refuse("a regular expression that is not a literal")
    return v.literal


def similar(context: Context, left: Value, right: Value, escape: Value | None) -> Value:
    """left SIMILAR TO right [ESCAPE escape]"""
    if right.is_null or left.is_null or (escape is not None and escape.is_null):
        return value(_NULL, BOOL)
    character = "\\" if escape is None else _literal(escape)
    re2 = to_re2(similar_to_regex(_literal(right), character), insensitive=False)
    return value(f"pg_regex_matches({subject(context, left)}, {string(re2)})", BOOL)
