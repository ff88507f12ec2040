"""A PostgreSQL 16 to read from: over TCP with passwords, its log made for logical decoding."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg
import pytest

from catalog.postgres import EmbeddedPostgres
from engine.connectors.model import ConnectorKind, Endpoint
from tests.ports import free_port

PASSWORD = "open sesame"
_numbers = itertools.count(1)
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "wal_level": "logical",
    "max_wal_senders": "10",
    "max_replication_slots": "10",
    "max_connections": "60",
    "wal_sender_timeout": "60s",
}


@dataclass(frozen=True, slots=True)
class PostgresSource:
    """A database of its own in the source's server. `endpoint` logs in as its superuser, over TCP."""

    endpoint: Endpoint
    socket: str
    """conninfo of the superuser through the Unix socket: what the tests themselves do."""
    server: EmbeddedPostgres

    def admin(self) -> psycopg.Connection:
        """A connection of the superuser's, in autocommit mode."""
        return psycopg.connect(self.socket, autocommit=True)

    def execute(self, *statements: str) -> None:
        with self.admin() as connection:
            for statement in statements:
                connection.execute(statement)

    def login(self, name: str, attributes: str = "") -> Endpoint:
        """A new role that may log in, as an endpoint. Roles belong to the server: the name gets a number."""
        role = f"{name}_{next(_numbers)}"
        self.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}' {attributes}")
        return replace(self.endpoint, user=role, password=PASSWORD)


@pytest.fixture(scope="session")
def source_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedPostgres, int]]:
    port = free_port()
    server = EmbeddedPostgres(
        tmp_path_factory.mktemp("source") / "pg",
        durable=False,
        options={**_OPTIONS, "port": str(port)},
        initdb_options=("--auth-host=scram-sha-256",),
    )
    server.start()
    yield server, port
    server.stop()


@pytest.fixture
def postgres_source(source_server: tuple[EmbeddedPostgres, int]) -> Iterator[PostgresSource]:
    """For one test."""
    with source_database(*source_server) as source:
        yield source


@pytest.fixture(scope="module")
def module_source(source_server: tuple[EmbeddedPostgres, int]) -> Iterator[PostgresSource]:
    """For the tests of a module."""
    with source_database(*source_server) as source:
        yield source


@contextmanager
def source_database(server: EmbeddedPostgres, port: int) -> Iterator[PostgresSource]:
    name = f"source_{next(_numbers)}"
    with psycopg.connect(server.conninfo("postgres"), port=port, autocommit=True) as connection:
        connection.execute(f"ALTER ROLE CURRENT_USER PASSWORD '{PASSWORD}'")
        connection.execute(f"CREATE DATABASE {name}")
    conninfo = psycopg.conninfo.make_conninfo(server.conninfo(name), port=port)
    yield PostgresSource(
        Endpoint(ConnectorKind.POSTGRES, "127.0.0.1", port, name, "kadali", PASSWORD), conninfo, server
    )
    with psycopg.connect(server.conninfo("postgres"), port=port, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = %s AND active", [name]
        )
        connection.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = %s AND NOT active",
            [name],
        )
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
