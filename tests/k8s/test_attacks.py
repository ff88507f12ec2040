"""Two tenants on one node, and what code in the pods of one may do to the other: tried from inside the real driver and
worker of `Red`, with what they hold (address, account, volume), against `Blue` and the machine.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from singlenode.cluster import Cluster as Machine

from catalog.clusters.model import Backend, Cluster
from engine.clusters.folder import lake_user
from engine.clusters.kubernetes import KubernetesApi
from engine.clusters.names import namespace_name
from engine.clusters.objects import CLUSTER_ID, ROLE
from engine.clusters.place import Place, TenantData
from engine.clusters.pods import KubernetesBackend
from tests.clusters.live_site import LiveSite
from tests.clusters.samples import cluster
from tests.k8s.conftest import SPARK_IMAGE
from tests.k8s.kubectl import Kubectl
from tests.spark.strangers import calls, message

PREFIX = "t3a-"
DEADLINE_S = 180.0
METADATA = "169.254.169.254"
SMALL = {"driver_cores": 0.2, "worker_cores": 0.1, "auto_suspend_s": None, "min_workers": 1, "max_workers": 1}

INSIDE = """
import base64, json, os, socket, ssl, sys, urllib.error, urllib.request
from pathlib import Path
asked = json.loads(sys.argv[1])
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
TRUST = ssl._create_unverified_context()

def connects(place):
    try:
        socket.create_connection(tuple(place), 3).close()
        return True
    except OSError:
        return False

def said(place):
    with socket.create_connection(tuple(place), 10) as connection:
        connection.sendall(base64.b64decode(asked["message"]))
        connection.settimeout(10)
        return connection.recv(65536).decode("latin-1")

def api(method, path, body):
    url = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}/{path}"
    headers = {"Content-Type": "application/merge-patch+json" if method == "PATCH" else "application/json"}
    if (ACCOUNT / "token").exists():
        headers["Authorization"] = "Bearer " + (ACCOUNT / "token").read_text()
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        return urllib.request.urlopen(request, context=TRUST, timeout=20).status, ""
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()).get("message", "")

def writes(folder):
    try:
        file = Path(folder, "made")
        file.write_text("x")
        file.unlink()
        return True
    except OSError:
        return False

