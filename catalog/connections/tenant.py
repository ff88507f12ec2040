"""One tenant's connections, as its statements see and change them, with the secrets that belong to them alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection as Transaction
from sqlalchemy import delete, func, insert, select, update

from catalog.connections.model import Connection, ConnectorKind, SecretUse
from catalog.connections.outbound import Outbound
from catalog.errors import ConfigurationLimitExceeded, DuplicateObject, UndefinedObject
from catalog.secrets.model import Origin, SecretSource
from catalog.secrets.tenant import TenantSecrets
from catalog.store.tables import connection_secrets, connections, secrets

CONNECTIONS_MAX = 1000
"""Of one tenant."""


@dataclass(frozen=True, slots=True)
class SecretGiven:
    """What a statement gives an option: the `name` of a secret, or a `value` to be kept for the connection alone."""

    name: str | None = None
    value: str | None = field(default=None, repr=False)


class TenantConnections:
    """Usable from any thread. Every method may raise SqlError 08006; those that take a name 42704; those that are given
    secrets what `TenantSecrets` raises.
    """

    def __init__(self, secrets_of: TenantSecrets, outbound: Outbound) -> None:
        """`outbound`: where to the server may connect."""
        self.outbound = outbound
        self.secrets = secrets_of

    def list(self) -> tuple[Connection, ...]:
        """By name."""
        with self.secrets.database.begin() as transaction:
            return self._read(transaction)

    def get(self, name: str) -> Connection:
        with self.secrets.database.begin() as transaction:
            return self._named(transaction, name)

    def find(self, name: str) -> Connection | None:
        """None if there is none."""
        with self.secrets.database.begin() as transaction:
            return self._find(transaction, name)

    def create(
        self,
        name: str,
        kind: ConnectorKind,
        owner: str,
        options: Mapping[str, str],
        given: Mapping[str, SecretGiven],
        *,
        replacing: bool = False,
    ) -> Connection:
        """With `replacing`, one of this name becomes this one, and keeps its owner and comment; secrets that it had for
        itself are gone. Raises DuplicateObject (42710), ConfigurationLimitExceeded (53400).
        """
        with self.secrets.change(sealing=_seals(given)) as transaction:
            before = self._find(transaction, name)
            if before is not None and not replacing:
                raise DuplicateObject(f'connection "{name}" already exists')
            if before is not None:
                self._put_options(transaction, before, kind, options)
                self._take(transaction, before, set(before.secrets))
                made, owner = before.id, before.owner
            else:
                made = self._insert(transaction, name, kind, owner, options)
            self._give(transaction, made, owner, given)
            return self._named(transaction, name)

    def alter(self, name: str, options: Mapping[str, str], given: Mapping[str, SecretGiven]) -> Connection:
        """These options get other values, all others stay."""
        with self.secrets.change(sealing=_seals(given)) as transaction:
            before = self._named(transaction, name)
            self._put_options(transaction, before, before.kind, {**before.options, **options})
            self._take(transaction, before, set(given))
            self._give(transaction, before.id, before.owner, given)
            return self._named(transaction, name)

    def rename(self, name: str, new: str) -> None:
        """Raises DuplicateObject (42710)."""
        with self.secrets.change() as transaction:
            before = self._named(transaction, name)
            if self._find(transaction, new) is not None:
                raise DuplicateObject(f'connection "{new}" already exists')
            transaction.execute(update(connections).where(connections.c.id == before.id).values(name=new))

    def give(self, name: str, owner: str) -> None:
        """To another owner."""
        with self.secrets.change() as transaction:
            before = self._named(transaction, name)
            transaction.execute(update(connections).where(connections.c.id == before.id).values(owner=owner))

    def comment(self, name: str, text: str | None) -> None:
        with self.secrets.change() as transaction:
            before = self._named(transaction, name)
            transaction.execute(update(connections).where(connections.c.id == before.id).values(comment=text))

    def drop(self, names: Sequence[str]) -> None:
        """All of them, or none; with what each has for itself."""
        with self.secrets.change() as transaction:
            for name in names:
                before = self._named(transaction, name)
                self._take(transaction, before, set(before.secrets))
                transaction.execute(delete(connections).where(connections.c.id == before.id))

    def secret_values(self, connection: Connection) -> Mapping[str, str]:
        """By option, as they are now; to connect with, never to be shown. Raises what `TenantSecrets.value` does."""
        return {option: self.secrets.value_of(use.id) for option, use in connection.secrets.items()}

    def _insert(
        self, transaction: Transaction, name: str, kind: ConnectorKind, owner: str, options: Mapping[str, str]
    ) -> UUID:
        mine = select(func.count()).select_from(connections).where(connections.c.tenant_id == self.secrets.tenant)
        if transaction.execute(mine).scalar_one() >= CONNECTIONS_MAX:
            raise ConfigurationLimitExceeded(f"a database has {CONNECTIONS_MAX} connections at most")
        made = uuid4()
        row: dict[str, Any] = {"id": made, "tenant_id": self.secrets.tenant, "name": name, "kind": kind.value}
        transaction.execute(insert(connections).values(row | {"owner": owner, "options": dict(options)}))
        return made

    @staticmethod
    def _put_options(
        transaction: Transaction, before: Connection, kind: ConnectorKind, options: Mapping[str, str]
    ) -> None:
        values = {"kind": kind.value, "options": dict(options)}
        transaction.execute(update(connections).where(connections.c.id == before.id).values(values))

    @staticmethod
    def _take(transaction: Transaction, before: Connection, options: set[str]) -> None:
        """These options have no secret any more; those that were the connection's alone are gone."""
        of_this = connection_secrets.c.connection_id == before.id
        transaction.execute(delete(connection_secrets).where(of_this, connection_secrets.c.option.in_(options)))
        own = [use.id for option, use in before.secrets.items() if option in options and use.name is None]
        transaction.execute(delete(secrets).where(secrets.c.id.in_(own)))

    def _give(self, transaction: Transaction, made: UUID, owner: str, given: Mapping[str, SecretGiven]) -> None:
        for option, what in given.items():
            if what.name is not None:
                secret = self.secrets.named(transaction, what.name).id
            else:
                secret = self.secrets.add(transaction, None, owner, Origin(SecretSource.VALUE, value=what.value))
            row = {"connection_id": made, "option": option, "secret_id": secret}
            transaction.execute(insert(connection_secrets).values(row))

    def _named(self, transaction: Transaction, name: str) -> Connection:
        found = self._find(transaction, name)
        if found is None:
            hint = "SHOW CONNECTIONS lists the connections there are."
            raise UndefinedObject(f'connection "{name}" does not exist', hint=hint)
        return found

    def _find(self, transaction: Transaction, name: str) -> Connection | None:
        return next(iter(self._read(transaction, name)), None)

    def _read(self, transaction: Transaction, name: str | None = None) -> tuple[Connection, ...]:
        """Of that name, or all."""
        joined = connection_secrets.join(connections, connections.c.id == connection_secrets.c.connection_id)
        joined = joined.join(secrets, secrets.c.id == connection_secrets.c.secret_id)
        links = select(
            connection_secrets.c.connection_id, connection_secrets.c.option, secrets.c.id, secrets.c.name
        ).select_from(joined)
        links = links.where(connections.c.tenant_id == self.secrets.tenant)
        wanted = select(connections).where(connections.c.tenant_id == self.secrets.tenant)
        if name is not None:
            wanted, links = wanted.where(connections.c.name == name), links.where(connections.c.name == name)
        uses: dict[UUID, dict[str, SecretUse]] = {}
        for link in transaction.execute(links.order_by(connection_secrets.c.option)):
            uses.setdefault(link.connection_id, {})[link.option] = SecretUse(link.id, link.name)
        return tuple(
            Connection(
                id=row.id,
                tenant=self.secrets.tenant_name,
                name=row.name,
                kind=ConnectorKind(row.kind),
                owner=row.owner,
                created_at=row.created_at,
                options=MappingProxyType(row.options),
                secrets=MappingProxyType(uses.get(row.id, {})),
                comment=row.comment,
            )
            for row in transaction.execute(wanted.order_by(connections.c.name))
        )


def _seals(given: Mapping[str, SecretGiven]) -> bool:
    return any(what.value is not None for what in given.values())
