"""What the SECRET statements do: rights, notices, and changes of the tenant's secrets. Values pass through, unseen."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.errors import FeatureNotSupported, InsufficientPrivilege, InvalidName, UndefinedObject
from catalog.names import NAMEDATALEN
from catalog.principal import Principal
from catalog.secrets.model import Origin, Secret, SecretSource
from catalog.secrets.tenant import TenantSecrets
from engine.base import Notice
from sql_extensions.cluster_actions import role_of
from sql_extensions.cluster_state import PUBLIC
from sql_extensions.context import Context
from sql_extensions.session import Session


def secrets_of(session: Session) -> TenantSecrets:
    """Raises FeatureNotSupported where this server has none."""
    found = session.tenant.connections
    if found is None:
        raise FeatureNotSupported("this server keeps no secrets")
    return found.secrets


def visible(owner: str, principal: Principal) -> bool:
    """Whether somebody may know of a secret or connection of `owner`."""
    return principal.admin or owner == principal.user


def owned(ctx: Context, name: str) -> Secret:
    """The secret, for its owner and administrators. Raises UndefinedObject (42704), InsufficientPrivilege (42501)."""
    found = secrets_of(ctx.session).get(name)
    if not visible(found.owner, ctx.session.principal):
        raise InsufficientPrivilege(f"must be owner of secret {name}")
    return found


def create(ctx: Context, name: str, origin: Origin, *, if_not_exists: bool) -> None:
    """Raises 42710, 42602, and what the origin's place says."""
    check_name("secret", name)
    if not ctx.session.principal.admin:
        raise InsufficientPrivilege("permission denied to create secret")
    secrets = secrets_of(ctx.session)
    if if_not_exists and secrets.find(name) is not None:
        ctx.call.notice(Notice("NOTICE", f'secret "{name}" already exists, skipping', "42710"))
        return
    secrets.create(name, ctx.session.principal.user, origin)


def alter(ctx: Context, name: str, origin: Origin) -> None:
    """What is the server's is for administrators, whoever owns the secret."""
    owned(ctx, name)
    if origin.source is not SecretSource.VALUE and not ctx.session.principal.admin:
        raise InsufficientPrivilege(f"permission denied to read secrets from {origin.source.value}")
    secrets_of(ctx.session).alter(name, origin)


def rename(ctx: Context, name: str, new: str) -> None:
    owned(ctx, name)
    check_name("secret", new)
    secrets_of(ctx.session).rename(name, new)


def give(ctx: Context, name: str, owner: str) -> None:
    """Raises UndefinedObject (42704) if there is no such role."""
    owned(ctx, name)
    secrets_of(ctx.session).give(name, new_owner(ctx, owner))


def comment(ctx: Context, name: str, text: str | None) -> None:
    owned(ctx, name)
    secrets_of(ctx.session).comment(name, text)


def drop(ctx: Context, names: Sequence[str], *, if_exists: bool) -> None:
    """All of them, or none. Raises DependentObjectsStillExist (2BP01)."""
    doomed = [name for name in dict.fromkeys(names) if not (if_exists and skips_missing(ctx, name))]
    for name in doomed:
        owned(ctx, name)
    secrets_of(ctx.session).drop(doomed)


def skips_missing(ctx: Context, name: str) -> bool:
    """IF EXISTS: whether there is none, which a notice tells."""
    if secrets_of(ctx.session).find(name) is not None:
        return False
    ctx.call.notice(Notice("NOTICE", f'secret "{name}" does not exist, skipping'))
    return True


def new_owner(ctx: Context, role: str) -> str:
    """A role that can own something. Raises UndefinedObject (42704)."""
    if role == PUBLIC:
        raise UndefinedObject('role "public" does not exist')
    return role_of(ctx, role)


def check_name(kind: str, name: str) -> None:
    """Raises InvalidName (42602)."""
    if not name or len(name.encode()) >= NAMEDATALEN or not name.isprintable():
        raise InvalidName(f'invalid {kind} name "{name}"', hint=f"A name has 1 to {NAMEDATALEN - 1} printable bytes.")
