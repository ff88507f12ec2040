"""One server that the fault tests share; those that kill the server itself start their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway_server import GatewayServer


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayServer]:
    """alice administers acme. Its memory and connections are scarce, and it drains quickly."""
    options = ("--memory-limit", "256MB", "--spill-limit", "64MB", "--max-connections", "60", "--shutdown-grace", "1s")
    server = GatewayServer(tmp_path_factory.mktemp("faults") / "data", options)
    server.add_user("alice", "acme", admin=True)
    server.start()
    with server.connect() as connection:
        connection.execute("CREATE SCHEMA f")
        connection.execute("CREATE TABLE f.numbers (i bigint, filler text)")
        connection.execute(
            "INSERT INTO f.numbers SELECT i, 'some text for row ' || i::text FROM generate_series(1, 200000) i"
        )
    yield server
    server.stop()
