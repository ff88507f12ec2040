"""date, timestamp and timestamptz. Infinity is the integer's maximum or minimum, as DuckDB exports it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.values.datetimes import civil
from gateway.pgwire.render.column import Body, Bools, Matrix, Rule, big_endian, nulls, patched, ragged, raw
from gateway.pgwire.render.style import DateStyle
from gateway.pgwire.render.times import clock, clock_table, fractions
from gateway.pgwire.render.zones import abbreviation_at, offset_at, offsets_of

_DAY_US = 86_400_000_000
_EPOCH_DAYS, _EPOCH_US = 10957, 946_684_800_000_000  # from 1970 to PostgreSQL's 2000-01-01
_DAYS_INFINITE, _US_INFINITE = 2**31 - 1, 2**63 - 1
_FIRST_DAY, _LAST_DAY = -719162, 2932896  # 0001-01-01, 9999-12-31
_TABLE_FROM, _TABLE_TO = -25567, 47482  # 1900-01-01, 2100-01-01
_TO_US = {"s": 1_000_000, "ms": 1000, "us": 1}
_UNIX_TO_ORDINAL = 719163
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")  # 1970-01-01 was a Thursday

Digits = npt.NDArray[np.int64]


def date_text(kind: DateStyle, *, day_first: bool) -> Rule:
    if kind is DateStyle.ISO:
        return Rule(iso_date, _date_column, _day_list)
    return Rule(lambda day: _styled_date(day, kind, day_first=day_first), values=_day_list)


def date_binary() -> Rule:
    pack = struct.Struct("!i").pack
    return Rule(lambda day: pack(_sent_day(day)), _date_words, _day_list)


def timestamp_text(kind: DateStyle, *, day_first: bool, zone: str | None, xsd: bool = False) -> Rule:
    """`zone` None: timestamp, else timestamptz shown in that zone. `xsd`: as row_to_json writes it (T, +HH:MM)."""
    if kind is not DateStyle.ISO:
        return Rule(lambda us: _styled_timestamp(us, kind, zone, day_first=day_first), values=_us_list)
    return Rule(
        lambda us: iso_timestamp(us, zone, xsd=xsd), lambda array: _timestamp_column(array, zone, xsd=xsd), _us_list
    )


def timestamp_binary() -> Rule:
    pack = struct.Struct("!q").pack
    return Rule(lambda us: pack(_sent_us(us)), _timestamp_words, _us_list)


def iso_date(day: int) -> bytes:
    """A day since 1970 as DateStyle ISO shows it."""
    if _FIRST_DAY <= day <= _LAST_DAY:
        return date.fromordinal(day + _UNIX_TO_ORDINAL).isoformat().encode()
    if (special := _infinite(day, _DAYS_INFINITE)) is not None:
        return special
    year, month, dom = civil(day)
    return (f"{year:04}-{month:02}-{dom:02}" if year > 0 else f"{1 - year:04}-{month:02}-{dom:02} BC").encode()


def iso_timestamp(us: int, zone: str | None = None, *, xsd: bool = False) -> bytes:
    """Microseconds since 1970 as DateStyle ISO shows them."""
    if (special := _infinite(us, _US_INFINITE)) is not None:
        return special
    east = 0
    if zone is not None:
        east = offset_at(us // 1_000_000, zone)
    day, rest = divmod(us + east * 1_000_000, _DAY_US)
    shown, _, era = iso_date(day).partition(b" ")
    text = shown + (b"T" if xsd else b" ") + clock(rest)
    if zone is not None:
        text += offset_text(east, xsd=xsd)
    return text + b" " + era if era else text


def offset_text(east: int, *, xsd: bool = False) -> bytes:
    """A zone's offset, given in seconds east: minutes and seconds only when they are not zero (xsd: minutes always)."""
    size = abs(east)
    text = f"{'-' if east < 0 else '+'}{size // 3600:02}"
    if size % 3600 or xsd:
        text += f":{size // 60 % 60:02}"
    if size % 60:
        text += f":{size % 60:02}"
    return text.encode()


def _infinite(value: int, limit: int) -> bytes | None:
    return b"infinity" if value >= limit else b"-infinity" if value <= -limit else None


def _styled_date(day: int, kind: DateStyle, *, day_first: bool) -> bytes:
    if (special := _infinite(day, _DAYS_INFINITE)) is not None:
        return special
    year, month, dom = civil(day)
    era, year = ("", year) if year > 0 else (" BC", 1 - year)
    if kind is DateStyle.GERMAN:
        return f"{dom:02}.{month:02}.{year:04}{era}".encode()
    mark = "/" if kind is DateStyle.SQL else "-"
    first, second = (dom, month) if day_first else (month, dom)
    return f"{first:02}{mark}{second:02}{mark}{year:04}{era}".encode()


def _styled_timestamp(us: int, kind: DateStyle, zone: str | None, *, day_first: bool) -> bytes:
    if (special := _infinite(us, _US_INFINITE)) is not None:
        return special
    tail = ""
    second = us // 1_000_000
    if zone is not None:
        us += offset_at(second, zone) * 1_000_000
        tail = " " + abbreviation_at(second, zone)
    day, rest = divmod(us, _DAY_US)
    year, month, dom = civil(day)
    era, year = ("", year) if year > 0 else (" BC", 1 - year)
    time_of_day = clock(rest).decode()
    if kind is DateStyle.POSTGRES:
        name = _MONTHS[month - 1]
        middle = f"{dom:02} {name}" if day_first else f"{name} {dom:02}"
        return f"{_WEEKDAYS[day % 7]} {middle} {time_of_day} {year:04}{tail}{era}".encode()
    shown = _styled_date(day, kind, day_first=day_first).decode().removesuffix(" BC")
    return f"{shown} {time_of_day}{tail}{era}".encode()


