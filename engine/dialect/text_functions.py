"""Text functions in which DuckDB's own differ from PostgreSQL's: one value in, one value out."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata

from catalog.errors import (
    CharacterNotInRepertoire,
    FeatureNotSupported,
    InvalidParameterValue,
    InvalidTextRepresentation,
    NumericValueOutOfRange,
)
from engine.dialect.unicode_classes import ALPHABETIC_MARKS, characters

_INTEGER = re.compile(r"[+-]?(?:\d(?:_?\d)*|0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+)\Z")
_BITS = {"smallint": 15, "integer": 31, "bigint": 63, "oid": 32}
_BOOLS = {
    **dict.fromkeys(("t", "tr", "tru", "true", "y", "ye", "yes", "on", "1"), True),
    **dict.fromkeys(("f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0"), False),
}
_BLANKS = " \t\n\r\v\f"


def int_in(text: str, name: str) -> int:
    stripped = text.strip(_BLANKS)
    if not _INTEGER.match(stripped):
        raise InvalidTextRepresentation(f'invalid input syntax for type {name}: "{text}"')
    plain = stripped.replace("_", "")
    found = int(plain) if plain.lstrip("+-").isdigit() else int(plain, 0)
    if not -(1 << _BITS[name]) <= found < 1 << _BITS[name]:
        raise NumericValueOutOfRange(f'value "{text}" is out of range for type {name}')
    return found


def bool_in(text: str) -> bool:
    found = _BOOLS.get(text.strip(_BLANKS).lower())
    if found is None:
        raise InvalidTextRepresentation(f'invalid input syntax for type boolean: "{text}"')
    return found


def uuid_in(text: str) -> str:
    if not re.fullmatch(r"\{?([0-9A-Fa-f]{4}-?){7}[0-9A-Fa-f]{4}\}?", text) or text.startswith("{") != text.endswith(
        "}"
    ):
        raise InvalidTextRepresentation(f'invalid input syntax for type uuid: "{text}"')
    digits = re.sub(r"[{}-]", "", text).lower()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def bytea_in(text: str) -> bytes:
    """PostgreSQL's byteain: hex or escape format. Raises InvalidTextRepresentation, InvalidParameterValue."""
    if text.startswith("\\x"):
        try:
            return bytes.fromhex(text[2:])
        except ValueError:
            raise InvalidParameterValue("invalid hexadecimal data") from None
    if re.search(r"\\(?!\\|[0-3][0-7]{2})", text.replace("\\\\", "")):
        raise InvalidTextRepresentation("invalid input syntax for type bytea")
    return re.sub(
        rb"\\(\\|[0-3][0-7]{2})",
        lambda m: b"\\" if m.group(1) == b"\\" else bytes([int(m.group(1), 8)]),
        text.encode(),
    )


_QUOTED = re.compile(r'[{}",\\ \t\n\v\f\r]')


def array_text(items: list[str | None]) -> str:
    out = []
    for item in items:
        if item is None:
            out.append("NULL")
        elif not item or item.lower() == "null" or _QUOTED.search(item):
            out.append('"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"')
        else:
            out.append(item)
    return "{" + ",".join(out) + "}"


_MARKS = characters(ALPHABETIC_MARKS)


def initcap(text: str) -> str:
    out, inside = [], False
    for c in text:
        out.append(_lower(c) if inside else _upper(c))
        inside = c.isalpha() or unicodedata.category(c) in ("Nd", "Nl") or c in _MARKS
    return "".join(out)


def _upper(c: str) -> str:
    """The simple mapping: one character to one."""
    return next((found for found in (c.upper(), c.title()) if len(found) == 1), c)


def _lower(c: str) -> str:
    found = c.lower()
    return found if len(found) == 1 else c


def encode(data: bytes, form: str) -> str:
    form = form.lower()
    if form == "hex":
        return data.hex()
    if form == "base64":
        text = base64.b64encode(data).decode()
        return "\n".join(text[i : i + 76] for i in range(0, len(text), 76))
    if form == "escape":
        return "".join(f"\\{b:03o}" if b == 0 or b > 127 else "\\\\" if b == 92 else chr(b) for b in data)
    raise InvalidParameterValue(f'unrecognized encoding: "{form}"')


def decode(text: str, form: str) -> bytes:
    """decode(text, format). Raises InvalidParameterValue for a bad format or text."""
    form = form.lower()
    try:
        if form == "hex":
            return bytes.fromhex(text)
        if form == "base64":
            return base64.b64decode("".join(text.split()), validate=True)
    except (ValueError, binascii.Error):
        raise InvalidParameterValue(f'invalid data for encoding "{form}"') from None
    if form == "escape":
        return bytea_in(text)
    raise InvalidParameterValue(f'unrecognized encoding: "{form}"')


def _utf8(name: str) -> None:
    if name.upper().replace("-", "").replace("_", "") != "UTF8":
        raise FeatureNotSupported(f"encoding {name} is not supported by the embedded engine")


def convert_to(text: str, name: str) -> bytes:
    _utf8(name)
    return text.encode()


def convert_from(data: bytes, name: str) -> str:
    _utf8(name)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise CharacterNotInRepertoire('invalid byte sequence for encoding "UTF8"') from None


def quote_literal(text: str) -> str:
    body = text.replace("'", "''")
    return f" E'{body}'".lstrip().replace("\\", "\\\\") if "\\" in text else f"'{body}'"


def translate(text: str, source: str, target: str) -> str:
    table: dict[int, str | None] = {}
    for i, c in enumerate(source):
        table.setdefault(ord(c), target[i] if i < len(target) else None)
    return text.translate(table)


def trim_set(text: str, characters: str, side: str) -> str:
    if not characters:
        return text
    return {"ltrim": text.lstrip, "rtrim": text.rstrip, "btrim": text.strip}[side](characters)


def pad(text: str, length: int, fill: str, left: bool) -> str:
    length = max(length, 0)
    if len(text) >= length or not fill:
        return text[:length]
    missing = length - len(text)
    padding = (fill * (missing // len(fill) + 1))[:missing]
    return padding + text if left else text + padding


def reverse(text: str) -> str:
    return text[::-1]


def split_part(text: str, delimiter: str, index: int) -> str:
    if index == 0:
        raise InvalidParameterValue("field position must not be zero")
    parts = text.split(delimiter) if delimiter else [text]
    if not text:
        return ""
    at = index - 1 if index > 0 else len(parts) + index
    return parts[at] if 0 <= at < len(parts) else ""


def overlay(text: str, other: str, start: int, length: int) -> str:
    if start <= 0:
        raise InvalidParameterValue("negative substring length not allowed", code="22011")
    return text[: start - 1] + other + text[max(start - 1 + length, 0) :]
