"""Spark's half of the casts."""

from __future__ import annotations

from catalog.types import (
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
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    UUID,
    PgType,
    element,
    format_type,
)
from engine.dialect.casts import Casts, Convert, Pairs
from engine.dialect.lattice import FLOATS
from engine.dialect.scope import is_column
from engine.dialect.session import SessionConstants
from engine.dialect.spark.forms import FORMS
from engine.dialect.spark.syntax import spark_type, string
from engine.dialect.value import Value, refuse, value

_INT_NAMES = {INT2.oid: "int2", INT4.oid: "int4", INT8.oid: "int8", OID.oid: "oid"}


class _SparkCasts(Casts):
    def null(self, to: PgType) -> Value:
        if to.oid == INTERVAL.oid:
            return Value("pg_interval_in(CAST(NULL AS STRING))", to, is_null=True)
        return super().null(to)

    def own_text(self, v: Value, session: SessionConstants) -> str | None:
        if v.oid in (UUID.oid, JSON.oid, JSONB.oid):
            return v.sql
        _check_style(v.oid, session)
        if v.oid == TIMESTAMPTZ.oid:
            return f"pg_timestamptz_text({v.sql}, {string(session.time_zone)})"
        if v.oid == BYTEA.oid:
            return f"concat('\\\\x', lower(hex({v.sql})))"
        return None

    def own_input(self, sql: str, to: PgType, session: SessionConstants) -> str | None:
        if to.oid in _INT_NAMES:
            return f"pg_{_INT_NAMES[to.oid]}_in({sql})"
        if to.oid == TIMESTAMPTZ.oid:
            return f"pg_timestamptz_in({sql}, {string(session.time_zone)})"
        return None

    def steps(self, count: int) -> str:
        return f"CAST({count} AS BIGINT)"

    def shown_text(self, sql: str) -> str:
        return sql

    def column(self, v: Value) -> str:
        """(Columns have their types already; the cast of an expression fixes what an answer's column is.)"""
        wanted = spark_type(v.type, v.shape)
        return v.sql if is_column(v) else f"CAST({v.sql} AS {wanted})"

    def shown(self, v: Value) -> str:
        if v.oid == INTERVAL.oid:
            return f"pg_interval_out({v.sql})"
        if v.oid == TIME.oid or ((inner := element(v.type)) is not None and inner.oid == INTERVAL.oid):
            raise refuse(f"a result of type {format_type(v.type)}")
        return v.sql if v.srf else self.column(v)

    def own_pairs(self) -> Pairs:
        pairs: Pairs = {
            (DATE.oid, TIMESTAMPTZ.oid): self.call("pg_instant(CAST({} AS TIMESTAMP_NTZ), {zone})", TIMESTAMPTZ),
            (TIMESTAMPTZ.oid, DATE.oid): self.call("CAST(pg_local({}, {zone}) AS DATE)", DATE),
            (TIMESTAMP.oid, TIMESTAMPTZ.oid): self.call("pg_instant({}, {zone})", TIMESTAMPTZ),
            (TIMESTAMPTZ.oid, TIMESTAMP.oid): self.call("pg_local({}, {zone})", TIMESTAMP),
            (JSON.oid, JSONB.oid): self.call("pg_jsonb_in({})", JSONB),
        }
        for whole in (INT2, INT4, INT8):
            pairs[NUMERIC.oid, whole.oid] = _numeric_to_integer(whole)
            pairs.update({(oid, whole.oid): _float_to_integer(whole) for oid in FLOATS})
        return pairs


def _check_style(oid: int, session: SessionConstants) -> None:
    """Texts are written in the default styles only."""
    styles = (
        ("DateStyle", session.date_style.upper().startswith("ISO"), (DATE.oid, TIMESTAMP.oid, TIMESTAMPTZ.oid)),
        ("IntervalStyle", session.interval_style == "postgres", (INTERVAL.oid,)),
        ("bytea_output", session.bytea_output == "hex", (BYTEA.oid,)),
        ("extra_float_digits", session.extra_float_digits > 0, (FLOAT4.oid, FLOAT8.oid)),
    )
    for setting, default, oids in styles:
        if not default and oid in oids:
            raise refuse(f"a cast to text under this {setting}")


def _numeric_to_integer(to: PgType) -> Convert:
    def convert(v: Value, session: SessionConstants) -> Value:
        if v.shape is None:
            return value(f"pg_numeric_{_INT_NAMES[to.oid]}({v.sql})", to)
        rounded = v.sql if v.scale == 0 else f"round({v.sql}, 0)"
        return value(f"CAST({rounded} AS {spark_type(to)})", to)

    return convert


def _float_to_integer(to: PgType) -> Convert:
    def convert(v: Value, session: SessionConstants) -> Value:
        source = f"CAST({v.sql} AS DOUBLE)" if v.oid == FLOAT4.oid else v.sql
        return value(f"pg_float8_{_INT_NAMES[to.oid]}({source})", to)

    return convert


CASTS = _SparkCasts(FORMS)
