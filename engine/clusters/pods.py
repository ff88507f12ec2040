"""The Kubernetes backend: clusters as pods, one namespace for each tenant."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

from catalog.clusters.model import Cluster, ClusterState, Desired, Tier
from catalog.errors import SqlError
from engine.clusters.agent import AgentError, agent_state, ask_workers
from engine.clusters.backend import BackendError, Deed
from engine.clusters.kubernetes import KubernetesApi, KubernetesError
from engine.clusters.manifests import Plans, cluster_plans, driver_manifest, worker_pod
from engine.clusters.names import namespace_name, object_name, volume_name
from engine.clusters.objects import CLUSTER_ID, DRIVER, NAME, REVISION, ROLE, SERVER, TENANT, Manifest
from engine.clusters.place import Endpoint, Place, TenantData
from engine.clusters.plan import Apply, Ask, Destroy, Replace, Sweep
from engine.clusters.reading import Object, addresses_in, driver_of, words, worker_of
from engine.clusters.sight import Agent, Driver, Ground, Problem, Sight, Worker
from engine.clusters.tenancy import AGENT_PORT

APPLY_AGAIN_S, APPLY_UNSETTLED_S = 300.0, 30.0
"""Objects are applied anew after this time, in case somebody has changed or removed some of them; sooner while the
cluster is not as it should be: that may be the reason.
"""
API_ADDRESS_S = 60.0
STRANGER_PATIENCE_S = 60.0
STRANGERS_A_ROUND = 5
KINDS = ("StatefulSet", "Pod", "Service", "ConfigMap", "Secret")
"""What a cluster consists of, in the order of removal."""
PARTS = ("Service", "ConfigMap", "Secret")
"""Those of which a survey only sees whether they are there."""
_SOON_KNOWN = "status unknown for quota"
"""What Kubernetes says until it has counted what a new quota allows."""
log = logging.getLogger("kadali.clusters")


_Key = tuple[str, str]
"""Namespace and cluster id. Drivers can make pods in their own namespace, with whatever labels: a pod counts for a
cluster only in the namespace of that cluster's tenant."""


@dataclass(slots=True)
class _Survey:
    """What one round has found; namespaces by name."""

    sets: dict[_Key, Object] = field(default_factory=dict)
    pods: dict[_Key, list[Object]] = field(default_factory=dict)
    parts: dict[_Key, set[str]] = field(default_factory=dict)
    """Kinds."""
    namespaces: dict[str, Object] = field(default_factory=dict)


