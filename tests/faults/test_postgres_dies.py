"""The embedded PostgreSQLs are killed under a running gateway: it recovers by itself, and no data is lost."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.faults.crash_checks import processes_in
from tests.gateway_server import GatewayServer

Connection = psycopg.Connection[Any]
RECOVERY_S = 30.0
LOST = ("08006", "57P01", "57P02", "57P03", "08003")


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def postmaster(server: GatewayServer, kind: str) -> int:
    """`kind`: metadata or shadow."""
    (found,) = [
        pid
        for pid in processes_in(server.data_dir)
        if f"/{kind}/" in str(Path(f"/proc/{pid}/cwd").resolve()) and "/bin/postgres" in command(pid)
    ]
    return found


def backend(server: GatewayServer) -> int:
    """One of the shadow's processes that serve alice."""
    return next(pid for pid in processes_in(server.data_dir) if command(pid).startswith("postgres: alice acme"))


def log_in(server: GatewayServer) -> Connection:
    """While the metadata store restarts a login is refused, clearly and without our paths; a shadow is waited for."""
    end = time.monotonic() + RECOVERY_S
    while True:
        try:
            return server.connect()
        except psycopg.OperationalError as error:
            assert "the metadata store cannot be reached" in str(error) or "starting up" in str(error)
            assert 'socket "' not in str(error)
            assert time.monotonic() < end, error
            threading.Event().wait(0.05)


def eventually(work: Callable[[], object]) -> None:
    """Errors of a lost PostgreSQL pass; any other does not."""
    end = time.monotonic() + RECOVERY_S
    while True:
        try:
            work()
            return
        except psycopg.Error as error:
            assert error.sqlstate in LOST, error
            assert time.monotonic() < end, error
            threading.Event().wait(0.05)


@pytest.mark.parametrize("victim", ["shadow", "backend", "metadata"])
def test_killed_while_clients_work(faulty: GatewayServer, victim: str) -> None:
    with log_in(faulty) as setup:
        setup.execute("DROP TABLE IF EXISTS f.kept")
        setup.execute("CREATE TABLE f.kept (id int, who int)")
    stop = threading.Event()
    kept: list[set[int]] = [set(), set()]
    doubtful: list[set[int]] = [set(), set()]
    strange: list[BaseException] = []

    def work(who: int) -> None:
        with faulty.connect() as connection:
            key = 0
            while not stop.is_set():
                key += 1
                doubtful[who].add(key)
                try:
                    connection.execute("INSERT INTO f.kept VALUES (%s, %s)", [key, who])
                    kept[who].add(key)
                    doubtful[who].discard(key)
                    connection.execute("SELECT count(*) FROM pg_class")
                except psycopg.Error as error:
                    if error.sqlstate not in LOST:
                        strange.append(error)
                        return

    threads = [threading.Thread(target=work, args=(who,), daemon=True) for who in (0, 1)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        threading.Event().wait(0.4)
        os.kill(backend(faulty) if victim == "backend" else postmaster(faulty, victim), signal.SIGKILL)
        with log_in(faulty) as fresh:
            eventually(lambda: fresh.execute("SELECT count(*) FROM pg_class, pg_namespace"))
            eventually(lambda: fresh.execute("SELECT count(*) FROM f.kept"))
    stop.set()
    for thread in threads:
        thread.join(RECOVERY_S)
        assert not thread.is_alive()
    assert not strange, strange
    with log_in(faulty) as connection:
        eventually(lambda: connection.execute("CREATE TABLE f.after (a int)"))
        connection.execute("DROP TABLE f.after")
        for who in (0, 1):
            found = [key for (key,) in connection.execute("SELECT id FROM f.kept WHERE who = %s", [who]).fetchall()]
            assert len(found) == len(set(found))
            assert kept[who] <= set(found) <= kept[who] | doubtful[who]
            assert kept[who]
    assert faulty.get("/ready")[0] == 200


@pytest.mark.parametrize("victim", ["shadow", "metadata"])
def test_definitions_outlive_it(faulty: GatewayServer, victim: str) -> None:
    """What CREATE and DROP have acknowledged holds, whichever server dies just afterwards."""
    with log_in(faulty) as connection:
        for number in range(3):
            made = f"CREATE TABLE IF NOT EXISTS f.made_{number} (a int)"
            eventually(lambda text=made: connection.execute(text))  # type: ignore[misc]
            os.kill(postmaster(faulty, victim), signal.SIGKILL)
            eventually(lambda n=number: connection.execute(f"INSERT INTO f.made_{n} VALUES (7)"))  # type: ignore[misc]
            assert connection.execute(f"SELECT DISTINCT a FROM f.made_{number}".encode()).fetchall() == [(7,)]
        dropped = "SELECT count(*) FROM pg_class WHERE relname LIKE 'made\\_%'"
        for number in range(3):
            eventually(lambda n=number: connection.execute(f"DROP TABLE IF EXISTS f.made_{n}"))  # type: ignore[misc]
        assert connection.execute(dropped.encode()).fetchone() == (0,)
