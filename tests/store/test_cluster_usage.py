"""What clusters use: counted by day, added once whoever notes it, budgets, prices, and leaders that die in between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from catalog.clusters.model import Backend, Cluster, ClusterSpec, ClusterState, Desired, Observed, UsageDay
from catalog.clusters.store import Clusters
from catalog.clusters.tenant import TenantClusters
from catalog.clusters.tiers import BUILT_IN
from catalog.clusters.usage import UNSEEN_S
from catalog.errors import SqlError
from catalog.store import Store
from catalog.store.tables import cluster_events, cluster_usage
from catalog.store.tables import clusters as rows
from tests.clusters.samples import SPEC

SUSPENDED = replace(SPEC, initially_suspended=True)
DAY = 86_400.0
PRICE = 0.5


class Site:
    """A tenant's clusters, as two gateways see them; `ago` moves what has been noted into the past."""

    def __init__(self, store: Store, root: Path, url: str) -> None:
        self.store, self.other = store, Store(url, str(root / "lake"))
        self.here = Clusters(store.database, store.instance, {"small": PRICE})
        self.there = Clusters(self.other.database, self.other.instance, {"small": PRICE})
        self.tenant = store.ensure_tenant("acme")
        self.mine = TenantClusters(self.here, self.tenant.id, "acme", lambda: BUILT_IN.of("acme"), BUILT_IN.sizes)

    def made(self, name: str = "etl", spec: ClusterSpec = SUSPENDED) -> Cluster:
        return self.mine.create(name, spec, "ann")

    def see(self, cluster: Cluster, state: ClusterState, workers: int = 0) -> None:
        self.here.observe(cluster.id, Observed(state, None, cluster.generation, workers))

    def ago(self, cluster: Cluster, length: timedelta) -> None:
        """As if nothing had been noted for that long."""
        with self.store.database.begin() as connection:
            connection.execute(
                update(rows)
                .where(rows.c.id == cluster.id)
                .values(usage_at=text("now() - :length").bindparams(length=length))
            )

    def at(self, cluster: Cluster, moment: datetime) -> None:
        with self.store.database.begin() as connection:
            connection.execute(update(rows).where(rows.c.id == cluster.id).values(usage_at=moment))

    def used(self, cluster: Cluster, days: dict[date, float]) -> None:
        """Worker seconds of earlier days."""
        with self.store.database.begin() as connection:
            for day, seconds in days.items():
                row = {"cluster_id": cluster.id, "day": day, "tenant_id": self.tenant.id, "cluster": cluster.name}
                connection.execute(
                    cluster_usage.insert().values(row | {"worker_s": seconds, "driver_s": seconds, "cost": 0})
                )

    def stored(self) -> float:
        with self.store.database.begin() as connection:
            return sum(connection.execute(select(cluster_usage.c.worker_s)).scalars())

    def kinds(self, cluster: UUID) -> list[str]:
        with self.store.database.begin() as connection:
            wanted = select(cluster_events.c.kind).where(cluster_events.c.cluster_id == cluster)
            return list(connection.execute(wanted.order_by(cluster_events.c.id)).scalars())


@pytest.fixture
def site(store: Store, store_url: str, tmp_path: Path) -> Iterator[Site]:
    made = Site(store, tmp_path, store_url)
    yield made
    made.other.close()


def seconds(days: list[UsageDay] | tuple[UsageDay, ...]) -> tuple[float, float]:
    """(workers, drivers) of all days, to a tenth."""
    return round(sum(day.worker_s for day in days), 1), round(sum(day.driver_s for day in days), 1)


def total(site: Site) -> tuple[float, float]:
    return seconds(list(site.mine.usage()))


def test_workers_and_drivers_are_counted_from_change_to_change(site: Site) -> None:
    made = site.made()
    site.ago(made, timedelta(hours=1))
    assert total(site) == (0, 0)
    site.see(made, ClusterState.STARTING)
    site.ago(made, timedelta(hours=1))
    site.see(made, ClusterState.SCALING, 1)
    assert total(site) == pytest.approx((0, 0), abs=2)
    site.ago(made, timedelta(seconds=100))
    site.see(made, ClusterState.RUNNING, 3)
    site.ago(made, timedelta(seconds=1000))
    assert total(site) == pytest.approx((3100, 1100), abs=10)
    site.see(made, ClusterState.SUSPENDED)
    site.ago(made, timedelta(days=3))
    assert total(site) == pytest.approx((3100, 1100), abs=10)
    assert total(site)[0] == pytest.approx(site.stored(), abs=0.1)