class KubernetesBackend:
    """Finds objects by label only. `data`: how pods reach a tenant's tables; may raise SqlError."""

    def __init__(self, api: KubernetesApi, place: Place, data: Callable[[str], TenantData]) -> None:
        self._api, self._place, self._data = api, place, data
        self._survey = _Survey()
        self._applied: dict[UUID, tuple[str, float]] = {}
        """When which revision was last applied, by us."""
        self._refused: dict[UUID, str] = {}
        """Why the last attempt to apply failed."""
        self._strangers: dict[_Key, float] = {}
        self._place_at = -API_ADDRESS_S
        self._tenant_lock = threading.Lock()

    def survey(self, clusters: Sequence[Cluster]) -> None:
        """Few lists, whatever the number of clusters."""
        ours = f"{SERVER}={self._place.server}"
        found = _Survey()
        with _errors():
            for one in self._api.list("StatefulSet", labels=ours):
                found.sets[_key_of(one)] = one
            for one in self._api.list("Pod", labels=ours):
                found.pods.setdefault(_key_of(one), []).append(one)
            for kind in PARTS:
                for one in self._api.list(kind, labels=f"{ours},{CLUSTER_ID}", only_metadata=True):
                    if "deletionTimestamp" not in one["metadata"]:
                        found.parts.setdefault(_key_of(one), set()).add(kind)
            for one in self._api.list("Namespace", labels=TENANT):
                found.namespaces[one["metadata"]["name"]] = one
            if time.monotonic() - self._place_at > API_ADDRESS_S:
                self._place = replace(self._place, api=self._api_addresses())
                self._place_at = time.monotonic()
        self._survey = found
        known = {cluster.id for cluster in clusters}
        for gone in self._applied.keys() - known:
            self._applied.pop(gone, None)
            self._refused.pop(gone, None)
        self._remove_strangers({self._key(cluster) for cluster in clusters})

    def look(self, cluster: Cluster, tier: Tier) -> Sight:
        revision, settings = self._wanted(cluster, tier)
        survey, key = self._survey, self._key(cluster)
        stateful_set = survey.sets.get(key)
        pods = survey.pods.get(key, [])
        driver_pod = next((pod for pod in pods if _label(pod, ROLE) == DRIVER), None)
        driver = driver_of(driver_pod) if driver_pod is not None else None
        agent = self._agent(cluster, driver)
        if driver is not None and driver.silent and agent is not None:  # it knows better than who has not heard of it
            driver = replace(driver, ready=agent.ready and not driver.ending)
        workers = tuple(worker_of(pod) for pod in pods if _label(pod, ROLE) != DRIVER)
        applied = None
        if stateful_set is not None and "deletionTimestamp" not in stateful_set["metadata"]:
            applied = (stateful_set["metadata"].get("annotations") or {}).get(REVISION, "")
        on = applied is not None and stateful_set is not None and stateful_set["spec"].get("replicas", 1) > 0
        ground = self._ground(cluster.tenant)
        sight = Sight(
            revision=revision,
            settings=settings,
            ground=ground,
            applied=applied,
            stale=self._is_stale(cluster, revision) or survey.parts.get(key, set()) != set(PARTS),
            on=on,
            driver=driver,
            workers=workers,
            agent=agent,
        )
        if cluster.desired is Desired.TERMINATED and ground is not Ground.MISSING:
            return replace(sight, leftovers=self._leftovers(cluster))
        if cluster.desired is Desired.RUNNING and driver is None:
            return replace(sight, refusal=self._refusal(cluster, stateful_set if on else None))
        if cluster.desired is Desired.RUNNING and agent is not None and _present(workers) < (agent.wanted or 0):
            return replace(sight, refusal=self._worker_refusal(cluster))
        return sight

    def act(self, cluster: Cluster, tier: Tier, deed: Deed) -> None:
        namespace = namespace_name(self._place.prefix, cluster.tenant)
        with _errors():
            match deed:
                case Apply(on=True):
                    self._apply(cluster, tier)
                case Apply():
                    self._api.scale(object_name(cluster.id), namespace, 0)
                case Replace(driver, _):
                    self._api.delete("Pod", f"{object_name(cluster.id)}-0", namespace, uid=driver.id)
                case Ask(workers):
                    self._ask(cluster, workers)
                case Sweep(workers):
                    self._sweep(namespace, workers)
                case Destroy():
                    self._destroy(namespace, str(cluster.id))

    def close(self) -> None:
        self._api.close()

    def _wanted(self, cluster: Cluster, tier: Tier) -> tuple[str, str]:
        """Fingerprints of what the row asks for. Stopping must not fail for what only matters to starting."""
        if cluster.desired is not Desired.RUNNING:
            return "", ""
        plans = self._plans(cluster, tier)
        return plans.revision, plans.settings

    def _plans(self, cluster: Cluster, tier: Tier) -> Plans:
        """Raises BackendError."""
        try:
            return cluster_plans(self._place, cluster, tier, self._data(cluster.tenant))
        except SqlError as error:
            raise BackendError(error.message) from error

    def _key(self, cluster: Cluster) -> _Key:
        return namespace_name(self._place.prefix, cluster.tenant), str(cluster.id)

    def _remove_strangers(self, known: set[_Key]) -> None:
        """Objects of clusters that have no row, as after a restored store. Not at once: another leader may have made
        them for a row that is newer than ours.
        """
        now = time.monotonic()
        survey = self._survey
        found = {one for one in survey.sets.keys() | survey.pods.keys() | survey.parts.keys() if one[1]} - known
        self._strangers = {one: self._strangers.get(one, now) for one in found}
        old = sorted(one for one, since in self._strangers.items() if now - since > STRANGER_PATIENCE_S)
        for namespace, one in old[:STRANGERS_A_ROUND]:
            log.warning("cluster %s in namespace %s has no row in the store: it is removed", one, namespace)
            with _errors():
                self._destroy(namespace, one)

    def _ground(self, tenant: str) -> Ground:
        found = self._survey.namespaces.get(namespace_name(self._place.prefix, tenant))
        if found is None:
            return Ground.MISSING
        metadata = found["metadata"]
        annotated = (metadata.get("annotations") or {}).get(NAME)
        if _label(found, SERVER) != self._place.server or annotated != tenant:
            return Ground.FOREIGN
        if found.get("status", {}).get("phase") == "Terminating" or "deletionTimestamp" in metadata:
            return Ground.TERMINATING
        return Ground.READY

    def _is_stale(self, cluster: Cluster, revision: str) -> bool:
        applied, at = self._applied.get(cluster.id, ("", 0.0))
        lasts = APPLY_AGAIN_S if cluster.state is ClusterState.RUNNING else APPLY_UNSETTLED_S
        return applied != revision or time.monotonic() - at > lasts

    def _agent(self, cluster: Cluster, driver: Driver | None) -> Agent | None:
        if driver is None or not (driver.ready or driver.silent) or driver.endpoint is None:
            return None
        try:
            return agent_state(_control(driver.endpoint), cluster.token)
        except AgentError as error:
            log.warning("cluster %s of %s: %s", cluster.name, cluster.tenant, error)
            return None

    def _refusal(self, cluster: Cluster, stateful_set: Object | None) -> Problem | None:
        """Why there is no pod: what applying said, else what Kubernetes says when it is asked for one."""
        if (told := self._refused.get(cluster.id)) is not None:
            return Problem(told, lasting=True)
        return None if stateful_set is None else self._refused_now(driver_manifest(stateful_set), lasting=True)

    def _worker_refusal(self, cluster: Cluster) -> Problem | None:
        """Why the driver gets no pods for more workers."""
        try:
            pod = worker_pod(self._place, cluster, self._data(cluster.tenant))
        except SqlError as error:
            raise BackendError(error.message) from error
        return self._refused_now(pod, lasting=False)

    def _refused_now(self, pod: Manifest, *, lasting: bool) -> Problem | None:
        """Whoever makes such pods is told why not, and we by events at most, which outlive their reason: so we ask."""
        with _errors():
            told = self._api.refusal(pod)
        if told is None:
            return None
        return Problem(words(told), lasting=lasting and _SOON_KNOWN not in told)

    def _apply(self, cluster: Cluster, tier: Tier) -> None:
        plans = self._plans(cluster, tier)
        try:
            with self._tenant_lock:  # two clusters of one tenant share most objects
                for manifest in plans.objects:
                    self._prepare(cluster.tenant, manifest)
                    self._api.apply(manifest)
            self._api.apply(plans.stateful_set)
        except KubernetesError as error:
            if not error.unreachable:
                self._refused[cluster.id] = f"{error.reason}: {error.message}"
            raise
        self._refused.pop(cluster.id, None)
        self._applied[cluster.id] = (plans.revision, time.monotonic())

    def _prepare(self, tenant: str, manifest: Manifest) -> None:
        """Never take over a namespace that somebody has made since the survey; make room for a volume."""
        name = manifest["metadata"]["name"]
        if manifest["kind"] == "PersistentVolume":
            give_up_released_volume(self._api, self._place, tenant)
        if manifest["kind"] != "Namespace":
            return
        found = self._api.get("Namespace", name)
        if found is not None and _label(found, SERVER) != self._place.server:
            raise KubernetesError(409, "Conflict", f"namespace {name} belongs to somebody else")

    def _ask(self, cluster: Cluster, workers: int) -> None:
        pods = self._survey.pods.get(self._key(cluster), [])
        driver = next((driver_of(pod) for pod in pods if _label(pod, ROLE) == DRIVER), None)
        if driver is None or driver.endpoint is None:
            return
        try:
            ask_workers(_control(driver.endpoint), cluster.token, workers)
        except AgentError as error:
            raise BackendError(str(error), unreachable=True) from error

    def _sweep(self, namespace: str, workers: tuple[Worker, ...]) -> None:
        for worker in workers:
            self._api.delete("Pod", worker.name, namespace, uid=worker.uid, grace_s=0)

    def _destroy(self, namespace: str, cluster_id: str) -> None:
        for kind in KINDS:
            for one in self._api.list(kind, namespace, labels=f"{CLUSTER_ID}={cluster_id}"):
                if "deletionTimestamp" not in one["metadata"]:
                    self._api.delete(kind, one["metadata"]["name"], namespace, uid=one["metadata"]["uid"])

    def _leftovers(self, cluster: Cluster) -> int:
        """Objects that the survey does not list."""
        namespace, labels = namespace_name(self._place.prefix, cluster.tenant), f"{CLUSTER_ID}={cluster.id}"
        with _errors():
            return sum(len(self._api.list(kind, namespace, labels=labels)) for kind in KINDS if kind != "Pod")

    def _api_addresses(self) -> tuple[Endpoint, ...]:
        """The API server as pods see it: its Service, and what is behind it."""
        try:
            slices = self._api.list("EndpointSlice", "default", labels="kubernetes.io/service-name=kubernetes")
            service = self._api.get("Service", "kubernetes", "default")
        except KubernetesError as error:
            if error.unreachable:
                raise
            log.warning("addresses of the API server cannot be read, its usual ports are opened: %s", error)
            return ()
        found = [Endpoint(address, port) for address, port in addresses_in(slices)]
        if service is not None and found:
            found += [Endpoint(one, port["port"]) for one in _service_addresses(service) for port in _ports(service)]
        return tuple(found)


