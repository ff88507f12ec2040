"""Statements, and what is said of them, as they may be kept and shown: without the secrets in them.

What is run is never changed. Where it is not certain what a text is, more is hidden than need be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from catalog.connections.model import OPTIONS, OptionType
from catalog.errors import SqlError
from catalog.history.record import TEXT_CHARACTERS_MAX
from catalog.names import quote_literal
from engine.dialect.scanner import Token, TokenKind, scan

STARS = "***"
HIDDEN = f"'{STARS}'"
_MARKS = ("secret", "token", "pass", "pwd", "credential", "private", "key", "connection", "wrapper", "//", "u&", "\\")
"""A text without any of these, in small letters, holds no secret that is known as one."""
_CORE = (
    r"(?:pass(?:word|wd|phrase)|pwd|token|secret|credential|private_?key|api_?key|(?:account|shared)_?key"
    r"|access_?key(?!_?id))[\w.-]{0,64}"
)
_NAME = re.compile(rf"[\w.-]*{_CORE}", re.IGNORECASE)
"""An option whose value is a secret."""
_ORDINARY = frozenset({"SELECT", "VALUES", "TABLE", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "("})
_FAMILY = frozenset({"SECRET", "CONNECTION", "SERVER", "SYNC", "PREVIEW", "CLUSTER"})
"""Statements that begin with a word of the first and have none of the second have no options."""
_FAMILY_TEXT = re.compile(rf"\b(?:{'|'.join(_FAMILY)})\b", re.IGNORECASE)
_PLAIN = frozenset(
    name for options in OPTIONS.values() for name, option in options.items() if option.type is not OptionType.SECRET
) | {"dbname", "username", "comment"}
"""What connections know that is no secret: all else in their statements may be one, misspelled."""
_FIRST = re.compile(r"\s*([A-Za-z]+|\()")
_NEXT = re.compile(rf";[^;]{{0,64}}?\b(?!(?:{'|'.join(_ORDINARY - {'('})})\b)[A-Za-z]", re.IGNORECASE)
_PLACES = frozenset({"ENV", "FILE", "KUBERNETES", "KEY"})
"""What follows these in CREATE SECRET says where a value is."""
_USER = re.compile(r"://[^:/?#\s]{0,1024}:")
_RAW_URI = re.compile(r"(://[^:/?#\s'\"]{0,1024}:)([^\s'\"]{0,2048})(@)")
_PAIR = re.compile(
    rf"({_CORE}\s{{0,8}}=\s{{0,8}})((?:'(?:\\.|''|[^'\\])*(?:'|\\?\Z))|(?:\\.|[^\s\\'])(?:\\.|[^\s\\])*)",
    re.DOTALL | re.IGNORECASE,
)
_STATEMENT_INSIDE = re.compile(
    rf"\b(?:create|alter)\s+(?:or\s+replace\s+)?secret\b|{_CORE}\s{{0,8}}=\s{{0,8}}['\"]?\Z", re.IGNORECASE
)
_OPTION_INSIDE = re.compile(rf"{_CORE}['\"]?\s{{0,8}}(?:=|[eu]?&?'|\$)", re.IGNORECASE)
_QUOTED_FROM = re.compile(r'[":]')
"""In an error's text, where what the user has written may begin."""
_GRAMMAR = frozenset({"IS", "LIKE", "CONNECTION", "SERVER", "TO", "TYPE"})
_USES = frozenset({"SYNC", "PREVIEW", "SHOW", "VALIDATE", "DROP", "COMMENT"})
_EQUALS = ("=", ":=", "=>")
_LITERALS = (TokenKind.STRING, TokenKind.BITS)
_QUOTED_KINDS = (TokenKind.STRING, TokenKind.BITS, TokenKind.QUOTED)
_NAMES = (TokenKind.WORD, TokenKind.QUOTED)
_SHORT = 3
SECRETS_MAX = 200
CONCEALED_CHARACTERS_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class _Span:
    """A part of the source that is written as `shown` instead; `secrets` are the texts that are hidden by that.

    `rest`: it is all from there on, because nothing can be told apart.
    """

    start: int
    end: int
    shown: str
    secrets: tuple[str, ...]
    rest: bool = False


def redacted(sql: str) -> str:
    """The text with values of secrets hidden, also where it cannot be parsed: those of CREATE and ALTER SECRET, of
    options such as password and token, and passwords in URIs and in libpq's keyword=value texts. What is longer than
    the history keeps breaks off.
    """
    if len(sql) > TEXT_CHARACTERS_MAX:
        return redacted(sql[: TEXT_CHARACTERS_MAX - 1]) + "…"
    if not _suspect(sql):
        return sql
    pieces: list[str] = []
    at = 0
    if _has_more_than_uris(sql):
        for span in sorted(_spans(sql), key=lambda one: (one.start, -one.end)):
            if span.start >= at:
                pieces.append(sql[at : span.start] + span.shown)
                at = span.end
    return _RAW_URI.sub(rf"\1{STARS}\3", "".join(pieces) + sql[at:])


