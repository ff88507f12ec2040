"""Which engine does a statement's work: a pure function of what it needs, what the session wants, how the cluster is.

Measuring what a statement needs, and waiting for a cluster, are the session's (sql_extensions.compute).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from catalog.clusters.model import Cluster, ClusterState, Desired
from engine.base import Route, RouteReason

AUTO_BYTES = 4 << 30
"""Default of the server's setting auto_bytes."""


class Wish(Enum):
    """What the session has asked for (kadali.cluster)."""

    EMBEDDED = "embedded"
    AUTO = "auto"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class Need:
    """What a statement needs. `usual` is the reason to give where nothing speaks for a cluster."""

    usual: RouteReason
    bytes: int | None = None
    """Estimated bytes to read, after pruning; None: unknown."""
    only_spark: bool = False
    """A table has a feature that the embedded engine refuses, or the query a function it has not."""
    only_embedded: bool = False
    """The Spark dialect refuses the query."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """The cluster in question, as it stands now. `reachable`: it answers, or will if one waits for it."""

    name: str
    reachable: bool

    @staticmethod
    def of(cluster: Cluster) -> Candidate:
        resumes = cluster.spec.auto_resume or cluster.desired is Desired.RUNNING
        ended = cluster.state in (ClusterState.FAILED, ClusterState.TERMINATED) or cluster.desired is Desired.TERMINATED
        reachable = cluster.state.answers or (resumes and not ended)
        return Candidate(cluster.name, reachable and not cluster.refuses_queries)


def route(wish: Wish, need: Need, cluster: Candidate | None, auto_bytes: int = AUTO_BYTES) -> Route:
    """Where the work goes, and why. `cluster` is the one named, or the tenant's default one for AUTO.

    A cluster that the session has named is the answer whatever the statement needs: refusing is then the engine's. AUTO
    never makes a small query wait, and leaves a big one to the embedded engine where no cluster can be reached.
    """
    if wish is Wish.EMBEDDED or (cluster is None and wish is Wish.AUTO):
        return Route("embedded", need.usual)
    if cluster is None:
        raise TypeError("a session that names a cluster has it")
    if wish is Wish.CLUSTER:
        return Route(cluster.name, RouteReason.CLUSTER_CHOSEN)
    if need.only_embedded:
        return Route("embedded", RouteReason.EMBEDDED_CAPABILITY)
    big = need.bytes is not None and need.bytes > auto_bytes
    if not need.only_spark and not big:
        return Route("embedded", RouteReason.EMBEDDED_SIZE)
    if not cluster.reachable:
        return Route("embedded", RouteReason.EMBEDDED_STATE)
    return Route(cluster.name, RouteReason.CLUSTER_CAPABILITY if need.only_spark else RouteReason.CLUSTER_SIZE)
