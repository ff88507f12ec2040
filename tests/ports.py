"""Ports for the servers of tests."""

from __future__ import annotations

import contextlib
import random
import socket

PORTS = range(15_000, 32_000)
"""Below those that systems take for outgoing connections, so that nobody takes one between its choice and its use."""
_given: set[int] = set()


def free_port(host: str = "127.0.0.1") -> int:
    """One of PORTS that nobody listens on, and that was not given before."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            if port not in _given:
                _given.add(port)
                return port
