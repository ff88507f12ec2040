"""Who sends a request to the HTTP port: HTTP Basic with the user's own password, as for the PostgreSQL port."""

from __future__ import annotations

from urllib.parse import quote

from catalog.errors import InsufficientPrivilege, InvalidAuthorization, InvalidCatalogName, InvalidPassword
from catalog.principal import Principal
from gateway.auth.authenticator import Authenticator
from gateway.auth.password import PasswordCheck, TooManyGuesses, credentials
from gateway.http.message import HttpError, Request


class BasicLogin:
    """Blocking; usable from many threads."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._passwords = PasswordCheck(authenticator)

    def principal(self, request: Request, database: str, peer: str) -> Principal:
        """The user of `database` whose name and password the request carries; `peer` is the client's address.

        Raises HttpError (401, 403, 429), and SqlError if the metadata store cannot be reached.
        """
        challenge = {"WWW-Authenticate": f'Basic realm="kadali {quote(database, safe="")}", charset="UTF-8"'}
        given = credentials(request.headers.get("authorization", ""))
        if given is None:
            raise HttpError(401, "a user and password of the database are needed", challenge)
        user, password = given
        try:
            self._passwords.check(user, password, peer)
        except InvalidPassword as error:
            raise HttpError(401, "password authentication failed", challenge) from error
        except TooManyGuesses as error:
            raise HttpError(429, error.message, {"Retry-After": str(int(error.retry_s) + 1)}) from error
        try:
            return self._authenticator.login(user, database, peer)
        except (InvalidAuthorization, InvalidCatalogName, InsufficientPrivilege) as error:
            raise HttpError(403, f'permission denied for database "{database}"') from error
