"""Clusters as real pods on a real node: from the row to answers, through what goes wrong, to nothing left.

The tests of one cluster follow each other, as its life does: a driver takes half a minute to start on two cores.
Processes to kill are found by tests/k8s/victims.py.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from deltalake import DeltaTable
from singlenode.cluster import Cluster as Machine

from catalog.clusters.model import Backend, Cluster, ClusterState, Desired
from engine.clusters.agent import agent_state
from engine.clusters.folder import lake_user
from engine.clusters.kubernetes import KubernetesApi, KubernetesError
from engine.clusters.names import dns_label, object_name
from engine.clusters.objects import CLUSTER_ID, ROLE
from engine.clusters.place import Place, TenantData
from engine.clusters.pods import KINDS, KubernetesBackend
from engine.spark.engine import SparkCommand, SparkEngine
from engine.spark.session import ConnectSession
from tests.clusters.live_site import LiveSite
from tests.clusters.samples import cluster
from tests.k8s import victims
from tests.k8s.conftest import SPARK_IMAGE

DEADLINE_S = 150.0
TENANT = "Acme"
"""CPU time after which a task in a new JVM has loaded and compiled what it needs."""
SMALL = {"driver_cores": 0.2, "worker_cores": 0.1}


class Site(LiveSite):
    """A tenant on the node."""

    def __init__(self, machine: Machine, lake: Path) -> None:
        self.lake = lake
        self.api = KubernetesApi(str(machine.kubeconfig))
        place = Place("t3", "t3-", SPARK_IMAGE, pull_policy="Never", gateways=(f"{machine.node.network.machine}/32",))
        data = TenantData(folder=str(lake), user=lake_user(lake))
        backend = KubernetesBackend(self.api, place, lambda _: data)
        super().__init__({Backend.KUBERNETES: backend}, every_s=0.5, deadline_s=DEADLINE_S)

    def put(self, *, autoscale: tuple[int, int] = (1, 1), **fields: Any) -> Cluster:
        """A small cluster that is to run, with workers between these bounds."""
        at = datetime.now(UTC)
        least, most = autoscale
        spec = {**SMALL, "min_workers": least, "max_workers": most, "auto_suspend_s": None, **fields.pop("spec", {})}
        row = cluster(spec=spec, **{"id": uuid4(), "tenant": TENANT, "workers_wanted": least, **fields})
        return self.store.put(replace(row, created_at=at, state_since=at, last_used=at))

    def pods(self, one: Cluster, role: str = "executor") -> list[Any]:
        return self.api.list("Pod", "t3-" + self.tenant_label, labels=f"{CLUSTER_ID}={one.id},{ROLE}={role}")

    @property
    def tenant_label(self) -> str:
        return dns_label(TENANT)

    def logs(self) -> str:
        """The last lines that each pod has printed."""
        return "\n----\n".join(
            self._log(pod["metadata"]["name"])
            for row in self.store.rows.values()
            for role in ("driver", "executor")
            for pod in self.pods(row, role)
        )

    def _log(self, pod: str) -> str:
        path = f"api/v1/namespaces/t3-{self.tenant_label}/pods/{pod}/log"
        try:
            return self.api._call("GET", path, {"tailLines": "30"}).decode("utf-8", "replace")
        except KubernetesError as error:  # it has none yet, say
            return f"{pod}: {error.message}"


@pytest.fixture(scope="module")
def site(kubernetes: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(kubernetes, tmp_path_factory.mktemp("lake"))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def etl(site: Site) -> Cluster:
    hasty = {"spark.task.reaper.killTimeout": "2s", "spark.task.reaper.pollingInterval": "1s"}
    return site.put(name="etl", spec={"spark": hasty})


class Client:
    """One Connect session on a cluster."""

    def __init__(self, site: Site, one: Cluster) -> None:
        row = site.row(one)
        assert row.observed.endpoint is not None
        self._engine = SparkEngine("etl", ConnectSession(row.observed.endpoint, row.token, "acme/ann"), None)

    def __call__(self, sql: str) -> Any:
        rows = self.prepare(sql).run().rows
        return None if rows is None else [tuple(row.values()) for row in rows.to_pylist()]

    def prepare(self, sql: str) -> SparkCommand:
        return self._engine.prepare(sql)

    def close(self) -> None:
        self._engine.close()


def asked(site: Site, one: Cluster, *statements: str) -> Any:
    """The last statement's answer, in a session of its own."""
    client = Client(site, one)
    try:
        return [client(sql) for sql in statements][-1]
    finally:
        client.close()


SUM = "SELECT sum(id) AS s, count(*) AS n FROM range(0, 1000000, 1, 4)"
SUM_IS = [(499999500000, 1000000)]


def test_a_new_cluster_comes_to_answer(site: Site, etl: Cluster) -> None:
    site.runs(etl, 1)
    assert asked(site, etl, SUM) == SUM_IS
    kinds = [kind for kind, _, _ in site.store.events]
    assert kinds[0] == "starting"
    assert "running" in kinds
    assert kinds.count("starting") == 1


def test_java_has_the_images_archive_of_classes(site: Site, etl: Cluster) -> None:
    """It passes over one that does not fit its jars."""
    (worker,) = [pod["metadata"]["name"] for pod in site.pods(etl)]
    for pid in (victims.driver_jvm(f"{object_name(etl.id)}-0"), victims.executor(worker)):
        assert "/opt/kadali/classes.jsa" in Path(f"/proc/{pid}/maps").read_text()


def test_it_writes_and_reads_the_tenants_folder(site: Site, etl: Cluster) -> None:
    table = site.lake / "t"
    asked(site, etl, f"CREATE TABLE delta.`{table}` USING DELTA AS SELECT id FROM range(100)")
    assert asked(site, etl, f"SELECT count(*) FROM delta.`{table}`") == [(100,)]
    assert len(DeltaTable(str(table)).to_pyarrow_table()) == 100


