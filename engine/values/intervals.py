"""Input function of interval: units, clock times, year-month, and ISO 8601 durations."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from catalog.errors import DatetimeFieldOverflow, InvalidDatetimeFormat
from engine.values.scalars import SPACE


class Interval(NamedTuple):
    """As PostgreSQL keeps it."""

    months: int
    days: int
    us: int


_SECOND = 1_000_000
_US = {"us": 1, "ms": 1000, "s": _SECOND, "min": 60 * _SECOND, "h": 3600 * _SECOND}
_UNITS = {
    "us": "us usec usecs usecond useconds microsecond microseconds microsecon",
    "ms": "ms msec msecs msecond mseconds millisecond milliseconds millisecon",
    "s": "s sec secs second seconds",
    "min": "m min mins minute minutes",
    "h": "h hr hrs hour hours",
    "d": "d day days",
    "w": "w week weeks",
    "mon": "mon mons month months",
    "y": "y yr yrs year years",
    "dec": "decade decades dec decs",
    "c": "c cent century centuries",
    "mil": "mil mils millennia millennium",
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_MONTHS = {"mon": 1, "y": 12, "dec": 120, "c": 1200, "mil": 12000}
_DAYS = {"d": 1, "w": 7}
_TOKEN = re.compile(
    r"(?P<time>[+-]?\d+:\d{1,2}(?::\d{1,2}(?:\.\d*)?)?)"
    r"|(?P<months>[+-]?\d+-\d{1,2}(?!\d))"
    r"|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))"
    r"|(?P<word>[a-z]+)|(?P<blank>[\s@,]+)"
)
_ISO = re.compile(r"p(?P<date>(?:[+-]?[\d.]+[ymwd])*)(?:t(?P<time>(?:[+-]?[\d.]+[hms])*))?")


def parse_interval(text: str, fields: tuple[str, str] | None = None) -> Interval:
    """Raises 22007 for what is no interval, 22015 for one that does not fit.

    `fields`, as in ("minute", "second"), say what a last number without a unit and a time of two parts are.
    """
    body = text.strip(SPACE).lower()
    months, days, us = Fraction(0), Fraction(0), Fraction(0)
    if len(body) > 1 and body.startswith("p") and (match := _ISO.fullmatch(body)):
        for amount, unit in re.findall(r"([+-]?[\d.]+)([ymwd])", match["date"]):
            months, days, us = _added((months, days, us), _number(amount, text), "mon" if unit == "m" else unit)
        for amount, unit in re.findall(r"([+-]?[\d.]+)([hms])", match["time"] or ""):
            months, days, us = _added((months, days, us), _number(amount, text), "min" if unit == "m" else unit)
        return _checked(months, days, us, text)
    return _checked(*_tokens(body, text, fields), text)


Parts = tuple[Fraction, Fraction, Fraction]


def _tokens(body: str, text: str, fields: tuple[str, str] | None) -> Parts:
    total: Parts = (Fraction(0), Fraction(0), Fraction(0))
    pending: str | None = None
    seen: set[str] = set()
    sign, at = 1, 0
    while at < len(body):
        match = _TOKEN.match(body, at)
        if match is None:
            raise _invalid(text)
        at, word = match.end(), match[0]
        kind = match.lastgroup
        if kind == "blank":
            continue
        if word == "ago":
            sign = -1
            continue
        if kind == "word":
            unit = _UNIT_OF.get(word)
            if unit is None or pending is None:
                raise _invalid(text)
            total = _added(total, _number(pending, text), unit)
            _note(seen, ("s", "ms", "us") if unit == "s" and "." in pending else (unit,), text)
            pending = None
            continue
        if pending is not None:  # a bare number before a clock time counts days
            if kind != "time":
                raise _invalid(text)
            total = _added(total, _number(pending, text), "d")
            _note(seen, ("d",), text)
            pending = None
        if kind == "number":
            pending = word
        elif kind == "time":
            total = (total[0], total[1], total[2] + _clock(word, text, fields))
            _note(seen, ("h", "min", "s"), text)
        else:
            total = (total[0] + _year_month(word, text), total[1], total[2])
            _note(seen, ("y", "mon"), text)
    if pending is not None:
        unit = _UNIT_OF[fields[1]] if fields is not None else "s"
        total = _added(total, _number(pending, text), unit)
        _note(seen, (unit,), text)
    if not seen:
        raise _invalid(text)
    return sign * total[0], sign * total[1], sign * total[2]


def _note(seen: set[str], units: tuple[str, ...], text: str) -> None:
    """No unit may be told twice."""
    if not seen.isdisjoint(units):
        raise _invalid(text)
    seen.update(units)


def _added(total: Parts, amount: Fraction, unit: str) -> Parts:
    """Fractions spill into smaller units: of years into whole months, of months into days of a 30-day month."""
    months, days, us = total
    if unit in _MONTHS:
        whole = amount * _MONTHS[unit]
        if unit != "mon":
            return months + round(whole), days, us
        kept = int(whole)
        rest = (whole - kept) * 30
        return months + kept, days + int(rest), us + (rest - int(rest)) * 86400 * _SECOND
    if unit in _DAYS:
        whole = amount * _DAYS[unit]
        return months, days + int(whole), us + (whole - int(whole)) * 86400 * _SECOND
    return months, days, us + amount * _US[unit]


def _number(word: str, text: str) -> Fraction:
    try:
        return Fraction(word)
    except ValueError:
        raise _invalid(text) from None


def _clock(word: str, text: str, fields: tuple[str, str] | None) -> Fraction:
    sign = -1 if word.startswith("-") else 1
    words = word.lstrip("+-").split(":")
    if len(words) == 2 and fields == ("minute", "second"):
        words.insert(0, "0")
    hours, minutes = int(words[0]), int(words[1])
    seconds = Fraction(words[2].removesuffix(".") if len(words) > 2 else 0)
    if minutes > 59 or seconds >= 61:
        raise DatetimeFieldOverflow(f'interval field value out of range: "{text}"', code="22015")
    return sign * (hours * 3600 + minutes * 60 + seconds) * _SECOND


def _year_month(word: str, text: str) -> int:
    sign = -1 if word.startswith("-") else 1
    years, months = (int(word) for word in word.lstrip("+-").split("-"))
    if months > 11:
        raise DatetimeFieldOverflow(f'interval field value out of range: "{text}"', code="22015")
    return sign * (years * 12 + months)


def _invalid(text: str) -> InvalidDatetimeFormat:
    return InvalidDatetimeFormat(f'invalid input syntax for type interval: "{text}"')


def _checked(months: Fraction, days: Fraction, us: Fraction, text: str) -> Interval:
    interval = Interval(int(months), int(days), round(us))
    fits = abs(interval.months) < 2**31 and abs(interval.days) < 2**31 and abs(interval.us) < 2**63
    if not fits:
        raise DatetimeFieldOverflow(f'interval field value out of range: "{text}"', code="22015")
    return interval
