"""The reconciler against a real API server, controllers and scheduler; without a node, so no pod ever runs.

What a node adds (drivers that answer, workers that register) is in test_pods.py.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from singlenode.control_plane import ControlPlane

from catalog.clusters.model import Backend, Cluster, ClusterState, Desired, Tier
from engine.clusters import kubernetes as kubernetes_module
from engine.clusters import pods as pods_module
from engine.clusters.backend import BackendError
from engine.clusters.kubernetes import KubernetesApi
from engine.clusters.manifests import worker_pod
from engine.clusters.names import namespace_name, object_name, volume_name
from engine.clusters.objects import CLUSTER_ID
from engine.clusters.place import Place, TenantData
from engine.clusters.pods import KINDS, KubernetesBackend
from engine.clusters.reconcile import Reconciler
from tests.clusters.samples import GIB, NOW, TIER, MemoryStore, cluster

PREFIX = "t1-"
DEADLINE_S = 30.0


@pytest.fixture(scope="module")
def api(control_plane: ControlPlane) -> Iterator[KubernetesApi]:
    made = KubernetesApi(str(control_plane.kubeconfig))
    yield made
    made.close()


class Site:
    """One tenant's clusters on the control plane, with a store in memory and a reconciler."""

    def __init__(self, api: KubernetesApi, control_plane: ControlPlane, server: str = "t1", tenant: str = "") -> None:
        self.api, self.tenant = api, tenant or f"Tenant {uuid4().hex[:8]}"
        self.place = Place(server, PREFIX, "localhost/kadali/spark:none")
        self.namespace = namespace_name(PREFIX, self.tenant)
        self.tier = TIER
        self.data = TenantData(folder=f"/var/lib/kadali-test/{self.namespace}", user=1234)
        self.store = MemoryStore()
        self.backend = KubernetesBackend(KubernetesApi(str(control_plane.kubeconfig)), self.place, lambda _: self.data)
        self.reconciler = self.another(self.backend)

    def another(self, backend: KubernetesBackend) -> Reconciler:
        return Reconciler(self.store, {Backend.KUBERNETES: backend}, lambda _: self.tier, now=lambda: NOW, threads=2)

    def put(self, **fields: Any) -> Cluster:
        return self.store.put(cluster(**{"id": uuid4(), "tenant": self.tenant, **fields}))

    def row(self, one: Cluster) -> Cluster:
        return self.store.rows[one.id]

    def objects(self, one: Cluster) -> dict[str, list[Any]]:
        """Those of a cluster, by kind."""
        labels = f"{CLUSTER_ID}={one.id}"
        found = {kind: self.api.list(kind, self.namespace, labels=labels) for kind in KINDS}
        return {kind: items for kind, items in found.items() if items}

    def until(self, met: Callable[[], object], what: str) -> None:
        """Rounds, until it is so."""
        deadline = time.monotonic() + DEADLINE_S
        while not met():
            assert time.monotonic() < deadline, (what, self.store.rows, self.store.events)
            self.reconciler.round()
            time.sleep(0.05)

    def close(self) -> None:
        self.reconciler.close()


@pytest.fixture
def site(api: KubernetesApi, control_plane: ControlPlane) -> Iterator[Site]:
    made = Site(api, control_plane)
    yield made
    made.close()


def test_a_cluster_from_its_row_to_nothing(site: Site) -> None:
    one = site.put()
    site.until(lambda: "Unschedulable" in (site.row(one).observed.reason or ""), "the scheduler's words")
    assert site.row(one).state is ClusterState.STARTING
    assert "no nodes available" in str(site.row(one).observed.reason)
    assert {kind: len(items) for kind, items in site.objects(one).items()} == dict.fromkeys(KINDS, 1)
    version = {kind: items[0]["metadata"]["resourceVersion"] for kind, items in site.objects(one).items()}
    for _ in range(3):
        site.reconciler.round()
    again = {kind: items[0]["metadata"]["resourceVersion"] for kind, items in site.objects(one).items()}
    assert again == version, "a round that has nothing to do writes nothing"

    site.store.change(one.id, desired=Desired.SUSPENDED)
    site.until(lambda: site.row(one).state is ClusterState.SUSPENDED, "suspended")
    assert site.objects(one).keys() == {"StatefulSet", "Service", "ConfigMap", "Secret"}
    site.store.change(one.id, desired=Desired.RUNNING)
    site.until(lambda: "Pod" in site.objects(one), "resumed")

    site.store.change(one.id, desired=Desired.TERMINATED)
    site.until(lambda: one.id not in site.store.rows, "dropped")
    assert site.objects(one) == {}
    kinds = [kind for kind, _, _ in site.store.events]
    assert kinds == ["starting", "suspending", "suspended", "starting", "terminated"]


