"""Bound parameters: as Python values for the embedded engine, and as typed PostgreSQL literals."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from catalog.errors import FeatureNotSupported
from catalog.types import BY_OID, PgType, element, format_type
from engine.base import Param
from engine.values import datetimes as dates
from engine.values.binary import parse_binary
from engine.values.intervals import Interval
from engine.values.scalars import numeric_text
from engine.values.text import parse_text

_EPOCH = datetime(1970, 1, 1)
_FLOATS = (700, 701)


@dataclass(frozen=True, slots=True)
class IntervalValue:
    """An interval with months, which no Python timedelta can hold."""

    months: int
    days: int
    us: int


def python_value(param: Param, pg: PgType, *, time_zone: str = "UTC") -> object:
    """The parameter as `pg`, in Python's types: None, bool, int, float, Decimal, str, bytes, datetime (aware in UTC for
    timestamptz), date, time, timedelta (or IntervalValue if it has months), UUID, list.

    Raises PostgreSQL's input errors (22P02, 22P03, 22003, 22007, 22008, 22021); 0A000 for values Python cannot hold
    (infinite or far dates, 24:00:00): use `sql_literal` for those.
    """
    if param.data is None:
        return None
    return _python(_parsed(param, pg, time_zone), pg)


def sql_literal(param: Param, pg: PgType, *, time_zone: str = "UTC") -> str:
    """The parameter as a typed PostgreSQL literal, such as `'2020-01-01'::date`; raises as `python_value` does."""
    cast = _cast_name(pg)
    if param.data is None:
        return f"NULL::{cast}"
    return f"{quoted(_literal_text(_parsed(param, pg, time_zone), pg))}::{cast}"


def quoted(text: str) -> str:
    """A string constant, safe with and without standard_conforming_strings."""
    body = text.replace("'", "''")
    return "E'" + body.replace("\\", "\\\\") + "'" if "\\" in body else f"'{body}'"


def _parsed(param: Param, pg: PgType, time_zone: str) -> Any:
    data = param.data or b""
    return parse_binary(data, pg) if param.binary else parse_text(data, pg, time_zone)


def _cast_name(pg: PgType) -> str:
    base = element(pg) or pg
    if base.oid not in BY_OID:
        raise FeatureNotSupported(f"parameters of {format_type(pg)} are not supported here")
    return "text" if pg.oid == 705 else format_type(pg)


def _python(value: Any, pg: PgType) -> object:
    if value is None:
        return None
    if (inner := element(pg)) is not None:
        if any(isinstance(each, list) for each in value):
            raise FeatureNotSupported("multidimensional arrays are not supported as parameters here")
        return [_python(each, inner) for each in value]
    if pg.oid == 1082:
        return _date(value)
    if pg.oid in (1114, 1184):
        moment = _moment(value)
        return moment.replace(tzinfo=UTC) if pg.oid == 1184 else moment
    if pg.oid == 1083:
        if value == dates.DAY_US:
            raise FeatureNotSupported("the time 24:00:00 is not supported as a parameter here")
        return (_EPOCH + timedelta(microseconds=value)).time()
    if pg.oid == 2950:
        return uuid.UUID(bytes=value)
    if isinstance(value, Interval):
        if value.months:
            return IntervalValue(*value)
        return timedelta(days=value.days, microseconds=value.us)
    plain: object = value
    return plain


def _date(days: int) -> date:
    try:
        return date.fromordinal(days + 719163)
    except (ValueError, OverflowError):
        raise FeatureNotSupported("infinite dates and years beyond 9999 are not supported as parameters here") from None


def _moment(us: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=us)
    except OverflowError:
        raise FeatureNotSupported(
            "infinite timestamps and years beyond 9999 are not supported as parameters here"
        ) from None


def _literal_text(value: Any, pg: PgType) -> str:
    if value is None:
        return "NULL"
    if (inner := element(pg)) is not None:
        return _array_literal(value, inner)
    if pg.oid == 16:
        return "true" if value else "false"
    if pg.oid == 17:
        return f"\\x{value.hex()}"
    if pg.oid == 1700:
        return numeric_text(value)
    if pg.oid in _FLOATS:
        return repr(float(value))
    if pg.oid == 1082:
        return _date_text(value)
    if pg.oid in (1114, 1184):
        return _stamp_text(value, zone="+00" if pg.oid == 1184 else "")
    if pg.oid == 1083:
        return dates.time_text(value)
    if pg.oid == 2950:
        return str(uuid.UUID(bytes=value))
    if isinstance(value, Interval):
        return f"{value.months} mons {value.days} days {value.us} us"
    return str(value)


def _array_literal(values: list[Any], inner: PgType) -> str:
    shown = []
    for value in values:
        if value is None:
            shown.append("NULL")
        elif isinstance(value, list):
            shown.append(_array_literal(value, inner))
        else:
            text = _literal_text(value, inner).replace("\\", "\\\\").replace('"', '\\"')
            shown.append(f'"{text}"')
    return "{" + ",".join(shown) + "}"


def _date_text(days: int) -> str:
    if abs(days) >= dates.DAYS_INFINITE:
        return "infinity" if days > 0 else "-infinity"
    year, month, day = dates.civil(days)
    return f"{year:04}-{month:02}-{day:02}" if year > 0 else f"{1 - year:04}-{month:02}-{day:02} BC"


def _stamp_text(us: int, *, zone: str) -> str:
    if abs(us) >= dates.US_INFINITE:
        return "infinity" if us > 0 else "-infinity"
    day, rest = divmod(us, dates.DAY_US)
    shown, _, era = _date_text(day).partition(" ")
    return f"{shown} {dates.time_text(rest)}{zone}{' ' + era if era else ''}"