def test_days_begin_at_midnight_utc(site: Site) -> None:
    made = site.made()
    site.see(made, ClusterState.RUNNING, 2)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    site.at(made, today - timedelta(hours=25))
    expected = [(today.date() - timedelta(days=1), 2 * DAY), (today.date() - timedelta(days=2), 7200.0)]
    for _ in range(2):
        newest, *earlier = site.mine.usage()
        assert [(one.day, one.worker_s) for one in earlier] == expected
        assert [one.until for one in earlier] == [today, today - timedelta(days=1)]
        assert newest.day == today.date() and newest.until > today
        site.here.observe(made.id, Observed(ClusterState.RUNNING, "now stored", 1, 2))


def test_what_two_gateways_note_at_once_is_counted_once(site: Site) -> None:
    made = site.made()
    site.see(made, ClusterState.RUNNING, 2)
    site.ago(made, timedelta(seconds=1000))
    begin = threading.Barrier(8)

    def note(clusters: Clusters, workers: int) -> None:
        begin.wait(10)
        clusters.observe(made.id, Observed(ClusterState.RUNNING, None, 1, workers))
        clusters.add_usage()

    threads = [threading.Thread(target=note, args=((site.here, site.there)[n % 2], 2)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total(site)[0] == pytest.approx(2000, abs=10)
    assert site.kinds(made.id) == ["create", "running"]


def test_running_clusters_are_added_up_now_and_then(site: Site) -> None:
    made = site.made()
    site.see(made, ClusterState.RUNNING, 1)
    before = site.stored()
    site.here.add_usage()
    assert site.stored() == before, "a moment ago"
    site.ago(made, timedelta(seconds=60))
    site.there.add_usage()
    assert site.stored() == pytest.approx(60, abs=2)
    assert total(site)[0] == pytest.approx(60, abs=2)


def test_of_a_server_that_was_down_only_so_much_is_counted_on_its_own_machine(site: Site) -> None:
    here, pods, external = (
        site.made(kind.value, replace(SUSPENDED, backend=kind))
        for kind in (Backend.LOCAL, Backend.KUBERNETES, Backend.EXTERNAL)
    )
    for one in (here, pods, external):
        site.see(one, ClusterState.RUNNING, 1)
        site.ago(one, timedelta(hours=2))
    for _ in range(2):
        found: dict[str, float] = {}
        for day in site.mine.usage():
            found[day.cluster] = found.get(day.cluster, 0) + day.worker_s
        assert found == {"local": pytest.approx(UNSEEN_S), "kubernetes": pytest.approx(7200, abs=5)}
        for one in (here, pods, external):
            site.see(one, ClusterState.SUSPENDED)


class Died(Exception):
    """Instead of a leader's death: everything from there on did not happen."""


def test_a_leader_that_dies_while_it_notes_a_change_loses_and_doubles_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each of the steps of a note in turn; the next leader sees the same and notes it."""
    made = site.made()
    site.see(made, ClusterState.RUNNING, 1)
    site.ago(made, timedelta(seconds=1000))
    for step in ("catalog.clusters.store.usage.add", "catalog.clusters.store.note", "catalog.clusters.store.notify"):
        real = _resolved(step)

        def die(*args: object, real: object = real, **options: object) -> None:
            real(*args, **options)  # type: ignore[operator]
            raise Died

        with monkeypatch.context() as patched:
            patched.setattr(step, die)
            with pytest.raises(Died):
                site.here.observe(made.id, Observed(ClusterState.SCALING, None, 1, 2))
        assert site.mine.get("etl", fresh=True).observed.workers == 1
        assert total(site)[0] == pytest.approx(1000, abs=5)
    for leader in (site.there, site.here):
        leader.observe(made.id, Observed(ClusterState.SCALING, None, 1, 2))
    assert site.kinds(made.id) == ["create", "running", "scaling"]
    assert total(site)[0] == pytest.approx(1000, abs=10)


def _resolved(path: str) -> object:
    from catalog.clusters import store, usage

    return {"add": usage.add, "note": store.note, "notify": store.notify}[path.rpartition(".")[2]]


def test_a_decision_and_its_event_are_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    made = site.made(spec=replace(SUSPENDED, initially_suspended=False))
    later = datetime.now(UTC) + timedelta(minutes=5)

    def die(*_: object, **__: object) -> None:
        raise Died

    for decide in (
        lambda: site.here.suspend_idle(made.id, made.generation, later),
        lambda: site.here.terminate(made.id, made.generation, "old"),
        lambda: site.here.spent(made.id, made.generation, later.date(), "spent", suspend=True),
    ):
        with monkeypatch.context() as patched:
            patched.setattr("catalog.clusters.store.note", die)
            with pytest.raises(Died):
                decide()
        assert site.mine.get("etl", fresh=True) == made
    assert site.here.spent(made.id, made.generation, later.date(), "spent", suspend=True)
    assert site.kinds(made.id) == ["create", "budget"]


def test_budgets_count_the_present_period(site: Site) -> None:
    today = datetime.now(UTC).date()
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    for period, since in (("day", today), ("week", monday), ("month", first)):
        made = site.made(period, replace(SUSPENDED, budget=2.0, budget_period=period))
        assert made.spending is not None and (made.spending.spent, made.spending.since) == (0, since)
        site.used(made, {since - timedelta(days=1): 90_000.0, since: 3600.0})
        site.see(made, ClusterState.RUNNING, 2)
        now = site.mine.get(period, fresh=True)
        assert now.spending is not None and now.spending.spent == pytest.approx(1, abs=0.01)
        assert not now.over_budget and not now.spending.priced
        with site.store.database.begin() as connection:
            connection.execute(update(cluster_usage).where(cluster_usage.c.day == since).values(worker_s=7200.0))
        assert site.mine.get(period, fresh=True).over_budget, "2 of 2 hours"
    assert site.made("free").spending is None


def test_what_is_not_yet_added_counts(site: Site) -> None:
    made = site.made(spec=replace(SUSPENDED, budget=0.01, budget_period="month", on_budget="reject"))
    site.see(made, ClusterState.RUNNING, 1)
    assert not site.mine.get("etl", fresh=True).refuses_queries
    site.ago(made, timedelta(seconds=37))
    assert site.mine.get("etl", fresh=True).refuses_queries or datetime.now(UTC).day == 1
    assert site.stored() < 1


def test_money_is_counted_at_the_price_of_its_time(site: Site) -> None:
    made = site.made(spec=replace(SUSPENDED, size="small", budget=10.0))
    site.see(made, ClusterState.RUNNING, 2)
    site.ago(made, timedelta(hours=1))
    site.mine.alter("etl", "ann", lambda one: replace(one.spec, size="xsmall"))
    site.ago(made, timedelta(hours=1))
    [cost] = [round(sum(one.cost or 0 for one in site.mine.usage()), 2)]
    assert cost == 2 * PRICE
    site.mine.alter("etl", "ann", lambda one: replace(one.spec, size="small"))
    now = site.mine.get("etl", fresh=True)
    assert now.spending is not None and now.spending.priced and now.budget_text == "10 a month"
    assert now.spending.spent == pytest.approx(1, abs=0.01) or datetime.now(UTC).day == 1


def test_the_end_of_a_budget_is_noted_once_for_a_period(site: Site) -> None:
    made = site.made(spec=replace(SUSPENDED, budget=1.0, initially_suspended=False))
    first, second = date(2026, 1, 1), date(2026, 2, 1)
    assert site.here.spent(made.id, made.generation, first, "spent", suspend=False)
    now = site.mine.get("etl", fresh=True)
    assert (now.desired, now.budget_noted, now.generation) == (Desired.RUNNING, first, made.generation + 1)
    assert not site.there.spent(made.id, made.generation, second, "spent", suspend=False), "an old sight"
    assert not site.there.spent(made.id, now.generation, first, "spent", suspend=False)
    assert site.there.spent(made.id, now.generation, second, "spent", suspend=True)
    assert site.mine.get("etl", fresh=True).desired is Desired.SUSPENDED
    raised = site.mine.alter("etl", "ann", lambda one: replace(one.spec, budget=2.0))
    assert raised.budget_noted is None
    assert site.kinds(made.id) == ["create", "budget", "budget", "alter"]


def test_old_days_go_and_usage_outlives_its_cluster(site: Site) -> None:
    made, today = site.made(), datetime.now(UTC).date()
    site.used(made, {today - timedelta(days=399): 1.0, today - timedelta(days=401): 1.0})
    site.see(made, ClusterState.STARTING)
    assert [one.day for one in site.mine.usage()] == [today - timedelta(days=399)]
    site.mine.want("etl", Desired.TERMINATED, "ann")
    site.here.remove(made.id)
    assert [(one.id, one.cluster) for one in site.mine.usage()] == [(made.id, "etl")]
    with pytest.raises(SqlError):
        site.mine.get("etl")
