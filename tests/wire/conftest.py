"""Servers that the tests of the wire talk to: a gateway, and a real PostgreSQL to compare it with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.wire import oracle
from tests.wire.gateway_process import GatewayProcess, running_gateway
from tests.wire.raw_client import Address


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """One for all tests, with the tables of the conversations."""
    with running_gateway(tmp_path_factory.mktemp("gateway")) as process:
        oracle.set_up(process.address)
        yield process


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    with oracle.real_postgres(tmp_path_factory.mktemp("oracle")) as address:
        yield address
