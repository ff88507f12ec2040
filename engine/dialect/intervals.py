"""Interval text, as PostgreSQL's DecodeInterval reads it, to (months, days, microseconds).

Parsed here because sqlglot and DuckDB both read only a part of what PostgreSQL accepts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from catalog.errors import DatetimeFieldOverflow, InvalidDatetimeFormat


@dataclass(frozen=True, slots=True)
class Interval:
    """The three parts PostgreSQL keeps apart."""

    months: int = 0
    days: int = 0
    microseconds: int = 0


_UNITS: dict[str, tuple[int, Decimal, Decimal]] = {}
_SECOND = Decimal(1_000_000)


def _unit(names: str, months: int, days: Decimal | int, microseconds: Decimal | int) -> None:
    for name in names.split():
        _UNITS[name] = (months, Decimal(days), Decimal(microseconds))


_unit("millennium millennia mil mils", 12000, 0, 0)
_unit("century centuries cent c", 1200, 0, 0)
_unit("decade decades dec decs", 120, 0, 0)
_unit("year years y yr yrs", 12, 0, 0)
_unit("month months mon mons", 1, 0, 0)
_unit("week weeks w", 0, 7, 0)
_unit("day days d", 0, 1, 0)
_unit("hour hours h hr hrs", 0, 0, 3600 * _SECOND)
_unit("minute minutes m min mins", 0, 0, 60 * _SECOND)
_unit("second seconds s sec secs", 0, 0, _SECOND)
_unit("millisecond milliseconds ms msec msecs msecond mseconds", 0, 0, 1000)
_unit("microsecond microseconds us usec usecs useconds usecond", 0, 0, 1)

_TIME = re.compile(r"([+-]?)(\d+):(\d+)(?::(\d+(?:\.\d*)?|\.\d+))?\Z")
_MINUTES = re.compile(r"([+-]?)(\d+):(\d+\.\d*)\Z")
_YEARS = re.compile(r"([+-]?)(\d+)-(\d+)\Z")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)\Z")
_TOKEN = re.compile(r"[+-]?\d+-\d+|[+-]?\d+(?::[\d.]+)+|[+-]?(?:\d+\.?\d*|\.\d+)|[a-z]+|@")
_ISO = re.compile(r"P(?=.)((?:[+-]?[\d.]+[YMWD])*)(?:T((?:[+-]?[\d.]+[HMS])+))?\Z")
_ISO_PART = re.compile(r"([+-]?[\d.]+)([A-Z])")
_ISO_DATE = {"Y": "year", "M": "month", "W": "week", "D": "day"}
_ISO_TIME = {"H": "hour", "M": "minute", "S": "second"}


def parse_interval(text: str, fields: tuple[str, str] | None = None, precision: int | None = None) -> Interval:
    """Raises InvalidDatetimeFormat. `fields` and `precision` are what follows the literal, as in DAY TO SECOND(3)."""
    total = _Sum()
    stripped = text.strip()
    if iso := _ISO.match(stripped):
        for number, unit in _ISO_PART.findall(iso.group(1) or ""):
            total.add(Decimal(number), _ISO_DATE[unit])
        for number, unit in _ISO_PART.findall(iso.group(2) or ""):
            total.add(Decimal(number), _ISO_TIME[unit])
    else:
        _verbose(stripped.lower(), total, fields, text)
    return _limited(total.interval(), fields, precision)


class _Sum:
    def __init__(self) -> None:
        self.months = 0
        self.days = 0
        self.microseconds = Decimal(0)

    def add(self, number: Decimal, unit: str) -> None:
        """Fractions spill as PostgreSQL spills them: years into months, months and weeks into days, days into time."""
        months, days, microseconds = _UNITS[unit]
        whole = int(number)
        fraction = number - whole
        if months:
            self.months += whole * months
            if months == 1:
                self._spill_days(fraction * 30)
            else:
                self.months += int((fraction * months).to_integral_value(ROUND_HALF_EVEN))
        elif days:
            self.days += whole * int(days)
            self._spill_days(fraction * days)
        else:
            self.microseconds += number * microseconds

    def _spill_days(self, amount: Decimal) -> None:
        whole = int(amount)
        self.days += whole
        self.microseconds += (amount - whole) * 86400 * _SECOND

    def interval(self) -> Interval:
        micros = int(self.microseconds.to_integral_value(ROUND_HALF_EVEN))
        if not (-(2**31) <= self.months < 2**31 and -(2**31) <= self.days < 2**31 and -(2**63) <= micros < 2**63):
            raise DatetimeFieldOverflow("interval field value out of range", code="22015")
        return Interval(self.months, self.days, micros)


def _invalid(text: str) -> InvalidDatetimeFormat:
    return InvalidDatetimeFormat(f'invalid input syntax for type interval: "{text}"')


def _verbose(source: str, total: _Sum, fields: tuple[str, str] | None, text: str) -> None:
    if source in ("infinity", "-infinity", "+infinity"):
        raise _invalid(text)
    parts = _TOKEN.findall(source)
    if not parts or "".join(parts) != re.sub(r"\s+", "", source):
        raise _invalid(text)
    ago = parts[-1] == "ago"
    if ago:
        parts.pop()
    at = 0
    while at < len(parts):
        part = parts[at]
        unit = parts[at + 1] if at + 1 < len(parts) else None
        if part == "@":
            at += 1
        elif time := _TIME.match(part):
            _add_time(total, time, fields)
            at += 1
        elif years := _YEARS.match(part):
            sign = -1 if years.group(1) == "-" else 1
            total.months += sign * (int(years.group(2)) * 12 + int(years.group(3)))
            at += 1
        elif _NUMBER.match(part):
            at += _add_number(total, part, unit, fields, text)
        else:
            raise _invalid(text)
    if ago:
        total.months, total.days, total.microseconds = -total.months, -total.days, -total.microseconds


def _add_number(total: _Sum, part: str, unit: str | None, fields: tuple[str, str] | None, text: str) -> int:
    """Add one number with its unit; how many parts were used."""
    if unit in _UNITS:
        total.add(Decimal(part), unit)
        return 2
    if unit is not None and _TIME.match(unit):
        total.add(Decimal(part), "day")
        return 1
    if unit is not None:
        raise _invalid(text)
    total.add(Decimal(part), fields[1] if fields else "second")
    return 1


def _add_time(total: _Sum, time: re.Match[str], fields: tuple[str, str] | None) -> None:
    sign = -1 if time.group(1) == "-" else 1
    first, second, third = Decimal(time.group(2)), Decimal(time.group(3)), Decimal(time.group(4) or 0)
    if fields == ("minute", "second") and time.group(4) is None:
        first, second, third = Decimal(0), first, second
    total.microseconds += sign * ((first * 60 + second) * 60 + third) * _SECOND


_ORDER = ("year", "month", "day", "hour", "minute", "second")


def _limited(found: Interval, fields: tuple[str, str] | None, precision: int | None) -> Interval:
    """What AdjustIntervalForTypmod keeps: everything below the last field is cut."""
    months, days, micros = found.months, found.days, found.microseconds
    if fields is not None:
        last = _ORDER.index(fields[1])
        if last == 0:
            months = int(months / 12) * 12
        if last <= 1:
            days = 0
        if last <= 2:
            micros = 0
        elif last <= 4:
            unit = 3_600_000_000 if last == 3 else 60_000_000
            micros = int(Decimal(micros) / unit) * unit
    if precision is not None and precision < 6:
        step = 10 ** (6 - precision)
        micros = int((Decimal(micros) / step).to_integral_value("ROUND_HALF_UP")) * step
    return Interval(months, days, micros)
