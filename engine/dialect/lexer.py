"""The scanner's tokens as the grammar of queries wants them: kinds of numbers told apart, and an end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from catalog.errors import FeatureNotSupported
from engine.dialect.scanner import Token as Scanned
from engine.dialect.scanner import TokenKind, scan

BASED_CHARACTERS_MAX = 1000
"""Of a hexadecimal, octal or binary integer."""


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
    """`text` is the value: unescaped, folded, numbers in decimal digits, parameters without `$`, `!=` as `<>`.

    `start` and `end` are offsets into the source, from 0.
    """

    kind: Kind
    text: str
    start: int
    end: int


def tokenise(sql: str) -> list[Token]:
    """All tokens of `sql`, ended by one END token. Raises SqlSyntaxError with its position."""
    tokens = [_token(scanned) for scanned in scan(sql)]
    tokens.append(Token(Kind.END, "", len(sql), len(sql)))
    return tokens


_KINDS = {
    TokenKind.WORD: Kind.WORD,
    TokenKind.QUOTED: Kind.QUOTED,
    TokenKind.STRING: Kind.STRING,
    TokenKind.BITS: Kind.BITS,
    TokenKind.OPERATOR: Kind.OPERATOR,
    TokenKind.PUNCTUATION: Kind.PUNCTUATION,
}


def _token(scanned: Scanned) -> Token:
    text = scanned.text
    if scanned.kind is TokenKind.NUMBER:
        digits = text.replace("_", "")
        if digits[:2].lower() in ("0x", "0o", "0b"):
            if len(digits) > BASED_CHARACTERS_MAX:
                raise FeatureNotSupported("an integer of so many digits is not supported", position=scanned.start + 1)
            return Token(Kind.INTEGER, str(int(digits, 0)), scanned.start, scanned.end)
        if digits.isdigit():
            return Token(Kind.INTEGER, digits.lstrip("0") or "0", scanned.start, scanned.end)
        return Token(Kind.DECIMAL, digits, scanned.start, scanned.end)
    if scanned.kind is TokenKind.PARAM:
        return Token(Kind.PARAM, text[1:], scanned.start, scanned.end)
    if text == "!=" and scanned.kind is TokenKind.OPERATOR:
        text = "<>"
    return Token(_KINDS[scanned.kind], text, scanned.start, scanned.end)
