"""Users of the server and the databases (tenants) they may enter. A user has one password, whatever the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from catalog.errors import (
    DuplicateObject,
    InsufficientPrivilege,
    InvalidAuthorization,
    InvalidCatalogName,
    InvalidName,
    InvalidPassword,
    ReservedName,
    UndefinedObject,
)
from catalog.names import NAMEDATALEN
from catalog.principal import Principal
from catalog.scram import matches, mock_verifier, scram_verifier
from catalog.store.change import Change
from catalog.store.database import Database
from catalog.store.lake import Lake
from catalog.store.tables import memberships, tenants, users

RESERVED_USERS = frozenset({"kadali", "public", "none", "postgres"})
"""Roles that exist in every shadow catalog, or mean something in GRANT."""
PASSWORD_BYTES_MAX = 1024


@dataclass(frozen=True, slots=True)
class User:
    """A user in one database."""

    name: str
    database: str
    admin: bool
    created_at: datetime


class Users:
    """Reached as `Store.users`."""

    def __init__(self, database: Database, mock_secret: bytes) -> None:
        self._database = database
        self._mock_secret = mock_secret

    def add(self, name: str, database: str, password: str, *, admin: bool = False) -> None:
        """Let `name` into `database`. A user known from another database keeps the password, which must be `password`.

        Raises DuplicateObject if already there, InvalidPassword if the password is another one, InvalidCatalogName,
        ReservedName, InvalidName.
        """
        check_user_name(name)
        verifier = _verifier_of(password)
        with self._database.begin() as connection:
            tenant = _tenant_id(connection, database)
            made = insert_or_skip(users).values(name=name, verifier=verifier).on_conflict_do_nothing()
            if connection.execute(made.returning(users.c.name)).first() is None:
                known = connection.execute(select(users.c.verifier).where(users.c.name == name)).scalar_one()
                if not matches(password, known):
                    raise InvalidPassword(
                        f'user "{name}" exists with another password',
                        hint="Give the user's own password, or change it first with: kadali user password",
                    )
            member = {"user_name": name, "tenant_id": tenant, "admin": admin}
            added = insert_or_skip(memberships).values(member).on_conflict_do_nothing()
            if connection.execute(added.returning(memberships.c.user_name)).first() is None:
                raise DuplicateObject(f'role "{name}" already exists')
            _tell(connection, tenant, name)

    def set_password(self, name: str, password: str) -> None:
        """Raises UndefinedObject."""
        change = update(users).where(users.c.name == name).values(verifier=_verifier_of(password))
        with self._database.begin() as connection:
            if connection.execute(change).rowcount == 0:
                raise UndefinedObject(f'role "{name}" does not exist')

    def set_admin(self, name: str, database: str, *, admin: bool) -> None:
        """Raises UndefinedObject, InvalidCatalogName."""
        with self._database.begin() as connection:
            tenant = _tenant_id(connection, database)
            member = (memberships.c.user_name == name, memberships.c.tenant_id == tenant)
            if connection.execute(update(memberships).where(*member).values(admin=admin)).rowcount == 0:
                raise UndefinedObject(f'role "{name}" does not exist')
            _tell(connection, tenant, name)

    def drop(self, name: str, database: str | None = None) -> None:
        """Out of `database`, or of all; the user ends with the last one. Raises UndefinedObject, InvalidCatalogName."""
        with self._database.begin() as connection:
            member = [memberships.c.user_name == name]
            if database is not None:
                member.append(memberships.c.tenant_id == _tenant_id(connection, database))
            left = connection.execute(delete(memberships).where(*member).returning(memberships.c.tenant_id)).scalars()
            found = sorted(left)
            if not found and database is not None:
                raise UndefinedObject(f'role "{name}" does not exist')
            for tenant in found:
                _tell(connection, tenant, name)
            others = select(memberships.c.user_name).where(memberships.c.user_name == name).exists()
            gone = connection.execute(delete(users).where(users.c.name == name, ~others)).rowcount
            if not found and not gone:
                raise UndefinedObject(f'role "{name}" does not exist')

    def list(self, database: str | None = None) -> list[User]:
        """Sorted by database, then name. Raises InvalidCatalogName."""
        joined = memberships.join(users).join(tenants)
        rows = select(users.c.name, tenants.c.name.label("database"), memberships.c.admin, users.c.created_at)
        rows = rows.select_from(joined).order_by(tenants.c.name, users.c.name)
        with self._database.begin() as connection:
            if database is not None:
                rows = rows.where(tenants.c.id == _tenant_id(connection, database))
            return [User(*row) for row in connection.execute(rows)]

    def verifier(self, name: str) -> str:
        """The SCRAM verifier; for an unknown user one that no password fits, always the same."""
        with self._database.begin() as connection:
            found = connection.execute(select(users.c.verifier).where(users.c.name == name)).scalar()
        return mock_verifier(name, self._mock_secret) if found is None else str(found)

    def login(self, user: str, database: str, peer: str = "") -> Principal:
        """Who this is, once the password has been proved.

        Raises InvalidAuthorization (no such user), InvalidCatalogName, InsufficientPrivilege (not one's database).
        """
        with self._database.begin() as connection:
            tenant = select(tenants.c.id).where(tenants.c.name == database).scalar_subquery()
            mine = (memberships.c.user_name == users.c.name) & (memberships.c.tenant_id == tenant)
            row = connection.execute(
                select(tenant.label("tenant"), memberships.c.admin)
                .select_from(users.outerjoin(memberships, mine))
                .where(users.c.name == user)
            ).first()
        if row is None:
            raise InvalidAuthorization(f'role "{user}" does not exist')
        if row.tenant is None:
            raise InvalidCatalogName(f'database "{database}" does not exist')
        if row.admin is None:
            raise InsufficientPrivilege(
                f'permission denied for database "{database}"', detail="User does not have CONNECT privilege."
            )
        return Principal(user, database, row.admin, peer)

    def databases(self, user: str) -> Sequence[str]:
        """The databases a user may enter, sorted; none for an unknown user."""
        mine = select(tenants.c.name).select_from(memberships.join(tenants)).where(memberships.c.user_name == user)
        with self._database.begin() as connection:
            return [str(name) for name in connection.execute(mine.order_by(tenants.c.name)).scalars()]


def check_user_name(name: str) -> None:
    """Raises InvalidName, ReservedName."""
    check_name(name, "role")
    if name in RESERVED_USERS or name.startswith("pg_"):
        raise ReservedName(f'role name "{name}" is reserved')


def check_name(name: str, kind: str) -> None:
    """Raises InvalidName unless it can be a PostgreSQL name without being cut."""
    if not name or len(name.encode()) >= NAMEDATALEN or not name.isprintable():
        raise InvalidName(f'invalid {kind} name "{name}"', hint=f"A name has 1 to {NAMEDATALEN - 1} printable bytes.")


def check_password(password: str) -> None:
    """Raises InvalidPassword unless it may be one."""
    if not password or len(password.encode()) > PASSWORD_BYTES_MAX or "\0" in password:
        raise InvalidPassword(f"a password has 1 to {PASSWORD_BYTES_MAX} bytes, none of them zero")


def _verifier_of(password: str) -> str:
    check_password(password)
    return scram_verifier(password)


def _tenant_id(connection: Connection, database: str) -> Any:
    found = connection.execute(select(tenants.c.id).where(tenants.c.name == database)).scalar()
    if found is None:
        raise InvalidCatalogName(f'database "{database}" does not exist')
    return found


def _tell(connection: Connection, tenant: Any, name: str) -> None:
    change = Change(connection, tenant, Lake(""), 0)
    change.role_changed(name)
    change.finish()
