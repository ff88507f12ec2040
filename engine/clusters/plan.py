"""What to do next for a cluster, and what to tell of it: a pure function of its row, of what is seen, and of the time.

Called again and again. Whatever has gone wrong in between, the next call starts from what is there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from catalog.clusters.model import Cluster, ClusterState, Desired, Observed
from engine.clusters.quota import Fit
from engine.clusters.sight import Agent, Driver, Ground, Problem, Sight, Worker

PLACEMENT_PATIENCE_S = 120.0
"""How long pods may wait for a node, or a driver to come up, before the cluster is called FAILED. It is not given up:
when the node comes, the cluster runs."""
START_PATIENCE_S = 600.0
RECYCLE_UPTIME_S = 86_400.0
RECYCLE_IDLE_S = 300.0
"""A driver of this age that nobody has used for so long is replaced: Connect keeps heap of sessions that have ended."""
LIFETIME_GRACE_S = 3600.0
"""How long queries may go on in a cluster whose max_lifetime is over."""


@dataclass(frozen=True, slots=True)
class Apply:
    """Bring all objects into being as the row wants them, the driver running or not."""

    on: bool


@dataclass(frozen=True, slots=True)
class Replace:
    """End this driver (no other one); a new one comes by itself."""

    driver: Driver
    why: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Tell the driver how many workers there are to be."""

    workers: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """Remove these workers: no driver has them any more."""

    workers: tuple[Worker, ...]


@dataclass(frozen=True, slots=True)
class Destroy:
    """Remove every object of the cluster, by kind and label."""


@dataclass(frozen=True, slots=True)
class SuspendIdle:
    """In the store: suspend it, unless it has been used since, or changed."""

    idle_before: datetime


@dataclass(frozen=True, slots=True)
class Terminate:
    """In the store: drop it."""

    why: str


@dataclass(frozen=True, slots=True)
class BudgetSpent:
    """In the store: note, once, that the budget of the period from `since` on is used up, and suspend it if so said."""

    since: date
    why: str
    suspend: bool


@dataclass(frozen=True, slots=True)
class Remove:
    """In the store: nothing of it is left, the row may go."""


Action = Apply | Replace | Ask | Sweep | Destroy | SuspendIdle | Terminate | BudgetSpent | Remove


@dataclass(frozen=True, slots=True)
class Plan:
    """`observed` is what is known before the actions have been taken."""

    observed: Observed
    actions: tuple[Action, ...] = ()


def plan(cluster: Cluster, sight: Sight, now: datetime, room: Fit) -> Plan:
    """`room`: the workers that fit into the tenant's tier beside its other clusters."""
    match cluster.desired:
        case Desired.TERMINATED:
            made = _terminated(cluster, sight)
        case Desired.SUSPENDED:
            made = _suspended(cluster, sight, now)
        case Desired.RUNNING:
            made = _running(cluster, sight, now, room)
    return Plan(replace(made.observed, generation=cluster.generation), _budgeted(cluster, made.actions))


