"""Clusters that are reconciled all the time, as a gateway does: a store in memory and a thread of rounds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from catalog.clusters.model import Backend, Cluster, ClusterState
from engine.clusters.backend import Backend as ClusterBackend
from engine.clusters.reconcile import Reconciler
from tests.clusters.samples import TIER, MemoryStore


class LiveSite:
    """`options`: of the Reconciler. `until` waits `deadline_s` at most, and then tells what the rows are."""

    def __init__(
        self, backends: Mapping[Backend, ClusterBackend], *, every_s: float, deadline_s: float, **options: Any
    ) -> None:
        self.store = MemoryStore()
        self.reconciler = Reconciler(self.store, backends, lambda _: TIER, **options)
        self._every_s, self._deadline_s = every_s, deadline_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._rounds)
        self._thread.start()

    def _rounds(self) -> None:
        while not self._stop.wait(self._every_s):
            self.store.now = datetime.now(UTC)
            self.reconciler.round()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.reconciler.close()

    def row(self, one: Cluster) -> Cluster:
        return self.store.rows[one.id]

    def until(self, met: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + self._deadline_s
        while not met():
            if time.monotonic() > deadline:
                rows = [(row.name, row.desired, row.observed) for row in self.store.rows.values()]
                raise AssertionError(f"not reached: {what}\n{rows}\n{self.store.events}\n{self.logs()}")
            time.sleep(0.1)

    def runs(self, one: Cluster, workers: int | None = None) -> None:
        """Until it runs as it is wanted, with `workers` (any number, unless said)."""

        def met() -> bool:
            row = self.row(one)
            right = workers in (None, row.observed.workers)
            return row.state is ClusterState.RUNNING and right and row.observed.generation == row.generation

        self.until(met, "running" if workers is None else f"running with {workers} workers")

    def logs(self) -> str:
        """What is shown besides, where something is not reached."""
        return ""
