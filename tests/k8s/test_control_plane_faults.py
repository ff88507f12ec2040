"""A hundred quick faults on a real control plane without a node: after each, the objects are those of the rows.

Here gateways die in the middle of a step, objects are removed by hand, etcd, the API server and the controllers are
killed. What runs in pods is in test_faults.py.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from singlenode import control_plane as parts
from singlenode.control_plane import ControlPlane

from catalog.clusters.model import Backend, Desired
from engine.clusters.kubernetes import KubernetesApi
from engine.clusters.names import object_name
from engine.clusters.objects import RESTARTS
from engine.clusters.pods import KINDS, KubernetesBackend
from engine.clusters.reconcile import Reconciler
from tests.clusters.samples import NOW
from tests.k8s.test_reconcile import Site

FAULTS = 110
SEED = 4
PARTS_TOO = ("ServiceAccount", "Role", "RoleBinding", "NetworkPolicy", "ResourceQuota", "LimitRange")
"""Of the tenant. They come back when something is applied: what is checked is that they do no harm until then."""


class KilledError(BaseException):
    """No exception of the program's, so that nobody handles it: the process is gone."""


class Mortal(KubernetesApi):
    """A gateway's connection that ends with its gateway, at its nth call: before the call, or when it has been done."""

    left: int | None = None
    done = False

    def _call(
        self, method: str, path: str, query: Mapping[str, str], body: object = None, content: str = "", accept: str = ""
    ) -> bytes:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                if self.done:
                    super()._call(method, path, query, body, content, accept)
                raise KilledError
        return super()._call(method, path, query, body, content, accept)


class Stage:
    """A site with one gateway after the other."""

    def __init__(self, site: Site, plane: ControlPlane) -> None:
        self.site, self.plane = site, plane
        self.random = random.Random(SEED)
        self.numbers = iter(range(1, 1_000_000))
        self.gateway()

    def gateway(self) -> None:
        """Another one, that knows of nothing but the store."""
        site = self.site
        self.api = Mortal(str(self.plane.kubeconfig))
        backend = KubernetesBackend(self.api, site.place, lambda _: site.data)
        site.reconciler.close()
        site.reconciler = Reconciler(
            site.store, {Backend.KUBERNETES: backend}, lambda _: site.tier, now=lambda: NOW, threads=2
        )

    def is_settled(self) -> bool:
        """Whether the objects are exactly those of the rows, and no row is still to go."""
        rows = list(self.site.store.rows.values())
        if any(row.desired is Desired.TERMINATED for row in rows):
            return False
        wanted = []
        for row in rows:
            name = object_name(row.id)
            if row.desired is Desired.RUNNING:
                wanted += [(kind, name) for kind in KINDS if kind != "Pod"]
                wanted.append((f"Pod {row.restarts}", f"{name}-0"))
        found = []
        asleep = {object_name(row.id) for row in rows if row.desired is Desired.SUSPENDED}
        for kind in KINDS:
            for one in self.site.api.list(kind, self.site.namespace):
                name, annotations = one["metadata"]["name"], one["metadata"].get("annotations") or {}
                if name != "kube-root-ca.crt" and (kind == "Pod" or name not in asleep):
                    found.append((f"Pod {annotations.get(RESTARTS)}" if kind == "Pod" else kind, name))
        return sorted(found) == sorted(wanted)


@pytest.fixture
def stage(control_plane: ControlPlane) -> Iterator[Stage]:
    api = KubernetesApi(str(control_plane.kubeconfig))
    site = Site(api, control_plane, server="t4")
    try:
        yield Stage(site, control_plane)
    finally:
        for part in parts.PARTS:
            if not control_plane.alive(part):
                control_plane.start_part(part)
        site.close()
        api.close()


