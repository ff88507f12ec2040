"""Primary and foreign keys for metadata commands: schemas and queries. The keys are declared, not enforced."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from gateway.flight.catalog_rows import CATALOG, CatalogRows, catalog_rows
from gateway.flight.conditions import Conditions, given
from gateway.flight.statements import Request, Statements

Message = Any

PRIMARY_KEYS = pa.schema(
    [
        pa.field("catalog_name", pa.string()),
        pa.field("db_schema_name", pa.string()),
        pa.field("table_name", pa.string(), nullable=False),
        pa.field("column_name", pa.string(), nullable=False),
        pa.field("key_name", pa.string()),
        pa.field("key_sequence", pa.int32(), nullable=False),
    ]
)
FOREIGN_KEYS = pa.schema(
    [
        pa.field("pk_catalog_name", pa.string()),
        pa.field("pk_db_schema_name", pa.string()),
        pa.field("pk_table_name", pa.string(), nullable=False),
        pa.field("pk_column_name", pa.string(), nullable=False),
        pa.field("fk_catalog_name", pa.string()),
        pa.field("fk_db_schema_name", pa.string()),
        pa.field("fk_table_name", pa.string(), nullable=False),
        pa.field("fk_column_name", pa.string(), nullable=False),
        pa.field("key_sequence", pa.int32(), nullable=False),
        pa.field("fk_key_name", pa.string()),
        pa.field("pk_key_name", pa.string()),
        pa.field("update_rule", pa.uint8(), nullable=False),
        pa.field("delete_rule", pa.uint8(), nullable=False),
    ]
)
_RULE = "CASE {} WHEN 'c' THEN 0 WHEN 'r' THEN 1 WHEN 'n' THEN 2 WHEN 'd' THEN 4 ELSE 3 END"
"""The numbers of Flight SQL's UpdateDeleteRules."""
_PRIMARY = f"""/* Flight SQL: primary keys */
SELECT {CATALOG}, tn.nspname, t.relname, a.attname, k.conname, kc.place::pg_catalog.int4
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class t ON t.oid = k.conrelid
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
CROSS JOIN LATERAL pg_catalog.unnest(k.conkey) WITH ORDINALITY AS kc(attnum, place)
JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = kc.attnum
WHERE k.contype = 'p' AND {{}}
ORDER BY tn.nspname, t.relname, k.conname, kc.place"""
_FOREIGN = f"""/* Flight SQL: foreign keys */
SELECT {CATALOG}, pn.nspname, p.relname, pa.attname, {CATALOG}, fn.nspname, f.relname, fa.attname,
       kc.place::pg_catalog.int4, k.conname, i.relname, {_RULE.format("k.confupdtype")}, {_RULE.format("k.confdeltype")}
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class p ON p.oid = k.confrelid
JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
JOIN pg_catalog.pg_class f ON f.oid = k.conrelid
JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
LEFT JOIN pg_catalog.pg_class i ON i.oid = k.conindid
CROSS JOIN LATERAL pg_catalog.unnest(k.conkey) WITH ORDINALITY AS kc(attnum, place)
JOIN pg_catalog.pg_attribute fa ON fa.attrelid = f.oid AND fa.attnum = kc.attnum
JOIN pg_catalog.pg_attribute pa ON pa.attrelid = p.oid AND pa.attnum = k.confkey[kc.place]
WHERE k.contype = 'f' AND {{}}
ORDER BY {{}}"""
_BY_FOREIGN = "fn.nspname, f.relname, k.conname, kc.place"
_BY_PRIMARY = "pn.nspname, p.relname, i.relname, kc.place, fn.nspname, f.relname, k.conname"


def primary_keys(request: Request, command: Message, statements: Statements) -> CatalogRows:
    """Of a table. Runs the query; raises SqlError, as all of these do."""
    wanted = Conditions()
    _table(wanted, "tn", "t", given(command, "catalog"), given(command, "db_schema"), command.table)
    return catalog_rows(request, statements, _PRIMARY.format(wanted.where()), wanted.values, PRIMARY_KEYS)


def exported_keys(request: Request, command: Message, statements: Statements) -> CatalogRows:
    """Foreign keys that point to a table."""
    wanted = Conditions()
    _table(wanted, "pn", "p", given(command, "catalog"), given(command, "db_schema"), command.table)
    return _foreign(request, statements, wanted, _BY_FOREIGN)


def imported_keys(request: Request, command: Message, statements: Statements) -> CatalogRows:
    """Foreign keys of a table."""
    wanted = Conditions()
    _table(wanted, "fn", "f", given(command, "catalog"), given(command, "db_schema"), command.table)
    return _foreign(request, statements, wanted, _BY_PRIMARY)


def cross_reference(request: Request, command: Message, statements: Statements) -> CatalogRows:
    """Foreign keys of one table that point to another."""
    wanted = Conditions()
    _table(wanted, "pn", "p", given(command, "pk_catalog"), given(command, "pk_db_schema"), command.pk_table)
    _table(wanted, "fn", "f", given(command, "fk_catalog"), given(command, "fk_db_schema"), command.fk_table)
    return _foreign(request, statements, wanted, _BY_PRIMARY)


def _table(
    wanted: Conditions, namespace: str, relation: str, catalog: str | None, schema: str | None, table: str
) -> None:
    wanted.equal(CATALOG, catalog)
    wanted.equal(f"{namespace}.nspname", schema)
    wanted.equal(f"{relation}.relname", table)


def _foreign(request: Request, statements: Statements, wanted: Conditions, order: str) -> CatalogRows:
    return catalog_rows(request, statements, _FOREIGN.format(wanted.where(), order), wanted.values, FOREIGN_KEYS)
