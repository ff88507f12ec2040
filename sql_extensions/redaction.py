"""Statements, and what is said of them, as they may be kept and shown: without the secrets in them.

What is run is never changed. Where it is not certain what a text is, more is hidden than need be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from catalog.errors import SqlError
from catalog.names import quote_literal
from engine.dialect.scanner import Token, TokenKind, scan

STARS = "***"
HIDDEN = f"'{STARS}'"
_MARKS = ("secret", "token", "pass", "pwd", "credential", "private", "key", "//", "u&", "\\")
"""A text without any of these, in small letters, holds no secret that is known as one."""
_WORD = (
    r"[\w.-]*(?:pass(?:word|wd|phrase)|pwd|token|secret|credential|private_?key|api_?key|(?:account|shared)_?key"
    r"|access_?key(?!_?id))[\w.-]*"
)
"""An option whose value is a secret."""
_NAME = re.compile(_WORD, re.IGNORECASE)
_ORDINARY = frozenset({"SELECT", "VALUES", "TABLE", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "("})
_FAMILY = frozenset({"SECRET", "CONNECTION", "SERVER", "SYNC", "PREVIEW", "CLUSTER"})
"""Statements that begin with a word of the first and have none of the second have no options."""
_FAMILY_TEXT = re.compile(rf"\b(?:{'|'.join(_FAMILY)})\b", re.IGNORECASE)
_PLACES = frozenset({"ENV", "FILE", "KUBERNETES", "KEY"})
"""What follows these in CREATE SECRET says where a value is."""
_URI = re.compile(r"(://[^:/?#\s]*:)(.*)(@)", re.DOTALL)
_RAW_URI = re.compile(r"(://[^:/?#\s'\"]*:)([^\s'\"]*)(@)")
_PAIR = re.compile(
    rf"({_WORD}\s*=\s*)((?:'(?:\\.|''|[^'\\])*(?:'|\\?\Z))|(?:\\.|[^\s\\'])(?:\\.|[^\s\\])*)",
    re.DOTALL | re.IGNORECASE,
)
_QUOTED_FROM = re.compile(r'[":]')
"""In an error's text, where what the user has written may begin."""
_EQUALS = ("=", ":=", "=>")
_LITERALS = (TokenKind.STRING, TokenKind.BITS)
_NAMES = (TokenKind.WORD, TokenKind.QUOTED)
_SHORT = 3


@dataclass(frozen=True, slots=True)
class _Span:
    """A part of the source that is written as `shown` instead; `secrets` are the texts that are hidden by that."""

    start: int
    end: int
    shown: str
    secrets: tuple[str, ...]


def redacted(sql: str) -> str:
    """The text with values of secrets hidden, also where it cannot be parsed: those of CREATE and ALTER SECRET, of
    options such as password and token, and passwords in URIs and in libpq's keyword=value texts.
    """
    if not _suspect(sql):
        return sql
    pieces: list[str] = []
    at = 0
    for span in _spans(sql):
        pieces.append(sql[at : span.start] + span.shown)
        at = span.end
    return _RAW_URI.sub(rf"\1{STARS}\3", "".join(pieces) + sql[at:])


def concealed(text: str, sql: str) -> str:
    """What an error says of a statement, without the secrets of the statement."""
    begin = _QUOTED_FROM.search(text)
    if begin is None or not _suspect(sql):
        return text
    head, told = text[: begin.start()], text[begin.start() :]
    hidden = {secret for span in _spans(sql) for secret in (sql[span.start : span.end], *span.secrets)}
    for secret in sorted(hidden, key=len, reverse=True):
        found, shown = (secret, STARS) if len(secret) >= _SHORT else (f'"{secret}"', f'"{STARS}"')
        told = told.replace(found, shown)
    return head + _RAW_URI.sub(rf"\1{STARS}\3", told)


def conceal(error: SqlError, sql: str) -> SqlError:
    """The same error, saying nothing of the statement's secrets."""
    if _suspect(sql):
        error.message = concealed(error.message, sql)
        error.args = (error.message,)
        for part in ("detail", "hint", "context"):
            told = getattr(error, part)
            if told is not None:
                setattr(error, part, concealed(told, sql))
    return error


def _suspect(sql: str) -> bool:
    low = sql.lower()
    return any(mark in low for mark in _MARKS)


