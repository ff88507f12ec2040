"""Clusters in the metadata store: two gateways, what is wanted and what was seen, events, activity, the lead."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.clusters import Cluster, ClusterState, Desired, Observed
from catalog.clusters.documents import spec_document, spec_from
from catalog.clusters.store import Clusters
from catalog.clusters.tenant import TenantClusters
from catalog.clusters.tiers import BUILT_IN, memory_bytes, memory_text, read_tiers
from catalog.errors import ConfigFileError, ConfigurationLimitExceeded, DuplicateObject, UndefinedObject
from catalog.store import Store
from tests.clusters.samples import SPEC

SUSPENDED = replace(SPEC, initially_suspended=True)


@pytest.fixture
def two(store: Store, store_url: str, tmp_path: Path) -> Iterator[tuple[Clusters, Clusters]]:
    """The clusters as two gateways see them."""
    other = Store(store_url, str(tmp_path / "lake"))
    yield Clusters(store.database, store.instance), Clusters(other.database, other.instance)
    other.close()


def _tenant(store: Store, clusters: Clusters, name: str = "acme") -> TenantClusters:
    tenant = store.ensure_tenant(name)
    return TenantClusters(clusters, tenant.id, tenant.name, lambda: BUILT_IN.of(name), dict(BUILT_IN.sizes))


def test_what_is_made_is_read_back(store: Store, two: tuple[Clusters, Clusters]) -> None:
    here, there = _tenant(store, two[0]), _tenant(store, two[1])
    spec = replace(
        SUSPENDED, tags={"team": "data"}, spark={"spark.sql.shuffle.partitions": "8"}, tolerations=("a=b:NoSchedule",)
    )
    made = here.create("etl", spec, "ann")
    assert (made.spec, made.desired, made.state) == (spec, Desired.SUSPENDED, ClusterState.SUSPENDED)
    assert made.token and made.token not in repr(made)
    assert there.get("etl") == made
    assert [one.name for one in two[1].all()] == ["etl"]
    with pytest.raises(DuplicateObject):
        there.create("etl", spec, "bob")
    with pytest.raises(UndefinedObject) as missing:
        here.get("other")
    assert missing.value.hint is not None
    assert _tenant(store, two[0], "globex").list() == ()


def test_a_specification_survives_as_a_document() -> None:
    spec = replace(SPEC, auto_suspend_s=None, named=frozenset({"size", "workers"}), url="sc://h:1", tags={"a": "b"})
    assert spec_from(spec_document(spec)) == spec
    assert spec_from(spec_document(spec) | {"from_the_future": 1}) == spec


def test_changes_raise_the_generation_and_are_told_of(store: Store, two: tuple[Clusters, Clusters]) -> None:
    mine = _tenant(store, two[0])
    made = mine.create("etl", SUSPENDED, "ann")
    with two[1].watch() as watch:
        seen = [
            mine.want("etl", Desired.RUNNING, "bob"),
            mine.scale("etl", 3, "bob"),
            mine.restart("etl", "bob"),
            mine.alter("etl", "bob", lambda one: replace(one.spec, auto_suspend_s=None)),
            mine.rename("etl", "nightly", "bob"),
        ]
        assert watch.wait(5)
    assert [one.generation for one in seen] == [made.generation + step for step in (1, 2, 3, 4, 5)]
    last = mine.get("nightly")
    assert (last.id, last.started_by, last.workers_wanted, last.restarts) == (made.id, "bob", 3, 1)
    assert last.spec.min_workers == last.spec.max_workers == 3
    unchanged = mine.want("nightly", Desired.RUNNING, "ann")
    assert unchanged.generation == last.generation
    kinds = [event.kind for event in mine.events()]
    assert kinds == ["rename", "alter", "restart", "scale", "resume", "create"]


def test_what_was_seen_does_not_count_as_a_change(store: Store, two: tuple[Clusters, Clusters]) -> None:
    mine = _tenant(store, two[0])
    made = mine.create("etl", SUSPENDED, "ann")
    observed = Observed(ClusterState.RUNNING, None, 1, 2, "10.0.0.1:15002", "http://10.0.0.1:4040")
    two[1].observe(made.id, observed)
    first = mine.get("etl", fresh=True)
    assert (first.observed, first.generation) == (observed, made.generation)
    assert first.state_since > made.state_since
    two[1].observe(made.id, replace(observed, workers=3))
    assert mine.get("etl", fresh=True).state_since == first.state_since


def test_idle_is_decided_by_the_store(store: Store, two: tuple[Clusters, Clusters]) -> None:
    mine = _tenant(store, two[0])
    made = mine.create("etl", replace(SUSPENDED, initially_suspended=False), "ann")
    past, future = (datetime.now(UTC) + timedelta(minutes=sign) for sign in (-5, 5))
    assert not two[1].suspend_idle(made.id, made.generation, past)
    assert not two[1].suspend_idle(made.id, made.generation - 1, future)
    places = two[0].places()
    places.join(made.id, 1, "ann", None, None, started=True)
    assert not two[1].suspend_idle(made.id, made.generation, future)
    places.leave(made.id, [1], None)
    places.close()
    assert two[1].suspend_idle(made.id, made.generation, future)
    assert mine.get("etl", fresh=True).desired is Desired.SUSPENDED


def test_activity_is_that_of_living_gateways(store: Store, store_url: str, tmp_path: Path) -> None:
    here = Clusters(store.database, store.instance)
    mine = _tenant(store, here)
    made = mine.create("etl", SUSPENDED, "ann")
    other = Store(store_url, str(tmp_path / "lake"))
    there, places = Clusters(other.database, other.instance).places(), here.places()
    for number, started in ((1, True), (2, True), (3, False)):
        there.join(made.id, number, "ann", None, None, started=started)
    places.join(made.id, 1, "bob", None, None, started=True)
    both = mine.get("etl", fresh=True)
    assert (both.running, both.queued) == (3, 1)
    there.close()
    other.close()
    alone = mine.get("etl", fresh=True)
    assert (alone.running, alone.queued) == (1, 0)
    places.close()


def test_a_dropped_cluster_leaves_its_name_at_once(store: Store, two: tuple[Clusters, Clusters]) -> None:
    mine = _tenant(store, two[0])
    first = mine.create("etl", SUSPENDED, "ann")
    mine.want("etl", Desired.TERMINATED, "ann")
    second = mine.create("etl", SUSPENDED, "ann")
    assert mine.get("etl").id == second.id
    assert {one.id for one in two[1].all()} == {first.id, second.id}
    two[1].remove(second.id)
    two[1].remove(first.id)
    assert [one.id for one in two[1].all()] == [second.id]


def test_names_are_swapped(store: Store, two: tuple[Clusters, Clusters]) -> None:
    mine = _tenant(store, two[0])
    blue, green = (mine.create(name, SUSPENDED, "ann") for name in ("blue", "green"))
    mine.swap("blue", "green", "ann")
    assert (mine.get("blue").id, mine.get("green").id) == (green.id, blue.id)
    with pytest.raises(DuplicateObject):
        mine.rename("blue", "green", "ann")


def test_rights_are_kept(store: Store, two: tuple[Clusters, Clusters]) -> None:
    mine = _tenant(store, two[0])
    mine.create("etl", SUSPENDED, "ann")
    mine.grant("etl", ("USAGE", "MONITOR"), "bob")
    mine.grant("etl", ("USAGE",), "public")
    mine.grant("etl", ("MONITOR",), "bob", revoke=True)
    assert mine.get("etl").acl == (("bob", "USAGE"), ("public", "USAGE"))


def test_limits_hold_when_two_create_at_once(store: Store, two: tuple[Clusters, Clusters]) -> None:
    def at_most_three(others: Sequence[Cluster]) -> None:
        if len(others) >= 3:
            raise ConfigurationLimitExceeded("too many")

    refused: list[str] = []

    def create(clusters: Clusters, name: str) -> None:
        try:
            _tenant(store, clusters).create(name, SUSPENDED, "ann", check=at_most_three)
        except ConfigurationLimitExceeded:
            refused.append(name)

    threads = [threading.Thread(target=create, args=(two[n % 2], f"c{n}")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(two[0].all()) == 3
    assert len(refused) == 5


def test_one_gateway_leads_and_the_next_takes_over(two: tuple[Clusters, Clusters]) -> None:
    first, second = two[0].watch(), two[1].watch()
    assert first.try_lead()
    assert not second.try_lead()
    assert first.leading
    assert not second.leading
    first.close()
    assert not first.leading
    assert second.try_lead()
    second.close()


def test_waiting_is_ended_from_another_thread(two: tuple[Clusters, Clusters]) -> None:
    with two[0].watch() as watch:
        threading.Timer(0.05, watch.stop_waiting).start()
        assert not watch.wait(30)


def test_aborts_are_seen_by_every_gateway(store: Store, two: tuple[Clusters, Clusters]) -> None:
    mine = _tenant(store, two[0])
    made = mine.create("etl", SUSPENDED, "ann")
    assert two[1].aborts() == {made.id: None}
    mine.abort_queries("etl", "ann")
    age = two[1].aborts()[made.id]
    assert age is not None
    assert 0 <= age < 60
    mine.want("etl", Desired.TERMINATED, "ann")
    assert two[1].aborts() == {}


def test_tiers_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "tiers.toml"
    path.write_text(
        '[tiers.free]\nclusters = 1\nworkers = 2\nmemory = "4Gi"\ndefault_size = "tiny"\n'
        "[sizes.tiny]\ndriver_cores = 0.5\ndriver_memory = '1Gi'\nworker_cores = 0.5\nworker_memory = '1Gi'\n"
        "workers = 1\nworker_hour_price = 0.25\n"
        '[tenants]\nacme = "free"\n'
    )
    tiers = read_tiers(path)
    assert (tiers.of("acme").workers, tiers.of("acme").memory) == (2, 4 << 30)
    assert tiers.of("globex").name == "default"
    assert tiers.sizes["tiny"].worker_memory == 1 << 30
    assert tiers.prices == {"tiny": 0.25} and BUILT_IN.prices == {}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[tiers.a]\nworker = 1\n", "worker"),
        ("[tiers.a]\nworkers = -1\n", "workers"),
        ("[tiers.a]\nmemory = 'lots'\n", "memory"),
        ("[sizes.a]\ndriver_cores = 1\n", "missing"),
        ("[tenants]\nacme = 'gold'\n", "gold"),
        ("[tiers.a]\ndefault_size = 'huge'\n", "huge"),
        ("[tier]\n", "tier"),
        ("nonsense", "read"),
    ],
)
def test_wrong_tiers_are_refused_by_name(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "tiers.toml"
    path.write_text(text)
    with pytest.raises(ConfigFileError, match=word):
        read_tiers(path)


def test_amounts_of_memory() -> None:
    assert [memory_bytes(text) for text in ("1Gi", "512 MB", "1024", "1.5Gi")] == [1 << 30, 512 * 10**6, 1024, 3 << 29]
    for size in (1 << 30, 3 << 29, 1000, 768 << 20):
        assert memory_bytes(memory_text(size)) == size
    assert memory_text(0) == "0"
