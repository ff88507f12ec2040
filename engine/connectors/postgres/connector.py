"""PostgreSQL among the kinds of sources."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass

from engine.connectors.model import Connector, ConnectorKind, Endpoint, Finding, Session
from engine.connectors.postgres.check import findings
from engine.connectors.postgres.reading import PostgresSession


@dataclass(slots=True)
class PostgresConnector:
    """`engine.connectors.model.Connector`. Changes are `stream`'s, from a slot of the source's."""

    kind: ConnectorKind = ConnectorKind.POSTGRES
    cursor: bool = True
    changes: bool = True
    writes: bool = False

    def check(self, endpoint: Endpoint) -> Sequence[Finding]:
        """As `check.findings`."""
        return findings(endpoint)

    def connect(self, endpoint: Endpoint, *, connect_timeout_s: float = 10.0) -> AbstractContextManager[Session]:
        """A snapshot of the source, kept until the end. Raises CannotConnect (08001)."""
        return closing(PostgresSession(endpoint, connect_timeout_s=connect_timeout_s))


POSTGRES: Connector = PostgresConnector()
