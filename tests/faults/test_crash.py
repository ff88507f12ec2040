"""kill -9 at random moments, again and again, while clients write: nothing acknowledged is lost, nothing doubled.

KADALI_CRASH_ROUNDS sets the number of rounds, KADALI_CRASH_SEED repeats a run.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.crash_checks import check_counters, check_remains, check_rows, check_tables, processes_in
from tests.faults.crash_writers import Evidence, Writers, prepare
from tests.gateway_server import GatewayServer

ROUNDS = int(os.environ.get("KADALI_CRASH_ROUNDS", "8"))
RECOVERY_S = 30.0
"""Generous: the machine may be busy. An idle one takes two seconds."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GatewayServer]:
    server = GatewayServer(tmp_path / "data")
    server.add_user("alice", "acme", admin=True)
    yield server
    server.kill()


def test_kill_9_in_a_loop(server: GatewayServer) -> None:
    seed = int(os.environ.get("KADALI_CRASH_SEED", time.time_ns() % 1_000_000))
    print(f"KADALI_CRASH_SEED={seed}")
    randomness = random.Random(seed)
    evidence = Evidence()
    server.start()
    with server.connect() as connection:
        prepare(connection, evidence)
    for number in range(1, ROUNDS + 1):
        writers = Writers(server.connect, evidence, number)
        writers.start()
        threading.Event().wait(randomness.uniform(0.2, 2.5))
        server.kill()
        writers.join()
        assert not writers.failures, writers.failures
        for _ in range(randomness.choice((0, 0, 1))):
            _die_while_starting(server, randomness)
        started = time.monotonic()
        server.start()
        assert time.monotonic() - started < RECOVERY_S
        with server.connect() as connection:
            check_rows(connection, evidence)
            check_counters(connection, evidence)
            check_tables(connection, evidence, server.data_dir / "lake")
        assert server.process is not None
        check_remains(server.data_dir, server.process.pid)
    written = {kind: len(keys) for kind, keys in evidence.kept.items()}
    print(f"acknowledged: {written}, counted {sum(evidence.counters.values())}, tables {len(evidence.dropped)} dropped")
    assert server.stop() == 0
    assert not processes_in(server.data_dir)


def _die_while_starting(server: GatewayServer, randomness: random.Random) -> None:
    """Start it, and kill it at some moment of its start or just after."""

    def kill() -> None:
        if server.process is not None:
            os.kill(server.process.pid, signal.SIGKILL)  # `start` sees it and gives up

    killer = threading.Timer(randomness.uniform(0.1, 1.5), kill)
    killer.start()
    with contextlib.suppress(RuntimeError):
        server.start()
    killer.join()
    server.kill()
