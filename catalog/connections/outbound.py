"""Where to the server may connect: a rule of the server's administrator, and addresses that are never open.

Names are resolved here, once: whoever connects takes one of the addresses returned, so that a name which means
something else a moment later opens nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from catalog.errors import CannotConnect, InsufficientPrivilege, InvalidParameterValue

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, float], Sequence[str]]
"""(host, seconds) -> addresses as text. Raises OSError, TimeoutError."""
RESOLVE_TIMEOUT_S = 10.0
ANY = "any"
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?", re.ASCII)
_HOST_MAX = 253
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",  # this machine, by another name
        "169.254.0.0/16",  # link-local, with the metadata services of most clouds
        "100.100.100.200/32",  # Alibaba Cloud's metadata
        "168.63.129.16/32",  # Azure's host agent
        "192.0.0.192/32",  # Oracle Cloud's metadata
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
        "fd00:ec2::/32",  # AWS's metadata
        "fd20:ce::/32",  # Google Cloud's metadata
        "fd00:c1::/32",  # Oracle Cloud's metadata
    )
)
"""Whatever the rule says: no database is there, but keys of the machine are."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of `connect_to`: a name with * for any text, or a network; `port` None: every port."""

    pattern: str
    network: Network | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A host that may be connected to: its name, for certificates, and the addresses to connect to, never others."""

    host: str
    port: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outbound:
    """`rules` None: any host, but for those that are never open."""

    rules: Sequence[Rule] | None = None

    def check(self, host: str, port: int) -> None:
        """What can be said without resolving the name; for statements that name a host and do not connect.

        Raises InvalidParameterValue (22023) for what is no host, InsufficientPrivilege (42501).
        """
        address = _literal(host_of(host))
        if address is not None:
            self._open([address], host, port)
        elif self.rules is not None and not any(
            rule.port in (None, port) and (rule.network is not None or _matches(rule, host)) for rule in self.rules
        ):
            raise _refused(host, port)

    def target(self, host: str, port: int, resolve: Resolver | None = None) -> Target:
        """Resolve and check. Blocking, `RESOLVE_TIMEOUT_S` at most.

        Raises InvalidParameterValue (22023), InsufficientPrivilege (42501), CannotConnect (08001) if there is no such
        host.
        """
        self.check(host, port)
        name = host_of(host)
        literal = _literal(name)
        if literal is not None:
            return Target(name, port, (str(literal),))
        try:
            found = (resolve or _resolved)(name, RESOLVE_TIMEOUT_S)
        except (OSError, UnicodeError) as error:
            raise CannotConnect(f'could not translate host name "{name}" to address', detail=str(error)) from error
        addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in dict.fromkeys(found)]
        return Target(name, port, tuple(str(one) for one in self._open(addresses, name, port)))

    def _open(self, addresses: Sequence[Address], host: str, port: int) -> list[Address]:
        """Those among them that may be connected to. Raises InsufficientPrivilege if there are none."""
        allowed = [one for one in addresses if not is_never(one) and self._allows(one, host, port)]
        if not allowed:
            raise _refused(host, port)
        return allowed

    def _allows(self, address: Address, host: str, port: int) -> bool:
        if self.rules is None:
            return True
        inner = _inner(address)
        return any(
            rule.port in (None, port) and (inner in rule.network if rule.network is not None else _matches(rule, host))
            for rule in self.rules
        )


def is_never(address: Address) -> bool:
    """Whether it is one of NEVER, also as an IPv6 address that stands for such an IPv4 address."""
    return any(inner in network for inner in (address, _inner(address)) for network in NEVER)


def host_of(text: str) -> str:
    """A host's name or address, without brackets and the dot at the end. Never a socket's path, nor a list of hosts.

    Raises InvalidParameterValue (22023).
    """
    host = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if _literal(host) is None and (len(host) > _HOST_MAX or not _HOST.fullmatch(host) or _numeric(host)):
        raise InvalidParameterValue(f'invalid host "{text}"', hint="Give the name or the IP address of one host.")
    return host.rstrip(".")


def rules_of(text: str) -> tuple[Rule, ...] | None:
    """The setting: `any`, or entries `host[:port]`, `*.example.org[:port]`, `10.0.0.0/8[:port]`, `[::1]:port`, with
    commas between; None for `any`. Raises ValueError with what is expected.
    """
    if text.strip().lower() == ANY:
        return None
    return tuple(_rule(part.strip()) for part in text.split(",") if part.strip())


def _rule(text: str) -> Rule:
    found = re.fullmatch(
        r"(?:\[(?P<v6>[^\]]+)\]|(?P<plain>[^:\[\]]+)|(?P<bare>[0-9A-Fa-f:]+(?:/\d+)?))(?::(\d+))?", text
    )
    port = None if found is None or found[4] is None else int(found[4])
    if found is None or (port is not None and not 1 <= port <= 65535):
        raise ValueError(f'"{text}" is not an entry of the form host[:port] or network[:port]')
    what = found["v6"] or found["plain"] or found["bare"]
    try:
        return Rule(what, ipaddress.ip_network(what, strict=False), port)
    except ValueError:
        if found["plain"] is None or "/" in what:
            raise ValueError(f'"{what}" is not a network') from None
        return Rule(what.lower().rstrip("."), None, port)


def _matches(rule: Rule, host: str) -> bool:
    return rule.network is None and fnmatchcase(host.lower().rstrip("."), rule.pattern)


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _numeric(host: str) -> bool:
    """A spelling of an IPv4 address that libraries read (2130706433, 0x7f.1) and nobody needs."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last) is not None


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for: mapped, compatible, translated or tunneled; else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _refused(host: str, port: int) -> InsufficientPrivilege:
    return InsufficientPrivilege(
        f'this server may not connect to "{host}", port {port}',
        hint="Its setting connect_to lists the hosts that connections may name; link-local addresses are never open.",
    )


def _resolved(host: str, timeout_s: float) -> Sequence[str]:
    """By the system's resolver, which knows no deadline of ours: it is left behind when the time is over."""
    found: list[str] = []
    failed: list[OSError | UnicodeError] = []

    def ask() -> None:
        try:
            found.extend(str(one[4][0]) for one in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    asking = threading.Thread(target=ask, name="resolver", daemon=True)
    asking.start()
    asking.join(timeout_s)
    if asking.is_alive():
        raise TimeoutError("the name server does not answer")
    if failed:
        raise failed[0]
    return found
