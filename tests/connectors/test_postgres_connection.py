"""Connections to a source: what a refused login says, and what an endpoint may hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog.errors import CannotConnect, InvalidParameterValue
from engine.connectors.postgres.connection import connect, conninfo
from tests.connectors.conftest import PASSWORD, PostgresSource
from tests.ports import free_port


def test_connects_also_for_replication(postgres_source: PostgresSource) -> None:
    with connect(postgres_source.endpoint) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == (postgres_source.endpoint.database,)
    with connect(postgres_source.endpoint, replication=True) as connection:
        row = connection.execute("IDENTIFY_SYSTEM").fetchone()
        assert row is not None
        assert row[3] == postgres_source.endpoint.database


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": "wrong"}, "password authentication failed"),
        ({"password": None}, "password"),
        ({"user": "nobody"}, "password authentication failed"),
        ({"database": "missing"}, 'database "missing" does not exist'),
        ({"host": "no-such-host.invalid"}, "no-such-host.invalid"),
        ({"options": {"sslmode": "require"}}, "SSL"),
    ],
)
def test_refused_logins(postgres_source: PostgresSource, change: dict[str, object], words: str) -> None:
    endpoint = replace(postgres_source.endpoint, **change)  # type: ignore[arg-type]
    with pytest.raises(CannotConnect) as caught:
        connect(endpoint, connect_timeout_s=5)
    assert caught.value.code == "08001"
    assert words in (caught.value.detail or "")
    assert PASSWORD not in f"{caught.value} {caught.value.detail} {endpoint}"


def test_nobody_listens(postgres_source: PostgresSource) -> None:
    with pytest.raises(CannotConnect, match="could not connect to postgres://kadali@127"):
        connect(replace(postgres_source.endpoint, port=free_port()))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"options": {"sslmod": "require"}}, 'unrecognized option "sslmod"'),
        ({"options": {"sslmode": "maybe"}}, 'invalid value for option "sslmode": "maybe"'),
        ({"options": {"hostaddr": "127.0.0.1"}}, 'unrecognized option "hostaddr"'),
        ({"host": "a,b"}, 'invalid host name "a,b"'),
        ({"database": "host=elsewhere"}, 'invalid database name "host=elsewhere"'),
    ],
)
def test_endpoints_that_would_mean_something_else(
    postgres_source: PostgresSource, change: dict[str, object], words: str
) -> None:
    with pytest.raises(InvalidParameterValue, match=words):
        conninfo(replace(postgres_source.endpoint, **change))  # type: ignore[arg-type]
