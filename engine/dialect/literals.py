"""String literals read as a type's input function reads them, at translation time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from catalog.errors import InvalidTextRepresentation, NumericValueOutOfRange
from catalog.types import (
    BOOL,
    BPCHAR,
    BYTEA,
    DATE,
    FLOAT4,
    FLOAT8,
    INT2,
    INT4,
    INT8,
    INTERVAL,
    JSON,
    JSONB,
    NUMERIC,
    OID,
    TEXT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    UUID,
    VARCHAR,
    PgType,
    element,
    format_type,
)
from engine.dialect import numbers
from engine.dialect.array_text import parse_array
from engine.dialect.constants import Constants
from engine.dialect.intervals import parse_interval
from engine.dialect.json_text import canonical_jsonb, check_json
from engine.dialect.numbers import Numbers
from engine.dialect.session import SessionConstants
from engine.dialect.syntax import Syntax
from engine.dialect.value import Value, refuse, value

_BOOLS = {
    **dict.fromkeys(("t", "tr", "tru", "true", "y", "ye", "yes", "on", "1"), "true"),
    **dict.fromkeys(("f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0"), "false"),
}
_RANGES = {INT2.oid: 15, INT4.oid: 31, INT8.oid: 63}
_DATE = r"(\d{4,6})-(\d{1,2})-(\d{1,2})"
_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d*)?))?"
_ZONE = r"\s*(Z|z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?(?::\d{2})?|[A-Z][A-Za-z_]+/[A-Za-z_/]+)?"
_COMPACT = re.compile(r"\s*(\d{4})(\d{2})(\d{2})\s*\Z")
_STAMP = re.compile(rf"\s*{_DATE}(?:(?:\s+|T){_CLOCK}{_ZONE})?\s*\Z")
_TIME = re.compile(rf"\s*{_CLOCK}\s*\Z")
_HEX = re.compile(r"\\x((?:[0-9A-Fa-f]{2}|\s)*)\Z")
_UUID = re.compile(r"\{?([0-9A-Fa-f]{4}-?){7}[0-9A-Fa-f]{4}\}?\Z")


@dataclass(frozen=True, slots=True)
class Forms:
    """How a target writes constants."""

    syntax: Syntax
    constants: Constants
    numbers: Numbers


def read(text: str, pg: PgType, session: SessionConstants, forms: Forms) -> Value:
    """The value of literal `text` as type `pg` (typmod not applied). Raises the input function's SqlError."""
    if pg.oid in (TEXT.oid, VARCHAR.oid, 19):
        return Value(forms.syntax.string(text), PgType(pg.oid), text=text)
    if pg.oid == BPCHAR.oid:
        return Value(forms.syntax.string(text.rstrip(" ")), BPCHAR, width=len(text))
    if pg.oid in _RANGES or pg.oid == OID.oid:
        return _integer(text, pg, forms)
    if (inner := element(pg)) is not None:
        return _array(text, inner, pg, session, forms)
    reader = _READERS.get(pg.oid)
    if reader is None:
        raise refuse(f"a literal of type {format_type(pg)}")
    return reader(text, session, forms)


def _bad(text: str, name: str) -> InvalidTextRepresentation:
    return InvalidTextRepresentation(f'invalid input syntax for type {name}: "{text}"')


def _integer(text: str, pg: PgType, forms: Forms) -> Value:
    name = format_type(pg)
    digits = text.strip(" \t\n\r\v\f")
    if not re.fullmatch(r"[+-]?(?:\d(?:_?\d)*|0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+)", digits):
        raise _bad(text, name)
    plain = digits.replace("_", "")
    number = int(plain) if plain.lstrip("+-").isdigit() else int(plain, 0)
    limit = 1 << _RANGES.get(pg.oid, 32)
    if not -limit <= number < limit:
        raise NumericValueOutOfRange(f'value "{text}" is out of range for type {name}')
    return integer(number, pg, forms)


def integer(number: int, pg: PgType, forms: Forms) -> Value:
    """An integer constant of a type."""
    return Value(f"CAST({number} AS {forms.syntax.type_name(pg)})", pg, constant=str(number))


def _bool(text: str, session: SessionConstants, forms: Forms) -> Value:
    found = _BOOLS.get(text.strip().lower())
    if found is None:
        raise _bad(text, "boolean")
    return value(found, BOOL)


def _numeric(text: str, session: SessionConstants, forms: Forms) -> Value:
    stripped = text.strip().replace("_", "")
    low = stripped.lower().lstrip("+-")
    if low in ("nan", "inf", "infinity"):
        shown = "NaN" if low == "nan" else ("-" if stripped.startswith("-") else "") + "Infinity"
        return numbers.exact(forms.syntax.string(shown))
    if not re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", stripped):
        raise _bad(text, "numeric")
    found = numbers.literal(stripped.lstrip("+-"))
    return numbers.negate(found) if stripped.startswith("-") else found


