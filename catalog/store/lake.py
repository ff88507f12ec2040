"""Where a tenant's Delta tables lie: the lake's root, and locations relative to it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4


@dataclass(frozen=True, slots=True)
class Lake:
    """`root` is an absolute folder or an object store's URI. Inside the store locations are relative to it, so that
    a data folder can be moved as a whole.
    """

    root: str

    def new_location(self, tenant: UUID) -> str:
        """A fresh place for a table: plain ASCII, never used before, whatever the table's name."""
        return f"{self._base}{tenant}/{uuid4()}"

    def tenant_root(self, tenant: UUID) -> str:
        """Below it are the tenant's own tables."""
        return f"{self._base}{tenant}"

    def relative(self, location: str | None) -> str | None:
        if location is None or not location.startswith(self._base):
            return location
        return "lake:" + location[len(self._base) :]

    def absolute(self, stored: str | None) -> str | None:
        if stored is None or not stored.startswith("lake:"):
            return stored
        return self._base + stored[len("lake:") :]

    @property
    def _base(self) -> str:
        return self.root.rstrip("/") + "/"
