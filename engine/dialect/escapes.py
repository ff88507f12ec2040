"""What the escapes in strings and identifiers mean: E'\\n', U&'\\0041'; and how long a name may be."""

from __future__ import annotations

import re

from catalog.errors import CharacterNotInRepertoire, DataException, SqlError, SqlSyntaxError
from catalog.names import NAMEDATALEN

_E_ITEM = re.compile(
    r"''|\\(?:u([0-9A-Fa-f]{0,4})|U([0-9A-Fa-f]{0,8})|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(.))|([^'\\]+)", re.DOTALL
)
_CONTROL = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_SURROGATE_FIRST, _SURROGATE_SECOND, _SURROGATE_END = 0xD800, 0xDC00, 0xE000


def escape_string(body: str, at: int) -> str:
    """The value of what stands between the quotes of E'...'; `at` is where it begins (from 0) in the source.

    Raises SqlError 22025 for a bad Unicode escape, 42601 for half a surrogate pair, 22021 for bytes that are no UTF-8.
    """
    parts: list[bytes] = []
    high = 0
    for item in _E_ITEM.finditer(body):
        short, long, hexadecimal, octal, other, plain = item.groups()
        position = at + item.start() + 1
        if short is not None or long is not None:
            digits, width = (short, 4) if short is not None else (long, 8)
            if len(digits) < width:
                raise DataException(
                    "invalid Unicode escape",
                    hint="Unicode escapes must be \\uXXXX or \\UXXXXXXXX.",
                    position=position,
                    code="22025",
                )
            code, high = _combine(high, int(digits, 16), at + item.start(), f' at or near "{item.group()}"')
            parts.append(b"" if high else chr(code).encode())
            continue
        if high:
            raise _surrogate(body, at, item.start())
        if hexadecimal is not None or octal is not None:
            parts.append(bytes([int(hexadecimal, 16) if hexadecimal is not None else int(octal, 8) & 0xFF]))
        elif other is not None:
            parts.append(_CONTROL.get(other, other).encode("utf-8", "surrogatepass"))
        else:
            parts.append((plain or "'").encode("utf-8", "surrogatepass"))
    if high:
        raise _surrogate(body, at, len(body))
    return _decode(b"".join(parts))


def unicode_escapes(text: str, escape: str, at: int) -> str:
    """The value of what stands in U&'...' or U&"..." (quotes already single); raises SqlSyntaxError (42601)."""
    if escape not in text:
        return text
    mark = re.escape(escape)
    item = re.compile(
        f"{mark}{mark}|{mark}\\+([0-9A-Fa-f]{{6}})|{mark}([0-9A-Fa-f]{{4}})|({mark})|([^{mark}]+)", re.DOTALL
    )
    parts: list[str] = []
    high = 0
    for found in item.finditer(text):
        long, short, bad, plain = found.groups()
        if bad is not None:
            raise SqlSyntaxError(
                "invalid Unicode escape",
                hint="Unicode escapes must be \\XXXX or \\+XXXXXX.",
                position=at + found.start() + 1,
            )
        if long is None and short is None:
            if high:
                raise _invalid_pair(at + found.start() + 1)
            parts.append(plain if plain is not None else escape)
            continue
        code, high = _combine(high, int(long or short, 16), at + found.start(), "")
        parts.append("" if high else chr(code))
    if high:
        raise _invalid_pair(at + len(text) + 1)
    return "".join(parts)


def truncate(name: str) -> str:
    """A name as PostgreSQL keeps it: at most 63 bytes of UTF-8, no half character."""
    if len(name) * 4 < NAMEDATALEN:
        return name
    data = name.encode("utf-8", "surrogatepass")
    return name if len(data) < NAMEDATALEN else data[: NAMEDATALEN - 1].decode("utf-8", "ignore")


def _combine(high: int, code: int, at: int, near: str) -> tuple[int, int]:
    """(code point, 0), or (0, first half) while the second half of a surrogate pair is still to come."""
    first = _SURROGATE_FIRST <= code < _SURROGATE_SECOND
    second = _SURROGATE_SECOND <= code < _SURROGATE_END
    if bool(high) != second:
        raise SqlSyntaxError(f"invalid Unicode surrogate pair{near}", position=at + 1)
    if first:
        return 0, code
    if second:
        return 0x10000 + ((high - _SURROGATE_FIRST) << 10) + (code - _SURROGATE_SECOND), 0
    if code == 0 or code > 0x10FFFF:
        raise SqlSyntaxError(f"invalid Unicode escape value{near}", position=at + 1)
    return code, 0


def _surrogate(body: str, at: int, index: int) -> SqlSyntaxError:
    near = body[index] if index < len(body) else "'"
    return SqlSyntaxError(f'invalid Unicode surrogate pair at or near "{near}"', position=at + index + 1)


def _invalid_pair(position: int) -> SqlSyntaxError:
    return SqlSyntaxError("invalid Unicode surrogate pair", position=position)


def _decode(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise _bad_bytes(data[error.start : error.end]) from None
    if "\0" in text:
        raise _bad_bytes(b"\0")
    return text


def _bad_bytes(data: bytes) -> SqlError:
    shown = " ".join(f"0x{byte:02x}" for byte in data)
    return CharacterNotInRepertoire(f'invalid byte sequence for encoding "UTF8": {shown}')
