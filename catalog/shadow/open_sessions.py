"""Which sessions of a shadow hold a connection: above a bound, those unused the longest give theirs up."""

from __future__ import annotations

import threading
from typing import Protocol
from weakref import WeakSet


class Holder(Protocol):
    """A session that may hold a connection, and can do without it between statements."""

    @property
    def is_open(self) -> bool: ...

    used_at: float
    """When its last statement began, by the monotonic clock."""

    def release(self) -> bool:
        """Give up the connection if nothing is under way; whether it did. Does not wait."""
        ...


class OpenSessions:
    """At most `kept` connections, but for sessions that are busy. Safe for many threads."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._known: WeakSet[Holder] = WeakSet()

    def opened(self, session: Holder) -> None:
        """Call when a session has opened a connection, with that session's own turn held."""
        with self._lock:
            self._known.add(session)
            holders = [each for each in self._known if each.is_open]
        excess = len(holders) - self._kept
        for each in sorted(holders, key=lambda holder: holder.used_at):
            if excess <= 0:
                return
            if each is not session and each.release():
                excess -= 1
