"""Spark's rows of the function table: dates, timestamps, intervals. Time of day is not held on Spark."""

from __future__ import annotations

from catalog.types import DATE, FLOAT8, INT4, INTERVAL, TEXT, TIMESTAMP, TIMESTAMPTZ, PgType
from engine.dialect import numbers
from engine.dialect.functions import Call, Emit
from engine.dialect.spark.numbers import NUMBERS
from engine.dialect.spark.syntax import string
from engine.dialect.spark.tables import SCALARS
from engine.dialect.time_fields import TRUNCATED, field_name
from engine.dialect.value import Value, refuse, value

_FIELDS = {
    **{f: f for f in ("century", "decade", "millennium", "year", "isoyear", "quarter", "month", "week", "day", "dow",
                      "isodow", "doy", "hour", "minute")},
}  # fmt: skip
_SECOND_SCALES = {"second": 6, "millisecond": 3, "microsecond": 0}
_INTERVAL_FIELDS = {
    "year": "(pg_interval_months({0}) div 12)",
    "month": "(pg_interval_months({0}) % 12)",
    "day": "pg_interval_days({0})",
    "hour": "(pg_interval_us({0}) div 3600000000)",
    "minute": "((pg_interval_us({0}) div 60000000) % 60)",
    "quarter": "(((pg_interval_months({0}) % 12) div 3) + 1)",
    "decade": "(pg_interval_months({0}) div 120)",
    "century": "(pg_interval_months({0}) div 1200)",
    "millennium": "(pg_interval_months({0}) div 12000)",
}
_ZONE_FIELDS = {"timezone": "{0}", "timezone_hour": "({0} div 3600)", "timezone_minute": "(({0} div 60) % 60)"}


def _field(call: Call) -> str:
    text = call.arguments[0].text
    if text is None:
        raise refuse(f"{call.name} with a field that is not a literal")
    return field_name(text)


def _zone(call: Call) -> str:
    return string(call.context.session.time_zone)


def _local(call: Call, v: Value) -> str:
    """A date or timestamp as TIMESTAMP_NTZ, timestamptz by the session's clock."""
    if v.oid == DATE.oid:
        return f"CAST({v.sql} AS TIMESTAMP_NTZ)"
    return f"pg_local({v.sql}, {_zone(call)})" if v.oid == TIMESTAMPTZ.oid else v.sql


def _scaled(micros: str, scale: int) -> Value:
    """Microseconds as numeric: seconds with six digits, milliseconds with three, microseconds with none."""
    whole = f"CAST({micros} AS DECIMAL(19,0))"
    if scale == 0:
        return numbers.decimal(whole, 19, 0)
    unit = f"CAST('{10**-scale:.{scale}f}' AS DECIMAL({scale + 1},{scale}))"
    return numbers.decimal(f"CAST(({whole} * {unit}) AS DECIMAL(25,{scale}))", 25, scale)


def _extract(call: Call) -> Value:
    """extract(field from x): numeric, with six, three or no digits after the point."""
    field, v = _field(call), call.arguments[1]
    if field in _SECOND_SCALES:
        if v.oid == DATE.oid:
            raise refuse(f"extract({field} from date)")
        micros = (
            f"(pg_interval_us({v.sql}) % 60000000)" if v.oid == INTERVAL.oid else f"pg_seconds_us({_local(call, v)})"
        )
        return _scaled(micros, _SECOND_SCALES[field])
    if field == "epoch":
        return _epoch(v)
    return numbers.decimal(f"CAST({_whole_field(call, field, v)} AS DECIMAL(19,0))", 19, 0)


def _epoch(v: Value) -> Value:
    if v.oid == DATE.oid:
        return numbers.decimal(f"CAST((CAST(unix_date({v.sql}) AS BIGINT) * 86400) AS DECIMAL(19,0))", 19, 0)
    return _scaled(f"{'pg_interval_epoch_us' if v.oid == INTERVAL.oid else 'pg_epoch_us'}({v.sql})", 6)


def _whole_field(call: Call, field: str, v: Value) -> str:
    if v.oid == INTERVAL.oid:
        if field not in _INTERVAL_FIELDS:
            raise refuse(f"extract({field} from interval)")
        return _INTERVAL_FIELDS[field].format(v.sql)
    if v.oid == TIMESTAMPTZ.oid and field in _ZONE_FIELDS:
        return _ZONE_FIELDS[field].format(f"pg_zone_offset({v.sql}, {_zone(call)})")
    if field not in _FIELDS or (v.oid == DATE.oid and field in ("hour", "minute")):
        raise refuse(f"extract({field} ...)")
    return f"pg_{field}({_local(call, v)})"


def _date_part(call: Call) -> Value:
    """date_part: as extract, in double precision."""
    return value(NUMBERS.to_float(_extract(call)), FLOAT8)


