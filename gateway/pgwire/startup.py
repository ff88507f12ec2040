"""From the first byte to the first ReadyForQuery: TLS, version, password, session, greeting. Sockets are `link`'s."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from catalog.errors import (
    FeatureNotSupported,
    InvalidAuthorization,
    InvalidPassword,
    ProtocolViolation,
    QueryCanceled,
    SqlError,
)
from catalog.principal import Principal
from gateway.auth.authenticator import Authenticator
from gateway.auth.exchange import ScramExchange
from gateway.execute import Services
from gateway.pgwire import messages as m
from gateway.pgwire import replies
from gateway.pgwire.link import ConnectionLost, Link
from gateway.pgwire.session import WireSession
from gateway.pgwire.tls import Tls
from sql_extensions.session import Session

log = logging.getLogger(__name__)
T = TypeVar("T")

MINOR_MAX = 2
"""The newest minor version of protocol 3 we speak."""
LONG_KEYS_MINOR = 2
KEY_BYTES, LONG_KEY_BYTES = 4, 32

OpenSession = Callable[[Principal, Mapping[str, str], int], Session]
"""(who, start-up parameters but for user and database - `options` among them -, backend pid) -> session. Blocking."""


@dataclass(frozen=True, slots=True)
class Lobby:
    """What is needed to let a client in. `executor` runs what blocks until then: statements cannot hold logins up."""

    services: Services
    authenticator: Authenticator
    open_session: OpenSession
    tls: Tls | None
    executor: Executor


class Admission:
    """What a server grants a link: a place and a pid with a key, and the cancelling of others."""

    def __init__(
        self, enter: Callable[[Link, int], tuple[int, bytes]], cancel: Callable[[m.CancelRequest], None]
    ) -> None:
        self.enter, self.cancel = enter, cancel


class StartUp:
    """The handler of a new link; passes every message on once a session is open."""

    def __init__(self, link: Link, lobby: Lobby, admission: Admission) -> None:
        self._link, self._lobby, self._admission = link, lobby, admission
        self._session: WireSession | None = None
        self._asked: set[type] = set()
        timeout_s = lobby.services.settings.login_timeout
        link.arm_idle(timeout_s, QueryCanceled("canceling authentication due to timeout"))

    async def handle(self, event: m.Message | m.StartupMessage) -> None:
        """Serve a message. Raises ConnectionLost when there is nothing more to say, SqlError to refuse (FATAL)."""
        if self._session is not None:
            await self._session.handle(event)
        elif isinstance(event, m.SslRequest | m.GssEncRequest):
            await self._encrypt(event)
        elif isinstance(event, m.CancelRequest):
            self._admission.cancel(event)
            raise ConnectionLost
        elif isinstance(event, m.Startup):
            await self._log_in(event)
        else:
            raise ProtocolViolation("unexpected message during start-up")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _encrypt(self, event: m.SslRequest | m.GssEncRequest) -> None:
        if type(event) in self._asked or self._link.encrypted:
            raise ProtocolViolation("encryption was negotiated before")
        self._asked.add(type(event))
        if isinstance(event, m.SslRequest) and self._lobby.tls is not None:
            await self._link.start_tls(self._lobby.tls.context, self._lobby.services.settings.login_timeout)
            return
        self._link.send(b"N")
        self._link.flush()

    async def _log_in(self, startup: m.Startup) -> None:
        link, lobby = self._link, self._lobby
        user, database = _who(startup.params)
        unknown = sorted(name for name in startup.params if name.startswith("_pq_."))
        minor = min(startup.minor, MINOR_MAX)
        if unknown or startup.minor > MINOR_MAX:
            link.send(replies.negotiate_protocol_version(minor, unknown))
        if lobby.tls is not None and lobby.tls.required and not link.encrypted:
            raise InvalidAuthorization(
                f'connection for user "{user}", database "{database}" refused: no encryption',
                hint="This server requires TLS: connect with sslmode=require.",
            )
        pid, key = self._admission.enter(link, LONG_KEY_BYTES if minor >= LONG_KEYS_MINOR else KEY_BYTES)
        await self._authenticate(user)
        link.send(replies.AUTHENTICATION_OK)
        principal = await self._run(partial(lobby.authenticator.login, user, database, link.peer))
        link.disarm_idle()  # to open a database takes what it takes
        params = {name: value for name, value in startup.params.items() if not name.startswith("_pq_.")}
        for name in ("user", "database", "replication"):
            params.pop(name, None)
        core = await self._run(partial(lobby.open_session, principal, params, pid))
        self._session = WireSession(link, core, lobby.services)
        link.check_lost()
        link.connection.logged_in()
        for name, value in core.settings.initial_reports():
            link.send(replies.parameter_status(name, value))
        for notice in core.settings.refused:
            link.send(replies.notice_response(notice))
        link.send(replies.backend_key_data(pid, key))
        await self._session.ready()

    async def _authenticate(self, user: str) -> None:
        """SCRAM: unknown users get the whole exchange, with a verifier that nothing matches."""
        link, tls = self._link, self._lobby.tls
        verifier = await self._run(partial(self._lobby.authenticator.verifier, user))
        bound = tls.certificate_hash if tls is not None and link.encrypted else None
        exchange = ScramExchange(user, verifier, bound)
        link.send(replies.authentication_sasl(exchange.mechanisms))
        mechanism, data = _sasl_initial(await self._password())
        if data is None:
            link.send(replies.authentication_sasl_continue(b""))
            data = await self._password()
        link.send(replies.authentication_sasl_continue(exchange.first(mechanism, data)))
        try:
            link.send(replies.authentication_sasl_final(exchange.final(await self._password())))
        except InvalidPassword:
            log.info('password authentication failed for user "%s" from %s', user, link.peer)
            raise

    async def _password(self) -> bytes:
        event = await self._link.receive()
        if isinstance(event, m.Password):
            return event.body
        raise ProtocolViolation("expected SASL response")

    async def _run(self, job: Callable[[], T]) -> T:
        return await self._link.loop.run_in_executor(self._lobby.executor, job)


def _who(params: Mapping[str, str]) -> tuple[str, str]:
    """User and database; the database is named like the user unless given. Raises SqlError."""
    user = params.get("user", "")
    if not user:
        raise InvalidAuthorization("no PostgreSQL user name specified in startup packet")
    if params.get("replication", "false").lower() not in ("false", "off", "no", "0"):
        raise FeatureNotSupported("replication connections are not supported")
    return user, params.get("database") or user


def _sasl_initial(body: bytes) -> tuple[str, bytes | None]:
    """SASLInitialResponse: the mechanism, and the client's first message if it came along."""
    reader = m.Reader(body)
    try:
        mechanism, data = reader.text(), reader.value()
        reader.end()
    except SqlError as error:
        raise ProtocolViolation("malformed SASL message") from error
    return mechanism, data
