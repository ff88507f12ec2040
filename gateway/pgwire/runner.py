"""Carrying out one call on the wire: run, stream or take COPY data, settle. Messages and names are `session`'s."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from catalog.errors import InternalError, QueryCanceled, SqlError
from engine.base import CopyIn, Notice
from gateway.calls import Outcome
from gateway.outcome import as_sql_error, outcome_of, with_reason
from gateway.pgwire import messages as m
from gateway.pgwire.execution import Chunk, Execution, Stop
from gateway.pgwire.link import ConnectionLost, Link

log = logging.getLogger(__name__)

COPY_WRITE_BYTES = 1 << 20


class Runner:
    """Runs executions of one link, one at a time."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.running: Execution | None = None

    async def carry_out(
        self, execution: Execution, first: Callable[[], Chunk], then: Callable[[], None] | None = None
    ) -> None:
        """Run, stream, settle: the one place where a call's outcome is decided.

        `then` is done in the same turn of the worker thread, if `first` was all; it must not raise.
        """
        self.running = execution
        execution.call.tell = partial(self._tell_soon, execution)
        self._link.begin(execution.call)
        try:
            chunk = await self._link.run(partial(_settling, execution, first, then))
            if chunk.stop is Stop.COPY_IN:
                chunk = await self._copy_in(execution, chunk)
            streamed = chunk.stop is None
            if streamed:
                chunk = await self._stream(execution, chunk)
            self._link.send(*chunk.parts)
            if streamed:
                await self._link.drain()
            self._link.check_lost()
            if chunk.stop is Stop.COMPLETE and not execution.settled:
                await self._link.run(partial(execution.settle, Outcome.DONE))
        except ConnectionLost:
            await self._link.run(partial(execution.settle, Outcome.ABANDONED))
            raise
        except Exception as error:
            known = with_reason(as_sql_error(error), execution.call)
            outcome = outcome_of(known, lost=self._link.lost)
            await self._link.run(partial(execution.settle, outcome, known))
            self._link.send(*execution.notices_left())
            raise known from error
        finally:
            execution.call.tell = None
            self.running = None
            self._link.end()

    def _tell_soon(self, execution: Execution, notice: Notice) -> None:
        """From any thread; what is told before the statement's next messages are made goes out before them."""
        self._link.loop.call_soon_threadsafe(self._tell, execution, notice)

    def _tell(self, execution: Execution, notice: Notice) -> None:
        """Send a notice between the messages of the answer under way."""
        if self.running is execution and not self._link.lost:
            self._link.send(*execution.notice(notice))
            self._link.flush()

    async def _stream(self, execution: Execution, chunk: Chunk) -> Chunk:
        """Send chunks up to the last, which is given back. At most one is ahead of the socket."""
        while chunk.stop is None:
            ahead = self._link.run(execution.more)
            try:
                self._link.send(*chunk.parts)
                self._link.flush()
                await self._link.drain()
            except ConnectionLost:
                with suppress(Exception):  # the call was canceled: however its last piece of work ends
                    await ahead
                raise
            chunk = await ahead
        return chunk

    async def _copy_in(self, execution: Execution, chunk: Chunk) -> Chunk:
        """Take data from the client until it says that it is done, or an error."""
        sink = execution.sink
        if sink is None:
            raise InternalError("no COPY under way")
        self._link.send(*chunk.parts)
        self._link.connection.begin_copy()
        try:
            await self._take_data(sink)
            done = await self._link.run(execution.copy_done)
        except Exception as error:
            with suppress(SqlError):  # the first error is the one to tell
                await self._link.run(partial(sink.abort, str(error) or "unexpected EOF on client connection"))
            raise
        finally:
            self._link.connection.end_copy()
        return done

    async def _take_data(self, sink: CopyIn) -> None:
        pieces: list[bytes] = []
        size = 0
        while True:
            event = self._link.poll() if pieces else await self._link.receive()
            if isinstance(event, m.CopyData):
                pieces.append(event.data)
                size += len(event.data)
            if pieces and (size >= COPY_WRITE_BYTES or not isinstance(event, m.CopyData)):
                await self._link.run(partial(sink.write, b"".join(pieces)))
                pieces, size = [], 0
            if isinstance(event, m.CopyDone):
                return
            if isinstance(event, m.CopyFail):
                raise QueryCanceled(f"COPY from stdin failed: {event.reason}")
            if isinstance(event, m.Malformed):
                raise event.error


def _settling(execution: Execution, first: Callable[[], Chunk], then: Callable[[], None] | None) -> Chunk:
    """The first chunk; if it is all there is, the call is settled in the same turn of the worker thread."""
    chunk = first()
    if chunk.stop is Stop.COMPLETE:
        execution.settle(Outcome.DONE)
        if then is not None:
            then()
    return chunk