status = dict(line.split(":\\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\\t" in line)
print(json.dumps({
    "connects": [connects(place) for place in asked["places"]],
    "said": [said(place) for place in asked["own"]],
    "api": [api(*request) for request in asked["requests"]],
    "writes": {folder: writes(folder) for folder in asked["folders"]},
    "beside": sorted(os.listdir(os.path.dirname(asked["lake"]))),
    "uid": os.getuid(), "capabilities": int(status["CapEff"], 16) | int(status["CapBnd"], 16),
    "privileges": status["NoNewPrivs"], "seccomp": status["Seccomp"],
    "account": ACCOUNT.exists(), "environment": sorted(os.environ),
}))
"""


class Tenants(LiveSite):
    """Red, whose pods may connect to `port` anywhere, as to an object store; and Blue. A cluster each."""

    def __init__(self, machine: Machine, lakes: Path, port: int) -> None:
        self.api = KubernetesApi(str(machine.kubeconfig))
        self.kubectl = Kubectl(machine.kubectl, machine.kubeconfig)
        place = Place("t3a", PREFIX, SPARK_IMAGE, pull_policy="Never", gateways=(f"{machine.node.network.machine}/32",))
        self.lakes = {name: lakes / name for name in ("Red", "Blue")}
        ports = {"Red": (port,), "Blue": ()}
        data = {
            name: TenantData(folder=str(folder), user=lake_user(folder), ports=ports[name])
            for name, folder in self.lakes.items()
        }
        backend = KubernetesBackend(self.api, place, data.__getitem__)
        super().__init__({Backend.KUBERNETES: backend}, every_s=0.5, deadline_s=DEADLINE_S)
        self.red, self.blue = self.put("Red"), self.put("Blue")

    def put(self, tenant: str) -> Cluster:
        at = datetime.now(UTC)
        row = cluster(spec=SMALL, id=uuid4(), tenant=tenant, name="etl", workers_wanted=1, token=f"token of {tenant}")
        return self.store.put(replace(row, created_at=at, state_since=at, last_used=at))

    def pod(self, one: Cluster, role: str) -> Any:
        (found,) = self.api.list("Pod", self.namespace(one), labels=f"{CLUSTER_ID}={one.id},{ROLE}={role}")
        return found

    def address(self, one: Cluster, role: str = "driver") -> str:
        return str(self.pod(one, role)["status"]["podIP"])

    def namespace(self, one: Cluster) -> str:
        return namespace_name(PREFIX, one.tenant)

    def inside(self, one: Cluster, role: str, **asked: Any) -> Any:
        """What a program in one of the pods finds out."""
        asked = {"places": [], "own": [], "requests": [], "folders": [], "lake": str(self.lakes[one.tenant])} | asked
        name = self.pod(one, role)["metadata"]["name"]
        command = ["exec", "-n", self.namespace(one), name, "--", "python3", "-c", INSIDE, json.dumps(asked)]
        return json.loads(self.kubectl(*command))


@pytest.fixture(scope="module")
def listener(kubernetes: Machine) -> Iterator[int]:
    """A port of this machine, on all of its addresses; one is where clouds tell machines their credentials."""
    server = ThreadingHTTPServer(("0.0.0.0", 0), BaseHTTPRequestHandler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    interface = kubernetes.node.network.interface
    subprocess.run(["ip", "addr", "add", f"{METADATA}/32", "dev", interface], check=True)
    yield server.server_address[1]
    subprocess.run(["ip", "addr", "del", f"{METADATA}/32", "dev", interface], check=True)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def site(kubernetes: Machine, listener: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenants]:
    made = Tenants(kubernetes, tmp_path_factory.mktemp("lakes"), listener)
    try:
        for one in (made.red, made.blue):
            made.runs(one, 1)
        yield made
    finally:
        made.close()
        made.kubectl.remove_namespaces(PREFIX)


def test_pods_reach_their_own_tenant_and_what_they_must(site: Tenants, kubernetes: Machine, listener: int) -> None:
    machine = kubernetes.node.network.machine
    own = [[site.address(site.red), port] for port in (15002, 9400, 4040, 7078, 7079)]
    allowed = [*own, [machine, listener]]
    other = [[site.address(site.blue), port] for port in (15002, 9400, 4040, 7078, 7079)]
    other += [[site.address(site.blue, "executor"), 7080], [METADATA, listener]]
    other.append([kubernetes.node.network.node, 10250])  # the kubelet
    for role in ("driver", "executor"):
        found = site.inside(site.red, role, places=[*allowed, *other])["connects"]
        assert [place for place, open_ in zip([*allowed, *other], found, strict=True) if open_] == allowed, role
    assert site.inside(site.blue, "driver", places=[[machine, listener]])["connects"] == [False]
    # all of it is there for who is let in
    assert calls(f"{site.address(site.blue)}:15002", site.blue.token)["ExecutePlan"] == "OK"


def test_the_token_of_another_cluster_opens_nothing(site: Tenants) -> None:
    endpoint = f"{site.address(site.blue)}:15002"
    for token in (None, site.red.token):
        assert set(calls(endpoint, token).values()) == {"UNAUTHENTICATED"}


def test_even_in_the_own_namespace_sparks_port_wants_sparks_secret(site: Tenants) -> None:
    told = base64.b64encode(message()).decode()
    (answer,) = site.inside(site.red, "executor", own=[[site.address(site.red), 7078]], message=told)["said"]
    assert "challenge" in answer
    assert "ObjectInputStream" not in answer


def test_what_a_pod_is(site: Tenants) -> None:
    lake = site.lakes["Red"]
    folders = ["/", "/opt", "/opt/spark/kadali", "/tmp", str(lake), str(lake.parent), str(site.lakes["Blue"])]
    for role in ("driver", "executor"):
        found = site.inside(site.red, role, folders=folders)
        assert [folder for folder, writes in found["writes"].items() if writes] == ["/tmp", str(lake)]
        assert found["beside"] == ["Red"], "nothing of others is mounted"
        assert found["uid"] != 0
        assert (found["capabilities"], found["privileges"], found["seccomp"]) == (0, "1", "2")
        assert found["account"] is (role == "driver")
        assert ("SPARK_CONNECT_AUTHENTICATE_TOKEN" in found["environment"]) is (role == "driver")


def test_the_api_server_as_pods_see_it(site: Tenants) -> None:
    """With the account that is mounted; all that accounts may do is in test_rights.py."""
    mine, theirs = (f"api/v1/namespaces/{site.namespace(one)}" for one in (site.red, site.blue))
    requests = [("GET", f"{place}/{kind}", None) for place in (mine, theirs) for kind in ("pods", "secrets")]
    told = [status for status, _ in site.inside(site.red, "driver", requests=requests)["api"]]
    assert told == [200, 403, 403, 403]
    told = [status for status, _ in site.inside(site.red, "executor", requests=requests)["api"]]
    assert set(told) <= {401, 403}, "workers are nobody"
