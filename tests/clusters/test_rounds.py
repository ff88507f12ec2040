"""Rounds: one slow or broken cluster holds up no other, the lead is asked for, the store is told what is new."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from catalog.clusters.model import Backend, Cluster, ClusterState, Desired, Spending, Tier
from engine.clusters import reconcile
from engine.clusters.backend import BackendError, Deed
from engine.clusters.reconcile import Reconciler, room_beside
from engine.clusters.sight import Sight
from tests.clusters.samples import NOW, TIER, MemoryStore, cluster
from tests.clusters.test_plan import UP


class Stage:
    """A backend of which every cluster shows `sights[name]`; an exception is raised instead."""

    def __init__(self) -> None:
        self.sights: dict[str, Sight | Exception] = {}
        self.deeds: list[tuple[str, Deed]] = []
        self.blocked = threading.Event()
        self.release = threading.Event()
        self.closed = False

    def survey(self, clusters: Sequence[Cluster]) -> None: ...

    def look(self, row: Cluster, tier: Tier) -> Sight:
        if row.name == "slow":
            self.blocked.set()
            self.release.wait(30)
        shown = self.sights.get(row.name, UP)
        if isinstance(shown, Exception):
            raise shown
        return shown

    def act(self, row: Cluster, tier: Tier, deed: Deed) -> None:
        self.deeds.append((row.name, deed))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def stage() -> Stage:
    return Stage()


def put(store: MemoryStore, *names: str) -> dict[str, Cluster]:
    return {name: store.put(cluster(id=UUID(int=i), name=name)) for i, name in enumerate(names, 1)}


def made(store: MemoryStore, stage: Stage, **options: object) -> Reconciler:
    return Reconciler(store, {Backend.KUBERNETES: stage}, lambda _: TIER, now=lambda: NOW, **options)  # type: ignore[arg-type]


def test_a_slow_cluster_holds_up_no_other(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "ROUND_S", 0.05)
    store = MemoryStore()
    rows = put(store, "slow", "quick")
    reconciler = made(store, stage, threads=2)
    try:
        for _ in range(3):
            assert not reconciler.round().steady
        assert stage.blocked.is_set()
        assert store.rows[rows["quick"].id].state is ClusterState.RUNNING
        assert store.rows[rows["slow"].id].state is ClusterState.SUSPENDED
    finally:
        stage.release.set()
        reconciler.close()
    assert store.rows[rows["slow"].id].state is ClusterState.RUNNING
    assert stage.closed


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (ValueError("a bug"), ClusterState.SUSPENDED, None),
        (BackendError("down", unreachable=True), ClusterState.SUSPENDED, None),
        (BackendError("Forbidden: no"), ClusterState.FAILED, "Forbidden: no"),
    ],
)
def test_an_error_is_one_clusters_own(stage: Stage, error: Exception, state: ClusterState, reason: str | None) -> None:
    store = MemoryStore()
    rows = put(store, "broken", "well")
    stage.sights["broken"] = error
    reconciler = made(store, stage)
    try:
        assert not reconciler.round().steady
    finally:
        reconciler.close()
    assert store.rows[rows["well"].id].state is ClusterState.RUNNING
    found = store.rows[rows["broken"].id]
    assert (found.state, found.observed.reason) == (state, reason)


def test_what_runs_keeps_its_endpoint_while_nothing_can_be_seen(stage: Stage) -> None:
    store = MemoryStore()
    row = put(store, "etl")["etl"]
    reconciler = made(store, stage)
    try:
        reconciler.round()
        before = store.rows[row.id].observed
        assert before.endpoint == "10.0.0.1:15002"
        for error in (BackendError("down", unreachable=True), BackendError("Forbidden: no")):
            stage.sights["etl"] = error
            reconciler.round()
            assert store.rows[row.id].observed == before
    finally:
        reconciler.close()


def test_who_waits_while_nothing_can_be_seen_is_told_why(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    rows = put(store, "up", "changed", "starting")
    reconciler = made(store, stage)
    stage.sights["starting"] = replace(UP, driver=None, agent=None)
    try:
        reconciler.round()
        before = {name: store.rows[row.id].observed for name, row in rows.items()}
        store.change(rows["changed"].id, workers_wanted=3)

        def blind(_: Sequence[Cluster]) -> None:
            raise BackendError("connection refused", unreachable=True)

        monkeypatch.setattr(stage, "survey", blind)
        assert not reconciler.round().steady
    finally:
        reconciler.close()
    assert store.rows[rows["up"].id].observed == before["up"]
    for name in ("changed", "starting"):
        found = store.rows[rows[name].id].observed
        assert "kubernetes now, it is tried again: it cannot be reached" in str(found.reason)
        assert replace(found, reason=before[name].reason) == before[name]


def test_who_has_lost_the_lead_does_nothing_more(stage: Stage) -> None:
    store = MemoryStore()
    put(store, "etl")
    stage.sights["etl"] = Sight("r", "s")
    reconciler = made(store, stage, leading=lambda: False)
    try:
        reconciler.round()
    finally:
        reconciler.close()
    assert (stage.deeds, store.events) == ([], [])


def test_a_backend_that_is_not_set_up_is_said(stage: Stage) -> None:
    store = MemoryStore()
    row = put(store, "etl")["etl"]
    store.put(replace(row, spec=replace(row.spec, backend=Backend.LOCAL)))
    reconciler = made(store, stage)
    try:
        reconciler.round()
    finally:
        reconciler.close()
    assert store.rows[row.id].observed.reason == "this server is not set up for clusters on local"


def test_events_tell_states_and_numbers_of_workers(stage: Stage) -> None:
    store = MemoryStore()
    row = put(store, "etl")["etl"]
    agent = UP.agent
    assert agent is not None
    reconciler = made(store, stage)
    try:
        for registered in (1, 1, 2, 2):
            stage.sights["etl"] = replace(UP, agent=replace(agent, registered=registered))
            reconciler.round()
        store.change(row.id, spec=replace(row.spec, min_workers=1, max_workers=3))
        for registered in (2, 3, 3):
            stage.sights["etl"] = replace(UP, agent=replace(agent, registered=registered))
            reconciler.round()
    finally:
        reconciler.close()
    assert [(kind, workers) for kind, _, workers in store.events] == [("scaling", 1), ("running", 2), ("workers", 3)]


def test_an_idle_cluster_is_suspended_unless_it_was_used_meanwhile(stage: Stage) -> None:
    store = MemoryStore()
    row = put(store, "etl")["etl"]
    old = NOW - timedelta(hours=2)
    running = replace(row, observed=replace(row.observed, state=ClusterState.RUNNING), last_used=old, state_since=old)
    used = replace(running, last_used=NOW)

    class Late(MemoryStore):
        def all(self) -> list[Cluster]:
            return [running]

    late = Late()
    late.put(used)
    agent = UP.agent
    assert agent is not None
    stage.sights["etl"] = replace(UP, agent=replace(agent, idle_s=7200.0, uptime_s=7200.0))
    for each, desired in ((store, Desired.SUSPENDED), (late, Desired.RUNNING)):
        if each is store:
            each.put(running)
        reconciler = made(each, stage)
        try:
            reconciler.round()
        finally:
            reconciler.close()
        assert each.rows[row.id].desired is desired


def test_a_budget_that_is_used_up_is_told_and_suspends(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    rows = put(store, "told", "stopped")
    for name, on_budget in (("told", "notify"), ("stopped", "suspend")):
        spec = replace(rows[name].spec, budget=1.0, on_budget=on_budget)
        store.put(replace(rows[name], spec=spec, spending=Spending(1.5, NOW.date())))
    reconciler = made(store, stage)
    try:
        for _ in range(3):
            reconciler.round()
    finally:
        reconciler.close()
    found = {name: store.rows[row.id] for name, row in rows.items()}
    assert (found["told"].desired, found["stopped"].desired) == (Desired.RUNNING, Desired.SUSPENDED)
    assert {one.budget_noted for one in found.values()} == {NOW.date()}
    told = sorted(record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert told == [
        "cluster stopped of acme: the budget of 1 worker hours a month is used up: suspended",
        "cluster told of acme: the budget of 1 worker hours a month is used up",
    ]


def test_of_two_that_start_at_once_and_do_not_fit_together_one_starts() -> None:
    tier = replace(TIER, workers=None, cores=1.0, memory=None)
    one = cluster(id=UUID(int=1))
    two = cluster(id=UUID(int=2), state_since=NOW + timedelta(seconds=1))
    assert room_beside(tier, one, [two]).admits(2)
    assert not room_beside(tier, two, [one]).admits(2)
    up = replace(two, observed=replace(two.observed, state=ClusterState.RUNNING))
    assert not room_beside(tier, one, [up]).admits(2)
    asleep = replace(two, desired=Desired.SUSPENDED)
    assert room_beside(tier, one, [asleep]).admits(2)
