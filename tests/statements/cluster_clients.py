"""Clients of a gateway that has clusters in which nothing starts: what statements say, and write down."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.gateway_server import GatewayServer

TIERS = """
[tiers.default]
clusters = 6
workers = 4
cores = 8
memory = "16Gi"
concurrency = 10
queue = 100
queue_timeout_s = 300
max_lifetime_s = 864000
default_size = "xsmall"
[tiers.free]
clusters = 1
workers = 2
[sizes.wide]
driver_cores = 1
driver_memory = "2Gi"
worker_cores = 1
worker_memory = "1Gi"
workers = 3
[tenants]
poor = "free"
"""
NAMES = "SELECT name FROM kadali.clusters ORDER BY name"


def cluster_server(folder: Path) -> GatewayServer:
    """Not yet started. Has a place to run drivers in which none will start: statements write down what is wanted."""
    (folder / "spark").mkdir()
    (folder / "tiers.toml").write_text(TIERS)
    options = ("--spark-home", str(folder / "spark"), "--tiers", str(folder / "tiers.toml"))
    options += ("--external-clusters", "127.0.0.1:1, h:1", "--cluster-images", "registry/spark:*")
    made = GatewayServer(folder / "data", options)
    made.add_user("alice", "acme", admin=True)
    made.add_user("alice", "poor", admin=True)
    made.add_user("bob", "acme")
    return made


class Client:
    """One session; `told` are the notices of the last statement."""

    def __init__(self, server: GatewayServer, user: str, database: str = "acme", **options: str) -> None:
        self.connection = server.connect(user, database, **options)
        self.told: list[tuple[str | None, str | None, str | None]] = []
        self.connection.add_notice_handler(lambda d: self.told.append((d.severity, d.sqlstate, d.message_primary)))

    def tag(self, sql: str) -> str | None:
        self.told.clear()
        return self.connection.execute(sql).statusmessage

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def refused(self, sql: str) -> tuple[str | None, str | None, str | None]:
        """(SQLSTATE, message, hint)."""
        with pytest.raises(psycopg.Error) as caught:
            self.connection.execute(sql)
        return caught.value.sqlstate, caught.value.diag.message_primary, caught.value.diag.message_hint

    def option(self, name: str, key: str) -> str | None:
        """The value of an option, as SHOW CREATE CLUSTER prints it."""
        [(_, statement)] = self.rows(f"SHOW CREATE CLUSTER {name}")
        found = re.search(rf"[ (]{re.escape(key)} = ((?:'[^']*')+|[^,)]+)", statement)
        return found[1] if found else None


Opener = Callable[..., Client]
