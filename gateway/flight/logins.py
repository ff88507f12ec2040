"""Who sends a request: Basic once for a bearer token, then the token. Flight knows no connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyarrow import flight

from catalog.errors import CannotConnectNow, InvalidAuthorization, InvalidCatalogName
from gateway.auth.authenticator import Authenticator
from gateway.auth.password import PasswordCheck, credentials
from gateway.flight.errors import answering
from gateway.flight.sessions import FlightSession, FlightSessions

NAME = "login"
PEER = "flight"
"""In place of the client's address, which pyarrow does not tell here: guesses are counted by user alone."""
Headers = Mapping[str, Sequence[str | bytes]]


class Handshake(flight.ServerAuthHandler):  # type: ignore[misc]
    """Says nothing: the headers of the call hold everything. pyarrow serves no Handshake without a handler."""

    def authenticate(self, outgoing: object, incoming: object) -> None: ...

    def is_valid(self, token: bytes) -> bytes:
        return b""


class Login(flight.ServerMiddleware):  # type: ignore[misc]
    """One request's session. The token goes back to a client that has shown a password. `agent`: the program's name."""

    def __init__(self, session: FlightSession, token: str, *, fresh: bool, agent: str = "") -> None:
        self.session, self.token, self.agent = session, token, agent
        self._fresh = fresh
        session.hold()

    def sending_headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self._fresh else {}

    def call_completed(self, exception: object) -> None:
        self.session.release()


class Logins(flight.ServerMiddlewareFactory):  # type: ignore[misc]
    """Lets requests in. `secure` False: passwords would travel in the clear, so none is taken."""

    def __init__(self, authenticator: Authenticator, sessions: FlightSessions, *, secure: bool) -> None:
        self._authenticator, self._sessions, self._secure = authenticator, sessions, secure
        self._passwords = PasswordCheck(authenticator)
        self.stopping = False

    def start_call(self, info: flight.CallInfo, headers: Headers) -> Login:
        """Raises FlightUnauthenticatedError and others for who may not come in."""
        with answering():
            if self.stopping:
                raise CannotConnectNow("the database system is shutting down")
            scheme, _, value = _first(headers, "authorization").partition(" ")
            if scheme.lower() == "bearer":
                session, agent = self._sessions.find(value.strip()), _first(headers, "user-agent")
                return Login(session, value.strip(), fresh=False, agent=agent)
            given = credentials(f"{scheme} {value}")
            if given is None:
                raise InvalidAuthorization(
                    "a user and a password are needed", hint="Send them as Basic authorization, or a Bearer token."
                )
            return self._enter(*given, headers)

    def _enter(self, user: str, password: str, headers: Headers) -> Login:
        if not self._secure:
            raise InvalidAuthorization(
                "this server takes no passwords without TLS",
                hint="Start it with --flight-tls, or on a loopback address.",
            )
        self._passwords.check(user, password, PEER)
        database = _first(headers, "database") or self._only_database(user)
        token, session = self._sessions.enter(self._authenticator.login(user, database, PEER))
        return Login(session, token, fresh=True, agent=_first(headers, "user-agent"))

    def _only_database(self, user: str) -> str:
        names = self._authenticator.databases(user)
        if len(names) == 1:
            return names[0]
        raise InvalidCatalogName(
            f'user "{user}" may enter {len(names)} databases: which one is meant is not said',
            hint='Name it in the header "database".',
        )


def _first(headers: Headers, name: str) -> str:
    found = headers.get(name) or [""]
    return found[0].decode("utf-8", "replace") if isinstance(found[0], bytes) else found[0]
