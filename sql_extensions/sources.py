"""Sources as statements ask them: by a connection's name, for as long as the statement runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pyarrow as pa

from catalog.connections.model import ConnectorKind
from catalog.errors import CannotConnect, FeatureNotSupported
from engine.connectors.model import Connector, Endpoint, Finding, Session
from engine.connectors.postgres import uri
from engine.connectors.postgres.connector import POSTGRES
from sql_extensions import connection_actions
from sql_extensions.context import Context

CONNECTORS: Mapping[ConnectorKind, Connector] = {ConnectorKind.POSTGRES: POSTGRES}
URIS: Mapping[ConnectorKind, Callable[[str], Endpoint]] = {ConnectorKind.POSTGRES: uri.endpoint_of}
CHECKS = pa.schema([("check", pa.string()), ("ok", pa.bool_()), ("detail", pa.string()), ("fix", pa.string())])
TABLES = pa.schema(
    [("schema", pa.string()), ("table", pa.string()), ("rows_estimate", pa.int64()), ("bytes", pa.int64())]
)


def connector_of(kind: ConnectorKind) -> Connector:
    """Raises FeatureNotSupported (0A000)."""
    found = CONNECTORS.get(kind)
    if found is None:
        raise FeatureNotSupported(f"this server has no connector for {kind.value}")
    return found


@contextmanager
def opened(ctx: Context, endpoint: Endpoint, patience_s: float) -> Iterator[Session]:
    """A source; a cancel of the call stops what it does for us. Raises CannotConnect (08001), FeatureNotSupported."""
    connector = connector_of(endpoint.kind)
    with connector.connect(endpoint, connect_timeout_s=patience_s) as session, ctx.call.stopping(session.cancel):
        yield session


def checks(ctx: Context, name: str) -> pa.Table:
    """What stands in the way of using a source; that it cannot be reached is a finding among them."""
    connection = connection_actions.owned(ctx, name)
    connector = connector_of(connection.kind)
    try:
        findings = connector.check(connection_actions.endpoint(ctx, connection))
    except CannotConnect as error:  # no such host
        findings = [Finding("connection", False, error.detail or error.message)]
    ctx.call.check_canceled()
    rows = [{"check": one.check, "ok": one.ok, "detail": one.detail, "fix": one.fix} for one in findings]
    return pa.Table.from_pylist(rows, CHECKS)


def tables(ctx: Context, name: str) -> pa.Table:
    """Those of a source that are not its system's, by name."""
    connection = connection_actions.owned(ctx, name)
    connector_of(connection.kind)
    patience = connection_actions.connect_timeout_s(connection)
    with opened(ctx, connection_actions.endpoint(ctx, connection), patience) as session:
        found = session.tables()
    rows = [
        {
            "schema": one.name.schema,
            "table": one.name.table,
            "rows_estimate": one.rows_estimate,
            "bytes": one.bytes,
        }
        for one in found
    ]
    return pa.Table.from_pylist(rows, TABLES)
