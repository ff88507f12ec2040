"""JSON texts: validity as PostgreSQL's parser judges it, and the canonical text of jsonb."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from catalog.errors import InvalidTextRepresentation
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
