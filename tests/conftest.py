"""What all tests share: skips that count as failures in CI, and a PostgreSQL for the metadata store."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import psycopg
import pytest

from catalog.postgres import EmbeddedPostgres
from catalog.store import Store
from tests.gateway_server import GatewayServer
from tests.spark.servers import SparkServer, given_server, local_server

_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips",
        action="store_true",
        default=os.environ.get("CI", "").lower() == "true",
        help="count skipped tests as failed (default where CI=true)",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.config.getoption("--no-skips"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as failed here: {reason}"
    return report


@pytest.fixture(scope="session")
def metadata_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One PostgreSQL for all tests of a session; each test takes a database of its own in it."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("pg") / "metadata", durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def store_url(metadata_postgres: EmbeddedPostgres) -> str:
    """An empty database, as a conninfo string."""
    name = f"store_{next(_numbers)}"
    with psycopg.connect(metadata_postgres.conninfo("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return metadata_postgres.conninfo(name)


@pytest.fixture
def open_store(store_url: str, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens stores on the same database, as several gateways would; all are closed at the end."""
    opened: list[Store] = []

    def opener() -> Store:
        opened.append(Store(store_url, str(tmp_path / "lake")))
        return opened[-1]

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayServer]:
    """One running gateway for all tests of a session. alice administers the databases acme and globex; bob is a plain
    user of acme. Tests make schemas of their own in it.
    """
    server = GatewayServer(tmp_path_factory.mktemp("gateway") / "data", ("--external-clusters", "any"))
    server.add_user("alice", "acme", admin=True)
    server.add_user("alice", "globex", admin=True)
    server.add_user("bob", "acme")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def spark_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkServer]:
    """One Spark driver for all tests of a session, or the one of KADALI_TEST_SPARK=host:port:token. Tests use Connect
    sessions of their own.
    """
    given = given_server()
    if given is not None:
        yield given
        return
    with local_server(tmp_path_factory.mktemp("spark")) as server:
        yield server
