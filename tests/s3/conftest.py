"""A gateway whose lake is on an S3-compatible store. Tests of other folders run on it too: test_front_door.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway_server import GatewayServer
from tests.s3.fault_proxy import FaultProxy
from tests.s3.object_store import BUCKET, ObjectStore


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    store = ObjectStore(tmp_path_factory.mktemp("s3") / "store").start()
    yield store
    store.stop()


@pytest.fixture(scope="session")
def session_proxy(object_store: ObjectStore) -> Iterator[FaultProxy]:
    proxy = FaultProxy(object_store.endpoint)
    yield proxy
    proxy.close()


@pytest.fixture
def proxy(session_proxy: FaultProxy) -> Iterator[FaultProxy]:
    """Between the gateway of these tests and its store; each test begins and ends without a fault."""
    session_proxy.released.clear()
    session_proxy.seen.clear()
    yield session_proxy
    session_proxy.rule = lambda method, path, headers: None
    session_proxy.released.set()


@pytest.fixture(scope="session")
def gateway(
    tmp_path_factory: pytest.TempPathFactory, object_store: ObjectStore, session_proxy: FaultProxy
) -> Iterator[GatewayServer]:
    """As the one of all other tests, but for its lake."""
    server = GatewayServer(
        tmp_path_factory.mktemp("gateway-s3") / "data",
        ("--lake-root", f"s3://{BUCKET}/kadali/lake", "--s3-timeout", "5s"),
        object_store.settings(session_proxy.endpoint),
    )
    server.add_user("alice", "acme", admin=True)
    server.add_user("alice", "globex", admin=True)
    server.add_user("bob", "acme")
    server.start()
    yield server
    server.stop()
