"""Spark's half of the arrays."""

from __future__ import annotations

from engine.dialect.arrays import Arrays
from engine.dialect.context import Context
from engine.dialect.value import Value, refuse


def joined(left: str, right: str) -> str:
    """Two arrays as one, where NULL stands for no array."""
    return f"coalesce(concat({left}, {right}), {left}, {right})"


class _SparkArrays(Arrays):
    def json_step(self, document: str, key: str) -> str:
        return f"pg_json_path({document}, array({key}))"

    def at(self, array: str, index: Value) -> str:
        """(get() counts from 0 and is NULL outside; the smallest integer would overflow here.)"""
        if index.constant is None:
            return f"get({array}, greatest({index.sql}, 0) - 1)"
        return f"get({array}, {max(int(index.constant or 0), 0) - 1})"

    def part(self, array: str, first: str, last: str | None) -> str:
        last = last or f"size({array})"
        kept = f"filter({array}, (pg_x, pg_i) -> pg_i >= {first} - 1 AND pg_i < {last})"
        return f"(CASE WHEN {first} IS NOT NULL AND {last} IS NOT NULL THEN {kept} END)"

    def joined(self, left: Value, right: Value, *, arrays: tuple[bool, bool]) -> str:
        a, b = (v.sql if is_array else f"array({v.sql})" for v, is_array in zip((left, right), arrays, strict=True))
        return joined(a, b)

    def contains(self, whole: str, part: str) -> str:
        every = f"forall({part}, pg_x -> coalesce(array_contains({whole}, pg_x), false))"
        return f"(CASE WHEN {whole} IS NOT NULL AND {part} IS NOT NULL THEN {every} END)"

    def overlap(self, left: str, right: str) -> str:
        known = [f"filter({x}, pg_x -> pg_x IS NOT NULL)" for x in (left, right)]
        return f"arrays_overlap({known[0]}, {known[1]})"

    def collected(self, context: Context, item: Value, source: str) -> Value:
        """(Spark's aggregates do not keep the order of their input.)"""
        raise refuse("ARRAY(subquery)")


ARRAYS = _SparkArrays()
