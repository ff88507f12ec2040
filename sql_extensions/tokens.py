"""PostgreSQL's lexical rules: text to tokens, and where statements end.

After PostgreSQL 16's scanner (scan.l): quoted and Unicode identifiers, standard, escape, bit, national and
dollar-quoted strings, nested comments, parameters, operators. Values are not interpreted beyond what recognising a
statement needs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from catalog.errors import SqlSyntaxError
from catalog.names import fold


class TokenKind(Enum):
    WORD = "word"
    QUOTED = "quoted identifier"
    STRING = "string"
    NUMBER = "number"
    PARAM = "parameter"
    OPERATOR = "operator"
    PUNCTUATION = "punctuation"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is the value (identifier unquoted and folded, string unescaped), `start` and `end` index the source.

    `word` is the upper-case spelling of an unquoted word, else empty: keywords are compared with it.
    """

    kind: TokenKind
    text: str
    start: int
    end: int
    word: str = ""


_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n\r]*)
  | (?P<comment>/\*)
  | (?P<prefixed>(?:[eE]|[bBxX]|[nN]|[uU]&)')
  | (?P<string>')
  | (?P<uident>[uU]&")
  | (?P<quoted>")
  | (?P<dollar>\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$)
  | (?P<param>\$[0-9]+)
  | (?P<number>0[xX][0-9A-Fa-f_]+|0[oO][0-7_]+|0[bB][01_]+
        |(?:[0-9][0-9_]*(?:\.(?!\.)[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?)
  | (?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)
  | (?P<colons>::|:=|\.\.|=>)
  | (?P<punct>[()\[\],;.:])
  | (?P<operator>[+\-*/<>=~!@\#%^&|`?]+)
    """,
    re.VERBOSE,
)
_ESCAPE_STRING = re.compile(r"(?:[^'\\]|\\.|'')*'", re.DOTALL)
_PLAIN_STRING = re.compile(r"(?:[^']|'')*'", re.DOTALL)
_QUOTED_IDENT = re.compile(r'(?:[^"]|"")*"', re.DOTALL)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_CONTINUED = re.compile(r"(?:\s|--[^\n\r]*)*[\n\r](?:\s|--[^\n\r]*)*'")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)


def tokenize(sql: str) -> list[Token]:
    """All tokens of `sql`, without comments and white space.

    Raises SqlSyntaxError (42601) with a position for unterminated strings, identifiers and comments.
    """
    tokens: list[Token] = []
    at, end = 0, len(sql)
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
            tokens.append(token)
            at = token.end
    return tokens


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
        return Token(TokenKind.WORD, fold(text)[:63], at, match.end(), text.upper())
    if group in ("string", "prefixed"):
        return _string(sql, at, match.end(), text)
    if group in ("quoted", "uident"):
        body = _QUOTED_IDENT.match(sql, match.end())
        if body is None:
            raise SqlSyntaxError(f'unterminated quoted identifier at or near "{sql[at:]}"', position=at + 1)
        name = body.group()[:-1].replace('""', '"')
        if not name:
            raise SqlSyntaxError('zero-length delimited identifier at or near """"', position=at + 1)
        return Token(TokenKind.QUOTED, _unicode_escapes(name) if group == "uident" else name, at, body.end())
    if group == "dollar":
        close = sql.find(text, match.end())
        if close < 0:
            raise SqlSyntaxError(f'unterminated dollar-quoted string at or near "{sql[at:]}"', position=at + 1)
        return Token(TokenKind.STRING, sql[match.end() : close], at, close + len(text))
    if group == "operator":
        return _operator(sql, at, text)
    kind = {"param": TokenKind.PARAM, "number": TokenKind.NUMBER}.get(group, TokenKind.PUNCTUATION)
    return Token(kind, text, at, match.end())


def _string(sql: str, at: int, body_at: int, opening: str) -> Token:
    """A quoted string and its continuations on following lines (SQL's rule: only over a line break)."""
    escaped = opening[0] in "eE"
    pattern = _ESCAPE_STRING if escaped else _PLAIN_STRING
    parts: list[str] = []
    while True:
        body = pattern.match(sql, body_at)
        if body is None:
            raise SqlSyntaxError(f'unterminated quoted string at or near "{sql[at:]}"', position=at + 1)
        parts.append(body.group()[:-1])
        more = _CONTINUED.match(sql, body.end())
        if more is None:
            break
        body_at = more.end()
    text = "".join(parts).replace("''", "'")
    if escaped:
        text = _ESCAPE.sub(_unescape, text)
    elif opening[0] in "uU":
        text = _unicode_escapes(text)
    return Token(TokenKind.STRING, text, at, body.end())


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1)
    if code[0] in "uUx" and len(code) > 1:
        return chr(int(code[1:], 16))
    if code[0] in "01234567":
        return chr(int(code, 8) & 0xFF)
    return _ESCAPES.get(code, code)


def _unicode_escapes(text: str) -> str:
    return re.sub(r"\\(?:\+([0-9A-Fa-f]{6})|([0-9A-Fa-f]{4}))", lambda m: chr(int(m.group(1) or m.group(2), 16)), text)


def _operator(sql: str, at: int, text: str) -> Token:
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
