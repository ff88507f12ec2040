"""kadali.connections: where other systems are, without the secrets that open them."""

from __future__ import annotations

import pyarrow as pa

from catalog.connections.model import Connection, ConnectorKind
from sql_extensions.secret_actions import visible
from sql_extensions.session import Session

SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("type", pa.string()),
        ("host", pa.string()),
        ("port", pa.int32()),
        ("database", pa.string()),
        ("user", pa.string()),
        ("owner", pa.string()),
        ("created_at", pa.timestamp("us", "UTC")),
        ("comment", pa.string()),
    ]
)


def rows(session: Session) -> pa.Table:
    """By name: those the user owns; all for administrators. Raises ConnectionFailure."""
    connections = session.tenant.connections
    found = () if connections is None else connections.list()
    return pa.Table.from_pylist([_row(one) for one in found if visible(one.owner, session.principal)], SCHEMA)


def _row(one: Connection) -> dict[str, object]:
    s3 = one.kind is ConnectorKind.S3
    port = one.option("port")
    return {
        "name": one.name,
        "type": one.kind.value,
        "host": one.option("endpoint" if s3 else "host"),
        "port": None if port is None else int(port),
        "database": one.option("bucket" if s3 else "database"),
        "user": one.option("access_key_id" if s3 else "user"),
        "owner": one.owner,
        "created_at": one.created_at,
        "comment": one.comment,
    }
