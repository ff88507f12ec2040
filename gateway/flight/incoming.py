"""What a client sends in one DoPut, read by a thread of its own: a read waits for as long as the client is silent, and
pyarrow cannot interrupt it, but whoever waits for the rows has to stop when somebody says so.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import pyarrow as pa
from pyarrow import flight

from catalog.errors import ProtocolViolation
from sql_extensions.call import Call


def batches(reader: flight.MetadataRecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Those of one stream, in the caller's own thread. Raises ProtocolViolation (08P01)."""
    while True:
        try:
            batch = reader.read_chunk().data
        except StopIteration:
            return
        except (pa.ArrowException, OSError) as error:
            raise malformed(error) from error
        if batch is not None:
            yield batch


def malformed(error: Exception) -> ProtocolViolation:
    """What is said of a stream that is not Arrow data, or has broken off."""
    return ProtocolViolation("malformed Arrow data", detail=str(error).partition("\n")[0])


class Incoming:
    """Batches of one stream, read one at a time, when asked for. Leaving it waits for a read that is under way: what is
    read from dies with the gRPC call, which lasts until the client says something, or goes.
    """

    def __init__(self, reader: flight.MetadataRecordBatchReader) -> None:
        self.schema: pa.Schema = reader.schema
        self._reader = reader
        self._changed = threading.Condition()
        self._wanted = self._left = False
        self._got: flight.FlightStreamChunk | Exception | None = None
        self._thread = threading.Thread(target=self._run, name="flight-incoming", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._changed:
            self._left = True
            self._changed.notify_all()
        self._thread.join()

    def read(self, call: Call) -> pa.RecordBatch | None:
        """The next message's rows, None if it has none. Raises StopIteration at the end, QueryCanceled once `call` is
        canceled, pa.ArrowException or OSError for what is not Arrow data or has broken off.
        """
        with call.stopping(self._wake), self._changed:
            self._wanted = True
            self._changed.notify_all()
            while self._got is None:
                call.check_canceled()
                self._changed.wait()
            got, self._got = self._got, None
        if isinstance(got, Exception):
            raise got
        return got.data

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._left)
                if self._left:
                    return
                self._wanted = False
            got = self._next()
            with self._changed:
                self._got = got
                self._changed.notify_all()

    def _next(self) -> flight.FlightStreamChunk | Exception:
        try:
            return self._reader.read_chunk()
        except (StopIteration, pa.ArrowException, OSError) as end:
            return end
