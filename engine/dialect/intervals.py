"""Interval literals with fields and precision: INTERVAL '1:30' MINUTE TO SECOND(3). Plain text is engine.values'."""

from __future__ import annotations

from decimal import Decimal

from engine.values import intervals
from engine.values.intervals import Interval

_ORDER = ("year", "month", "day", "hour", "minute", "second")


def parse_interval(text: str, fields: tuple[str, str] | None = None, precision: int | None = None) -> Interval:
    """Raises 22007, 22015. `fields` and `precision` are what follows the literal, as in DAY TO SECOND(3)."""
    return _limited(intervals.parse_interval(text, fields), fields, precision)


def _limited(found: Interval, fields: tuple[str, str] | None, precision: int | None) -> Interval:
    """What AdjustIntervalForTypmod keeps: everything below the last field is cut."""
    months, days, micros = found
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
