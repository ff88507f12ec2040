"""PostgreSQL's lexical rules: text to tokens with character positions. Knows no grammar.

Source of the rules: PostgreSQL documentation 4.1 and scan.l of version 16 (standard_conforming_strings is on).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from catalog.errors import SqlSyntaxError
from catalog.names import fold


class Kind(Enum):
    """What a token is. WORD is an unquoted identifier or keyword, folded to lower case."""

    WORD = "word"
    QUOTED = "quoted identifier"
    STRING = "string"
    BITS = "bit string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    PARAM = "parameter"
    OPERATOR = "operator"
    PUNCTUATION = "punctuation"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is the value (unescaped, folded); `start` and `end` are offsets into the source, from 0."""

    kind: Kind
    text: str
    start: int
    end: int


_SPACE = re.compile(r"(?:[ \t\n\r\f\v]+|--[^\n\r]*)+")
_WORD = re.compile(r"[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*")
_NUMBER = re.compile(
    r"0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+"
    r"|(?:\d(?:_?\d)*(?:\.(?!\.)(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?"
)
_PARAM = re.compile(r"\$\d+")
_DOLLAR = re.compile(r"\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$")
_OPERATOR = re.compile(r"[-+*/<>=~!@#%^&|`?]+")
_PLAIN = re.compile(r"'((?:[^']|'')*)'")
_ESCAPED = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.DOTALL)
_IDENTIFIER = re.compile(r'"((?:[^"]|"")*)"')
_CONTINUES = re.compile(r"[ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*(?=')")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)
_UNICODE = re.compile(r"\\(?:([0-9A-Fa-f]{4})|\+([0-9A-Fa-f]{6})|(\\)|)")
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_MAY_END_PLUS = frozenset("~!@#%^&|`?")


def tokenise(sql: str) -> list[Token]:
    """All tokens of `sql`, ended by one END token. Raises SqlSyntaxError with its position."""
    tokens: list[Token] = []
    at, size = 0, len(sql)
    while True:
        at = _skip_blanks(sql, at)
        if at >= size:
            tokens.append(Token(Kind.END, "", size, size))
            return tokens
        token = _token(sql, at)
        tokens.append(token)
        at = token.end


def _skip_blanks(sql: str, at: int) -> int:
    while True:
        if blank := _SPACE.match(sql, at):
            at = blank.end()
        elif sql.startswith("/*", at):
            at = _block_comment(sql, at)
        else:
            return at


def _block_comment(sql: str, start: int) -> int:
    depth, at = 0, start
    for mark in re.compile(r"/\*|\*/").finditer(sql, start):
        if mark.start() < at:
            continue
        at = mark.end()
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return at
    raise SqlSyntaxError(f'unterminated /* comment at or near "{sql[start:]}"', position=start + 1)


def _token(sql: str, at: int) -> Token:
    first = sql[at]
    if first == "'":
        return _string(sql, at, at, escapes=False)
    if first == '"':
        return _quoted(sql, at, at)
    if first in "eExXbBuUnN" and (prefixed := _prefixed(sql, at)):
        return prefixed
    if word := _WORD.match(sql, at):
        return Token(Kind.WORD, fold(word.group()), at, word.end())
    if first.isdigit() or (first == "." and sql[at + 1 : at + 2].isdigit()):
        return _number(sql, at)
    if first == "$":
        return _dollar(sql, at)
    if first in "(),;[]":
        return Token(Kind.PUNCTUATION, first, at, at + 1)
    if first in ":.":
        text = next(t for t in ("::", ":=", "..", first) if sql.startswith(t, at))
        return Token(Kind.PUNCTUATION, text, at, at + len(text))
    if match := _OPERATOR.match(sql, at):
        return _operator(match.group(), at)
    raise SqlSyntaxError(f'syntax error at or near "{first}"', position=at + 1)


def _operator(text: str, at: int) -> Token:
    """An operator ends where a comment begins; a multi-character one ends in + or - only if it has an odd character."""
    for mark in ("--", "/*"):
        if (cut := text.find(mark)) > 0:
            text = text[:cut]
    while len(text) > 1 and text[-1] in "+-" and not _MAY_END_PLUS & set(text):
        text = text[:-1]
    return Token(Kind.OPERATOR, "<>" if text == "!=" else text, at, at + len(text))


def _number(sql: str, at: int) -> Token:
    match = _NUMBER.match(sql, at)
    if match is None:
        raise SqlSyntaxError(f'syntax error at or near "{sql[at]}"', position=at + 1)
    text, end = match.group(), match.end()
    if end < len(sql) and (sql[end].isalnum() or sql[end] in "_$"):
        junk = re.compile(r"[\w$]*").match(sql, end)
        upto = junk.end() if junk else end
        raise SqlSyntaxError(f'trailing junk after numeric literal at or near "{sql[at:upto]}"', position=at + 1)
    digits = text.replace("_", "")
    if digits[:2].lower() in ("0x", "0o", "0b"):
        return Token(Kind.INTEGER, str(int(digits, 0)), at, end)
    if digits.isdigit():
        return Token(Kind.INTEGER, str(int(digits)), at, end)
    return Token(Kind.DECIMAL, digits, at, end)


