"""A cluster of a session's own size, asked for by settings instead of statements: kadali.worker_memory and its like.

Sessions of a user with equal settings share one. It is made at its first use, and dropped after it has been suspended
for a while.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from catalog.clusters.model import Cluster, ClusterSpec, Tier
from catalog.clusters.tenant import TenantClusters
from catalog.clusters.tiers import MIB, memory_text
from catalog.errors import ConfigurationLimitExceeded, DuplicateObject, InsufficientPrivilege
from catalog.principal import Principal
from engine.base import Notice
from engine.clusters.quota import Usage, check_fit, check_shape, fit
from sql_extensions import cluster_options
from sql_extensions.call import Call

KEPT = "1 hour"
"""How long it stays while suspended, where kadali.worker_ttl does not say it."""
NAME_BYTES = 40
"""Of the user's name in the cluster's."""


class OwnCluster:
    """One session's. `sizing` gives what is set now, by the name of the option of CREATE CLUSTER."""

    def __init__(
        self, clusters: TenantClusters | None, principal: Principal, sizing: Callable[[], Mapping[str, str]]
    ) -> None:
        self._clusters, self._principal, self._sizing = clusters, principal, sizing
        self._told: str | None = None

    @property
    def name(self) -> str | None:
        """Of the cluster that is asked for, whether or not there is one; None: none is."""
        sizing = self._sizing()
        if not sizing.keys() - {"worker_ttl"}:
            return None
        user = self._principal.user
        short = user.encode()[:NAME_BYTES].decode(errors="ignore")
        return f"{short}_{hashlib.sha256(repr((user, sorted(sizing.items()))).encode()).hexdigest()[:8]}"

    def find(self) -> Cluster | None:
        """None: it is not there yet."""
        name = self.name
        found = () if self._clusters is None else self._clusters.list()
        return next((one for one in found if one.name == name), None)

    def ensure(self, call: Call) -> None:
        """Have it, suspended if it is new; a notice, once for a session, tells what the tier cuts down.

        Raises InsufficientPrivilege (42501) for those who may make no clusters, ConfigurationLimitExceeded (53400),
        FeatureNotSupported (0A000) where nothing can run one.
        """
        name, sizing, clusters = self.name, self._sizing(), self._clusters
        if name is None or clusters is None or (self._told == name and self.find() is not None):
            return
        if not self._principal.admin:
            raise InsufficientPrivilege(
                "permission denied to create cluster",
                hint=f"{_listed(sizing)} ask for a cluster of one's own, which administrators may have. RESET them.",
            )
        tier = clusters.tier
        spec = cluster_options.specified(_options(sizing), clusters.sizes, tier, clusters.backend)
        spec, cut = clamped(spec, tier)
        check_shape(spec)
        check_fit(tier, name, spec, spec.max_workers, Usage())

        def check(others: Sequence[Cluster]) -> None:
            if tier.clusters is not None and len(others) >= tier.clusters:
                raise ConfigurationLimitExceeded(
                    f'tier "{tier.name}" allows {tier.clusters} clusters', hint="Drop a cluster that is not needed."
                )

        if self.find() is None:
            with suppress(DuplicateObject):  # another session has been faster
                clusters.create(name, spec, self._principal.user, check=check)
                clusters.comment(name, f"for {_listed(sizing)}")
        for text in cut:
            call.notice(Notice("NOTICE", f'{text}: tier "{tier.name}" allows no more'))
        self._told = name


def clamped(spec: ClusterSpec, tier: Tier) -> tuple[ClusterSpec, list[str]]:
    """What the tier allows of it, beside no other cluster, and what has been cut down to what."""
    cut: list[str] = []
    if tier.memory is not None and spec.worker_memory > (left := tier.memory - spec.driver_memory) >= MIB:
        spec = replace(spec, worker_memory=left // MIB * MIB)
        cut.append(f"worker_memory is {memory_text(spec.worker_memory)}")
    if tier.cores is not None and spec.worker_cores > (free := tier.cores - spec.driver_cores) > 0:
        spec = replace(spec, worker_cores=free)
        cut.append(f"worker_cores is {free:g}")
    room = fit(tier, spec, Usage()).workers
    if room is not None and 0 < room < spec.max_workers:
        spec = replace(spec, min_workers=room, max_workers=room)
        cut.append(f"workers is {room}")
    return spec, cut


def _options(sizing: Mapping[str, str]) -> cluster_options.Given:
    lasting = sizing.get("worker_ttl")
    times = {"auto_terminate": KEPT} if lasting is None else {"auto_suspend": lasting, "auto_terminate": lasting}
    return {key: value for key, value in sizing.items() if key != "worker_ttl"} | times


def _listed(sizing: Mapping[str, str]) -> str:
    return ", ".join(f"kadali.{key} = {value}" for key, value in sizing.items())