def give_up_released_volume(api: KubernetesApi, place: Place, tenant: str) -> None:
    """A volume whose claim has gone with its namespace is bound to that claim for ever: it is removed, to be made anew
    when it is gone. Nothing in the folder is touched. Raises KubernetesError, also while it is going.
    """
    found = api.get("PersistentVolume", volume_name(place.server, tenant))
    if found is None:
        return
    metadata = found["metadata"]
    if "deletionTimestamp" not in metadata:
        if found.get("status", {}).get("phase") not in ("Released", "Failed"):
            return
        api.delete("PersistentVolume", metadata["name"], uid=metadata["uid"])
    raise KubernetesError(503, "Terminating", f"volume {metadata['name']} of an earlier namespace is being removed")


def _control(endpoint: str) -> str:
    """The control port of the driver with this Connect endpoint."""
    return f"{endpoint.rpartition(':')[0]}:{AGENT_PORT}"


def _present(workers: Iterable[Worker]) -> int:
    return sum(not one.ending for one in workers)


def _key_of(one: Object) -> _Key:
    return str(one["metadata"]["namespace"]), _label(one, CLUSTER_ID)


def _label(one: Object, name: str) -> str:
    return str((one["metadata"].get("labels") or {}).get(name, ""))


def _service_addresses(service: Object) -> Sequence[str]:
    spec = service.get("spec", {})
    return [one for one in spec.get("clusterIPs") or [spec.get("clusterIP")] if one and one != "None"]


def _ports(service: Object) -> Sequence[Mapping[str, int]]:
    return service.get("spec", {}).get("ports") or ()


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except KubernetesError as error:
        raise BackendError(f"{error.reason}: {error.message}", unreachable=error.unreachable) from error
