"""Short ways to ask an engine, shared by its tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from catalog.names import TableLocation, TableName
from catalog.types import PgType
from engine.base import ArrowSource, DeltaSource, Field, Query, Source, TableRead


def delta_read(view: str, uri: str, version: int, columns: Sequence[tuple[str, PgType]]) -> TableRead:
    return TableRead(view, TableName("public", view), tuple(columns), DeltaSource(TableLocation(uri, version)))


def arrow_read(view: str, table: pa.Table, columns: Sequence[tuple[str, PgType]]) -> TableRead:
    return source_read(view, ArrowSource(table), columns)


def source_read(view: str, source: Source, columns: Sequence[tuple[str, PgType]]) -> TableRead:
    return TableRead(view, TableName("public", view), tuple(columns), source)


def query(
    sql: str,
    types: Sequence[PgType],
    tables: Sequence[TableRead] = (),
    params: Sequence[object] = (),
    time_zone: str = "UTC",
) -> Query:
    fields = tuple(Field(f"c{i}", pg) for i, pg in enumerate(types))
    return Query(sql, fields, tuple(params), tuple(tables), time_zone)


def ask(engine: Any, sql: str, types: Sequence[PgType], *args: Any, **options: Any) -> pa.Table:
    """All rows of a query."""
    table: pa.Table = engine.start(query(sql, types, *args, **options)).result().reader.read_all()
    return table


def rows(table: pa.Table) -> list[tuple[object, ...]]:
    return [tuple(column[i].as_py() for column in table.columns) for i in range(table.num_rows)]
