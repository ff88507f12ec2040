"""interval in its four styles (EncodeInterval), and in binary. Durations are intervals of time only."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from catalog.errors import InvalidParameterValue
from gateway.pgwire.render.column import Matrix, Rule, nulls, raw

_WORDS = np.dtype([("months", "<i4"), ("days", "<i4"), ("nanos", "<i8")])
_SENT = np.dtype([("us", ">i8"), ("days", ">i4"), ("months", ">i4")])
_TO_US = {"s": 1_000_000, "ms": 1000, "us": 1}


class Span(NamedTuple):
    """An interval as PostgreSQL keeps it."""

    months: int
    days: int
    us: int


def interval_text(style: str) -> Rule:
    """`style` is IntervalStyle."""
    shown = {"postgres": postgres, "postgres_verbose": verbose, "sql_standard": sql_standard, "iso_8601": iso_8601}
    if style.lower() not in shown:
        raise InvalidParameterValue(f'invalid value for parameter "IntervalStyle": "{style}"')
    one = shown[style.lower()]
    return Rule(lambda span: one(span).encode(), values=spans)


def interval_binary() -> Rule:
    pack = struct.Struct("!qii").pack
    return Rule(lambda span: pack(span.us, span.days, span.months), _words, spans)


def spans(array: pa.Array) -> list[Span | None]:
    """The column's values; nanoseconds below a microsecond are cut off."""
    parts = _parts(array)
    isnull = nulls(array)
    found: list[Span | None] = [
        Span(*each) for each in zip(*(parts[name].tolist() for name in ("months", "days", "us")), strict=True)
    ]
    if isnull is not None:
        return [None if gone else span for span, gone in zip(found, isnull, strict=True)]
    return found


def _parts(array: pa.Array) -> dict[str, np.ndarray]:
    if pa.types.is_duration(array.type):
        values = raw(array, np.int64)
        us = values // 1000 if array.type.unit == "ns" else values * _TO_US[array.type.unit]
        none = np.zeros(len(array), np.int32)
        return {"months": none, "days": none, "us": us}
    words = raw(array, _WORDS)
    nanos = words["nanos"]
    return {"months": words["months"], "days": words["days"], "us": nanos // 1000}


def _words(array: pa.Array) -> Matrix:
    parts = _parts(array)
    sent = np.empty(len(array), _SENT)
    for name, values in parts.items():
        sent[name] = values
    return sent.view(np.uint8).reshape(len(array), 16)


def _split(span: Span) -> tuple[int, int, int, int, int, int, int]:
    """(years, months, days, hours, minutes, seconds, us), each with the sign of its part."""
    sign = -1 if span.months < 0 else 1
    years, months = abs(span.months) // 12 * sign, abs(span.months) % 12 * sign
    sign = -1 if span.us < 0 else 1
    seconds, us = divmod(abs(span.us), 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return years, months, span.days, hours * sign, minutes * sign, seconds * sign, us * sign


def _seconds(seconds: int, us: int, *, pad: bool) -> str:
    """Absolute seconds with their fraction, without trailing zeros."""
    whole = f"{abs(seconds):02}" if pad else f"{abs(seconds)}"
    return f"{whole}.{abs(us):06}".rstrip("0") if us else whole


def postgres(span: Span) -> str:
    """IntervalStyle postgres: `1 year 2 mons 3 days 04:05:06`."""
    years, months, days, hours, minutes, seconds, us = _split(span)
    text, before = "", False  # before: the last part shown was negative
    for value, unit in ((years, "year"), (months, "mon"), (days, "day")):
        if value:
            text += (
                f"{' ' if text else ''}{'+' if before and value > 0 else ''}{value} {unit}{'' if value == 1 else 's'}"
            )
            before = value < 0
    if not text or hours or minutes or seconds or us:
        minus = hours < 0 or minutes < 0 or seconds < 0 or us < 0
        sign = "-" if minus else "+" if before else ""
        text += f"{' ' if text else ''}{sign}{abs(hours):02}:{abs(minutes):02}:{_seconds(seconds, us, pad=True)}"
    return text


def verbose(span: Span) -> str:
    """IntervalStyle postgres_verbose: `@ 1 year 2 mons 3 days 4 hours 5 mins 6 secs ago`."""
    years, months, days, hours, minutes, seconds, us = _split(span)
    text = "@"
    before: bool | None = None  # whether the first part shown was negative
    for value, unit in ((years, "year"), (months, "mon"), (days, "day"), (hours, "hour"), (minutes, "min")):
        if not value:
            continue
        before = value < 0 if before is None else before
        shown = -value if before else value
        text += f" {shown} {unit}{'' if shown == 1 else 's'}"
    if seconds or us:
        minus = seconds < 0 or us < 0
        sign = "-" if before is not None and minus != before else ""
        before = minus if before is None else before
        text += f" {sign}{_seconds(seconds, us, pad=False)} sec{'' if abs(seconds) == 1 and us == 0 else 's'}"
    if before is None:
        return "@ 0"
    return text + " ago" if before else text


def sql_standard(span: Span) -> str:
    """IntervalStyle sql_standard: `1-2`, `3 4:05:06`, `+1-2 -3 +4:05:06`."""
    years, months, days, hours, minutes, seconds, us = parts = _split(span)
    negative, positive = min(parts) < 0, max(parts) > 0
    year_month, day, day_time = bool(years or months), bool(days), bool(hours or minutes or seconds or us)
    has_day_time = day or day_time
    value_sign = ""
    if not negative and not positive:
        return "0"
    if (negative and positive) or (year_month and has_day_time):
        signs = [
            "-" if bad else "+" for bad in (years < 0 or months < 0, days < 0, min(hours, minutes, seconds, us) < 0)
        ]
        clock_part = f"{abs(hours)}:{abs(minutes):02}:{_seconds(seconds, us, pad=True)}"
        return f"{signs[0]}{abs(years)}-{abs(months)} {signs[1]}{abs(days)} {signs[2]}{clock_part}"
    if negative:
        value_sign = "-"
    if year_month:
        return f"{value_sign}{abs(years)}-{abs(months)}"
    clock_part = f"{abs(hours)}:{abs(minutes):02}:{_seconds(seconds, us, pad=True)}"
    return f"{value_sign}{abs(days)} {clock_part}" if day else f"{value_sign}{clock_part}"


def iso_8601(span: Span) -> str:
    years, months, days, hours, minutes, seconds, us = _split(span)
    text = "P" + "".join(f"{value}{unit}" for value, unit in ((years, "Y"), (months, "M"), (days, "D")) if value)
    if hours or minutes or seconds or us:
        text += "T" + "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M")) if value)
    if seconds or us:
        text += f"{'-' if seconds < 0 or us < 0 else ''}{_seconds(seconds, us, pad=False)}S"
    return text if text != "P" else "PT0S"
