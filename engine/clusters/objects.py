"""Objects of Kubernetes as plain JSON, their labels and annotations; who builds and who reads them is elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypedDict
from uuid import UUID

from engine.clusters.names import dns_label

TENANT, CLUSTER, CLUSTER_ID, ROLE, SERVER = (
    "kadali.io/tenant",
    "kadali.io/cluster",
    "kadali.io/cluster-id",
    "kadali.io/role",
    "kadali.io/server",
)
"""Labels. `server` tells the objects of one Kadali (one metadata store) from those of another."""
MANAGED_BY = "app.kubernetes.io/managed-by"
NAME, REVISION, SETTINGS, RESTARTS = (
    "kadali.io/name",
    "kadali.io/revision",
    "kadali.io/settings",
    "kadali.io/restarts",
)
"""Annotations: the name as written in SQL; hash of all objects; hash of what a driver is started with; restarts."""
DRIVER, EXECUTOR, GATEWAY = "driver", "executor", "gateway"


class Metadata(TypedDict, total=False):
    """What we write of an object's metadata."""

    name: str
    namespace: str
    labels: dict[str, str]
    annotations: dict[str, str]


class Manifest(TypedDict, total=False):
    """An object as we apply it."""

    apiVersion: str
    kind: str
    metadata: Metadata
    spec: Mapping[str, object]
    data: dict[str, str]
    stringData: dict[str, str]
    rules: Sequence[Mapping[str, object]]
    roleRef: Mapping[str, str]
    subjects: Sequence[Mapping[str, str]]
    automountServiceAccountToken: bool


def tenant_labels(server: str, tenant: str) -> dict[str, str]:
    return {MANAGED_BY: "kadali", SERVER: server, TENANT: dns_label(tenant)}


def cluster_labels(server: str, tenant: str, cluster: str, cluster_id: UUID, role: str | None = None) -> dict[str, str]:
    labels = {**tenant_labels(server, tenant), CLUSTER: dns_label(cluster), CLUSTER_ID: str(cluster_id)}
    return labels if role is None else {**labels, ROLE: role}


def fingerprint(*parts: object) -> str:
    """A short hash of JSON values: equal for equal values, whatever the order of keys."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