def test_every_object_is_applied_without_conflict_and_twice_the_same(site: Site) -> None:
    one = site.put()
    site.until(lambda: "StatefulSet" in site.objects(one), "applied")
    namespaced = ("ResourceQuota", "LimitRange", "ServiceAccount", "Role", "RoleBinding", "NetworkPolicy")

    def generations() -> Any:
        found = {kind: site.api.list(kind, site.namespace) for kind in (*namespaced, *KINDS)}
        return {
            (kind, item["metadata"]["name"]): item["metadata"].get("generation")
            for kind, items in found.items()
            for item in items
        }

    before = generations()
    assert {name for kind, name in before if kind == "ServiceAccount"} == {"default", "spark-driver", "spark-executor"}
    site.backend._applied.clear()  # as after a restart of the gateway
    site.reconciler.round()
    assert generations() == before
    (policy,) = site.api.list("NetworkPolicy", site.namespace)
    addresses = json.dumps(policy["spec"]["egress"])
    assert "10.96.0.1/32" in addresses or '"port": 6443' in addresses


def test_what_somebody_removes_comes_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    one = site.put()
    site.until(lambda: "Pod" in site.objects(one), "made")
    for kind in ("Service", "ConfigMap", "Secret"):
        removed = site.objects(one)[kind][0]["metadata"]
        site.api.delete(kind, removed["name"], site.namespace, uid=removed["uid"])
        site.until(lambda kind=kind: kind in site.objects(one), f"the {kind} is back")  # type: ignore[misc]
    role = site.api.get("RoleBinding", "spark-driver", site.namespace)
    assert role is not None
    site.api.delete("RoleBinding", "spark-driver", site.namespace, uid=role["metadata"]["uid"])
    site.reconciler.round()
    assert site.api.get("RoleBinding", "spark-driver", site.namespace) is None, "of these no list is asked for"
    monkeypatch.setattr(pods_module, "APPLY_UNSETTLED_S", 0.0)
    site.until(lambda: site.api.get("RoleBinding", "spark-driver", site.namespace), "back after a while")
    stateful_set = site.objects(one)["StatefulSet"][0]["metadata"]
    site.api.delete("StatefulSet", stateful_set["name"], site.namespace, uid=stateful_set["uid"])
    site.until(
        lambda: (
            site.objects(one).get("StatefulSet", [{"metadata": stateful_set}])[0]["metadata"]["uid"]
            != stateful_set["uid"]
        ),
        "the StatefulSet is back",
    )


def test_kubernetes_own_words_when_the_quota_refuses_the_driver(site: Site) -> None:
    site.tier = Tier("tiny", cores=0.6, memory=2 * GIB)
    filler = site.put(name="filler", workers_wanted=0, spec={"min_workers": 0, "max_workers": 0})
    site.until(lambda: "Pod" in site.objects(filler), "the quota is in use")
    # as if another leader had let it pass: the row of the first is not seen by this reconciler
    hidden = site.store.rows.pop(filler.id)
    one = site.put(workers_wanted=0, spec={"min_workers": 0, "max_workers": 0})
    site.until(lambda: site.row(one).state is ClusterState.FAILED, "refused")
    assert "exceeded quota" in str(site.row(one).observed.reason)
    site.store.put(replace(hidden, desired=Desired.TERMINATED))
    site.until(lambda: "Pod" in site.objects(one), "the controller tries again once there is room")
    (pod,) = site.objects(one)["Pod"]
    site.api.delete("Pod", pod["metadata"]["name"], site.namespace, uid=pod["metadata"]["uid"], grace_s=0)
    for _ in range(3):
        site.reconciler.round()
        assert "exceeded quota" not in str(site.row(one).observed.reason), "what was refused then is no reason now"


def test_what_does_not_fit_the_tier_is_never_asked_of_kubernetes(site: Site) -> None:
    site.tier = replace(TIER, cores=1.0)
    one = site.put(workers_wanted=4)
    site.reconciler.round()
    assert site.row(one).state is ClusterState.FAILED
    assert "1 cores" in str(site.row(one).observed.reason)
    assert site.api.get("Namespace", site.namespace) is None
    site.tier = TIER
    site.until(lambda: site.row(one).state is ClusterState.STARTING, "the tier grew")


