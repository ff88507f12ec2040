"""Kubernetes' objects, as the API server of 1.37 writes them."""

from __future__ import annotations

from typing import Any

import pytest

from engine.clusters import reading
from engine.clusters.sight import Problem


def pod(status: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "c-1-0",
            "uid": "u1",
            "annotations": {"kadali.io/restarts": "3", "kadali.io/settings": "s1"},
            "labels": {"spark-app-selector": "spark-1"},
            **metadata,
        },
        "status": status,
    }


def waiting(reason: str, message: str = "", **more: Any) -> dict[str, Any]:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"phase": "Pending", "containerStatuses": [{"state": state, **more}]}


READY = {"phase": "Running", "podIP": "10.1.0.7", "conditions": [{"type": "Ready", "status": "True"}]}


def test_a_driver() -> None:
    found = reading.driver_of(pod(READY))
    assert (found.id, found.restarts, found.settings, found.ready) == ("u1", 3, "s1", True)
    assert (found.endpoint, found.ui) == ("10.1.0.7:15002", "http://10.1.0.7:4040")
    assert reading.driver_of(pod({**READY, "podIP": "fd00::7"})).endpoint == "[fd00::7]:15002"
    ending = reading.driver_of(pod(READY, deletionTimestamp="2026-01-01T00:00:00Z"))
    assert (ending.ready, ending.ending) == (False, True)
    bare = reading.driver_of({"metadata": {"uid": "u2"}, "status": {}})
    assert (bare.ready, bare.endpoint, bare.restarts, bare.settings) == (False, None, 0, "")


def conditions(**status: str) -> dict[str, Any]:
    return {**READY, "conditions": [{"type": kind, "status": value} for kind, value in status.items()]}


def test_a_driver_whose_node_is_not_heard_of() -> None:
    silent = reading.driver_of(pod(conditions(Ready="False", ContainersReady="True")))
    assert (silent.ready, silent.silent) == (False, True)
    assert silent.problem == Problem("the driver's node does not answer", lasting=False)
    for status in (
        conditions(Ready="True", ContainersReady="True"),
        conditions(Ready="False", ContainersReady="False"),
        {},
    ):
        assert not reading.driver_of(pod(status)).silent


def test_a_driver_that_is_kept_from_starting() -> None:
    ended = {"startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:01:01Z", "exitCode": 137}
    assert reading.driver_of(pod(waiting("CrashLoopBackOff", lastState={"terminated": ended}))).held
    ended["finishedAt"] = "2026-01-01T00:00:59Z"
    assert not reading.driver_of(pod(waiting("CrashLoopBackOff", lastState={"terminated": ended}))).held
    assert not reading.driver_of(pod(READY)).held


def test_a_worker() -> None:
    found = reading.worker_of(pod({"phase": "Pending"}))
    assert (found.name, found.uid, found.application, found.ending) == ("c-1-0", "u1", "spark-1", False)


@pytest.mark.parametrize(
    ("status", "reason", "lasting"),
    [
        (
            waiting("ImagePullBackOff", 'Back-off pulling image "x:1"'),
            'ImagePullBackOff: Back-off pulling image "x:1"',
            1,
        ),
        (waiting("ErrImagePull", "not found"), "ErrImagePull: not found", 0),
        (waiting("InvalidImageName"), "InvalidImageName", 1),
        (
            waiting("CreateContainerConfigError", 'secret "x" not found'),
            'CreateContainerConfigError: secret "x" not found',
            1,
        ),
        (
            waiting("CrashLoopBackOff", restartCount=4, lastState={"terminated": {"exitCode": 1, "reason": "Error"}}),
            "CrashLoopBackOff: the driver has ended 4 times (Error, exit code 1)",
            1,
        ),
        (
            waiting(
                "CrashLoopBackOff",
                restartCount=2,
                lastState={
                    "terminated": {
                        "exitCode": 137,
                        "reason": "OOMKilled",
                        "startedAt": "2026-01-01T00:00:00Z",
                        "finishedAt": "2026-01-01T00:10:00Z",
                    }
                },
            ),
            "CrashLoopBackOff: the driver has ended 2 times (OOMKilled, exit code 137)",
            0,
        ),
        (
            {
                "phase": "Pending",
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/1 nodes are available: 1 Insufficient cpu.",
                    }
                ],
            },
            "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.",
            0,
        ),
        ({"phase": "Failed", "reason": "Evicted", "message": "low on memory"}, "Evicted: low on memory", 0),
    ],
)
def test_why_a_pod_does_not_run(status: dict[str, Any], reason: str, lasting: int) -> None:
    assert reading.problem_of(pod(status)) == Problem(reason, lasting=bool(lasting))


@pytest.mark.parametrize(
    "status", [READY, {}, {"phase": "Pending"}, waiting("ContainerCreating"), waiting("PodInitializing")]
)
def test_no_problem(status: dict[str, Any]) -> None:
    assert reading.problem_of(pod(status)) is None


def test_words_are_bounded_and_on_one_line() -> None:
    problem = reading.problem_of(pod(waiting("ErrImagePull", "a\n b " * 1000)))
    assert problem is not None
    assert len(problem.reason) == reading.REASON_CHARS_MAX
    assert "\n" not in problem.reason


def test_addresses_of_the_api_server() -> None:
    slices = [
        {"endpoints": [{"addresses": ["192.0.2.2"]}, {"addresses": ["192.0.2.1"]}], "ports": [{"port": 6443}]},
        {"endpoints": None, "ports": None},
    ]
    assert reading.addresses_in(slices) == [("192.0.2.1", 6443), ("192.0.2.2", 6443)]
