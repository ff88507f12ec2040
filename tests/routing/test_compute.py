"""What a session meets on its way into a cluster: states, rights, limits. The clusters are rows of a real store; what
runs behind them is not asked.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from catalog.clusters.model import Backend, ClusterSpec, ClusterState, Desired, EngineKind, Observed, Tier
from catalog.clusters.scans import Scans, today
from catalog.clusters.store import Clusters
from catalog.clusters.tenant import TenantClusters
from catalog.errors import SqlError
from catalog.principal import Principal
from catalog.store import Store
from engine.base import Notice, RouteReason
from engine.clusters.admission import Admission
from engine.clusters.routing import Need
from engine.spark.engine import SparkEngine
from engine.spark.session import ConnectSession
from sql_extensions import call as calls
from sql_extensions.call import Call
from sql_extensions.cluster_guests import Guests
from sql_extensions.compute import ClusterAccess, Compute
from sql_extensions.scan_meter import ScanMeter

GIB = 1 << 30
WAIT_S = 20.0
ANN, BOB = Principal("ann", "shop", admin=True), Principal("bob", "shop")


class World:
    """A tenant with clusters."""

    def __init__(self, store: Store) -> None:
        store.ensure_tenant("shop")
        self.tier = Tier("free", concurrency=1, queue=5, queue_timeout_s=WAIT_S)
        self.store = Clusters(store.database, store.instance)
        self.clusters = TenantClusters(self.store, store.catalog("shop").tenant.id, "shop", lambda: self.tier, {})
        self.places = self.store.places()
        self.admission = Admission(self.places)
        self.scans = Scans(store.database, store.catalog("shop").tenant.id)
        self.uses: list[UUID] = []
        self._opened: list[SparkEngine] = []

    def add(self, name: str = "etl", **options: object) -> None:
        spec = ClusterSpec(EngineKind.SPARK, Backend.EXTERNAL, "xsmall", 0, 0, 1, GIB, 1, GIB, **options)  # type: ignore[arg-type]
        self.clusters.create(name, spec, "ann")

    def observe(self, state: ClusterState, reason: str | None = None, name: str = "etl") -> None:
        cluster = self.clusters.get(name, fresh=True)
        endpoint = "127.0.0.1:1" if state.answers else None
        self.store.observe(cluster.id, Observed(state, reason, cluster.generation, 0, endpoint))
        self.clusters.list(fresh=True)

    def start(self, name: str = "etl") -> None:
        self.clusters.want(name, Desired.RUNNING, "ann")
        self.observe(ClusterState.RUNNING, name=name)

    def counts(self) -> tuple[int, int]:
        cluster = self.clusters.get("etl", fresh=True)
        return cluster.running, cluster.queued

    def compute(
        self, setting: str, who: Principal = ANN, *, default: str = "embedded", auto_bytes: int = 100
    ) -> Compute:
        access = ClusterAccess(
            self.clusters,
            self.admission,
            lambda cluster, _: self._connect(cluster.name),
            self.uses.append,
            ScanMeter(self.scans),
            Guests(),
            default=default,
            auto_bytes=auto_bytes,
        )
        return Compute(None, access, who, lambda: setting)  # type: ignore[arg-type]

    def _connect(self, name: str) -> SparkEngine:
        """Nothing is sent before something is asked of it."""
        return SparkEngine(name, ConnectSession("127.0.0.1:1", "", "shop/ann"))


@pytest.fixture
def world(store: Store) -> Iterator[World]:
    made = World(store)
    yield made
    made.places.close()


def call(who: Principal = ANN) -> Call:
    return Call("q_1", who, 1, "SELECT 1")


def refused(compute: Compute, name: str = "etl", of: Call | None = None) -> SqlError:
    refused_call = of or call()
    with pytest.raises(SqlError) as told:
        compute.cluster_engine(refused_call, name)
    if of is None:
        end(refused_call)
    return told.value


def end(done: Call) -> None:
    """What settling a call does."""
    for action in done.take_ends():
        action()


def test_a_running_cluster_is_entered_at_once(world: World) -> None:
    world.add()
    world.start()
    compute, first = world.compute("etl"), call()
    engine = compute.cluster_engine(first, "etl")
    assert engine.name == "etl"
    cluster = world.clusters.get("etl").id
    assert world.counts() == (1, 0)
    assert compute.cluster_engine(first, "etl").session is engine.session  # its other queries share place and session
    second = call()
    compute.cluster_engine(second, "etl")  # and so does what the session does meanwhile
    assert world.counts() == (1, 0)
    end(first)
    end(second)
    assert world.counts() == (0, 0)
    assert cluster in world.uses
    compute.close()


def test_a_driver_started_anew_gets_a_new_session(world: World) -> None:
    world.add()
    world.start()
    compute = world.compute("etl")
    before = compute.cluster_engine(call(), "etl").session
    world.clusters.restart("etl", "ann")
    world.observe(ClusterState.RUNNING)
    assert compute.cluster_engine(call(), "etl").session is not before
    compute.close()


def test_a_suspended_cluster_is_resumed_and_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "TELL_EVERY_S", 1.0)
    world.add()
    told: list[Notice] = []
    waited, of = threading.Event(), call()

    def tell(notice: Notice) -> None:
        told.append(notice)
        waited.set()

    of.tell = tell
    compute = world.compute("etl")
    with ThreadPoolExecutor(1) as pool:
        engine = pool.submit(compute.cluster_engine, of, "etl")
        assert waited.wait(WAIT_S)
        assert world.clusters.get("etl", fresh=True).desired is Desired.RUNNING
        assert world.counts() == (0, 1)
        assert of.waiting
        world.observe(ClusterState.STARTING)
        world.observe(ClusterState.RUNNING)
        assert engine.result(WAIT_S).name == "etl"
    assert not of.waiting
    assert (told[0].severity, told[0].message) == ("INFO", "cluster etl starting 1s/20s")
    assert len(told) == 1
    compute.close()


def test_waiting_for_a_cluster_can_be_canceled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "TELL_EVERY_S", 0.2)
    world.add()
    of = call()
    of.tell = lambda _: of.cancel()
    assert refused(world.compute("etl"), of=of).code == "57014"
    assert world.counts() == (0, 1)
    end(of)
    assert world.counts() == (0, 0)


def test_short_work_is_not_told_of() -> None:
    of, told = call(), list[Notice]()
    of.tell = told.append
    of.report("half of it")
    assert (told, of.progress) == ([], "half of it")
    of.started -= calls.TELL_EVERY_S
    of.report("most of it")
    of.report("nearly all of it")
    assert [notice.message for notice in told] == ["most of it"]


def test_waiting_for_a_cluster_has_an_end(world: World) -> None:
    world.add(queue_timeout_s=0.3)
    error = refused(world.compute("etl"))
    assert (error.code, error.message) == ("57P03", 'cluster "etl" is starting')


def test_what_cannot_start_says_why(world: World) -> None:
    world.add(auto_resume=False)
    assert refused(world.compute("etl")).code == "55000"
    world.clusters.want("etl", Desired.RUNNING, "ann")
    world.observe(ClusterState.FAILED, "0/1 nodes are available: 1 Insufficient cpu.")
    error = refused(world.compute("etl"))
    assert (error.code, error.detail) == ("53000", "0/1 nodes are available: 1 Insufficient cpu.")
    world.observe(ClusterState.FAILED, "the driver ended with status 1")
    assert refused(world.compute("etl")).code == "57P03"


def test_names_and_rights(world: World) -> None:
    world.add()
    world.start()
    error = refused(world.compute("gone"), "gone")
    assert error.code == "42704"
    assert "USE CLUSTER" in (error.hint or "")
    assert refused(world.compute("etl", BOB)).code == "42501"
    world.clusters.grant("etl", ("USAGE",), "bob")
    world.clusters.list(fresh=True)
    compute = world.compute("etl", BOB)
    compute.cluster_engine(call(BOB), "etl")
    compute.close()


READ = RouteReason.DELTA_READ


def test_default_and_auto(world: World) -> None:
    small, big = Need(READ, 10), Need(READ, 1000)
    assert world.compute("default").route(call(), big).engine == "embedded"
    assert world.compute("default", default="etl").route(call(), big).engine == "embedded"  # there is none
    world.add("old")
    world.add("etl")
    assert world.compute("auto").route(call(), small).reason is RouteReason.EMBEDDED_SIZE
    assert world.compute("auto").route(call(), big).engine == "old"
    assert world.compute("auto", default="etl").route(call(), big).engine == "etl"
    assert world.compute("default", default="etl").route(call(), small).engine == "etl"
    assert world.compute("auto", BOB).route(call(BOB), big).engine == "embedded"
    world.add("never", auto_resume=False)
    assert world.compute("auto", default="never").route(call(), big).reason is RouteReason.EMBEDDED_STATE


def test_a_statement_goes_one_way(world: World) -> None:
    """An UPDATE's queries are all answered by the same engine, whatever each of them reads."""
    world.add()
    compute, of = world.compute("auto"), call()
    first = compute.route(of, Need(READ, 1000))
    assert compute.route(of, Need(READ, 1)) is first
    other = compute.switch(of, Need(READ, 1000, only_embedded=True))
    assert other is not None
    assert other.reason is RouteReason.EMBEDDED_CAPABILITY
    assert compute.route(of, Need(READ, 1000)) is other
    assert world.compute("etl").switch(call(), Need(READ, only_embedded=True)) is None


def test_bytes_per_day(world: World) -> None:
    world.tier = Tier("free", bytes_scanned_per_day=1000)
    compute, of, elsewhere = world.compute("embedded"), call(), world.compute("embedded")
    assert compute.measures
    elsewhere.charge(call(), 600)  # another gateway: its meter shares nothing with ours but the store
    compute.charge(of, 300)
    assert of.bytes_scanned == 300
    with pytest.raises(SqlError, match="used up") as told:
        compute.charge(of, 200)
    assert told.value.code == "53400"
    assert "this query reads about 200" in (told.value.detail or "")
    assert 'Tier "free" allows 1000 bytes per day' in (told.value.hint or "")
    compute.charge(of, 90)
    world.tier = Tier("paid")
    compute.charge(of, 10_000)


def test_small_queries_take_bytes_out_of_a_block(world: World) -> None:
    world.tier = Tier("free", bytes_scanned_per_day=100_000)
    compute = world.compute("embedded")
    for _ in range(100):
        compute.charge(call(), 5)
    assert world.scans.taken(today()) == 505  # one block and the first query's bytes: the store was asked once
    assert world.scans.take(today(), 100_000, 100_000) is None
