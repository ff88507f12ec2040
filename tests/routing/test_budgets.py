"""What sessions meet on a cluster that has used up its budget. The clusters are rows, nothing runs behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select

from catalog.clusters.model import Backend, ClusterSpec, ClusterState, Desired, EngineKind
from catalog.errors import ConfigurationLimitExceeded
from catalog.store import Store
from catalog.store.tables import cluster_usage, clusters
from engine.base import RouteReason
from engine.clusters.routing import Need
from sql_extensions.cluster_state import next_period
from tests.routing.test_compute import GIB, World, call, end, refused

HOUR = 3600.0
LOCAL = ClusterSpec(EngineKind.SPARK, Backend.LOCAL, "xsmall", 1, 1, 1, GIB, 1, GIB)
WARNING = 'cluster "etl" has used up its budget of 2 worker hours a day'


class Budgeted(World):
    """Whose cluster etl has a budget of two worker hours a day."""

    def begin(self, on_budget: str, *, used: float, runs: bool = True) -> None:
        spec = replace(LOCAL, budget=2.0, budget_period="day", on_budget=on_budget)
        self.clusters.create("etl", spec, "ann")
        if runs:
            self.start()
        self.use(used)

    def use(self, hours: float) -> None:
        """So much, and no more."""
        cluster = self.clusters.get("etl", fresh=True)
        day = cluster.spending.since if cluster.spending is not None else date.today()
        with self.store.database.begin() as connection:
            connection.execute(delete(cluster_usage))
            tenant = select(clusters.c.tenant_id).where(clusters.c.id == cluster.id).scalar_subquery()
            row = {"cluster_id": cluster.id, "tenant_id": tenant, "cluster": "etl", "day": day}
            seconds = {"worker_s": hours * HOUR, "driver_s": hours * HOUR, "cost": 0}
            connection.execute(cluster_usage.insert().values(row | seconds))
        self.clusters.list(fresh=True)


@pytest.fixture
def world(store: Store) -> Iterator[Budgeted]:
    made = Budgeted(store)
    yield made
    made.places.close()


@pytest.mark.parametrize("on_budget", ["notify", "suspend", "reject"])
def test_below_it_nothing_is_said(world: Budgeted, on_budget: str) -> None:
    world.begin(on_budget, used=1.9)
    compute, mine = world.compute("etl"), call()
    assert compute.cluster_engine(mine, "etl").name == "etl"
    assert mine.notices == []
    end(mine)
    compute.close()


def test_notify_warns_each_session_once(world: Budgeted) -> None:
    world.begin("notify", used=2.0)
    for _ in range(2):
        compute, first, second = world.compute("etl"), call(), call()
        for one in (first, second):
            compute.cluster_engine(one, "etl")
            end(one)
        assert [(notice.severity, notice.sqlstate, notice.message) for notice in first.notices] == [
            ("WARNING", "01000", WARNING)
        ]
        assert second.notices == []
        compute.close()


@pytest.mark.parametrize("on_budget", ["suspend", "reject"])
def test_what_has_begun_ends_and_nothing_begins(world: Budgeted, on_budget: str) -> None:
    world.begin(on_budget, used=0)
    compute, begun = world.compute("etl"), call()
    compute.cluster_engine(begun, "etl")
    world.use(2.5)
    error = refused(compute)
    assert isinstance(error, ConfigurationLimitExceeded)
    assert (error.code, error.message) == ("53400", 'cluster "etl" has used up its budget')
    since = world.clusters.get("etl").spending
    assert since is not None
    assert error.detail == f"It has used 2.500 worker hours since {since.since}."
    tomorrow = since.since + timedelta(days=1)
    assert error.hint == f"The budget is 2 worker hours a day. A new day begins on {tomorrow} (UTC)."
    compute.cluster_engine(begun, "etl")  # the next query of the statement
    end(begun)
    world.use(1.0)  # as when the period turns, or the budget is raised
    later = call()
    compute.cluster_engine(later, "etl")
    end(later)
    compute.close()


@pytest.mark.parametrize("on_budget", ["suspend", "reject"])
def test_a_suspended_one_is_not_resumed(world: Budgeted, on_budget: str) -> None:
    world.begin(on_budget, used=3, runs=False)
    assert refused(world.compute("etl")).code == "53400"
    assert world.clusters.get("etl", fresh=True).desired is Desired.SUSPENDED
    assert world.counts() == (0, 0)


def test_one_that_suspends_while_queries_end_takes_no_more(world: Budgeted) -> None:
    world.begin("suspend", used=3)
    world.clusters.want("etl", Desired.SUSPENDED, "ann")
    world.observe(ClusterState.SUSPENDING, "waiting for a query to end")
    assert refused(world.compute("etl")).code == "53400"


@pytest.mark.parametrize(("on_budget", "engine"), [("notify", "etl"), ("suspend", None), ("reject", None)])
def test_auto_stays_embedded(world: Budgeted, on_budget: str, engine: str | None) -> None:
    world.begin(on_budget, used=3)
    route = world.compute("auto").route(call(), Need(RouteReason.EMBEDDED_SIZE, bytes=1000))
    assert route.cluster == engine


@pytest.mark.parametrize(
    ("since", "period", "following"),
    [
        (date(2026, 12, 31), "day", date(2027, 1, 1)),
        (date(2026, 12, 28), "week", date(2027, 1, 4)),
        (date(2026, 1, 1), "month", date(2026, 2, 1)),
        (date(2026, 12, 1), "month", date(2027, 1, 1)),
    ],
)
def test_periods(since: date, period: str, following: date) -> None:
    assert next_period(since, period) == following
