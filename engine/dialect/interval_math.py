"""Arithmetic on intervals as timestamp.c does it. An interval is [months, days, microseconds]."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from catalog.errors import DatetimeFieldOverflow, DivisionByZero
from engine.dialect.intervals import parse_interval

_DAY = 86_400_000_000


def _checked(months: int, days: int, micros: int) -> list[int]:
    if not (-(2**31) <= months < 2**31 and -(2**31) <= days < 2**31 and -(2**63) <= micros < 2**63):
        raise DatetimeFieldOverflow("interval out of range")
    return [months, days, micros]


def read(text: str) -> list[int]:
    found = parse_interval(text)
    return [found.months, found.days, found.us]


def _round(number: float) -> int:
    return int(Decimal(number).to_integral_value(ROUND_HALF_EVEN))


def _scaled(month_product: float, day_product: float, time: float) -> list[int]:
    """The cascade of interval_mul and interval_div: fractions of months to days, of days to time."""
    if not all(map(math.isfinite, (month_product, day_product, time))):
        raise DatetimeFieldOverflow("interval out of range")
    new_months, new_days = int(month_product), int(day_product)
    month_days = _tsround((month_product - new_months) * 30)
    seconds = _tsround((day_product - new_days + month_days - int(month_days)) * 86400)
    if abs(seconds) >= 86400:
        carry = int(seconds / 86400)
        new_days += carry
        seconds -= carry * 86400
    new_days += int(month_days)
    return _checked(new_months, new_days, _round(time + seconds * 1_000_000))


def _tsround(number: float) -> float:
    return _round(number * 1_000_000) / 1_000_000


def multiply(months: int, days: int, micros: int, factor: float) -> list[int]:
    return _scaled(months * factor, days * factor, micros * factor)


def divide(months: int, days: int, micros: int, divisor: float) -> list[int]:
    if divisor == 0:
        raise DivisionByZero("division by zero")
    return _scaled(months / divisor, days / divisor, micros / divisor)


def _quotient(number: int, unit: int) -> int:
    """C's division: toward zero."""
    return int(Decimal(number) / unit) if abs(number) < 2**52 else -(-number // unit) if number < 0 else number // unit


def justify(months: int, days: int, micros: int, kind: int) -> list[int]:
    """justify_hours (1), justify_days (2), justify_interval (3)."""
    if kind in (1, 3):
        whole = _quotient(micros, _DAY)
        micros -= whole * _DAY
        days += whole
    if kind in (2, 3):
        whole = _quotient(days, 30)
        days -= whole * 30
        months += whole
    if kind == 3:
        if months > 0 and (days < 0 or (days == 0 and micros < 0)):
            days, months = days + 30, months - 1
        elif months < 0 and (days > 0 or (days == 0 and micros > 0)):
            days, months = days - 30, months + 1
    if kind == 2:
        if months > 0 > days:
            days, months = days + 30, months - 1
        elif months < 0 < days:
            days, months = days - 30, months + 1
    if kind in (1, 3):
        if days > 0 > micros:
            micros, days = micros + _DAY, days - 1
        elif days < 0 < micros:
            micros, days = micros - _DAY, days + 1
    return _checked(months, days, micros)


def age(later: str, earlier: str) -> list[int]:
    """timestamp_age: whole months first, then days, then time, all of one sign."""
    a, b = datetime.fromisoformat(later), datetime.fromisoformat(earlier)
    sign = 1
    if a < b:
        sign = -1
    micros = _clock(a) - _clock(b)
    days, months = a.day - b.day, (a.year - b.year) * 12 + a.month - b.month
    micros, days, months = micros * sign, days * sign, months * sign
    if micros < 0:
        micros, days = micros + _DAY, days - 1
    while days < 0:
        month = b if sign > 0 else a
        days += _month_days(month.year, month.month)
        months -= 1
    return [months * sign, days * sign, micros * sign]


def _month_days(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _clock(moment: datetime) -> int:
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1_000_000 + moment.microsecond


def text(months: int, days: int, micros: int) -> str:
    """IntervalStyle postgres."""
    parts: list[str] = []
    negative_before = False
    years, rest = _quotient(months, 12), months - _quotient(months, 12) * 12
    for number, unit in ((years, "year"), (rest, "mon"), (days, "day")):
        if number:
            sign = "+" if negative_before and number > 0 else ""
            parts.append(f"{sign}{number} {unit}{'' if number == 1 else 's'}")
            negative_before = number < 0
    if micros or not parts:
        sign = "-" if micros < 0 else "+" if negative_before else ""
        whole = abs(micros)
        clock = f"{whole // 3_600_000_000:02}:{whole // 60_000_000 % 60:02}:{whole // 1_000_000 % 60:02}"
        fraction = f".{whole % 1_000_000:06}".rstrip("0").rstrip(".")
        parts.append(f"{sign}{clock}{fraction}")
    return " ".join(parts)


def shift_left(number: int, by: int, bits: int) -> int:
    """int << by as the processor does it: the count modulo the width, the result cut to the width."""
    return _cut(number << (by % bits), bits)


def shift_right(number: int, by: int, bits: int) -> int:
    return number >> (by % bits)


def _cut(number: int, bits: int) -> int:
    number &= (1 << bits) - 1
    return number - (1 << bits) if number >> (bits - 1) else number


def to_hex(number: int, bits: int) -> str:
    return f"{number & ((1 << bits) - 1):x}"
