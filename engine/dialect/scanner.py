"""PostgreSQL's lexical rules: text to tokens, and where statements end.

After PostgreSQL 16's scanner (scan.l): quoted and Unicode identifiers, standard, escape, bit, national and
dollar-quoted strings, nested comments, parameters, operators. Values are not interpreted beyond what recognising a
statement needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from catalog.errors import SqlSyntaxError
from catalog.names import fold
from engine.dialect.escapes import escape_string, truncate, unicode_escapes


class TokenKind(Enum):
    """What a token is."""

    WORD = "word"
    QUOTED = "quoted identifier"
    STRING = "string"
    BITS = "bit string"
    NUMBER = "number"
    PARAM = "parameter"
    OPERATOR = "operator"
    PUNCTUATION = "punctuation"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is the value (identifier unquoted and folded, string unescaped), `start` and `end` index the source.

    A bit string keeps its prefix, b or x. `word` is the upper-case spelling of an unquoted word, else empty: keywords
    are compared with it.
    """

    kind: TokenKind
    text: str
    start: int
    end: int
    word: str = ""


PARAM_CHARACTERS_MAX = 10
_SPACE = " \t\n\r\f\v"
_START = r"A-Za-z_\x80-\U0010ffff"
_TOKEN = re.compile(
    rf"""
    (?P<space>[{_SPACE}]+|--[^\n\r]*)
  | (?P<comment>/\*)
  | (?P<prefixed>(?:[eE]|[bBxX]|[nN]|[uU]&)')
  | (?P<string>')
  | (?P<uident>[uU]&")
  | (?P<quoted>")
  | (?P<dollar>\$(?:[{_START}][{_START}0-9]*)?\$)
  | (?P<param>\$[0-9]+)
  | (?P<based>0[xX](?:_?[0-9A-Fa-f])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+)
  | (?P<badbase>0[xX]_?|0[oO]_?|0[bB]_?)
  | (?P<number>(?:[0-9](?:_?[0-9])*(?:\.(?!\.)(?:[0-9](?:_?[0-9])*)?)?|\.[0-9](?:_?[0-9])*)
        (?:[eE][+-]?[0-9](?:_?[0-9])*)?)
  | (?P<word>[{_START}][{_START}0-9$]*)
  | (?P<colons>::|:=|\.\.)
  | (?P<punct>[()\[\],;.:])
  | (?P<operator>[+\-*/<>=~!@\#%^&|`?]+)
    """.replace(f"[{_SPACE}]", r"[ \t\n\r\f\v]"),
    re.VERBOSE,
)
_JUNK = re.compile(rf"[eE][+-]|[{_START}][{_START}0-9$]*")
_WORD_REST = re.compile(rf"[{_START}0-9$]+")
_WORDY_END = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ESCAPE_STRING = re.compile(r"(?:[^'\\]|\\.|'')*+'", re.DOTALL)
_PLAIN_STRING = re.compile(r"(?:[^']|'')*+'", re.DOTALL)
_QUOTED_IDENT = re.compile(r'(?:[^"]|"")*+"', re.DOTALL)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_GAP = r"(?:[ \t\n\r\f\v]|--[^\n\r]*)*"
_CONTINUED = re.compile(rf"{_GAP}[\n\r]{_GAP}'")
_UESCAPE = re.compile(rf"{_GAP}[uU][eE][sS][cC][aA][pP][eE]{_GAP}'(''|[^'])'")
_BASES = {"x": "hexadecimal", "o": "octal", "b": "binary"}


def tokenize(sql: str) -> list[Token]:
    """All tokens of `sql`, without comments and white space.

    Raises SqlSyntaxError (42601) with a position for what PostgreSQL's scanner refuses: unterminated strings,
    identifiers and comments, junk after numbers, bad escapes (22025, 22021).
    """
    return list(scan(sql))


def scan(sql: str, at: int = 0) -> Iterator[Token]:
    """The tokens from character `at` on, one by one."""
    end = len(sql)
    while at < end:
        match = _TOKEN.match(sql, at)
        if match is None:
            raise SqlSyntaxError(f'syntax error at or near "{sql[at]}"', position=at + 1)
        group = match.lastgroup or ""
        if group == "space":
            at = match.end()
        elif group == "comment":
            at = _skip_comment(sql, at)
        else:
            token = _read(sql, at, match, group)
            yield token
            at = token.end


def split(sql: str) -> list[list[Token]]:
    """The tokens of each statement of `sql`; empty statements are left out."""
    statements: list[list[Token]] = [[]]
    for token in tokenize(sql):
        if token.text == ";" and token.kind is TokenKind.PUNCTUATION:
            statements.append([])
        else:
            statements[-1].append(token)
    return [tokens for tokens in statements if tokens]


