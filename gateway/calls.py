"""The register of calls under way in this process: ids, cancel by id or pid."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

from catalog.principal import Principal
from sql_extensions.call import Call, Outcome

__all__ = ["Call", "CallRegister", "Outcome", "new_call_id"]


def new_call_id() -> str:
    """A query id: "q_", the milliseconds of now in hexadecimal, and 32 random bits; sorts by time."""
    return f"q_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(4)}"


class CallRegister:
    """Calls by id and by backend pid, and how to end a connection. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[str, Call] = {}
        self._terminate: dict[int, Callable[[], None]] = {}
        self._owners: dict[int, Principal] = {}

    def connected(self, pid: int, terminate: Callable[[], None]) -> None:
        with self._lock:
            self._terminate[pid] = terminate

    def logged_in(self, pid: int, principal: Principal) -> None:
        """Whose connection it is: for the right to end it."""
        with self._lock:
            self._owners[pid] = principal

    def owner(self, pid: int) -> Principal | None:
        """Who is logged in on a connection; None if there is none with this pid."""
        with self._lock:
            return self._owners.get(pid)

    def disconnected(self, pid: int) -> None:
        with self._lock:
            self._terminate.pop(pid, None)
            self._owners.pop(pid, None)

    def add(self, call: Call) -> None:
        with self._lock:
            self._calls[call.id] = call

    def remove(self, call: Call) -> None:
        with self._lock:
            self._calls.pop(call.id, None)

    def running(self) -> list[Call]:
        with self._lock:
            return list(self._calls.values())

    def find(self, call_id: str) -> Call | None:
        with self._lock:
            return self._calls.get(call_id)

    def by_pid(self, pid: int) -> Call | None:
        with self._lock:
            return next((call for call in self._calls.values() if call.pid == pid), None)

    def terminate(self, pid: int) -> bool:
        with self._lock:
            stop = self._terminate.get(pid)
        if stop is None:
            return False
        stop()
        return True
