"""The thread of a gateway that reconciles clusters while it holds the lead among all gateways of one store."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from catalog.errors import SqlError
from engine.clusters.reconcile import Reconciler

ROUND_EVERY_S = 5.0
"""When nothing is under way; a change in the store is heard of at once."""
SOON_S = 1.0
"""While clusters start, stop or scale: what happens in Kubernetes is asked for, it does not call."""
PAUSE_S = 0.1
"""At least so long between two rounds: changes that come together are looked at together."""
LEAD_AGAIN_S = 5.0
STOP_S = 30.0

log = logging.getLogger("kadali.clusters")


class Watch(Protocol):
    """catalog.clusters.watch.ClusterWatch."""

    @property
    def leading(self) -> bool: ...

    def try_lead(self) -> bool: ...

    def wait(self, timeout_s: float) -> bool: ...

    def stop_waiting(self) -> None: ...

    def close(self) -> None: ...


class ClusterLoop:
    """Owns a thread, and connections to the store one after the other. `watch` opens one; raises ConnectionFailure.

    `reconciler` makes the reconciler, told how to ask whether this gateway leads.
    """

    def __init__(self, watch: Callable[[], Watch], reconciler: Callable[[Callable[[], bool]], Reconciler]) -> None:
        self._open = watch
        self._stopping = threading.Event()
        self._watch: Watch | None = None
        self._lock = threading.Lock()
        self._reconciler = reconciler(self._is_leading)
        self._thread = threading.Thread(target=self._run, name="clusters", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, gives up the lead, and ends what lives in this process. Idempotent."""
        self._stopping.set()
        self.wake()
        if self._thread.is_alive():
            self._thread.join(STOP_S)
        self._reconciler.close()

    def wake(self) -> None:
        """Something has happened that the store does not tell: a round is due. From any thread."""
        with self._lock:
            if self._watch is not None:
                self._watch.stop_waiting()

    def _is_leading(self) -> bool:
        watch = self._watch
        return watch is not None and watch.leading and not self._stopping.is_set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._with_a_connection()
            except SqlError as error:
                log.warning("the lead among gateways is not held, clusters stay as they are: %s", error.message)
            except Exception:
                log.exception("the loop of clusters failed; it begins anew")
            self._stopping.wait(LEAD_AGAIN_S)

    def _with_a_connection(self) -> None:
        """As long as the connection lives: a lost one is a lost lead."""
        watch = self._open()
        with self._lock:
            self._watch = watch
        try:
            led = False
            while not self._stopping.is_set():
                leads = watch.try_lead()
                if leads and not led:
                    log.info("this gateway leads: it reconciles clusters")
                led = leads
                if leads:
                    steady = self._reconciler.round().steady
                    pause = ROUND_EVERY_S if steady else SOON_S
                else:
                    self._reconciler.stand_by()
                    pause = LEAD_AGAIN_S
                if not self._stopping.wait(PAUSE_S):
                    watch.wait(pause)
        finally:
            with self._lock:
                self._watch = None
            watch.close()
