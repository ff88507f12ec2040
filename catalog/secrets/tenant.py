"""One tenant's secrets, as its statements see and change them. Values leave by `value` only, for connections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from catalog.errors import ConfigurationLimitExceeded, DependentObjectsStillExist, DuplicateObject, UndefinedObject
from catalog.secrets.keys import ServerKeys
from catalog.secrets.model import Origin, Secret, SecretSource
from catalog.secrets.outside import Outside, checked
from catalog.secrets.sealing import seal, unseal
from catalog.store.database import Database
from catalog.store.tables import connection_secrets, connections, secrets, tenants

SECRETS_MAX = 10_000
"""Of one tenant."""


class TenantSecrets:
    """Usable from any thread. Every method may raise SqlError: 08006, and 55000 if this server lacks the store's key.
    Those that take a name raise UndefinedObject (42704).
    """

    def __init__(self, database: Database, tenant: UUID, name: str, keys: ServerKeys, outside: Outside) -> None:
        """`name` is the tenant's; `outside`: where else than in the store values may be."""
        self.database, self.tenant, self.tenant_name = database, tenant, name
        self._keys, self._outside = keys, outside

    def list(self) -> tuple[Secret, ...]:
        """By name, without those that connections have for themselves."""
        wanted = select(secrets).where(secrets.c.tenant_id == self.tenant, secrets.c.name.is_not(None))
        with self.database.begin() as connection:
            return tuple(_secret(row) for row in connection.execute(wanted.order_by(secrets.c.name)))

    def get(self, name: str) -> Secret:
        with self.database.begin() as connection:
            return self.named(connection, name)

    def find(self, name: str) -> Secret | None:
        """None if there is none."""
        with self.database.begin() as connection:
            return self._find(connection, name)

    def create(self, name: str, owner: str, origin: Origin) -> Secret:
        """Raises DuplicateObject (42710), InsufficientPrivilege (42501) for an origin that is not for tenants,
        ObjectNotInPrerequisiteState (55000) if nothing is there, ConfigurationLimitExceeded (53400).
        """
        self._check(origin)
        with self.change(sealing=origin.value is not None) as connection:
            if self._find(connection, name) is not None:
                raise DuplicateObject(f'secret "{name}" already exists')
            self.add(connection, name, owner, origin)
            return self.named(connection, name)

    def alter(self, name: str, origin: Origin) -> None:
        """Another value or origin; connections use it from their next use on."""
        self._check(origin)
        with self.change(sealing=origin.value is not None) as connection:
            found = self.named(connection, name)
            values = self._columns(connection, found.id, origin) | {"changed_at": func.now()}
            connection.execute(update(secrets).where(secrets.c.id == found.id).values(values))

    def rename(self, name: str, new: str) -> None:
        """Connections go on using it. Raises DuplicateObject (42710)."""
        with self.change() as connection:
            found = self.named(connection, name)
            if self._find(connection, new) is not None:
                raise DuplicateObject(f'secret "{new}" already exists')
            connection.execute(update(secrets).where(secrets.c.id == found.id).values(name=new))

    def give(self, name: str, owner: str) -> None:
        """To another owner."""
        self._set(name, owner=owner)

    def comment(self, name: str, text: str | None) -> None:
        self._set(name, comment=text)

    def drop(self, names: Sequence[str]) -> None:
        """All of them, or none. Raises DependentObjectsStillExist (2BP01) if a connection uses one."""
        with self.change() as connection:
            for name in names:
                found = self.named(connection, name)
                users = self._users(connection, found.id)
                if users:
                    raise DependentObjectsStillExist(
                        f'cannot drop secret "{name}" because other objects depend on it',
                        detail="\n".join(f'connection "{user}" depends on secret "{name}"' for user in users),
                        hint="Drop them first, or give them another secret.",
                    )
                connection.execute(delete(secrets).where(secrets.c.id == found.id))

    def value(self, name: str) -> str:
        """What it is now, wherever it comes from. Raises also what `Outside.read` does."""
        return self.value_of(self.get(name).id)

    def value_of(self, id: UUID) -> str:  # noqa: A002 - the store's own word
        """The same by its id, those of connections too."""
        with self.database.begin() as connection:
            row = self._row(connection, id)
        if row.sealed is None:
            return self._outside.read(_origin(row), self.tenant_name)
        self._keys.prepare(self.database)
        with self.database.begin() as connection:
            keys, row = self._keys.known(connection), self._row(connection, id)
            return unseal(bytes(row.sealed or b""), keys, self.tenant, id)

    @contextmanager
    def change(self, *, sealing: bool = False) -> Iterator[Connection]:
        """A transaction in which nobody else changes the tenant's secrets or connections."""
        if sealing:
            self._keys.prepare(self.database)
        with self.database.begin() as connection:
            connection.execute(select(tenants.c.id).where(tenants.c.id == self.tenant).with_for_update(key_share=True))
            yield connection

    def named(self, connection: Connection, name: str) -> Secret:
        """Raises UndefinedObject (42704)."""
        found = self._find(connection, name)
        if found is None:
            raise UndefinedObject(f'secret "{name}" does not exist', hint="SHOW SECRETS lists the secrets there are.")
        return found

    def add(self, connection: Connection, name: str | None, owner: str, origin: Origin) -> UUID:
        """In a transaction of `change(sealing=True)`; without a name: one that a connection has for itself."""
        count = select(func.count()).select_from(secrets).where(secrets.c.tenant_id == self.tenant)
        if connection.execute(count).scalar_one() >= SECRETS_MAX:
            raise ConfigurationLimitExceeded(f"a database has {SECRETS_MAX} secrets at most")
        made = uuid4()
        row = {"id": made, "tenant_id": self.tenant, "name": name, "owner": owner}
        connection.execute(insert(secrets).values(row | self._columns(connection, made, origin)))
        return made

    def _check(self, origin: Origin) -> None:
        if origin.value is not None:
            checked(origin.value)
        self._outside.check(origin, self.tenant_name)

    def _columns(self, connection: Connection, id: UUID, origin: Origin) -> dict[str, Any]:  # noqa: A002
        sealed = None
        if origin.value is not None:
            sealed = seal(checked(origin.value), self._keys.known(connection)[0], self.tenant, id)
        values = {"source": origin.source.value, "reference": origin.reference, "key": origin.key}
        return values | {"sealed": sealed}

    def _set(self, name: str, **values: str | None) -> None:
        with self.change() as connection:
            found = self.named(connection, name)
            connection.execute(update(secrets).where(secrets.c.id == found.id).values(values))

    def _row(self, connection: Connection, id: UUID) -> Row[Any]:  # noqa: A002
        row = connection.execute(select(secrets).where(secrets.c.tenant_id == self.tenant, secrets.c.id == id)).first()
        if row is None:
            raise UndefinedObject("the secret does not exist any more")
        return row

    def _find(self, connection: Connection, name: str) -> Secret | None:
        mine = (secrets.c.tenant_id == self.tenant, secrets.c.name == name)
        row = connection.execute(select(secrets).where(*mine)).one_or_none()
        return None if row is None else _secret(row)

    @staticmethod
    def _users(connection: Connection, secret: UUID) -> Sequence[str]:
        joined = connection_secrets.join(connections, connections.c.id == connection_secrets.c.connection_id)
        used = select(connections.c.name).select_from(joined).where(connection_secrets.c.secret_id == secret)
        return list(connection.execute(used.distinct().order_by(connections.c.name)).scalars())


def _origin(row: Row[Any]) -> Origin:
    return Origin(SecretSource(row.source), row.reference, row.key)


def _secret(row: Row[Any]) -> Secret:
    return Secret(row.id, row.name, row.owner, _origin(row), row.created_at, row.changed_at, row.comment)
