"""How Spark writes types, names, texts, arrays and parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catalog import types
from catalog.errors import DataException
from catalog.types import BPCHAR, INTERVAL, NUMERIC, TIME, PgType, element
from engine.dialect import numbers
from engine.dialect.value import Value, refuse, value
from engine.spark.literals import quote_name, string_literal

_ROWS_MAX = 2**31 - 1
"""Spark counts rows of LIMIT and OFFSET in 32 bits."""
_GENERATED = re.compile(r"r[0-9]+\.c[0-9]+(?:_s)?")


def string(text: str) -> str:
    """`text` as a Spark literal (in which the backslash escapes), safe for any character."""
    return string_literal(text)


def spark_type(pg: PgType, shape: tuple[int, int] | None = None) -> str:
    """The Spark type of the inner form of a PostgreSQL type; raises FeatureNotSupported for time of day and others."""
    if pg.oid == NUMERIC.oid:
        return f"DECIMAL({shape[0]},{shape[1]})" if shape else "STRING"
    if pg.oid == INTERVAL.oid:
        return "INTERVAL"
    if pg.oid == TIME.oid:
        raise refuse("type time without time zone")
    inner = element(pg)
    if inner is not None:
        return f"ARRAY<{spark_type(PgType(inner.oid), shape)}>"
    return types.spark_type(PgType(pg.oid))


class SparkSyntax:
    """Spark's half of `syntax.Syntax`."""

    macros = False
    distinct_on = False
    materialized_words = False
    unordered_numbers = False
    groups_keep_zeros = False
    sorts_anything = False
    total_of_nothing = False
    grouping_of_many = False
    recursive_union = False
    three_valued_in = False
    ordered_frames = False
    quantified_queries = False
    sets_in_lists = False

    def type_name(self, pg: PgType, shape: tuple[int, int] | None = None) -> str:
        return spark_type(pg, shape)

    def string(self, text: str) -> str:
        return string(text)

    def unpadded(self, sql: str) -> str:
        return f"rtrim({sql})"

    def named(self, sql: str, name: str) -> str:
        """Without aliases that change nothing: Spark's optimizer stumbles over some in unions that are sorted."""
        return sql if _GENERATED.fullmatch(sql) and sql.endswith(f".{name}") else f"{sql} AS {name}"

    def quote(self, name: str) -> str:
        return quote_name(name)

    def parameter(self, index: int, pg: PgType) -> Value:
        """A place that `engine.spark.literals.inline` fills; NUL never occurs in PostgreSQL's text."""
        place = f"\x00{index}\x00"
        if pg.oid == NUMERIC.oid:
            return numbers.exact(f"CAST({place} AS STRING)")
        if pg.oid == BPCHAR.oid:
            return Value(f"rtrim(CAST({place} AS STRING))", BPCHAR)
        if pg.oid == INTERVAL.oid:
            raise refuse("a parameter of type interval")
        return value(f"CAST({place} AS {spark_type(pg)})", PgType(pg.oid))

    def negative(self, sql: str) -> str:
        return f"(- {sql})"

    def listed(self, texts: Sequence[str]) -> str:
        return f"array({', '.join(texts)})"

    def mapped(self, sql: str, variable: str, body: str) -> str:
        return f"transform({sql}, {variable} -> {body})"

    def once(self, variable: str, source: str, body: str) -> str:
        return f"transform(array({source}), {variable} -> {body})[0]"

    def quantified(self, sql: str, variable: str, test: str, *, every: bool) -> str:
        return f"{'forall' if every else 'exists'}({sql}, {variable} -> {test})"

    def sortable(self, array: str) -> str:
        return f"transform({array}, pg_e -> struct(pg_e IS NULL, pg_e))"

    def row_count(self, word: str, v: Value) -> str:
        if v.constant is not None:
            code = {"limit": "2201W", "offset": "2201X"}[word]
            raise DataException(f"{word.upper()} must not be negative", code=code)
        missing = _ROWS_MAX if word == "limit" else 0
        return f"CAST(least(coalesce(pg_{word}({v.sql}), {missing}), {_ROWS_MAX}) AS INT)"

    def key(self, v: Value) -> str:
        if v.oid == INTERVAL.oid:
            return f"pg_interval_key({v.sql})"
        return v.sql

    def generator(self, sets: Sequence[str], *, numbered: bool) -> str:
        """(arrays_zip fills up with NULLs to the longest, as PostgreSQL does; a NULL array has no rows.)"""
        arrays = [s.removeprefix("explode(").removesuffix(")") for s in sets]
        if any(f"explode({a})" != s for a, s in zip(arrays, sets, strict=True)):
            raise refuse("a set-returning function inside an expression")
        if len(arrays) == 1:
            return f"{'posexplode' if numbered else 'explode'}({arrays[0]})"
        if numbered:
            raise refuse("WITH ORDINALITY over several arrays")
        return f"inline(arrays_zip({', '.join(f'coalesce({a}, array())' for a in arrays)}))"
