"""Clusters that settings ask for: made at their first use, shared by equal settings, cut down to the tier."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from catalog.clusters.model import Backend, ClusterState, Desired, Tier
from catalog.clusters.tenant import TenantClusters
from catalog.clusters.tiers import BUILT_IN, GIB, MIB
from catalog.errors import SqlError
from catalog.principal import Principal
from catalog.store import Store
from engine.base import RouteReason
from engine.clusters.routing import Need
from sql_extensions.call import Call
from sql_extensions.cluster_options import specified
from sql_extensions.compute import Compute
from sql_extensions.own_cluster import OwnCluster, clamped
from tests.routing.test_compute import ANN, BOB, World, call, end

TIER = Tier("free", clusters=2, workers=4, cores=4.0, memory=8 * GIB, default_size="xsmall")
SMALL = Need(RouteReason.EMBEDDED_SIZE, bytes=1)
LARGE = Need(RouteReason.EMBEDDED_SIZE, bytes=1000)


class Sized(World):
    """Whose sessions ask by settings. `runs`: what is made is up at once."""

    def __init__(self, store: Store, backend: Backend | None = Backend.LOCAL) -> None:
        super().__init__(store)
        self.tier = TIER
        tenant = store.catalog("shop").tenant.id
        self.clusters = TenantClusters(self.store, tenant, "shop", lambda: self.tier, BUILT_IN.sizes, backend)

    def sized(self, sizing: Mapping[str, str], setting: str = "default", who: Principal = ANN) -> Compute:
        compute = self.compute(setting, who)
        compute._own = OwnCluster(self.clusters, who, lambda: sizing)
        return compute

    def names(self) -> list[str]:
        return [one.name for one in self.clusters.list(fresh=True)]

    def begin(self, compute: Compute, mine: Call) -> str:
        """Run something: the cluster that is made starts beside it. The name of the cluster."""
        where = compute.route(mine, SMALL)
        assert where.cluster is not None
        starts = threading.Timer(0.0, self.start_when_wanted, (where.cluster,))
        starts.start()
        compute.engine(mine, where)
        starts.join()
        return where.cluster

    def start_when_wanted(self, name: str) -> None:
        waiting = threading.Event()
        for _ in range(200):
            found = [one for one in self.clusters.list(fresh=True) if one.name == name]
            if found and found[0].desired is Desired.RUNNING:
                if not found[0].state.answers:
                    self.observe(ClusterState.RUNNING, name=name)
                return
            waiting.wait(0.05)


@pytest.fixture
def world(store: Store) -> Iterator[Sized]:
    made = Sized(store)
    yield made
    made.places.close()


def told(mine: Call) -> list[str]:
    return [notice.message for notice in mine.notices if notice.severity == "NOTICE"]


def test_it_is_made_at_its_first_use_and_shared(world: Sized) -> None:
    sizing = {"worker_memory": "2Gi", "workers": "2", "worker_ttl": "20 minutes"}
    one, other = world.sized(sizing), world.sized(dict(reversed(sizing.items())))
    asked = one.route(call(), SMALL)
    assert asked.reason is RouteReason.CLUSTER_CHOSEN and world.names() == [], "a route makes nothing"
    assert not one.is_up(str(asked.cluster))
    for compute in (one, other):
        mine = call()
        assert world.begin(compute, mine) == asked.cluster
        assert told(mine) == []
        end(mine)
    [made] = world.clusters.list(fresh=True)
    spec = made.spec
    assert (made.name, made.owner) == (asked.cluster, "ann") and made.name.startswith("ann_")
    assert (spec.worker_memory, spec.min_workers, spec.max_workers, spec.size) == (2 * GIB, 2, 2, "xsmall")
    assert (spec.auto_suspend_s, spec.auto_terminate_s) == (1200.0, 1200.0)
    assert made.comment == "for kadali.worker_memory = 2Gi, kadali.workers = 2, kadali.worker_ttl = 20 minutes"
    assert one.is_up(made.name)


def test_another_size_and_another_user_have_others(world: Sized) -> None:
    admin = Principal("eve", "shop", admin=True)
    names = {
        world.begin(world.sized({"workers": "1"}), call()),
        world.begin(world.sized({"workers": "1"}, who=admin), call()),
    }
    assert sorted(names) == world.names() and len(names) == 2
    with pytest.raises(SqlError) as caught:
        world.begin(world.sized({"workers": "2"}), call())
    assert (caught.value.code, caught.value.message) == ("53400", 'tier "free" allows 2 clusters')


def test_what_the_tier_cuts_down_is_told_once_for_a_session(world: Sized) -> None:
    sizing = {"worker_memory": "16Gi"}
    for _ in range(2):
        compute = world.sized(sizing)
        first, second = call(), call()
        for mine in (first, second):
            world.begin(compute, mine)
            end(mine)
        assert told(first) == ['worker_memory is 7Gi: tier "free" allows no more']
        assert told(second) == []
    assert world.clusters.list(fresh=True)[0].spec.worker_memory == 7 * GIB


@pytest.mark.parametrize(
    ("sizing", "kept"),
    [
        ({"workers": "9"}, (4, 0.25, 768 * MIB, ["workers is 4"])),
        ({"worker_cores": "16"}, (1, 3.5, 768 * MIB, ["worker_cores is 3.5"])),
        ({"worker_memory": "3Gi", "workers": "4"}, (2, 0.25, 3 * GIB, ["workers is 2"])),
        (
            {"worker_memory": "1Ti", "worker_cores": "99", "workers": "99"},
            (1, 3.5, 7 * GIB, ["worker_memory is 7Gi", "worker_cores is 3.5", "workers is 1"]),
        ),
        ({"workers": "2"}, (2, 0.25, 768 * MIB, [])),
    ],
)
def test_cutting_down(sizing: dict[str, str], kept: tuple[int, float, int, list[str]]) -> None:
    spec, cut = clamped(specified(sizing, BUILT_IN.sizes, TIER, Backend.LOCAL), TIER)
    assert (spec.max_workers, spec.worker_cores, spec.worker_memory, cut) == kept
    assert clamped(spec, TIER) == (spec, [])
    free = specified(sizing, BUILT_IN.sizes, Tier("rich"), Backend.LOCAL)
    assert clamped(free, Tier("rich")) == (free, [])


def test_one_that_is_gone_is_made_anew(world: Sized) -> None:
    compute = world.sized({"workers": "1"})
    for _ in range(2):
        mine = call()
        name = world.begin(compute, mine)
        end(mine)
        world.clusters.want(name, Desired.TERMINATED, "ann")
        assert world.names() == []


def test_auto_takes_it_for_what_is_large(world: Sized) -> None:
    world.add("older")
    compute = world.sized({"workers": "1"}, "auto")
    assert compute.route(call(), SMALL).cluster is None
    large = compute.route(call(), LARGE)
    assert large.reason is RouteReason.CLUSTER_SIZE and str(large.cluster).startswith("ann_")


@pytest.mark.parametrize("setting", ["embedded", "older"])
def test_a_name_and_embedded_go_before(world: Sized, setting: str) -> None:
    world.add("older")
    where = world.sized({"workers": "1"}, setting).route(call(), LARGE)
    assert where.cluster == (None if setting == "embedded" else "older")


def test_without_a_size_there_is_none(world: Sized) -> None:
    assert world.sized({"worker_ttl": "1 hour"}).route(call(), LARGE).cluster is None


def test_who_may_make_no_clusters_is_refused(world: Sized) -> None:
    with pytest.raises(SqlError) as caught:
        world.begin(world.sized({"workers": "1"}, who=BOB), call(BOB))
    assert caught.value.code == "42501" and "kadali.workers = 1" in str(caught.value.hint)
    assert world.names() == []


@pytest.mark.parametrize(("sizing", "code"), [({"worker_memory": "100Mi"}, "53400"), ({"workers": "1"}, "0A000")])
def test_what_cannot_run_is_refused(store: Store, sizing: dict[str, str], code: str) -> None:
    world = Sized(store, None if code == "0A000" else Backend.LOCAL)
    try:
        with pytest.raises(SqlError) as caught:
            world.begin(world.sized(sizing), call())
        assert caught.value.code == code and world.names() == []
    finally:
        world.places.close()


def test_two_sessions_at_once_make_one(world: Sized) -> None:
    world.tier = replace(TIER, clusters=1)
    begin, errors = threading.Barrier(4), list[SqlError]()

    def ensure() -> None:
        own = OwnCluster(world.clusters, ANN, lambda: {"workers": "1"})
        begin.wait(10)
        try:
            own.ensure(call())
        except SqlError as error:
            errors.append(error)

    threads = [threading.Thread(target=ensure) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and len(world.names()) == 1
