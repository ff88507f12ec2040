"""Passwords that clients send in clear, for doors without SCRAM: read from a Basic header, checked, guessing slowed."""

from __future__ import annotations

import base64
import binascii
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from catalog.errors import InvalidAuthorization, InvalidPassword
from catalog.scram import matches
from gateway.auth.authenticator import Authenticator

PASSWORD_BYTES_MAX = 1024
FAILURES_MAX = 10
FAILURES_S = 60.0
"""So many wrong passwords of one user from one address within so many seconds; after that nothing is checked."""
REMEMBERED_MAX = 10_000
log = logging.getLogger("kadali.auth")


class TooManyGuesses(InvalidAuthorization):
    """Nothing is checked for another `retry_s` seconds."""

    def __init__(self, retry_s: float) -> None:
        self.retry_s = retry_s
        super().__init__("too many wrong passwords", hint=f"Wait {int(retry_s) + 1} seconds.")


@dataclass(slots=True)
class _Failures:
    since: float
    count: int = 0


class PasswordCheck:
    """Blocking; usable from many threads. One for each door."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._lock = Lock()
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def check(self, user: str, password: str, peer: str) -> None:
        """Whether it is the user's; `peer` is the client's address.

        Raises InvalidPassword (28P01), TooManyGuesses (28000), and SqlError if the metadata store cannot be reached.
        """
        self._check_failures(peer, user)
        good = len(password.encode()) <= PASSWORD_BYTES_MAX and matches(password, self._authenticator.verifier(user))
        if not good:
            self._note_failure(peer, user)
            log.warning("password authentication failed for user %r from %s", user, peer)
            raise InvalidPassword(f'password authentication failed for user "{user}"')

    def _check_failures(self, peer: str, user: str) -> None:
        now = time.monotonic()
        with self._lock:
            known = self._failures.get((peer, user))
            if known is None or known.count < FAILURES_MAX:
                return
            left = known.since + FAILURES_S - now
        if left > 0:
            raise TooManyGuesses(left)

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


def credentials(header: str) -> tuple[str, str] | None:
    """User and password of an Authorization header; None if there are none that can be read. Padding may be missing."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    encoded = encoded.strip()
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        user, colon, password = decoded.decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon and "\0" not in user + password else None
