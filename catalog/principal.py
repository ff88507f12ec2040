"""Who is asking: settled at login, carried by every call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """A user logged in to a tenant (the PostgreSQL database name), from `peer` ("127.0.0.1:51234")."""

    user: str
    tenant: str
    admin: bool = False
    """Administrator of this tenant: owns its schemas, sees every query, may VACUUM by path."""
    peer: str = ""
