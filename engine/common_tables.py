"""Common table expressions in front of a query: how each engine is given the relations that it reads."""

from __future__ import annotations

from collections.abc import Sequence


def with_common_tables(sql: str, tables: Sequence[str]) -> str:
    """A query as the dialect writes it, with `tables` (each `name AS (query)`) before those it has of its own."""
    if not tables:
        return sql
    for opening in ("WITH RECURSIVE ", "WITH "):
        if sql.startswith(opening):
            return f"{opening}{', '.join(tables)}, {sql[len(opening) :]}"
    return f"WITH {', '.join(tables)} {sql}"
