"""How sessions of this gateway get at the clusters of their tenant: connections, queues, what is noted of their use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from catalog.clusters.model import Cluster
from catalog.history import QueryHistory
from catalog.principal import Principal
from engine.clusters.admission import Admission
from engine.spark.engine import SparkEngine
from engine.spark.session import ConnectSession
from engine.spark.staged import Staging, local_staging
from engine.storage.place import is_s3
from gateway.settings import Settings
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
    staging = _staging(root)

    def connect(cluster: Cluster, principal: Principal) -> SparkEngine:
        endpoint = cluster.observed.endpoint or ""
        session = ConnectSession(endpoint, cluster.token, f"{principal.tenant}/{principal.user}")
        return SparkEngine(cluster.name, session, staging)

    return ClusterAccess(
        board,
        admission,
        connect,
        Uses(board).note,
        ScanMeter(lambda since: history.scanned_since(tenant, since)),
        default=settings.default_cluster,
        auto_bytes=settings.auto_bytes,
    )


def note_use(access: ClusterAccess, clusters: Iterable[Cluster]) -> None:
    """For a loop: clusters on which queries are under way are in use, however long the queries take."""
    busy = set(access.admission.busy())
    for cluster in clusters:
        if cluster.id in busy:
            access.used(cluster.id)


def _staging(root: str) -> Staging | None:
    if is_s3(root):
        return None
    folder = Path(root) / RESULTS
    folder.mkdir(mode=0o770, exist_ok=True)
    return local_staging(folder)


Boards = Callable[[str], ClusterBoard]
"""The clusters of a tenant, by its name."""
