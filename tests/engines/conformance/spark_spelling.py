"""The suite's questions in Spark's SQL, and those that are not the engine's there."""

from __future__ import annotations

import re

_RULES = (
    (re.compile(r"\$([0-9]+)"), "\x00\\1\x00"),
    (re.compile(r"INTEGER\[\]"), "ARRAY<INT>"),
    (re.compile(r"TIMESTAMPTZ '"), "TIMESTAMP_LTZ'"),
    (re.compile(r"(TIMESTAMP|DATE) '"), r"\1'"),
    (re.compile(r"CAST\(1\.5 AS DOUBLE\)"), "1.5D"),
)
ELSEWHERE: frozenset[object] = frozenset(
    {
        # the dialect asks the library for them: Spark itself answers NaN and NULL
        "SELECT sqrt(-1)",
        "SELECT ln(0)",
        # 22003 as well, but Spark does not tell which type has overflowed
        "SELECT CAST(2147483647 AS INTEGER) + CAST(1 AS INTEGER)",
        "SELECT CAST(9223372036854775807 AS BIGINT) + 1",
        # tables of the suite that need our own scanner's refusals; tests/spark and tests/dialect/spark have Spark's
        "variant_column",
        "type_widening",
        "unknown_feature",
        # nested columns: refused on Spark
        "nested",
        "mapped_nested",
    }
)


def spelled(sql: str) -> str:
    """DuckDB's SQL of this suite, and no other, as Spark's."""
    for pattern, replacement in _RULES:
        sql = pattern.sub(replacement, sql)
    return sql
