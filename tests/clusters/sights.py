"""Rows and what is seen of them, for tests of the decisions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from catalog.clusters.model import Cluster, ClusterState, Desired
from engine.clusters.plan import (
    plan,
)
from engine.clusters.quota import Fit
from engine.clusters.sight import Agent, Driver, Problem, Sight, Worker
from tests.clusters.samples import NOW, cluster

ROOM = Fit(None)
DRIVER = Driver("uid-1", 0, "s1", ready=True, endpoint="10.0.0.1:15002", ui="http://10.0.0.1:4040")
AGENT = Agent(registered=2, wanted=2, uptime_s=300.0, application="app-1")
UP = Sight("r1", "s1", applied="r1", on=True, driver=DRIVER, agent=AGENT)
NOTHING = Sight("r1", "s1")
STOPPED = Sight("", "", applied="r1", on=False)
WORKER = Worker("c-1-exec-1", "uid-w1", application="app-1")
IMAGE = Problem("ImagePullBackOff: no such image", lasting=True)
NODES = Problem("Unschedulable: 0/1 nodes are available", lasting=False)


def decided(row: Cluster, sight: Sight, room: Fit = ROOM) -> tuple[ClusterState, str | None, tuple[Any, ...]]:
    made = plan(row, sight, NOW, room)
    assert made.observed.generation == row.generation
    return made.observed.state, made.observed.reason, made.actions


def ago(seconds: float) -> Any:
    return NOW - timedelta(seconds=seconds)


RUNNING = cluster(state=ClusterState.RUNNING, workers=2)
STARTING = cluster(state=ClusterState.STARTING)
FAILED = cluster(state=ClusterState.FAILED, reason=NODES.reason)
ASLEEP = cluster(desired=Desired.SUSPENDED)
DROPPED = cluster(desired=Desired.TERMINATED, state=ClusterState.RUNNING)
AUTO = cluster(state=ClusterState.RUNNING, spec={"min_workers": 1, "max_workers": 3})
