"""Specifications of clusters as JSON documents and back."""

from __future__ import annotations

from dataclasses import fields
from types import MappingProxyType
from typing import Any

from catalog.clusters.model import Backend, ClusterSpec, EngineKind

Document = dict[str, Any]
"""A JSON object as it stands in the store."""
_MAPPINGS = ("node_selector", "tags", "spark")


def spec_document(spec: ClusterSpec) -> Document:
    """All options by name; `spec_from` is the way back."""
    document: Document = {field.name: getattr(spec, field.name) for field in fields(spec)}
    document["engine"], document["backend"] = spec.engine.value, spec.backend.value
    document["tolerations"], document["named"] = list(spec.tolerations), sorted(spec.named)
    for name in _MAPPINGS:
        document[name] = dict(document[name])
    return document


def spec_from(document: Document) -> ClusterSpec:
    """Options that a newer version has written and this one does not know are left out."""
    known = {field.name: document[field.name] for field in fields(ClusterSpec) if field.name in document}
    known["engine"], known["backend"] = EngineKind(known["engine"]), Backend(known["backend"])
    known["tolerations"], known["named"] = tuple(known["tolerations"]), frozenset(known["named"])
    for name in _MAPPINGS:
        known[name] = MappingProxyType(dict(known[name]))
    return ClusterSpec(**known)
