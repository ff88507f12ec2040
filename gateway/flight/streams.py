"""Answers that wait to be read: by tickets, which are random, of a user in a database, used once, and expire."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa
from pyarrow import flight

from catalog.errors import CannotConnectNow, ConfigurationLimitExceeded, InvalidCursorName
from gateway.flight.answers import Answer
from gateway.flight.errors import answering
from gateway.flight.sessions import FlightSession
from gateway.flight.watch import Watch
from sql_extensions.call import Outcome

WAITING_MAX = 100
"""Of one session."""
TICKET_S = 300.0
MESSAGE_BYTES_MAX = 3 << 20
"""gRPC's clients take messages of 4 MB unless told otherwise, and Go's driver of database/sql cannot be told."""


@dataclass(slots=True, eq=False)
class Waiting:
    """An answer and the session that it is of, until `expires` (time.time())."""

    answer: Answer
    session: FlightSession
    expires: float = field(default_factory=lambda: time.time() + TICKET_S)


class Streams:
    """All answers of the door. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[bytes, Waiting] = {}
        self._reading: dict[bytes, Waiting] = {}
        self._no_more = False

    def add(self, answer: Answer, session: FlightSession) -> bytes:
        """The answer's handle. Raises ConfigurationLimitExceeded (53400), CannotConnectNow."""
        waiting = Waiting(answer, session)
        with self._lock:
            if self._no_more:
                raise CannotConnectNow("the database system is shutting down")
            if sum(one.session is session for one in self._waiting.values()) >= WAITING_MAX:
                raise ConfigurationLimitExceeded(
                    f"a session has at most {WAITING_MAX} results that nobody has read", hint="Read or cancel them."
                )
            handle = secrets.token_bytes(16)
            self._waiting[handle] = waiting
        session.hold()
        return handle

    def claim(self, handle: bytes, session: FlightSession) -> Answer:
        """The answer, for its one reader. Raises InvalidCursorName (34000)."""
        with self._lock:
            found = self._unread(handle, session)
            del self._waiting[handle]
            self._reading[handle] = found
        return found.answer

    def renew(self, handle: bytes, session: FlightSession) -> float:
        """Another while. Raises InvalidCursorName (34000)."""
        with self._lock:
            found = self._unread(handle, session)
            found.expires = time.time() + TICKET_S
            return found.expires

    def cancel(self, handle: bytes, session: FlightSession) -> bool:
        """Stop an answer, read or not; False if there is none (any more)."""
        with self._lock:
            found = self._waiting.get(handle) or self._reading.get(handle)
            if found is None or not _is_for(found, session):
                return False
            unread = self._waiting.pop(handle, None)
        found.answer.call.cancel()
        if unread is not None:
            self._settle(unread, Outcome.CANCELED)
        return True

    def done(self, handle: bytes) -> None:
        """A reader has come to the end, or gone away."""
        with self._lock:
            found = self._reading.pop(handle, None)
        if found is not None:
            self._settle(found, Outcome.ABANDONED)  # nothing, if it was read to its end

    def expire(self) -> None:
        """What nobody has come for ends."""
        now = time.time()
        with self._lock:
            due = [handle for handle, one in self._waiting.items() if one.expires < now]
            ended = [self._waiting.pop(handle) for handle in due]
        for one in ended:
            one.answer.call.cancel()
            self._settle(one, Outcome.ABANDONED)

    def drop_unread(self) -> None:
        """End what no reader will come for any more, now and later: the server lets no request in."""
        with self._lock:
            self._no_more = True
            left = list(self._waiting.values())
            self._waiting.clear()
        for one in left:
            one.answer.call.cancel("administrator command")
            self._settle(one, Outcome.ABANDONED)

    def _unread(self, handle: bytes, session: FlightSession) -> Waiting:
        found = self._waiting.get(handle)
        if found is None or not _is_for(found, session):
            raise InvalidCursorName(
                "the ticket is not valid", detail="It belongs to another user, has been used, or has expired."
            )
        return found

    def _settle(self, one: Waiting, outcome: Outcome) -> None:
        one.session.release()
        one.answer.settle(outcome)


def _is_for(waiting: Waiting, session: FlightSession) -> bool:
    """Any session of its user in its database may read it: partitions of ADBC are handed to other connections."""
    own, other = waiting.session.principal, session.principal
    return (own.user, own.tenant) == (other.user, other.tenant)


def in_messages(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows, cut where they are more than clients take at once; nothing is copied. One row is not cut."""
    for batch in batches:
        yield from _halved(batch)


def _halved(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    if batch.num_rows < 2 or batch.nbytes <= MESSAGE_BYTES_MAX:
        yield batch
        return
    half = batch.num_rows // 2
    yield from _halved(batch.slice(0, half))
    yield from _halved(batch.slice(half))


class Batches(Iterator[pa.RecordBatch]):
    """What pyarrow pulls an answer through. It drops this when the client goes away, which then ends the call."""

    def __init__(
        self, handle: bytes, answer: Answer, streams: Streams, watch: Watch, context: flight.ServerCallContext
    ) -> None:
        self._handle, self._answer, self._streams, self._watch = handle, answer, streams, watch
        self._context = context

    def __next__(self) -> pa.RecordBatch:
        with answering(), self._watch.client(self._context, self._answer.call):
            batch = self._answer.next_batch()
        if batch is None:
            self._streams.done(self._handle)
            raise StopIteration
        return batch

    def __del__(self) -> None:
        self._streams.done(self._handle)
