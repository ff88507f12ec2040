"""Clusters as drivers of this machine: started, used, killed, suspended, and gone with the gateway that has them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from catalog.clusters.model import Backend, Cluster, ClusterState, Desired
from engine.clusters.processes import LocalBackend
from engine.spark.proto import base_pb2 as connect
from engine.spark.proto import relations_pb2
from engine.spark.session import ConnectSession
from tests.clusters.live_site import LiveSite
from tests.clusters.samples import NOW, cluster
from tests.spark.distribution import spark_distribution
from tests.spark.plain_session import PlainSession

PROGRAM = Path(__file__).parents[2] / "docker" / "spark" / "agent.py"
DEADLINE_S = 90.0


class Site(LiveSite):
    """Clusters of this machine."""

    def __init__(self, folder: Path) -> None:
        self.backend = LocalBackend(spark_distribution(), PROGRAM, folder)
        super().__init__({Backend.LOCAL: self.backend}, every_s=0.2, deadline_s=DEADLINE_S, now=lambda: NOW)

    def asked(self, one: Cluster, sql: str) -> list[tuple[object, ...]]:
        row = self.row(one)
        assert row.observed.endpoint is not None
        with PlainSession(row.observed.endpoint, row.token) as session:
            return session.rows(sql)

    def pid(self, one: Cluster) -> int:
        return self.backend.pids()[one.id]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("clusters"))
    try:
        yield made
    finally:
        made.close()


def sql_plan(sql: str) -> connect.Plan:
    return connect.Plan(root=relations_pb2.Relation(sql=relations_pb2.SQL(query=sql)))


def put(site: Site) -> Cluster:
    spec = {"backend": Backend.LOCAL, "min_workers": 1, "max_workers": 1, "auto_suspend_s": None}
    return site.store.put(cluster(workers_wanted=1, spec=spec))


def test_the_life_of_a_driver(site: Site) -> None:
    one = put(site)
    site.runs(one)
    assert site.asked(one, "SELECT sum(id) FROM range(10)") == [(45,)]
    assert site.row(one).observed.workers == 1
    assert (site.row(one).observed.ui or "").startswith("http://127.0.0.1:")

    first = site.pid(one)
    os.killpg(first, signal.SIGKILL)
    site.until(lambda: not site.row(one).state.answers, "the loss is seen")
    site.runs(one)
    assert site.pid(one) != first
    assert site.asked(one, "SELECT 1") == [(1,)]

    # a session that stays open, and what it has asked and not let go of, keep nothing up
    row = site.row(one)
    assert row.observed.endpoint is not None
    session = ConnectSession(row.observed.endpoint, row.token, "acme/ann")
    key = session.key()
    list(session.client.execute(key, str(uuid4()), sql_plan("SELECT 1")))
    site.store.change(one.id, desired=Desired.SUSPENDED)
    site.until(lambda: site.row(one).state is ClusterState.SUSPENDED, "suspended")
    assert site.backend.pids() == {}
    session.close()

    site.store.change(one.id, desired=Desired.TERMINATED)
    site.until(lambda: not site.store.rows, "dropped")


def test_a_driver_that_cannot_start_says_why_and_is_tried_again(site: Site) -> None:
    one = put(site)
    site.store.change(
        one.id, spec=cluster(spec={"backend": Backend.LOCAL, "spark": {"spark.serializer": "no.such.Class"}}).spec
    )
    site.until(lambda: site.row(one).state is ClusterState.FAILED, "failed")
    reason = str(site.row(one).observed.reason)
    assert "ended while it started" in reason
    assert "no.such.Class" in reason
    site.store.change(one.id, desired=Desired.TERMINATED)
    site.until(lambda: not site.store.rows, "dropped")


_GATEWAY = """
import sys, time
from pathlib import Path
from engine.spark.local import LocalSpark
spark = LocalSpark(Path(sys.argv[1]), Path(sys.argv[2]), 1, 640 << 20, {"spark.ui.enabled": "false"}, "token",
                   agent=Path(sys.argv[3]))
spark.start()
print(spark.pid, flush=True)
time.sleep(600)
"""


def test_no_driver_outlives_its_gateway(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _GATEWAY, str(spark_distribution()), str(tmp_path / "work"), str(PROGRAM)]
    gateway = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert gateway.stdout is not None
    pid = int(gateway.stdout.readline())
    group = members(pid)
    assert len(group) >= 2, "the driver program and its JVM"
    gateway.kill()
    gateway.wait()
    deadline = time.monotonic() + DEADLINE_S
    while members(pid):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def members(group: int) -> list[int]:
    """Processes of a process group."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and os.getpgid(int(folder.name)) == group:
                found.append(int(folder.name))
        except ProcessLookupError:
            continue
    return found
