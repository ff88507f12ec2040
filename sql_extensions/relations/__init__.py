"""The views of schema `kadali`: their columns, and their rows computed when they are read. Functions are `twins`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from catalog.model import Column
from catalog.shadow.objects import KadaliFunction, KadaliObject, KadaliRelation
from catalog.types import from_arrow
from sql_extensions.relations import clusters, connections, queries, secrets, settings, tables
from sql_extensions.session import Session


@dataclass(frozen=True, slots=True)
class VirtualRelation:
    """`rows` gives what the session's user may see, in the shape of `schema`."""

    schema: pa.Schema
    rows: Callable[[Session], pa.Table]
    comment: str


VIRTUAL: dict[str, VirtualRelation] = {
    "queries": VirtualRelation(queries.SCHEMA, queries.rows, "Queries under way and done: your own, or all for admins"),
    "tables": VirtualRelation(tables.SCHEMA, tables.rows, "Delta tables with their newest known version and size"),
    "clusters": VirtualRelation(clusters.SCHEMA, clusters.rows, "Clusters you own or have a right on; all for admins"),
    "cluster_events": VirtualRelation(clusters.EVENTS, clusters.events, "What has happened to clusters, newest first"),
    "cluster_usage": VirtualRelation(clusters.USAGE, clusters.usage, "What clusters have used, by day, newest first"),
    "secrets": VirtualRelation(secrets.SCHEMA, secrets.rows, "Secrets you own, without their values; all for admins"),
    "connections": VirtualRelation(connections.SCHEMA, connections.rows, "Connections you own; all for admins"),
    "settings": VirtualRelation(settings.SCHEMA, settings.rows, "Settings of the session"),
    "role_settings": VirtualRelation(settings.ROLES, settings.of_roles, "What sessions begin with: ALTER ROLE ... SET"),
}
"""By name in schema `kadali`."""


def shadow_objects() -> list[KadaliObject]:
    """All relations and functions of ours that PostgreSQL's catalog must show and Describe must know."""
    from sql_extensions.twin_functions import declarations

    objects: list[KadaliObject] = [_relation(name, virtual) for name, virtual in VIRTUAL.items()]
    functions: list[KadaliFunction] = declarations()
    return [*objects, *functions]


def _relation(name: str, virtual: VirtualRelation) -> KadaliRelation:
    columns = tuple(Column(field.name, from_arrow(field.type)) for field in virtual.schema)
    return KadaliRelation(name, columns, virtual.comment)
