"""What a query reads, defined on its cursor: one temporary view for each table, in its PostgreSQL types."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from catalog.errors import FeatureNotSupported, InternalError, UndefinedColumn
from catalog.names import always_quote
from catalog.types import BPCHAR, NUMERIC, PgType, char_length, duckdb_type, element, precision_scale, storage_type
from engine.base import ArrowSource, DeltaSource, StagedSource, TableRead
from engine.common_tables import with_common_tables
from engine.delta.schema import delta_of, duckdb_of
from engine.delta.snapshot import Snapshots
from engine.delta.spilled import mapped
from engine.delta.spilled import schema_of as spilled_schema
from engine.embedded.lake_files import Reading
from engine.embedded.nested_json import json_text
from engine.embedded.scan import Scan, check_distinct, scan


def with_relations(
    cursor: duckdb.DuckDBPyConnection,
    sql: str,
    reads: Sequence[TableRead],
    snapshots: Snapshots,
    roots: Sequence[str],
    reading: Reading | None = None,
) -> str:
    """`sql` with what it reads in front, as common table expressions; what must be registered is, on the cursor, and
    files of an object store in `reading`.

    Not views: DuckDB would open the files of each to make it, and once more to run the query.
    """
    relations = []
    for number, read in enumerate(reads):
        tag = f"kadali${number}"
        check_distinct([name for name, _ in read.columns])
        relation, types = _relation(read, tag, snapshots, roots, reading)
        for name, content in relation.registered.items():
            cursor.register(name, content)
        shown = [
            f"{_shown(always_quote(f'c{i}'), types[i], pg)} AS {always_quote(name)}"
            for i, (name, pg) in enumerate(read.columns)
        ]
        select = ", ".join(shown) or '1 AS "?column?"'
        relations.append(f"{always_quote(read.view)} AS NOT MATERIALIZED (SELECT {select} FROM ({relation.sql}) s)")
    return with_common_tables(sql, relations)


def _relation(
    read: TableRead, tag: str, snapshots: Snapshots, roots: Sequence[str], reading: Reading | None
) -> tuple[Scan, tuple[pa.DataType, ...]]:
    """SQL that gives the read's columns as c0, c1, ... as they are stored, and their stored types."""
    source = read.source
    if isinstance(source, ArrowSource):
        return _arrow(source.table, tag, len(read.columns))
    if isinstance(source, StagedSource):
        return _staged(read, source, tag, snapshots, roots, reading)
    return _delta(read, source, tag, snapshots, roots, reading)


def _arrow(table: pa.Table, tag: str, width: int) -> tuple[Scan, tuple[pa.DataType, ...]]:
    if table.num_columns != width:
        raise InternalError(f"a relation has {table.num_columns} columns, not {width} as described")
    named = table.rename_columns([f"c{i}" for i in range(width)])
    return Scan(f"SELECT * FROM {always_quote(tag)}", {tag: named}), tuple(table.schema.types)


def _delta(
    read: TableRead,
    source: DeltaSource,
    tag: str,
    snapshots: Snapshots,
    roots: Sequence[str],
    reading: Reading | None,
) -> tuple[Scan, tuple[pa.DataType, ...]]:
    snapshot = snapshots.at(source.location)
    by_name = {item.name: item for item in snapshot.fields}
    for name, _ in read.columns:
        if name not in by_name and not source.absent_as_null:
            raise UndefinedColumn(
                f'column "{name}" of relation "{read.name.name}" does not exist in version {snapshot.version}'
            )
    inner = scan(snapshot, [name for name, _ in read.columns if name in by_name], tag, roots, reading)
    shown = [
        always_quote(name) if name in by_name else f"NULL::{duckdb_of(delta_of(storage_type(pg)))}"
        for name, pg in read.columns
    ]
    select = ", ".join(f"{expression} AS c{i}" for i, expression in enumerate(shown)) or "1"
    types = tuple(by_name[name].arrow if name in by_name else storage_type(pg) for name, pg in read.columns)
    return Scan(f"SELECT {select} FROM ({inner.sql}) d", inner.registered), types


def _staged(
    read: TableRead,
    source: StagedSource,
    tag: str,
    snapshots: Snapshots,
    roots: Sequence[str],
    reading: Reading | None,
) -> tuple[Scan, tuple[pa.DataType, ...]]:
    """The base version and the transaction's own rows, in the base's stored types."""
    legs: list[str] = []
    registered: dict[str, object] = {}
    types = _staged_types(read, source)
    if source.base is not None:
        base, types = _delta(read, source.base, tag, snapshots, roots, reading)
        legs.append(base.sql)
        registered.update(base.registered)
    casts = [_duckdb_of_arrow(arrow) for arrow in types]
    select = ", ".join(
        f"CAST({always_quote(name)} AS {cast}) AS c{i}"
        for i, ((name, _), cast) in enumerate(zip(read.columns, casts, strict=True))
    )
    parts = [*map(mapped, source.files), *([] if source.rows is None else [source.rows])]
    for index, part in enumerate(parts):
        registered[f"{tag}_rows{index}"] = part
        legs.append(f"SELECT {select or '1'} FROM {always_quote(f'{tag}_rows{index}')}")
    if not legs:
        legs.append("SELECT " + (", ".join(f"NULL::{c} AS c{i}" for i, c in enumerate(casts)) or "1") + " WHERE false")
    return Scan(" UNION ALL ".join(legs), registered), types


def _staged_types(read: TableRead, source: StagedSource) -> tuple[pa.DataType, ...]:
    schema: pa.Schema | None = source.rows.schema if source.rows is not None else None
    if schema is None and source.files:
        schema = spilled_schema(source.files[0])
    if schema is None:
        return tuple(storage_type(pg) for _, pg in read.columns)
    return tuple(schema.field(name).type for name, _ in read.columns)


def _duckdb_of_arrow(arrow: pa.DataType) -> str:
    t = pa.types
    if t.is_list(arrow) or t.is_large_list(arrow):
        return _duckdb_of_arrow(arrow.value_type) + "[]"
    if t.is_map(arrow):
        return f"MAP({_duckdb_of_arrow(arrow.key_type)}, {_duckdb_of_arrow(arrow.item_type)})"
    if t.is_struct(arrow):
        members = (f"{always_quote(item.name)} {_duckdb_of_arrow(item.type)}" for item in arrow)
        return f"STRUCT({', '.join(members)})"
    return duckdb_of(delta_of(arrow))


def _shown(expression: str, stored: pa.DataType, pg: PgType) -> str:
    """A stored column in the DuckDB type of its PostgreSQL type."""
    target = duckdb_type(pg)
    if element(pg) is None and (pa.types.is_nested(stored)):
        if target not in ("JSON", "VARCHAR"):
            raise FeatureNotSupported(f"a nested column cannot be read as {target}")
        return f"CAST({json_text(expression, stored)} AS {target})"
    if pg.oid == NUMERIC.oid and precision_scale(pg) is None and pa.types.is_decimal(stored):
        return expression
    length = char_length(pg)
    if pg.oid == BPCHAR.oid and length is not None:  # other writers store char(n) without its padding
        return f"CASE WHEN length({expression}) < {length} THEN rpad({expression}, {length}, ' ') ELSE {expression} END"
    return f"CAST({expression} AS {target})"
