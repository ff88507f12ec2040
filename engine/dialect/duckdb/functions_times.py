"""Rows of the function table: dates, times, intervals."""

from __future__ import annotations

from catalog.types import (
    DATE,
    FLOAT8,
    INT4,
    INTERVAL,
    TEXT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    PgType,
)
from engine.dialect import numbers
from engine.dialect.duckdb.numbers import NUMBERS
from engine.dialect.duckdb.syntax import string
from engine.dialect.duckdb.tables import SCALARS
from engine.dialect.functions import Call, Emit
from engine.dialect.time_fields import TRUNCATED, field_name
from engine.dialect.value import Value, refuse, value

_STAMP_FIELDS = {
    "century": "pg_century({0})",
    "decade": "CAST(floor(year({0}) / 10.0) AS BIGINT)",
    "millennium": "pg_millennium({0})",
    "year": "pg_year({0})",
    "years": "pg_year({0})",
    "isoyear": "pg_isoyear({0})",
    "quarter": "quarter({0})",
    "month": "month({0})",
    "week": "week({0})",
    "day": "day({0})",
    "dow": "dayofweek({0})",
    "isodow": "isodow({0})",
    "doy": "dayofyear({0})",
    "hour": "hour({0})",
    "minute": "minute({0})",
}
_SECOND_FIELDS = {
    "second": ("pg_seconds_us({0})", 6),
    "millisecond": ("pg_seconds_us({0})", 3),
    "microsecond": ("pg_seconds_us({0})", 0),
}


def _field(call: Call) -> str:
    sql = call.arguments[0].sql
    if not (sql[:1] == sql[-1:] == "'"):
        raise refuse(f"{call.name} with a field that is not a literal")
    return field_name(sql[1:-1])


def _extract(call: Call) -> Value:
    """extract(field from x): numeric, with six, three or no digits after the point."""
    field, v = _field(call), call.arguments[1]
    if field in _SECOND_FIELDS:
        template, scale = _SECOND_FIELDS[field]
        micros = template.format(v.sql)
        if v.oid == DATE.oid:
            raise refuse(f"extract({field} from date)")
        return _scaled(micros, scale)
    if field == "epoch":
        return _epoch(v)
    if field == "julian":
        raise refuse("extract(julian ...)")
    sql = _whole_field(field, v)
    return numbers.decimal(f"CAST({sql} AS DECIMAL(19,0))", 19, 0)


def _scaled(micros: str, scale: int) -> Value:
    if scale == 0:
        return numbers.decimal(f"CAST({micros} AS DECIMAL(19,0))", 19, 0)
    factor = "0.000001" if scale == 6 else "0.001"
    return numbers.decimal(f"CAST(CAST({micros} AS DECIMAL(19,0)) * {factor} AS DECIMAL(25,{scale}))", 25, scale)


def _epoch(v: Value) -> Value:
    if v.oid == DATE.oid:
        return numbers.decimal(f"CAST(pg_epoch_date({v.sql}) AS DECIMAL(19,0))", 19, 0)
    names = {
        TIMESTAMP.oid: "epoch_us",
        TIMESTAMPTZ.oid: "epoch_us",
        TIME.oid: "pg_time_us",
        INTERVAL.oid: "pg_interval_epoch_us",
    }
    if v.oid in (TIMESTAMP.oid, TIMESTAMPTZ.oid):
        return _scaled(f"epoch_us(pg_finite({v.sql}))", 6)
    return _scaled(f"{names[v.oid]}({v.sql})", 6)


def _whole_field(field: str, v: Value) -> str:
    if v.oid == INTERVAL.oid:
        return _interval_field(field, v)
    if v.oid == TIME.oid:
        if field in ("hour", "minute"):
            return f"{field}({v.sql})"
        raise refuse(f"extract({field} from time)")
    if v.oid == TIMESTAMPTZ.oid and field in ("timezone", "timezone_hour", "timezone_minute"):
        return {
            "timezone": f"timezone({v.sql})",
            "timezone_hour": f"timezone_hour({v.sql})",
            "timezone_minute": f"timezone_minute({v.sql})",
        }[field]
    template = _STAMP_FIELDS.get(field)
    if template is None or (v.oid == DATE.oid and field in ("hour", "minute")):
        raise refuse(f"extract({field} ...)")
    source = f"CAST({v.sql} AS TIMESTAMP)" if v.oid == TIMESTAMPTZ.oid else v.sql
    return template.format(f"pg_finite({source})")


def _interval_field(field: str, v: Value) -> str:
    x = v.sql
    fields = {
        "year": f"CAST(trunc(pg_interval_months({x}) / 12.0) AS BIGINT)",
        "month": f"pg_rem(pg_interval_months({x}), 12)",
        "day": f"pg_interval_days({x})",
        "hour": f"pg_quo(pg_interval_us({x}), 3600000000)",
        "minute": f"pg_rem(pg_quo(pg_interval_us({x}), 60000000), 60)",
        "quarter": f"(pg_quo(pg_rem(pg_interval_months({x}), 12), 3) + 1)",
        "decade": f"pg_quo(pg_interval_months({x}), 120)",
        "century": f"pg_quo(pg_interval_months({x}), 1200)",
        "millennium": f"pg_quo(pg_interval_months({x}), 12000)",
    }
    if field not in fields:
        raise refuse(f"extract({field} from interval)")
    return fields[field]


def _date_part(call: Call) -> Value:
    """date_part: as extract, in double precision."""
    found = _extract(call)
    return value(NUMBERS.to_float(found), FLOAT8)


