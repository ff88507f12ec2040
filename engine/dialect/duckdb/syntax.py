"""How DuckDB writes types, names, texts, lists and parameters."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.errors import InternalError
from catalog.names import always_quote, quote_literal
from catalog.types import BPCHAR, NUMERIC, PgType, duckdb_type, element
from engine.dialect import numbers
from engine.dialect.value import Value, value


def string(text: str) -> str:
    """`text` as a DuckDB literal, safe for any character."""
    return quote_literal(text)


def duck_type(pg: PgType, shape: tuple[int, int] | None = None) -> str:
    """The DuckDB type of the inner form of a PostgreSQL type."""
    if pg.oid == NUMERIC.oid:
        return f"DECIMAL({shape[0]},{shape[1]})" if shape else "VARCHAR"
    inner = element(pg)
    if inner is not None:
        if inner.oid == NUMERIC.oid:
            return (f"DECIMAL({shape[0]},{shape[1]})" if shape else "VARCHAR") + "[]"
        return duckdb_type(PgType(inner.oid)) + "[]"
    return duckdb_type(PgType(pg.oid))


class DuckSyntax:
    """The embedded engine's half of `target.Syntax`."""

    macros = True
    distinct_on = True
    materialized_words = True
    unordered_numbers = True
    groups_keep_zeros = True
    sorts_anything = True
    total_of_nothing = True
    grouping_of_many = True
    recursive_union = True
    three_valued_in = True
    ordered_frames = True
    quantified_queries = True
    sets_in_lists = True

    def type_name(self, pg: PgType, shape: tuple[int, int] | None = None) -> str:
        return duck_type(pg, shape)

    def string(self, text: str) -> str:
        return string(text)

    def unpadded(self, sql: str) -> str:
        return f"rtrim({sql}, ' ')"

    def named(self, sql: str, name: str) -> str:
        return f"{sql} AS {name}"

    def quote(self, name: str) -> str:
        return always_quote(name)

    def parameter(self, index: int, pg: PgType) -> Value:
        if pg.oid == NUMERIC.oid:
            return numbers.exact(f"CAST(${index} AS VARCHAR)")
        if pg.oid == BPCHAR.oid:
            return Value(f"rtrim(CAST(${index} AS VARCHAR), ' ')", BPCHAR)
        return value(f"CAST(${index} AS {duck_type(pg)})", PgType(pg.oid))

    def negative(self, sql: str) -> str:
        return f"(-{sql})"

    def listed(self, texts: Sequence[str]) -> str:
        return f"[{', '.join(texts)}]"

    def mapped(self, sql: str, variable: str, body: str) -> str:
        return f"list_transform({sql}, lambda {variable}: {body})"

    def once(self, variable: str, source: str, body: str) -> str:
        return f"list_transform([{source}], lambda {variable}: {body})[1]"

    def quantified(self, sql: str, variable: str, test: str, *, every: bool) -> str:
        return f"{'pg_all' if every else 'pg_any'}({self.mapped(sql, variable, test)})"

    def sortable(self, array: str) -> str:
        return array

    def row_count(self, word: str, v: Value) -> str:
        return f"pg_{word}({v.sql})"

    def key(self, v: Value) -> str:
        return v.sql

    def generator(self, sets: Sequence[str], *, numbered: bool) -> str:
        raise InternalError("DuckDB's set-returning functions stand in select lists")
