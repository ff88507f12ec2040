"""Reads Kubernetes' objects: pods as drivers and workers, and why they do not come up, in Kubernetes' own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.clusters.objects import RESTARTS, SETTINGS
from engine.clusters.sight import Driver, Problem, Worker
from engine.clusters.tenancy import CONNECT_PORT, UI_PORT

Object = Mapping[str, Any]
"""An object as the API server sent it."""
APPLICATION = "spark-app-selector"
"""Spark's label of its workers."""
REASON_CHARS_MAX = 600
SHORT_RUN_S = 60.0
"""A driver that ends again and again after less than this is in a crash loop; else it was killed now and then."""
_HOPELESS = frozenset(
    "ErrImageNeverPull ImageInspectError ImagePullBackOff InvalidImageName CreateContainerConfigError"
    " CreateContainerError RunContainerError RegistryUnavailable".split()
)
_WORRYING = frozenset({"ErrImagePull"})


def driver_of(pod: Object) -> Driver:
    """The driver's pod; ready once its readiness probe has been answered."""
    annotations = pod["metadata"].get("annotations") or {}
    address = pod.get("status", {}).get("podIP")
    host = f"[{address}]" if address and ":" in address else address
    ending = "deletionTimestamp" in pod["metadata"]
    ready, silent = is_ready(pod), is_silent(pod)
    problem = Problem("the driver's node does not answer", lasting=False) if silent else problem_of(pod)
    return Driver(
        id=pod["metadata"]["uid"],
        restarts=_number(annotations.get(RESTARTS)),
        settings=annotations.get(SETTINGS, ""),
        ready=ready and not ending,
        ending=ending,
        silent=silent,
        held=_is_held(pod),
        endpoint=f"{host}:{CONNECT_PORT}" if host else None,
        ui=f"http://{host}:{UI_PORT}" if host else None,
        problem=problem,
    )


def worker_of(pod: Object) -> Worker:
    """An executor's pod."""
    metadata = pod["metadata"]
    return Worker(
        name=metadata["name"],
        uid=metadata["uid"],
        application=(metadata.get("labels") or {}).get(APPLICATION),
        ending="deletionTimestamp" in metadata,
        problem=problem_of(pod),
    )


def is_ready(pod: Object) -> bool:
    return _condition(pod, "Ready").get("status") == "True"


def is_silent(pod: Object) -> bool:
    """Whether the pod was ready when its node was last heard of: only who has given up a node says the one without the
    other.
    """
    return not is_ready(pod) and _condition(pod, "ContainersReady").get("status") == "True"


def problem_of(pod: Object) -> Problem | None:
    """Why the pod does not run; None if it does, or may be about to."""
    status = pod.get("status", {})
    scheduled = _condition(pod, "PodScheduled")
    if scheduled.get("status") == "False" and scheduled.get("reason") in ("Unschedulable", "SchedulerError"):
        return Problem(words(f"Unschedulable: {scheduled.get('message', '')}"), lasting=False)
    if status.get("phase") == "Failed" and status.get("reason"):
        return Problem(words(f"{status['reason']}: {status.get('message', '')}"), lasting=False)
    for container in status.get("containerStatuses") or ():
        waiting = container.get("state", {}).get("waiting") or {}
        reason = waiting.get("reason", "")
        told = words(f"{reason}: {waiting.get('message', '')}".rstrip(": "))
        if reason in _HOPELESS or reason in _WORRYING:
            return Problem(told, lasting=reason in _HOPELESS)
        if reason == "CrashLoopBackOff":
            return _crash(container)
    return None


def addresses_in(slices: Iterable[Object]) -> list[tuple[str, int]]:
    """Addresses and ports in EndpointSlices, sorted."""
    found = {
        (address, int(port["port"]))
        for one in slices
        for endpoint in one.get("endpoints") or ()
        for address in endpoint.get("addresses") or ()
        for port in one.get("ports") or ()
        if port.get("port")
    }
    return sorted(found)


def _is_held(pod: Object) -> bool:
    """Kubernetes lets a container that has ended several times wait for minutes, however long it had run before."""
    return any(
        (container.get("state", {}).get("waiting") or {}).get("reason") == "CrashLoopBackOff"
        and not _was_short(container)
        for container in pod.get("status", {}).get("containerStatuses") or ()
    )


def _was_short(container: Object) -> bool:
    ended = container.get("lastState", {}).get("terminated") or {}
    started, finished = _time(ended.get("startedAt")), _time(ended.get("finishedAt"))
    return started is None or finished is None or (finished - started).total_seconds() < SHORT_RUN_S


def _crash(container: Object) -> Problem:
    ended = container.get("lastState", {}).get("terminated") or {}
    why = ended.get("reason", "Error")
    if "exitCode" in ended:
        why += f", exit code {ended['exitCode']}"
    text = f"CrashLoopBackOff: the driver has ended {container.get('restartCount', 0)} times ({why})"
    return Problem(words(text), lasting=_was_short(container))


def _condition(pod: Object, kind: str) -> Object:
    conditions: Sequence[Object] = pod.get("status", {}).get("conditions") or ()
    return next((one for one in conditions if one.get("type") == kind), {})


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdigit() else 0


def words(text: str) -> str:
    """On one line, bounded."""
    text = " ".join(text.split()).rstrip(": ")
    return text if len(text) <= REASON_CHARS_MAX else text[: REASON_CHARS_MAX - 3] + "..."
