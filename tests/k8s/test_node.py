"""The node that other tests rely on: real containers of the Spark image, reached from this machine, behind policies."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable

import pytest
from singlenode import runs
from singlenode.cluster import Cluster
from singlenode.node import Node

from tests.k8s.conftest import SPARK_IMAGE
from tests.k8s.kubectl import Kubectl, namespace, pod

PORT = 15002
SERVE = f"""
import http.server
http.server.HTTPServer(("", {PORT}), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
CONNECT = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 2): pass
"""


@pytest.fixture
def kubectl(kubernetes: Cluster) -> Kubectl:
    return Kubectl(kubernetes.kubectl, kubernetes.kubeconfig)


def test_a_restricted_pod_runs_java_under_any_uid_and_is_reached_from_here(kubectl: Kubectl) -> None:
    anybody = pod("reached", "anybody", SPARK_IMAGE, "python3", "-c", SERVE)
    anybody["spec"]["securityContext"] = {"runAsUser": 23456, "runAsGroup": 23456}  # type: ignore[index]
    kubectl.apply(namespace("reached"), anybody)
    address = kubectl.wait("reached", "pod/anybody", "{.status.podIP}")
    until(lambda: reachable(address))
    shown = kubectl("exec", "-n", "reached", "anybody", "--", "/opt/entrypoint.sh", "java", "-XshowSettings:properties",
                    "-version")  # fmt: skip
    assert shown == ""  # all of it is on standard error
    settings = kubectl.run("exec", "-n", "reached", "anybody", "--", "/opt/entrypoint.sh", "java",
                           "-XshowSettings:properties", "-version").stderr  # fmt: skip
    assert "user.home = /tmp" in settings
    assert "user.name = spark" in settings
    kubectl("delete", "namespace", "reached", "--wait=false")


def test_a_policy_lets_the_gateway_in_and_nobody_else(kubectl: Kubectl) -> None:
    driver = pod("tenant", "driver", SPARK_IMAGE, "python3", "-c", SERVE)
    driver["metadata"]["labels"] = {"kadali.io/role": "driver"}  # type: ignore[index]
    kubectl.apply(
        namespace("tenant"),
        namespace("other"),
        namespace("gateway", kadali_role="gateway"),
        driver,
        *[pod(where, "client", SPARK_IMAGE, "sleep", "1000") for where in ("tenant", "other", "gateway")],
    )
    address = kubectl.wait("tenant", "pod/driver", "{.status.podIP}")
    clients = {where: connector(kubectl, where, address) for where in ("tenant", "other", "gateway")}
    for connects in clients.values():
        until(connects)
    kubectl.apply(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "tenant", "namespace": "tenant"},
            "spec": {
                "podSelector": {},
                "policyTypes": ["Ingress"],
                "ingress": [
                    {"from": [{"podSelector": {}}]},
                    {
                        "from": [{"namespaceSelector": {"matchLabels": {"kadali.io/role": "gateway"}}}],
                        "ports": [{"port": PORT}],
                    },
                ],
            },
        }
    )
    until(lambda: not clients["other"]())
    assert clients["tenant"]()
    assert clients["gateway"]()
    for where in clients:
        kubectl("delete", "namespace", where, "--wait=false")


def test_a_pod_reaches_the_api_server_by_its_service(kubectl: Kubectl) -> None:
    kubectl.apply(namespace("inside"), pod("inside", "client", SPARK_IMAGE, "sleep", "1000"))
    kubectl.wait("inside", "pod/client", "{.status.phase}", "Running")
    until(connector(kubectl, "inside", "$(KUBERNETES_SERVICE_HOST)", port=443))
    kubectl("delete", "namespace", "inside", "--wait=false")


def test_memory_limits_are_real(kubectl: Kubectl) -> None:
    greedy = pod("limits", "greedy", SPARK_IMAGE, "python3", "-c", "x = b'1' * (200 << 20)")
    container = greedy["spec"]["containers"][0]  # type: ignore[index]
    container["resources"] = {"requests": {"memory": "64Mi"}, "limits": {"memory": "64Mi"}}
    greedy["spec"]["restartPolicy"] = "Never"  # type: ignore[index]
    kubectl.apply(namespace("limits"), greedy)
    reason = "{.status.containerStatuses[0].state.terminated.reason}"
    kubectl.wait("limits", "pod/greedy", reason, "OOMKilled")
    kubectl("delete", "namespace", "limits", "--wait=false")


def test_parts_of_the_node_die_and_come_back(kubernetes: Cluster, kubectl: Kubectl) -> None:
    kubectl.apply(namespace("crashes"), pod("crashes", "lasting", SPARK_IMAGE, "python3", "-c", SERVE))
    address = kubectl.wait("crashes", "pod/lasting", "{.status.podIP}")
    until(lambda: reachable(address))
    for part in ("containerd", "kubelet"):  # a kubelet that starts without containerd ends
        kubernetes.node.kill_part(part)
        assert not kubernetes.node.running()
        assert reachable(address)
        kubernetes.node.start_part(part)
    assert kubernetes.node.running()
    kubectl.apply(pod("crashes", "later", SPARK_IMAGE, "sleep", "1000"))
    kubectl.wait("crashes", "pod/later", "{.status.phase}", "Running")
    assert kubectl.wait("crashes", "pod/lasting", "{.status.containerStatuses[0].restartCount}") == "0"
    kubectl("delete", "namespace", "crashes", "--wait=false")


def test_nothing_is_left_of_a_run_that_was_killed(kubernetes: Cluster) -> None:
    """Ended from what its folder says: here for a node whose first process is killed and whose owner is gone."""
    folder = runs.new_run("killed")
    node = Node(folder / "node", kubernetes.node.folder, None)
    node.open()
    assert node.network.number != kubernetes.node.network.number
    (folder / "owner").write_text("1 0\n")  # a process that was another one
    runs.end_abandoned(folder.parent)
    assert not folder.exists()
    assert node.network.interface not in subprocess.check_output(["ip", "link"], text=True)
    assert kubernetes.node.running()


def connector(kubectl: Kubectl, where: str, address: str, port: int = PORT) -> Callable[[], bool]:
    """Whether pod `client` of a namespace can connect to an address."""
    program = ["sh", "-c", f'python3 -c "$0" "{address}" {port}'.replace("$(", "${").replace(")", "}"), CONNECT]
    return lambda: kubectl.run("exec", "-n", where, "client", "--", *program).returncode == 0


def reachable(address: str) -> bool:
    try:
        socket.create_connection((address, PORT), 2).close()
    except OSError:
        return False
    return True


def until(holds: Callable[[], bool], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)
