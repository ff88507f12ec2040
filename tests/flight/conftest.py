"""A table that is worth streaming."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flight.clients import Bare, adbc, answer
from tests.gateway_server import GatewayServer

ROWS = 3_000_000


@pytest.fixture(scope="session")
def numbers(gateway: GatewayServer) -> str:
    """The name of a table of ROWS rows: id, and a text of 40 characters."""
    with adbc(gateway) as connection:
        answer(connection, "CREATE SCHEMA flight_streams")
        text = "repeat('x', 40)"
        answer(
            connection,
            f"CREATE TABLE flight_streams.numbers AS SELECT i AS id, {text} AS filler "
            f"FROM generate_series(1, 3000) a(x), LATERAL generate_series((x - 1) * 1000 + 1, x * 1000) b(i)",
        )
    return "flight_streams.numbers"


@pytest.fixture
def bare(gateway: GatewayServer) -> Iterator[Bare]:
    made = Bare(gateway)
    yield made
    made.close()
