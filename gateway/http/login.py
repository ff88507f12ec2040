"""Who sends a request to the HTTP port: HTTP Basic with the user's own password, as for the PostgreSQL port."""

from __future__ import annotations

import base64
import binascii
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from urllib.parse import quote

from catalog.errors import InsufficientPrivilege, InvalidAuthorization, InvalidCatalogName
from catalog.principal import Principal
from catalog.scram import matches
from gateway.auth.authenticator import Authenticator
from gateway.http.message import HttpError, Request

PASSWORD_BYTES_MAX = 1024
FAILURES_MAX = 10
FAILURES_S = 60.0
"""So many wrong passwords of one user from one address within so many seconds; after that nothing is checked."""
REMEMBERED_MAX = 10_000
log = logging.getLogger("kadali.http")


@dataclass(slots=True)
class _Failures:
    since: float
    count: int = 0


class BasicLogin:
    """Blocking; usable from many threads."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._lock = Lock()
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def principal(self, request: Request, database: str, peer: str) -> Principal:
        """The user of `database` whose name and password the request carries; `peer` is the client's address.

        Raises HttpError (401, 403, 429), and SqlError if the metadata store cannot be reached.
        """
        challenge = {"WWW-Authenticate": f'Basic realm="kadali {quote(database, safe="")}", charset="UTF-8"'}
        given = _credentials(request.headers.get("authorization", ""))
        if given is None:
            raise HttpError(401, "a user and password of the database are needed", challenge)
        user, password = given
        self._check_failures(peer, user)
        good = len(password.encode()) <= PASSWORD_BYTES_MAX and matches(password, self._authenticator.verifier(user))
        if not good:
            self._note_failure(peer, user)
            log.warning("password authentication failed for user %r from %s", user, peer)
            raise HttpError(401, "password authentication failed", challenge)
        try:
            return self._authenticator.login(user, database, peer)
        except (InvalidAuthorization, InvalidCatalogName, InsufficientPrivilege) as error:
            raise HttpError(403, f'permission denied for database "{database}"') from error

    def _check_failures(self, peer: str, user: str) -> None:
        now = time.monotonic()
        with self._lock:
            known = self._failures.get((peer, user))
            if known is None or known.count < FAILURES_MAX:
                return
            left = known.since + FAILURES_S - now
        if left > 0:
            raise HttpError(429, "too many wrong passwords", {"Retry-After": str(int(left) + 1)})

    def _note_failure(self, peer: str, user: str) -> None:
        now, key = time.monotonic(), (peer, user)
        with self._lock:
            known = self._failures.get(key)
            if known is None or now - known.since >= FAILURES_S:
                known = self._failures[key] = _Failures(now)
                self._failures.move_to_end(key)
            known.count += 1
            while len(self._failures) > REMEMBERED_MAX:
                self._failures.popitem(last=False)


def _credentials(header: str) -> tuple[str, str] | None:
    """User and password of an Authorization header; None if there are none that can be read."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon and "\0" not in user + password else None
