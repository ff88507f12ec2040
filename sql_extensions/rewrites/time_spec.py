"""The grammar of a time specification: which version or moment of a table is meant. Tokens in, data out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from catalog.errors import FeatureNotSupported, SqlSyntaxError
from catalog.types import INT8, TEXT, TIMESTAMPTZ, PgType
from engine.dialect.scanner import Token, TokenKind
from sql_extensions.cursor import Cursor


class SpecKind(Enum):
    VERSION = "version"
    TIMESTAMP = "timestamp"
    TAG = "tag"


class ValueKind(Enum):
    """How the value of a specification is given. `text` of a TimeSpec is read accordingly."""

    LITERAL = "literal"
    """`text` is the value itself."""
    PARAMETER = "parameter"
    """`text` is the number of the parameter."""
    EXPRESSION = "expression"
    """`text` is SQL without columns, to be evaluated by PostgreSQL."""


@dataclass(frozen=True, slots=True)
class TimeSpec:
    """One table at another time.

    `relation` is the table's name as written (one to three parts, unquoted). `position` is where it stands in the
    string the client sent, `value_position` where its time stands (both from 1).
    """

    relation: tuple[str, ...]
    kind: SpecKind
    value: ValueKind
    text: str
    position: int = 0
    value_position: int = 0
    current_columns: bool = False
    """The row type is the table's current one: columns added since are NULL, dropped ones are not shown."""
    param_type: PgType | None = None
    """The type of the parameter, where the value is one."""


@dataclass(frozen=True, slots=True)
class Time:
    """A parsed specification, before it is joined with its table: see TimeSpec."""

    kind: SpecKind
    value: ValueKind
    text: str
    start: int
    param_type: PgType | None = None


CHANGES_HINT = "Read a table's changes with kadali.table_changes('table', from, to), or one moment with AS OF."
_UNIT_WORDS = frozenset({"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"})
_TAGGED = re.compile(r"v(\d+)\Z", re.IGNORECASE)
_MILLISECONDS = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})\Z")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?([ T].*)?\Z")


def begins(c: Cursor) -> bool:
    """Whether a time specification begins here."""
    ahead = 1 if c.at("FOR") else 0
    word = c.peek(ahead)
    if word is None:
        return False
    if word.word in ("VERSION", "TIMESTAMP", "SYSTEM_TIME", "SYSTEM_VERSION"):
        follows = [token.word if (token := c.peek(ahead + n)) is not None else "" for n in (1, 2)]
        if follows == ["AS", "OF"]:
            return bool(ahead) or not word.word.startswith("SYSTEM_")
        return bool(ahead) and follows[0] in ("BETWEEN", "FROM", "CONTAINED")
    inner = c.peek(2)
    return (
        ahead == 0
        and c.at("AT", "(")
        and inner is not None
        and inner.word in ("VERSION", "TIMESTAMP", "TAG")
        and (arrow := c.peek(3)) is not None
        and arrow.text == "=>"
    )


def parse(c: Cursor) -> Time:
    """The specification that begins here (`begins` was true). Raises SqlSyntaxError, FeatureNotSupported."""
    if c.take("AT"):
        c.expect("(")
        word = c.next().word
        c.expect("=>")
        time = _value(c, SpecKind[word])
        c.expect(")")
        return time
    first = c.peek()
    c.take("FOR")
    word = c.next().word
    if not c.take("AS", "OF"):
        raise FeatureNotSupported(
            "reading a range of versions is not supported",
            hint=CHANGES_HINT,
            position=None if first is None else first.start + 1,
        )
    return _value(c, SpecKind.VERSION if "VERSION" in word else SpecKind.TIMESTAMP)


def named(name: str, text: str, start: int) -> Time | None:
    """The specification in the part of a quoted name behind its @: v3, 17 digits, a date with or without time, a tag.

    None if there is none: an empty base or an empty specification.
    """
    if not name or not text:
        return None
    if (match := _TAGGED.match(text)) is not None:
        return Time(SpecKind.VERSION, ValueKind.LITERAL, match[1], start)
    if (match := _MILLISECONDS.match(text)) is not None:
        return Time(SpecKind.TIMESTAMP, ValueKind.LITERAL, milliseconds(match), start)
    if _DATE.match(text) is not None:
        return Time(SpecKind.TIMESTAMP, ValueKind.LITERAL, text, start)
    return Time(SpecKind.TAG, ValueKind.LITERAL, text, start)


def unquoted(tokens: tuple[Token | None, Token | None], after: Token) -> Time | None:
    """The specification in `@v3` or `@20260101000000000` directly behind the name `after`; None if it is not one."""
    at, value = tokens
    if at is None or value is None or at.text != "@" or at.kind is not TokenKind.OPERATOR:
        return None
    if at.start != after.end or value.start != at.end:
        return None
    if value.kind is TokenKind.WORD and (match := _TAGGED.match(value.text)) is not None:
        return Time(SpecKind.VERSION, ValueKind.LITERAL, match[1], value.start)
    if value.kind is TokenKind.NUMBER and (match := _MILLISECONDS.match(value.text)) is not None:
        return Time(SpecKind.TIMESTAMP, ValueKind.LITERAL, milliseconds(match), value.start)
    return None


