"""What connectors are told of a connection: what the statement takes, they take."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from catalog.connections.model import OPTIONS, Connection, ConnectorKind, OptionType
from catalog.errors import InvalidParameterValue
from engine.connectors.model import Endpoint
from engine.connectors.postgres.connection import conninfo
from sql_extensions.connection_actions import PARTS, endpoint_of
from sql_extensions.connection_options import Given, address_of, checked

WORDS = {
    OptionType.HOST: "db.example.org",
    OptionType.PORT: 5433,
    OptionType.SECONDS: 20,
    OptionType.TRUTH: True,
    OptionType.TEXT: "a text",
}


def connection(kind: ConnectorKind, **options: str) -> Connection:
    return Connection(uuid4(), "acme", "c", kind, "ann", datetime.now(UTC), options)


def test_an_endpoint() -> None:
    made = connection(ConnectorKind.POSTGRES, host="h", database="d", user="u", sslmode="require", connect_timeout="5")
    endpoint = endpoint_of(made, {"password": "geheim"})
    expected = Endpoint(ConnectorKind.POSTGRES, "h", 5432, "d", "u", "geheim", {"sslmode": "require"})
    assert endpoint == expected and "geheim" not in repr(endpoint)
    assert address_of(made.kind, made.options) == ("h", 5432)


def test_postgres_takes_every_option_with_every_word() -> None:
    options = OPTIONS[ConnectorKind.POSTGRES]
    most = max(len(option.words) for option in options.values())
    for number in range(most):
        plain = {
            key: option.words[number % len(option.words)] if option.words else WORDS[option.type]
            for key, option in options.items()
            if option.type is not OptionType.SECRET
        }
        made = connection(ConnectorKind.POSTGRES, **checked(ConnectorKind.POSTGRES, Given(plain)))
        endpoint = endpoint_of(made, {"password": "geheim"})
        assert set(endpoint.options) == set(plain) - set(PARTS)
        assert "password=geheim" in conninfo(endpoint)


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("https://s3.example.org", ("s3.example.org", 443)),
        ("http://minio:9000/", ("minio", 9000)),
        ("http://[::1]:9000", ("::1", 9000)),
    ],
)
def test_endpoints_of_object_stores(endpoint: str, address: tuple[str, int]) -> None:
    options = checked(ConnectorKind.S3, Given({"endpoint": endpoint, "path_style": "on"}))
    assert options == {"endpoint": endpoint.rstrip("/"), "path_style": "true"}
    assert address_of(ConnectorKind.S3, options) == address
    assert address_of(ConnectorKind.S3, {}) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("endpoint", "ftp://h"),
        ("endpoint", "http://u:p@h"),
        ("endpoint", "http://h/path"),
        ("endpoint", "http://h?x=1"),
        ("endpoint", "http://h:0"),
        ("endpoint", "http://h:99999"),
        ("endpoint", "http://"),
        ("endpoint", "http://[::1"),
        ("endpoint", "http:///tmp/socket"),
        ("region", "eu.example.org/x#"),
        ("region", "eu@evil"),
        ("bucket", ""),
        ("path_style", "maybe"),
    ],
)
def test_values_that_are_none(key: str, value: str) -> None:
    with pytest.raises(InvalidParameterValue, match=f'invalid value for connection option "{key}"'):
        checked(ConnectorKind.S3, Given({key: value}))
