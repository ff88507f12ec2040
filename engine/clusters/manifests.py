"""The objects of one cluster: the token, the configuration, the driver's Service, and the StatefulSet that runs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from catalog.clusters.model import Cluster, ClusterSpec, Tier
from catalog.clusters.tiers import memory_text
from catalog.errors import InvalidParameterValue
from engine.clusters import tenancy
from engine.clusters.names import namespace_name, object_name
from engine.clusters.objects import (
    CLUSTER_ID,
    DRIVER,
    EXECUTOR,
    NAME,
    RESTARTS,
    REVISION,
    ROLE,
    SETTINGS,
    Manifest,
    Metadata,
    cluster_labels,
    fingerprint,
)
from engine.clusters.place import Place, TenantData
from engine.clusters.settings import CONFIG_DIR, EXECUTOR_TEMPLATE, PROPERTIES, driver_settings, millicores
from engine.spark.configuration import properties

TOKEN_KEY = "token"  # noqa: S105 - the name of a key
START_PATIENCE_S = 300
"""How long a driver container may take to its first answer before it is started anew."""
GRACE_S = 20
SCRATCH_SIZE = "20Gi"
"""Spill files of a driver or worker; beyond it Kubernetes evicts the pod."""
TOLERATION_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


@dataclass(frozen=True, slots=True)
class Plans:
    """All objects of a cluster and its tenant, and two fingerprints: of everything, and of what a driver starts with.

    A change of `revision` is applied at once; a change of `settings` needs a new driver.
    """

    objects: tuple[Manifest, ...]
    stateful_set: Manifest
    revision: str
    settings: str


def cluster_plans(place: Place, cluster: Cluster, tier: Tier, data: TenantData) -> Plans:
    """Pure. Raises InvalidParameterValue for a toleration that cannot be read."""
    conf = driver_settings(cluster, place, data)
    template = executor_template(place, cluster, data)
    pod = driver_pod(place, cluster, data)
    lasting = conf if cluster.spec.autoscales else {k: v for k, v in conf.items() if k != "spark.executor.instances"}
    settings = fingerprint(lasting, template["spec"], pod)
    annotations = {NAME: cluster.name, RESTARTS: str(cluster.restarts), SETTINGS: settings}
    files = {PROPERTIES: properties(conf), EXECUTOR_TEMPLATE: json.dumps(template, indent=1, sort_keys=True)}
    ports = {
        "connect": tenancy.CONNECT_PORT,
        "agent": tenancy.AGENT_PORT,
        "ui": tenancy.UI_PORT,
        "driver": tenancy.DRIVER_PORT,
        "blocks": tenancy.DRIVER_BLOCKS_PORT,
    }
    service: dict[str, object] = {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": _selector(cluster),
        "ports": [{"name": name, "port": port} for name, port in ports.items()],
    }
    objects: list[Manifest] = [
        *tenancy.tenant_objects(place, cluster.tenant, tier, data),
        {**_object(place, cluster, "v1", "Secret"), "stringData": {TOKEN_KEY: cluster.token}},
        {**_object(place, cluster, "v1", "ConfigMap"), "data": files},
        {**_object(place, cluster, "v1", "Service"), "spec": service},
    ]
    stateful_set: Manifest = {
        **_object(place, cluster, "apps/v1", "StatefulSet"),
        "spec": {
            "serviceName": object_name(cluster.id),
            "replicas": 1,
            "updateStrategy": {"type": "OnDelete"},  # a driver is replaced when its queries have ended, by us
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": _selector(cluster)},
            "template": {
                "metadata": {"labels": _labels(place, cluster, DRIVER), "annotations": annotations},
                "spec": pod,
            },
        },
    }
    revision = fingerprint(objects, stateful_set)
    stateful_set["metadata"]["annotations"] = {NAME: cluster.name, REVISION: revision}
    return Plans(tuple(objects), stateful_set, revision, settings)


def driver_pod(place: Place, cluster: Cluster, data: TenantData) -> Mapping[str, object]:
    """The specification of the driver's pod."""
    spec = cluster.spec
    fields = {"POD_IP": "status.podIP", "POD_NAME": "metadata.name", "POD_NAMESPACE": "metadata.namespace"}
    environment: list[Mapping[str, object]] = [
        {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields.items()
    ]
    environment += [
        {"name": "SPARK_LOCAL_IP", "value": "$(POD_IP)"},
        {"name": "KADALI_CLUSTER", "value": str(cluster.id)},
        {"name": "KADALI_AGENT_PORT", "value": str(tenancy.AGENT_PORT)},
        {"name": "HOME", "value": "/tmp"},  # noqa: S108 - a volume of the pod's own
        _secret("SPARK_CONNECT_AUTHENTICATE_TOKEN", object_name(cluster.id), TOKEN_KEY),
    ]
    environment += [_secret(variable, tenancy.DATA_SECRET, variable) for variable in sorted(data.secrets)]
    mounts: list[Mapping[str, object]] = [
        {"name": "config", "mountPath": CONFIG_DIR, "readOnly": True},
        {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108
    ]
    volumes: list[Mapping[str, object]] = [
        {"name": "config", "configMap": {"name": object_name(cluster.id)}},
        {"name": "scratch", "emptyDir": {"sizeLimit": SCRATCH_SIZE}},
    ]
    if data.folder is not None:
        mounts.append({"name": "lake", "mountPath": data.folder})
        volumes.append({"name": "lake", "persistentVolumeClaim": {"claimName": tenancy.DATA_CLAIM}})
    container: dict[str, object] = {
        "name": "driver",
        "image": spec.image or place.image,
        "imagePullPolicy": place.pull_policy,
        "args": ["agent", "--properties-file", f"{CONFIG_DIR}/{PROPERTIES}"],
        "env": environment,
        "ports": [
            {"name": "connect", "containerPort": tenancy.CONNECT_PORT},
            {"name": "agent", "containerPort": tenancy.AGENT_PORT},
            {"name": "ui", "containerPort": tenancy.UI_PORT},
        ],
        "startupProbe": _probe("/ready", period=1, timeout=5, failures=START_PATIENCE_S),
        "readinessProbe": _probe("/ready", period=2, timeout=5, failures=2),
        "livenessProbe": _probe("/live", period=5, timeout=10, failures=3),
        "resources": _resources(spec.driver_cores, spec.driver_memory),
        "securityContext": _SECURITY,
        "volumeMounts": mounts,
    }
    return {
        "serviceAccountName": spec.service_account or tenancy.DRIVER_ACCOUNT,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_S,
        "securityContext": _user(data),
        "containers": [container],
        "volumes": volumes,
        **_scheduling(spec),
    }


def executor_template(place: Place, cluster: Cluster, data: TenantData) -> Mapping[str, object]:
    """The pod that Spark makes its workers from; resources, data and the rest it adds itself."""
    container = {
        "name": "spark-kubernetes-executor",
        "securityContext": _SECURITY,
        "env": [{"name": "HOME", "value": "/tmp"}],  # noqa: S108
        "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],  # noqa: S108
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"labels": _labels(place, cluster, EXECUTOR), "annotations": {NAME: cluster.name}},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": GRACE_S,
            "securityContext": _user(data),
            "containers": [container],
            "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": SCRATCH_SIZE}}],
            **_scheduling(cluster.spec),
        },
    }


