"""Tables and views for CommandGetTables, with the Arrow schema that reading each would give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

import pyarrow as pa

from catalog.shadow.introspect import OWN_SCHEMAS
from catalog.types import NUMERIC, PgType, char_length
from engine.base import Field
from gateway.flight.catalog_rows import CATALOG, CatalogRows, catalog_rows
from gateway.flight.conditions import Conditions, given
from gateway.flight.schemas import schema_of, serialized
from gateway.flight.statements import Request, Statements

Message = Any

_NAMES = [
    pa.field("catalog_name", pa.string()),
    pa.field("db_schema_name", pa.string()),
    pa.field("table_name", pa.string(), nullable=False),
    pa.field("table_type", pa.string(), nullable=False),
]
TABLES = pa.schema(_NAMES)
TABLES_WITH_SCHEMA = pa.schema([*_NAMES, pa.field("table_schema", pa.binary(), nullable=False)])
TABLE_TYPES = ("SYSTEM TABLE", "SYSTEM VIEW", "TABLE", "VIEW")
PIECE_BYTES = 4 << 20
"""About so much is made at a time."""

_TYPE = """CASE WHEN n.nspname ~ '^pg_' OR n.nspname = 'information_schema' THEN 'SYSTEM ' ELSE '' END
       || CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END"""
"""As PostgreSQL's JDBC driver tells them apart."""
_COLUMNS = """, (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
              a.attname,
              (CASE y.typtype WHEN 'd' THEN y.typbasetype ELSE a.atttypid END)::pg_catalog.int8,
              CASE y.typtype WHEN 'd' THEN y.typtypmod ELSE a.atttypmod END,
              a.attnotnull, d.description) ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_description d
          ON d.objoid = c.oid AND d.classoid = 1259 AND d.objsubid = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)::pg_catalog.text"""
"""Names, types (of a domain: its base, as answers tell), NOT NULL and comments, as one text for a table."""
_SQL = f"""/* Flight SQL: tables */
SELECT {CATALOG}, n.nspname, c.relname, {_TYPE}{{}}
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'p', 'm', 'f') AND {{}}
ORDER BY n.nspname, c.relname"""

_KEY = "ARROW:FLIGHT:SQL:"
_CASED = frozenset({18, 19, 25, 705, 1042, 1043})
_PRECISIONS = {
    **{16: 1, 18: 1, 19: 63, 20: 19, 21: 5, 23: 10, 26: 10, 700: 8, 701: 17},
    **{1082: 13, 1083: 15, 1114: 29, 1184: 35, 1186: 49, 1266: 21, 2950: 36},
}
"""Digits of numbers, characters of the rest, as PostgreSQL's JDBC driver gives column sizes."""
_SCALES = {20: 0, 21: 0, 23: 0, 26: 0, 700: 8, 701: 17, 1083: 6, 1114: 6, 1184: 6, 1186: 6, 1266: 6}


def tables_schema(command: Message) -> pa.Schema:
    return TABLES_WITH_SCHEMA if command.include_schema else TABLES


def tables(request: Request, command: Message, statements: Statements) -> CatalogRows:
    """By schema and name: what matches. Runs one query, whatever is asked; raises SqlError."""
    wanted = Conditions()
    wanted.equal(CATALOG, given(command, "catalog"))
    wanted.like("n.nspname", given(command, "db_schema_filter_pattern"))
    wanted.like("c.relname", given(command, "table_name_filter_pattern"))
    if command.table_types:
        known = [f"'{name}'" for name in TABLE_TYPES if name in command.table_types]
        wanted.texts.append(f"{_TYPE} IN ({', '.join(known)})" if known else "false")
    if not command.include_schema:
        return catalog_rows(request, statements, _SQL.format("", wanted.where()), wanted.values, TABLES)
    sql = _SQL.format(_COLUMNS, wanted.where())
    numeric = request.session.core().session.settings.flight_numeric
    turn = partial(_with_schemas, numeric=numeric)
    return catalog_rows(request, statements, sql, wanted.values, TABLES_WITH_SCHEMA, turn)


def _with_schemas(batch: pa.RecordBatch, numeric: str) -> Iterator[pa.RecordBatch]:
    """`numeric`: kadali.flight_numeric."""
    rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
    made: list[bytes] = []
    start = size = 0
    for place, (catalog, schema, table, kind, columns) in enumerate(rows):
        described = _table_schema(catalog, schema, table, kind, columns, numeric)
        made.append(described)
        size += len(described)
        if size >= PIECE_BYTES:
            yield _piece(batch, start, made)
            start, size, made = place + 1, 0, []
    if made:
        yield _piece(batch, start, made)


def _piece(batch: pa.RecordBatch, start: int, schemas: list[bytes]) -> pa.RecordBatch:
    names = batch.slice(start, len(schemas)).columns[:-1]
    return pa.RecordBatch.from_arrays([*names, pa.array(schemas, pa.binary())], schema=TABLES_WITH_SCHEMA)


def _table_schema(catalog: str, schema: str, table: str, kind: str, columns: str | None, numeric: str) -> bytes:
    """`columns`: JSON, see _COLUMNS; None for a table without any."""
    own = {f"{_KEY}CATALOG_NAME": catalog, f"{_KEY}DB_SCHEMA_NAME": schema, f"{_KEY}TABLE_NAME": table}
    own[f"{_KEY}IS_READ_ONLY"] = str(int(kind != "TABLE" or schema in OWN_SCHEMAS))
    fields = []
    for name, oid, typmod, not_null, remarks in json.loads(columns or "[]"):
        arrow, told = _type(oid, typmod, numeric)
        metadata = {**told, **own} if remarks is None else {**told, **own, f"{_KEY}REMARKS": remarks}
        fields.append(pa.field(name, arrow, nullable=not not_null, metadata=metadata))
    return serialized(pa.schema(fields))


@lru_cache(1000)
def _type(oid: int, typmod: int, numeric: str) -> tuple[pa.DataType, dict[str, str]]:
    """What answers say of a column of this type, and the rest that the type decides."""
    pg = PgType(oid, typmod)
    [shown] = schema_of([Field("", pg)], None, numeric)
    told = {key.decode(): value.decode() for key, value in shown.metadata.items()}
    size, scale = char_length(pg) or _PRECISIONS.get(oid), _SCALES.get(oid)
    if oid != NUMERIC.oid and size is not None:
        told[f"{_KEY}PRECISION"] = str(size)
    if oid != NUMERIC.oid and scale is not None:
        told[f"{_KEY}SCALE"] = str(scale)
    told[f"{_KEY}IS_AUTO_INCREMENT"] = "0"
    told[f"{_KEY}IS_CASE_SENSITIVE"] = str(int(oid in _CASED))
    told[f"{_KEY}IS_SEARCHABLE"] = "1"
    return shown.type, told
