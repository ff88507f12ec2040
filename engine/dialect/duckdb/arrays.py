"""DuckDB's half of the arrays: its lists."""

from __future__ import annotations

from catalog.types import PgType
from engine.dialect.arrays import Arrays
from engine.dialect.context import Context
from engine.dialect.duckdb.syntax import duck_type
from engine.dialect.lattice import array_oid
from engine.dialect.value import Value


class _DuckArrays(Arrays):
    def json_step(self, document: str, key: str) -> str:
        return f"CAST(pg_json_path(CAST({document} AS VARCHAR), [{key}]) AS JSON)"

    def at(self, array: str, index: Value) -> str:
        return f"pg_array_item({array}, {index.sql})"

    def part(self, array: str, first: str, last: str | None) -> str:
        return f"pg_array_slice({array}, {first}, {last or f'len({array})'})"

    def joined(self, left: Value, right: Value, *, arrays: tuple[bool, bool]) -> str:
        if all(arrays):
            return f"pg_array_cat({left.sql}, {right.sql})"
        if arrays[0]:
            return f"list_append(coalesce({left.sql}, []), {right.sql})"
        return f"list_prepend({left.sql}, coalesce({right.sql}, []))"

    def contains(self, whole: str, part: str) -> str:
        return f"pg_array_contains({whole}, {part})"

    def overlap(self, left: str, right: str) -> str:
        return f"pg_array_overlaps({left}, {right})"

    def collected(self, context: Context, item: Value, source: str) -> Value:
        found = PgType(array_oid(item.oid))
        sql = f"coalesce((SELECT list({item.sql}) FROM {source}), CAST([] AS {duck_type(item.type, item.shape)}[]))"
        return Value(sql, found, shape=item.shape)


ARRAYS = _DuckArrays()
