"""What a session makes of a cluster as it stands now: whether it answers, who may use it, why waiting is in vain."""

from __future__ import annotations

from typing import TypeVar

from catalog.clusters.model import Cluster, ClusterState, Desired, Tier
from catalog.errors import CannotConnectNow, InsufficientResources, ObjectNotInPrerequisiteState, UndefinedObject
from catalog.principal import Principal
from engine.clusters.admission import Limits

_N = TypeVar("_N", int, float)
_PLACEMENT = ("quota", "insufficient", "unschedulable", "failedscheduling", "forbidden")
"""Words of Kubernetes for pods that find no place."""
CHOOSE_HINT = "Choose another one: USE CLUSTER { name | DEFAULT | AUTO | EMBEDDED }."


def answers(cluster: Cluster) -> bool:
    """Whether queries can be sent to it now: it is up, and meant to be."""
    return cluster.state.answers and cluster.observed.endpoint is not None and cluster.desired is Desired.RUNNING


def has_right(cluster: Cluster, principal: Principal, right: str) -> bool:
    """The owner and administrators have all rights; others those granted to them or to public."""
    if principal.admin or cluster.owner == principal.user:
        return True
    return any(given == right and role in (principal.user, "public") for role, given in cluster.acl)


def may_use(cluster: Cluster, principal: Principal) -> bool:
    """Whether somebody's queries may run there."""
    return has_right(cluster, principal, "USAGE")


def limits_of(cluster: Cluster, tier: Tier) -> Limits:
    """The cluster's own options, within the tier's as it is now."""
    spec = cluster.spec
    concurrency, queue = _within(spec.max_concurrency, tier.concurrency), _within(spec.queue_limit, tier.queue)
    return Limits(concurrency, queue, _within(spec.queue_timeout_s, tier.queue_timeout_s))


def _within(own: _N | None, limit: _N | None) -> _N | None:
    if own is None or limit is None:
        return limit if own is None else own
    return min(own, limit)


def check_startable(cluster: Cluster) -> None:
    """Raises what a query is told that waits in vain."""
    name, reason = cluster.name, cluster.observed.reason
    if cluster.state is ClusterState.TERMINATED or cluster.desired is Desired.TERMINATED:
        raise gone(cluster)
    if cluster.desired is Desired.SUSPENDED and not cluster.spec.auto_resume:
        raise ObjectNotInPrerequisiteState(
            f'cluster "{name}" is suspended', hint=f"ALTER CLUSTER {name} RESUME starts it (auto_resume is off)."
        )
    if cluster.state is ClusterState.FAILED and cluster.observed.generation >= cluster.generation:
        placed = any(word in (reason or "").lower() for word in _PLACEMENT)
        kind = InsufficientResources if placed else CannotConnectNow
        raise kind(f'cluster "{name}" has failed', detail=reason, hint=f"ALTER CLUSTER {name} RESTART tries again.")


def gone(cluster: Cluster) -> UndefinedObject:
    return UndefinedObject(
        f'cluster "{cluster.name}" does not exist',
        hint=CHOOSE_HINT,
    )
