"""How sessions of this gateway get at the clusters of their tenant: connections, queues, what is noted of their use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from uuid import UUID

from catalog.clusters.model import Cluster
from catalog.clusters.scans import Scans
from catalog.clusters.store import Clusters
from catalog.principal import Principal
from engine.clusters.admission import Admission
from engine.spark.engine import SparkEngine
from engine.spark.session import ConnectSession
from engine.spark.staged import Staging, local_staging, s3_staging, sweep
from engine.storage.options import S3Options
from engine.storage.place import is_s3
from engine.storage.storage import Storage
from gateway.settings import Settings
from sql_extensions.cluster_guests import Guests
from sql_extensions.compute import ClusterAccess, ClusterBoard
from sql_extensions.scan_meter import ScanMeter

USED_EVERY_S = 15.0
"""How coarsely the use of a cluster is noted."""
LET_GO_S = 5.0
"""After an abort: how long a call may take to stop before its place is given to another one."""
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
    settings: Settings,
    scans: Scans,
    board: ClusterBoard,
    admission: Admission,
    guests: Guests,
    root: str,
    storage: Storage,
    abort: Callable[[], None],
) -> ClusterAccess:
    """For one tenant. `scans` are its own, `root` its lake in `storage`, to which its clusters' large results go.

    `abort` is that of ClusterDuties.
    """

    staging = cache(partial(results_place, root, storage))

    def connect(cluster: Cluster, principal: Principal) -> SparkEngine:
        endpoint = cluster.observed.endpoint or ""
        session = ConnectSession(endpoint, cluster.token, f"{principal.tenant}/{principal.user}")
        return SparkEngine(cluster.name, session, staging())

    return ClusterAccess(
        board,
        admission,
        connect,
        Uses(board).note,
        ScanMeter(scans),
        guests,
        abort,
        default=settings.default_cluster,
        auto_bytes=settings.auto_bytes,
    )


class ClusterDuties:
    """What this gateway does now and then for its queries on clusters. Safe for many threads; raises SqlError."""

    def __init__(self, store: Clusters, admission: Admission, guests: Guests) -> None:
        self._store, self._admission, self._guests = store, admission, guests

    def tick(self) -> None:
        """Give back in the store what could not be given back before; cancel what somebody has had aborted."""
        self._admission.flush()
        self.abort()

    def abort(self) -> None:
        """End what ABORT ALL QUERIES means, on any gateway, and what is on clusters that are dropped."""
        guests = self._guests.all()
        if not guests:
            return
        asked = time.monotonic()
        aborts = self._store.aborts()
        for guest in guests:
            age = aborts.get(guest.cluster)
            if guest.cluster not in aborts:
                guest.call.cancel("drop of the cluster")
            elif age is not None and guest.call.started < asked - age:
                guest.call.cancel("abort of all queries on the cluster")
            else:
                continue
            # rows that nobody reads keep no place
            if guest.leave is not None and (guest.call.over.is_set() or (age or 0) > LET_GO_S):
                guest.leave()


def results_place(root: str, storage: Storage) -> Staging | None:
    """Where results go that are too large to stream; None if the lake is in a store that is not set up.

    What gateways that died have left there goes now, if it is old enough.
    """
    staging = _staging(root, storage.s3_options)
    if staging is not None:
        sweep(staging)
    return staging


def _staging(root: str, s3: S3Options | None) -> Staging | None:
    if is_s3(root):
        return None if s3 is None else s3_staging(f"{root.rstrip('/')}/{RESULTS}", s3)
    folder = Path(root) / RESULTS
    folder.mkdir(mode=0o770, exist_ok=True)
    return local_staging(folder, Path(root).parent)
