"""The vocabulary of connectors: what is known of a source and its tables, and what each connector can be asked.

A connector is one package or module here. It knows nothing of Delta, of statements or of the metadata store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

from catalog.connections.model import ConnectorKind as ConnectorKind  # noqa: PLC0414 - offered here as well
from catalog.types import PgType


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a source is and how to log in. `options`: what else the kind of connector knows (sslmode, ...).

    `addresses`: what `host` was resolved to, and may be connected to, no other; none: whatever the name means.
    Never printed with its password: `repr` hides it, `str(endpoint)` is `kind://user@host:port/database`.
    """

    kind: ConnectorKind
    host: str
    port: int
    database: str
    user: str
    password: str | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind.value}://{self.user}@{self.host}:{self.port}/{self.database}"


@dataclass(frozen=True, slots=True, order=True)
class SourceName:
    """A table of a source as the source spells it. `schema` is empty where the source has none."""

    schema: str
    table: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}" if self.schema else self.table


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """`type` is the PostgreSQL type that the target's column gets; `source_type` is the source's own word for it.

    `lossy`: why values may come as NULL or as text (for a WARNING), or None. `number` names the column in the source
    for as long as it exists, whatever it is called.
    """

    name: str
    type: PgType
    nullable: bool
    source_type: str
    number: int
    lossy: str | None = None


@dataclass(frozen=True, slots=True)
class SourceTable:
    """`key`: names of the primary key's columns, or of another unique key without NULLs; empty: there is none.

    `id` names the table in the source for as long as it exists (PostgreSQL: its oid as text).
    """

    name: SourceName
    id: str
    columns: tuple[SourceColumn, ...]
    key: tuple[str, ...] = ()
    rows_estimate: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of VALIDATE CONNECTION. `fix`: the command, at the source, that repairs it."""

    check: str
    ok: bool
    detail: str
    fix: str | None = None


Position = Mapping[str, Any]
"""How far a source has been read: what JSON can hold. It is kept in the target's Delta log, with the rows."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Rows of one table: `columns` (None: all), those for which `where` holds (the source's own SQL, of an
    administrator of the database), those new since `since` by `cursor`.
    """

    table: SourceTable
    columns: tuple[str, ...] | None = None
    where: str | None = None
    cursor: str | None = None
    since: Position | None = None


@dataclass(slots=True)
class Reading:
    """Rows under way, in batches; `position` is where the next reading of the table goes on, known from the start.

    `schema` of `reader`: the canonical Arrow types of the columns' PostgreSQL types (catalog.types). `warnings` fill up
    while it is read (a value that had no image, by column and count). Iterating may raise SqlError.
    """

    reader: pa.RecordBatchReader
    position: Position
    warnings: list[str] = field(default_factory=list)


class Session(Protocol):
    """A connection to a source, whose tables are read at one moment of it. Used by one thread; `cancel` by any.

    All raise SqlError: 08001 if the source cannot be reached or refuses the login, 42P01, 42703, 42501 with the
    source's own words.
    """

    def tables(self, schema: str | None = None) -> Sequence[SourceTable]:
        """Of a schema, or all that are not the system's; by name."""
        ...

    def table(self, name: SourceName) -> SourceTable: ...

    def query(self, sql: str) -> SourceTable:
        """The columns of a query, as a table; to be read by `read` like one."""
        ...

    def read(self, cut: Cut, batch_rows: int) -> Reading: ...

    def cancel(self) -> None:
        """Stop what the source does for us: whoever waits gets 57014. Any thread, any number of times."""
        ...


class Connector(Protocol):
    """One kind of source. `cursor`, `changes`, `write`: what it can do besides reading whole tables."""

    kind: ConnectorKind
    cursor: bool
    changes: bool
    writes: bool

    def check(self, endpoint: Endpoint) -> Sequence[Finding]:
        """What VALIDATE CONNECTION tells; a source that cannot be reached is a finding, not an error."""
        ...

    def connect(self, endpoint: Endpoint, *, connect_timeout_s: float = 10.0) -> AbstractContextManager[Session]: ...
