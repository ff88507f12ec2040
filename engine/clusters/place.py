"""Where a Kadali keeps its clusters: the Kubernetes it works on, and how pods reach a tenant's data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

IMAGE_USER = 10001
"""uid and gid of the image's own user: what pods run as where nothing else is needed."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address behind the API server's Service."""

    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Place:
    """`server` is this metadata store's id; `api` is how pods reach the API server: its Service and what is behind it
    (network policies see addresses after translation). Empty: unknown, its usual ports are opened then. `gateways`:
    networks, as CIDR, from which gateways outside of this Kubernetes come.
    """

    server: str
    prefix: str
    image: str
    api: tuple[Endpoint, ...] = ()
    pull_policy: str = "IfNotPresent"
    gateways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TenantData:
    """How pods reach a tenant's tables. `folder`: a folder of the node, mounted at the same path; `user`: uid and gid
    that may write in it. `settings`: Spark's for an object store; `secrets`: environment variables that hold its keys;
    `ports`: those the store listens on.
    """

    folder: str | None = None
    user: int = IMAGE_USER
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    ports: tuple[int, ...] = ()
