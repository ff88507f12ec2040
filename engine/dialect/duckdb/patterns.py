"""LIKE, ILIKE, SIMILAR TO and the regex operators."""

from __future__ import annotations

from catalog.errors import DataException
from catalog.types import BOOL, BPCHAR, TEXT
from engine.dialect.context import Context
from engine.dialect.duckdb.syntax import string
from engine.dialect.regex import similar_to_regex, to_re2
from engine.dialect.value import Value, refuse, value


def subject(context: Context, v: Value) -> str:
    """The text a pattern is matched against; char(n) keeps its blanks here."""
    if v.oid == BPCHAR.oid:
        if v.width is None:
            raise refuse("a pattern match on character of varying length")
        return f"rpad({v.sql}, {v.width}, ' ')"
    return context.cast(v, TEXT).sql


def like(context: Context, left: Value, right: Value, escape: Value | None, *, insensitive: bool) -> Value:
    """left [I]LIKE right [ESCAPE escape]; the default escape is the backslash, an empty one turns escaping off."""
    word = "ILIKE" if insensitive else "LIKE"
    pattern = context.cast(right, TEXT).sql
    if escape is None:
        character: str | None = "\\"
    elif escape.literal is None:
        if escape.is_null:
            return value("CAST(NULL AS BOOLEAN)", BOOL)
        raise refuse("an ESCAPE that is not a literal")
    else:
        character = escape.literal
    if character is not None and len(character) > 1:
        raise refuse("an ESCAPE of more than one character")
    if right.literal is not None and character and _ends_in_escape(right.literal, character):
        raise DataException("LIKE pattern must not end with escape character", code="22025")
    if insensitive:
        return _ilike(context, left, right, character)
    clause = f" ESCAPE {string(character)}" if character else ""
    if right.literal is not None and character and character not in right.literal:
        clause = ""
    return value(f"({subject(context, left)} {word} {pattern}{clause})", BOOL)


def _ends_in_escape(pattern: str, character: str) -> bool:
    at = 0
    while at < len(pattern):
        at += 2 if pattern[at] == character else 1
    return at > len(pattern)


def _ilike(context: Context, left: Value, right: Value, character: str | None) -> Value:
    """Both sides folded with PostgreSQL's lower(), as it does itself for multi-byte encodings."""
    if character and character.lower() != character:
        raise refuse("ILIKE with a letter as escape character")
    clause = f" ESCAPE {string(character)}" if character else ""
    pattern = context.cast(right, TEXT).sql
    return value(f"(pg_lower({subject(context, left)}) LIKE pg_lower({pattern}){clause})", BOOL)


def regex_operator(context: Context, symbol: str, left: Value, right: Value) -> Value:
    """`~` and its forms, for literal patterns that RE2 matches alike."""
    if right.is_null or left.is_null:
        return value("CAST(NULL AS BOOLEAN)", BOOL)
    pattern = literal_pattern(right)
    re2 = to_re2(pattern, insensitive=symbol.endswith("*"))
    sql = f"regexp_matches({subject(context, left)}, {string(re2)})"
    return value(f"(NOT {sql})" if symbol.startswith("!") else sql, BOOL)


def literal_pattern(v: Value) -> str:
    if v.literal is None:
        raise refuse("a regular expression that is not a literal")
    return v.literal


def similar(context: Context, left: Value, right: Value, escape: Value | None) -> Value:
    """left SIMILAR TO right [ESCAPE escape]"""
    if right.is_null or left.is_null or (escape is not None and escape.is_null):
        return value("CAST(NULL AS BOOLEAN)", BOOL)
    character = "\\" if escape is None else literal_pattern(escape)
    re2 = to_re2(similar_to_regex(literal_pattern(right), character), insensitive=False)
    return value(f"regexp_matches({subject(context, left)}, {string(re2)})", BOOL)
