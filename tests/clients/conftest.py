"""The two servers, both with the tables of `sql/shop.sql`, and a schema of its own for each test that writes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.clients.sides import Pair, Side, load_shop, postgres_side
from tests.gateway_server import GatewayServer

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def pair(gateway: GatewayServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with postgres_side(tmp_path_factory.mktemp("clients") / "postgres") as postgres:
        both = Pair(Side("kadali", gateway.pg_port), postgres)
        for side in both:
            load_shop(side)
        yield both
        with both.kadali.connect() as connection:
            connection.execute("DROP SCHEMA shop CASCADE")


@pytest.fixture
def kadali(pair: Pair) -> Side:
    return pair.kadali


@pytest.fixture
def schema(pair: Pair) -> Iterator[str]:
    """The name of an empty schema that exists on both sides."""
    name = f"clients_{next(_numbers)}"
    pair.run(f"CREATE SCHEMA {name}")
    yield name
    pair.run(f"DROP SCHEMA {name} CASCADE")
