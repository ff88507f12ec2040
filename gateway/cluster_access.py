"""How sessions of this gateway get at the clusters of their tenant: connections, queues, what is noted of their use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from catalog.clusters.model import Cluster
from catalog.clusters.store import Clusters
from catalog.history import QueryHistory
from catalog.principal import Principal
from engine.clusters.admission import Admission
from engine.spark.engine import SparkEngine
from engine.spark.session import ConnectSession
from engine.spark.staged import Staging, local_staging
from engine.storage.place import is_s3
from gateway.settings import Settings
from sql_extensions.call import Call
from sql_extensions.compute import ClusterAccess, ClusterBoard
from sql_extensions.scan_meter import ScanMeter

USED_EVERY_S = 15.0
"""How coarsely the use of a cluster is noted."""
RESULTS = "_results"
"""Folder of the lake for results too large to stream."""


@dataclass(slots=True)
class Uses:
    """Notes the use of one tenant's clusters with their board, now and then. Safe for many threads."""

    board: ClusterBoard
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _noted: dict[UUID, float] = field(default_factory=dict)

    def note(self, cluster: UUID) -> None:
        now = time.monotonic()
        with self._lock:
            if now - self._noted.get(cluster, -USED_EVERY_S) < USED_EVERY_S:
                return
            self._noted[cluster] = now
        self.board.used(cluster)


def cluster_access(
    settings: Settings, tenant: str, board: ClusterBoard, admission: Admission, history: QueryHistory, root: str
) -> ClusterAccess:
    """For one tenant. `root` is its lake: large results of its clusters are staged there."""

    def connect(cluster: Cluster, principal: Principal) -> SparkEngine:
        endpoint = cluster.observed.endpoint or ""
        session = ConnectSession(endpoint, cluster.token, f"{principal.tenant}/{principal.user}")
        return SparkEngine(cluster.name, session, _staging(root))

    return ClusterAccess(
        board,
        admission,
        connect,
        Uses(board).note,
        ScanMeter(lambda since: history.scanned_since(tenant, since)),
        default=settings.default_cluster,
        auto_bytes=settings.auto_bytes,
    )


class ClusterReports:
    """What this gateway tells the store of its queries on clusters, and does when the store says so. For one thread."""

    def __init__(self, store: Clusters, admission: Admission, running: Callable[[], list[Call]]) -> None:
        self._store, self._admission, self._running = store, admission, running
        self._unsent: dict[UUID, tuple[int, int]] = {}

    def tick(self) -> None:
        """Report changed numbers of queries; cancel what ABORT ALL QUERIES means. Raises SqlError: then tried again."""
        self._unsent.update(self._admission.take_changed())
        if self._unsent:
            self._store.report(self._unsent)
            self._unsent = {}
        if self._admission.busy():
            self._abort(self._store.aborts())

    def _abort(self, aborts: Mapping[UUID, datetime]) -> None:
        for call in self._running():
            if any(cluster in aborts and call.queued_at < aborts[cluster] for cluster in call.sought):
                call.cancel("abort of all queries on the cluster")


def _staging(root: str) -> Staging | None:
    if is_s3(root):
        return None
    folder = Path(root) / RESULTS
    folder.mkdir(mode=0o770, exist_ok=True)
    return local_staging(folder)
