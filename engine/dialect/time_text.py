"""Text of dates and times read at run time, by the same ISO forms that `literals` takes; others are refused."""

from __future__ import annotations

import re
from decimal import Decimal

from catalog.errors import DatetimeFieldOverflow, FeatureNotSupported, InvalidDatetimeFormat

_DATE = re.compile(r"\s*(\d{4,6})-(\d{1,2})-(\d{1,2})(?:[ T]\d{1,2}:\d{2}.*)?\s*\Z")
_STAMP = re.compile(r"\s*(\d{4,6})-(\d{1,2})-(\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d*)?))?)?\s*(\S*)\s*\Z")
_TIME = re.compile(r"\s*(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d*)?))?\s*\Z")
_SPECIALS = ("infinity", "-infinity")


def _invalid(text: str, name: str) -> InvalidDatetimeFormat | FeatureNotSupported:
    """Text without any digit is no date in any format; other forms PostgreSQL may know."""
    if not re.search(r"\d", text) and text.strip().lower() not in ("now", "today", "tomorrow", "yesterday", "epoch"):
        return InvalidDatetimeFormat(f'invalid input syntax for type {name}: "{text}"')
    return FeatureNotSupported(
        f'the {name} "{text}" is not supported by the embedded engine: write it in ISO 8601 form'
    )


def _check(year: str, month: str, day: str, text: str) -> str:
    y, m, d = int(year), int(month), int(day)
    leap = y % 4 == 0 and (y % 100 != 0 or y % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if not (1 <= m <= 12 and 1 <= d <= days[m - 1] and y > 0):
        raise DatetimeFieldOverflow(f'date/time field value out of range: "{text}"')
    return f"{y:04}-{m:02}-{d:02}"


def date_in(text: str) -> str:
    if text.strip().lower() in _SPECIALS:
        return text.strip().lower()
    match = _DATE.match(text)
    if match is None:
        raise _invalid(text, "date")
    return _check(match.group(1), match.group(2), match.group(3), text)


def timestamp_in(text: str) -> str:
    """Date and time of day; a zone in the text is refused (PostgreSQL would ignore or apply it)."""
    if text.strip().lower() in _SPECIALS:
        return text.strip().lower()
    match = _STAMP.match(text)
    if match is None or match.group(7):
        raise _invalid(text, "timestamp")
    date = _check(match.group(1), match.group(2), match.group(3), text)
    hour, minute, second = match.group(4) or "0", match.group(5) or "0", match.group(6) or "0"
    if int(hour) > 23 or int(minute) > 59 or float(second) >= 60:
        raise DatetimeFieldOverflow(f'date/time field value out of range: "{text}"')
    return f"{date} {int(hour):02}:{minute}:{_six_digits(second, text)}"


def time_in(text: str) -> str:
    match = _TIME.match(text)
    if match is None:
        raise _invalid(text, "time")
    hour, minute, second = match.groups()
    if int(hour) > 23 or int(minute) > 59 or float(second or 0) >= 60:
        raise DatetimeFieldOverflow(f'date/time field value out of range: "{text}"')
    return f"{int(hour):02}:{minute}:{_six_digits(second or '00', text)}"


def _six_digits(second: str, text: str) -> str:
    """Seconds rounded to microseconds, as they are kept."""
    rounded = f"{Decimal(second).quantize(Decimal('0.000001')):09f}"
    if rounded.startswith("60"):
        raise FeatureNotSupported(f'"{text}", which rounds to another minute, is not supported by the embedded engine')
    return rounded