def driver_manifest(stateful_set: Mapping[str, Any]) -> Manifest:
    """The pod that a StatefulSet wants: only asked about, its controller makes it."""
    metadata, template = stateful_set["metadata"], stateful_set["spec"]["template"]
    where = {"name": f"{metadata['name']}-0", "namespace": metadata["namespace"]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": cast("Metadata", {**template["metadata"], **where}),
        "spec": template["spec"],
    }


def worker_pod(place: Place, cluster: Cluster, data: TenantData) -> Manifest:
    """A worker as the API server sees it from the driver, as far as it can be refused: never made, only asked about."""
    template, spec = executor_template(place, cluster, data), cluster.spec
    pod = cast("dict[str, Any]", template["spec"])
    container = {
        **pod["containers"][0],
        "image": spec.image or place.image,
        "resources": _resources(spec.worker_cores, spec.worker_memory),
    }
    metadata = cast("dict[str, Any]", template["metadata"])
    where = {"name": f"{object_name(cluster.id)}-exec-next", "namespace": namespace_name(place.prefix, cluster.tenant)}
    account = spec.service_account or tenancy.EXECUTOR_ACCOUNT
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": cast("Metadata", {**metadata, **where}),
        "spec": {**pod, "serviceAccountName": account, "containers": [container]},
    }


def toleration(text: str) -> Mapping[str, str]:
    """`key=value:Effect`, `key:Effect` or `key`. Raises InvalidParameterValue."""
    what, colon, effect = text.partition(":")
    key, equals, value = what.partition("=")
    if not key or (colon and effect not in TOLERATION_EFFECTS):
        raise InvalidParameterValue(
            f'invalid toleration: "{text}"', hint=f"key=value:Effect, with {', '.join(TOLERATION_EFFECTS)}."
        )
    made = {"key": key, "operator": "Equal" if equals else "Exists"}
    if equals:
        made["value"] = value
    if colon:
        made["effect"] = effect
    return made


_SECURITY: Mapping[str, object] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def _user(data: TenantData) -> Mapping[str, object]:
    return {
        "runAsNonRoot": True,
        "runAsUser": data.user,
        "runAsGroup": data.user,
        "fsGroup": data.user,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _scheduling(spec: ClusterSpec) -> dict[str, object]:
    made: dict[str, object] = {}
    if spec.node_selector:
        made["nodeSelector"] = dict(spec.node_selector)
    if spec.tolerations:
        made["tolerations"] = [toleration(text) for text in spec.tolerations]
    if spec.priority is not None:
        made["priorityClassName"] = spec.priority
    return made


def _resources(cores: float, memory: int) -> Mapping[str, object]:
    size = memory_text(memory)
    return {"requests": {"cpu": millicores(cores), "memory": size}, "limits": {"memory": size}}


def _probe(path: str, *, period: int, timeout: int, failures: int) -> Mapping[str, object]:
    return {
        "httpGet": {"port": "agent", "path": path},
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    }


def _secret(variable: str, name: str, key: str) -> Mapping[str, object]:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}


def _selector(cluster: Cluster) -> Mapping[str, str]:
    return {CLUSTER_ID: str(cluster.id), ROLE: DRIVER}


def _labels(place: Place, cluster: Cluster, role: str | None = None) -> dict[str, str]:
    return cluster_labels(place.server, cluster.tenant, cluster.name, cluster.id, role)


def _object(place: Place, cluster: Cluster, version: str, kind: str) -> Manifest:
    metadata: Metadata = {
        "name": object_name(cluster.id),
        "namespace": namespace_name(place.prefix, cluster.tenant),
        "labels": _labels(place, cluster),
        "annotations": {NAME: cluster.name},
    }
    return {"apiVersion": version, "kind": kind, "metadata": metadata}
