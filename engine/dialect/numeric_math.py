"""Roots, powers and logarithms of numeric, and its aggregates, with the scales numeric.c chooses."""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from math import floor, log10

from catalog.errors import InvalidParameterValue, NumericValueOutOfRange
from engine.dialect.numeric_text import (
    DISPLAY_SCALE_MAX,
    MIN_SIG_DIGITS,
    add,
    divide,
    divide_at,
    division_scale,
    multiply,
    rounded,
    scale_of,
    subtract,
    truncated,
)

_NAN = Decimal("NaN")


def _context(digits: int) -> Context:
    return Context(prec=max(digits, 50), Emax=MAX_EMAX, Emin=MIN_EMIN)


def _limited(scale: int, *inputs: Decimal) -> int:
    return min(max(scale, *(scale_of(i) for i in inputs), 0), DISPLAY_SCALE_MAX)


def square_root(number: Decimal) -> Decimal:
    """sqrt(numeric), with numeric_sqrt's choice of scale. Raises InvalidParameterValue (2201F)."""
    if number.is_nan():
        return number
    if number < 0:
        raise InvalidParameterValue("cannot take square root of a negative number", code="2201F")
    if number.is_infinite():
        return number
    weight = (number.adjusted() // 4) if number else 0
    sweight = (weight * 4) // 2 + 1 if weight >= 0 else _half(weight * 4) + 1
    scale = _limited(MIN_SIG_DIGITS - sweight, number)
    return rounded(_context(scale + abs(sweight) + 20).sqrt(number), scale)


def _half(number: int) -> int:
    """C's division by two, toward zero."""
    return int(number / 2)


def exponential(number: Decimal) -> Decimal:
    """exp(numeric), with numeric_exp's choice of scale. Raises NumericValueOutOfRange."""
    if number.is_nan():
        return number
    if number.is_infinite():
        return number if number > 0 else Decimal(0)
    weight = int(float(number) * 0.434294481903252)
    weight = min(max(weight, -DISPLAY_SCALE_MAX), DISPLAY_SCALE_MAX)
    scale = _limited(MIN_SIG_DIGITS - weight, number)
    if float(number) > 300_000:
        raise NumericValueOutOfRange("value overflows numeric format")
    return rounded(_context(scale + abs(weight) + 20).exp(number), scale)


def _check_logarithm(number: Decimal) -> None:
    if number < 0:
        raise InvalidParameterValue("cannot take logarithm of a negative number", code="2201E")
    if not number:
        raise InvalidParameterValue("cannot take logarithm of zero", code="2201E")


def _ln_weight(number: Decimal) -> int:
    """estimate_ln_dweight of numeric.c: decimal weight of ln(number)."""
    if Decimal("0.9") <= number <= Decimal("1.1"):
        distance = number - 1
        return distance.adjusted() if distance else 0
    weight = number.adjusted() // 4
    digits = number.scaleb(-weight * 4)
    first = int(digits)
    head, power = first, weight * 4
    if len(number.as_tuple().digits) > 0:
        second = int((digits - first) * 10000)
        head, power = first * 10000 + second, power - 4
    from math import log

    ln = log(head) + power * 2.302585092994046
    return int(log10(abs(ln))) if ln else 0


def natural_logarithm(number: Decimal) -> Decimal:
    if number.is_nan():
        return number
    _check_logarithm(number)
    if number.is_infinite():
        return number
    scale = _limited(MIN_SIG_DIGITS - _ln_weight(number), number)
    return rounded(_context(scale + 40).ln(number), scale)


def logarithm(base: Decimal, number: Decimal) -> Decimal:
    """log(base, number), with numeric_log's choice of scale. Raises 2201E, DivisionByZero."""
    if base.is_nan() or number.is_nan():
        return _NAN
    _check_logarithm(base)
    _check_logarithm(number)
    if base.is_infinite() or number.is_infinite():
        if base.is_infinite() and number.is_infinite():
            return _NAN
        return Decimal(0) if base.is_infinite() else number
    base_weight, number_weight = _ln_weight(base), _ln_weight(number)
    weight = number_weight - base_weight
    scale = _limited(MIN_SIG_DIGITS - weight, base, number)
    context = _context(scale + abs(weight) + 60)
    return rounded(context.divide(context.ln(number), context.ln(base)), scale)


def power(base: Decimal, exponent: Decimal) -> Decimal:
    if exponent.is_finite() and base.is_finite():
        return _finite_power(base, exponent)
    if base.is_nan():
        return Decimal(1) if not exponent.is_nan() and exponent == 0 else base
    if exponent.is_nan():
        return Decimal(1) if base == 1 else exponent
    return Decimal(_context(50).power(base, exponent))


def _finite_power(base: Decimal, exponent: Decimal) -> Decimal:
    if not base and exponent < 0:
        raise InvalidParameterValue("zero raised to a negative power is undefined", code="2201F")
    whole = exponent == exponent.to_integral_value()
    if base < 0 and not whole:
        raise InvalidParameterValue(
            "a negative number raised to a non-integer power yields a complex result", code="2201F"
        )
    if whole and abs(exponent) < 2**31:
        return _integer_power(base, int(exponent), scale_of(exponent))
    if not base:
        return rounded(Decimal(0), MIN_SIG_DIGITS)
    weight = floor(float(exponent) * float(abs(base).log10(_context(50))))
    if weight > 131072:
        raise NumericValueOutOfRange("value overflows numeric format")
    if weight < -DISPLAY_SCALE_MAX * 2:
        return rounded(Decimal(0), DISPLAY_SCALE_MAX)
    scale = _limited(MIN_SIG_DIGITS - weight, base, exponent)
    return rounded(_context(scale + abs(weight) + 60).power(base, exponent), scale)


def _integer_power(base: Decimal, exponent: int, exponent_scale: int) -> Decimal:
    """power_var_int of numeric.c."""
    if not base:
        scale = max(MIN_SIG_DIGITS, scale_of(base), exponent_scale)
        return rounded(Decimal(1 if exponent == 0 else 0), scale)
    digits = base.as_tuple().digits
    head = int("".join(map(str, digits[:17])))
    shown = min(len(digits), 17)
    weight10 = exponent * (log10(head) + base.adjusted() - shown + 1)
    if weight10 > 131072:
        raise NumericValueOutOfRange("value overflows numeric format")
    if weight10 + 1 < -DISPLAY_SCALE_MAX:
        return rounded(Decimal(0), DISPLAY_SCALE_MAX)
    scale = MIN_SIG_DIGITS - int(weight10)
    scale = min(max(scale, scale_of(base), exponent_scale, 0), DISPLAY_SCALE_MAX)
    if exponent == 0:
        return rounded(Decimal(1), scale)
    if exponent == 1:
        return rounded(base, scale)
    if exponent == -1:
        return divide_at(Decimal(1), base, scale)
    context = _context(scale + abs(int(weight10)) + 40)
    return rounded(context.power(base, Decimal(exponent)), scale)


def average(total: Decimal, count: int) -> Decimal:
    return divide(total, Decimal(count))


def total(numbers: list[Decimal]) -> Decimal:
    found = numbers[0]
    for number in numbers[1:]:
        found = add(found, number)
    return found


def variance(count: int, total_: Decimal, squares: Decimal, kind: str) -> Decimal | None:
    """numeric_stddev_internal of numeric.c; `kind` is var_samp, var_pop, stddev_samp or stddev_pop."""
    sample = kind.endswith("samp")
    if count == 0 or (sample and count == 1):
        return None
    if total_.is_nan() or squares.is_nan() or total_.is_infinite() or squares.is_infinite():
        return _NAN
    n = Decimal(count)
    scale = max(2 * scale_of(total_), scale_of(squares))
    numerator = subtract(multiply(n, squares), multiply(total_, total_))
    numerator = rounded(numerator, scale)
    if numerator <= 0:
        return Decimal(0)
    denominator = n * (n - 1) if sample else n * n
    result = divide_at(numerator, denominator, division_scale(numerator, denominator))
    if kind.startswith("var"):
        return result
    return rounded(_context(scale_of(result) + 60).sqrt(result), scale_of(result))


def truncated_division(left: Decimal, right: Decimal) -> Decimal:
    """div(): the quotient toward zero, scale 0."""
    if left.is_nan() or right.is_nan():
        return _NAN
    if not right or left.is_infinite() or right.is_infinite():
        quotient = divide(left, right)
        return quotient if not quotient.is_finite() else Decimal(0)
    return truncated(_context(2000).divide_int(left, right), 0)
