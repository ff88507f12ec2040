"""Numerics in Spark: DECIMAL up to 38 digits, PostgreSQL's exact text beyond.

Sessions run with spark.sql.decimalOperations.allowPrecisionLoss = false: sums keep the larger scale, products add the
scales, and what exceeds 38 digits is an error, never a lost digit.
"""

from __future__ import annotations

from engine.dialect import numbers
from engine.dialect.numbers import PRECISION_MAX
from engine.dialect.value import Value


class _SparkNumbers(numbers.Numbers):
    def plain_text(self, sql: str, shape: tuple[int, int]) -> str:
        """(Under ANSI Spark prints decimals without exponent.)"""
        return f"CAST({sql} AS STRING)"

    def display(self, sql: str, shape: tuple[int, int], scale_sql: str) -> str:
        return f"pg_numeric_display({self.plain_text(sql, shape)}, {scale_sql}, {shape[1]})"

    def to_float(self, v: Value) -> str:
        if v.shape is None:
            return f"pg_numeric_float8({v.sql})"
        return f"CAST({v.sql} AS DOUBLE)"

    def operands(self, left: Value, right: Value, wanted: int, scale: int, *, wide: bool) -> tuple[int, str, str]:
        """Spark computes each result in the precision it may need, up to 38."""
        return min(wanted, PRECISION_MAX), left.sql, right.sql


NUMBERS = _SparkNumbers()
