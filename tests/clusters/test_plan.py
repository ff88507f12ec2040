"""The table of decisions: a row, what is seen of it, and what follows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from catalog.clusters.model import Cluster, ClusterState, Desired
from engine.clusters.plan import (
    Apply,
    Ask,
    Destroy,
    Remove,
    Replace,
    Sweep,
    plan,
)
from engine.clusters.quota import Fit
from engine.clusters.sight import Ground, Problem, Sight
from tests.clusters.samples import NOW, cluster
from tests.clusters.sights import (
    AGENT,
    ASLEEP,
    AUTO,
    DRIVER,
    DROPPED,
    FAILED,
    IMAGE,
    NODES,
    NOTHING,
    ROOM,
    RUNNING,
    STARTING,
    STOPPED,
    UP,
    WORKER,
    ago,
    decided,
)

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
