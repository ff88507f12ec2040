"""Numerics in DuckDB: its text of a DECIMAL, its casts to floats, its 64-bit and 128-bit decimals."""

from __future__ import annotations

from engine.dialect import numbers
from engine.dialect.numbers import PRECISION_MAX, rescale
from engine.dialect.value import Value, refuse

_NARROW = 18
_NARROW_SCALE_MAX = 9


class _DuckNumbers(numbers.Numbers):
    def plain_text(self, sql: str, shape: tuple[int, int]) -> str:
        return f"CAST({_with_zero(sql, shape)} AS VARCHAR)"

    def display(self, sql: str, shape: tuple[int, int], scale_sql: str) -> str:
        return f"pg_numeric_display({_with_zero(sql, shape)}, {scale_sql}, {shape[1]})"

    def to_float(self, v: Value) -> str:
        """(DuckDB's cast of a wide DECIMAL divides and may be off by one unit.)"""
        if v.shape is None:
            return f"pg_numeric_float8({v.sql})"
        if v.shape[0] <= 15:
            return f"CAST({v.sql} AS DOUBLE)"
        return f"CAST(CAST({v.sql} AS VARCHAR) AS DOUBLE)"

    def operands(self, left: Value, right: Value, wanted: int, scale: int, *, wide: bool) -> tuple[int, str, str]:
        """DuckDB keeps two operands of up to 18 digits in 64 bits and raises an error when the result does not fit.
        That is kept, for speed, unless `wide` or little room is left before the point.
        """
        widest = max(left.decimal[0], right.decimal[0])
        if wanted <= _NARROW or widest > _NARROW:
            return min(max(wanted, widest), PRECISION_MAX), left.sql, right.sql
        if not wide and scale <= _NARROW_SCALE_MAX:
            return _NARROW, left.sql, right.sql
        return (
            min(wanted, PRECISION_MAX),
            rescale(left, _NARROW + 1, left.scale) if left.decimal[0] < 19 else left.sql,
            right.sql,
        )


def _with_zero(sql: str, shape: tuple[int, int]) -> str:
    """DuckDB prints .5 for a DECIMAL without whole digits: give it one."""
    precision, scale = shape
    if precision > scale:
        return sql
    if precision >= PRECISION_MAX:
        raise refuse(f"the text of numeric({precision},{scale})")
    return f"CAST({sql} AS DECIMAL({precision + 1},{scale}))"


NUMBERS = _DuckNumbers()
