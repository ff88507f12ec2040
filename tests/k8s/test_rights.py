"""What the accounts of a tenant's pods may do on a real API server, and what its namespace admits. No pod runs here:
what pods can reach is in test_attacks.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from singlenode.control_plane import ControlPlane

from catalog.clusters.model import Cluster
from engine.clusters.kubernetes import KubernetesApi, KubernetesError
from engine.clusters.names import object_name
from engine.clusters.objects import CLUSTER_ID, DRIVER, ROLE
from tests.clusters.samples import TIER
from tests.k8s.test_reconcile import Site, api  # noqa: F401 - a fixture

MERGE = "application/merge-patch+json"


@dataclass
class Pair:
    """Two tenants with a cluster each; `driver` is the API server as a driver of the first may use it."""

    red: Site
    blue: Site
    mine: Cluster
    theirs: Cluster
    driver: KubernetesApi

    def asked(self, method: str, path: str, body: object = None, who: KubernetesApi | None = None) -> tuple[int, str]:
        """(status, what is told)."""
        content = MERGE if method == "PATCH" else ""
        try:
            (who or self.driver)._call(method, path, {}, body, content)
        except KubernetesError as error:
            return error.status, error.message
        return 200, ""


@pytest.fixture(scope="module")
def pair(api: KubernetesApi, control_plane: ControlPlane) -> Iterator[Pair]:  # noqa: F811
    red, blue = (Site(api, control_plane, tenant=f"{name} {uuid4().hex[:8]}") for name in ("A Red", "Z Blue"))
    mine, theirs = red.put(), blue.put()
    for site, one in ((red, mine), (blue, theirs)):
        site.until(lambda site=site, one=one: "Pod" in site.objects(one), "made")  # type: ignore[misc]
    made = Pair(red, blue, mine, theirs, account(red, "spark-driver"))
    yield made
    for each in (red, blue, made.driver):
        each.close()


def account(site: Site, name: str) -> KubernetesApi:
    path = f"api/v1/namespaces/{site.namespace}/serviceaccounts/{name}/token"
    token = site.api._json("POST", path, {}, {"spec": {"expirationSeconds": 600}})["status"]["token"]
    return KubernetesApi.with_token(site.api, token)


def rules(who: KubernetesApi, namespace: str) -> set[tuple[str, str]]:
    """(resource, verb) of all that somebody may do in a namespace, but for what Kubernetes lets everybody: asking who
    he is, and reading public certificates.
    """
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    answer = who._json("POST", "apis/authorization.k8s.io/v1/selfsubjectrulesreviews", {}, review)["status"]
    assert answer["incomplete"] is False
    return {
        (resource, verb)
        for rule in answer["resourceRules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if not resource.startswith(("selfsubject", "clustertrustbundles"))
    }


def test_accounts_may_do_this_and_nothing_else(pair: Pair) -> None:
    named = {
        "pods": "get list watch create delete deletecollection patch",
        "configmaps": "get list create update delete deletecollection",
        "persistentvolumeclaims": "list deletecollection",
        "services": "list deletecollection",
    }
    assert rules(pair.driver, pair.red.namespace) == {
        (kind, verb) for kind, verbs in named.items() for verb in verbs.split()
    }
    for namespace in (pair.blue.namespace, "default", "kube-system"):
        assert rules(pair.driver, namespace) == set()
    for name in ("spark-executor", "default"):
        who = account(pair.red, name)
        assert rules(who, pair.red.namespace) == rules(who, pair.blue.namespace) == set()
        who.close()


def test_requests_are_refused_as_the_rules_say(pair: Pair) -> None:
    name, red = object_name(pair.mine.id), pair.red.namespace
    mine, theirs = f"api/v1/namespaces/{red}", f"api/v1/namespaces/{pair.blue.namespace}"
    rbac, policies = "apis/rbac.authorization.k8s.io/v1", f"apis/networking.k8s.io/v1/namespaces/{red}/networkpolicies"
    admin = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    binding = {"metadata": {"name": "x"}, "roleRef": admin, "subjects": [{"kind": "ServiceAccount", "name": "default"}]}
    forbidden = [
        *[("GET", f"{mine}/{what}", None) for what in ("secrets", f"secrets/{name}", "secrets/lake-keys")],
        *[("GET", f"api/v1/{kind}", None) for kind in ("secrets", "pods", "namespaces", "nodes", "persistentvolumes")],
        *[("GET", f"{theirs}/{kind}", None) for kind in ("pods", "secrets", "configmaps", "persistentvolumeclaims")],
        ("POST", f"{theirs}/pods", intruder()),
        ("DELETE", f"{theirs}/pods/{object_name(pair.theirs.id)}-0", None),
        ("GET", f"{mine}/pods/{name}-0/log", None),
        ("POST", f"{mine}/pods/{name}-0/exec", None),
        ("POST", f"{mine}/serviceaccounts/spark-driver/token", {"spec": {"expirationSeconds": 600}}),
        *[
            ("POST", f"{mine}/{kind}", {"metadata": {"name": "x"}})
            for kind in ("serviceaccounts", "services", "secrets")
        ],
        ("POST", f"{rbac}/namespaces/{red}/rolebindings", binding),
        ("POST", f"{rbac}/clusterrolebindings", binding),
        ("PATCH", f"{rbac}/namespaces/{red}/roles/spark-driver", {"rules": []}),
        ("PATCH", f"{policies}/tenant", {"spec": {"egress": [{}]}}),
        ("DELETE", f"{policies}/tenant", None),
        ("DELETE", f"{mine}/resourcequotas/tier", None),
        ("PATCH", f"api/v1/namespaces/{red}", {"metadata": {"labels": {"kadali.io/role": "gateway"}}}),
        ("PATCH", f"apis/apps/v1/namespaces/{red}/statefulsets/{name}", {"spec": {"replicas": 2}}),
    ]
    assert [(request[:2], got) for request in forbidden if (got := pair.asked(*request))[0] != 403] == []
    assert pair.asked("GET", f"{mine}/pods") == (200, "")
    assert pair.asked("GET", f"{mine}/configmaps") == (200, "")


def intruder(*, labels: dict[str, str] | None = None, security: dict[str, object] | None = None, **spec: object) -> Any:
    """A pod that the namespace admits, but for what is said."""
    restricted: dict[str, object] = {
        "allowPrivilegeEscalation": False,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {
        "name": "c",
        "image": "x",
        "securityContext": restricted | (security or {}),
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "32Mi"}},
    }
    return {"metadata": {"name": "intruder", "labels": labels or {}}, "spec": {"containers": [container], **spec}}


def test_a_namespace_admits_restricted_pods_only_and_none_before_kubernetes_own(pair: Pair) -> None:
    path = f"api/v1/namespaces/{pair.red.namespace}/pods"
    for words, pods in {
        "violates PodSecurity": [
            intruder(hostNetwork=True),
            intruder(hostPID=True),
            intruder(volumes=[{"name": "host", "hostPath": {"path": "/"}}]),
            intruder(security={"privileged": True, "allowPrivilegeEscalation": True}),
            intruder(security={"runAsUser": 0}),
            intruder(security={"runAsNonRoot": False}),
            intruder(security={"capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]}}),
            intruder(security={"seccompProfile": {"type": "Unconfined"}}),
        ],
        "exceeded quota: priorities": [
            intruder(priorityClassName="system-node-critical"),
            intruder(priorityClassName="system-cluster-critical"),
        ],
    }.items():
        for pod in pods:
            for who in (pair.driver, pair.red.api):  # an administrator as well
                status, told = pair.asked("POST", path, pod, who)
                assert status == 403 and words in told, (told, pod)


def test_a_pod_with_anothers_labels_is_not_anothers_driver(pair: Pair) -> None:
    """Else the gateway would send the statements of Blue, and its token, to a pod of Red."""
    admin, path = pair.red.api, f"api/v1/namespaces/{pair.red.namespace}/pods"
    (real,) = pair.blue.objects(pair.theirs)["Pod"]
    assert pair.asked("POST", path, intruder(labels=real["metadata"]["labels"])) == (200, "")
    ready = [{"type": "Ready", "status": "True"}]
    status = {
        "status": {"phase": "Running", "podIP": "192.0.2.66", "podIPs": [{"ip": "192.0.2.66"}], "conditions": ready}
    }
    assert pair.asked("PATCH", f"{path}/intruder/status", status, admin)[0] == 200
    labelled = admin.list("Pod", labels=f"{CLUSTER_ID}={pair.theirs.id},{ROLE}={DRIVER}")
    assert labelled[0]["metadata"]["name"] == "intruder", "what labels alone would find"
    pair.blue.backend.survey([pair.theirs])
    sight = pair.blue.backend.look(pair.theirs, TIER)
    assert sight.driver is not None
    assert (sight.driver.id, sight.driver.endpoint) == (real["metadata"]["uid"], None)
