"""SIGTERM: running statements may end within the grace, idle clients are told, nothing is left."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import psycopg
import pytest

from tests.faults.crash_checks import processes_in
from tests.gateway_server import GatewayServer

SHORT = "SELECT count(*) FROM d.t a, generate_series(1, 2000) b, generate_series(1, 4000) c"
LONG = "SELECT count(*) FROM d.t a, generate_series(1, 3000000) b, generate_series(1, 3000000) c"


@pytest.mark.parametrize(("grace", "sql", "code"), [("30s", SHORT, None), ("1s", LONG, "57014")])
def test_drain(tmp_path: Path, grace: str, sql: str, code: str | None) -> None:
    server = GatewayServer(tmp_path / "data", ("--shutdown-grace", grace))
    server.add_user("alice", "acme", admin=True)
    server.start()
    with server.connect() as setup:
        setup.execute("CREATE SCHEMA d")
        setup.execute("CREATE TABLE d.t AS SELECT generate_series(1, 100) AS i")
    idle, in_transaction, busy = server.connect(), server.connect(autocommit=False), server.connect()
    in_transaction.execute("INSERT INTO d.t VALUES (1000)")
    outcome: list[str | None] = []

    def run() -> None:
        try:
            busy.execute(sql.encode())
            outcome.append(None)
        except psycopg.Error as error:
            outcome.append(error.sqlstate)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    running = "SELECT count(*) FROM kadali.queries WHERE state = 'running'"
    while idle.execute(running).fetchone() == (1,):
        assert thread.is_alive()
    assert server.process is not None
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    with pytest.raises(psycopg.Error) as told:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            idle.execute("SELECT 1")
    assert told.value.sqlstate in ("57P01", None)
    thread.join(40)
    assert outcome in ([code], ["57P01"]) if code else outcome == [None]
    assert server.process.wait(30) == 0
    assert time.monotonic() - began < 40
    server.process = None
    assert not processes_in(server.data_dir)
    assert not list(server.data_dir.glob("tenants/*/staging/*")) + list(server.data_dir.glob("tenants/*/spill/*"))
    server.start()
    with server.connect() as again:
        assert again.execute("SELECT max(i) FROM d.t").fetchone() == (100,), "what was not committed is gone"
    assert server.stop() == 0
