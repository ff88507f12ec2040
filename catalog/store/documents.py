"""Schemas and relations as JSON documents and back. Location, statistics and pending live in columns, not in here."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import Any

from catalog.model import Column, DefaultAcl, Identity, Relation, RelationKind, Schema
from catalog.names import TableName
from catalog.types import PgType

Document = dict[str, Any]
"""A JSON object as it stands in the store."""


def schema_document(schema: Schema) -> Document:
    return {"owner": schema.owner, "comment": schema.comment, "acl": _list(schema.acl)}


def schema_from(name: str, document: Document) -> Schema:
    return Schema(name, document["owner"], document.get("comment"), _tuple(document.get("acl")))


def relation_document(relation: Relation) -> Document:
    """Without what is in columns of its own; `relation_from` is the way back."""
    return {
        "owner": relation.owner,
        "columns": [_column_document(column) for column in relation.columns],
        "partition_by": list(relation.partition_by),
        "comment": relation.comment,
        "constraints": [list(pair) for pair in relation.constraints],
        "indexes": list(relation.indexes),
        "query": relation.query,
        "search_path": list(relation.search_path),
        "acl": _list(relation.acl),
    }


def relation_from(name: TableName, kind: str, document: Document) -> Relation:
    """The relation without location, statistics and pending: the caller has those from their columns."""
    return Relation(
        name=name,
        kind=RelationKind(kind),
        owner=document["owner"],
        columns=tuple(_column_from(column) for column in document["columns"]),
        partition_by=tuple(document.get("partition_by", ())),
        comment=document.get("comment"),
        constraints=tuple((constraint, definition) for constraint, definition in document.get("constraints", ())),
        indexes=tuple(document.get("indexes", ())),
        query=document.get("query"),
        search_path=tuple(document.get("search_path", ())),
        acl=_tuple(document.get("acl")),
    )


def default_acl_document(default: DefaultAcl) -> Document:
    return {"role": default.role, "schema": default.schema, "kind": default.kind, "acl": list(default.acl)}


def default_acl_from(document: Document) -> DefaultAcl:
    return DefaultAcl(document["role"], document["schema"], document["kind"], tuple(document["acl"]))


def _column_document(column: Column) -> Document:
    document: Document = {"name": column.name, "oid": column.type.oid, "typmod": column.type.typmod}
    if not column.nullable:
        document["nullable"] = False
    if column.default is not None:
        document["default"] = column.default
    if column.comment is not None:
        document["comment"] = column.comment
    if column.acl:
        document["acl"] = list(column.acl)
    if column.identity is not None:
        document["identity"] = asdict(column.identity)
    if column.generated is not None:
        document["generated"] = column.generated
    return document


def _column_from(document: Document) -> Column:
    return Column(
        name=document["name"],
        type=_type(document["oid"], document["typmod"]),
        nullable=document.get("nullable", True),
        default=document.get("default"),
        comment=document.get("comment"),
        acl=tuple(document.get("acl", ())),
        identity=Identity(**document["identity"]) if "identity" in document else None,
        generated=document.get("generated"),
    )


@lru_cache(maxsize=4096)
def _type(oid: int, typmod: int) -> PgType:
    return PgType(oid, typmod)


def _list(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def _tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
