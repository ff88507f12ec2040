"""DuckDB's half of the casts."""

from __future__ import annotations

from catalog.types import (
    BYTEA,
    DATE,
    INT2,
    INT4,
    INT8,
    INTERVAL,
    JSON,
    JSONB,
    NUMERIC,
    OID,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    UUID,
    PgType,
)
from engine.dialect.casts import Casts, Convert, Pairs
from engine.dialect.duckdb.forms import FORMS
from engine.dialect.duckdb.syntax import duck_type
from engine.dialect.lattice import FLOATS
from engine.dialect.session import SessionConstants
from engine.dialect.value import Value, value

_INT_NAMES = {INT2.oid: "smallint", INT4.oid: "integer", INT8.oid: "bigint", OID.oid: "oid"}
_OUTPUT = {TIMESTAMPTZ.oid: "pg_timestamptz_text", BYTEA.oid: "pg_bytea_text"}
_INPUT = {TIMESTAMPTZ.oid: "pg_timestamptz_in", TIME.oid: "pg_time_in"}


class _DuckCasts(Casts):
    def own_text(self, v: Value, session: SessionConstants) -> str | None:
        if v.oid in (UUID.oid, JSON.oid, JSONB.oid, TIME.oid):
            return f"CAST({v.sql} AS VARCHAR)"
        return f"{_OUTPUT[v.oid]}({v.sql})" if v.oid in _OUTPUT else None

    def own_input(self, sql: str, to: PgType, session: SessionConstants) -> str | None:
        if to.oid in _INT_NAMES:
            return f"CAST(pg_int_in({sql}, '{_INT_NAMES[to.oid]}') AS {duck_type(to)})"
        return f"{_INPUT[to.oid]}({sql})" if to.oid in _INPUT else None

    def steps(self, count: int) -> str:
        return str(count)

    def shown_text(self, sql: str) -> str:
        return f"CAST({sql} AS VARCHAR)"

    def column(self, v: Value) -> str:
        return f"CAST({v.sql} AS {duck_type(v.type, v.shape)})"

    def shown(self, v: Value) -> str:
        if v.oid in (JSON.oid, JSONB.oid):
            return self.shown_text(v.sql)
        if v.oid in (TIMESTAMP.oid, TIMESTAMPTZ.oid) and "(" in v.sql:
            return f"pg_in_range(CAST({v.sql} AS {duck_type(v.type)}))"
        return self.column(v)

    def own_pairs(self) -> Pairs:
        pairs: Pairs = {
            (DATE.oid, TIMESTAMPTZ.oid): self.plain(TIMESTAMPTZ),
            (TIMESTAMPTZ.oid, DATE.oid): self.plain(DATE),
            (TIMESTAMP.oid, TIMESTAMPTZ.oid): self.plain(TIMESTAMPTZ),
            (TIMESTAMPTZ.oid, TIMESTAMP.oid): self.plain(TIMESTAMP),
            (TIMESTAMP.oid, TIME.oid): self.plain(TIME),
            (TIMESTAMPTZ.oid, TIME.oid): self.call("CAST(CAST({} AS TIMESTAMP) AS TIME)", TIME),
            (TIME.oid, INTERVAL.oid): self.call("pg_time_interval({})", INTERVAL),
            (INTERVAL.oid, TIME.oid): self.call("pg_interval_time({})", TIME),
            (JSON.oid, JSONB.oid): self.call("pg_jsonb_in(CAST({} AS VARCHAR))", JSONB),
        }
        for whole in (INT2, INT4, INT8):
            pairs[NUMERIC.oid, whole.oid] = _numeric_to_integer(whole)
            pairs.update({(oid, whole.oid): self.plain(whole) for oid in FLOATS})
        return pairs


def _numeric_to_integer(to: PgType) -> Convert:
    def convert(v: Value, session: SessionConstants) -> Value:
        source = v.sql if v.shape is not None else f"pg_numeric_round({v.sql}, 0)"
        return value(f"CAST({source} AS {duck_type(to)})", to)

    return convert


CASTS = _DuckCasts(FORMS)
