"""Sockets to listen on, and what to tell when a port cannot be had."""

from __future__ import annotations

import ipaddress
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from catalog.errors import ConfigFileError, ObjectInUse
from gateway.settings import Settings, declarations

PORTS = ("pg_port", "flight_port", "http_port")
"""Settings of the ports that are listened on."""


def bound_socket(host: str, port: int, setting: str) -> socket.socket:
    """A TCP socket bound to `host` and `port`, not yet listening; `setting` is the port's setting, for the error.

    Raises ObjectInUse (55006) naming port and option.
    """
    try:
        flags = socket.AI_PASSIVE
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)[0]
    except OSError as error:
        raise _cannot_listen(host, port, setting, error) from error
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if host == "::" else 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise _cannot_listen(host, port, setting, error) from error
    return bound


def check_ports(settings: Settings) -> None:
    """Fail early, before anything is started. Raises ObjectInUse for the first port that cannot be had."""
    for setting in PORTS:
        with bound_socket(settings.host, getattr(settings, setting), setting) as bound:
            try:
                bound.listen(1)
            except OSError as error:
                raise _cannot_listen(settings.host, getattr(settings, setting), setting, error) from error


def could_not_bind(host: str, port: int, option: str, error: OSError) -> ConfigFileError:
    """What a door raises that cannot have its address after all, in PostgreSQL's words."""
    return ConfigFileError(
        f'could not bind to "{host}" port {port}',
        detail=str(error),
        hint=f"Is another server running there? If not, wait a few seconds and retry, or give {option}.",
    )


def free_port(host: str) -> int:
    """A port that nobody listens on now."""
    with bound_socket(host, 0, "pg_port") as bound:
        return int(bound.getsockname()[1])


def hang_up(port: int) -> None:
    """Close, for both sides, the connections that this process has accepted on a port, whatever library has them."""
    for number in [int(entry.name) for entry in Path("/dev/fd").iterdir()]:
        with suppress(OSError):  # closed meanwhile, or listening
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as one:
                inet = one.family in (socket.AF_INET, socket.AF_INET6)
                if inet and one.getsockname()[1] == port and one.getpeername():
                    one.shutdown(socket.SHUT_RDWR)


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine can reach what listens on `host`."""
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return False
    return all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback for *_, address in found)


def _cannot_listen(host: str, port: int, setting: str, error: OSError) -> ObjectInUse:
    declared = next(entry for entry in declarations() if entry.name == setting)
    return ObjectInUse(
        f"could not listen on {host}, port {port}: {(error.strerror or str(error)).lower()}",
        hint=f"Choose another port with {declared.option} (or {declared.variable}), or stop the program that has it."
        if port
        else "Choose another address with --host.",
    )
