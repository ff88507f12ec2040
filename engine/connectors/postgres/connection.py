"""Connections to a source's PostgreSQL: what of an endpoint libpq is told, and what it may not take from elsewhere."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from catalog.errors import InvalidParameterValue
from engine.connectors.model import Endpoint
from engine.connectors.postgres.errors import login_error

PORT = 5432
_WORDS: Mapping[str, tuple[str, ...]] = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "channel_binding": ("disable", "prefer", "require"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    "sslrootcert": ("system",),
    "row_security": ("on", "off"),
}
OPTIONS = frozenset({*_WORDS, "application_name"})
"""Options of an endpoint. `row_security` on: read what row-level security shows us; off (the default): refuse tables
of which it would hide rows, with 42501. `sslrootcert = system`: trust the authorities that the machine trusts.
"""
_SILENT_S = 60
"""After how long a connection counts as lost when the other side says nothing, not even that it is there."""
_OURS_ALONE = {
    # libpq takes what it is not told from the environment and from files of whoever runs the server.
    "options": "",
    "passfile": "/dev/null/none",
    "gssencmode": "disable",
    "client_encoding": "UTF8",
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": str(_SILENT_S * 1000),
}


def connect(
    endpoint: Endpoint, *, replication: bool = False, connect_timeout_s: float = 10.0
) -> psycopg.Connection[TupleRow]:
    """A connection in autocommit mode; `replication`: one that takes the replication commands too (walsender of the
    database). Raises CannotConnect (08001) with the source's words, InvalidParameterValue for bad options.
    """
    text = conninfo(endpoint, replication=replication, connect_timeout_s=connect_timeout_s)
    try:
        return psycopg.connect(text, autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        raise login_error(error, str(endpoint)) from error


def conninfo(endpoint: Endpoint, *, replication: bool = False, connect_timeout_s: float = 10.0) -> str:
    """The endpoint as libpq reads it, password included: never to be shown."""
    check_options(endpoint.options)
    if "," in endpoint.host or not endpoint.host:
        raise InvalidParameterValue(f'invalid host name "{endpoint.host}"', hint="Name one host.")
    tries = max(1, len(endpoint.addresses))  # libpq takes as many hosts and ports as addresses, and tries them in turn
    told = {key: value for key, value in endpoint.options.items() if key != "row_security"}
    values: dict[str, str] = {
        **_OURS_ALONE,
        "application_name": "kadali",
        "sslmode": "prefer",
        **told,
        "host": ",".join([endpoint.host] * tries),
        "hostaddr": ",".join(endpoint.addresses),
        "port": ",".join([str(endpoint.port)] * tries),
        "user": endpoint.user,
        "dbname": _plain(endpoint.database),
        "connect_timeout": str(max(2, round(connect_timeout_s))),  # libpq takes whole seconds, and 1 for 2
    }
    if endpoint.password is not None:
        values["password"] = endpoint.password
    if replication:
        values["replication"] = "database"
    return make_conninfo("", **values)


def check_options(options: Mapping[str, str]) -> None:
    """Raises InvalidParameterValue (22023) for an option that is not one of OPTIONS, or a value it cannot have."""
    for key, value in options.items():
        if key not in OPTIONS:
            near = difflib.get_close_matches(key, OPTIONS, n=1)
            raise InvalidParameterValue(
                f'unrecognized option "{key}" of a PostgreSQL connection',
                hint=f'Perhaps you meant the option "{near[0]}".' if near else None,
            )
        words = _WORDS.get(key)
        if words is not None and value not in words:
            raise InvalidParameterValue(
                f'invalid value for option "{key}": "{value}"', hint=f"Available values: {', '.join(words)}."
            )


def _plain(database: str) -> str:
    """libpq reads a database name with "=" in it, or one that begins like a URI, as a whole connection string."""
    if not database or "=" in database or database.startswith(("postgres://", "postgresql://")):
        raise InvalidParameterValue(f'invalid database name "{database}"')
    return database