def test_executors_go_with_their_driver(site: Site) -> None:
    one = site.put()
    site.until(lambda: "Pod" in site.objects(one), "made")
    (driver,) = site.objects(one)["Pod"]
    make_executor(site, one, driver)
    assert len(site.objects(one)["Pod"]) == 2
    site.store.change(one.id, desired=Desired.SUSPENDED)
    site.until(lambda: site.row(one).state is ClusterState.SUSPENDED, "suspended")
    assert "Pod" not in site.objects(one)


def test_executors_without_a_driver_are_swept(site: Site) -> None:
    one = site.put(desired=Desired.SUSPENDED)
    first = site.put(name="first")
    site.until(lambda: "Pod" in site.objects(first), "the namespace is there")
    make_executor(site, one, None)
    site.until(lambda: "Pod" not in site.objects(one), "swept")


def make_executor(site: Site, one: Cluster, driver: Any) -> None:
    """A pod as Spark makes its executors."""
    from engine.clusters.manifests import executor_template

    pod = json.loads(json.dumps(executor_template(site.place, one, site.data)))
    pod["metadata"]["name"] = f"{object_name(one.id)}-exec-1"
    pod["spec"]["containers"][0] |= {
        "image": "x",
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
    }
    if driver is not None:
        owner = {"apiVersion": "v1", "kind": "Pod", "controller": True}
        pod["metadata"]["ownerReferences"] = [owner | {key: driver["metadata"][key] for key in ("name", "uid")}]
    site.api._json("POST", f"api/v1/namespaces/{site.namespace}/pods", {}, pod)


