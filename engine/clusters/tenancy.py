"""The objects each tenant has once, whatever its clusters: namespace, limits, rights, network policy, data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog.clusters.model import Tier
from catalog.clusters.tiers import memory_text
from engine.clusters.names import namespace_name, volume_name
from engine.clusters.objects import GATEWAY, NAME, ROLE, Manifest, Metadata, tenant_labels
from engine.clusters.place import Place, TenantData
from engine.clusters.quota import pods_max

DRIVER_ACCOUNT, EXECUTOR_ACCOUNT = "spark-driver", "spark-executor"
DATA_CLAIM, DATA_SECRET = "lake", "lake-keys"
CONNECT_PORT, AGENT_PORT, UI_PORT = 15002, 9400, 4040
DRIVER_PORT, DRIVER_BLOCKS_PORT, WORKER_BLOCKS_PORT = 7078, 7079, 7080
SYSTEM_PRIORITY = "system-"
"""How Kubernetes' own priority classes begin."""
_API_PORTS = (443, 6443)
_VOLUME_SIZE = "1Ti"
_METADATA_SERVICES = ("169.254.0.0/16", "fe80::/10")
"""Where clouds tell a machine's own credentials: never open to pods."""


def tenant_objects(place: Place, tenant: str, tier: Tier, data: TenantData) -> list[Manifest]:
    """All of them, in the order of applying. The namespace comes first."""
    namespace = namespace_name(place.prefix, tenant)
    objects: list[Manifest] = [
        _namespace(place, tenant),
        _object(place, tenant, "v1", "LimitRange", "tier", spec={"limits": [_DEFAULTS]}),
        _object(place, tenant, "v1", "ServiceAccount", DRIVER_ACCOUNT),
        {
            **_object(place, tenant, "v1", "ServiceAccount", EXECUTOR_ACCOUNT),
            "automountServiceAccountToken": False,
        },
        *_rights(place, tenant, namespace),
        network_policy(place, tenant, data),
    ]
    # an empty quota is one as well: it takes back the limits of an earlier tier
    objects.insert(1, _object(place, tenant, "v1", "ResourceQuota", "tier", spec={"hard": hard_limits(tier)}))
    objects.insert(2, _object(place, tenant, "v1", "ResourceQuota", "priorities", spec=_NO_SYSTEM_PODS))
    if data.folder is not None:
        objects += [data_volume(place, tenant, data.folder), _claim(place, tenant)]
    if data.secrets:
        keys = _object(place, tenant, "v1", "Secret", DATA_SECRET)
        objects.append({**keys, "stringData": dict(data.secrets)})
    return objects


def hard_limits(tier: Tier) -> dict[str, str]:
    """A tier's limits as ResourceQuota writes them; what has none is left out."""
    limits: dict[str, str] = {}
    if tier.cores is not None:
        limits["requests.cpu"] = f"{round(tier.cores * 1000)}m"
    if tier.memory is not None:
        limits["requests.memory"] = limits["limits.memory"] = memory_text(tier.memory)
    pods = pods_max(tier)
    if pods is not None:
        limits["pods"] = str(pods)
    return limits


_DEFAULTS: Mapping[str, object] = {
    "type": "Container",
    "default": {"memory": "1Gi"},
    "defaultRequest": {"cpu": "100m", "memory": "256Mi"},
}
"""For containers that say nothing (none of ours): the quota would refuse them."""


_NO_SYSTEM_PODS: Mapping[str, object] = {
    "hard": {"pods": "0"},
    "scopeSelector": {
        "matchExpressions": [
            {
                "scopeName": "PriorityClass",
                "operator": "In",
                "values": [f"{SYSTEM_PRIORITY}cluster-critical", f"{SYSTEM_PRIORITY}node-critical"],
            }
        ]
    },
}
"""A driver makes pods as it likes: none that push out those of Kubernetes itself."""


