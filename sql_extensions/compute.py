"""Where a session's work on tables is done: its engines, embedded and on clusters, and how it gets into one.

What is decided is `engine.clusters.routing`, who waits for whom `engine.clusters.admission`; queries come from `query`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import pyarrow as pa

from catalog.clusters.model import Cluster, Desired, Tier
from catalog.errors import (
    CannotConnectNow,
    InsufficientPrivilege,
    SqlError,
    UndefinedObject,
)
from catalog.principal import Principal
from engine.base import ArrowRows, Engine, Notice, Route
from engine.clusters.admission import Admission, Limits, Ticket, Waiting
from engine.clusters.routing import AUTO_BYTES, Candidate, Need, Wish, route
from engine.spark.engine import SparkEngine
from engine.spark.running import Options, ResultMode
from sql_extensions.call import Call
from sql_extensions.cluster_guests import Guest, Guests, KeptRows, Leave
from sql_extensions.cluster_state import CHOOSE_HINT, answers, check_budget, check_startable, gone, limits_of, may_use
from sql_extensions.own_cluster import OwnCluster
from sql_extensions.scan_meter import ScanMeter

if TYPE_CHECKING:
    from engine.embedded.engine import EmbeddedEngine

START_S = 300.0
"""How long a query waits for its cluster to start where no queue_timeout says it."""
LOOK_S = 0.25
"""How often somebody who waits for a cluster looks at its state."""
LARGE_BYTES = 256 << 20
"""Of a query that reads more, Spark is asked how large it expects the result to be, before it is streamed."""
USE_CLUSTER_HINT = "USE CLUSTER name runs it on Spark."


class ClusterBoard(Protocol):
    """What a session asks of its tenant's clusters (catalog.clusters.store.TenantClusters)."""

    @property
    def tier(self) -> Tier: ...

    def get(self, name: str) -> Cluster:
        """Raises UndefinedObject (42704)."""
        ...

    def list(self) -> Sequence[Cluster]: ...

    def want(self, name: str, desired: Desired, by: str) -> object: ...

    def used(self, id: UUID) -> object:  # noqa: A002 - the store's own word
        """Note that the cluster is in use now."""
        ...


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """What a tenant's sessions share to work on clusters; one for each tenant.

    `default` is what `kadali.cluster = default` means: embedded, auto, or a cluster's name. `used` notes, coarsely,
    that a cluster is in use. `abort` cancels, now, what queries on clusters somebody has had aborted.
    """

    board: ClusterBoard
    admission: Admission
    connect: Callable[[Cluster, Principal], SparkEngine]
    used: Callable[[UUID], None]
    meter: ScanMeter
    guests: Guests
    abort: Callable[[], None] = lambda: None
    default: str = "embedded"
    auto_bytes: int = AUTO_BYTES

    def note_busy(self) -> None:
        """Clusters on which queries are under way are in use, however long the queries take."""
        busy = set(self.admission.busy())
        if busy:
            for cluster in self.board.list():
                if cluster.id in busy:
                    self.used(cluster.id)


@dataclass(slots=True)
class _Held:
    """A place on a cluster, for all that this session does there at once."""

    ticket: Ticket
    name: str
    uses: int = 0


