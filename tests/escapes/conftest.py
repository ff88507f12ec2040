"""One server for all escape tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.escapes import escape_world as worlds
from tests.escapes.escape_world import World
from tests.gateway_server import GatewayServer


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    server = GatewayServer(tmp_path_factory.mktemp("escapes") / "data")
    try:
        yield worlds.make(server)
    finally:
        server.stop()
