"""What ends a cluster by itself: nobody uses it, its time is over, its budget is spent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from catalog.clusters.model import Cluster, ClusterState, Desired, Spending
from engine.clusters.plan import (
    Apply,
    BudgetSpent,
    SuspendIdle,
    Terminate,
    plan,
)
from engine.clusters.sight import Problem, Sight
from tests.clusters.samples import NOW, cluster
from tests.clusters.sights import (
    AGENT,
    ASLEEP,
    DRIVER,
    NOTHING,
    ROOM,
    RUNNING,
    STOPPED,
    UP,
    ago,
    decided,
)


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
