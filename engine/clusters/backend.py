"""The seam between the reconciler and what runs drivers: pods, processes of this machine, servers of somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from catalog.clusters.model import Cluster, Tier
from engine.clusters.plan import Apply, Ask, Destroy, Replace, Sweep
from engine.clusters.sight import Sight

Deed = Apply | Replace | Ask | Sweep | Destroy
"""Actions of a plan that are a backend's to take; the others are the store's."""


class BackendError(Exception):
    """A backend could not look or act. `unreachable`: nothing is known, so nothing changes; else it was refused."""

    def __init__(self, message: str, *, unreachable: bool = False) -> None:
        super().__init__(message)
        self.unreachable = unreachable


class Backend(Protocol):
    """Safe for many threads; one cluster is worked on by one thread at a time."""

    def survey(self, clusters: Sequence[Cluster]) -> None:
        """At the start of a round, before any `look`: what is cheaper to ask about all clusters at once, and removal
        of what belongs to none of them. Raises BackendError.
        """
        ...

    def look(self, cluster: Cluster, tier: Tier) -> Sight:
        """Raises BackendError."""
        ...

    def act(self, cluster: Cluster, tier: Tier, deed: Deed) -> None:
        """Take one action; harmless if taken twice, or too late. Raises BackendError."""
        ...

    def close(self) -> None:
        """This process no longer works on clusters: what lives in it ends, what lives elsewhere goes on."""
        ...
