"""LIKE, ILIKE, SIMILAR TO and the regex operators. An engine's half writes the matches."""

from __future__ import annotations

from abc import ABC, abstractmethod

from catalog.types import BOOL, BPCHAR, TEXT
from engine.dialect.context import Context
from engine.dialect.regex import similar_to_regex, to_re2
from engine.dialect.value import Value, refuse, value

NULL = "CAST(NULL AS BOOLEAN)"


class Patterns(ABC):
    """Matches of texts with patterns."""

    @abstractmethod
    def like(self, context: Context, left: Value, right: Value, escape: Value | None, *, insensitive: bool) -> Value:
        """left [I]LIKE right [ESCAPE escape]; the default escape is the backslash, an empty one turns escaping off."""

    @abstractmethod
    def matches(self, text: str, regex: str) -> str:
        """Whether RE2 finds the literal `regex` in a text."""

    def regex_operator(self, context: Context, symbol: str, left: Value, right: Value) -> Value:
        """`~` and its forms, for literal patterns that RE2 matches alike."""
        if right.is_null or left.is_null:
            return value(NULL, BOOL)
        re2 = to_re2(_literal(right), insensitive=symbol.endswith("*"))
        sql = self._found(context, left, re2)
        return value(f"(NOT {sql})" if symbol.startswith("!") else sql, BOOL)

    def similar(self, context: Context, left: Value, right: Value, escape: Value | None) -> Value:
        """left SIMILAR TO right [ESCAPE escape]"""
        if right.is_null or left.is_null or (escape is not None and escape.is_null):
            return value(NULL, BOOL)
        character = "\\" if escape is None else _literal(escape)
        re2 = to_re2(similar_to_regex(_literal(right), character), insensitive=False)
        return value(self._found(context, left, re2), BOOL)

    def _found(self, context: Context, v: Value, re2: str) -> str:
        return self.matches(subject(context, v), context.target.syntax.string(re2))


def subject(context: Context, v: Value) -> str:
    """The text a pattern is matched against; char(n) keeps its blanks here."""
    if v.oid == BPCHAR.oid:
        if v.width is None:
            raise refuse("a pattern match on character of varying length")
        return f"rpad({v.sql}, {v.width}, ' ')"
    return context.cast(v, TEXT).sql


def escape_character(escape: Value | None) -> str | None:
    """The escape character of LIKE, empty for none; None where it is NULL."""
    if escape is None:
        return "\\"
    if escape.literal is None:
        if escape.is_null:
            return None
        raise refuse("an ESCAPE that is not a literal")
    if len(escape.literal) > 1:
        raise refuse("an ESCAPE of more than one character")
    return escape.literal


def ends_in_escape(pattern: str, character: str) -> bool:
    """Whether the last character of a pattern of LIKE is an escape character that escapes nothing."""
    at = 0
    while at < len(pattern):
        at += 2 if pattern[at] == character else 1
    return at > len(pattern)


def _literal(v: Value) -> str:
    if v.literal is None:
        raise refuse("a regular expression that is not a literal")
    return v.literal
