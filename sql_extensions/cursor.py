"""A reader of tokens: the whole vocabulary a statement's grammar needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NoReturn, TypeVar

from catalog.errors import InvalidParameterValue, SqlSyntaxError
from engine.dialect.keywords import RESERVED, TYPE_OR_FUNCTION
from engine.dialect.scanner import Token, TokenKind, scan

T = TypeVar("T")
OptionValue = str | int | float | bool


class Cursor:
    """Stands before a token of one statement. Every failure is a 42601 with the position in the string sent."""

    def __init__(self, sql: str, tokens: Sequence[Token]) -> None:
        self.sql = sql
        """The whole string the client sent: token positions index it."""
        self._tokens = tokens
        self._at = 0

    def peek(self, ahead: int = 0) -> Token | None:
        """A token from here on, or behind for a negative count; None beyond either end."""
        index = self._at + ahead
        return self._tokens[index] if 0 <= index < len(self._tokens) else None

    def next(self) -> Token:
        """The token here, passed over; fails at the end."""
        token = self.peek()
        if token is None:
            self.fail("more")
        self._at += 1
        return token

    def here(self) -> int:
        """The position (from 1, in the string sent) of the next token, or just past the end."""
        token = self.peek()
        if token is not None:
            return token.start + 1
        return (self._tokens[-1].end if self._tokens else len(self.sql)) + 1

    def upto(self, index: int) -> Sequence[Token]:
        """The tokens from here to `index` (counted from the statement's first token), passed over."""
        tokens = self._tokens[self._at : index]
        self._at = index
        return tokens

    def tokens(self) -> Sequence[Token]:
        """All tokens of the statement; moves nothing."""
        return self._tokens

    def rest(self) -> tuple[Token, ...]:
        """All tokens from here on, passed over."""
        tokens = tuple(self._tokens[self._at :])
        self._at = len(self._tokens)
        return tokens

    def text_from_here(self) -> str:
        """The source text from the next token to the end of the statement; passes over it."""
        tokens = self.rest()
        return self.sql[tokens[0].start : tokens[-1].end] if tokens else ""

    def fail(self, wanted: str | None = None) -> NoReturn:
        """PostgreSQL's wording; what was wanted goes into the hint."""
        token = self.peek()
        hint = f"Expected {wanted}." if wanted else None
        if token is None:
            token = next(scan(self.sql, self._tokens[-1].end if self._tokens else 0), None)
        if token is None:
            raise SqlSyntaxError("syntax error at end of input", hint=hint, position=len(self.sql) + 1)
        near = self.sql[token.start : token.end]
        raise SqlSyntaxError(f'syntax error at or near "{near}"', hint=hint, position=token.start + 1)

    def at(self, *words: str) -> bool:
        """Whether these words (or punctuation, operators) come next."""
        for ahead, word in enumerate(words):
            token = self.peek(ahead)
            if token is None or not _is(token, word):
                return False
        return True

    def passed(self, word: str) -> bool:
        """Whether `word` stands somewhere before here: which spelling of the head was written."""
        return any(token.word == word for token in self._tokens[: self._at])

    def take(self, *words: str) -> bool:
        """Pass over these words if they come next."""
        if not self.at(*words):
            return False
        self._at += len(words)
        return True

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.take(word):
                self.fail(word)

    def one_of(self, *words: str) -> str:
        """The word here, one of `words`."""
        for word in words:
            if self.take(word):
                return word
        self.fail(" or ".join(words))

    def name(self) -> str:
        """An identifier: folded if unquoted."""
        token = self.peek()
        if token is None or token.kind not in (TokenKind.WORD, TokenKind.QUOTED):
            self.fail("a name")
        self._at += 1
        return token.text

    def identifier(self) -> str:
        """A name that may stand alone (PostgreSQL's ColId): a reserved word must be quoted."""
        token = self.peek()
        if token is not None and token.kind is TokenKind.WORD and token.text in _NOT_COLUMN_IDS:
            self.fail("a name")
        return self.name()

    def qualified_name(self) -> tuple[str, ...]:
        """One to three names with dots between; only the first must not be a reserved word."""
        parts = [self.identifier()]
        while self.take("."):
            parts.append(self.name())
        return tuple(parts)

    def string(self) -> str:
        token = self.peek()
        if token is None or token.kind is not TokenKind.STRING:
            self.fail("a string")
        self._at += 1
        return token.text

    def integer(self) -> int:
        token = self.peek()
        if token is None or token.kind is not TokenKind.NUMBER or not token.text.replace("_", "").isdigit():
            self.fail("an integer")
        self._at += 1
        return int(token.text)

    def number(self) -> int | float:
        """A number with an optional sign."""
        sign = -1 if self.take("-") else 1
        token = self.peek()
        if token is None or token.kind is not TokenKind.NUMBER:
            self.fail("a number")
        self._at += 1
        text = token.text.replace("_", "")
        return sign * (int(text) if text.isdigit() else float(text))

    def comma_list(self, item: Callable[[], T]) -> tuple[T, ...]:
        items = [item()]
        while self.take(","):
            items.append(item())
        return tuple(items)

    def in_parentheses(self, item: Callable[[], T]) -> T:
        self.expect("(")
        value = item()
        self.expect(")")
        return value

    def option_value(self) -> OptionValue:
        """'string' | number | true | false | word (rule R3)."""
        token = self.peek()
        if token is None:
            self.fail("a value")
        if token.kind is TokenKind.STRING:
            return self.string()
        if token.kind is TokenKind.NUMBER or token.text == "-":
            return self.number()
        if token.kind in (TokenKind.WORD, TokenKind.QUOTED):
            self._at += 1
            return {"TRUE": True, "FALSE": False}.get(token.word, token.text)
        self.fail("a value")

    def at_end(self) -> bool:
        return self._at >= len(self._tokens)

    def end(self) -> None:
        if not self.at_end():
            self.fail("the end of the statement")


_NOT_COLUMN_IDS = RESERVED | TYPE_OR_FUNCTION
DURATION_S_MAX = 100 * 366 * 86400
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}


def duration(text: str) -> timedelta:
    """'240 hours', '10 minutes', '7 days' as a length of time; raises InvalidParameterValue (22023)."""
    total, words = 0.0, text.split()
    if not words or len(words) % 2:
        raise InvalidParameterValue(f'invalid interval: "{text}"', hint="Write for example '240 hours' or '7 days'.")
    for amount, unit in zip(words[::2], words[1::2], strict=True):
        seconds = _UNITS.get(unit.lower().rstrip("s"))
        try:
            total += float(amount) * (seconds or float("nan"))
        except ValueError:
            seconds = None
        if seconds is None:
            raise InvalidParameterValue(
                f'invalid interval: "{text}"', hint="Write for example '240 hours' or '7 days'."
            )
    if not abs(total) <= DURATION_S_MAX:
        raise InvalidParameterValue(f'interval out of range: "{text}"')
    return timedelta(seconds=total)


def _is(token: Token, word: str) -> bool:
    if token.kind in (TokenKind.PUNCTUATION, TokenKind.OPERATOR):
        return token.text == word
    return bool(token.word) and token.word == word
