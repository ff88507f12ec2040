"""The local backend: each cluster a Spark driver of this machine, alone, that lives no longer than the gateway."""

from __future__ import annotations

import logging
import math
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from uuid import UUID

from catalog.clusters.model import Cluster, Desired, Tier
from catalog.errors import ConnectionFailure, SqlError
from engine.clusters.agent import AgentError, agent_state
from engine.clusters.backend import Deed
from engine.clusters.objects import fingerprint
from engine.clusters.plan import Apply, Ask, Destroy, Replace, Sweep
from engine.clusters.quota import driver_overhead, worker_overhead
from engine.clusters.reading import REASON_CHARS_MAX
from engine.clusters.settings import local_settings
from engine.clusters.sight import Agent, Driver, Problem, Sight
from engine.spark.local import LocalSpark

READY_S = 300.0
"""How long a driver that takes connections may be until it answers queries."""
LOOK_EVERY_S = 0.05
BACKOFF_S = (1.0, 5.0, 15.0, 60.0)
"""Before a driver that did not start, or ended by itself, is started again; the last one for ever."""
STABLE_S = 300.0
log = logging.getLogger("kadali.clusters")


@dataclass(slots=True)
class _Process:
    """A driver from its start to its end. `problem` is set if it did not start, or has ended by itself."""

    id: str
    spark: LocalSpark
    restarts: int
    settings: str
    workers: int
    started_at: float
    thread: threading.Thread | None = None
    ready: bool = False
    ending: bool = False
    problem: str | None = None


