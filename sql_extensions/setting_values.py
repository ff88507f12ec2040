"""How values are written in SET: words, strings, numbers, lists, time zones."""

from __future__ import annotations

from catalog.errors import SqlSyntaxError
from engine.dialect.keywords import RESERVED
from engine.dialect.scanner import Token, TokenKind
from sql_extensions.cursor import Cursor
from sql_extensions.settings import Reset

SettingValue = tuple[str, ...] | Reset
_INTEGER_MAX = 2**31 - 1
_FIELDS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")


def setting_name(c: Cursor) -> str:
    """A name with or without dots."""
    return ".".join(c.qualified_name())


def setting_value(c: Cursor) -> SettingValue:
    """{ value [, ...] | DEFAULT }"""
    if c.take("DEFAULT"):
        return Reset.DEFAULT
    return c.comma_list(lambda: _value(c))


def zone_value(c: Cursor) -> SettingValue:
    """The zone of SET TIME ZONE: a name, a string, hours, an INTERVAL of hours and minutes, LOCAL or DEFAULT."""
    if c.take("DEFAULT") or c.take("LOCAL"):
        return Reset.DEFAULT
    if c.take("INTERVAL"):
        return (_interval(c),)
    token = c.peek()
    if token is not None and token.kind in (TokenKind.WORD, TokenKind.QUOTED, TokenKind.STRING):
        return (_value(c),)
    return (_number(c),)


def word_or_string(c: Cursor) -> str:
    """A role, an encoding: a word that is not reserved, or a string."""
    token = c.peek()
    if token is not None and (token.kind is TokenKind.STRING or _is_word(token)):
        return c.next().text
    c.fail("a name")


def _value(c: Cursor) -> str:
    token = c.peek()
    if token is None:
        c.fail("a value")
    if token.word in ("TRUE", "FALSE", "ON") or token.kind is TokenKind.STRING or _is_word(token):
        return c.next().text
    return _number(c)


def _is_word(token: Token) -> bool:
    return token.kind is TokenKind.QUOTED or (token.kind is TokenKind.WORD and token.text not in RESERVED)


def _number(c: Cursor) -> str:
    """PostgreSQL keeps small integers as numbers, and all else as the text written."""
    sign = "-" if c.take("-") else ""
    if not sign:
        c.take("+")
    token = c.peek()
    if token is None or token.kind is not TokenKind.NUMBER:
        c.fail("a value")
    text = c.next().text
    try:
        number = int(text, 0 if text[:2].lower() in ("0x", "0o", "0b") else 10)
    except ValueError:
        return sign + text
    return f"{sign}{number}" if number <= _INTEGER_MAX else sign + text


def _interval(c: Cursor) -> str:
    """PostgreSQL reads `INTERVAL '...'` as the value of TimeZone."""
    if c.take("("):
        c.integer()
        c.expect(")")
        return f"INTERVAL '{c.string()}'"
    text = c.string()
    at = c.peek()
    for name in _FIELDS:
        if c.take(name):
            ending = next((end for end in _FIELDS if c.take("TO", end)), None)
            if name != "HOUR" or ending not in (None, "MINUTE"):
                position = at.start + 1 if at is not None else None
                raise SqlSyntaxError("time zone interval must be HOUR or HOUR TO MINUTE", position=position)
            break
    return f"INTERVAL '{text}'"
