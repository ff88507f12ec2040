"""Arithmetic of tiers: what fits into what a tenant may have. Nothing here asks anybody anything."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from catalog.clusters.model import Backend, Cluster, ClusterSpec, Desired, Tier
from catalog.clusters.tiers import MIB, memory_text
from catalog.errors import ConfigurationLimitExceeded

EXECUTOR_HEAP_MIN = 450 * MIB
"""Spark refuses executors with a smaller heap."""
DRIVER_HEAP_MIN = 450 * MIB
_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Usage:
    """What pods ask for: CPU requests in cores, memory limits in bytes (JVM overhead included)."""

    cores: float = 0.0
    memory: int = 0
    pods: int = 0

    def plus(self, other: Usage) -> Usage:
        return Usage(self.cores + other.cores, self.memory + other.memory, self.pods + other.pods)


def worker_overhead(memory: int) -> int:
    """Bytes of a worker's container that are not its heap."""
    return max(256 * MIB, memory // 10)


def driver_overhead(memory: int) -> int:
    """Bytes of a driver's container that are not its heap: the JVM's own, and the Python of the driver program."""
    return max(384 * MIB, memory * 15 // 100)


def check_shape(spec: ClusterSpec) -> None:
    """Raises ConfigurationLimitExceeded for drivers and workers too small for Spark to start in."""
    for what, memory, overhead, least in (
        ("driver", spec.driver_memory, driver_overhead, DRIVER_HEAP_MIN),
        ("worker", spec.worker_memory, worker_overhead, EXECUTOR_HEAP_MIN),
    ):
        if memory - overhead(memory) < least:
            needed = math.ceil((least + overhead(least)) / MIB)
            raise ConfigurationLimitExceeded(
                f"{what}_memory is too small for Spark", hint=f"{what}_memory >= '{needed}Mi'"
            )


def usage(spec: ClusterSpec, workers: int) -> Usage:
    """Of a whole cluster with so many workers."""
    return Usage(
        spec.driver_cores + workers * spec.worker_cores, spec.driver_memory + workers * spec.worker_memory, 1 + workers
    )


def used(clusters: Iterable[Cluster]) -> Usage:
    """What clusters may use that are to run, or have not stopped yet: an autoscaling one its maximum."""
    total = Usage()
    for cluster in clusters:
        if cluster.spec.backend is Backend.EXTERNAL:
            continue  # it runs elsewhere
        if cluster.desired is Desired.RUNNING or cluster.observed.workers:
            total = total.plus(usage(cluster.spec, workers_most(cluster)))
    return total


def workers_most(cluster: Cluster) -> int:
    """The most workers it may come to have by itself."""
    return cluster.spec.max_workers if cluster.spec.autoscales else cluster.workers_wanted


@dataclass(frozen=True, slots=True)
class Fit:
    """How many workers there is room for; None: any number. `limit` names what bounds it: `16 cores`."""

    workers: int | None
    limit: str | None = None

    def admits(self, workers: int) -> bool:
        return self.workers is None or workers <= self.workers


def fit(tier: Tier, spec: ClusterSpec, others: Usage) -> Fit:
    """The workers of a cluster that fit beside its driver and the tenant's other clusters; -1: not even the driver."""
    room: list[tuple[int, str]] = []
    if tier.workers is not None:
        room.append((tier.workers, f"{tier.workers} workers"))
    if tier.cores is not None:
        free = tier.cores - others.cores - spec.driver_cores
        room.append((_times(free, spec.worker_cores), f"{tier.cores:g} cores"))
    if tier.memory is not None:
        left = tier.memory - others.memory - spec.driver_memory
        room.append((_times(left, spec.worker_memory), f"{memory_text(tier.memory)} of memory"))
    pods = pods_max(tier)
    if pods is not None:
        room.append((pods - others.pods - 1, f"{pods} pods"))
    if not room:
        return Fit(None)
    workers, limit = min(room)
    return Fit(max(workers, -1), limit)


def check_fit(tier: Tier, cluster_name: str, spec: ClusterSpec, workers: int, others: Usage) -> None:
    """Raises ConfigurationLimitExceeded (53400), naming the limit and what would be allowed."""
    found = fit(tier, spec, others)
    if found.admits(workers):
        return
    hint = (
        f"workers <= {found.workers}"
        if found.workers is not None and found.workers > 0
        else ("Suspend another cluster, or choose a smaller size.")
    )
    raise ConfigurationLimitExceeded(
        f'tier "{tier.name}" allows {found.limit}',
        detail=f'Cluster "{cluster_name}" with {workers} workers does not fit beside the clusters that run.',
        hint=hint,
    )


def pods_max(tier: Tier) -> int | None:
    """Drivers and workers of all clusters of a tenant; None: no limit."""
    if tier.clusters is None or tier.workers is None:
        return None
    return tier.clusters * (1 + tier.workers)


def _times(total: float, part: float) -> int:
    if total < -_EPSILON:
        return -1
    return math.floor(total / part + _EPSILON) if part > 0 else 1 << 30
