"""The metadata commands of Flight SQL: which there are, their exact schemas, and what answers them.

All but what is fixed is read from the tenant's PostgreSQL catalog, by queries that run as the user's statements do:
with the user's rights and timeout, to be canceled, and with an entry in the history, where the same questions of
PostgreSQL's own drivers are found too; a comment in the text names the command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from gateway.flight import keys, sql_info, xdbc
from gateway.flight.catalog_rows import CATALOG, CatalogRows, catalog_rows
from gateway.flight.conditions import Conditions, given
from gateway.flight.messages import sql
from gateway.flight.statements import Request, Statements
from gateway.flight.table_listing import TABLE_TYPES, tables, tables_schema

Message = Any


@dataclass(frozen=True, slots=True)
class Metadata:
    """One command: `schema` of its answer, and the batches of it. The latter runs it and raises SqlError."""

    schema: Callable[[Message], pa.Schema]
    batches: Callable[[Request, Message, Statements], Iterable[pa.RecordBatch]]


_CATALOGS = pa.schema([pa.field("catalog_name", pa.string(), nullable=False)])
_DB_SCHEMAS = pa.schema(
    [pa.field("catalog_name", pa.string()), pa.field("db_schema_name", pa.string(), nullable=False)]
)
_TABLE_TYPES = pa.schema([pa.field("table_type", pa.string(), nullable=False)])


def _catalogs(request: Request, command: Message, statements: Statements) -> CatalogRows:
    return catalog_rows(request, statements, f"/* Flight SQL: catalogs */ SELECT {CATALOG}", (), _CATALOGS)


def _db_schemas(request: Request, command: Message, statements: Statements) -> CatalogRows:
    wanted = Conditions(["n.nspname !~ '^pg_(toast|temp)'"])
    wanted.equal(CATALOG, given(command, "catalog"))
    wanted.like("n.nspname", given(command, "db_schema_filter_pattern"))
    text = (
        f"/* Flight SQL: schemas */ SELECT {CATALOG}, n.nspname FROM pg_catalog.pg_namespace n "
        f"WHERE {wanted.where()} ORDER BY n.nspname"
    )
    return catalog_rows(request, statements, text, wanted.values, _DB_SCHEMAS)


def _table_types(request: Request, command: Message, statements: Statements) -> Iterator[pa.RecordBatch]:
    return iter([pa.RecordBatch.from_arrays([pa.array(TABLE_TYPES, pa.string())], schema=_TABLE_TYPES)])


def _sql_info(request: Request, command: Message, statements: Statements) -> Iterator[pa.RecordBatch]:
    return iter([sql_info.encoded(sql_info.facts(statements.settings), command.info)])


def _xdbc_types(request: Request, command: Message, statements: Statements) -> Iterator[pa.RecordBatch]:
    return iter([xdbc.type_info(command.data_type if command.HasField("data_type") else None)])


METADATA: Mapping[type, Metadata] = {
    sql.CommandGetSqlInfo: Metadata(lambda command: sql_info.SQL_INFO, _sql_info),
    sql.CommandGetXdbcTypeInfo: Metadata(lambda command: xdbc.TYPE_INFO, _xdbc_types),
    sql.CommandGetCatalogs: Metadata(lambda command: _CATALOGS, _catalogs),
    sql.CommandGetDbSchemas: Metadata(lambda command: _DB_SCHEMAS, _db_schemas),
    sql.CommandGetTables: Metadata(tables_schema, tables),
    sql.CommandGetTableTypes: Metadata(lambda command: _TABLE_TYPES, _table_types),
    sql.CommandGetPrimaryKeys: Metadata(lambda command: keys.PRIMARY_KEYS, keys.primary_keys),
    sql.CommandGetExportedKeys: Metadata(lambda command: keys.FOREIGN_KEYS, keys.exported_keys),
    sql.CommandGetImportedKeys: Metadata(lambda command: keys.FOREIGN_KEYS, keys.imported_keys),
    sql.CommandGetCrossReference: Metadata(lambda command: keys.FOREIGN_KEYS, keys.cross_reference),
}