def test_scale_is_done_when_workers_have_registered(site: Site, etl: Cluster) -> None:
    for workers in (2, 1):
        site.store.change(etl.id, workers_wanted=workers)
        site.runs(etl, workers)
        row = site.row(etl)
        assert row.observed.endpoint is not None
        agent = agent_state(row.observed.endpoint.replace(":15002", ":9400"), row.token)
        assert (agent.registered, agent.wanted) == (workers, workers)
        site.until(lambda workers=workers: len(site.pods(etl)) == workers, f"{workers} pods")  # type: ignore[misc]
    assert "scaling" in [kind for kind, _, _ in site.store.events]


def test_an_executor_killed_during_a_query_costs_time_only(site: Site, etl: Cluster) -> None:
    (victim,) = [pod["metadata"]["name"] for pod in site.pods(etl)]
    answers: list[Any] = []
    query = "SELECT count(*), sum(length(repeat(cast(id AS STRING), 50))) FROM range(0, 20000000, 1, 8)"
    thread = threading.Thread(target=lambda: answers.append(asked(site, etl, query)))
    thread.start()
    row = site.row(etl)
    assert row.observed.endpoint is not None
    control = row.observed.endpoint.replace(":15002", ":9400")
    site.until(lambda: agent_state(control, row.token).running == 1, "the query runs")
    assert victims.kill(victims.executor(victim))
    thread.join(DEADLINE_S)
    digits = 10 + sum(9 * 10**d * (d + 1) for d in range(1, 7)) + 10**7 * 8
    assert answers == [[(20_000_000, 50 * digits)]]
    site.until(lambda: victim not in [pod["metadata"]["name"] for pod in site.pods(etl)], "the dead one is gone")
    site.runs(etl, 1)


def test_a_killed_driver_comes_back(site: Site, etl: Cluster) -> None:
    before = site.row(etl).state_since
    assert victims.kill(victims.driver_jvm(f"{object_name(etl.id)}-0"))
    site.until(lambda: site.row(etl).state_since != before, "the loss is seen")
    site.runs(etl, 1)
    assert asked(site, etl, SUM) == SUM_IS
    site.until(lambda: len(site.pods(etl)) == 1, "no worker of the driver before is left")


def test_suspend_and_resume(site: Site, etl: Cluster) -> None:
    site.store.change(etl.id, desired=Desired.SUSPENDED)
    site.until(lambda: site.row(etl).state is ClusterState.SUSPENDED, "suspended")
    assert site.pods(etl, "driver") == site.pods(etl) == []
    assert site.row(etl).observed.endpoint is None
    site.store.change(etl.id, desired=Desired.RUNNING)
    site.runs(etl, 1)
    assert asked(site, etl, f"SELECT count(*) FROM delta.`{site.lake / 't'}`") == [(100,)]


def test_an_autoscaling_cluster_follows_its_load(site: Site) -> None:
    spark = {
        "spark.dynamicAllocation.executorIdleTimeout": "5s",
        "spark.dynamicAllocation.shuffleTracking.timeout": "10s",
        "spark.dynamicAllocation.schedulerBacklogTimeout": "1s",
    }
    one = site.put(name="auto", autoscale=(1, 2), spec={"spark": spark})
    site.runs(one, 1)
    busy = (
        "SELECT count(*) FROM (SELECT id % 97 AS k, sum(length(repeat(cast(id AS STRING), 300))) AS x"
        " FROM range(0, 3000000, 1, 24) GROUP BY 1)"
    )
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(asked(site, one, busy)))
    thread.start()
    site.until(lambda: site.row(one).observed.workers == 2, "grown")
    thread.join(DEADLINE_S)
    assert answers == [[(97,)]]
    site.until(lambda: site.row(one).observed.workers == 1, "shrunk")
    assert site.row(one).state is ClusterState.RUNNING
    site.store.change(one.id, desired=Desired.TERMINATED)
    site.until(lambda: one.id not in site.store.rows, "dropped")


def test_what_cannot_be_started_says_why(site: Site) -> None:
    bad = site.put(name="bad image", spec={"image": "localhost/kadali/nothing:1"})
    huge = site.put(name="huge", spec={"driver_cores": 7.0})
    site.until(lambda: site.row(bad).state is ClusterState.FAILED, "no image")
    assert "ErrImageNeverPull" in str(site.row(bad).observed.reason)
    site.until(lambda: "Insufficient cpu" in str(site.row(huge).observed.reason), "no node")
    assert site.row(huge).state is ClusterState.STARTING
    for one in (bad, huge):
        site.store.change(one.id, desired=Desired.TERMINATED)
    site.until(lambda: not {bad.id, huge.id} & site.store.rows.keys(), "dropped")


def test_drop_leaves_nothing(site: Site, etl: Cluster) -> None:
    namespace = "t3-" + site.tenant_label
    site.store.change(etl.id, desired=Desired.TERMINATED)
    site.until(lambda: etl.id not in site.store.rows, "dropped")
    for kind in KINDS:
        assert site.api.list(kind, namespace, labels=f"{CLUSTER_ID}={etl.id}") == []
    assert victims.driver_program(f"{object_name(etl.id)}-0") is None
    assert [pod["metadata"]["name"] for pod in site.api.list("Pod", namespace)] == []
    left = [one["metadata"]["name"] for one in site.api.list("ConfigMap", namespace)]
    assert left == ["kube-root-ca.crt"]
    assert (site.lake / "t" / "_delta_log").is_dir(), "data is never touched"
