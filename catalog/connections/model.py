"""What a connection is: the kinds there are, the options each knows, and one as it stands in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from uuid import UUID


class ConnectorKind(Enum):
    """What a connection is to; the value is the word of SQL."""

    POSTGRES = "postgres"
    MYSQL = "mysql"
    MONGODB = "mongodb"
    S3 = "s3"


class OptionType(Enum):
    """How an option's value is written."""

    TEXT = "text, 1 to 1000 printable characters"
    NAME = "a word of letters, digits, dots and hyphens"
    HOST = "the name or IP address of a host"
    PORT = "a port, 1 to 65535"
    SECONDS = "a number of seconds, 1 to 300"
    TRUTH = "true or false"
    URL = "an http or https URL, without a user"
    WORD = "one of a list"
    SECRET = "a secret"  # noqa: S105 - the word


@dataclass(frozen=True, slots=True)
class ConnectionOption:
    """`words`: the values of a WORD. `where`: it says where the other system is, which is for administrators to say."""

    type: OptionType
    required: bool = False
    default: str | None = None
    words: tuple[str, ...] = ()
    where: bool = False


_HOST = ConnectionOption(OptionType.HOST, required=True, where=True)
_TEXT = ConnectionOption(OptionType.TEXT)
_NAME = ConnectionOption(OptionType.NAME)
_SECRET = ConnectionOption(OptionType.SECRET)
_TIMEOUT = ConnectionOption(OptionType.SECONDS)


def _port(default: str) -> ConnectionOption:
    return ConnectionOption(OptionType.PORT, default=default, where=True)


def _words(*words: str) -> ConnectionOption:
    return ConnectionOption(OptionType.WORD, words=words)


_ROOTS = _words("system")
_LOGIN = {"user": _TEXT, "password": _SECRET}
OPTIONS: Mapping[ConnectorKind, Mapping[str, ConnectionOption]] = {
    ConnectorKind.POSTGRES: {
        "host": _HOST,
        "port": _port("5432"),
        "database": ConnectionOption(OptionType.TEXT, required=True),
        **_LOGIN,
        "sslmode": _words("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
        "sslrootcert": _ROOTS,
        "channel_binding": _words("disable", "prefer", "require"),
        "target_session_attrs": _words("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
        "row_security": _words("on", "off"),
        "connect_timeout": _TIMEOUT,
        "application_name": _TEXT,
    },
    ConnectorKind.MYSQL: {
        "host": _HOST,
        "port": _port("3306"),
        "database": _TEXT,
        **_LOGIN,
        "sslmode": _words("disable", "prefer", "require", "verify-ca", "verify-full"),
        "sslrootcert": _ROOTS,
        "connect_timeout": _TIMEOUT,
    },
    ConnectorKind.MONGODB: {
        "host": _HOST,
        "port": _port("27017"),
        "database": _TEXT,
        **_LOGIN,
        "auth_source": _TEXT,
        "replica_set": _NAME,
        "tls": ConnectionOption(OptionType.TRUTH),
        "connect_timeout": _TIMEOUT,
    },
    ConnectorKind.S3: {
        "endpoint": ConnectionOption(OptionType.URL, where=True),
        "region": _NAME,
        "bucket": _NAME,
        "access_key_id": _TEXT,
        "secret_access_key": _SECRET,
        "session_token": _SECRET,
        "path_style": ConnectionOption(OptionType.TRUTH),
    },
}
"""By kind and name. None names a file of the server, a socket or a service: what a connection opens is in it."""


@dataclass(frozen=True, slots=True)
class SecretUse:
    """The secret of an option. `name` None: one that the connection has for itself, made of a text in the statement."""

    id: UUID
    name: str | None


@dataclass(frozen=True, slots=True)
class Connection:
    """`options` are plain, as text, by name; `secrets` by option. It holds no secret's value."""

    id: UUID
    tenant: str
    name: str
    kind: ConnectorKind
    owner: str
    created_at: datetime
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    secrets: Mapping[str, SecretUse] = field(default_factory=lambda: MappingProxyType({}))
    comment: str | None = None

    def option(self, name: str) -> str | None:
        """The value in force: as given, or the kind's default."""
        known = OPTIONS[self.kind].get(name)
        return self.options.get(name, known.default if known is not None else None)
