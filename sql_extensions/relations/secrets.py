"""kadali.secrets: what is known of secrets without their values."""

from __future__ import annotations

import pyarrow as pa

from sql_extensions.secret_actions import visible
from sql_extensions.session import Session

MOMENT = pa.timestamp("us", "UTC")
SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("source", pa.string()),
        ("reference", pa.string()),
        ("owner", pa.string()),
        ("created_at", MOMENT),
        ("changed_at", MOMENT),
        ("comment", pa.string()),
    ]
)


def rows(session: Session) -> pa.Table:
    """By name: those the user owns; all for administrators. Raises ConnectionFailure."""
    connections = session.tenant.connections
    found = [
        {
            "name": one.name,
            "source": one.origin.source.value,
            "reference": str(one.origin) or None,
            "owner": one.owner,
            "created_at": one.created_at,
            "changed_at": one.changed_at,
            "comment": one.comment,
        }
        for one in (() if connections is None else connections.secrets.list())
        if visible(one.owner, session.principal)
    ]
    return pa.Table.from_pylist(found, SCHEMA)