def user(stage: Stage) -> str:
    """Changes a row, or makes one."""
    rows, store = list(stage.site.store.rows.values()), stage.site.store
    if len(rows) < 2 or (len(rows) < 4 and stage.random.random() < 0.3):
        number = next(stage.numbers)
        desired = stage.random.choice((Desired.RUNNING, Desired.SUSPENDED))
        made = {"id": UUID(int=stage.random.getrandbits(128), version=4), "name": f"c{number}", "desired": desired}
        stage.site.put(**made, workers_wanted=1)
        return f"create {desired.value}"
    row = stage.random.choice(rows)
    changes: list[dict[str, Any]] = [
        {"desired": Desired.RUNNING},
        {"desired": Desired.SUSPENDED},
        {"desired": Desired.TERMINATED},
        {"restarts": row.restarts + 1},
        {"name": f"c{next(stage.numbers)}"},
        {"workers_wanted": stage.random.randint(1, 2)},
    ]
    change = stage.random.choice(changes)
    store.change(row.id, **change)
    return str(change)


def killed(stage: Stage) -> str:
    """A gateway in the middle of a round in which there is something to do; its successor goes on."""
    told = user(stage)
    stage.api.left, stage.api.done = stage.random.randint(0, 40), stage.random.random() < 0.5
    at = stage.api.left
    try:
        for _ in range(3):
            stage.site.reconciler.round()
    except KilledError:
        told += f", gateway killed at call {at}"
    stage.api.left = None
    stage.gateway()
    return told


def removed(stage: Stage) -> str:
    """An object, by hand."""
    kind = stage.random.choice((*KINDS, *KINDS, *PARTS_TOO))
    found = [
        one["metadata"]
        for one in stage.site.api.list(kind, stage.site.namespace)
        if one["metadata"]["name"] not in ("default", "kube-root-ca.crt")
    ]
    if not found:
        return user(stage)
    one = stage.random.choice(found)
    stage.site.api.delete(kind, one["name"], stage.site.namespace, uid=one["uid"])
    return f"{kind} removed"


def scaled(stage: Stage) -> str:
    """A StatefulSet, by hand."""
    found = stage.site.api.list("StatefulSet", stage.site.namespace)
    if not found:
        return user(stage)
    replicas = stage.random.choice((0, 1))
    stage.site.api.scale(stage.random.choice(found)["metadata"]["name"], stage.site.namespace, replicas)
    return f"scaled to {replicas} by hand"


def crashed(stage: Stage) -> str:
    """A part of the control plane, while users and rounds go on."""
    part = stage.random.choice(parts.PARTS)
    stage.plane.kill_part(part)
    told = user(stage)
    stage.site.reconciler.round()
    stage.plane.start_part(part)
    if not stage.plane.alive("apiserver"):
        stage.plane.start_part("apiserver")
    return f"kill -9 of {part}, {told}"


def namespace(stage: Stage) -> str:
    found = stage.site.api.get("Namespace", stage.site.namespace)
    if found is None:
        return user(stage)
    stage.site.api.delete("Namespace", stage.site.namespace, uid=found["metadata"]["uid"])
    return "namespace removed"


FAULT_KINDS: Mapping[Callable[[Stage], str], int] = {killed: 45, removed: 40, scaled: 10, crashed: 5, namespace: 1}


def test_after_each_fault_the_objects_are_those_of_the_rows(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.clusters.pods.APPLY_UNSETTLED_S", 1.0)
    told: list[str] = []
    for _ in range(FAULTS):
        (fault,) = stage.random.choices(list(FAULT_KINDS), list(FAULT_KINDS.values()))
        told.append(fault(stage))
        before = dict(stage.site.store.rows)
        stage.site.until(stage.is_settled, f"settled after {told[-3:]}")
        kept = {key for key, row in before.items() if row.desired is not Desired.TERMINATED}
        assert kept == stage.site.store.rows.keys(), "rows are the users' alone"
    assert sum("gateway killed" in one for one in told) > 20
    for row in list(stage.site.store.rows.values()):
        stage.site.store.change(row.id, desired=Desired.TERMINATED)
    stage.site.until(lambda: not stage.site.store.rows, "all dropped")
    assert stage.is_settled()