def _float(pg: PgType) -> Reader:
    name = format_type(pg)

    def read_float(text: str, session: SessionConstants, forms: Forms) -> Value:
        stripped = text.strip().lower()
        if not re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?(?:inf|infinity)|nan", stripped):
            raise _bad(text, name)
        number = float(stripped)
        if abs(number) == float("inf") and "inf" not in stripped:
            raise NumericValueOutOfRange(f'"{text}" is out of range for type {name}')
        return float_constant(number, pg, forms, stripped)

    return read_float


def float_constant(number: float, pg: PgType, forms: Forms, text: str | None = None) -> Value:
    return value(f"CAST('{text or repr(number)}' AS {forms.syntax.type_name(pg)})", pg)


@dataclass(frozen=True, slots=True)
class _Special:
    date: str
    stamp: str


def _special(text: str, session: SessionConstants) -> _Special | None:
    """The words PostgreSQL accepts for a moment."""
    word = text.strip().lower()
    if word in ("infinity", "-infinity", "+infinity"):
        shown = "-infinity" if word.startswith("-") else "infinity"
        return _Special(shown, shown)
    if word == "epoch":
        return _Special("1970-01-01", "1970-01-01 00:00:00")
    if word not in ("now", "today", "tomorrow", "yesterday"):
        return None
    now = session.local_time(session.transaction_time)
    if word == "now":
        return _Special(f"{now:%Y-%m-%d}", f"{now:%Y-%m-%d %H:%M:%S.%f}")
    day = now.date() + timedelta(days={"today": 0, "tomorrow": 1, "yesterday": -1}[word])
    return _Special(f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d} 00:00:00")


def _date(text: str, session: SessionConstants, forms: Forms) -> Value:
    if special := _special(text, session):
        return forms.constants.moment(f"{special.date}", DATE)
    match = _STAMP.match(text) or _COMPACT.match(text)
    if match is None:
        raise refuse(f'the date literal "{text}"')
    return forms.constants.moment(f"{match.group(1)}-{int(match.group(2)):02}-{int(match.group(3)):02}", DATE)


def _stamp_text(match: re.Match[str]) -> str:
    year, month, day, hour, minute, second = (*match.groups()[:3], *match.groups()[3:6])
    date = f"{year}-{int(month):02}-{int(day):02}"
    if hour is None:
        return f"{date} 00:00:00"
    seconds = Decimal(second or 0)
    rounded = seconds.quantize(Decimal("0.000001"), "ROUND_HALF_EVEN")
    return f"{date} {int(hour):02}:{minute}:{rounded:09.6f}"


def _carry(text: str) -> str:
    """Seconds of 60 and 24:00:00 roll over, as PostgreSQL lets them."""
    date, clock = text.split(" ")
    hour, minute, second = clock.split(":")
    if hour != "24" and not second.startswith("60"):
        return text
    year, month, day = map(int, date.split("-"))
    moved = datetime(year, month, day, tzinfo=UTC) + timedelta(
        hours=int(hour), minutes=int(minute), seconds=int(second[:2]), microseconds=int(second[3:])
    )
    return f"{moved:%Y-%m-%d %H:%M:%S.%f}"


def _timestamp(text: str, session: SessionConstants, forms: Forms) -> Value:
    if special := _special(text, session):
        return forms.constants.moment(f"{special.stamp}", TIMESTAMP)
    match = _STAMP.match(_expand(text))
    if match is None:
        raise refuse(f'the timestamp literal "{text}"')
    return forms.constants.moment(f"{_carry(_stamp_text(match))}", TIMESTAMP)


def _expand(text: str) -> str:
    compact = _COMPACT.match(text)
    return "-".join(compact.groups()) if compact else text


def _timestamptz(text: str, session: SessionConstants, forms: Forms) -> Value:
    instant = forms.constants.instant
    special = _special(text, session)
    if special is not None:
        if special.stamp.endswith("infinity"):
            return forms.constants.moment(special.stamp, TIMESTAMPTZ)
        if text.strip().lower() == "epoch":
            return forms.constants.moment("1970-01-01 00:00:00+00", TIMESTAMPTZ)
        return instant(special.stamp, session.time_zone)
    match = _STAMP.match(_expand(text))
    if match is None:
        raise refuse(f'the timestamp literal "{text}"')
    stamp, zone = _carry(_stamp_text(match)), match.group(7)
    if zone is None:
        return instant(stamp, session.time_zone)
    if zone.upper() in ("Z", "UTC", "GMT"):
        return instant(stamp, "UTC")
    if zone[0] not in "+-":
        return instant(stamp, zone)
    return instant(stamp, f"{offset_seconds(zone):+}")


