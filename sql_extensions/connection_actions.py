"""What the CONNECTION statements do: rights, where to the server may connect, changes of the tenant's connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from catalog.connections.model import OPTIONS, Connection, ConnectorKind, OptionType
from catalog.connections.tenant import TenantConnections
from catalog.errors import DuplicateObject, FeatureNotSupported, InsufficientPrivilege
from engine.base import Notice
from engine.connectors.model import Endpoint
from sql_extensions import connection_options, secret_actions
from sql_extensions.connection_options import Given
from sql_extensions.context import Context
from sql_extensions.session import Session

PARTS = ("host", "port", "database", "user", "connect_timeout")
"""Options that are not among an endpoint's own."""
CONNECT_TIMEOUT_S = 10.0


def connections_of(session: Session) -> TenantConnections:
    """Raises FeatureNotSupported where this server has none."""
    found = session.tenant.connections
    if found is None:
        raise FeatureNotSupported("this server keeps no connections")
    return found


def owned(ctx: Context, name: str) -> Connection:
    """For its owner and administrators. Raises UndefinedObject (42704), InsufficientPrivilege (42501)."""
    found = connections_of(ctx.session).get(name)
    if not secret_actions.visible(found.owner, ctx.session.principal):
        raise InsufficientPrivilege(f"must be owner of connection {name}")
    return found


def create(ctx: Context, name: str, kind: ConnectorKind, given: Given, *, replacing: bool, if_not_exists: bool) -> None:
    """CREATE CONNECTION in its forms. Raises 42710, 42602, 22023, 42501, 42704 (a secret)."""
    secret_actions.check_name("connection", name)
    principal, connections = ctx.session.principal, connections_of(ctx.session)
    if not principal.admin:
        raise InsufficientPrivilege("permission denied to create connection")
    before = connections.find(name)
    if before is not None and if_not_exists:
        ctx.call.notice(Notice("NOTICE", f'connection "{name}" already exists, skipping', "42710"))
        return
    if before is not None and not replacing:
        raise DuplicateObject(f'connection "{name}" already exists')
    options = connection_options.checked(kind, given)
    connection_options.check_complete(kind, options)
    _check_reachable(connections, kind, options)
    connections.create(name, kind, principal.user, options, given.secrets, replacing=replacing)
    if given.comment is not None or before is not None:
        connections.comment(name, given.comment)


def alter(ctx: Context, name: str, given: Given) -> None:
    """ALTER CONNECTION ... SET. Where the connection leads to is for administrators: who owns one may not send its
    secrets elsewhere; nor use secrets of others.
    """
    before, connections = owned(ctx, name), connections_of(ctx.session)
    options = connection_options.checked(before.kind, given)
    if not ctx.session.principal.admin and connection_options.says_where(before.kind, given):
        raise InsufficientPrivilege(
            "permission denied to change where a connection leads to",
            hint="Administrators of the database may.",
        )
    for secret in given.secrets.values():
        if secret.name is not None:
            secret_actions.owned(ctx, secret.name)
    _check_reachable(connections, before.kind, {**before.options, **options})
    connections.alter(name, options, given.secrets)
    if given.comment is not None:
        connections.comment(name, given.comment)


def rename(ctx: Context, name: str, new: str) -> None:
    owned(ctx, name)
    secret_actions.check_name("connection", new)
    connections_of(ctx.session).rename(name, new)


def give(ctx: Context, name: str, owner: str) -> None:
    """Raises UndefinedObject (42704) if there is no such role."""
    owned(ctx, name)
    connections_of(ctx.session).give(name, secret_actions.new_owner(ctx, owner))


def comment(ctx: Context, name: str, text: str | None) -> None:
    owned(ctx, name)
    connections_of(ctx.session).comment(name, text)


def drop(ctx: Context, names: Sequence[str], *, if_exists: bool) -> None:
    """All of them, or none; the secrets that are theirs alone go with them."""
    doomed = [name for name in dict.fromkeys(names) if not (if_exists and skips_missing(ctx, name))]
    for name in doomed:
        owned(ctx, name)
    connections_of(ctx.session).drop(doomed)


def skips_missing(ctx: Context, name: str) -> bool:
    """IF EXISTS: whether there is none, which a notice tells."""
    if connections_of(ctx.session).find(name) is not None:
        return False
    ctx.call.notice(Notice("NOTICE", f'connection "{name}" does not exist, skipping'))
    return True


def endpoint(ctx: Context, connection: Connection) -> Endpoint:
    """Where it leads to and how to log in, with the secrets' values and the addresses as they are now.

    Raises FeatureNotSupported for an object store, CannotConnect (08001) if there is no such host,
    InsufficientPrivilege (42501) if it may not be connected to, and what reading the secrets does.
    """
    if connection.kind is ConnectorKind.S3:
        raise FeatureNotSupported(f'connection "{connection.name}" leads to an object store')
    return checked(ctx, endpoint_of(connection, connections_of(ctx.session).secret_values(connection)))


def checked(ctx: Context, endpoint: Endpoint) -> Endpoint:
    """The endpoint with the addresses that may be connected to. Raises CannotConnect, InsufficientPrivilege."""
    target = connections_of(ctx.session).outbound.target(endpoint.host, endpoint.port)
    return replace(endpoint, addresses=target.addresses)


def connect_timeout_s(connection: Connection) -> float:
    """How long reaching the source may take."""
    return float(connection.option("connect_timeout") or CONNECT_TIMEOUT_S)


def endpoint_of(connection: Connection, secrets: Mapping[str, str]) -> Endpoint:
    """Of a connection that is none to an object store, without addresses; `secrets` are values by option."""
    known = OPTIONS[connection.kind]
    plain = {key: connection.option(key) for key in known if known[key].type is not OptionType.SECRET}
    return Endpoint(
        kind=connection.kind,
        host=plain["host"] or "",
        port=int(plain["port"] or 0),
        database=plain["database"] or "",
        user=plain["user"] or "",
        password=secrets.get("password"),
        options={key: value for key, value in plain.items() if value is not None and key not in PARTS},
    )


def _check_reachable(connections: TenantConnections, kind: ConnectorKind, options: dict[str, str]) -> None:
    address = connection_options.address_of(kind, options)
    if address is not None:
        connections.outbound.check(*address)
