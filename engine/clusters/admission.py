"""Who may work on a cluster now, and who waits: this gateway's side of it. Nothing here knows of SQL or of Spark.

The queue itself, fair between users and one for all gateways, is in the metadata store (catalog.clusters.places);
waiting for a cluster to start is the session's.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from catalog.clusters.places import Joined, Place
from catalog.errors import CannotConnectNow, SqlError, TooManyConnections

LOOK_S = 1.0
"""How often a gateway whose queries wait for a cluster looks at the queue; to whom a place is given is told at once."""
log = logging.getLogger("kadali.clusters")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one cluster, for all gateways together. None: no limit."""

    concurrency: int | None = None
    queue: int | None = None
    timeout_s: float | None = None
    """How long one may wait, for a place and for the cluster to start together."""


class Waiting:
    """What somebody who waits is told and can say; made for one wait. `cancel` is called from any thread."""

    def __init__(self, tell: Callable[[int, int], None], check: Callable[[], Limits]) -> None:
        self.tell = tell
        """Called now and then with the place in the queue, from 1, and its length."""
        self.check = check
        """The limits as they are now; raises what ends the waiting."""
        self.woken = threading.Event()

    def cancel(self) -> None:
        self.woken.set()


class PlaceStore(Protocol):
    """What is asked of catalog.clusters.places.Places. All may raise SqlError."""

    def join(
        self, cluster: UUID, number: int, user: str, limit: int | None, queue: int | None, *, started: bool
    ) -> Joined: ...

    def start(self, cluster: UUID, number: int) -> object: ...

    def leave(self, cluster: UUID, numbers: Sequence[int], limit: int | None) -> Sequence[int]: ...

    def look(self, cluster: UUID, limit: int | None) -> Mapping[int, Place]: ...

    def told(self, payload: str) -> int | None: ...


@dataclass(slots=True, eq=False)
class _Waiter:
    cluster: UUID
    woken: threading.Event
    admitted: bool = False
    place: int = 0
    length: int = 0


@dataclass(slots=True)
class _Line:
    """One cluster's, as this gateway knows it."""

    limit: int | None = None
    inside: set[int] = field(default_factory=set)
    """Places that are held or waited for."""
    left: list[int] = field(default_factory=list)
    """Places that are to be given back in the store."""
    looked: float = -LOOK_S


class Ticket:
    """The right to work on a cluster. `deadline`, by the monotonic clock: until when its holder may wait for it."""

    def __init__(
        self, admission: Admission, cluster: UUID, number: int, deadline: float | None, *, started: bool
    ) -> None:
        self.deadline = deadline
        self._cluster, self._number, self._started = cluster, number, started
        self._admission = admission

    def started(self) -> None:
        """The cluster answers: from here on the holder counts as running, before as queued. Raises SqlError."""
        if not self._started:
            self._admission.places.start(self._cluster, self._number)
            self._started = True

    def release(self, *, later: bool = False) -> None:
        """Give the place back: from any thread, any number of times. Blocking, unless it may be done `later`."""
        self._admission.release(self._cluster, self._number, later=later)