def offset_seconds(zone: str) -> int:
    """Seconds east of UTC of `+05:30`, `-8`, `+0530`."""
    sign = -1 if zone[0] == "-" else 1
    parts = zone[1:].split(":")
    if len(parts) == 1 and len(parts[0]) > 2:
        parts = [parts[0][:-2], parts[0][-2:]]
    hours, minutes, seconds = (int(p) for p in (*parts, "0", "0")[:3])
    return sign * (hours * 3600 + minutes * 60 + seconds)


def _time(text: str, session: SessionConstants, forms: Forms) -> Value:
    match = _TIME.match(text)
    if match is None:
        raise refuse(f'the time literal "{text}"')
    hour, minute, second = match.groups()
    rounded = Decimal(second or 0).quantize(Decimal("0.000001"), "ROUND_HALF_EVEN")
    micros = int(((int(hour) * 60 + int(minute)) * 60 + rounded) * 1_000_000)
    if int(minute) > 59 or rounded > 60 or micros > 86_400_000_000:
        raise InvalidTextRepresentation(f'date/time field value out of range: "{text}"', code="22008")
    clock = f"{micros // 3_600_000_000:02}:{micros // 60_000_000 % 60:02}:{micros // 1_000_000 % 60:02}"
    return forms.constants.moment(f"{clock}.{micros % 1_000_000:06}", TIME)


def _interval(text: str, session: SessionConstants, forms: Forms) -> Value:
    return forms.constants.interval(parse_interval(text))


def _bytea(text: str, session: SessionConstants, forms: Forms) -> Value:
    if match := _HEX.match(text):
        data = bytes.fromhex("".join(match.group(1).split()))
    elif text.startswith("\\x"):
        raise InvalidTextRepresentation("invalid hexadecimal data", code="22023")
    else:
        data = re.sub(
            rb"\\(\\|[0-3][0-7]{2})",
            lambda m: b"\\" if m.group(1) == b"\\" else bytes([int(m.group(1), 8)]),
            text.encode(),
        )
    return forms.constants.encoded(data.hex(), BYTEA)


def _uuid(text: str, session: SessionConstants, forms: Forms) -> Value:
    if not _UUID.match(text):
        raise _bad(text, "uuid")
    digits = re.sub(r"[{}-]", "", text).lower()
    shown = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return forms.constants.encoded(shown, UUID)


def _json(text: str, session: SessionConstants, forms: Forms) -> Value:
    check_json(text)
    return forms.constants.encoded(text, JSON)


def _jsonb(text: str, session: SessionConstants, forms: Forms) -> Value:
    return forms.constants.encoded(canonical_jsonb(text), JSONB)


def _array(text: str, inner: PgType, pg: PgType, session: SessionConstants, forms: Forms) -> Value:
    items = parse_array(text)
    values = [None if item is None else read(item, inner, session, forms) for item in items]
    return array_constant(values, inner, pg, forms)


def array_constant(values: list[Value | None], inner: PgType, pg: PgType, forms: Forms) -> Value:
    """A list of values of the element type, in one inner form."""
    shape = None
    if inner.oid == NUMERIC.oid:
        present = forms.numbers.unify([v if v is not None else Value("NULL", NUMERIC, is_null=True) for v in values])
        if any(v.scale_sql for v in present):
            present = [v if v.is_null else forms.numbers.to_exact(v) for v in present]
            texts = ["NULL" if v.is_null else v.sql for v in present]
        else:
            texts = [v.sql for v in present]
            shape = next((v.shape for v in present if v.shape), None)
    else:
        texts = ["NULL" if v is None else v.sql for v in values]
    array = PgType(pg.oid)
    return Value(f"CAST({forms.syntax.listed(texts)} AS {forms.syntax.type_name(array, shape)})", array, shape=shape)


Reader = Callable[[str, SessionConstants, Forms], Value]
_READERS: dict[int, Reader] = {
    BOOL.oid: _bool,
    NUMERIC.oid: _numeric,
    FLOAT4.oid: _float(FLOAT4),
    FLOAT8.oid: _float(FLOAT8),
    DATE.oid: _date,
    TIMESTAMP.oid: _timestamp,
    TIMESTAMPTZ.oid: _timestamptz,
    TIME.oid: _time,
    INTERVAL.oid: _interval,
    BYTEA.oid: _bytea,
    UUID.oid: _uuid,
    JSON.oid: _json,
    JSONB.oid: _jsonb,
}