class Compute:
    """One session's. `setting` tells kadali.cluster, `result_mode` kadali.spark_result. Used by the session's thread;
    places are given back from any.
    """

    def __init__(
        self,
        embedded: EmbeddedEngine,
        access: ClusterAccess | None,
        principal: Principal,
        setting: Callable[[], str],
        result_mode: Callable[[], ResultMode] = lambda: ResultMode.AUTO,
        own: OwnCluster | None = None,
    ) -> None:
        self.embedded, self._own = embedded, own
        self._access, self._principal, self._setting = access, principal, setting
        self._result_mode = result_mode
        self._lock = threading.RLock()  # rows may give back their place wherever they are collected
        self._held: dict[UUID, _Held] = {}
        self._warned: set[tuple[UUID, date]] = set()
        self._engines: dict[UUID, tuple[tuple[str, int], SparkEngine]] = {}
        """By cluster, with the endpoint and the driver they belong to."""

    @property
    def wish(self) -> Wish:
        """What the session has asked for. Where the server has no clusters that is always the embedded engine."""
        setting = self._wanted()
        if self._access is None or setting == "embedded":
            return Wish.EMBEDDED
        return Wish.AUTO if setting == "auto" else Wish.CLUSTER

    @property
    def stays_embedded(self) -> bool:
        """Whether nothing of the session goes to a cluster, whatever it needs."""
        return self.wish is Wish.EMBEDDED

    @property
    def measures(self) -> bool:
        """Whether what a query needs is of interest to anybody."""
        return self._access is not None and (
            self.wish is not Wish.EMBEDDED or self._access.board.tier.bytes_scanned_per_day is not None
        )

    def route(self, call: Call, need: Need) -> Route:
        """Where the work of this statement goes; the same for all of its queries.

        Raises UndefinedObject (42704) if the session names a cluster that is no more.
        """
        if call.data_route is None:
            call.data_route = self._decide(self.wish, need)
        return call.data_route

    def charge(self, call: Call, size: int | None) -> None:
        """Count what is about to be read. Raises ConfigurationLimitExceeded (53400) if the day has no room for it."""
        if self._access is not None and size is not None:
            self._access.meter.charge(call, size, self._access.board.tier)

    def is_up(self, name: str) -> bool:
        """Whether the cluster answers now."""
        if name == self._own_name and self._own is not None and self._own.find() is None:
            return False
        return answers(self._get(name))

    def switch(self, call: Call, need: Need) -> Route | None:
        """Another way, after an engine's dialect has refused the query; None where the session has named its engine."""
        if self.wish is not Wish.AUTO:
            return None
        before = call.data_route
        other = self._decide(Wish.AUTO, need)
        if before is not None and other.engine == before.engine:
            return None
        call.data_route = other
        return other

    def engine(self, call: Call, where: Route) -> Engine:
        """The engine of a route, ready to work. Waits for a place on the cluster and for the cluster to answer.

        Raises 42704, 42501, 53000, 53300, 55000, 57014, 57P03 as the cluster's state and the limits demand.
        """
        return self.embedded if where.cluster is None else self.cluster_engine(call, where.cluster)

    def cluster_engine(self, call: Call, name: str) -> SparkEngine:
        """As `engine`, for a cluster."""
        if self._own is not None and name == self._own_name:
            self._own.ensure(call)
        cluster = self._get(name)
        if cluster.id not in call.places:  # what has begun may end
            check_budget(cluster)
            self._warn_of_budget(call, cluster)
        held = self._place(call, cluster)
        try:
            cluster = self._answering(call, cluster, held.ticket.deadline)
            engine = self._connected(cluster)
        finally:
            call.waiting = False
        held.ticket.started()
        return engine.with_options(
            Options(
                self._result_mode(),
                large=(call.bytes_scanned or 0) > LARGE_BYTES,
                watch=lambda progress: call.report(f"cluster {name}: {progress}"),
            )
        )

    def _warn_of_budget(self, call: Call, cluster: Cluster) -> None:
        """Once for a session and period, where the budget's end has no other effect."""
        if cluster.over_budget and cluster.spending is not None:
            period = (cluster.id, cluster.spending.since)
            if period not in self._warned:
                self._warned.add(period)
                message = f'cluster "{cluster.name}" has used up its budget of {cluster.budget_text}'
                call.notice(Notice("WARNING", message, "01000"))

    def keep_place(self, call: Call, where: Route, rows: ArrowRows) -> ArrowRows:
        """The same rows; the place on the cluster is kept until they have been read or closed, or are aborted: a
        cursor's outlive their call.
        """
        with self._lock:
            cluster = next((id_ for id_, held in self._held.items() if held.name == where.cluster), None)
        if cluster is None:
            return rows
        leave = self._used(call, cluster)
        batches = KeptRows(call, rows.reader, leave)
        return ArrowRows(rows.fields, pa.RecordBatchReader.from_batches(rows.reader.schema, batches))

    def close(self) -> None:
        """End the sessions on clusters and give back places; blocking."""
        with self._lock:
            engines, self._engines = list(self._engines.values()), {}
            held, self._held = list(self._held.values()), {}
        for place in held:
            place.ticket.release()
        for _, engine in engines:
            engine.close()

    @property
    def _clusters(self) -> ClusterAccess:
        """For who has got a cluster from there."""
        if self._access is None:
            raise TypeError("a cluster without access")
        return self._access

    # Which cluster

    def _wanted(self) -> str:
        setting = self._setting()
        if setting != "default":
            return setting
        if self._access is None:
            return "embedded"
        if (own := self._own_name) is not None:
            return own
        default = self._access.default
        if default in ("embedded", "auto") or any(item.name == default for item in self._access.board.list()):
            return default
        return "embedded"

    def _decide(self, wish: Wish, need: Need) -> Route:
        limit = AUTO_BYTES if self._access is None else self._access.auto_bytes
        return route(wish, need, self._candidate(wish), limit)

    def _candidate(self, wish: Wish) -> Candidate | None:
        """The cluster in question; one of the session's own need not be there yet."""
        wanted, own = self._wanted(), self._own_name
        if wish is Wish.EMBEDDED:
            return None
        if own is not None and wanted in (own, "auto"):
            found = None if self._own is None else self._own.find()
            return Candidate(own, reachable=True) if found is None else Candidate.of(found)
        cluster = self._get(wanted) if wish is Wish.CLUSTER else self._default_cluster()
        return None if cluster is None else Candidate.of(cluster)

    @property
    def _own_name(self) -> str | None:
        """Of the cluster that settings of the session ask for."""
        return None if self._own is None else self._own.name

    def _get(self, name: str) -> Cluster:
        """The cluster, for one who may use it. Raises UndefinedObject, InsufficientPrivilege."""
        if self._access is None:
            raise UndefinedObject(f'cluster "{name}" does not exist')
        try:
            cluster = self._access.board.get(name)
        except UndefinedObject as error:
            error.hint = CHOOSE_HINT
            raise
        if not may_use(cluster, self._principal):
            raise InsufficientPrivilege(f"permission denied for cluster {name}")
        return cluster

    def _default_cluster(self) -> Cluster | None:
        """For `auto`: the server's default cluster where the tenant has it, else the oldest one the user may use."""
        if self._access is None:
            return None
        mine = [cluster for cluster in self._access.board.list() if may_use(cluster, self._principal)]
        named = [cluster for cluster in mine if cluster.name == self._access.default]
        return next(iter(named or sorted(mine, key=lambda cluster: cluster.created_at)), None)

    # A place on it

    def _place(self, call: Call, cluster: Cluster) -> _Held:
        """A place for the call, given back when it is settled. A session that has one already gets no second."""
        access = self._clusters
        with self._lock:
            held = self._held.get(cluster.id)
        if held is None:
            ticket = self._enter(call, cluster, access)
            with self._lock:
                held = self._held[cluster.id] = _Held(ticket, cluster.name)
        if cluster.id not in call.places:
            call.places.add(cluster.id)
            call.at_end(self._used(call, cluster.id))
            _limit_time(call, cluster.spec.statement_timeout_s)
        access.used(cluster.id)
        return held

    def _enter(self, call: Call, cluster: Cluster, access: ClusterAccess) -> Ticket:
        def tell(place: int, length: int) -> None:
            call.waiting = True
            call.report(f'number {place} of {length} in the queue of cluster "{cluster.name}"')

        def check() -> Limits:
            call.check_canceled()
            now = _present(access.board, cluster)
            if now is None:
                access.abort()  # dropped by FORCE: that cancels
                call.check_canceled()
                raise gone(cluster)
            return limits_of(now, access.board.tier)

        waiting = Waiting(tell, check)
        limits, user = limits_of(cluster, access.board.tier), self._principal.user
        with call.stopping(waiting.cancel), access.guests.waiting(cluster.id, call):
            return access.admission.enter(cluster.id, cluster.name, user, limits, waiting, started=answers(cluster))

    def _used(self, call: Call, cluster: UUID) -> Leave:
        """Use the session's place on the cluster, for what is returned to end; that may be called more than once."""
        guests = self._clusters.guests

        def leave(*, collected: bool = False) -> None:
            if guests.remove(key):
                self._leave(cluster, collected=collected)

        with self._lock:
            if cluster not in self._held:
                call.check_canceled()  # an abort has given the place away
            self._held[cluster].uses += 1
        # without the lock: rows that are collected take the two the other way round
        key = guests.add(Guest(cluster, call, leave))
        return leave

    def _leave(self, cluster: UUID, *, collected: bool = False) -> None:
        """`collected`: by garbage collection, which may not wait for the store."""
        with self._lock:
            held = self._held.get(cluster)
            if held is None:
                return
            held.uses -= 1
            if held.uses:
                return
            del self._held[cluster]
        held.ticket.release(later=collected)
        if self._access is not None and not collected:
            self._access.used(cluster)

    # Its answer

    def _answering(self, call: Call, cluster: Cluster, deadline: float | None) -> Cluster:
        """The cluster once it answers: resumed if need be, waited for with notices."""
        if answers(cluster):
            return cluster
        board = self._clusters.board
        began = time.monotonic()
        until = began + START_S if deadline is None else deadline
        canceled = threading.Event()
        with call.stopping(canceled.set):
            while not answers(cluster):
                call.check_canceled()
                check_startable(cluster)
                if cluster.desired is Desired.SUSPENDED:
                    self._clusters.abort()  # SUSPEND FORCE means this call too, if it has waited since before
                    call.check_canceled()
                    board.want(cluster.name, Desired.RUNNING, self._principal.user)
                now = time.monotonic()
                if now >= until:
                    raise CannotConnectNow(
                        f'cluster "{cluster.name}" is starting',
                        detail=cluster.observed.reason or f"It did not answer within {until - began:.0f} seconds.",
                        hint="Try again later.",
                    )
                call.waiting = True
                call.report(f"cluster {cluster.name} starting {now - began:.0f}s/{until - began:.0f}s")
                canceled.wait(min(LOOK_S, until - now))
                cluster = self._get(cluster.name)
        return cluster

    def _connected(self, cluster: Cluster) -> SparkEngine:
        """The session's engine on the driver that answers now: a driver started anew gets a new one."""
        driver = (cluster.observed.endpoint or "", cluster.restarts)
        with self._lock:
            known = self._engines.get(cluster.id)
        if known is not None and known[0] == driver:
            return known[1]
        engine = self._clusters.connect(cluster, self._principal)
        with self._lock:
            self._engines[cluster.id] = (driver, engine)
        if known is not None:
            with suppress(SqlError):  # the old driver is gone: there is nothing left to end
                known[1].close()
        return engine


def _present(board: ClusterBoard, cluster: Cluster) -> Cluster | None:
    """As it is now, by whatever name; None once it is dropped."""
    return next((one for one in board.list() if one.id == cluster.id), None)


def add_hint(error: SqlError, where: Route) -> None:
    """To a refusal of Spark's dialect: what can be done about it."""
    if where.cluster is not None and error.hint is None:
        error.hint = f'Cluster "{where.cluster}" cannot do it: USE CLUSTER EMBEDDED, or AUTO, for this query.'


def _limit_time(call: Call, seconds: float | None) -> None:
    """The cluster's own statement_timeout, counted from the call's place on."""
    if seconds is not None:
        timer = threading.Timer(seconds, call.cancel, ("statement timeout of the cluster",))
        timer.daemon = True
        call.at_end(timer.cancel)
        timer.start()
