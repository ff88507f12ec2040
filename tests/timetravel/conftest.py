"""Tables with a history, in a real gateway."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.gateway_server import GatewayServer

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Lake:
    """A connection of alice's with a schema of its own on its search path."""

    connection: psycopg.Connection[Any]
    schema: str
    gateway: GatewayServer

    def rows(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, params).fetchall()

    def value(self, sql: str, params: Any = None) -> Any:
        ((value,),) = self.rows(sql, params)
        return value

    def run(self, *statements: str) -> None:
        for sql in statements:
            self.connection.execute(sql)


@pytest.fixture
def lake(gateway: GatewayServer) -> Iterator[Lake]:
    schema = f"tt{next(_numbers)}"
    with gateway.connect() as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute(f"SET search_path TO {schema}, public")
        yield Lake(connection, schema, gateway)


@pytest.fixture
def orders(lake: Lake) -> Lake:
    """orders(id, name): version 0 empty, 1 has row 1, 2 has rows 1 and 2, 3 has rows 1, 2, 3."""
    lake.run("CREATE TABLE orders (id bigint, name text)")
    for number in (1, 2, 3):
        lake.run(f"INSERT INTO orders VALUES ({number}, 'n{number}')")
    return lake
