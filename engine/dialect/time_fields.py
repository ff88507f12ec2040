"""The fields of dates, timestamps and intervals: PostgreSQL's other names for them, and which date_trunc knows."""

from __future__ import annotations

_UNITS = {
    **{f"{u}s": u for u in ("year", "month", "week", "day", "hour", "minute", "second", "decade")},
    "microseconds": "microsecond", "milliseconds": "millisecond",
    "mon": "month", "mons": "month", "y": "year", "yr": "year", "yrs": "year", "d": "day", "h": "hour", "hr": "hour",
    "hrs": "hour", "m": "minute", "min": "minute", "mins": "minute", "s": "second", "sec": "second", "secs": "second",
    "us": "microsecond", "ms": "millisecond", "centuries": "century", "millennia": "millennium", "c": "century",
    "qtr": "quarter", "w": "week",
}  # fmt: skip
TRUNCATED = frozenset(
    "microsecond millisecond second minute hour day week month quarter year decade century millennium".split()
)


def field_name(text: str) -> str:
    """The field that a literal names: `mons` is month."""
    name = text.lower().strip()
    return _UNITS.get(name, name)
