"""Clusters as the metadata store knows them: what a tenant wants (spec, desired state) and what has been observed."""

from catalog.clusters.model import (
    Backend,
    Cluster,
    ClusterEvent,
    ClusterSpec,
    ClusterState,
    Desired,
    EngineKind,
    Observed,
    Size,
    Tier,
)

__all__ = [
    "Backend",
    "Cluster",
    "ClusterEvent",
    "ClusterSpec",
    "ClusterState",
    "Desired",
    "EngineKind",
    "Observed",
    "Size",
    "Tier",
]
