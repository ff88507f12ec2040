"""One client's socket on the event loop: bytes to the state machine, answers back, hang-ups, timers. Nothing of SQL.

An idle connection has no task. Arriving bytes start one, which serves what has come and ends. Reading goes on while a
statement runs, so that a hang-up stops it; it pauses only when INBOX_BYTES_MAX are waiting.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future
from ssl import SSLContext
from typing import Protocol, TypeVar, cast

from catalog.errors import SqlError
from gateway.pgwire import messages as m
from gateway.pgwire import replies
from gateway.pgwire.connection import Connection, Phase
from sql_extensions.call import CANCEL_REPEAT_S, Call

log = logging.getLogger(__name__)
T = TypeVar("T")

INBOX_BYTES_MAX = 1 << 20
OUTBOX_BYTES = 32 << 10
WRITE_HIGH_BYTES, WRITE_LOW_BYTES = 1 << 20, 256 << 10
CLOSE_TIMEOUT_S, GOODBYE_TIMEOUT_S = 10.0, 1.0
KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 8}
"""Seconds, seconds, probes: a client that vanished is noticed in three minutes; load balancers see traffic."""


class ConnectionLost(Exception):
    """The client is gone, or is being sent away: nobody reads the answer."""


class Handler(Protocol):
    """What serves the messages of a link."""

    async def handle(self, event: m.Message | m.StartupMessage) -> None: ...

    async def close(self) -> None:
        """The link is over; called once."""
        ...


class Link(asyncio.Protocol):
    """Used on the event loop only, but for `call`, whose cancel is safe from any thread.

    `stopper` runs cancellations, which may block; `workers` runs everything else that blocks.
    """

    def __init__(
        self,
        open_handler: Callable[[Link], Handler],
        workers: Executor,
        stopper: Executor,
        gone: Callable[[Link], None],
    ) -> None:
        self.connection = Connection()
        self.loop = asyncio.get_running_loop()
        self.pid: int | None = None
        self.call: Call | None = None
        self.lost = False
        self.task: asyncio.Task[None] | None = None
        self.ending: SqlError | None = None
        """Why the server wants to be rid of this client; sent as FATAL at the next opportunity."""
        self._transport: asyncio.Transport | None = None
        self._workers, self._stopper, self._gone = workers, stopper, gone
        self._closed = False
        self._out: list[bytes | memoryview] = []
        self._out_bytes = 0
        self._writable = True
        self._reading = True
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._stopping: Future[None] | None = None
        self._handler = open_handler(self)

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._use(cast(asyncio.Transport, transport))  # uvloop's is none by name
        tune(transport.get_extra_info("socket"))

    def data_received(self, data: bytes) -> None:
        self.connection.receive_data(data)
        self._regulate()
        self._wake()
        if self.task is None and not self.lost:
            if self.connection.phase is Phase.READY:
                self.disarm_idle()
            self._start(self._serve())

    def eof_received(self) -> bool:
        self._hang_up()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._hang_up()

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._wake()

    # What handlers call

    @property
    def peer(self) -> str:
        """The client's address and port, or an empty string."""
        name = None if self._transport is None else self._transport.get_extra_info("peername")
        return f"{name[0]}:{name[1]}" if isinstance(name, tuple) else ""

    @property
    def encrypted(self) -> bool:
        return self._transport is not None and self._transport.get_extra_info("ssl_object") is not None

    def send(self, *parts: bytes | memoryview) -> None:
        """Queue bytes for the client; large ones go out at once."""
        for part in parts:
            self._out.append(part)
            self._out_bytes += len(part)
        if self._out_bytes >= OUTBOX_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand what is queued to the transport."""
        if self._out and self._transport is not None and not self.lost:
            small: list[bytes | memoryview] = []
            for part in self._out:
                if len(part) < OUTBOX_BYTES:
                    small.append(part)
                    continue
                if small:
                    self._transport.write(b"".join(small))
                    small = []
                self._transport.write(part)
            if small:
                self._transport.write(b"".join(small))
        self._out.clear()
        self._out_bytes = 0

    async def drain(self) -> None:
        """Wait until the client has read enough for more to be written. Raises ConnectionLost."""
        while not self._writable and not self.lost:
            await self._wait()
        self.check_lost()

    async def receive(self) -> m.Message | m.StartupMessage:
        """The next message. Raises ConnectionLost, SqlError (stream broken, or the call at hand was canceled)."""
        while (event := self.poll()) is None:
            self.check_lost()
            self.flush()
            await self._wait()
            if self.call is not None:
                self.call.check_canceled()
        return event

    def poll(self) -> m.Message | m.StartupMessage | None:
        """The next message, if a whole one is at hand."""
        event = self.connection.next_event()
        self._regulate()
        return event

    def run(self, job: Callable[[], T]) -> Awaitable[T]:
        """Start a blocking job in a worker thread."""
        return self.loop.run_in_executor(self._workers, job)

    def check_lost(self) -> None:
        if self.lost:
            raise ConnectionLost

    def begin(self, call: Call) -> None:
        """From here on a hang-up, a cancel request or the call's time limit stop this call."""
        self.call = call
        if self.lost:
            self.stop("client disconnect")
        elif call.timeout_s:
            self._timer = self.loop.call_later(call.timeout_s, self.stop, "statement timeout")

    def end(self) -> None:
        """The call is over: what stops calls has no effect any more."""
        self.call = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def stop(self, reason: str) -> None:
        """Cancel the call under way, again and again until it has ended: an engine may not have begun yet."""
        if self.call is not None:
            self._stop_again(self.call, reason)

    def arm_idle(self, timeout_s: float, error: SqlError) -> None:
        """Send the client away with `error` unless it says something within `timeout_s`."""
        self.disarm_idle()
        self._idle_timer = self.loop.call_later(timeout_s, self.terminate, error)

    def disarm_idle(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def terminate(self, error: SqlError, *, finish: bool = False) -> None:
        """Send FATAL and close. `finish`: what runs may end first; else it is stopped."""
        if self.lost:
            return
        self.ending = error
        if self.task is None:
            self._fatal(error)
        elif not finish:
            self.stop("administrator command")
            self._wake()

    def close(self) -> None:
        """Send what is queued, then close; a client that does not read, or not say TLS's goodbye, is cut off."""
        self.flush()
        transport = self._transport
        if transport is not None and not transport.is_closing():
            transport.close()
            unsent = transport.get_write_buffer_size()
            self.loop.call_later(CLOSE_TIMEOUT_S if unsent else GOODBYE_TIMEOUT_S, transport.abort)

    async def start_tls(self, context: SSLContext, timeout_s: float) -> None:
        """Answer S and encrypt. What arrives meanwhile is held: our task serves it when this has returned."""
        transport = self._transport
        if transport is None or self.connection.buffered:
            log.warning("unencrypted data after SSL request from %s", self.peer)
            self.abort()
            raise ConnectionLost
        transport.write(b"S")
        try:
            secured = await self.loop.start_tls(
                transport, self, context, server_side=True, ssl_handshake_timeout=timeout_s
            )
        except (OSError, TimeoutError) as error:
            log.info("TLS handshake with %s failed: %s", self.peer, error)
            secured = None
        if secured is None:
            transport.abort()
            self._hang_up()  # asyncio calls no connection_lost after a handshake that failed
            raise ConnectionLost
        self._use(secured)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # Within

    def _use(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(high=WRITE_HIGH_BYTES, low=WRITE_LOW_BYTES)

    async def _serve(self) -> None:
        """Serve the messages at hand."""
        try:
            while not self.lost and (event := self.poll()) is not None:
                await self._handler.handle(event)
                if self.ending is not None and isinstance(event, m.Sync | m.Query):
                    break
                if not self._writable:
                    await self.drain()
            if self.ending is not None:
                self._fatal(self.ending)
            self.flush()
        except ConnectionLost:
            self.close()
        except SqlError as error:
            self._fatal(self.ending or error)
        except Exception:
            log.exception("internal error")
            self._fatal(SqlError("internal error"))

    def _start(self, work: Awaitable[None]) -> None:
        async def guarded() -> None:
            try:
                await work
            finally:
                self.task = None
                self._rouse()

        self.task = self.loop.create_task(guarded())

    def _rouse(self) -> None:
        """Our task has just ended: bytes or the end may have come since it last looked."""
        if self.lost:
            if not self._closed:
                self._closed = True
                self._start(self._finish())
        elif not self.lost and self.connection.phase is not Phase.BROKEN and self.connection.has_message():
            self._start(self._serve())

    async def _finish(self) -> None:
        try:
            await self._handler.close()
        except Exception:
            log.exception("could not close a session")
        finally:
            self._gone(self)

    def _hang_up(self) -> None:
        if self.lost:
            return
        self.lost = True
        self.disarm_idle()
        self._out.clear()
        self.stop("client disconnect")
        self._wake()
        if self.task is None:
            self._rouse()

    def _fatal(self, error: SqlError) -> None:
        self.send(replies.error_response(error, "FATAL"))
        self.connection.phase = Phase.BROKEN
        self.close()

    def _regulate(self) -> None:
        """Stop reading when enough is waiting, unless it is the head of one long message."""
        full = self.connection.buffered > INBOX_BYTES_MAX and self.connection.has_message()
        if self._transport is None or self.lost or full is not self._reading:
            return
        self._reading = not full
        if full:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _stop_again(self, call: Call, reason: str) -> None:
        if self.call is not call:
            return
        self._wake()  # who waits for the client, in a COPY say, sees at the second time that the call is canceled
        if self._stopping is None or self._stopping.done():
            self._stopping = self._stopper.submit(call.cancel, reason)
            self._stopping.add_done_callback(_log_failure)
        self.loop.call_later(CANCEL_REPEAT_S, self._stop_again, call, reason)

    async def _wait(self) -> None:
        self._waiter = self.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        if self.ending is not None and self.call is None:
            raise self.ending

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _log_failure(stopping: Future[None]) -> None:
    error = stopping.exception()
    if error is not None:
        log.error("could not stop a statement", exc_info=error)


def tune(sock: socket.socket) -> None:
    """Small answers at once; clients that vanish are noticed."""
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        option = getattr(socket, name, None)
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
