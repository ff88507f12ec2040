"""jsonb's normal form, from JSON text: keys by length then bytes, last duplicate wins, ": " and ", "."""

from __future__ import annotations

import json
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from catalog.errors import InvalidTextRepresentation, NumericValueOutOfRange, ProgramLimitExceeded
from gateway.pgwire.render.column import Rule, as_binary

_WHOLE_MAX, _FRACTION_MAX = 131072, 16383  # digits numeric can hold


def jsonb_text() -> Rule:
    """From a column of JSON text."""
    return Rule(normal_form, values=lambda array: as_binary(array).to_pylist())


def jsonb_binary() -> Rule:
    return Rule(lambda value: b"\x01" + normal_form(value), values=lambda array: as_binary(array).to_pylist())


def normal_form(text: bytes) -> bytes:
    """What jsonb_out prints for the JSON `text`; raises 22P02 for text that is not JSON, 22P05 for \\u0000."""
    try:
        value = _DECODER.decode(text.decode())
        return _written(value).encode()
    except RecursionError:
        raise ProgramLimitExceeded("stack depth limit exceeded", code="54001") from None
    except ValueError:
        raise InvalidTextRepresentation("invalid input syntax for type json") from None


class _Number(str):
    """A JSON number as written."""

    __slots__ = ()


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keyed = {key.encode(): (key, value) for key, value in pairs}
    return {keyed[name][0]: keyed[name][1] for name in sorted(keyed, key=lambda name: (len(name), name))}


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_Number, parse_int=_Number, parse_constant=_refuse)


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join([f"{_string(key)}: {_written(each)}" for key, each in value.items()]) + "}"
    if isinstance(value, list):
        return "[" + ", ".join([_written(each) for each in value]) + "]"
    if isinstance(value, _Number):
        return _numeric(value)
    if isinstance(value, str):
        return _string(value)
    return "null" if value is None else "true" if value else "false"


def _string(value: str) -> str:
    if "\0" in value:
        raise InvalidTextRepresentation(
            "unsupported Unicode escape sequence", detail="\\u0000 cannot be converted to text.", code="22P05"
        )
    return encode_basestring(value)


def _numeric(text: str) -> str:
    mantissa, _, exponent = text.lower().partition("e")
    shift = int(exponent[:8]) if exponent else 0
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    if shift > _WHOLE_MAX or len(whole) + shift > _WHOLE_MAX or len(fraction) - shift > _FRACTION_MAX:
        if not (whole + fraction).strip("0") and shift > 0:
            return "0"
        raise NumericValueOutOfRange("value overflows numeric format")
    if not exponent and not mantissa.startswith("-0"):
        return mantissa
    shown = format(Decimal(text), "f")
    return shown[1:] if shown.startswith("-") and not shown.strip("-0.") else shown
