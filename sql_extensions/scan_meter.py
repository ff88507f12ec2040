"""How many bytes a tenant has read today, on all gateways, held against its tier's limit."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Protocol

from catalog.clusters.model import Tier
from catalog.clusters.scans import today
from catalog.errors import ConfigurationLimitExceeded
from sql_extensions.call import Call

BLOCKS = 200
"""Into so many parts a day's bytes are divided: a gateway takes a part at a time out of the store, so that small
queries cost nothing. What is left of its part when it ends is lost for the day."""


class ScanStore(Protocol):
    """What is asked of catalog.clusters.scans.Scans. All may raise SqlError."""

    def take(self, day: date, size: int, limit: int) -> int | None: ...

    def taken(self, day: date) -> int: ...


class ScanMeter:
    """One tenant's, on this gateway."""

    def __init__(self, scans: ScanStore) -> None:
        self._scans = scans
        self._lock = threading.Lock()
        self._day = date.min
        self._left = 0
        """What this gateway has taken for the day and not used."""

    def charge(self, call: Call, size: int, tier: Tier) -> None:
        """Count what a call is about to read. Raises ConfigurationLimitExceeded (53400): then it is not counted."""
        limit = tier.bytes_scanned_per_day
        if limit is not None:
            with self._lock:
                self._charge(size, limit, tier.name)
        call.bytes_scanned = (call.bytes_scanned or 0) + size

    def _charge(self, size: int, limit: int, tier: str) -> None:
        """With the lock held."""
        day = today()
        if day != self._day:
            self._day, self._left = day, 0
        missing = size - self._left
        if missing > 0:
            block = missing + limit // BLOCKS
            if self._scans.take(day, block, limit) is not None:
                self._left += block
            elif self._scans.take(day, missing, limit) is not None:
                self._left += missing
            else:
                used = self._scans.taken(day) - self._left
                tomorrow = (day + timedelta(days=1)).isoformat()
                raise ConfigurationLimitExceeded(
                    "the bytes that may be read per day are used up",
                    detail=f"{used} bytes have been read today, and this query reads about {size}.",
                    hint=f'Tier "{tier}" allows {limit} bytes per day; the next day begins at {tomorrow} 00:00+00:00.',
                )
        self._left -= size