def _date_trunc(pg: PgType) -> Emit:
    def emit(call: Call) -> Value:
        field = _field(call)
        if field not in TRUNCATED:
            raise refuse(f'date_trunc("{field}")')
        if pg == INTERVAL and field == "week":
            raise refuse("date_trunc(week, interval)")
        if field in ("decade", "century", "millennium") and pg != INTERVAL:
            name = {TIMESTAMP.oid: "pg_trunc_years", TIMESTAMPTZ.oid: "pg_trunc_years_tz"}[pg.oid]
            return value(f"{name}({string(field)}, {call.sql(1)})", pg)
        return value(f"date_trunc({string(field)}, {call.sql(1)})", pg)

    return emit


def _date_trunc_zone(call: Call) -> Value:
    field = _field(call)
    if field not in TRUNCATED - {"decade", "century", "millennium"}:
        raise refuse(f'date_trunc("{field}")')
    zone = call.sql(2)
    return value(f"timezone({zone}, date_trunc({string(field)}, timezone({zone}, {call.sql(1)})))", TIMESTAMPTZ)


def _timezone(source: PgType) -> Emit:
    """AT TIME ZONE: timestamptz <-> timestamp."""
    target = TIMESTAMP if source == TIMESTAMPTZ else TIMESTAMPTZ

    def emit(call: Call) -> Value:
        zone = call.sql(0)
        if not (zone[:1] == zone[-1:] == "'"):
            raise refuse("AT TIME ZONE with a zone that is not a literal")
        name = zone[1:-1]
        if not (name.upper() in ("UTC", "GMT", "Z") or "/" in name):
            raise refuse(f"AT TIME ZONE '{name}' (use a zone's full name)")
        return value(f"timezone({zone}, {call.sql(1)})", target)

    return emit


def _make_interval(call: Call) -> Value:
    names = [a.sql for a in call.arguments] + ["0"] * (7 - len(call.arguments))
    return value(f"pg_make_interval({', '.join(names)})", INTERVAL)


def _to_char(kind: str) -> Emit:
    def emit(call: Call) -> Value:
        return value(f"pg_to_char_{kind}({call.sql(0)}, {call.sql(1)})", TEXT)

    return emit


def _to_char_tz(call: Call) -> Value:
    fmt = call.sql(1)
    if "TZ" in fmt.upper() or "OF" in fmt.upper():
        raise refuse("to_char with a time zone in its format")
    return value(f"pg_to_char_timestamp(CAST({call.sql(0)} AS TIMESTAMP), {fmt})", TEXT)


def _register() -> None:
    s = SCALARS
    for pg in (DATE, TIME, TIMESTAMP, TIMESTAMPTZ, INTERVAL):
        s.add("extract", [TEXT, pg], _extract)
        s.add("date_part", [TEXT, pg], _date_part)
    for pg in (TIMESTAMP, TIMESTAMPTZ, INTERVAL):
        s.add("date_trunc", [TEXT, pg], _date_trunc(pg))
    s.add("date_trunc", [TEXT, TIMESTAMPTZ, TEXT], _date_trunc_zone)
    for pg in (TIMESTAMP, TIMESTAMPTZ):
        s.add("timezone", [TEXT, pg], _timezone(pg))
    s.plain("age", [TIMESTAMP, TIMESTAMP], INTERVAL, "pg_age({0}, {1})")
    s.plain("age", [TIMESTAMPTZ, TIMESTAMPTZ], INTERVAL, "pg_age(CAST({0} AS TIMESTAMP), CAST({1} AS TIMESTAMP))")
    s.add("age", [TIMESTAMP], _age_today)
    s.plain("make_date", [INT4, INT4, INT4], DATE, "pg_make_date({0}, {1}, {2})")
    s.plain("make_time", [INT4, INT4, FLOAT8], TIME, "pg_make_time({0}, {1}, {2})")
    s.plain(
        "make_timestamp",
        [INT4, INT4, INT4, INT4, INT4, FLOAT8],
        TIMESTAMP,
        "pg_date_time(pg_make_date({0}, {1}, {2}), pg_make_time({3}, {4}, {5}))",
    )
    for count in range(8):
        s.add("make_interval", [INT4, INT4, INT4, INT4, INT4, INT4, FLOAT8][:count], _make_interval)
    s.plain("to_timestamp", [FLOAT8], TIMESTAMPTZ, "pg_to_timestamp({0})")
    s.plain("to_date", [TEXT, TEXT], DATE, "pg_to_date({0}, {1})")
    s.add("to_timestamp", [TEXT, TEXT], _to_timestamp_text)
    s.add("to_char", [TIMESTAMP, TEXT], _to_char("timestamp"))
    s.add("to_char", [TIMESTAMPTZ, TEXT], _to_char_tz)
    s.plain("justify_hours", [INTERVAL], INTERVAL, "pg_justify_hours({0})")
    s.plain("justify_days", [INTERVAL], INTERVAL, "pg_justify_days({0})")
    s.plain("justify_interval", [INTERVAL], INTERVAL, "pg_justify_interval({0})")
    s.plain("date", [TIMESTAMP], DATE, "CAST({0} AS DATE)")
    s.plain("date", [TIMESTAMPTZ], DATE, "CAST({0} AS DATE)")
    s.add("clock_timestamp", [], lambda c: value("CAST(get_current_timestamp() AS TIMESTAMPTZ)", TIMESTAMPTZ))


def _age_today(call: Call) -> Value:
    session = call.context.session
    today = session.local_time(session.transaction_time).date()
    return value(f"pg_age(TIMESTAMP '{today:%Y-%m-%d} 00:00:00', {call.sql(0)})", INTERVAL)


def _to_timestamp_text(call: Call) -> Value:
    zone = string(call.context.session.time_zone)
    return value(f"timezone({zone}, pg_to_timestamp_text({call.sql(0)}, {call.sql(1)}))", TIMESTAMPTZ)


_register()
