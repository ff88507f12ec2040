"""VALIDATE CONNECTION and SHOW TABLES FROM CONNECTION through a real gateway, at a real source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from catalog.errors import CannotConnect
from engine.connectors.postgres.connection import connect
from tests.connectors.conftest import PASSWORD, PostgresSource
from tests.gateway_server import GatewayServer


@pytest.fixture
def alice(gateway: GatewayServer, postgres_source: PostgresSource) -> Iterator[psycopg.Connection[Any]]:
    """An administrator's session, with the source as connection `crm`."""
    where = postgres_source.endpoint
    with gateway.connect() as connection:
        connection.execute(
            f"CREATE CONNECTION crm TYPE postgres WITH (host = '{where.host}', port = {where.port},"
            f" database = '{where.database}', user = '{where.user}', password = '{PASSWORD}')".encode()
        )
        yield connection
        connection.execute("DROP CONNECTION IF EXISTS crm")


def test_tables_of_a_source(alice: psycopg.Connection[Any], postgres_source: PostgresSource) -> None:
    postgres_source.execute(
        "CREATE SCHEMA crm",
        'CREATE TABLE crm.orders (id int PRIMARY KEY, "to" text)',
        "CREATE TABLE crm.other (id int)",
    )
    postgres_source.execute("INSERT INTO crm.orders SELECT g, 'x' FROM generate_series(1, 500) g", "ANALYZE")
    cursor = alice.execute("SHOW TABLES FROM CONNECTION crm")
    assert cursor.statusmessage == "SHOW" and cursor.description is not None
    assert [column.name for column in cursor.description] == ["schema", "table", "rows_estimate", "bytes"]
    rows = cursor.fetchall()
    assert [row[:3] for row in rows] == [("crm", "orders", 500), ("crm", "other", 0)]
    assert rows[0][3] > 8192
    assert alice.execute("SHOW TABLES FROM CONNECTION crm LIKE 'ord%'").fetchall() == rows[:1]
    function = "SELECT * FROM kadali.connection_tables('crm') WHERE rows_estimate > 1"
    assert alice.execute(function.encode()).fetchall() == rows[:1]


def test_what_stands_in_the_way(alice: psycopg.Connection[Any], postgres_source: PostgresSource) -> None:
    postgres_source.execute("CREATE TABLE bare (id int)")
    found = {row[0]: row[1:] for row in alice.execute("VALIDATE CONNECTION crm").fetchall()}
    assert found["connection"][0] is True and found["connection"][2] is None
    assert found["replica identity"][0] is False
    assert found["replica identity"][2] == "ALTER TABLE public.bare REPLICA IDENTITY FULL"
    postgres_source.execute(found["replica identity"][2])
    bad = "SELECT * FROM kadali.validate_connection('crm') WHERE NOT ok AND \"check\" = 'replica identity'"
    assert alice.execute(bad.encode()).fetchall() == []


def test_a_source_that_does_not_let_us_in(alice: psycopg.Connection[Any]) -> None:
    alice.execute("ALTER CONNECTION crm SET (password = 'another')")
    ((check, ok, detail, fix),) = alice.execute("VALIDATE CONNECTION crm").fetchall()
    assert (check, ok, fix) == ("connection", False, None)
    assert "password authentication failed" in detail
    with pytest.raises(psycopg.Error) as refused:
        alice.execute("SHOW TABLES FROM CONNECTION crm")
    assert refused.value.sqlstate == "08001"
    alice.execute("ALTER CONNECTION crm SET (host = 'nowhere.invalid')")
    ((check, ok, detail, _),) = alice.execute("VALIDATE CONNECTION crm").fetchall()
    assert (check, ok) == ("connection", False) and detail
    alice.execute("ALTER CONNECTION crm SET (host = 'localhost', port = 1)")
    ((check, ok, detail, _),) = alice.execute("VALIDATE CONNECTION crm").fetchall()
    assert (check, ok) == ("connection", False) and "refused" in detail


def test_others_and_other_kinds(gateway: GatewayServer, alice: psycopg.Connection[Any]) -> None:
    with gateway.connect("bob") as bob:
        for sql in ("VALIDATE CONNECTION crm", "SHOW TABLES FROM CONNECTION crm"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                bob.execute(sql)  # type: ignore[arg-type]
    with pytest.raises(psycopg.errors.UndefinedObject):
        alice.execute("VALIDATE CONNECTION nowhere")
    alice.execute("CREATE CONNECTION shop TYPE mysql WITH (host = 'localhost', database = 'd')")
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="no connector for mysql"):
        alice.execute("VALIDATE CONNECTION shop")
    alice.execute("DROP CONNECTION shop")


def test_only_the_addresses_given_are_connected_to(postgres_source: PostgresSource) -> None:
    """Whatever the name means: it was resolved, and its addresses checked, before."""
    named = replace(postgres_source.endpoint, host="source.invalid")
    with closing(connect(replace(named, addresses=("127.0.0.2", "127.0.0.1")))) as connection:
        assert connection.info.hostaddr == "127.0.0.1"
    with pytest.raises(CannotConnect):
        connect(named)
