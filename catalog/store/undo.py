"""How to take back what one definition statement changed in the catalog, as a value that outlives the process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.model import Relation, Schema
from catalog.names import TableName
from catalog.store.documents import schema_document, schema_from
from catalog.store.lake import Lake
from catalog.store.rows import relation_of, relation_row


@dataclass(frozen=True, slots=True)
class Undo:
    """`relations` and `schemas` are what was changed or dropped, as it had been; names are told new to old."""

    created: tuple[TableName, ...] = ()
    created_schemas: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    dropped: frozenset[TableName] = frozenset()
    schemas: tuple[Schema, ...] = ()
    dropped_schemas: frozenset[str] = frozenset()
    renamed: Mapping[TableName, TableName] = field(default_factory=dict)
    renamed_schemas: Mapping[str, str] = field(default_factory=dict)

    @property
    def dropped_locations(self) -> tuple[str, ...]:
        """Of the Delta tables whose files go once the change is settled."""
        return tuple(item.location for item in self.relations if item.name in self.dropped and item.location)


def undo_document(undo: Undo, lake: Lake) -> dict[str, Any]:
    """As JSON; `undo_from` is the way back."""
    return {
        "created": [_pair(name) for name in undo.created],
        "created_schemas": list(undo.created_schemas),
        "relations": [relation_row(item, lake) for item in undo.relations],
        "dropped": [_pair(name) for name in sorted(undo.dropped)],
        "schemas": [[item.name, schema_document(item)] for item in undo.schemas],
        "dropped_schemas": sorted(undo.dropped_schemas),
        "renamed": [[_pair(new), _pair(old)] for new, old in undo.renamed.items()],
        "renamed_schemas": dict(undo.renamed_schemas),
    }


def undo_from(document: Mapping[str, Any], lake: Lake) -> Undo:
    """The inverse of `undo_document`."""
    return Undo(
        created=tuple(TableName(*pair) for pair in document["created"]),
        created_schemas=tuple(document["created_schemas"]),
        relations=tuple(relation_of(row, lake) for row in document["relations"]),
        dropped=frozenset(TableName(*pair) for pair in document["dropped"]),
        schemas=tuple(schema_from(name, told) for name, told in document["schemas"]),
        dropped_schemas=frozenset(document["dropped_schemas"]),
        renamed={TableName(*new): TableName(*old) for new, old in document["renamed"]},
        renamed_schemas=document["renamed_schemas"],
    )


def _pair(name: TableName) -> list[str]:
    return [name.schema, name.name]