def concealed(text: str, sql: str) -> str:
    """What an error says of a statement, without the secrets of the statement."""
    begin = _QUOTED_FROM.search(text)
    if begin is None or not _suspect(sql):
        return text
    head, told = text[: begin.start()], text[begin.start() :]
    if _has_more_than_uris(sql):
        if max(len(sql), len(told)) > CONCEALED_CHARACTERS_MAX:
            return head + STARS
        spans = list(_spans(sql))
        hidden = {secret for span in spans for secret in (sql[span.start : span.end], *span.secrets)}
        if len(hidden) > SECRETS_MAX or any(span.rest for span in spans):
            return head + STARS
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


def _has_more_than_uris(sql: str) -> bool:
    """Whether it must be read token by token: not a large INSERT whose rows have a URL somewhere."""
    first = _FIRST.match(sql)
    ordinary = first is not None and first[1].upper() in _ORDINARY and not _NEXT.search(sql)
    return not ordinary or any(one.search(sql) for one in (_FAMILY_TEXT, _OPTION_INSIDE))


def _spans(sql: str) -> Iterator[_Span]:
    """Statement by statement; one may lie inside another. Where the text ends inside a string or comment, the rest is
    hidden if it could be part of a secret, and so it is behind a string that holds a statement of ours: there a quote
    is missing, and nothing can be told apart.
    """
    statement: list[Token] = []
    end, unsure = 0, None
    try:
        for token in scan(sql):
            if _holds_ours(sql[end : token.start]):
                yield _gap(sql, end, token.start)
                unsure = end if unsure is None else unsure
            end = token.end
            if token.kind in _QUOTED_KINDS and _STATEMENT_INSIDE.search(sql, token.start, token.end):
                yield from _of_statement(sql, statement)
                yield _rest(sql, token.start)
                return
            if token.text == ";" and token.kind is TokenKind.PUNCTUATION:
                yield from _of_statement(sql, statement)
                statement = []
            else:
                statement.append(token)
    except SqlError:
        yield from _of_statement(sql, statement)
        if unsure is not None:  # a comment that ends inside a string of what was a statement
            yield _rest(sql, unsure)
        rest = sql[end:]
        known = statement and _has_options(statement)
        if known or any(pattern.search(rest) for pattern in (_FAMILY_TEXT, _USER, _PAIR)):
            yield _rest(sql, end)
        return
    yield from _of_statement(sql, statement)
    if _holds_ours(sql[end:]):
        yield _gap(sql, end, len(sql))


def _rest(sql: str, start: int) -> _Span:
    return _Span(start, len(sql), HIDDEN, (), rest=True)


def _holds_ours(gap: str) -> bool:
    """Whether what is between two tokens is a comment that holds a statement or an option of ours."""
    comment = "--" in gap or "/*" in gap
    return comment and (_STATEMENT_INSIDE.search(gap) or _OPTION_INSIDE.search(gap)) is not None


def _gap(sql: str, start: int, end: int) -> _Span:
    return _Span(start, end, f" /* {STARS} */ ", (sql[start:end].strip(),))


def _of_statement(sql: str, tokens: Sequence[Token]) -> Iterator[_Span]:
    if not tokens or not _has_options(tokens):
        return
    connection = _defines_connection(tokens)
    index = 0
    while index < len(tokens):
        if _defines(tokens, index):
            for first, last in _of_definition(tokens, index + 1):
                yield _hidden(sql, tokens[first:last])
            return
        if _names_secret(tokens, index, connection=connection):
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


def _defines_connection(tokens: Sequence[Token]) -> bool:
    """Whether it makes or changes a connection, or may be meant to: no option is known as one for sure."""
    words = [token.word for token in tokens[:5]]
    if not _USES.isdisjoint(words):
        return False
    return "CONNECTION" in words or ("SERVER" in words and any(token.word == "WRAPPER" for token in tokens))


def _names_secret(tokens: Sequence[Token], index: int, *, connection: bool) -> bool:
    """Whether an option is named here whose value is a secret, or may be one: an = or a string follows."""
    token = tokens[index]
    if index + 1 == len(tokens) or token.kind not in _NAMES:
        return False
    text, after = token.text.lower(), tokens[index + 1]
    if not _NAME.fullmatch(text) and (not connection or text in _PLAIN or token.word in _GRAMMAR):
        return False
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
    found = [match[2] for match in _PAIR.finditer(text)]
    shown = text
    end = text.rfind("@")  # a password that is not escaped may hold one
    user = _USER.search(text, 0, end) if end >= 0 else None
    if user is not None:
        found.append(text[user.end() : end])
        shown = text[: user.end()] + STARS + text[end:]
    if found:
        shown = _PAIR.sub(rf"\1{STARS}", shown)
        secrets = [variant for one in found for variant in (one, one.strip("'"), unquote(one)) if variant]
        yield _Span(token.start, token.end, quote_literal(shown) if string else f'"{shown}"', tuple(secrets))
