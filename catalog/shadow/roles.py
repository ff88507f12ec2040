"""The login roles of a tenant's users in its shadow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from catalog.errors import ReservedName
from catalog.names import always_quote
from catalog.postgres.server import SUPERUSER
from catalog.shadow.state import writing

ADMINS = "kadali_admins"
"""The role that owns the tenant's database; its administrators are members, and so of pg_database_owner too."""
_STRIP = """
UPDATE {table} SET {column} = ARRAY(
  SELECT item FROM unnest({column}) item WHERE NOT EXISTS (
    SELECT 1 FROM aclexplode(ARRAY[item]) e JOIN pg_roles r ON r.oid IN (e.grantee, e.grantor)
    WHERE r.rolname = %(role)s))
WHERE {column}::text LIKE '%%' || %(role)s || '%%'
"""
"""Takes a role's rights away; ours are written into the catalogs and unknown to DROP OWNED."""


def set_roles(connection: psycopg.Connection[Any], roles: Mapping[str, bool]) -> None:
    """Create the login roles that are missing; administrators, and only they, own the database together."""
    if not roles:
        return
    with writing(connection):
        database = always_quote(connection.info.dbname)
        rows = connection.execute(
            "SELECT r.rolname, EXISTS (SELECT 1 FROM pg_auth_members m JOIN pg_roles a ON a.oid = m.roleid"
            " WHERE m.member = r.oid AND a.rolname = %s), r.rolcanlogin"
            " FROM pg_roles r WHERE NOT r.rolsuper AND r.rolname !~ '^pg_'",
            [ADMINS],
        ).fetchall()
        for name in roles:
            if name in (SUPERUSER, ADMINS) or name.startswith("pg_"):
                raise ReservedName(f'role name "{name}" is reserved')
        if ADMINS not in {name for name, _, _ in rows}:
            connection.execute(f"CREATE ROLE {ADMINS} NOLOGIN".encode())
            connection.execute(f"ALTER DATABASE {database} OWNER TO {ADMINS}".encode())
            connection.execute(f"REVOKE TEMP ON DATABASE {database} FROM {ADMINS}".encode())
        now = {name: (admin, login) for name, admin, login in rows}
        for name, admin in roles.items():
            role = always_quote(name)
            if name not in now:
                connection.execute(f"CREATE ROLE {role} LOGIN".encode())
            elif not now[name][1]:
                connection.execute(f"ALTER ROLE {role} LOGIN".encode())
            if admin != now.get(name, (False, True))[0]:
                grant, revoke = f"GRANT {ADMINS} TO {role} WITH INHERIT TRUE, SET FALSE", f"REVOKE {ADMINS} FROM {role}"
                connection.execute((grant if admin else revoke).encode())


def known_roles(connection: psycopg.Connection[Any], roles: Mapping[str, bool] | None = None) -> frozenset[str]:
    """The roles that rights may name: those of `roles` (if there are any) or all, and PostgreSQL's own."""
    rows = connection.execute("SELECT rolname FROM pg_roles").fetchall()
    return frozenset(
        name for (name,) in rows if not roles or name in roles or name.startswith("pg_") or name == SUPERUSER
    )


def drop_roles(connection: psycopg.Connection[Any], keep: Mapping[str, bool]) -> None:
    """Drop login roles that are not in `keep`; what they own falls to the superuser."""
    if not keep:
        return
    rows = connection.execute("SELECT rolname FROM pg_roles WHERE NOT rolsuper AND rolname !~ '^pg_'").fetchall()
    for (name,) in rows:
        if name not in keep and name != ADMINS:
            role = always_quote(name)
            with writing(connection):
                for table, column in (("pg_class", "relacl"), ("pg_attribute", "attacl"), ("pg_namespace", "nspacl")):
                    connection.execute(_STRIP.format(table=table, column=column).encode(), {"role": name})
                connection.execute(f"REASSIGN OWNED BY {role} TO CURRENT_USER".encode())
                connection.execute(f"DROP OWNED BY {role}".encode())
                connection.execute(f"DROP ROLE {role}".encode())
