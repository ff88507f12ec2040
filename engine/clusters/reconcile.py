"""Brings clusters to what their rows say: one round looks at all of them and takes the next step of each.

Level-triggered: nothing is remembered from round to round that matters. Who may run rounds (one gateway of all) and
when is decided by the caller.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Protocol
from uuid import UUID

from catalog.clusters.model import Backend as BackendKind
from catalog.clusters.model import Cluster, ClusterState, Desired, Observed, Tier
from catalog.errors import SqlError
from engine.clusters.backend import Backend, BackendError
from engine.clusters.plan import Action, BudgetSpent, Remove, SuspendIdle, Terminate, plan
from engine.clusters.quota import Fit, fit, used

THREADS = 8
ROUND_S = 10.0
"""How long a round waits for its clusters; one that takes longer is left out of rounds until it is through."""
COMPLAIN_EVERY_S = 60.0
_ACTIVE = (ClusterState.STARTING, ClusterState.RUNNING, ClusterState.SCALING, ClusterState.SUSPENDING)
_STEADY = (ClusterState.RUNNING, ClusterState.SUSPENDED)

log = logging.getLogger("kadali.clusters")


class ClusterStore(Protocol):
    """What the reconciler asks of catalog.clusters.store.Clusters. All may raise SqlError."""

    def all(self) -> Sequence[Cluster]: ...

    def observe(self, cluster: UUID, observed: Observed) -> object:
        """Written by the reconciler alone, with the event that tells of it; `state_since` moves with the state."""
        ...

    def add_usage(self) -> object:
        """What running clusters use is written down from time to time."""
        ...

    def suspend_idle(self, cluster: UUID, generation: int, idle_before: datetime) -> bool:
        """Wanted SUSPENDED, unless it has been used since `idle_before` or the row has another generation by now."""
        ...

    def terminate(self, cluster: UUID, generation: int, why: str) -> bool:
        """Wanted TERMINATED, unless the row has another generation by now."""
        ...

    def spent(self, cluster: UUID, generation: int, since: date, why: str, *, suspend: bool) -> bool:
        """The budget of the period from `since` on is used up: noted once, and wanted SUSPENDED if `suspend`."""
        ...

    def remove(self, cluster: UUID) -> object:
        """The row goes, if it is wanted TERMINATED."""
        ...


@dataclass(frozen=True, slots=True)
class Round:
    """What a round came to. `steady`: nothing is under way, the next one may take its time."""

    clusters: int
    steady: bool


class Reconciler:
    """`leading` is asked before every step: a gateway that has lost the lead does nothing more. `tier`: of a tenant."""

    def __init__(
        self,
        store: ClusterStore,
        backends: Mapping[BackendKind, Backend],
        tier: Callable[[str], Tier],
        *,
        leading: Callable[[], bool] = lambda: True,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        threads: int = THREADS,
    ) -> None:
        self._store, self._backends, self._tier = store, dict(backends), tier
        self._leading, self._now = leading, now
        self._pool = ThreadPoolExecutor(threads, "cluster")
        self._under_way: dict[UUID, Future[bool]] = {}
        self._complaints: dict[str, float] = {}
        self._lock = threading.Lock()

    def round(self) -> Round:
        """Look at every cluster, take the next step of each. Raises SqlError if the store cannot be read."""
        self._store.add_usage()
        rows = list(self._store.all())
        blind = {kind: why for kind in self._backends if (why := self._survey(kind, rows)) is not None}
        self._under_way = {one: future for one, future in self._under_way.items() if not future.done()}
        made: list[Future[bool]] = []
        for cluster in rows:
            if cluster.id in self._under_way:
                continue
            if cluster.spec.backend in blind:
                self._put_off(cluster, blind[cluster.spec.backend])
                continue
            others = [one for one in rows if one.tenant == cluster.tenant and one.id != cluster.id]
            future = self._pool.submit(self._work, cluster, others)
            self._under_way[cluster.id] = future
            made.append(future)
        done, _ = wait_for(made, ROUND_S)
        late = any(not future.done() for future in self._under_way.values())
        steady = not late and not blind and all(future.result() for future in done)
        return Round(len(rows), steady)

    def stand_by(self) -> None:
        """Another gateway leads: what lives in this process ends."""
        for kind, backend in self._backends.items():
            if kind is BackendKind.LOCAL:
                backend.survey(())

    def close(self) -> None:
        """No more steps; what lives in this process ends. Clusters elsewhere go on."""
        self._pool.shutdown(cancel_futures=True)
        for backend in self._backends.values():
            backend.close()

    def _survey(self, kind: BackendKind, rows: Sequence[Cluster]) -> str | None:
        """None if the backend can see; else why not, and its rows stay as they are."""
        try:
            self._backends[kind].survey([one for one in rows if one.spec.backend is kind])
        except BackendError as error:
            self._complain(kind.value, f"clusters on {kind.value} cannot be looked at, they stay as they are: {error}")
            return "it cannot be reached" if error.unreachable else str(error)
        return None

    def _put_off(self, cluster: Cluster, why: str) -> None:
        """Nothing is known and nothing done: who has asked for something, or waits, is told the reason."""
        before = cluster.observed
        if before.generation != cluster.generation or before.state not in _STEADY:
            reason = f"nothing can be done on {cluster.spec.backend.value} now, it is tried again: {why}"
            self._note(cluster, replace(before, reason=reason))

    def _work(self, cluster: Cluster, others: Sequence[Cluster]) -> bool:
        """One cluster, in a thread of the pool; whether nothing is under way. Its errors are its own."""
        try:
            return self._step(cluster, others)
        except BackendError as error:
            self._complain(str(cluster.id), f"cluster {cluster.name} of {cluster.tenant}: {error}")
            if not error.unreachable and not cluster.state.answers and cluster.desired is Desired.RUNNING:
                self._note(cluster, Observed(ClusterState.FAILED, str(error), cluster.generation))
        except SqlError as error:
            self._complain(str(cluster.id), f"cluster {cluster.name} of {cluster.tenant}: {error.message}")
        except Exception:
            log.exception("cluster %s of %s: a step failed, it is tried again", cluster.name, cluster.tenant)
        return False

    def _step(self, cluster: Cluster, others: Sequence[Cluster]) -> bool:
        backend = self._backends.get(cluster.spec.backend)
        if backend is None:
            reason = f"this server is not set up for clusters on {cluster.spec.backend.value}"
            self._note(cluster, Observed(ClusterState.FAILED, reason, cluster.generation))
            return True
        if not self._leading():
            return False
        tier = self._tier(cluster.tenant)
        sight = backend.look(cluster, tier)
        made = plan(cluster, sight, self._now(), room_beside(tier, cluster, others))
        self._note(cluster, made.observed)
        for action in made.actions:
            if not self._leading():
                return False
            self._take(cluster, tier, backend, action)
        return not made.actions and made.observed.state in _STEADY

    def _take(self, cluster: Cluster, tier: Tier, backend: Backend, action: Action) -> None:
        match action:
            case SuspendIdle(idle_before):
                self._store.suspend_idle(cluster.id, cluster.generation, idle_before)
            case Terminate(why):
                self._store.terminate(cluster.id, cluster.generation, why)
            case BudgetSpent(since, why, suspend):
                if self._store.spent(cluster.id, cluster.generation, since, why, suspend=suspend):
                    log.warning("cluster %s of %s: %s", cluster.name, cluster.tenant, why)
            case Remove():
                self._store.remove(cluster.id)
            case _:
                backend.act(cluster, tier, action)

    def _note(self, cluster: Cluster, observed: Observed) -> None:
        """Tell the store what is new."""
        if cluster.observed != observed:
            self._store.observe(cluster.id, observed)

    def _complain(self, about: str, message: str) -> None:
        """In the log, at most once a minute about one thing."""
        now = time.monotonic()
        with self._lock:
            if now - self._complaints.get(about, -COMPLAIN_EVERY_S) < COMPLAIN_EVERY_S:
                return
            self._complaints = {one: at for one, at in self._complaints.items() if now - at < COMPLAIN_EVERY_S}
            self._complaints[about] = now
        log.warning("%s", message)


def room_beside(tier: Tier, cluster: Cluster, others: Iterable[Cluster]) -> Fit:
    """What fits beside the tenant's clusters that are up, or come up before this one. Of two that start at once and do
    not fit together one has to give way: the one that has been in its state for less long.
    """
    mine = _rank(cluster)
    before = [one for one in others if one.state in _ACTIVE or (one.desired is Desired.RUNNING and _rank(one) < mine)]
    return fit(tier, cluster.spec, used(before))


def _rank(cluster: Cluster) -> tuple[datetime, str]:
    return (cluster.state_since, str(cluster.id))