def milliseconds(match: re.Match[str]) -> str:
    year, month, day, hour, minute, second, milli = match.groups()
    return f"{year}-{month}-{day} {hour}:{minute}:{second}.{milli}"


def argument(c: Cursor, name: str) -> Time:
    """The value of a named argument of kadali.time_travel: `version`, `as_of` or `tag`."""
    kind = {"version": SpecKind.VERSION, "as_of": SpecKind.TIMESTAMP, "tag": SpecKind.TAG}[name]
    time = _value(c, kind)
    if time.param_type == TIMESTAMPTZ:
        return Time(time.kind, time.value, time.text, time.start, TEXT)
    return time


def _value(c: Cursor, kind: SpecKind) -> Time:
    token = c.peek()
    if token is None:
        c.fail("a version, a time or a parameter")
    if kind is SpecKind.TIMESTAMP:
        return _moment(c, token)
    c.next()
    if token.kind is TokenKind.PARAM:
        param_type = INT8 if kind is SpecKind.VERSION else TEXT
        return Time(kind, ValueKind.PARAMETER, token.text[1:], token.start, param_type)
    if token.kind is TokenKind.STRING:
        if kind is SpecKind.VERSION and token.text.isdigit():
            return Time(kind, ValueKind.LITERAL, token.text, token.start)
        return Time(SpecKind.TAG, ValueKind.LITERAL, token.text, token.start)
    if kind is SpecKind.VERSION and token.kind is TokenKind.NUMBER and token.text.replace("_", "").isdigit():
        return Time(kind, ValueKind.LITERAL, token.text.replace("_", ""), token.start)
    near = c.sql[token.start : token.end]
    wanted = "Expected a version number, a parameter or the name of a snapshot."
    raise SqlSyntaxError(f'syntax error at or near "{near}"', hint=wanted, position=token.start + 1)


def _moment(c: Cursor, first: Token) -> Time:
    """A literal, a parameter, or an expression: how far it reaches follows from the tokens."""
    last = _expression(c)
    if first.start == last.start and first.kind is TokenKind.STRING:
        return Time(SpecKind.TIMESTAMP, ValueKind.LITERAL, first.text, first.start)
    if first.start == last.start and first.kind is TokenKind.PARAM:
        return Time(SpecKind.TIMESTAMP, ValueKind.PARAMETER, first.text[1:], first.start, TIMESTAMPTZ)
    return Time(SpecKind.TIMESTAMP, ValueKind.EXPRESSION, c.sql[first.start : last.end], first.start)


def _expression(c: Cursor) -> Token:
    """Pass over operands with + and - between them; the last token."""
    while True:
        last = _operand(c)
        here = c.peek()
        if here is None or here.text not in ("+", "-", "*") or here.kind is not TokenKind.OPERATOR:
            return last
        c.next()


def _operand(c: Cursor) -> Token:
    c.take("-")
    token = c.peek()
    if token is None:
        c.fail("a time")
    if token.text == "(" and token.kind is TokenKind.PUNCTUATION:
        inner = c.peek(1)
        if inner is not None and inner.word in ("SELECT", "WITH", "VALUES", "TABLE"):
            raise FeatureNotSupported("a time cannot be a subquery", position=token.start + 1)
        last = group(c)
    elif token.kind in (TokenKind.STRING, TokenKind.NUMBER, TokenKind.PARAM):
        last = c.next()
    elif token.kind in (TokenKind.WORD, TokenKind.QUOTED):
        last = _named_operand(c)
    else:
        c.fail("a time")
    return _suffixes(c, last)


def _named_operand(c: Cursor) -> Token:
    """`date '...'`, `interval '1' day`, `now()`, `current_date`, `cast(...)`."""
    last = c.next()
    interval = last.word == "INTERVAL"
    while c.at("."):
        c.next()
        last = c.next()
    if c.at("WITH", "TIME", "ZONE") or c.at("WITHOUT", "TIME", "ZONE"):
        for _ in range(3):
            last = c.next()
    if c.at("("):
        last = group(c)
    token = c.peek()
    if token is not None and token.kind is TokenKind.STRING:
        last = c.next()
        while interval and (unit := c.peek()) is not None and (unit.word in _UNIT_WORDS or unit.word == "TO"):
            last = c.next()
    return last


def _suffixes(c: Cursor, last: Token) -> Token:
    """`::type` and `AT TIME ZONE x` behind an operand."""
    while True:
        if c.take("::"):
            last = c.next()
            while c.at("."):
                c.next()
                last = c.next()
            if c.at("("):
                last = group(c)
            if c.at("WITH", "TIME", "ZONE") or c.at("WITHOUT", "TIME", "ZONE"):
                for _ in range(3):
                    last = c.next()
        elif c.take("AT", "TIME", "ZONE"):
            last = _operand(c)
        else:
            return last


def group(c: Cursor) -> Token:
    """Pass over a parenthesis with all it holds; its closing token."""
    depth = 0
    while True:
        token = c.next()
        if token.kind is TokenKind.PUNCTUATION:
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0:
            return token