class Admission:
    """What this process holds and waits for, on all clusters. Safe for many threads."""

    def __init__(self, places: PlaceStore) -> None:
        self.places = places
        self._lock = threading.RLock()  # a place may be given back by garbage collection, whatever its thread is at
        self._numbers = itertools.count(1)
        self._lines: dict[UUID, _Line] = {}
        self._waiters: dict[int, _Waiter] = {}

    def enter(self, cluster: UUID, name: str, user: str, limits: Limits, waiting: Waiting, *, started: bool) -> Ticket:
        """Wait for a place. Blocking. `started`: the cluster answers.

        Raises TooManyConnections (53300) if too many wait already, CannotConnectNow (57P03) after `limits.timeout_s`,
        and what `waiting.check` raises.
        """
        deadline = None if limits.timeout_s is None else time.monotonic() + limits.timeout_s
        waiter = _Waiter(cluster, waiting.woken)
        with self._lock:
            number = next(self._numbers)
            line = self._lines.setdefault(cluster, _Line())
            if line.limit != limits.concurrency:
                line.limit, line.looked = limits.concurrency, -LOOK_S
            line.inside.add(number)
            self._waiters[number] = waiter
        try:
            found = self.places.join(cluster, number, user, limits.concurrency, limits.queue, started=started)
            if found.admitted is None:
                raise TooManyConnections(
                    f'too many queries are waiting for cluster "{name}"',
                    detail=f"{found.running} are at work or start, {found.waiting} are waiting.",
                    hint=f"At most {limits.queue} may wait (queue_limit).",
                )
            if not found.admitted:
                waiter.place, waiter.length = found.place, found.waiting + 1
                self._wait(waiter, waiting, deadline, name)
        except BaseException:
            self.release(cluster, number)
            raise
        finally:
            with self._lock:
                del self._waiters[number]
        return Ticket(self, cluster, number, deadline, started=started)

    def heard(self, payload: str) -> None:
        """A gateway has given a place away: perhaps to one of ours."""
        number = self.places.told(payload)
        if number is not None:
            self._admit(number)

    def _admit(self, number: int) -> None:
        """One of ours who waits has a place."""
        with self._lock:
            waiter = self._waiters.get(number)
        if waiter is not None:
            waiter.admitted = True
            waiter.woken.set()

    def busy(self) -> list[UUID]:
        """The clusters somebody works on or waits for."""
        with self._lock:
            return [cluster for cluster, line in self._lines.items() if line.inside]

    def release(self, cluster: UUID, number: int, *, later: bool = False) -> None:
        """Give a place back; it is free when this returns, or after the next `flush` if it may be done `later`."""
        with self._lock:
            line = self._lines.get(cluster)
            if line is None or number not in line.inside:
                return
            line.inside.remove(number)
            if later:
                line.left.append(number)
                return
        self._give_back(cluster, line, [number])

    def flush(self) -> None:
        """Give back what could not be given back before, or was left for later."""
        with self._lock:
            left = [(cluster, line, line.left) for cluster, line in self._lines.items() if line.left]
            for _, line, _ in left:
                line.left = []
        for cluster, line, numbers in left:
            self._give_back(cluster, line, numbers)

    def _give_back(self, cluster: UUID, line: _Line, numbers: list[int]) -> None:
        try:
            served = self.places.leave(cluster, numbers, line.limit)
        except SqlError as error:
            log.warning("places on a cluster could not be given back, which is tried again: %s", error.message)
            with self._lock:
                line.left += numbers
            return
        for number in served:
            self._admit(number)
        with self._lock:
            if not line.inside and not line.left and self._lines.get(cluster) is line:
                del self._lines[cluster]

    def _wait(self, waiter: _Waiter, waiting: Waiting, deadline: float | None, name: str) -> None:
        while True:
            limits = waiting.check()
            if waiter.admitted:
                return
            waiter.woken.clear()
            self._look(waiter.cluster, limits)
            waiting.check()  # a cancel in between may have been cleared away
            if waiter.admitted:
                return
            waiting.tell(waiter.place, waiter.length)
            left = LOOK_S if deadline is None else min(LOOK_S, deadline - time.monotonic())
            if left <= 0:
                raise CannotConnectNow(
                    f'cluster "{name}" is busy',
                    detail=f"The query was number {waiter.place} of {waiter.length} in its queue when queue_timeout"
                    " was over.",
                    hint="Try again later.",
                )
            waiter.woken.wait(left)

    def _look(self, cluster: UUID, limits: Limits) -> None:
        """Note the places of all who wait here for the cluster: one of them looks, at most once in LOOK_S."""
        now = time.monotonic()
        with self._lock:
            line = self._lines[cluster]
            if now - line.looked < LOOK_S and line.limit == limits.concurrency:
                return
            line.looked, line.limit = now, limits.concurrency
        for number, place in self.places.look(cluster, limits.concurrency).items():
            with self._lock:
                waiter = self._waiters.get(number)
            if waiter is not None:
                waiter.place, waiter.length = place.place, place.length
                if place.admitted:
                    self._admit(number)
