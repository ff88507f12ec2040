"""Reads relations and schemas of a shadow back as values of `catalog.model`, with PostgreSQL's own wording.

All expressions are printed under an empty search_path, so that every name in them is qualified.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from catalog.errors import FeatureNotSupported
from catalog.model import Column, DefaultAcl, Identity, Relation, RelationKind, Schema
from catalog.names import TableName
from catalog.types import INT8, PgType

OWN_SCHEMAS = ("kadali", "kadali_internal")
_FIRST_USER_OID = 16384
_LEAST, _MOST = -(2**63), 2**63 - 1
_KINDS = {"r": RelationKind.TABLE, "v": RelationKind.VIEW}
_UNSUPPORTED = {
    "S": "sequences (serial columns among them)",
    "p": "partitioned tables",
    "m": "materialized views",
    "f": "foreign tables",
    "c": "composite types",
}

_RELATIONS: LiteralString = """
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relowner::regrole::text, c.relacl::text[],
       obj_description(c.oid, 'pg_class'),
       c.relpersistence <> 'p' OR EXISTS (SELECT 1 FROM pg_inherits h WHERE c.oid IN (h.inhrelid, h.inhparent)),
       (SELECT jsonb_agg(jsonb_build_array(a.attname, a.atttypid::int8, a.atttypmod, NOT a.attnotnull,
                 pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum), a.attacl::text[],
                 format_type(a.atttypid, a.atttypmod), a.attgenerated <> '',
                 (SELECT jsonb_build_array(a.attidentity, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle)
                  FROM pg_depend o JOIN pg_sequence s ON s.seqrelid = o.objid
                  WHERE o.classid = 'pg_class'::regclass AND o.refclassid = 'pg_class'::regclass
                    AND o.refobjid = c.oid AND o.refobjsubid = a.attnum AND o.deptype = 'i'))
               ORDER BY a.attnum)
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
       (SELECT jsonb_agg(jsonb_build_array(k.conname, pg_get_constraintdef(k.oid)) ORDER BY k.contype DESC, k.conname)
        FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f', 'c', 'x')),
       (SELECT jsonb_agg(pg_get_indexdef(i.indexrelid) ORDER BY x.relname)
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
        WHERE i.indrelid = c.oid AND NOT EXISTS (SELECT 1 FROM pg_constraint k
              WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x') AND k.conrelid = c.oid)),
       pg_get_userbyid(c.relowner)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY(%s) ORDER BY c.oid
"""
_SCHEMAS: LiteralString = """
SELECT n.oid, n.nspname, pg_get_userbyid(n.nspowner), obj_description(n.oid, 'pg_namespace'), n.nspacl::text[]
FROM pg_namespace n WHERE n.oid = ANY(%s)
"""
_DEFAULT_ACLS: LiteralString = """
SELECT pg_get_userbyid(d.defaclrole), n.nspname, d.defaclobjtype, d.defaclacl::text[]
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace ORDER BY 1, 2, 3
"""
_ALL: LiteralString = """
SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v') AND n.nspname !~ '^pg_' AND n.nspname <> ALL(%s) AND n.nspname <> 'information_schema'
"""
_ALL_SCHEMAS: LiteralString = """
SELECT oid, nspname FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> ALL(%s) AND nspname <> 'information_schema'
"""


@dataclass(frozen=True, slots=True)
class Names:
    """The user's relations and schemas by OID."""

    relations: dict[int, TableName]
    schemas: dict[int, str]


def names(connection: psycopg.Connection[Any]) -> Names:
    own = [list(OWN_SCHEMAS)]
    relations = connection.execute(_ALL, own, prepare=False).fetchall()
    schemas = connection.execute(_ALL_SCHEMAS, own, prepare=False).fetchall()
    return Names({oid: TableName(schema, name) for oid, schema, name in relations}, dict(schemas))


def read_relations(connection: psycopg.Connection[Any], oids: Sequence[int]) -> dict[int, Relation]:
    """Relations by OID; views have no `query` and no `search_path`, tables no location and no statistics.

    Raises FeatureNotSupported for what the model cannot hold. Needs an empty search_path in force.
    """
    found = connection.execute(_RELATIONS, [list(oids)], prepare=False).fetchall()
    return {row[0]: _relation(row) for row in found}


def read_schemas(connection: psycopg.Connection[Any], oids: Sequence[int]) -> dict[int, Schema]:
    found = connection.execute(_SCHEMAS, [list(oids)], prepare=False).fetchall()
    return {oid: Schema(name, owner, comment, _acl(acl)) for oid, name, owner, comment, acl in found}


def read_default_acls(connection: psycopg.Connection[Any]) -> tuple[DefaultAcl, ...]:
    found = connection.execute(_DEFAULT_ACLS, prepare=False).fetchall()
    return tuple(DefaultAcl(role, schema, kind, tuple(acl)) for role, schema, kind, acl in found)


def refuse_kind(kind: str) -> None:
    """Raise FeatureNotSupported for a relkind the model has no word for."""
    if kind in _UNSUPPORTED:
        raise FeatureNotSupported(f"{_UNSUPPORTED[kind]} are not supported")


def _relation(row: Sequence[Any]) -> Relation:
    _, schema, name, kind, _, acl, comment, odd, columns, constraints, indexes, owner = row
    refuse_kind(kind)
    if odd:
        raise FeatureNotSupported("temporary, unlogged, inherited and partitioned tables are not supported")
    return Relation(
        name=TableName(schema, name),
        kind=_KINDS[kind],
        owner=owner,
        columns=tuple(_column(column) for column in columns or ()),
        comment=comment,
        constraints=tuple((con_name, definition) for con_name, definition in constraints or ()),
        indexes=tuple(indexes or ()),
        acl=_acl(acl),
    )


def _column(column: Sequence[Any]) -> Column:
    name, oid, typmod, nullable, default, comment, acl, type_text, generated, sequence = column
    if oid >= _FIRST_USER_OID:
        raise FeatureNotSupported(f'column "{name}" has type {type_text}: only built-in types are supported')
    identity = None if sequence is None else _identity(name, oid, type_text, sequence)
    expression, default = (default, None) if generated else (None, default)
    return Column(name, PgType(oid, typmod), nullable, default, comment, tuple(acl or ()), identity, expression)


def _identity(name: str, oid: int, type_text: str, sequence: Sequence[Any]) -> Identity:
    """Delta's identity columns are of 64 bits and know a start and a step. Raises FeatureNotSupported."""
    how, start, step, least, most, cycle = sequence
    if oid != INT8.oid:
        raise FeatureNotSupported(f'identity column "{name}" of type {type_text} is not supported', hint="Use bigint.")
    bound = most if step > 0 else least
    if cycle or bound not in (_MOST, _LEAST):
        raise FeatureNotSupported("identity columns with options other than START and INCREMENT are not supported")
    return Identity(how == "a", start, step)


def _acl(items: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if items is None else tuple(items)
