"""The PostgreSQL door: listens, admits, cancels, and lets go of its clients at the end."""

from __future__ import annotations

import asyncio
import hmac
import importlib
import logging
import secrets
from asyncio import sslproto
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from catalog.errors import AdminShutdown, CannotConnectNow, SqlError, TooManyConnections
from gateway.auth.authenticator import Authenticator
from gateway.execute import Services
from gateway.listening import could_not_bind
from gateway.pgwire import messages as m
from gateway.pgwire.link import Link
from gateway.pgwire.startup import Admission, Lobby, OpenSession, StartUp
from gateway.pgwire.tls import Tls

log = logging.getLogger(__name__)

BACKLOG = 1024
TLS_BUFFER_BYTES = 32 << 10
LOGIN_THREADS, STOP_THREADS = 4, 2
PID_MAX = (1 << 31) - 1
STRANGERS_MAX = 256
"""Connections beyond max_connections that may be open: cancel requests, and clients to be told there is no place."""
ABORT_AFTER_S = 5.0


def event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's if it is installed, else asyncio's own."""
    try:
        uvloop = importlib.import_module("uvloop")
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


class PgServer:
    """Used on one event loop. `host` and the port are `services.settings`'; port 0 picks a free one."""

    def __init__(
        self, services: Services, open_session: OpenSession, authenticator: Authenticator, tls: Tls | None
    ) -> None:
        self._services = services
        self._logins = ThreadPoolExecutor(LOGIN_THREADS, "pgwire-login")
        self._stopper = ThreadPoolExecutor(STOP_THREADS, "pgwire-stop")
        self._lobby = Lobby(services, authenticator, open_session, tls, self._logins)
        self._admission = Admission(self._enter, self._cancel)
        self._links: set[Link] = set()
        self._admitted: dict[int, tuple[Link, bytes]] = {}
        self._server: asyncio.Server | None = None
        self._stopping: SqlError | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def port(self) -> int:
        """Where it listens, once started."""
        if self._server is None:
            raise RuntimeError("the server has not been started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def connections(self) -> int:
        """Clients logged in or about to be."""
        return len(self._admitted)

    async def start(self) -> None:
        """Listen. Raises ConfigFileError if the address cannot be used."""
        settings = self._services.settings
        loop = asyncio.get_running_loop()
        if self._lobby.tls is not None:
            # asyncio keeps a read buffer of this size, 256 kB by itself, for every TLS connection, idle ones too.
            sslproto.SSLProtocol.max_size = TLS_BUFFER_BYTES
        try:
            self._server = await loop.create_server(
                self._connected, settings.host, settings.pg_port, backlog=BACKLOG, reuse_address=True
            )
        except OSError as error:
            raise could_not_bind(settings.host, settings.pg_port, "--pg-port", error) from error

    async def drain(self, grace_s: float) -> None:
        """Stop: no new clients, idle ones are sent away, statements may run `grace_s` longer, then are canceled."""
        if self._server is None:
            return
        self._server.close()
        self._stopping = CannotConnectNow("the database system is shutting down")
        leave = AdminShutdown("terminating connection due to administrator command")
        for link in list(self._links):
            link.terminate(leave, finish=True)
        await self._emptied(grace_s)
        for link in list(self._links):
            link.terminate(leave)
        await self._emptied(ABORT_AFTER_S)
        for link in list(self._links):
            link.abort()
        await self._emptied(ABORT_AFTER_S)
        self._logins.shutdown(wait=False, cancel_futures=True)
        self._stopper.shutdown(wait=False, cancel_futures=True)

    async def _emptied(self, within_s: float) -> None:
        """Wait until every client is gone, at most this long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), within_s)

    def _connected(self) -> asyncio.Protocol:
        if len(self._links) >= self._services.settings.max_connections + STRANGERS_MAX:
            return _Refusal()
        self._empty.clear()
        link = Link(self._handler, self._services.workers, self._stopper, self._gone)
        self._links.add(link)
        return link

    def _handler(self, link: Link) -> StartUp:
        return StartUp(link, self._lobby, self._admission)

    def _gone(self, link: Link) -> None:
        self._links.discard(link)
        if not self._links:
            self._empty.set()
        if link.pid is not None:
            self._admitted.pop(link.pid, None)
            self._services.calls.disconnected(link.pid)

    def _enter(self, link: Link, key_bytes: int) -> tuple[int, bytes]:
        """A pid and a cancel key for a client that wants in. Raises TooManyConnections, CannotConnectNow."""
        if self._stopping is not None:
            raise self._stopping
        if len(self._admitted) >= self._services.settings.max_connections:
            raise TooManyConnections("sorry, too many clients already")
        pid = secrets.randbelow(PID_MAX) + 1
        while pid in self._admitted:
            pid = secrets.randbelow(PID_MAX) + 1
        key = secrets.token_bytes(key_bytes)
        self._admitted[pid] = (link, key)
        link.pid = pid
        leave = AdminShutdown("terminating connection due to administrator command")
        self._services.calls.connected(pid, lambda: self._terminate(link, leave))
        return pid, key

    def _terminate(self, link: Link, error: SqlError) -> None:
        """From any thread."""
        link.loop.call_soon_threadsafe(link.terminate, error)

    def _cancel(self, request: m.CancelRequest) -> None:
        link, key = self._admitted.get(request.pid, (None, b"\0"))
        if hmac.compare_digest(key, request.key) and link is not None:
            link.stop("user request")


class _Refusal(asyncio.Protocol):
    """For a connection beyond all limits: closed without a word."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        log.warning("too many connections: one closed unseen")
        transport.close()
