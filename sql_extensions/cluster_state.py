"""What a session makes of a cluster as it stands now: whether it answers, who may use it, why waiting is in vain."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TypeVar

from catalog.clusters.model import Cluster, ClusterState, Desired, Tier
from catalog.errors import (
    CannotConnectNow,
    ConfigurationLimitExceeded,
    InsufficientResources,
    ObjectNotInPrerequisiteState,
    UndefinedObject,
)
from catalog.names import quote_ident
from catalog.principal import Principal
from engine.clusters.admission import Limits

_N = TypeVar("_N", int, float)
_PLACEMENT = ("quota", "insufficient", "unschedulable", "failedscheduling", "forbidden")
"""Words of Kubernetes for pods that find no place."""
PUBLIC = "public"
"""The role that everyone of the tenant is."""
CHOOSE_HINT = "Choose another one: USE CLUSTER { name | DEFAULT | AUTO | EMBEDDED }."


def answers(cluster: Cluster) -> bool:
    """Whether queries can be sent to it now: it is up, and meant to be."""
    return cluster.state.answers and cluster.observed.endpoint is not None and cluster.desired is Desired.RUNNING


def has_right(cluster: Cluster, principal: Principal, right: str) -> bool:
    """The owner and administrators have all rights; others those granted to them or to public."""
    if principal.admin or cluster.owner == principal.user:
        return True
    return any(given == right and role in (principal.user, PUBLIC) for role, given in cluster.acl)


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
    check_budget(cluster)
    if cluster.desired is Desired.SUSPENDED and not cluster.spec.auto_resume:
        raise ObjectNotInPrerequisiteState(
            f'cluster "{name}" is suspended',
            hint=f"ALTER CLUSTER {quote_ident(name)} RESUME starts it (auto_resume is off).",
        )
    if cluster.state is ClusterState.FAILED and cluster.observed.generation >= cluster.generation:
        placed = any(word in (reason or "").lower() for word in _PLACEMENT)
        kind = InsufficientResources if placed else CannotConnectNow
        raise kind(
            f'cluster "{name}" has failed',
            detail=reason,
            hint=f"ALTER CLUSTER {quote_ident(name)} RESTART tries again.",
        )


def check_budget(cluster: Cluster) -> None:
    """Raises ConfigurationLimitExceeded (53400) where the budget is used up and no new query may run."""
    spending = cluster.spending
    if spending is None or not cluster.refuses_queries:
        return
    used = f"{spending.spent:.3f}" + ("" if spending.priced else " worker hours")
    raise ConfigurationLimitExceeded(
        f'cluster "{cluster.name}" has used up its budget',
        detail=f"It has used {used} since {spending.since}.",
        hint=f"The budget is {cluster.budget_text}. A new {cluster.spec.budget_period} begins on"
        f" {next_period(spending.since, cluster.spec.budget_period)} (UTC).",
    )


def next_period(since: date, period: str) -> date:
    """The first day of the period after the one that begins on `since`."""
    if period == "month":
        return (since.replace(day=1) + timedelta(days=31)).replace(day=1)
    return since + timedelta(days=7 if period == "week" else 1)


def gone(cluster: Cluster) -> UndefinedObject:
    return UndefinedObject(
        f'cluster "{cluster.name}" does not exist',
        hint=CHOOSE_HINT,
    )
