"""One execution of one statement: who, what, and how it is going. Observers are told of it once, at its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from catalog.errors import QueryCanceled, SqlError
from catalog.principal import Principal
from engine.base import Notice, Param, Route
from sql_extensions.statement import Statement

if TYPE_CHECKING:
    from sql_extensions.kept import Answered

CANCEL_REPEAT_S = 0.05
TELL_EVERY_S = 5.0
"""Rule R9: the client is told how far long work is at most this often; of shorter work it is told nothing."""


class Outcome(Enum):
    """How a call ended."""

    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"
    ABANDONED = "abandoned"
    """The client went away before it had all of the answer."""


@dataclass(slots=True, eq=False)
class Call:
    """`sql` is the text for history and logs: also of statements that could not be recognised (`statement` None).

    `result_binary` are the formats asked for at Bind: none, one for all, or one for each column.
    """

    id: str
    principal: Principal
    pid: int
    sql: str
    statement: Statement | None = None
    params: tuple[Param, ...] = ()
    param_oids: tuple[int, ...] = ()
    """Types the client gave with Parse; 0 or missing: PostgreSQL infers them."""
    result_binary: tuple[bool, ...] = ()
    timeout_s: float | None = None
    route: Route | None = None
    data_route: Route | None = None
    """Where the work on tables goes: decided at the first query of the statement, kept for its other ones."""
    places: set[UUID] = field(default_factory=set)
    """Clusters on which it holds a place."""
    bytes_scanned: int | None = None
    """Estimated, before the work begins."""
    waiting: bool = False
    """In the queue of a cluster, or for its start."""
    progress: str | None = None
    """How far the work is, in words."""
    tell: Callable[[Notice], None] | None = None
    """Set by a door that can send a notice while the statement runs; called from any thread."""
    answered: Answered | None = None
    """The query as an engine was given it, if it can be had again."""
    pinned: Answered | None = None
    """Run this: the statement's answer is to be what it was."""
    rows: int = 0
    bytes: int = 0
    error: SqlError | None = None
    notices: list[Notice] = field(default_factory=list)
    queued_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None
    over: threading.Event = field(default_factory=threading.Event)
    """Set when the call has been settled: its engine has stopped."""
    _reason: str | None = None
    _stops: list[Callable[[], None]] = field(default_factory=list)
    _ends: list[Callable[[], None]] = field(default_factory=list)
    _told: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def canceled(self) -> bool:
        return self._reason is not None

    @property
    def known_oids(self) -> tuple[int, ...]:
        """What is known of the parameters' types: those of the bound values, before that what the client gave."""
        return tuple(param.type_oid for param in self.params) or self.param_oids

    def cancel(self, reason: str = "user request") -> None:
        """Stop it: from any thread, any number of times; an engine that had not begun is stopped when asked again."""
        with self._lock:
            if self._reason is None:
                self._reason = reason
            stops = list(self._stops)
        for stop in stops:
            stop()

    def on_cancel(self, stop: Callable[[], None]) -> None:
        """Have `stop` called on cancel; at once if the call is canceled already."""
        with self._lock:
            self._stops.append(stop)
        if self.canceled:
            stop()

    def off_cancel(self, stop: Callable[[], None]) -> None:
        with self._lock:
            if stop in self._stops:
                self._stops.remove(stop)

    @contextmanager
    def stopping(self, stop: Callable[[], None]) -> Iterator[None]:
        """Meanwhile `stop` is called on cancel; at once if the call is canceled already."""
        self.on_cancel(stop)
        try:
            yield
        finally:
            self.off_cancel(stop)

    @contextmanager
    def part(self) -> Iterator[None]:
        """Meanwhile a part of the work runs to its end: what it has asked to be called on cancel is then let go of."""
        with self._lock:
            before = list(self._stops)
        try:
            yield
        finally:
            with self._lock:
                self._stops = [stop for stop in self._stops if stop in before]

    def check_canceled(self) -> None:
        """Raises QueryCanceled (57014) if someone has asked to stop."""
        if self._reason is not None:
            raise QueryCanceled(f"canceling statement due to {self._reason}")

    def notice(self, notice: Notice) -> None:
        self.notices.append(notice)

    def report(self, progress: str) -> None:
        """How far it is: for kadali.queries, and as an INFO notice that goes out while it runs, if it takes long."""
        self.progress = progress
        now = time.monotonic()
        if self.tell is not None and now - max(self._told, self.started) >= TELL_EVERY_S:
            self._told = now
            self.tell(Notice("INFO", progress))

    def at_end(self, action: Callable[[], None]) -> None:
        """Have `action` run when the call is settled: what it held is given back."""
        self._ends.append(action)

    def take_ends(self) -> list[Callable[[], None]]:
        ends, self._ends = self._ends, []
        return ends

    @property
    def seconds(self) -> float:
        return (self.ended if self.ended is not None else time.monotonic()) - self.started