def _date_trunc(pg: PgType) -> Emit:
    def emit(call: Call) -> Value:
        field = _field(call)
        if field not in TRUNCATED or (pg == INTERVAL and field == "week"):
            raise refuse(f'date_trunc("{field}")')
        zone = f", {_zone(call)}" if pg == TIMESTAMPTZ else ""
        return value(f"pg_date_trunc({string(field)}, {call.sql(1)}{zone})", pg)

    return emit


def _date_trunc_zone(call: Call) -> Value:
    field = _field(call)
    if field not in TRUNCATED:
        raise refuse(f'date_trunc("{field}")')
    return value(f"pg_date_trunc({string(field)}, {call.sql(1)}, {_zone_name(call, 2)})", TIMESTAMPTZ)


def _zone_name(call: Call, index: int) -> str:
    """A zone as a literal: UTC or a full name."""
    name = call.arguments[index].text
    if name is None:
        raise refuse("AT TIME ZONE with a zone that is not a literal")
    if name.upper() in ("UTC", "GMT", "Z"):
        return "'UTC'"
    if "/" not in name:
        raise refuse(f"AT TIME ZONE '{name}' (use a zone's full name)")
    return string(name)


def _timezone(source: PgType) -> Emit:
    """AT TIME ZONE: timestamptz <-> timestamp."""
    name, target = ("pg_local", TIMESTAMP) if source == TIMESTAMPTZ else ("pg_instant", TIMESTAMPTZ)
    return lambda call: value(f"{name}({call.sql(1)}, {_zone_name(call, 0)})", target)


def _make_interval(call: Call) -> Value:
    parts = [a.sql for a in call.arguments] + ["0"] * (6 - len(call.arguments))
    seconds = "" if len(parts) == 7 else ", 0D"
    return value(f"pg_make_interval({', '.join(parts)}{seconds})", INTERVAL)


def _to_char_tz(call: Call) -> Value:
    fmt = call.arguments[1].text
    if fmt is None or "TZ" in fmt.upper() or "OF" in fmt.upper():
        raise refuse("to_char of a timestamptz with this format")
    return value(f"pg_to_char_timestamp({_local(call, call.arguments[0])}, {call.sql(1)})", TEXT)


def _age(call: Call) -> Value:
    a, b = (_local(call, v) for v in call.arguments)
    return value(f"pg_age({a}, {b})", INTERVAL)


def _age_today(call: Call) -> Value:
    session = call.context.session
    today = session.local_time(session.transaction_time).date()
    return value(f"pg_age(TIMESTAMP_NTZ'{today:%Y-%m-%d} 00:00:00', {call.sql(0)})", INTERVAL)


def _to_timestamp_text(call: Call) -> Value:
    return value(f"pg_instant(pg_to_timestamp_text({call.sql(0)}, {call.sql(1)}), {_zone(call)})", TIMESTAMPTZ)


def _date_of_instant(call: Call) -> Value:
    return value(f"CAST({_local(call, call.arguments[0])} AS DATE)", DATE)


def _register() -> None:
    s = SCALARS
    for pg in (DATE, TIMESTAMP, TIMESTAMPTZ, INTERVAL):
        s.add("extract", [TEXT, pg], _extract)
        s.add("date_part", [TEXT, pg], _date_part)
    for pg in (TIMESTAMP, TIMESTAMPTZ, INTERVAL):
        s.add("date_trunc", [TEXT, pg], _date_trunc(pg))
    s.add("date_trunc", [TEXT, TIMESTAMPTZ, TEXT], _date_trunc_zone)
    for pg in (TIMESTAMP, TIMESTAMPTZ):
        s.add("timezone", [TEXT, pg], _timezone(pg))
        s.add("age", [pg, pg], _age)
        s.add("date", [pg], _date_of_instant)
    s.add("age", [TIMESTAMP], _age_today)
    s.plain("make_date", [INT4, INT4, INT4], DATE, "pg_make_date({0}, {1}, {2})")
    stamp = [INT4, INT4, INT4, INT4, INT4, FLOAT8]
    s.plain("make_timestamp", stamp, TIMESTAMP, "pg_make_timestamp({0}, {1}, {2}, {3}, {4}, {5})")
    for count in range(8):
        s.add("make_interval", [INT4, INT4, INT4, INT4, INT4, INT4, FLOAT8][:count], _make_interval)
    s.plain("to_timestamp", [FLOAT8], TIMESTAMPTZ, "pg_to_timestamp({0})")
    s.plain("to_date", [TEXT, TEXT], DATE, "pg_to_date({0}, {1})")
    s.add("to_timestamp", [TEXT, TEXT], _to_timestamp_text)
    s.plain("to_char", [TIMESTAMP, TEXT], TEXT, "pg_to_char_timestamp({0}, {1})")
    s.add("to_char", [TIMESTAMPTZ, TEXT], _to_char_tz)
    for name in ("justify_hours", "justify_days", "justify_interval"):
        s.plain(name, [INTERVAL], INTERVAL, f"pg_{name}({{0}})")
    s.plain("clock_timestamp", [], TIMESTAMPTZ, "current_timestamp()")


_register()