def _spans(sql: str) -> Iterator[_Span]:
    """In order, without overlap. Where the text ends inside a string or comment, the rest is hidden if it could be part
    of a secret: nothing there can be told apart.
    """
    statement: list[Token] = []
    end = 0
    try:
        for token in scan(sql):
            end = token.end
            if token.text == ";" and token.kind is TokenKind.PUNCTUATION:
                yield from _of_statement(sql, statement)
                statement = []
            else:
                statement.append(token)
    except SqlError:
        yield from _of_statement(sql, statement)
        rest = sql[end:]
        if (statement and _has_options(statement)) or any(
            pattern.search(rest) for pattern in (_FAMILY_TEXT, _URI, _PAIR)
        ):
            yield _Span(end, len(sql), HIDDEN, (rest, rest.strip(), rest.strip().strip("'\"")))
        return
    yield from _of_statement(sql, statement)


def _of_statement(sql: str, tokens: Sequence[Token]) -> Iterator[_Span]:
    if not tokens or not _has_options(tokens):
        return
    index = 0
    while index < len(tokens):
        if _defines(tokens, index):
            for first, last in _of_definition(tokens, index + 1):
                yield _hidden(sql, tokens[first:last])
            return
        if _names_secret(tokens, index):
            first, last = _value(tokens, index + 1)
            if first < last:
                yield _hidden(sql, tokens[first:last])
            index = max(last, index + 1)
            continue
        if tokens[index].kind in (TokenKind.STRING, TokenKind.QUOTED):
            yield from _inside(sql, tokens[index])
        index += 1


def _has_options(tokens: Sequence[Token]) -> bool:
    first = tokens[0].word or tokens[0].text
    return first not in _ORDINARY or any(token.word in _FAMILY for token in tokens)


def _defines(tokens: Sequence[Token], index: int) -> bool:
    """Whether this is the SECRET of CREATE or ALTER SECRET, or of what may be meant as such."""
    if tokens[index].word != "SECRET":
        return False
    before = tokens[index - 1].word if index else ""
    if before in ("CREATE", "ALTER", "REPLACE", "OR"):
        return True
    return index <= 1 and before not in _ORDINARY | {"DROP", "SHOW", "COMMENT"}


def _of_definition(tokens: Sequence[Token], at: int) -> Iterator[tuple[int, int]]:
    """What is hidden of the tokens behind CREATE SECRET: all but the name and what is known to be no value."""
    while at < len(tokens) and tokens[at].word in ("IF", "NOT", "EXISTS"):
        at += 1
    if at < len(tokens) and tokens[at].kind in _NAMES and tokens[at].word != "AS":
        at += 1
    if at < len(tokens) and tokens[at].word in ("FROM", "RENAME", "OWNER"):
        for index in range(at + 1, len(tokens)):
            if tokens[index].kind in _LITERALS and tokens[index - 1].word not in _PLACES:
                yield index, index + 1
        return
    if at < len(tokens) and tokens[at].word == "AS":
        at += 1
    if at < len(tokens):
        yield at, len(tokens)


def _names_secret(tokens: Sequence[Token], index: int) -> bool:
    """Whether an option is named here whose value is a secret: an = or a string follows."""
    token = tokens[index]
    if index + 1 == len(tokens) or token.kind not in _NAMES or not _NAME.fullmatch(token.text):
        return False
    after = tokens[index + 1]
    return after.kind in _LITERALS or after.text in _EQUALS


def _value(tokens: Sequence[Token], index: int) -> tuple[int, int]:
    """What is hidden of an option's value: up to a comma, a parenthesis or the next option; not a secret's name."""
    if tokens[index].kind not in _LITERALS:
        index += 1
    if index + 1 < len(tokens) and tokens[index].word == "SECRET" and tokens[index + 1].kind in _NAMES:
        return index, index
    last = index
    while last < len(tokens):
        token = tokens[last]
        after = tokens[last + 1].text if last + 1 < len(tokens) else ""
        ends = token.kind is TokenKind.PUNCTUATION and token.text in (",", ")")
        if ends or (last > index and after in _EQUALS):
            break
        last += 1
    return index, last


def _hidden(sql: str, tokens: Sequence[Token]) -> _Span:
    written = [sql[token.start : token.end] for token in tokens]
    secrets = [text for token, raw in zip(tokens, written, strict=True) for text in (token.text, raw)]
    return _Span(tokens[0].start, tokens[-1].end, HIDDEN, tuple(text for text in secrets if text))


def _inside(sql: str, token: Token) -> Iterator[_Span]:
    """A string, or a name in quotes, that has a password in it."""
    string = token.kind is TokenKind.STRING
    text = token.text if string else sql[token.start + 1 : token.end - 1]
    found = [match[2] for pattern in (_URI, _PAIR) for match in pattern.finditer(text)]
    if found:
        shown = _PAIR.sub(rf"\1{STARS}", _URI.sub(rf"\1{STARS}\3", text))
        secrets = [variant for one in found for variant in (one, one.strip("'"), unquote(one)) if variant]
        yield _Span(token.start, token.end, quote_literal(shown) if string else f'"{shown}"', tuple(secrets))
