"""The life of the Flight SQL door: its parts put together, listening, draining."""

from __future__ import annotations

import logging
import threading
import time

from gateway.auth.authenticator import Authenticator
from gateway.execute import Services
from gateway.flight import messages as m
from gateway.flight.actions import Actions
from gateway.flight.logins import NAME, Handshake, Logins
from gateway.flight.messages import sql
from gateway.flight.server import FlightServer
from gateway.flight.sessions import FlightSessions, OpenSession
from gateway.flight.statements import Request, Statements
from gateway.flight.streams import Streams
from gateway.flight.tls import FlightTls
from gateway.flight.watch import Watch
from gateway.listening import could_not_bind, hang_up, is_loopback
from sql_extensions.call import Call
from sql_extensions.kept import KeptQueries

log = logging.getLogger(__name__)
DRAIN_LOOK_S = 0.05
FAREWELL_S, HANG_UP_S = 1.0, 10.0
"""How long clients have to take the last word, before their connections are closed; and requests to end after that."""


class FlightDoor:
    """Passwords are taken over TLS, or on a loopback address. Blocking; from any thread."""

    def __init__(
        self,
        services: Services,
        open_session: OpenSession,
        authenticator: Authenticator,
        tls: FlightTls | None,
        kept: KeptQueries,
    ) -> None:
        settings = services.settings
        self._services, self._tls = services, tls
        secure = tls is not None or is_loopback(settings.host)
        self.sessions = FlightSessions(
            open_session, services.calls, settings.max_connections, settings.flight_session_timeout
        )
        self._logins = Logins(authenticator, self.sessions, secure=secure)
        self._streams = Streams()
        self._watch = Watch(self._keep_house)
        statements = Statements(services, self._watch)
        self._statements = statements
        self._actions = Actions(statements, self._streams, self._leave)
        self._kept = kept
        kept.address = self._address
        self._server: FlightServer | None = None

    @property
    def port(self) -> int:
        """Where it listens, once started."""
        if self._server is None:
            raise RuntimeError("the server has not been started")
        port: int = self._server.port
        return port

    def start(self) -> None:
        """Listen. Raises ConfigFileError if the address cannot be used."""
        settings, tls = self._services.settings, self._tls
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        options: dict[str, object] = {} if tls is None else {"tls_certificates": [(tls.certificate, tls.key)]}
        if tls is not None and tls.client_ca is not None:
            options |= {"verify_client": True, "root_certificates": tls.client_ca}
        try:
            self._server = FlightServer(
                self._statements,
                self._streams,
                self._watch,
                self._actions,
                self._kept,
                location=f"grpc{'' if tls is None else '+tls'}://{host}:{settings.flight_port}",
                auth_handler=Handshake(),
                middleware={NAME: self._logins},
                **options,
            )
        except OSError as error:
            raise could_not_bind(settings.host, settings.flight_port, "--flight-port", error) from error
        self._watch.start()

    def drain(self, grace_s: float) -> None:
        """Stop: no new requests, statements may run `grace_s` longer, then are canceled; all sessions end."""
        self._logins.stopping = True
        if self._server is None:
            return
        self._streams.drop_unread()
        deadline = time.monotonic() + grace_s
        pause = threading.Event()
        while self._calls() and time.monotonic() < deadline:
            pause.wait(DRAIN_LOOK_S)
        for call in self._calls():
            call.cancel("administrator command")
        self._shut_down(self._server)
        self._watch.stop()
        self.sessions.close()

    def _shut_down(self, server: FlightServer) -> None:
        """pyarrow waits for every request to end: that of a client which neither sends nor reads ends with its
        connection.
        """
        port = self.port
        ending = threading.Thread(target=server.shutdown, name="flight-shutdown", daemon=True)
        ending.start()
        ending.join(FAREWELL_S)
        deadline = time.monotonic() + HANG_UP_S
        while ending.is_alive() and time.monotonic() < deadline:
            hang_up(port)
            ending.join(DRAIN_LOOK_S)
        if ending.is_alive():
            log.warning("requests of Flight SQL have not ended: they go with the process")

    def _calls(self) -> list[Call]:
        pids = self.sessions.pids()
        return [call for call in self._services.calls.running() if call.pid in pids]

    def _address(self, handle: bytes) -> tuple[bytes, str]:
        """The ticket of a kept query, and where to show it: to this server, if it listens on several addresses."""
        host = self._services.settings.host
        several = host in ("", "0.0.0.0", "::")  # noqa: S104 - nothing is bound here
        scheme = "grpc" if self._tls is None else "grpc+tls"
        name = f"[{host}]" if ":" in host else host
        location = "arrow-flight-reuse-connection://?" if several else f"{scheme}://{name}:{self.port}"
        return m.pack(sql.TicketStatementQuery(statement_handle=handle)), location

    def _leave(self, request: Request) -> None:
        self.sessions.leave_session(request.session)

    def _keep_house(self) -> None:
        self._streams.expire()
        self.sessions.expire()