def days_of(array: pa.Array) -> npt.NDArray[np.int32]:
    """Days since 1970 of a date32 or date64 column; 0 at NULL."""
    if pa.types.is_date64(array.type):
        days = (raw(array, np.int64) // 86_400_000).astype(np.int32)
    else:
        days = raw(array, np.int32)
    isnull = nulls(array)
    return days if isnull is None else np.where(isnull, np.int32(0), days)


def micros_of(array: pa.Array) -> Digits:
    """Microseconds since 1970 of a timestamp column of any unit; 0 at NULL; infinities stay the extreme integers."""
    values = raw(array, np.int64)
    isnull = nulls(array)
    if isnull is not None:
        values = np.where(isnull, 0, values)
    unit = array.type.unit
    if unit == "us":
        return values
    scaled = values // 1000 if unit == "ns" else values * _TO_US[unit]
    scaled = np.where(values >= _US_INFINITE, _US_INFINITE, scaled)
    return np.where(values <= -_US_INFINITE, -_US_INFINITE, scaled)


def _listed(values: npt.NDArray[Any], array: pa.Array) -> list[int | None]:
    found: list[int | None] = values.tolist()
    if array.null_count:
        return [value if ok else None for value, ok in zip(found, array.is_valid().to_pylist(), strict=True)]
    return found


def _day_list(array: pa.Array) -> list[int | None]:
    return _listed(days_of(array), array)


def _us_list(array: pa.Array) -> list[int | None]:
    return _listed(micros_of(array), array)


def _sent_day(day: int) -> int:
    return -(2**31) if day <= -_DAYS_INFINITE else day if day >= _DAYS_INFINITE else day - _EPOCH_DAYS


def _sent_us(us: int) -> int:
    return -(2**63) if us <= -_US_INFINITE else us if us >= _US_INFINITE else us - _EPOCH_US


def _date_words(array: pa.Array) -> Matrix:
    days = days_of(array).astype(np.int64)
    sent = days - _EPOCH_DAYS
    sent[days >= _DAYS_INFINITE] = _DAYS_INFINITE
    sent[days <= -_DAYS_INFINITE] = -(2**31)
    return big_endian(sent, ">i4")


def _timestamp_words(array: pa.Array) -> Matrix:
    us = micros_of(array)
    with np.errstate(over="ignore"):
        sent = us - _EPOCH_US
    sent[us >= _US_INFINITE] = _US_INFINITE
    sent[us <= -_US_INFINITE] = -(2**63)
    return big_endian(sent, ">i8")


@lru_cache(maxsize=1)
def _date_table() -> Matrix:
    table: Matrix = np.arange(_TABLE_FROM, _TABLE_TO + 1).astype("M8[D]").astype("S10").view(np.uint8).reshape(-1, 10)
    return table


def _date_matrix(days: npt.NDArray[np.signedinteger[Any]]) -> Matrix:
    """YYYY-MM-DD of days within the years 1 to 9999."""
    if len(days) == 0:
        return np.zeros((0, 10), np.uint8)
    if days.min() >= _TABLE_FROM and days.max() <= _TABLE_TO:
        return _date_table().take(days - _TABLE_FROM, axis=0)
    matrix: Matrix = days.astype("M8[D]").astype("S10").view(np.uint8).reshape(len(days), 10)
    return matrix


def _date_column(array: pa.Array) -> Body:
    days = days_of(array)
    odd: Bools = (days < _FIRST_DAY) | (days > _LAST_DAY)
    if not odd.any():
        return _date_matrix(days)
    body = _date_matrix(np.where(odd, np.int32(0), days))
    return patched(body, odd, [iso_date(day) for day in days[odd].tolist()])


def _timestamp_column(array: pa.Array, zone: str | None, *, xsd: bool) -> Body:
    us = micros_of(array)
    # A day of margin at both ends: the zone may move an instant into the next year.
    odd: Bools = (us < (_FIRST_DAY + 1) * _DAY_US) | (us >= _LAST_DAY * _DAY_US)
    usual = np.where(odd, 0, us) if odd.any() else us
    body = _stamps(usual, zone, b"T" if xsd else b" ", lambda east: offset_text(east, xsd=xsd))
    if not odd.any():
        return body
    return patched(body, odd, [iso_timestamp(value, zone, xsd=xsd) for value in us[odd].tolist()])


def _stamps(us: Digits, zone: str | None, mark: bytes, shown: Callable[[int], bytes]) -> Body:
    """date, mark, clock, fraction, offset: one matrix with room for the longest, then less what is not there."""
    rows = len(us)
    seconds = us // 1_000_000
    fraction = us - seconds * 1_000_000
    east = np.zeros(rows, np.int64) if zone in (None, "UTC") else offsets_of(seconds, zone or "UTC")
    days, of_day = np.divmod(seconds + east, 86400)
    parts = [_date_matrix(days), np.full((rows, 1), mark[0], np.uint8), clock_table().take(of_day, axis=0)]
    kept = [np.ones((rows, 19), np.bool_)]
    if fraction.any():
        digits, keep = fractions(fraction)
        parts.append(digits)
        kept.append(keep)
    if zone is not None:
        known, index = np.unique(east, return_inverse=True)
        texts = [shown(value) for value in known.tolist()]
        width = max((len(text) for text in texts), default=0)
        table = np.frombuffer(b"".join(text.ljust(width, b"\0") for text in texts), np.uint8).reshape(-1, width)
        parts.append(table.take(index, axis=0))
        kept.append(parts[-1] != 0)
    matrix = np.concatenate(parts, axis=1)
    keep_all = np.concatenate(kept, axis=1)
    return matrix if keep_all.all() else ragged(matrix, keep_all)
