"""What the doors ask to settle who a client is; the metadata store's users answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from catalog.principal import Principal


class Authenticator(Protocol):
    """Blocking; from any thread."""

    def verifier(self, name: str) -> str:
        """The SCRAM verifier of a user; for an unknown one a verifier that no password fits, always the same."""
        ...

    def login(self, user: str, database: str, peer: str = "") -> Principal:
        """Who this is, the password having been proved.

        Raises InvalidAuthorization (28000), InvalidCatalogName (3D000), InsufficientPrivilege (42501).
        """
        ...

    def databases(self, user: str) -> Sequence[str]:
        """The names of the databases a user may enter; none for an unknown user."""
        ...
