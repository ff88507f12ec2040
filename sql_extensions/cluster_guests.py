"""The calls that are on clusters, and rows of theirs that outlive them: what an abort ends.

How they get there is `compute`.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import pyarrow as pa

from sql_extensions.call import Call


class Leave(Protocol):
    """Gives a place back, the first time that it is called. `collected`: by garbage collection, which may not block."""

    def __call__(self, *, collected: bool = False) -> None: ...


@dataclass(frozen=True, slots=True)
class Guest:
    """`leave` is None while it waits for a place."""

    cluster: UUID
    call: Call
    leave: Leave | None = None


class Guests:
    """Of one gateway. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # rows may leave by garbage collection, whatever its thread is at
        self._keys = itertools.count()
        self._guests: dict[int, Guest] = {}

    def add(self, guest: Guest) -> int:
        """A key to remove it by."""
        with self._lock:
            key = next(self._keys)
            self._guests[key] = guest
            return key

    def remove(self, key: int) -> bool:
        """Whether it was there: so that what follows is done once."""
        with self._lock:
            return self._guests.pop(key, None) is not None

    @contextmanager
    def waiting(self, cluster: UUID, call: Call) -> Iterator[None]:
        """Meanwhile the call waits for a place."""
        key = self.add(Guest(cluster, call))
        try:
            yield
        finally:
            self.remove(key)

    def all(self) -> list[Guest]:
        with self._lock:
            return list(self._guests.values())


class KeptRows(Iterator[pa.RecordBatch]):
    """Batches of a call's reader; `leave` is called at their end or when nobody wants them any more.

    After the call has been canceled there are no more, also of those that have come already: 57014.
    """

    def __init__(self, call: Call, reader: pa.RecordBatchReader, leave: Leave) -> None:
        self._call, self._reader, self._leave = call, reader, leave
        self._left = False

    def __next__(self) -> pa.RecordBatch:
        try:
            self._call.check_canceled()
            batch: pa.RecordBatch = self._reader.read_next_batch()
        except BaseException:
            self.close()
            raise
        return batch

    def close(self, *, collected: bool = False) -> None:
        if not self._left:
            self._left = True
            self._reader.close()
            self._leave(collected=collected)

    def __del__(self) -> None:
        self.close(collected=True)
