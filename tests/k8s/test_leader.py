"""Two gateways on one store and one Kubernetes: one leads; when it is killed the other goes on with its clusters."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from singlenode.control_plane import ControlPlane

from engine.clusters.kubernetes import KubernetesApi
from tests.gateway_server import PASSWORD, GatewayServer

DEADLINE_S = 60.0
NAMESPACE = "lead-acme"


@pytest.fixture
def pair(store_url: str, control_plane: ControlPlane, tmp_path: Path) -> Iterator[list[GatewayServer]]:
    options = (
        *("--catalog-url", store_url, "--kubeconfig", str(control_plane.kubeconfig), "--namespace-prefix", "lead-"),
        *("--spark-image", "localhost/kadali/spark:none", "--lake-root", str(tmp_path / "lake")),
    )
    add = [sys.executable, "-m", "gateway", "user", "add", "alice", "--database", "acme", "--admin"]
    where = ["--catalog-url", store_url, "--data-dir", str(tmp_path / "one"), "--password-stdin"]
    subprocess.run([*add, *where], input=PASSWORD.encode(), check=True, capture_output=True, timeout=DEADLINE_S)
    gateways = [GatewayServer(tmp_path / name, options) for name in ("one", "two")]
    try:
        for gateway in gateways:
            gateway.start()
        yield gateways
    finally:
        for gateway in gateways:
            gateway.stop()


def until(met: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not met():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def test_another_gateway_goes_on_when_the_leader_is_killed(
    pair: list[GatewayServer], control_plane: ControlPlane
) -> None:
    def leads(gateway: GatewayServer) -> bool:
        return "this gateway leads" in gateway.log()

    until(lambda: any(map(leads, pair)), "one leads")
    leader, other = sorted(pair, key=leads, reverse=True)
    assert not leads(other)
    api = KubernetesApi(str(control_plane.kubeconfig))
    with other.connect() as connection:
        # a change made through a gateway that does not lead is carried out by the one that does
        connection.execute("CREATE CLUSTER etl WITH (workers = 1, initially_suspended = false)")
        until(lambda: api.list("Pod", NAMESPACE), "the driver's pod")

        leader.kill()
        until(lambda: leads(other), "the other leads")
        (pod,) = api.list("Pod", NAMESPACE)
        connection.execute("ALTER CLUSTER etl SUSPEND WAIT '30 seconds'")
        assert connection.execute("SELECT state FROM kadali.clusters").fetchall() == [("SUSPENDED",)]
        assert api.list("Pod", NAMESPACE) == []
        connection.execute("ALTER CLUSTER etl RESUME")
        until(lambda: api.list("Pod", NAMESPACE), "another pod")
        assert api.list("Pod", NAMESPACE)[0]["metadata"]["uid"] != pod["metadata"]["uid"]
        connection.execute("DROP CLUSTER etl FORCE")
        until(lambda: not api.list("StatefulSet", NAMESPACE), "nothing is left")
    api.close()
