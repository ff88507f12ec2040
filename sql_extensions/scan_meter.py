"""How many bytes a tenant has read today, held against its tier's limit. Days are those of UTC."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from catalog.clusters.model import Tier
from catalog.errors import ConfigurationLimitExceeded
from sql_extensions.call import Call

REFRESH_S = 30.0
"""How late what other gateways have counted may be seen."""


class ScanMeter:
    """One tenant's. `recorded` gives the bytes that the history holds since a moment, of all gateways."""

    def __init__(self, recorded: Callable[[datetime], int]) -> None:
        self._recorded = recorded
        self._lock = threading.Lock()
        self._day = datetime.min.replace(tzinfo=UTC)
        self._base, self._own = 0, 0
        self._asked = -REFRESH_S

    def charge(self, call: Call, size: int, tier: Tier) -> None:
        """Count what a call is about to read. Raises ConfigurationLimitExceeded (53400): then it is not counted."""
        limit = tier.bytes_scanned_per_day
        with self._lock:
            used = 0 if limit is None else self._used()
            if limit is not None and used + size > limit:
                tomorrow = (self._day + timedelta(days=1)).isoformat(sep=" ", timespec="minutes")
                raise ConfigurationLimitExceeded(
                    "the bytes that may be read per day are used up",
                    detail=f"{used} bytes have been read today, and this query reads about {size}.",
                    hint=f'Tier "{tier.name}" allows {limit} bytes per day; the next day begins at {tomorrow}.',
                )
            self._own += size
        call.bytes_scanned = (call.bytes_scanned or 0) + size

    def _used(self) -> int:
        """With the lock held. What the history tells includes what this process counted before it was asked."""
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if today != self._day or time.monotonic() - self._asked >= REFRESH_S:
            self._day, self._asked = today, time.monotonic()
            self._base, self._own = self._recorded(today), 0
        return self._base + self._own
