"""Constants of moments, intervals and bytes as Spark writes them. Infinity is nothing Spark can hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from catalog.errors import InvalidParameterValue
from catalog.types import BYTEA, DATE, INTERVAL, TIMESTAMP, TIMESTAMPTZ, PgType
from engine.dialect.spark.syntax import string
from engine.dialect.value import Value, refuse, value
from engine.values.intervals import Interval

_WORDS = {DATE.oid: "DATE", TIMESTAMP.oid: "TIMESTAMP_NTZ", TIMESTAMPTZ.oid: "TIMESTAMP_LTZ"}
_YEAR_DIGITS = 4


class SparkConstants:
    """Spark's `Constants`."""

    def moment(self, text: str, pg: PgType) -> Value:
        word = _WORDS.get(pg.oid)
        if word is None:
            raise refuse("type time without time zone")
        if text.endswith("infinity"):
            raise refuse("an infinite date or timestamp")
        if len(text.partition("-")[0]) != _YEAR_DIGITS or text.startswith("0000"):
            raise refuse("a date or timestamp constant outside the years 1 to 9999")
        return value(f"{word}'{text}'", PgType(pg.oid))

    def instant(self, stamp: str, zone: str) -> Value:
        """Computed here: of clocks that show a time twice PostgreSQL means the later one, Spark the earlier."""
        if stamp.endswith("infinity"):
            raise refuse("an infinite date or timestamp")
        try:
            local = datetime.fromisoformat(stamp)
            utc = local - timedelta(seconds=int(zone)) if zone[:1] in "+-" else _utc(local, zone)
        except (ValueError, OverflowError):
            raise refuse(f'the timestamp constant "{stamp}"') from None
        return value(f"TIMESTAMP_LTZ'{utc.isoformat(sep=' ')}+00:00'", TIMESTAMPTZ)

    def interval(self, found: Interval) -> Value:
        return value(f"pg_interval_of({found.months}, {found.days}, CAST({found.us} AS BIGINT))", INTERVAL)

    def encoded(self, text: str, pg: PgType) -> Value:
        if pg.oid == BYTEA.oid:
            return value(f"X'{text}'", BYTEA)
        return value(string(text), PgType(pg.oid))


def _utc(local: datetime, name: str) -> datetime:
    """In a gap the offset before it holds; of a time shown twice the second is meant."""
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidParameterValue(f'time zone "{name}" not recognized') from None
    early = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    late = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return (max(early, late)).replace(tzinfo=None)
