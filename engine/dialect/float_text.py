"""Text and numeric of floating-point numbers as PostgreSQL prints and reads them (extra_float_digits = 1)."""

from __future__ import annotations

import math
import re
from decimal import Decimal

import numpy as np

from catalog.errors import InvalidTextRepresentation, NumericValueOutOfRange
from engine.dialect.numeric_text import format_decimal

_FLOAT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z|[+-]?(?:inf|infinity)\Z|nan\Z", re.IGNORECASE)


def float8_text(number: float) -> str:
    return _shortest(number, _digits8(number), 15)


def float4_text(number: float) -> str:
    single = np.float32(number)
    return _shortest(float(single), _digits4(single), 6)


def _special(number: float) -> str | None:
    if math.isnan(number):
        return "NaN"
    if number in (float("inf"), float("-inf")):
        return "Infinity" if number > 0 else "-Infinity"
    return None


def _digits8(number: float) -> Decimal:
    found = Decimal(repr(number))
    if abs(number) >= 2**53:
        below, above = math.nextafter(number, -math.inf), math.nextafter(number, math.inf)
        return _inside(found, Decimal(number), Decimal(below), Decimal(above))
    return found


def _digits4(number: np.float32) -> Decimal:
    found = Decimal(np.format_float_scientific(number, unique=True))
    if abs(float(number)) >= 2**24:
        with np.errstate(over="ignore"):
            below, above = np.nextafter(number, np.float32(-np.inf)), np.nextafter(number, np.float32(np.inf))
        return _inside(found, Decimal(float(number)), Decimal(float(below)), Decimal(float(above)))
    return found


def _inside(found: Decimal, exact: Decimal, below: Decimal, above: Decimal) -> Decimal:
    """PostgreSQL's Ryu never takes a decimal exactly half way to a neighbour: then a digit more, correctly rounded."""
    if not (below.is_finite() and above.is_finite()):
        return found
    low, high = (exact + below) / 2, (exact + above) / 2
    if low < found < high:
        return found
    digits = len(found.normalize().as_tuple().digits)
    while True:
        digits += 1
        unit = Decimal(1).scaleb(exact.adjusted() - digits + 1)
        closer = exact.quantize(unit)
        if low < closer < high:
            return closer


def _shortest(number: float, digits: Decimal, fixed_below: int) -> str:
    special = _special(number)
    if special is not None:
        return special
    if number == 0:
        return "-0" if str(number).startswith("-") else "0"
    short = digits.normalize()
    exponent = short.adjusted()
    if -5 < exponent < fixed_below:
        return f"{short:f}"
    sign, figures, _ = short.as_tuple()
    text = "".join(map(str, figures))
    mantissa = text[0] + ("." + text[1:] if len(text) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02}"


def float8_numeric(number: float) -> str:
    """15 significant digits, as float8_numeric takes them."""
    return _special(number) or format_decimal(Decimal(f"{number:.15g}"))


def float4_numeric(number: float) -> str:
    return _special(number) or format_decimal(Decimal(f"{number:.6g}"))


def _read(text: str, name: str) -> float:
    stripped = text.strip(" \t\n\r\v\f")
    if not _FLOAT.match(stripped):
        raise InvalidTextRepresentation(f'invalid input syntax for type {name}: "{text}"')
    return float(stripped)


def _out_of_range(text: str, name: str) -> NumericValueOutOfRange:
    return NumericValueOutOfRange(f'"{text.strip()}" is out of range for type {name}')


def _names_zero(text: str) -> bool:
    return not re.search(r"[1-9]", text.lower().split("e")[0])


def float8_in(text: str) -> float:
    found = _read(text, "double precision")
    if (abs(found) == float("inf") and "n" not in text.lower()) or (found == 0 and not _names_zero(text)):
        raise _out_of_range(text, "double precision")
    return found


def float4_in(text: str) -> float:
    found = _read(text, "real")
    with np.errstate(over="ignore", under="ignore"):
        single = float(np.float32(found))
    if (abs(single) == float("inf") and "n" not in text.lower()) or (single == 0 and not _names_zero(text)):
        raise _out_of_range(text, "real")
    return single
