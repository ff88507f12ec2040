"""Rows of the store as model values and back: what is in a column, what in the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from catalog.model import Relation, Statistics
from catalog.names import TableName
from catalog.store.documents import relation_document, relation_from
from catalog.store.lake import Lake


def relation_row(relation: Relation, lake: Lake) -> dict[str, Any]:
    """Columns of `relations`, without the tenant, version and instance."""
    statistics = relation.statistics
    return {
        "schema": relation.name.schema,
        "name": relation.name.name,
        "kind": relation.kind.value,
        "location": lake.relative(relation.location),
        "delta_version": statistics.version if statistics else None,
        "rows": statistics.rows if statistics else None,
        "bytes": statistics.bytes if statistics else None,
        "files": statistics.files if statistics else None,
        "pending": relation.pending,
        "document": relation_document(relation),
    }


def relation_of(row: Mapping[str, Any], lake: Lake) -> Relation:
    """The relation in a row of `relations`."""
    relation = relation_from(TableName(row["schema"], row["name"]), row["kind"], row["document"])
    statistics = None
    if row["delta_version"] is not None:
        statistics = Statistics(row["delta_version"], row["rows"], row["bytes"], row["files"])
    return replace(relation, location=lake.absolute(row["location"]), statistics=statistics, pending=row["pending"])
