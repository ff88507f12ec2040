"""kadali.settings: the session's settings, PostgreSQL's and ours; kadali.role_settings: what sessions begin with."""

from __future__ import annotations

import pyarrow as pa

from sql_extensions.session import Session

SCHEMA = pa.schema([("name", pa.string()), ("setting", pa.string()), ("description", pa.string())])
ROLES = pa.schema([("role", pa.string()), ("name", pa.string()), ("setting", pa.string())])


def rows(session: Session) -> pa.Table:
    """As SHOW ALL."""
    found = [
        {"name": row.name, "setting": row.value, "description": row.description} for row in session.settings.show_all()
    ]
    return pa.Table.from_pylist(found, SCHEMA)


def of_roles(session: Session) -> pa.Table:
    """By role and name; without a role those of everyone."""
    found = [
        {"role": role or None, "name": name, "setting": value}
        for role, settings in sorted(session.tenant.catalog.snapshot().settings.items())
        for name, value in sorted(settings.items())
    ]
    return pa.Table.from_pylist(found, ROLES)
