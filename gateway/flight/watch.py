"""Who wants a call to stop: its deadline, and the client that has hung up or canceled its gRPC call."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyarrow import flight

from sql_extensions.call import Call

EVERY_S = 0.05
HOUSEKEEPING_S = 1.0
log = logging.getLogger(__name__)


class Watch:
    """A thread that looks at calls under way. pyarrow tells of a client's end only when asked."""

    def __init__(self, housekeeping: Callable[[], None]) -> None:
        """`housekeeping` is done now and then as well."""
        self._housekeeping = housekeeping
        self._lock = threading.Lock()
        self._calls: dict[int, Call] = {}
        self._waiting: dict[int, tuple[flight.ServerCallContext, Call]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flight-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def begin(self, call: Call) -> None:
        """Keep the call's deadline, until `end`."""
        with self._lock:
            self._calls[id(call)] = call

    def end(self, call: Call) -> None:
        with self._lock:
            self._calls.pop(id(call), None)

    @contextmanager
    def client(self, context: flight.ServerCallContext, call: Call) -> Iterator[None]:
        """Meanwhile the call ends when its client goes. `context` is asked within this block only: it dies after it."""
        key = id(context)
        with self._lock:
            self._waiting[key] = (context, call)
        try:
            yield
        finally:
            with self._lock:
                del self._waiting[key]

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.wait(EVERY_S):
            self._look()
            if time.monotonic() >= due:
                due = time.monotonic() + HOUSEKEEPING_S
                try:
                    self._housekeeping()
                except Exception:
                    log.exception("housekeeping of Flight SQL failed; it is tried again")

    def _look(self) -> None:
        with self._lock:
            stopping = [(call, "user request") for context, call in self._waiting.values() if context.is_cancelled()]
            stopping += [
                (call, "statement timeout")
                for call in self._calls.values()
                if call.canceled or (call.timeout_s and time.monotonic() - call.started >= call.timeout_s)
            ]
        for call, reason in stopping:
            call.cancel(reason)
