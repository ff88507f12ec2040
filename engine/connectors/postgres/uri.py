"""A PostgreSQL source as users write it in one text: `postgresql://user:password@host:port/database?sslmode=require`."""

from __future__ import annotations

import psycopg
from psycopg.conninfo import conninfo_to_dict

from catalog.errors import InvalidParameterValue
from engine.connectors.model import ConnectorKind, Endpoint
from engine.connectors.postgres.connection import PORT, check_options

_SCHEMES = ("postgresql://", "postgres://")
_HINT = "It is postgresql://user:password@host:port/database?option=value."
_PLACE = ("host", "port", "dbname", "user", "password")


def endpoint_of(text: str) -> Endpoint:
    """What the URI says, and nothing from the environment or from files.

    Raises InvalidParameterValue (22023), without the text, which may hold a password.
    """
    if not text.startswith(_SCHEMES):
        raise InvalidParameterValue("invalid URI of a PostgreSQL source", hint=_HINT)
    try:
        found = {key: str(value) for key, value in conninfo_to_dict(text).items() if value is not None}
    except psycopg.Error as error:
        raise InvalidParameterValue("invalid URI of a PostgreSQL source", hint=_HINT) from error
    for key, name in (("host", "a host"), ("dbname", "a database"), ("user", "a user")):
        if not found.get(key):
            raise InvalidParameterValue(f"the URI of the source does not name {name}", hint=_HINT)
    port = found.get("port") or str(PORT)
    if not port.isdigit() or not 1 <= int(port) <= 65535:
        raise InvalidParameterValue("the URI of the source has no valid port", hint=_HINT)
    options = {key: value for key, value in found.items() if key not in _PLACE}
    check_options(options)
    return Endpoint(
        kind=ConnectorKind.POSTGRES,
        host=found["host"],
        port=int(port),
        database=found["dbname"],
        user=found["user"],
        password=found.get("password"),
        options=options,
    )
