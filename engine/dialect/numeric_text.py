"""PostgreSQL's numeric on Python's Decimal: exact text in, exact text out, with numeric.c's rules of scale.

Plain functions of texts; `functions_python` shows them to DuckDB.
"""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MIN_EMIN, ROUND_DOWN, ROUND_HALF_UP, Context, Decimal

from catalog.errors import DivisionByZero, InvalidTextRepresentation, NumericValueOutOfRange

MIN_SIG_DIGITS = 16
DISPLAY_SCALE_MAX = 1000
_EXACT = Context(prec=5000, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_UP, traps=[])


def format_decimal(number: Decimal) -> str:
    """Fixed notation with the number's own scale; NaN and Infinity by PostgreSQL's names; no negative zero."""
    if not number.is_finite():
        return "NaN" if number.is_nan() else "-Infinity" if number < 0 else "Infinity"
    if not number:
        number = number.copy_abs()
    if number.as_tuple().exponent > 0:  # type: ignore[operator]
        number = number.quantize(Decimal(1), context=_EXACT)
    return f"{number:f}"


def scale_of(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def rounded(number: Decimal, scale: int, rounding: str = ROUND_HALF_UP) -> Decimal:
    """To `scale` digits after the point (before it, if negative), ties away from zero."""
    if not number.is_finite():
        return number
    moved = number.quantize(Decimal(1).scaleb(-scale), rounding=rounding, context=_EXACT)
    return moved if scale >= 0 else moved.quantize(Decimal(1), context=_EXACT)


def _weight(number: Decimal) -> tuple[int, int]:
    """Position and value of the first base-10000 digit, as numeric.c keeps them; (0, 0) for zero."""
    if not number:
        return 0, 0
    top = number.adjusted()
    weight = top // 4
    first = int(abs(number).scaleb(-weight * 4, context=_EXACT))
    return weight, first


def division_scale(left: Decimal, right: Decimal) -> int:
    """select_div_scale of numeric.c."""
    weight1, first1 = _weight(left)
    weight2, first2 = _weight(right)
    quotient_weight = weight1 - weight2
    if first1 <= first2:
        quotient_weight -= 1
    scale = MIN_SIG_DIGITS - quotient_weight * 4
    return min(max(scale, scale_of(left), scale_of(right), 0), DISPLAY_SCALE_MAX)


def divide(left: Decimal, right: Decimal) -> Decimal:
    if left.is_nan() or right.is_nan():
        return Decimal("NaN")
    if not right:
        raise DivisionByZero("division by zero")
    if left.is_infinite():
        return Decimal("NaN") if right.is_infinite() else left if right > 0 else -left
    if right.is_infinite():
        return Decimal(0)
    return divide_at(left, right, division_scale(left, right))


def divide_at(left: Decimal, right: Decimal, scale: int) -> Decimal:
    """The quotient of finite numbers with `scale` digits, ties away from zero, by integer arithmetic."""
    left_scale, right_scale = scale_of(left), scale_of(right)
    numerator = int(left.scaleb(left_scale, context=_EXACT))
    denominator = int(right.scaleb(right_scale, context=_EXACT))
    shift = scale + right_scale - left_scale
    if shift >= 0:
        numerator *= 10**shift
    else:
        denominator *= 10**-shift
    sign = (numerator < 0) != (denominator < 0)
    quotient, rest = divmod(abs(numerator), abs(denominator))
    if 2 * rest >= abs(denominator):
        quotient += 1
    return Decimal(-quotient if sign else quotient).scaleb(-scale, context=_EXACT)


def modulo(left: Decimal, right: Decimal) -> Decimal:
    """mod(numeric, numeric): the sign of `left`, the larger scale. Raises DivisionByZero."""
    if left.is_nan() or right.is_nan() or left.is_infinite():
        if not left.is_nan() and not right.is_nan() and not right:
            raise DivisionByZero("division by zero")
        return Decimal("NaN")
    if not right:
        raise DivisionByZero("division by zero")
    if right.is_infinite():
        return left
    scale = max(scale_of(left), scale_of(right))
    return rounded(_EXACT.remainder(left, right), scale)


def add(left: Decimal, right: Decimal) -> Decimal:
    return _EXACT.add(left, right)


def subtract(left: Decimal, right: Decimal) -> Decimal:
    return _EXACT.subtract(left, right)


def multiply(left: Decimal, right: Decimal) -> Decimal:
    return _EXACT.multiply(left, right)


def typed(number: Decimal, precision: int, scale: int) -> Decimal:
    """numeric(precision, scale): rounds, and raises 22003 where the whole part does not fit."""
    if not number.is_finite():
        if number.is_nan():
            return number
        raise NumericValueOutOfRange(
            "numeric field overflow",
            detail=f"A field with precision {precision}, scale {scale} cannot hold an infinite value.",
        )
    moved = rounded(number, scale)
    if moved and moved.adjusted() >= precision - scale:
        bound = f"10^{precision - scale}" if precision != scale else "1"
        raise NumericValueOutOfRange(
            "numeric field overflow",
            detail=f"A field with precision {precision}, scale {scale} must round to an absolute value less than"
            f" {bound}.",
        )
    return moved


def truncated(number: Decimal, scale: int) -> Decimal:
    return rounded(number, scale, ROUND_DOWN)


def sort_key(number: Decimal) -> str:
    """A text that orders by code point as the numbers do: -Infinity, numbers, Infinity, NaN; equal for 1.0 and 1.00."""
    if number.is_nan():
        return "9"
    if number.is_infinite():
        return "8" if number > 0 else "0"
    if not number:
        return "4"
    digits = "".join(map(str, number.as_tuple().digits)).lstrip("0").rstrip("0")
    exponent = number.adjusted() + 200_000
    if number > 0:
        return f"5{exponent:06}{digits}"
    inverted = digits.translate(_NINES)
    return f"3{999_999 - exponent:06}{inverted}~"


_NINES = str.maketrans("0123456789", "9876543210")


def threshold(text: str, scale: int, rounding: str) -> str:
    """The number rounded to `scale` for a comparison with DECIMAL(37, scale); beyond its range, the nearest bound."""
    number = Decimal(text)
    bound = Decimal(10**38 - 1).scaleb(-scale, context=_EXACT)
    if number.is_nan() or number >= bound:
        return f"{bound:f}"
    if number <= bound.copy_negate():
        return f"{bound.copy_negate():f}"
    return f"{rounded(number, scale, rounding):f}"


def sign(number: Decimal) -> Decimal:
    return number if number.is_nan() else Decimal((number > 0) - (number < 0))


def ceiling(number: Decimal) -> Decimal:
    return rounded(number, 0, "ROUND_CEILING")


def floor_(number: Decimal) -> Decimal:
    return rounded(number, 0, "ROUND_FLOOR")


def trimmed(number: Decimal) -> Decimal:
    """trim_scale(): without trailing zeros behind the point."""
    if not number.is_finite():
        return number
    short = number.normalize(_EXACT)
    return rounded(short, scale_of(short))


_NUMERIC = re.compile(r"[+-]?(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d+)?\Z")


def read(text: str) -> str:
    """numeric_in: the text PostgreSQL prints back. Raises InvalidTextRepresentation."""
    stripped = text.strip(" \t\n\r\v\f")
    low = stripped.lower().lstrip("+-")
    if low == "nan" and stripped[0] not in "+-":
        return "NaN"
    if low in ("inf", "infinity"):
        return "-Infinity" if stripped.startswith("-") else "Infinity"
    if not _NUMERIC.match(stripped):
        raise InvalidTextRepresentation(f'invalid input syntax for type numeric: "{text}"')
    return format_decimal(Decimal(stripped.replace("_", "")))


def to_float(text: str) -> float:
    """numeric_float8: correctly rounded; out of range is an error."""
    found = float(text)
    if found in (float("inf"), float("-inf")) and "Inf" not in text:
        raise NumericValueOutOfRange(f'"{text}" is out of range for type double precision')
    return found