def _dollar(sql: str, at: int) -> Token:
    if param := _PARAM.match(sql, at):
        if junk := _WORD.match(sql, param.end()):
            raise SqlSyntaxError(f'trailing junk after parameter at or near "{sql[at : junk.end()]}"', position=at + 1)
        return Token(Kind.PARAM, param.group()[1:], at, param.end())
    if tag := _DOLLAR.match(sql, at):
        end = sql.find(tag.group(), tag.end())
        if end < 0:
            raise SqlSyntaxError(f'unterminated dollar-quoted string at or near "{sql[at:]}"', position=at + 1)
        return Token(Kind.STRING, sql[tag.end() : end], at, end + len(tag.group()))
    raise SqlSyntaxError('syntax error at or near "$"', position=at + 1)


def _prefixed(sql: str, at: int) -> Token | None:
    prefix = sql[at].lower()
    if sql.startswith("'", at + 1):
        if prefix == "e":
            return _string(sql, at, at + 1, escapes=True)
        if prefix == "n":
            return _string(sql, at, at + 1, escapes=False)
        if prefix in "xb":
            token = _string(sql, at, at + 1, escapes=False)
            return Token(Kind.BITS, prefix + token.text, at, token.end)
    if prefix == "u" and sql[at + 1 : at + 3] in ("&'", '&"'):
        token = _string(sql, at, at + 2, escapes=False) if sql[at + 2] == "'" else _quoted(sql, at, at + 2)
        return Token(token.kind, _unicode(token.text, at), at, token.end)
    return None


def _string(sql: str, start: int, at: int, *, escapes: bool) -> Token:
    """A quoted string and its continuations on following lines (`'a'` newline `'b'`)."""
    pattern = _ESCAPED if escapes else _PLAIN
    parts: list[str] = []
    while True:
        match = pattern.match(sql, at)
        if match is None:
            raise SqlSyntaxError(f'unterminated quoted string at or near "{sql[start:]}"', position=start + 1)
        body = match.group(1)
        parts.append(_unescape(body, start) if escapes else body.replace("''", "'"))
        following = _CONTINUES.match(sql, match.end())
        if following is None:
            return Token(Kind.STRING, "".join(parts), start, match.end())
        at = following.end()


def _unescape(body: str, start: int) -> str:
    if "\\" not in body:
        return body.replace("''", "'")
    out = bytearray()
    at = 0
    for match in _ESCAPE.finditer(body):
        out += body[at : match.start()].replace("''", "'").encode()
        at = match.end()
        short, long, hexa, octal, other = match.groups()
        if short or long:
            out += _character(int(short or long, 16), start).encode("utf-8", "surrogatepass")
        elif hexa or octal:
            out.append(int(hexa, 16) if hexa else int(octal, 8) & 0xFF)
        else:
            out += _LETTERS.get(other, other).encode()
    out += body[at:].replace("''", "'").encode()
    try:
        text = bytes(out).decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise SqlSyntaxError("invalid byte sequence in string literal", code="22021", position=start + 1) from None
    if "\x00" in text:
        raise SqlSyntaxError('invalid byte sequence for encoding "UTF8": 0x00', code="22021", position=start + 1)
    return text


def _unicode(text: str, start: int) -> str:
    def char(match: re.Match[str]) -> str:
        short, long, backslash = match.groups()
        if backslash:
            return "\\"
        if not short and not long:
            raise SqlSyntaxError("invalid Unicode escape", position=start + 1)
        return _character(int(short or long, 16), start)

    out = _UNICODE.sub(char, text)
    try:
        return out.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise SqlSyntaxError("invalid Unicode surrogate pair", position=start + 1) from None


def _character(code: int, start: int) -> str:
    if not 0 < code <= 0x10FFFF:
        raise SqlSyntaxError("invalid Unicode escape value", position=start + 1)
    return chr(code)


def _quoted(sql: str, start: int, at: int) -> Token:
    match = _IDENTIFIER.match(sql, at)
    if match is None:
        raise SqlSyntaxError(f'unterminated quoted identifier at or near "{sql[start:]}"', position=start + 1)
    name = match.group(1).replace('""', '"')
    if not name:
        raise SqlSyntaxError('zero-length delimited identifier at or near """"', position=start + 1)
    return Token(Kind.QUOTED, name, start, match.end())
