"""Input functions of bool, numbers, bytea, uuid, "char", json: one value, from PostgreSQL's text form."""

from __future__ import annotations

import json
import math
import re
from decimal import Context, Decimal, InvalidOperation
from uuid import UUID

import numpy as np

from catalog.errors import (
    CharacterNotInRepertoire,
    InvalidParameterValue,
    InvalidTextRepresentation,
    NumericValueOutOfRange,
    ProgramLimitExceeded,
    StringDataRightTruncation,
)

SPACE = " \t\n\r\v\f"
INTEGERS = {21: ("smallint", -(2**15), 2**15 - 1), 23: ("integer", -(2**31), 2**31 - 1)}
INTEGERS |= {20: ("bigint", -(2**63), 2**63 - 1)}
_INTEGER = re.compile(
    r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|[0-9](?:_?[0-9])*)", re.ASCII
)
_DECIMAL = re.compile(
    r"[+-]?(?:[0-9](?:_?[0-9])*\.?|\.(?=[0-9]))(?:[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?", re.ASCII
)
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_HEX_FLOAT = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?", re.ASCII)
_NUMERIC_WHOLE_MAX, _NUMERIC_SCALE_MAX = 131072, 16383
_EXACT = Context(prec=150_000, Emax=10**6, Emin=-(10**6))


def invalid_syntax(type_name: str, text: str) -> InvalidTextRepresentation:
    return InvalidTextRepresentation(f'invalid input syntax for type {type_name}: "{text}"')


def decoded(value: bytes) -> str:
    """UTF-8 text; raises 22021 as PostgreSQL does."""
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        raise bad_utf8(value, error.start) from None
    if "\0" in text:
        raise CharacterNotInRepertoire('invalid byte sequence for encoding "UTF8": 0x00')
    return text


def bad_utf8(value: bytes, start: int) -> CharacterNotInRepertoire:
    """The error for bytes that are not UTF-8; names as many bytes as the lead byte promises."""
    lead = value[start]
    width = 1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4 if lead < 0xF8 else 1
    shown = " ".join(f"0x{byte:02x}" for byte in value[start : start + width])
    return CharacterNotInRepertoire(f'invalid byte sequence for encoding "UTF8": {shown}')


def parse_bool(text: str) -> bool:
    word = text.strip(SPACE).lower()
    if word and ("true".startswith(word) or "yes".startswith(word) or word in ("on", "1")):
        return True
    if word and ("false".startswith(word) or "no".startswith(word) or word in ("off", "of", "0")):
        return False
    raise invalid_syntax("boolean", text)


def parse_integer(text: str, oid: int) -> int:
    """int2, int4, int8: decimal, 0x, 0o, 0b, underscores."""
    name, low, high = INTEGERS[oid]
    word = text.strip(SPACE)
    if not _INTEGER.fullmatch(word):
        raise invalid_syntax(name, text)
    value = _integer(word)
    if not low <= value <= high:
        raise NumericValueOutOfRange(f'value "{text}" is out of range for type {name}')
    return value


def _integer(word: str) -> int:
    body = word.lstrip("+-").replace("_", "").lower()
    base = {"0x": 16, "0o": 8, "0b": 2}.get(body[:2], 10)
    if len(body) > 80:
        body = body.lstrip("0") or "0"
        if len(body) > 80:
            return 10**80
    value = int(body[2:] if base != 10 else body, base)
    return -value if word.startswith("-") else value


def parse_oid(text: str) -> int:
    """oid takes what C's strtoul takes: decimal, octal with a leading 0, hexadecimal, a sign."""
    word = text.strip(SPACE)
    match = re.fullmatch(r"([+-]?)(0[xX][0-9a-fA-F]+|[0-9]+)", word)
    if match is None or (match[2].startswith("0") and match[2][1:2].isdigit() and set(match[2]) & set("89")):
        raise invalid_syntax("oid", text)
    octal = match[2].startswith("0") and match[2][1:2].isdigit()
    value = int(match[2], 8) if octal else int(match[2], 0)
    value = -value if match[1] == "-" else value
    if not -(2**31) <= value < 2**32:
        raise NumericValueOutOfRange(f'value "{text}" is out of range for type oid')
    return value % 2**32


def parse_float(text: str, *, single: bool) -> float:
    """float8in and float4in (`single`). Raises InvalidTextRepresentation, NumericValueOutOfRange."""
    name = "real" if single else "double precision"
    word = text.strip(SPACE)
    special = _SPECIAL_FLOATS.get(word.lower())
    if special is not None:
        return special
    if _FLOAT.fullmatch(word):
        with np.errstate(over="ignore"):
            value = float(np.float32(word)) if single else float(word)
        digits = word.lower().partition("e")[0]
        if math.isinf(value) or (value == 0 and digits.strip("+-0.")):
            raise NumericValueOutOfRange(f'"{word}" is out of range for type {name}')
        return value
    if _HEX_FLOAT.fullmatch(word):
        return float.fromhex(word)
    raise invalid_syntax(name, text)


_SPECIAL_FLOATS = {"nan": math.nan} | {
    sign + word: (-math.inf if sign == "-" else math.inf) for sign in ("", "+", "-") for word in ("inf", "infinity")
}