def _budgeted(cluster: Cluster, actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """The actions, with what the end of a budget asks for; a cluster that it suspends gets nothing more."""
    if not cluster.over_budget or cluster.spending is None or cluster.desired is Desired.TERMINATED:
        return actions
    since, why = cluster.spending.since, f"the budget of {cluster.budget_text} is used up"
    if cluster.spec.on_budget == "suspend" and cluster.desired is Desired.RUNNING:
        return (BudgetSpent(since, f"{why}: suspended", suspend=True),)
    return actions if cluster.budget_noted == since else (*actions, BudgetSpent(since, why, suspend=False))


def _terminated(cluster: Cluster, sight: Sight) -> Plan:
    left = sight.leftovers + len(sight.workers) + (sight.driver is not None)
    if left == 0 or sight.ground is Ground.MISSING:
        return Plan(Observed(ClusterState.TERMINATED), (Remove(),))
    reason = "its objects are being removed"
    if sight.ground is Ground.FOREIGN:  # ours are not in there
        return Plan(Observed(ClusterState.TERMINATED), (Remove(),))
    actions = () if sight.ground is Ground.TERMINATING else (Destroy(),)
    return Plan(Observed(ClusterState.TERMINATED, reason), actions)


def _suspended(cluster: Cluster, sight: Sight, now: datetime) -> Plan:
    driver = sight.driver
    if driver is None and not sight.workers and (not sight.on or sight.applied is None):
        return Plan(Observed(ClusterState.SUSPENDED), _forgotten(cluster, now))
    if driver is not None and driver.ready and not driver.ending and sight.on and (busy := _busy(cluster, sight)):
        # without an endpoint: nothing new is sent there
        return Plan(_alive(cluster, sight, ClusterState.SUSPENDING, f"waiting for {_queries(busy)} to end"))
    actions: list[Action] = [Apply(on=False)] if sight.on else []
    if driver is None and sight.workers:
        actions += _swept(sight.workers)
    return Plan(Observed(ClusterState.SUSPENDING, "the driver is ending"), tuple(actions))


def _forgotten(cluster: Cluster, now: datetime) -> tuple[Action, ...]:
    limit = cluster.spec.auto_terminate_s
    asleep = cluster.state is ClusterState.SUSPENDED
    if limit is not None and asleep and _seconds(now, cluster.state_since) >= limit:
        return (Terminate("suspended for as long as auto_terminate says"),)
    return _outlived(cluster, now, 0)


def _outlived(cluster: Cluster, now: datetime, busy: int) -> tuple[Action, ...]:
    limit = cluster.spec.max_lifetime_s
    age = _seconds(now, cluster.created_at)
    if limit is None or age < limit or (busy and age < limit + LIFETIME_GRACE_S):
        return ()
    return (Terminate("it has reached max_lifetime"),)


def _running(cluster: Cluster, sight: Sight, now: datetime, room: Fit) -> Plan:
    driver = sight.driver
    if (blocked := _blocked(cluster, sight, room)) is not None:
        return Plan(blocked, _timers(cluster, sight, now))
    actions: list[Action] = []
    if not sight.on or sight.applied != sight.revision or sight.stale:
        actions.append(Apply(on=True))
    if driver is None:
        made = _not_up(cluster, sight.refusal, now, "waiting for the driver to be made")
    elif driver.ending:
        made = _not_up(cluster, None, now, _ending(driver))
    elif (why := _outdated(cluster, driver, sight)) is not None:
        actions.append(Replace(driver, why))
        made = _not_up(cluster, None, now, why)
    elif not driver.ready:
        made = _not_up(cluster, driver.problem, now, "the driver is starting")
    else:
        made, more = _up(cluster, sight, now, room)
        actions += more
    return Plan(made, (*actions, *_timers(cluster, sight, now)))


def _blocked(cluster: Cluster, sight: Sight, room: Fit) -> Observed | None:
    """Why nothing can be done at all."""
    if sight.ground is Ground.TERMINATING:
        return Observed(ClusterState.STARTING, "the tenant's namespace is being removed; it is made anew after that")
    if sight.ground is Ground.FOREIGN:
        return Observed(ClusterState.FAILED, "the tenant's namespace exists and belongs to somebody else")
    least = cluster.spec.min_workers if cluster.spec.autoscales else cluster.workers_wanted
    if sight.driver is None and not sight.on and not room.admits(least):
        return Observed(ClusterState.FAILED, f"quota: the tier allows {room.limit}, of which other clusters use part")
    return None


def _ending(driver: Driver) -> str:
    if driver.silent:
        return "the driver's node does not answer: another one is made when it is back, or removed from Kubernetes"
    return "the earlier driver is ending"


def _outdated(cluster: Cluster, driver: Driver, sight: Sight) -> str | None:
    """Why this driver is to be replaced now."""
    if driver.restarts < cluster.restarts:
        return "restarting, as was asked for"
    if driver.held:
        return "making another driver: this one had run well, and Kubernetes lets it wait"
    idle = not _busy(cluster, sight)
    if driver.settings != sight.settings and (idle or not driver.ready):
        return "restarting with new settings"
    agent = sight.agent
    unused = driver.ready and idle and agent is not None and cluster.queued == 0
    if unused and agent is not None and agent.uptime_s >= RECYCLE_UPTIME_S and agent.idle_s >= RECYCLE_IDLE_S:
        return "restarting an idle driver that has run for long"
    return None


def _not_up(cluster: Cluster, problem: Problem | None, now: datetime, otherwise: str) -> Observed:
    """STARTING, or FAILED once waiting is hopeless or has lasted; FAILED stays until something else is seen."""
    reason = otherwise if problem is None else problem.reason
    patience = START_PATIENCE_S if problem is None else PLACEMENT_PATIENCE_S
    waited = _seconds(now, cluster.state_since) if cluster.state is ClusterState.STARTING else 0.0
    still = cluster.state is ClusterState.FAILED and (problem is not None or reason == cluster.observed.reason)
    failed = still or waited >= patience or (problem is not None and problem.lasting)
    return Observed(ClusterState.FAILED if failed else ClusterState.STARTING, reason)


def _up(cluster: Cluster, sight: Sight, now: datetime, room: Fit) -> tuple[Observed, list[Action]]:
    """A driver that answers: its workers."""
    agent = sight.agent
    if not sight.has_agent:
        return _alive(cluster, sight, ClusterState.RUNNING, None), []
    if agent is None:
        known = ClusterState.RUNNING if cluster.state.answers else ClusterState.STARTING
        return _alive(cluster, sight, known, "the driver's control port does not answer"), []
    actions: list[Action] = []
    foreign = tuple(one for one in sight.workers if one.application not in (None, agent.application))
    if agent.application is not None:
        actions += _swept(foreign)
    if cluster.spec.autoscales:
        least, most = cluster.spec.min_workers, cluster.spec.max_workers
    else:
        least = most = _asked(cluster, room)
        if agent.wanted is not None and agent.wanted != most:
            actions.append(Ask(most))
    if least <= agent.registered <= most:
        note = None
        if sight.driver is not None and sight.driver.settings != sight.settings:
            note = "new settings take effect when its queries have ended"
        return _alive(cluster, sight, ClusterState.RUNNING, note), actions
    reason = f"{agent.registered}/{least if agent.registered < least else most} workers registered"
    problem = next((one.problem for one in sight.workers if one.problem is not None and not one.ending), sight.refusal)
    if problem is not None:
        reason += f": {problem.reason}"
    if agent.registered or cluster.state.answers:
        return _alive(cluster, sight, ClusterState.SCALING, reason), actions
    return _not_up(cluster, Problem(reason, lasting=False) if problem else None, now, reason), actions


def _asked(cluster: Cluster, room: Fit) -> int:
    """Workers wanted of a cluster that does not autoscale, as far as they fit."""
    wanted = cluster.workers_wanted
    return wanted if room.workers is None else max(min(wanted, room.workers), 0)


def _alive(cluster: Cluster, sight: Sight, state: ClusterState, reason: str | None) -> Observed:
    driver, agent = sight.driver, sight.agent
    workers = agent.registered if agent is not None else cluster.observed.workers
    answers = driver is not None and (state.answers or state is ClusterState.SUSPENDING)
    return Observed(
        state,
        reason,
        workers=workers,
        endpoint=driver.endpoint if driver is not None and answers else None,
        ui=driver.ui if driver is not None and answers else None,
    )


def _timers(cluster: Cluster, sight: Sight, now: datetime) -> tuple[Action, ...]:
    busy = _busy(cluster, sight)
    if ended := _outlived(cluster, now, busy):
        return ended
    limit = cluster.spec.auto_suspend_s
    if limit is None or busy or cluster.queued:
        return ()
    idle_before = now - timedelta(seconds=limit)
    recently = max(cluster.last_used, cluster.state_since) > idle_before
    if recently or (sight.agent is not None and sight.driver is not None and _used(sight.agent, limit)):
        return ()
    return (SuspendIdle(idle_before),)


def _used(agent: Agent, limit: float) -> bool:
    """Whether something has run on the driver within `limit` seconds; one that has just started has not been used."""
    return agent.idle_s < limit and agent.idle_s < agent.uptime_s - 60.0


def _busy(cluster: Cluster, sight: Sight) -> int:
    """Queries that run on the driver: as it tells, and as gateways have noted."""
    if sight.driver is None or not sight.driver.ready:
        return 0
    return max(cluster.running, sight.agent.running if sight.agent is not None else 0)


def _swept(workers: tuple[Worker, ...]) -> list[Action]:
    doomed = tuple(one for one in workers if not one.ending)
    return [Sweep(doomed)] if doomed else []


def _queries(count: int) -> str:
    return "a query" if count == 1 else f"{count} queries"


def _seconds(now: datetime, then: datetime) -> float:
    return (now - then).total_seconds()