def test_two_reconcilers_at_once_do_no_harm(site: Site, control_plane: ControlPlane) -> None:
    other = site.another(
        KubernetesBackend(KubernetesApi(str(control_plane.kubeconfig)), site.place, lambda _: site.data)
    )
    one, two = site.put(), site.put(name="two")
    from threading import Thread

    def rounds(reconciler: Reconciler) -> None:
        for _ in range(10):
            reconciler.round()

    try:
        for wanted in (Desired.RUNNING, Desired.SUSPENDED, Desired.RUNNING, Desired.TERMINATED):
            for row in (one, two):
                if row.id in site.store.rows:
                    site.store.change(row.id, desired=wanted)
            threads = [Thread(target=rounds, args=(reconciler,)) for reconciler in (site.reconciler, other)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        site.until(lambda: not site.store.rows, "both dropped")
        assert site.objects(one) == site.objects(two) == {}
    finally:
        other.close()


def test_a_replaced_driver_is_that_one_and_no_other(site: Site) -> None:
    one = site.put()
    site.until(lambda: "Pod" in site.objects(one), "made")
    before = site.objects(one)["Pod"][0]["metadata"]["uid"]
    site.store.change(one.id, restarts=1)
    site.until(lambda: uid(site, one) not in (None, before), "replaced")
    (pod,) = site.objects(one)["Pod"]
    assert pod["metadata"]["annotations"]["kadali.io/restarts"] == "1"
    stale = replace(site.row(one), restarts=1)
    site.backend.survey([stale])
    from engine.clusters.plan import Replace
    from engine.clusters.sight import Driver

    site.backend.act(stale, TIER, Replace(Driver(before, 0, ""), "late"))
    assert uid(site, one) == pod["metadata"]["uid"]


def uid(site: Site, one: Cluster) -> str | None:
    pods = site.objects(one).get("Pod")
    return pods[0]["metadata"]["uid"] if pods else None


def test_a_namespace_of_somebody_else_is_left_alone(site: Site) -> None:
    site.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": site.namespace}})
    one = site.put()
    for _ in range(2):
        site.reconciler.round()
    assert site.row(one).state is ClusterState.FAILED
    assert "somebody else" in str(site.row(one).observed.reason)
    assert "kadali.io/server" not in site.api.get("Namespace", site.namespace)["metadata"]["labels"]  # type: ignore[index]
    site.store.change(one.id, desired=Desired.TERMINATED)
    site.until(lambda: not site.store.rows, "dropped")


def test_a_terminating_namespace_is_waited_for(site: Site) -> None:
    one = site.put()
    site.until(lambda: "Pod" in site.objects(one), "made")
    namespace = site.api.get("Namespace", site.namespace)
    assert namespace is not None
    before = namespace["metadata"]["uid"]
    site.api.delete("Namespace", site.namespace, uid=before)

    def made_anew() -> bool:
        found = site.api.get("Namespace", site.namespace)
        return found is not None and found["metadata"]["uid"] != before and "Pod" in site.objects(one)

    site.until(made_anew, "made anew")
    site.reconciler.round()
    assert site.row(one).state is ClusterState.STARTING
    volume = site.api.get("PersistentVolume", volume_name("t1", site.tenant))
    assert volume is not None


def test_an_api_server_that_is_gone_changes_nothing(site: Site, control_plane: ControlPlane) -> None:
    one = site.put()
    site.until(lambda: "Pod" in site.objects(one), "made")
    running = replace(site.row(one).observed, state=ClusterState.RUNNING, endpoint="10.0.0.1:15002")
    control_plane.kill_part("apiserver")
    try:
        site.store.observe(one.id, running)
        site.store.change(one.id, desired=Desired.TERMINATED)
        for _ in range(3):
            assert not site.reconciler.round().steady
        assert replace(site.row(one).observed, reason=running.reason) == running
        assert "it cannot be reached" in str(site.row(one).observed.reason)
        with pytest.raises(BackendError) as caught:
            site.backend.survey([])
        assert caught.value.unreachable
    finally:
        control_plane.start_part("apiserver")
    site.until(lambda: not site.store.rows, "it is dropped once the API server is back")


def test_objects_without_a_row_are_removed_after_a_while(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    one = site.put()
    site.until(lambda: "Pod" in site.objects(one), "made")
    del site.store.rows[one.id]
    site.reconciler.round()
    assert "StatefulSet" in site.objects(one)
    for kind in ("StatefulSet", "Pod"):  # parts alone are found as well
        for item in site.objects(one).get(kind, ()):
            site.api.delete(kind, item["metadata"]["name"], site.namespace, uid=item["metadata"]["uid"], grace_s=0)
    monkeypatch.setattr(pods_module, "STRANGER_PATIENCE_S", 0.0)
    site.until(lambda: site.objects(one) == {}, "removed")


def test_credentials_are_read_anew_when_they_are_refused(
    site: Site, control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = control_plane.write_kubeconfig(tmp_path / "kubeconfig", "expired")
    api = KubernetesApi(str(file))
    backend = KubernetesBackend(api, site.place, lambda _: site.data)
    monkeypatch.setattr(kubernetes_module, "CREDENTIALS_AGAIN_S", 0.0)
    for _ in range(2):
        with pytest.raises(BackendError, match="Unauthorized: the API server does not take") as caught:
            backend.survey([])
        assert not caught.value.unreachable
    file.write_text("half writ")
    with pytest.raises(BackendError, match="Unauthorized"):
        backend.survey([])
    control_plane.write_kubeconfig(file, control_plane.token)
    backend.survey([])
    backend.close()


def test_why_no_pod_is_made_for_a_worker(site: Site) -> None:
    one = site.put()
    site.until(lambda: "Pod" in site.objects(one), "made")
    asked = worker_pod(site.place, one, site.data)
    assert site.api.refusal(asked) is None, "a worker is allowed here"
    quota = {"name": "shrunk", "namespace": site.namespace}
    site.api.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": quota, "spec": {"hard": {"pods": "1"}}})
    site.until(lambda: "exceeded quota: shrunk" in (site.api.refusal(asked) or ""), "no longer")
    assert len(site.objects(one)["Pod"]) == 1, "it was only asked"


def test_two_servers_on_one_kubernetes_leave_each_other_alone(
    site: Site, api: KubernetesApi, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pods_module, "STRANGER_PATIENCE_S", 0.0)
    other = Site(api, control_plane, server="t2")
    try:
        mine, yours = site.put(), other.put()
        site.until(lambda: "Pod" in site.objects(mine), "mine")
        other.until(lambda: "Pod" in other.objects(yours), "yours")
        for each in (site, other, site, other):
            each.reconciler.round()
        assert "Pod" in site.objects(mine)
        assert "Pod" in other.objects(yours)
    finally:
        other.close()


def test_wrong_plans_do_not_keep_a_cluster_from_being_dropped(site: Site) -> None:
    one = site.put()
    site.until(lambda: "Pod" in site.objects(one), "made")
    site.store.change(one.id, spec=replace(one.spec, tolerations=("=wrong",)))
    site.reconciler.round()
    assert "invalid toleration" in str(site.row(one).observed.reason)
    site.store.change(one.id, desired=Desired.TERMINATED)
    site.until(lambda: not site.store.rows, "dropped")
