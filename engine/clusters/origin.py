"""Where gateways come from when they are outside of the Kubernetes that clusters run on: networks for its policies."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from catalog.errors import ConfigFileError

NETWORKS_MAX = 64


def networks(text: str) -> tuple[str, ...]:
    """Those of a list separated by commas, as CIDR; an address alone is a network of one. Raises ConfigFileError."""
    found = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(str(ipaddress.ip_network(word)))
        except ValueError as error:
            raise ConfigFileError(
                'invalid value for parameter "gateway_networks"', detail=f"{error}.", hint="For example 10.1.0.0/16."
            ) from error
    if len(found) > NETWORKS_MAX:
        raise ConfigFileError('invalid value for parameter "gateway_networks"', hint=f"At most {NETWORKS_MAX}.")
    return tuple(found)


def own_network(server: str) -> tuple[str, ...]:
    """This machine alone, by its address towards the API server at a URL. Empty where that tells nothing: the server is
    not known by name, or behind a loopback address (a tunnel, a forwarded port).
    """
    parts = urlsplit(server)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            parts.hostname, parts.port or 443, type=socket.SOCK_DGRAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(address)  # sends nothing: the kernel only chooses the way
            mine = ipaddress.ip_address(probe.getsockname()[0].partition("%")[0])
    except OSError:
        return ()
    return () if mine.is_loopback else (f"{mine}/{mine.max_prefixlen}",)
