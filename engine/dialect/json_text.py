"""JSON texts: validity as PostgreSQL's parser judges it, and the canonical text of jsonb."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from catalog.errors import InvalidParameterValue, InvalidTextRepresentation
from engine.dialect.numeric_text import format_decimal


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


def load(text: str, type_name: str = "json") -> Any:
    """The value of a JSON text; numbers as Decimal. Raises InvalidTextRepresentation."""
    try:
        return json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse_constant, strict=True)
    except (ValueError, RecursionError):
        raise InvalidTextRepresentation(f"invalid input syntax for type {type_name}") from None


def check_json(text: str) -> None:
    load(text)


def canonical_jsonb(text: str) -> str:
    """What PostgreSQL prints for the jsonb of `text`: keys by length, then bytes; the last of equal keys wins."""
    return dump(load(text))


def dump(value: Any) -> str:
    """As jsonb prints: one blank after comma and colon, keys in jsonb's order."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format_decimal(value)
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(dump, value)) + "]"
    keys = sorted(value, key=lambda k: (len(k.encode()), k.encode()))
    return "{" + ", ".join(f"{quote(k)}: {dump(value[k])}" for k in keys) + "}"


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quote(text: str) -> str:
    """A JSON string as PostgreSQL's escape_json writes it."""
    out = [_ESCAPES.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in text]
    return '"' + "".join(out) + '"'


def json_in(text: str) -> str:
    check_json(text)
    return text


def jsonb_in(text: str) -> str:
    return canonical_jsonb(text)


_RAW = json.JSONDecoder(strict=False)
_BLANK = " \t\n\r"


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _members(text: str) -> list[tuple[str | None, str]]:
    """Keys (None in an array) and texts, as written, of the members of a JSON object or array; none for a scalar."""
    at = _skip(text, 0)
    if at >= len(text) or text[at] not in "{[":
        return []
    named, found = text[at] == "{", []
    at = _skip(text, at + 1)
    while text[at] not in "}]":
        key = None
        if named:
            key, at = json.decoder.scanstring(text, at + 1, False)  # type: ignore[attr-defined]
            at = _skip(text, _skip(text, at) + 1)
        _, end = _RAW.raw_decode(text, at)
        found.append((key, text[at:end]))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def field(text: str, key: str) -> str | None:
    """json -> key: the member's text as written; of equal keys the last."""
    return next((member for name, member in reversed(_members(text)) if name == key), None)


def item(text: str, index: int) -> str | None:
    """json -> index: from 0; negative from the end."""
    members = _members(text)
    if (members and members[0][0] is not None) or not -len(members) <= index < len(members):
        return None
    return members[index][1]


def as_text(text: str) -> str | None:
    """What ->> gives for a JSON value: strings without quotes, null as NULL."""
    if text == "null":
        return None
    return str(json.loads(text, strict=False)) if text.startswith('"') else text


def field_text(text: str, key: str) -> str | None:
    found = field(text, key)
    return None if found is None else as_text(found)


def item_text(text: str, index: int) -> str | None:
    found = item(text, index)
    return None if found is None else as_text(found)


def path(text: str, steps: list[str | None]) -> str | None:
    """json #> steps"""
    found: str | None = text.strip(_BLANK)
    for step in steps:
        if found is None or step is None:
            return None
        if found.startswith("["):
            digits = step.strip()
            found = item(found, int(digits)) if digits.lstrip("+-").isdigit() else None
        else:
            found = field(found, step)
    return found


def path_text(text: str, steps: list[str | None]) -> str | None:
    found = path(text, steps)
    return None if found is None else as_text(found)


def type_of(text: str) -> str:
    value = load(text)
    if value is None:
        return "null"
    names = {bool: "boolean", Decimal: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def array_length(text: str) -> int:
    value = load(text)
    if not isinstance(value, list):
        kind = "a non-array" if isinstance(value, dict) else "a scalar"
        raise InvalidParameterValue(f"cannot get array length of {kind}")
    return len(value)


def has_key(text: str, key: str) -> bool:
    """jsonb ? key: a key of an object, a string in an array, or the string itself."""
    value = load(text)
    if isinstance(value, dict | list):
        return any(isinstance(k, str) and k == key for k in value)
    return isinstance(value, str) and value == key


def contains(text: str, other: str) -> bool:
    """jsonb @> jsonb"""
    value, wanted = load(text), load(other)
    if isinstance(value, list) and not isinstance(wanted, list | dict):
        return any(_same(v, wanted) for v in value)
    return _contains(value, wanted)


def _same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other)


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(k in value and _contains(value[k], v) for k, v in wanted.items())
    if isinstance(wanted, list):
        return isinstance(value, list) and all(any(_contains(v, w) for v in value) for w in wanted)
    return _same(value, wanted)