def _namespace(place: Place, tenant: str) -> Manifest:
    labels = {
        **tenant_labels(place.server, tenant),
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "latest",
    }
    metadata: Metadata = {
        "name": namespace_name(place.prefix, tenant),
        "labels": labels,
        "annotations": {NAME: tenant},
    }
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _rights(place: Place, tenant: str, namespace: str) -> list[Manifest]:
    """What a driver may do: manage its executors, in its own namespace. It can read no secret."""
    role = _object(place, tenant, "rbac.authorization.k8s.io/v1", "Role", DRIVER_ACCOUNT)
    binding = _object(place, tenant, "rbac.authorization.k8s.io/v1", "RoleBinding", DRIVER_ACCOUNT)
    return [
        {
            **role,
            "rules": [
                _rule("pods", "get list watch create delete deletecollection patch"),
                _rule("configmaps", "get list create update delete deletecollection"),
                _rule("persistentvolumeclaims services", "list deletecollection"),
            ],
        },
        {
            **binding,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": DRIVER_ACCOUNT},
            "subjects": [{"kind": "ServiceAccount", "name": DRIVER_ACCOUNT, "namespace": namespace}],
        },
    ]


def network_policy(place: Place, tenant: str, data: TenantData) -> Manifest:
    """In: pods of the tenant, and gateways (their namespace; networks outside) on the ports that are theirs. Out: pods
    of the tenant, names, the API server, the object store.
    """
    gateways: list[Mapping[str, object]] = [
        {"namespaceSelector": {"matchLabels": {ROLE: GATEWAY}}},
        *({"ipBlock": {"cidr": network}} for network in place.gateways),
    ]
    own: Mapping[str, object] = {"podSelector": {}}
    egress: list[Mapping[str, object]] = [
        {"to": [own]},
        {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
        *_to_api(place),
    ]
    if data.ports:
        egress.append({"to": _anywhere(), "ports": [_port(port) for port in sorted(set(data.ports))]})
    spec: dict[str, object] = {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {"from": [own]},
            {"from": gateways, "ports": [_port(port) for port in (CONNECT_PORT, AGENT_PORT, UI_PORT)]},
        ],
        "egress": egress,
    }
    return _object(place, tenant, "networking.k8s.io/v1", "NetworkPolicy", "tenant", spec=spec)


def _to_api(place: Place) -> list[Mapping[str, object]]:
    if not place.api:
        return [{"to": _anywhere(), "ports": [_port(port) for port in _API_PORTS]}]
    return [
        {"to": [{"ipBlock": {"cidr": _single(one.address)}}], "ports": [_port(one.port)]}
        for one in sorted(place.api, key=lambda one: (one.address, one.port))
    ]


def _anywhere() -> list[Mapping[str, object]]:
    return [
        {"ipBlock": {"cidr": cidr, "except": [metadata]}}
        for cidr, metadata in zip(("0.0.0.0/0", "::/0"), _METADATA_SERVICES, strict=True)
    ]


def data_volume(place: Place, tenant: str, folder: str) -> Manifest:
    """A folder of the node as a volume that only the tenant's claim can have. Nothing in it is ever removed by it."""
    metadata: Metadata = {
        "name": volume_name(place.server, tenant),
        "labels": tenant_labels(place.server, tenant),
        "annotations": {NAME: tenant},
    }
    spec: dict[str, object] = {
        "capacity": {"storage": _VOLUME_SIZE},
        "accessModes": ["ReadWriteMany"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "",
        "hostPath": {"path": folder, "type": "Directory"},
        "claimRef": {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": namespace_name(place.prefix, tenant),
            "name": DATA_CLAIM,
        },
    }
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec}


def _claim(place: Place, tenant: str) -> Manifest:
    spec: dict[str, object] = {
        "accessModes": ["ReadWriteMany"],
        "storageClassName": "",
        "volumeName": volume_name(place.server, tenant),
        "resources": {"requests": {"storage": _VOLUME_SIZE}},
    }
    return _object(place, tenant, "v1", "PersistentVolumeClaim", DATA_CLAIM, spec=spec)


def _object(
    place: Place, tenant: str, version: str, kind: str, name: str, spec: Mapping[str, object] | None = None
) -> Manifest:
    metadata: Metadata = {
        "name": name,
        "namespace": namespace_name(place.prefix, tenant),
        "labels": tenant_labels(place.server, tenant),
    }
    made: Manifest = {"apiVersion": version, "kind": kind, "metadata": metadata}
    if spec is not None:
        made["spec"] = spec
    return made


def _rule(resources: str, verbs: str) -> Mapping[str, Sequence[str]]:
    return {"apiGroups": [""], "resources": resources.split(), "verbs": verbs.split()}


def _port(number: int) -> Mapping[str, object]:
    return {"port": number, "protocol": "TCP"}


def _single(address: str) -> str:
    return f"{address}/128" if ":" in address else f"{address}/32"