class LocalBackend:
    """`dist`: a Spark distribution; `program`: the driver program; `root`: a folder for work files, one for each
    cluster; `settings`: what drivers of a tenant need to reach its data (an object store's settings). `changed`, which
    may be replaced, is called from any thread when a driver has become ready, or has ended.
    """

    def __init__(
        self, dist: Path, program: Path, root: Path, settings: Callable[[str], Mapping[str, str]] = lambda _: {}
    ) -> None:
        self._dist, self._program, self._root, self._settings = dist, program, root, settings
        self.changed: Callable[[], None] = lambda: None
        self._running: dict[UUID, _Process] = {}
        self._failures: dict[UUID, tuple[int, float, str]] = {}
        """How many times in a row, until when to wait, and why."""
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._closed = False

    def survey(self, clusters: Sequence[Cluster]) -> None:
        """Processes of clusters without a row end, and their folders go, which may hold credentials."""
        known = {cluster.id for cluster in clusters}
        with self._lock:
            lost = [cluster_id for cluster_id in self._running if cluster_id not in known]
            for gone in self._failures.keys() - known:
                del self._failures[gone]
            kept = {str(one) for one in self._running.keys() | known}
        for cluster_id in lost:
            self._stop(cluster_id)
        if self._root.is_dir():
            for folder in self._root.iterdir():
                if folder.name not in kept:
                    shutil.rmtree(folder, ignore_errors=True)

    def look(self, cluster: Cluster, tier: Tier) -> Sight:
        process = self._alive(cluster.id)
        settings = self._fingerprint(cluster) if cluster.desired is Desired.RUNNING else ""
        sight = Sight(revision=settings, settings=settings)
        if process is None:
            failed = self._failures.get(cluster.id)
            if failed is None or cluster.desired is not Desired.RUNNING:
                return sight
            waiting = time.monotonic() < failed[1]  # as if it were on: nothing is done yet
            return replace(
                sight,
                on=waiting,
                applied=settings if waiting else None,
                refusal=Problem(failed[2], lasting=failed[0] > 1),
            )
        agent = self._agent(cluster, process)
        driver = Driver(
            id=process.id,
            restarts=process.restarts,
            settings=process.settings,
            ready=agent is not None and agent.ready,
            ending=process.ending,
            endpoint=process.spark.endpoint if process.ready else None,
            ui=process.spark.ui if process.ready else None,
        )
        # what it was started with is looked at by `settings`: a change of that is no reason to start another
        return replace(sight, on=not process.ending, applied=settings, driver=driver, agent=agent)

    def act(self, cluster: Cluster, tier: Tier, deed: Deed) -> None:
        match deed:
            case Apply(on=True):
                self._start(cluster)
            case Apply() | Destroy():
                self._stop(cluster.id)
            case Replace(driver, _):
                process = self._running.get(cluster.id)
                if process is not None and process.id == driver.id:
                    self._failures.pop(cluster.id, None)
                    self._stop(cluster.id)
            case Ask() | Sweep():
                pass  # it has no workers of its own

    def close(self) -> None:
        """Ends all drivers, together."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        threads = [threading.Thread(target=self._stop, args=(one,), name="driver-stop") for one in running]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def pids(self) -> dict[UUID, int]:
        """Drivers' processes, for whoever watches or kills them."""
        with self._lock:
            return {one: pid for one, process in self._running.items() if (pid := process.spark.pid) is not None}

    def _fingerprint(self, cluster: Cluster) -> str:
        return fingerprint(self._conf(cluster), _heap(cluster), _cores(cluster), cluster.token)

    def _conf(self, cluster: Cluster) -> dict[str, str]:
        return {**local_settings(cluster.spec, cluster.workers_wanted), **self._settings(cluster.tenant)}

    def _start(self, cluster: Cluster) -> None:
        work = self._root / str(cluster.id)
        with self._lock:
            if cluster.id in self._running or self._closed:
                return
            process = _Process(
                id=f"driver {next(self._numbers)}",
                spark=LocalSpark(
                    self._dist,
                    work,
                    _cores(cluster),
                    _heap(cluster),
                    self._conf(cluster),
                    cluster.token,
                    agent=self._program,
                ),
                restarts=cluster.restarts,
                settings=self._fingerprint(cluster),
                workers=cluster.workers_wanted,
                started_at=time.monotonic(),
            )
            process.thread = threading.Thread(
                target=self._run, args=(process, cluster.token), name="driver-start", daemon=True
            )
            self._running[cluster.id] = process
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        process.thread.start()

    def _run(self, process: _Process, token: str) -> None:
        """In a thread of its own: a start takes as long as a JVM."""
        try:
            process.spark.start()
            _wait_ready(process, token)
        except SqlError as error:
            process.problem = f"{error.message}: {_last_line(error.detail)}"
        except OSError as error:
            process.problem = f"the Spark driver could not be started: {error}"
        else:
            process.ready = True
        self.changed()

    def _alive(self, cluster_id: UUID) -> _Process | None:
        """The process; one that has ended by itself is noted as a failure, and gone."""
        with self._lock:
            process = self._running.get(cluster_id)
            if process is None:
                return None
            if process.ready and not process.ending and process.spark.pid is None:
                process.problem = f"the Spark driver ended by itself; it has printed to {process.spark.log.name}"
            if process.problem is None or process.ending:
                if process.ready and time.monotonic() - process.started_at > STABLE_S:
                    self._failures.pop(cluster_id, None)
                return process
            failures = self._failures.get(cluster_id, (0, 0.0, ""))[0]
            wait_s = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
            self._failures[cluster_id] = (failures + 1, time.monotonic() + wait_s, process.problem)
            del self._running[cluster_id]
        log.warning("cluster %s: %s", cluster_id, process.problem)
        process.spark.stop()  # what is left of its process group
        return None

    def _stop(self, cluster_id: UUID) -> None:
        """Ends it in a thread of its own; `look` sees it ending, then gone."""
        with self._lock:
            process = self._running.get(cluster_id)
            self._failures.pop(cluster_id, None)
            if process is None:
                return
            first, process.ending = not process.ending, True
        if first:
            thread = threading.Thread(target=self._end, args=(cluster_id, process), name="driver-stop")
            thread.start()
            if self._closed:
                thread.join()

    def _end(self, cluster_id: UUID, process: _Process) -> None:
        process.spark.stop()
        if process.thread is not None:
            process.thread.join()
        process.spark.stop()  # in case it was between two steps of its start
        with self._lock:
            if self._running.get(cluster_id) is process:
                del self._running[cluster_id]
        self.changed()

    def _agent(self, cluster: Cluster, process: _Process) -> Agent | None:
        control = process.spark.control
        if not process.ready or process.ending or control is None:
            return None
        try:
            told = agent_state(control, cluster.token)
        except AgentError as error:
            log.warning("cluster %s of %s: %s", cluster.name, cluster.tenant, error)
            return None
        # it counts for the workers it was started with: they are threads
        return replace(told, registered=process.workers, wanted=None, application=None)


def _wait_ready(process: _Process, token: str) -> None:
    """Until the driver says so, or ends, or is ended. Raises ConnectionFailure."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.spark.pid is not None and process.spark.control is not None:
        with suppress(AgentError):
            if agent_state(process.spark.control, token).ready:
                return
        time.sleep(LOOK_EVERY_S)
    how = "ended while it started" if process.spark.pid is None else "does not get ready"
    raise ConnectionFailure(f"the Spark driver {how}", detail=process.spark.last_lines())


def _last_line(text: str | None) -> str:
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[-1][:REASON_CHARS_MAX] if lines else "it printed nothing"


def _cores(cluster: Cluster) -> int:
    return max(1, math.ceil(cluster.workers_wanted * cluster.spec.worker_cores))


def _heap(cluster: Cluster) -> int:
    spec = cluster.spec
    worker = spec.worker_memory - worker_overhead(spec.worker_memory)
    return spec.driver_memory - driver_overhead(spec.driver_memory) + cluster.workers_wanted * worker
