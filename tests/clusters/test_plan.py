"""The table of decisions: a row, what is seen of it, and what follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from catalog.clusters.model import Cluster, ClusterState, Desired, Spending
from engine.clusters.plan import (
    Apply,
    Ask,
    BudgetSpent,
    Destroy,
    Remove,
    Replace,
    SuspendIdle,
    Sweep,
    Terminate,
    plan,
)
from engine.clusters.quota import Fit
from engine.clusters.sight import Agent, Driver, Ground, Problem, Sight, Worker
from tests.clusters.samples import NOW, cluster

ROOM = Fit(None)
DRIVER = Driver("uid-1", 0, "s1", ready=True, endpoint="10.0.0.1:15002", ui="http://10.0.0.1:4040")
AGENT = Agent(registered=2, wanted=2, uptime_s=300.0, application="app-1")
UP = Sight("r1", "s1", applied="r1", on=True, driver=DRIVER, agent=AGENT)
NOTHING = Sight("r1", "s1")
STOPPED = Sight("", "", applied="r1", on=False)
WORKER = Worker("c-1-exec-1", "uid-w1", application="app-1")
IMAGE = Problem("ImagePullBackOff: no such image", lasting=True)
NODES = Problem("Unschedulable: 0/1 nodes are available", lasting=False)


def decided(row: Cluster, sight: Sight, room: Fit = ROOM) -> tuple[ClusterState, str | None, tuple[Any, ...]]:
    made = plan(row, sight, NOW, room)
    assert made.observed.generation == row.generation
    return made.observed.state, made.observed.reason, made.actions


def ago(seconds: float) -> Any:
    return NOW - timedelta(seconds=seconds)


RUNNING = cluster(state=ClusterState.RUNNING, workers=2)
STARTING = cluster(state=ClusterState.STARTING)
FAILED = cluster(state=ClusterState.FAILED, reason=NODES.reason)
ASLEEP = cluster(desired=Desired.SUSPENDED)
DROPPED = cluster(desired=Desired.TERMINATED, state=ClusterState.RUNNING)
AUTO = cluster(state=ClusterState.RUNNING, spec={"min_workers": 1, "max_workers": 3})

TABLE: list[tuple[str, Cluster, Sight, ClusterState, str, tuple[Any, ...]]] = [
    ("nothing is there", cluster(), NOTHING, ClusterState.STARTING, "waiting for the driver", (Apply(on=True),)),
    ("told to run, no pod yet", STARTING, replace(UP, driver=None, agent=None), ClusterState.STARTING, "waiting", ()),
    (
        "the pod is refused",
        STARTING,
        replace(UP, driver=None, agent=None, refusal=Problem("FailedCreate: exceeded quota", lasting=True)),
        ClusterState.FAILED,
        "exceeded quota",
        (),
    ),
    ("suspended before", cluster(), replace(STOPPED, revision="r1"), ClusterState.STARTING, "", (Apply(on=True),)),
    (
        "the pod starts",
        STARTING,
        replace(UP, driver=replace(DRIVER, ready=False), agent=None),
        ClusterState.STARTING,
        "starting",
        (),
    ),
    (
        "no image",
        STARTING,
        replace(UP, driver=replace(DRIVER, ready=False, problem=IMAGE), agent=None),
        ClusterState.FAILED,
        "ImagePullBackOff",
        (),
    ),
    (
        "it had run well and is kept from starting again",
        STARTING,
        replace(UP, driver=(held := replace(DRIVER, ready=False, held=True)), agent=None),
        ClusterState.STARTING,
        "had run well",
        (Replace(held, "making another driver: this one had run well, and Kubernetes lets it wait"),),
    ),
    (
        "its node is silent, and it is given up",
        STARTING,
        replace(UP, driver=replace(DRIVER, ready=False, ending=True, silent=True), agent=None),
        ClusterState.STARTING,
        "node does not answer",
        (),
    ),
    (
        "more workers are refused",
        cluster(state=ClusterState.RUNNING, workers=2, workers_wanted=3),
        replace(UP, agent=replace(AGENT, wanted=3), refusal=Problem("Forbidden: exceeded quota", lasting=False)),
        ClusterState.SCALING,
        "2/3 workers registered: Forbidden: exceeded quota",
        (),
    ),
    (
        "no node, not for long",
        STARTING,
        replace(UP, driver=replace(DRIVER, ready=False, problem=NODES), agent=None),
        ClusterState.STARTING,
        "0/1 nodes",
        (),
    ),
    (
        "no node for long",
        replace(STARTING, state_since=ago(121)),
        replace(UP, driver=replace(DRIVER, ready=False, problem=NODES), agent=None),
        ClusterState.FAILED,
        "0/1 nodes",
        (),
    ),
    (
        "still no node",
        FAILED,
        replace(UP, driver=replace(DRIVER, ready=False, problem=NODES), agent=None),
        ClusterState.FAILED,
        "0/1 nodes",
        (),
    ),
    (
        "a node came",
        FAILED,
        replace(UP, driver=replace(DRIVER, ready=False), agent=None),
        ClusterState.STARTING,
        "starting",
        (),
    ),
    ("it runs", RUNNING, UP, ClusterState.RUNNING, "", ()),
    (
        "no worker yet",
        STARTING,
        replace(UP, agent=replace(AGENT, registered=0)),
        ClusterState.STARTING,
        "0/2 workers registered",
        (),
    ),
    (
        "no worker can be placed",
        replace(STARTING, state_since=ago(121)),
        replace(UP, agent=replace(AGENT, registered=0), workers=(replace(WORKER, problem=NODES),)),
        ClusterState.FAILED,
        "0/2 workers registered: Unschedulable",
        (),
    ),
    (
        "one of two workers",
        STARTING,
        replace(UP, agent=replace(AGENT, registered=1), workers=(replace(WORKER, problem=NODES),)),
        ClusterState.SCALING,
        "1/2 workers registered: Unschedulable",
        (),
    ),
    (
        "scale up",
        replace(RUNNING, workers_wanted=3),
        UP,
        ClusterState.SCALING,
        "2/3 workers registered",
        (Ask(3),),
    ),
    (
        "scale up asked for already",
        replace(RUNNING, workers_wanted=3),
        replace(UP, agent=replace(AGENT, wanted=3)),
        ClusterState.SCALING,
        "2/3 workers registered",
        (),
    ),
    (
        "scale down",
        replace(RUNNING, workers_wanted=1),
        UP,
        ClusterState.SCALING,
        "2/1 workers registered",
        (Ask(1),),
    ),
    (
        "executors die while it runs",
        RUNNING,
        replace(UP, agent=replace(AGENT, registered=0)),
        ClusterState.SCALING,
        "0/2 workers registered",
        (),
    ),
    ("autoscaling, within bounds", AUTO, UP, ClusterState.RUNNING, "", ()),
    (
        "autoscaling, below",
        AUTO,
        replace(UP, agent=replace(AGENT, registered=0, wanted=None)),
        ClusterState.SCALING,
        "0/1 workers registered",
        (),
    ),
    (
        "the control port is silent",
        RUNNING,
        replace(UP, agent=None),
        ClusterState.RUNNING,
        "control port",
        (),
    ),
    (
        "the control port was never heard",
        STARTING,
        replace(UP, agent=None),
        ClusterState.STARTING,
        "control port",
        (),
    ),
    (
        "workers of an earlier driver",
        RUNNING,
        replace(UP, workers=(WORKER, replace(WORKER, application="app-0"))),
        ClusterState.RUNNING,
        "",
        (Sweep((replace(WORKER, application="app-0"),)),),
    ),
    (
        "restart",
        replace(RUNNING, restarts=1),
        replace(UP, revision="r2"),
        ClusterState.STARTING,
        "restarting, as was asked",
        (Apply(on=True), Replace(DRIVER, "restarting, as was asked for")),
    ),
    (
        "the old driver ends",
        RUNNING,
        replace(UP, driver=replace(DRIVER, ready=False, ending=True), agent=None),
        ClusterState.STARTING,
        "earlier driver is ending",
        (),
    ),
    (
        "new settings, idle",
        RUNNING,
        replace(UP, settings="s2"),
        ClusterState.STARTING,
        "new settings",
        (Replace(DRIVER, "restarting with new settings"),),
    ),
    (
        "new settings, busy",
        RUNNING,
        replace(UP, settings="s2", agent=replace(AGENT, running=1)),
        ClusterState.RUNNING,
        "new settings take effect when its queries have ended",
        (),
    ),
    (
        "new settings, a query on its way",
        replace(RUNNING, running=1),
        replace(UP, settings="s2"),
        ClusterState.RUNNING,
        "new settings take effect when its queries have ended",
        (),
    ),
    (
        "a better image for one that cannot be pulled",
        cluster(state=ClusterState.FAILED, reason=IMAGE.reason),
        replace(UP, settings="s2", driver=replace(DRIVER, ready=False, problem=IMAGE), agent=None),
        ClusterState.STARTING,
        "new settings",
        (Replace(replace(DRIVER, ready=False, problem=IMAGE), "restarting with new settings"),),
    ),
    (
        "recycled",
        RUNNING,
        replace(UP, agent=replace(AGENT, uptime_s=90_000.0, idle_s=400.0)),
        ClusterState.STARTING,
        "has run for long",
        (Replace(DRIVER, "restarting an idle driver that has run for long"),),
    ),
    (
        "old, and used",
        RUNNING,
        replace(UP, agent=replace(AGENT, uptime_s=90_000.0, idle_s=100.0)),
        ClusterState.RUNNING,
        "",
        (),
    ),
    ("changed objects", RUNNING, replace(UP, revision="r2"), ClusterState.RUNNING, "", (Apply(on=True),)),
    ("not applied for long", RUNNING, replace(UP, stale=True), ClusterState.RUNNING, "", (Apply(on=True),)),
    (
        "the namespace is going",
        STARTING,
        replace(NOTHING, ground=Ground.TERMINATING),
        ClusterState.STARTING,
        "namespace is being removed",
        (),
    ),
    (
        "the namespace is somebody else's",
        STARTING,
        replace(NOTHING, ground=Ground.FOREIGN),
        ClusterState.FAILED,
        "belongs to somebody else",
        (),
    ),
    ("asleep", ASLEEP, STOPPED, ClusterState.SUSPENDED, "", ()),
    ("never started", ASLEEP, Sight("", ""), ClusterState.SUSPENDED, "", ()),
    ("to sleep", ASLEEP, UP, ClusterState.SUSPENDING, "is ending", (Apply(on=False),)),
    (
        "to sleep, busy",
        ASLEEP,
        replace(UP, agent=replace(AGENT, running=2)),
        ClusterState.SUSPENDING,
        "waiting for 2 queries to end",
        (),
    ),
    (
        "to sleep, the pod ends",
        ASLEEP,
        replace(STOPPED, driver=replace(DRIVER, ready=False, ending=True), workers=(WORKER,)),
        ClusterState.SUSPENDING,
        "is ending",
        (),
    ),
    (
        "to sleep, workers without a driver",
        ASLEEP,
        replace(STOPPED, workers=(WORKER, replace(WORKER, ending=True))),
        ClusterState.SUSPENDING,
        "is ending",
        (Sweep((WORKER,)),),
    ),
    ("to sleep, never came up", ASLEEP, replace(UP, driver=None), ClusterState.SUSPENDING, "", (Apply(on=False),)),
    ("dropped", DROPPED, replace(UP, leftovers=4), ClusterState.TERMINATED, "being removed", (Destroy(),)),
    ("dropped, gone", DROPPED, Sight("", ""), ClusterState.TERMINATED, "", (Remove(),)),
    ("dropped, no namespace", DROPPED, replace(UP, ground=Ground.MISSING), ClusterState.TERMINATED, "", (Remove(),)),
    (
        "dropped, the namespace goes",
        DROPPED,
        replace(UP, ground=Ground.TERMINATING),
        ClusterState.TERMINATED,
        "being removed",
        (),
    ),
]


@pytest.mark.parametrize(
    ("row", "sight", "state", "reason", "actions"), [case[1:] for case in TABLE], ids=[case[0] for case in TABLE]
)
def test_decisions(row: Cluster, sight: Sight, state: ClusterState, reason: str, actions: tuple[Any, ...]) -> None:
    found = decided(row, sight)
    assert found[0] is state
    assert reason in (found[1] or "")
    if not reason and state in (ClusterState.RUNNING, ClusterState.SUSPENDED):
        assert found[1] is None
    assert found[2] == actions


@pytest.mark.parametrize("state", list(ClusterState))
def test_only_clusters_that_answer_have_an_endpoint(state: ClusterState) -> None:
    for row in (cluster(state=state), cluster(state=state, desired=Desired.SUSPENDED)):
        for sight in (UP, NOTHING, STOPPED, replace(UP, driver=replace(DRIVER, ready=False), agent=None)):
            made = plan(row, sight, NOW, ROOM).observed
            if made.state.answers:
                assert (made.endpoint, made.ui, made.workers) == (DRIVER.endpoint, DRIVER.ui, 2)
            elif made.state is not ClusterState.SUSPENDING:
                assert (made.endpoint, made.ui, made.workers) == (None, None, 0)


def test_what_does_not_fit_is_not_started() -> None:
    room = Fit(1, "8 cores")
    state, reason, actions = decided(cluster(), NOTHING, room)
    assert (state, actions) == (ClusterState.FAILED, ())
    assert reason is not None
    assert "quota" in reason
    assert "8 cores" in reason
    assert decided(cluster(), NOTHING, Fit(2, "8 cores"))[2] == (Apply(on=True),)
    auto = cluster(spec={"min_workers": 1, "max_workers": 9})
    assert decided(auto, NOTHING, room)[2] == (Apply(on=True),)


def test_what_runs_is_not_stopped_by_a_smaller_tier_but_keeps_to_it() -> None:
    assert decided(RUNNING, UP, Fit(1, "8 cores")) == (ClusterState.SCALING, "2/1 workers registered", (Ask(1),))
    assert decided(RUNNING, UP, Fit(-1, "8 cores"))[2] == (Ask(0),)


def idle(**fields: Any) -> Cluster:
    return replace(RUNNING, last_used=ago(601), state_since=ago(601), **fields)


UNUSED = replace(UP, agent=replace(AGENT, idle_s=601.0, uptime_s=601.0))


def test_idle_clusters_are_suspended_by_comparing() -> None:
    assert decided(idle(), UNUSED)[2] == (SuspendIdle(ago(600)),)
    assert decided(cluster(state=ClusterState.FAILED, last_used=ago(700), state_since=ago(700)), NOTHING)[2] == (
        Apply(on=True),
        SuspendIdle(ago(600)),
    )


@pytest.mark.parametrize(
    ("row", "sight"),
    [
        (replace(idle(), last_used=ago(599)), UNUSED),
        (replace(idle(), state_since=ago(5)), UNUSED),
        (idle(running=1), UNUSED),
        (idle(queued=1), UNUSED),
        (idle(), replace(UNUSED, agent=replace(AGENT, running=1))),
        (idle(), replace(UNUSED, agent=replace(AGENT, idle_s=10.0, uptime_s=601.0))),
        (replace(idle(), spec=cluster(spec={"auto_suspend_s": None}).spec), UNUSED),
    ],
    ids=["used", "just come up", "running", "queued", "busy driver", "driver used", "never"],
)
def test_clusters_in_use_are_not_suspended(row: Cluster, sight: Sight) -> None:
    assert decided(row, sight)[2] == ()


def test_a_driver_that_was_restarted_does_not_count_as_used() -> None:
    fresh = replace(UP, agent=replace(AGENT, idle_s=20.0, uptime_s=30.0))
    assert decided(idle(), fresh)[2] == (SuspendIdle(ago(600)),)


def test_lifetimes() -> None:
    short = cluster(state=ClusterState.RUNNING, workers=2, spec={"max_lifetime_s": 3600.0})
    assert decided(short, UP)[2] == (Terminate("it has reached max_lifetime"),)
    assert decided(replace(short, created_at=ago(3599)), UP)[2] == ()
    busy = replace(UP, agent=replace(AGENT, running=1))
    assert decided(short, busy)[2] == ()
    assert decided(replace(short, created_at=ago(7201)), busy)[2] == (Terminate("it has reached max_lifetime"),)
    assert decided(replace(short, desired=Desired.SUSPENDED, observed=ASLEEP.observed), STOPPED)[2] == (
        Terminate("it has reached max_lifetime"),
    )
    forgotten = replace(cluster(desired=Desired.SUSPENDED, spec={"auto_terminate_s": 60.0}), state_since=ago(61))
    assert decided(forgotten, STOPPED)[2] == (Terminate("suspended for as long as auto_terminate says"),)
    assert decided(replace(forgotten, state_since=ago(59)), STOPPED)[2] == ()


def test_a_driver_that_is_not_ours_needs_no_agent() -> None:
    sight = Sight("", "", applied="", on=True, driver=replace(DRIVER, settings=""), has_agent=False)
    assert decided(cluster(state=ClusterState.STARTING), sight) == (ClusterState.RUNNING, None, ())
    gone = replace(sight, driver=replace(DRIVER, settings="", ready=False, problem=Problem("refused", lasting=True)))
    assert decided(RUNNING, gone) == (ClusterState.FAILED, "refused", ())


@pytest.mark.parametrize("desired", list(Desired))
@pytest.mark.parametrize("noted", [None, ago(86_400 * 40).date(), NOW.date()])
@pytest.mark.parametrize("on_budget", ["notify", "suspend", "reject"])
@pytest.mark.parametrize("spent", [0.0, 4.99, 5.0, 6.0])
def test_the_end_of_a_budget(spent: float, on_budget: str, noted: date | None, desired: Desired) -> None:
    """It is noted once for a period. What suspends does nothing else, whatever else there is to do."""
    since = NOW.date()
    row = replace(
        cluster(state=ClusterState.RUNNING, workers=2, spec={"budget": 5.0, "on_budget": on_budget}),
        desired=desired,
        spending=Spending(spent, since),
        budget_noted=noted,
    )
    usual = plan(replace(row, spending=None), STOPPED, NOW, ROOM).actions
    found = plan(row, STOPPED, NOW, ROOM).actions
    why = "the budget of 5 worker hours a month is used up"
    if spent < 5 or desired is Desired.TERMINATED:
        assert found == usual
    elif on_budget == "suspend" and desired is Desired.RUNNING:
        assert found == (BudgetSpent(since, f"{why}: suspended", suspend=True),)
    else:
        assert found == usual + (() if noted == since else (BudgetSpent(since, why, suspend=False),))