def parse_numeric(text: str, shape: tuple[int, int] | None) -> Decimal:
    """numeric_in; `shape` is (precision, scale) to round to, half away from zero. NaN and infinities are Decimals."""
    word = text.strip(SPACE)
    special = _SPECIAL_NUMERICS.get(word.lower())
    if special is not None:
        if shape is not None and not special.is_nan():
            precision, scale = shape
            raise NumericValueOutOfRange(
                "numeric field overflow",
                detail=f"A field with precision {precision}, scale {scale} cannot hold an infinite value.",
            )
        return special
    if _INTEGER.fullmatch(word) and word.lstrip("+-")[:2].lower() in ("0x", "0o", "0b"):
        value = Decimal(_integer(word))
    elif _DECIMAL.fullmatch(word):
        value = _checked(Decimal(word.replace("_", "")))
    else:
        raise invalid_syntax("numeric", text)
    return value if shape is None else rounded(value, *shape)


_SPECIAL_NUMERICS = {"nan": Decimal("NaN")} | {
    sign + word: Decimal(sign + "Infinity") for sign in ("", "+", "-") for word in ("inf", "infinity")
}


def _checked(value: Decimal) -> Decimal:
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise invalid_syntax("numeric", str(value))
    if value and (len(digits) + exponent > _NUMERIC_WHOLE_MAX or -exponent > _NUMERIC_SCALE_MAX):
        raise NumericValueOutOfRange("value overflows numeric format")
    if not value:
        return Decimal((0, (0,), max(min(exponent, 0), -_NUMERIC_SCALE_MAX)))
    return value.quantize(Decimal(1), context=_EXACT) if exponent > 0 else value


def rounded(value: Decimal, precision: int, scale: int) -> Decimal:
    """Round to numeric(precision, scale); raises 22003 when the whole part is too long."""
    try:
        result = value.quantize(Decimal((0, (1,), -scale)), rounding="ROUND_HALF_UP", context=_EXACT)
    except InvalidOperation:
        raise NumericValueOutOfRange("value overflows numeric format") from None
    if result and result.adjusted() >= precision - scale:
        bound = f"10^{precision - scale}" if precision != scale else "1"
        raise NumericValueOutOfRange(
            "numeric field overflow",
            detail=f"A field with precision {precision}, scale {scale} must round to an absolute value "
            f"less than {bound}.",
        )
    return result if result else abs(result)


def numeric_text(value: Decimal) -> str:
    """numeric_out."""
    if value.is_nan():
        return "NaN"
    if value.is_infinite():
        return "Infinity" if value > 0 else "-Infinity"
    text = format(value, "f")
    return text[1:] if text.startswith("-") and not value else text


def parse_bytea(value: str) -> bytes:
    """Hex (\\x...) and escape forms."""
    if value.startswith("\\x"):
        return _hex_bytes(value[2:])
    if "\\" not in value:
        return value.encode()
    out = bytearray()
    at, data = 0, value.encode()
    while at < len(data):
        byte = data[at]
        if byte != 0x5C:
            out.append(byte)
            at += 1
        elif data[at + 1 : at + 2] == b"\\":
            out.append(0x5C)
            at += 2
        elif re.fullmatch(rb"[0-3][0-7][0-7]", data[at + 1 : at + 4]):
            out.append(int(data[at + 1 : at + 4], 8))
            at += 4
        else:
            raise InvalidTextRepresentation("invalid input syntax for type bytea")
    return bytes(out)


def _hex_bytes(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)  # blanks between bytes are skipped, as in PostgreSQL
    except ValueError:
        pass
    at = 0
    while at < len(digits):
        if digits[at] in " \n\t\r":
            at += 1
            continue
        for char in digits[at : at + 2]:
            if char not in "0123456789abcdefABCDEF":
                raise InvalidParameterValue(f'invalid hexadecimal digit: "{char}"')
        if at + 1 == len(digits):
            raise InvalidParameterValue("invalid hexadecimal data: odd number of digits")
        at += 2
    raise InvalidParameterValue("invalid hexadecimal data")


def parse_uuid(text: str) -> UUID:
    """Hyphens after any group of four digits, braces around the whole."""
    inner = text[1:-1] if text[:1] == "{" and text[-1:] == "}" else text
    groups = inner.split("-")
    digits = "".join(groups)
    if len(digits) != 32 or any(len(g) % 4 or not g for g in groups) or digits.strip("0123456789abcdefABCDEF"):
        raise invalid_syntax("uuid", text)
    return UUID(hex=digits)


def parse_char(text: str) -> str:
    """ "char": the first byte; \\ooo is that byte, kept only if it is ASCII."""
    if re.fullmatch(r"\\[0-3][0-7][0-7]", text):
        byte = int(text[1:], 8)
        return chr(byte) if 0 < byte < 128 else text if byte else ""
    return text[:1]


def check_json(text: str) -> str:
    """The text itself if it is JSON; raises 22P02."""
    try:
        json.loads(text, parse_constant=_no_constant, parse_int=str, parse_float=str)
    except RecursionError:
        raise ProgramLimitExceeded("stack depth limit exceeded", code="54001") from None
    except ValueError:
        raise InvalidTextRepresentation("invalid input syntax for type json") from None
    return text


def _no_constant(name: str) -> None:
    raise ValueError(name)


def fit(text: str, length: int, *, blank_padded: bool) -> str:
    """varchar(length) or char(length): excess blanks are cut, anything else in excess raises 22001."""
    if len(text) > length:
        if text[length:].strip(" "):
            name = "character" if blank_padded else "character varying"
            raise StringDataRightTruncation(f"value too long for type {name}({length})")
        return text[:length]
    return text.ljust(length) if blank_padded else text


def fit_name(text: str) -> str:
    """name: at most 63 bytes, cut at a character."""
    data = text.encode()
    return text if len(data) < 64 else data[:63].decode(errors="ignore")
