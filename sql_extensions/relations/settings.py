"""kadali.settings: the session's settings, PostgreSQL's and ours, as a relation."""

from __future__ import annotations

import pyarrow as pa

from sql_extensions.session import Session

SCHEMA = pa.schema([("name", pa.string()), ("setting", pa.string()), ("description", pa.string())])


def rows(session: Session) -> pa.Table:
    """As SHOW ALL."""
    found = [
        {"name": row.name, "setting": row.value, "description": row.description} for row in session.settings.show_all()
    ]
    return pa.Table.from_pylist(found, SCHEMA)
