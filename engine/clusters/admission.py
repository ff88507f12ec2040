"""Who may work on a cluster now, and who waits: one queue for each cluster, fair between users.

Limits hold for this gateway. Nothing here knows of SQL or of Spark; waiting for a cluster to start is the session's.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from catalog.errors import QueryCanceled, TooManyConnections

LOOK_S = 1.0
"""How often somebody who waits looks after its place."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one cluster. None: no limit."""

    concurrency: int | None = None
    queue: int | None = None
    timeout_s: float | None = None
    """How long one may wait, for a place and for the cluster to start together."""


class Waiting:
    """What somebody who waits is told and can say; made for one wait. `cancel` is called from any thread."""

    def __init__(self, tell: Callable[[int, int], None], check: Callable[[], None]) -> None:
        self.tell = tell
        """Called now and then with the place in the queue, from 1, and its length."""
        self.check = check
        """Raises what ends the waiting."""
        self.woken = threading.Event()

    def cancel(self) -> None:
        self.woken.set()


@dataclass(slots=True, eq=False)
class _Waiter:
    user: str
    woken: threading.Event
    admitted: bool = False


@dataclass(slots=True)
class _Line:
    """One cluster's. `users` are in the order in which they are served next."""

    running: int = 0
    """With those who wait for the cluster to start, whose number is `starting`."""
    starting: int = 0
    concurrency: int | None = None
    users: OrderedDict[str, deque[_Waiter]] = field(default_factory=OrderedDict)

    @property
    def waiting(self) -> int:
        return sum(map(len, self.users.values()))

    def join(self, waiter: _Waiter) -> None:
        self.users.setdefault(waiter.user, deque()).append(waiter)

    def leave(self, waiter: _Waiter) -> None:
        mine = self.users.get(waiter.user)
        if mine is not None and waiter in mine:
            mine.remove(waiter)
            if not mine:
                del self.users[waiter.user]

    def next(self) -> _Waiter:
        """Take out the first of the user whose turn it is; that user's next turn comes after everyone else's."""
        user, mine = self.users.popitem(last=False)
        waiter = mine.popleft()
        if mine:
            self.users[user] = mine
        return waiter

    def place(self, waiter: _Waiter) -> int:
        """How many are served up to and with this one, as things stand."""
        before = self.users[waiter.user].index(waiter)
        place, passed = before + 1, False
        for user, theirs in list(self.users.items()):
            if user == waiter.user:
                passed = True
            else:
                place += min(len(theirs), before if passed else before + 1)
        return place


class Ticket:
    """The right to work on a cluster. `deadline`, by the monotonic clock: until when its holder may wait for it."""

    def __init__(self, admission: Admission, cluster: UUID, line: _Line, deadline: float | None) -> None:
        self.deadline = deadline
        self.cluster, self.line = cluster, line
        self.starting, self.held = True, True
        self._admission = admission

    def started(self) -> None:
        """The cluster answers: from here on the holder counts as running, before as queued."""
        self._admission.started(self)

    def release(self) -> None:
        """Give the place back: from any thread, any number of times."""
        self._admission.release(self)


class Admission:
    """The queues of all clusters of this process. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a place may be given back by garbage collection, whatever its thread is at
        self._lines: dict[UUID, _Line] = {}
        self._changed: set[UUID] = set()

    def enter(self, cluster: UUID, name: str, user: str, limits: Limits, waiting: Waiting) -> Ticket:
        """Wait for a place. Blocking.

        Raises TooManyConnections (53300) if too many wait already, QueryCanceled (57014) after `limits.timeout_s`, and
        what `waiting.check` raises.
        """
        deadline = None if limits.timeout_s is None else time.monotonic() + limits.timeout_s
        waiter = _Waiter(user, waiting.woken)
        with self._lock:
            line = self._lines.setdefault(cluster, _Line())
            line.concurrency = limits.concurrency
            line.join(waiter)
            self._serve(cluster, line)
            if not waiter.admitted and limits.queue is not None and line.waiting > limits.queue:
                line.leave(waiter)
                raise TooManyConnections(
                    f'too many queries are waiting for cluster "{name}"',
                    detail=f"{line.running} are at work or start, {line.waiting} are waiting.",
                    hint=f"At most {limits.queue} may wait (queue_limit).",
                )
        try:
            self._wait(line, waiter, waiting, deadline, name)
        except BaseException:
            with self._lock:
                line.leave(waiter)
                if waiter.admitted:
                    line.running -= 1
                    line.starting -= 1
                self._serve(cluster, line)
            raise
        return Ticket(self, cluster, line, deadline)

    def counts(self, cluster: UUID) -> tuple[int, int]:
        """(running, queued) on a cluster, of this process; those waiting for its start are queued."""
        with self._lock:
            line = self._lines.get(cluster)
            return (0, 0) if line is None else (line.running - line.starting, line.waiting + line.starting)

    def take_changed(self) -> dict[UUID, tuple[int, int]]:
        """`counts` of the clusters where they may have changed since the last time; for reporting."""
        with self._lock:
            changed, self._changed = self._changed, set()
        return {cluster: self.counts(cluster) for cluster in changed}

    def busy(self) -> list[UUID]:
        """The clusters somebody works on or waits for."""
        with self._lock:
            return [cluster for cluster, line in self._lines.items() if line.running or line.users]

    def started(self, ticket: Ticket) -> None:
        with self._lock:
            self._started(ticket)

    def release(self, ticket: Ticket) -> None:
        with self._lock:
            if ticket.held:
                self._started(ticket)
                ticket.held = False
                ticket.line.running -= 1
                self._serve(ticket.cluster, ticket.line)

    def _wait(self, line: _Line, waiter: _Waiter, waiting: Waiting, deadline: float | None, name: str) -> None:
        while True:
            waiting.check()
            with self._lock:
                if waiter.admitted:
                    return
                waiter.woken.clear()
                place, length = line.place(waiter), line.waiting
            waiting.check()  # a cancel in between may have been cleared away
            waiting.tell(place, length)
            left = LOOK_S if deadline is None else min(LOOK_S, deadline - time.monotonic())
            if left <= 0:
                raise QueryCanceled(
                    f'canceling statement due to queue timeout of cluster "{name}"',
                    detail=f"It was number {place} of {length} in the queue.",
                )
            waiter.woken.wait(left)

    def _started(self, ticket: Ticket) -> None:
        """With the lock held."""
        if ticket.starting:
            ticket.starting = False
            ticket.line.starting -= 1
            self._changed.add(ticket.cluster)

    def _serve(self, cluster: UUID, line: _Line) -> None:
        """As many as there is room for get in, in turn. With the lock held."""
        self._changed.add(cluster)
        while line.users and (line.concurrency is None or line.running < line.concurrency):
            waiter = line.next()
            line.running += 1
            line.starting += 1
            waiter.admitted = True
            waiter.woken.set()
