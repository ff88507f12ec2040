"""A tenant's shadow, sessions' settings on it, and a plain PostgreSQL session of the same role as the oracle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from catalog.postgres import EmbeddedPostgres
from catalog.shadow.instance import ShadowInstance
from sql_extensions.settings import SessionSettings, SettingDefaults
from tests.gateway_server import GatewayServer
from tests.statements import player
from tests.statements.cluster_clients import NAMES, Client, Opener, cluster_server
from tests.statements.player import Player

USER = "ann"


@pytest.fixture(scope="session")
def shadow_instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShadowInstance]:
    folder = tmp_path_factory.mktemp("tenant")
    instance = ShadowInstance("shop", folder / "shadow").start()
    instance.set_roles({USER: False, "bob": False})
    yield instance
    instance.stop()


@pytest.fixture(scope="session")
def defaults() -> SettingDefaults:
    return SettingDefaults()


@pytest.fixture
def open_settings(
    shadow_instance: ShadowInstance, defaults: SettingDefaults
) -> Iterator[Callable[..., SessionSettings]]:
    """Makes the settings of new sessions; `start` as from the startup packet."""
    shadows = []

    def opener(*start: tuple[str, str]) -> SessionSettings:
        shadow = shadow_instance.session(USER)
        shadows.append(shadow)
        return SessionSettings(shadow, defaults, user=USER, definitions=lambda: 0, start=start)

    yield opener
    for shadow in shadows:
        shadow.close()


@pytest.fixture
def settings(open_settings: Callable[..., SessionSettings]) -> SessionSettings:
    return open_settings()


@pytest.fixture
def oracle(shadow_instance: ShadowInstance) -> Iterator[psycopg.Connection[Any]]:
    """A session of the same role on the same server, in autocommit: what PostgreSQL itself says."""
    connection = psycopg.connect(shadow_instance.conninfo(USER), autocommit=True, client_encoding="UTF8")
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def oracle_conninfo(metadata_postgres: EmbeddedPostgres) -> str:
    """A database of PostgreSQL's own, as an ordinary user of the same name."""
    with psycopg.connect(metadata_postgres.conninfo("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {player.USER} LOGIN")
        connection.execute("CREATE ROLE bob LOGIN")
        connection.execute(f"CREATE DATABASE scripts OWNER {player.USER}")
    return metadata_postgres.conninfo("scripts", player.USER)


@pytest.fixture
def players(gateway: GatewayServer, oracle_conninfo: str) -> Iterator[tuple[Player, Player]]:
    ours, theirs = Player(gateway.conninfo(player.USER)), Player(oracle_conninfo)
    for each in (ours, theirs):
        each.simple("CREATE SCHEMA player")
    yield ours, theirs
    for each in (ours, theirs):
        for sql in ("ROLLBACK", "RESET ALL", "DROP SCHEMA player CASCADE"):
            each.simple(sql)
        each.connection.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayServer]:
    """With clusters in which nothing starts."""
    made = cluster_server(tmp_path_factory.mktemp("clusters")).start()
    yield made
    made.stop()


@pytest.fixture
def opened(server: GatewayServer) -> Iterator[Opener]:
    """Makes clients; at the end no cluster is left."""
    clients: list[Client] = []

    def make(user: str = "alice", database: str = "acme", **options: str) -> Client:
        clients.append(Client(server, user, database, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.connection.close()
    for database in ("acme", "poor"):
        with server.connect("alice", database) as connection:
            for (name,) in connection.execute(NAMES).fetchall():
                connection.execute(SQL("DROP CLUSTER {} FORCE").format(Identifier(name)))


@pytest.fixture
def alice(opened: Opener) -> Client:
    return opened()


@pytest.fixture
def bob(opened: Opener) -> Client:
    return opened("bob")