def _read(sql: str, at: int, match: re.Match[str], group: str) -> Token:
    text = match.group()
    if group == "word":
        return Token(TokenKind.WORD, truncate(fold(text)), at, match.end(), text.upper())
    if group in ("string", "prefixed"):
        return _string(sql, at, match.end(), text)
    if group in ("quoted", "uident"):
        return _quoted(sql, at, match.end(), text)
    if group == "dollar":
        close = sql.find(text, match.end())
        if close < 0:
            raise SqlSyntaxError(f'unterminated dollar-quoted string at or near "{sql[at:]}"', position=at + 1)
        return Token(TokenKind.STRING, sql[match.end() : close], at, close + len(text))
    if group == "operator":
        return _operator(at, text)
    if group in ("number", "param", "based", "badbase"):
        _refuse_junk(sql, at, match.end(), group)
    if group == "param" and len(text) > PARAM_CHARACTERS_MAX:
        raise SqlSyntaxError(f'parameter number too large at or near "{text}"', position=at + 1)
    if group == "badbase":
        raise SqlSyntaxError(f'invalid {_BASES[text[1].lower()]} integer at or near "{text}"', position=at + 1)
    kind = {"param": TokenKind.PARAM, "number": TokenKind.NUMBER, "based": TokenKind.NUMBER}
    return Token(kind.get(group, TokenKind.PUNCTUATION), text, at, match.end())


def _refuse_junk(sql: str, at: int, end: int, group: str) -> None:
    """A number or parameter may not run into a word: the scanner takes the longest match.

    A number with letters or underscores in its last part could itself be digits and a word, which may hold `$`.
    """
    wordy = group == "badbase" or (group != "param" and _WORDY_END.search(sql, at, end) is not None)
    junk = (_WORD_REST if wordy else _JUNK).match(sql, end)
    if junk is not None:
        what = "parameter" if group == "param" else "numeric literal"
        raise SqlSyntaxError(f'trailing junk after {what} at or near "{sql[at : junk.end()]}"', position=at + 1)


def _quoted(sql: str, at: int, body_at: int, opening: str) -> Token:
    body = _QUOTED_IDENT.match(sql, body_at)
    if body is None:
        raise SqlSyntaxError(f'unterminated quoted identifier at or near "{sql[at:]}"', position=at + 1)
    name, end = body.group()[:-1].replace('""', '"'), body.end()
    if not name:
        raise SqlSyntaxError(f'zero-length delimited identifier at or near "{opening}""', position=at + 1)
    if opening != '"':
        escape, end = _escape_character(sql, end)
        name = unicode_escapes(name, escape, body_at)
    return Token(TokenKind.QUOTED, truncate(name), at, end)


def _string(sql: str, at: int, body_at: int, opening: str) -> Token:
    """A quoted string and its continuations on following lines (SQL's rule: only over a line break)."""
    escaped = opening[0] in "eE"
    pattern = _ESCAPE_STRING if escaped else _PLAIN_STRING
    parts: list[str] = []
    first = body_at
    while True:
        body = pattern.match(sql, body_at)
        if body is None:
            raise SqlSyntaxError(f'unterminated quoted string at or near "{sql[at:]}"', position=at + 1)
        raw = body.group()[:-1]
        parts.append(escape_string(raw, body_at) if escaped else raw.replace("''", "'"))
        more = _CONTINUED.match(sql, body.end())
        if more is None:
            break
        body_at = more.end()
    text, end = "".join(parts), body.end()
    if opening[0] in "uU":
        escape, end = _escape_character(sql, end)
        text = unicode_escapes(text, escape, first)
    if opening[0] in "bBxX":
        return Token(TokenKind.BITS, opening[0].lower() + text, at, end)
    return Token(TokenKind.STRING, text, at, end)


def _escape_character(sql: str, at: int) -> tuple[str, int]:
    """The escape character of a U& literal that ends at `at`: a backslash, or what UESCAPE says; and where it ends."""
    clause = _UESCAPE.match(sql, at)
    if clause is None:
        return "\\", at
    escape = clause.group(1)[0]
    if escape in "0123456789abcdefABCDEF+'\"" or escape in _SPACE:
        raise SqlSyntaxError(
            f'invalid Unicode escape character at or near "{sql[clause.end() - 3 : clause.end()]}"',
            position=clause.end() - 2,
        )
    return escape, clause.end()


def _operator(at: int, text: str) -> Token:
    """PostgreSQL's rule: stops at a comment; a trailing + or - belongs only if a special character precedes."""
    for mark in ("--", "/*"):
        cut = text.find(mark)
        if cut > 0:
            text = text[:cut]
    while len(text) > 1 and text[-1] in "+-" and not any(c in "~!@#%^&|`?" for c in text):
        text = text[:-1]
    return Token(TokenKind.OPERATOR, text, at, at + len(text))


def _skip_comment(sql: str, at: int) -> int:
    depth, here = 1, at + 2
    while depth:
        edge = _COMMENT_EDGE.search(sql, here)
        if edge is None:
            raise SqlSyntaxError(f'unterminated /* comment at or near "{sql[at:]}"', position=at + 1)
        depth += 1 if edge.group() == "/*" else -1
        here = edge.end()
    return here
