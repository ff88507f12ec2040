"""The chart of the gateway: what it makes, what it refuses, whether its rights suffice, and its life on a real node."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import psycopg
import pytest
import yaml
from singlenode import binaries
from singlenode.cluster import Cluster
from singlenode.control_plane import ControlPlane

from catalog.clusters.model import ClusterState, Desired
from engine.clusters.kubernetes import KubernetesApi
from gateway.configuration import load
from gateway.settings import declarations
from tests.k8s.conftest import SPARK_IMAGE, skip_where_missing
from tests.k8s.kubectl import Kubectl
from tests.k8s.test_reconcile import Site

ROOT = Path(__file__).parents[2]
CHART = ROOT / "docker" / "helm" / "kadali"
PASSWORD = "long enough, this"  # of a server that lives for seconds
SPARK = ("--set", "spark.image=registry/spark:1")
EVERYTHING = """
replicas: 3
catalog: {existingSecret: metadata}
lake: {root: "s3://bucket/lake", s3: {endpoint: "https://store:9000", region: here, existingSecret: keys}}
persistence: {enabled: false}
tiers: |
  [tiers.default]
  clusters = 2
secrets:
  existingSecret: keys
tls: {existingSecret: certificate}
settings: {max_connections: 200, log_statements: "on"}
imagePullSecrets: [registry]
nodeSelector: {disk: fast}
"""


@dataclass(frozen=True)
class Helm:
    """`program` with a kubeconfig, or without one for what needs no cluster."""

    program: Path
    kubeconfig: Path | None = None

    def __call__(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "KUBECONFIG": str(self.kubeconfig or "/nowhere")}
        return subprocess.run(
            [str(self.program), *arguments], env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    def objects(self, *arguments: str) -> dict[str, Any]:
        """What the chart makes, by kind."""
        made = yaml.safe_load_all(self("template", "kadali", str(CHART), *arguments))
        return {one["kind"]: one for one in made if one}


@pytest.fixture(scope="session")
def helm() -> Helm:
    with skip_where_missing():
        return Helm(binaries.helm())


def test_lint(helm: Helm) -> None:
    assert "0 chart(s) failed" in helm("lint", "--strict", str(CHART), *SPARK)


def test_variables_are_settings_of_the_gateway(helm: Helm, tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text(EVERYTHING)
    (container,) = containers(helm.objects(*SPARK, "--values", str(tmp_path / "values.yaml")))
    environment = {one["name"]: one.get("value", "x") for one in container["env"] if one["name"] != "HOME"}
    environment |= {"KADALI_CATALOG_URL": "postgresql://u@h/d"}
    for name in ("TIERS", "TLS_CERT", "TLS_KEY"):
        file = tmp_path / name
        file.write_text("")
        environment[f"KADALI_{name}"] = str(file)
    assert environment.keys() <= {declared.variable for declared in declarations()}
    settings = load({}, environment=environment)
    assert settings.kubeconfig == "in-cluster"
    assert settings.spark_image == "registry/spark:1"
    assert str(settings.lake_root) == "s3://bucket/lake"
    assert str(settings.secret_key_file) == "/etc/kadali/keys/secrets.key"
    assert settings.max_connections == 200
    assert settings.log_statements
    assert settings.shutdown_grace == 30


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "spark.image"),
        ((*SPARK, "--set", "replicas=2"), "catalog.url"),
        ((*SPARK, "--set", "replicas=2,catalog.url=u"), "lake.root"),
        ((*SPARK, "--set", "replicas=2,catalog.url=u,lake.root=s3://b/p"), "persistence.enabled=false"),
    ],
)
def test_what_cannot_work_is_refused(helm: Helm, arguments: tuple[str, ...], reason: str) -> None:
    done = helm.run("template", "kadali", str(CHART), *arguments)
    assert done.returncode != 0
    assert reason in done.stderr


def test_without_spark_there_are_no_rights(helm: Helm) -> None:
    made = helm.objects("--set", "spark.enabled=false")
    assert made.keys() == {"ServiceAccount", "PersistentVolumeClaim", "Service", "Deployment"}
    assert made["Deployment"]["spec"]["template"]["spec"]["automountServiceAccountToken"] is False


def test_rights_of_the_chart_suffice_for_clusters(
    helm: Helm, control_plane: ControlPlane, kubernetes_binaries: Path, tmp_path: Path
) -> None:
    on_plane = Helm(helm.program, control_plane.kubeconfig)
    on_plane("install", "rights", str(CHART), "--namespace", "rights", "--create-namespace", *SPARK)
    kubectl = Kubectl(kubernetes_binaries / "kubectl", control_plane.kubeconfig)
    token = kubectl("create", "token", "-n", "rights", "rights-kadali").strip()
    as_gateway = SimpleNamespace(kubeconfig=control_plane.write_kubeconfig(tmp_path / "gateway", token))
    api = KubernetesApi(str(control_plane.kubeconfig))
    site = Site(api, as_gateway, server="rights")  # type: ignore[arg-type]
    try:
        one = site.put()
        site.until(lambda: "Pod" in site.objects(one), "made")
        site.store.change(one.id, desired=Desired.SUSPENDED)
        site.until(lambda: site.row(one).state is ClusterState.SUSPENDED, "suspended")
        site.store.change(one.id, desired=Desired.RUNNING)
        site.until(lambda: "Unschedulable" in (site.row(one).observed.reason or ""), "made again, and the words read")
        site.store.change(one.id, desired=Desired.TERMINATED)
        site.until(lambda: one.id not in site.store.rows, "dropped")
        assert site.objects(one) == {}
    finally:
        site.close()
        api.close()
    for asked in ("get nodes", "get secrets", "delete namespaces", "get pods --subresource=log"):
        assert kubectl.run("auth", "can-i", *asked.split(), "-A", f"--token={token}").returncode != 0, asked
    on_plane("uninstall", "rights", "--namespace", "rights")


@pytest.fixture(scope="module")
def gateway_image(kubernetes: Cluster) -> str:
    """The image of the gateway, which the node has now."""
    module = _gateway_image_module()
    with skip_where_missing():
        kubernetes.node.import_image(module.image())
    name: str = module.NAME
    return name


@pytest.fixture
def on_node(helm: Helm, kubernetes: Cluster) -> Iterator[Helm]:
    made = Helm(helm.program, kubernetes.kubeconfig)
    yield made
    made.run("uninstall", "try", "--namespace", "gateway-try", "--ignore-not-found")


def test_install_upgrade_uninstall(on_node: Helm, kubernetes: Cluster, gateway_image: str) -> None:
    kubectl = Kubectl(kubernetes.kubectl, kubernetes.kubeconfig)
    repository, tag = gateway_image.rsplit(":", 1)
    chart = (
        "try", str(CHART), "--namespace", "gateway-try", "--wait", "--timeout", "180s",
        "--set", f"image.repository={repository},image.tag={tag},image.pullPolicy=Never",
        "--set", f"spark.image={SPARK_IMAGE},persistence.enabled=false",
        "--set", "resources.requests.cpu=100m,resources.requests.memory=256Mi",
    )  # fmt: skip
    notes = on_node("install", *chart, "--create-namespace")
    assert "kubectl label namespace gateway-try kadali.io/role=gateway" in notes
    kubectl("label", "namespace", "gateway-try", "kadali.io/role=gateway")
    kubectl(
        "exec", "-i", "-n", "gateway-try", "deploy/try-kadali", "--",
        "kadali", "user", "add", "anna", "--database", "shop", "--admin", "--password-stdin",
        stdin=f"{PASSWORD}\n",
    )  # fmt: skip
    before = pod_address(kubectl)
    with psycopg.connect(
        host=before, port=5433, user="anna", password=PASSWORD, dbname="shop", autocommit=True
    ) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
        assert connection.execute("SELECT a FROM t").fetchone() == (1,)
        connection.execute("SHOW CLUSTERS")

    notes = on_node("upgrade", *chart, "--set", "settings.max_connections=7")
    assert "WARNING: network policies" not in notes
    deadline = time.monotonic() + 60
    while pod_address(kubectl) == before:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert '"KADALI_MAX_CONNECTIONS","value":"7"' in kubectl("get", "pods", "-n", "gateway-try", "-o=json").replace(
        " ", ""
    ).replace("\n", "")

    on_node("uninstall", "try", "--namespace", "gateway-try", "--wait")
    assert kubectl("get", "deployments,services,configmaps", "-n", "gateway-try", "-o=name").split() == [
        "configmap/kube-root-ca.crt"
    ]
    assert "gateway-try" not in kubectl("get", "clusterroles", "-o=name")
    kubectl("delete", "namespace", "gateway-try", "--wait=false")


def pod_address(kubectl: Kubectl) -> str:
    """Of the one pod that is not ending."""
    path = "{range .items[*]}{.metadata.deletionTimestamp},{.status.podIP} {end}"
    pods = kubectl("get", "pods", "-n", "gateway-try", f"-o=jsonpath={path}")
    return next((one.split(",")[1] for one in pods.split() if one.startswith(",")), "")


def containers(objects: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = objects["Deployment"]["spec"]["template"]["spec"]["containers"]
    return found


def _gateway_image_module() -> ModuleType:
    """docker/gateway/image.py, a script whose name another one has as well."""
    spec = importlib.util.spec_from_file_location("gateway_image", ROOT / "docker" / "gateway" / "image.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
