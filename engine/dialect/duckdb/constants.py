"""Constants of moments, intervals and bytes as DuckDB writes them."""

from __future__ import annotations

from catalog.types import BYTEA, DATE, INTERVAL, TIME, TIMESTAMP, TIMESTAMPTZ, UUID, PgType
from engine.dialect.duckdb.syntax import string
from engine.dialect.value import Value, value
from engine.values.intervals import Interval

_WORDS = {DATE.oid: "DATE", TIME.oid: "TIME", TIMESTAMP.oid: "TIMESTAMP", TIMESTAMPTZ.oid: "TIMESTAMPTZ"}


class DuckConstants:
    """The embedded engine's `Constants`."""

    def moment(self, text: str, pg: PgType) -> Value:
        return value(f"{_WORDS[pg.oid]} '{text}'", PgType(pg.oid))

    def instant(self, stamp: str, zone: str) -> Value:
        if zone[:1] in "+-":
            return value(
                f"timezone('UTC', TIMESTAMP '{stamp}' - to_microseconds({int(zone) * 1_000_000}))", TIMESTAMPTZ
            )
        return value(f"timezone({string(zone)}, TIMESTAMP '{stamp}')", TIMESTAMPTZ)

    def interval(self, found: Interval) -> Value:
        parts = (
            f"to_months({found.months})" if found.months else "",
            f"to_days({found.days})" if found.days else "",
            f"to_microseconds({found.us})" if found.us else "",
        )
        sql = " + ".join(p for p in parts if p) or "to_microseconds(0)"
        return value(f"({sql})", INTERVAL)

    def encoded(self, text: str, pg: PgType) -> Value:
        if pg.oid == BYTEA.oid:
            return value(f"from_hex('{text}')", BYTEA)
        return value(f"CAST({string(text)} AS {'UUID' if pg.oid == UUID.oid else 'JSON'})", PgType(pg.oid))
