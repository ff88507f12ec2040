"""What the gateway asks of an engine, and what it gets back: the file where the packages meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from catalog.names import TableLocation, TableName
from catalog.types import PgType

if TYPE_CHECKING:
    from engine.values.copy_options import CopyOptions


@dataclass(frozen=True, slots=True)
class Field:
    """One column of an answer, as RowDescription tells it. `table_oid` and `attnum` are 0 for an expression."""

    name: str
    type: PgType
    table_oid: int = 0
    attnum: int = 0


@dataclass(frozen=True, slots=True)
class Param:
    """One bound parameter as it came over the wire: `data` None is NULL; `binary` tells the format of `data`."""

    type_oid: int
    data: bytes | None
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """What a statement takes and gives, known before it runs. `fields` None: it returns no rows."""

    param_oids: tuple[int, ...]
    fields: tuple[Field, ...] | None


class WireBlocks(Protocol):
    """Rows that PostgreSQL has encoded already, each value in the format asked for at Bind."""

    def next_block(self, max_rows: int) -> Sequence[Sequence[bytes | None]] | None:
        """Up to `max_rows` rows; None at the end. Blocking; raises SqlError."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ArrowRows:
    """Rows as Arrow batches. Column i has the canonical Arrow type of `fields[i].type`."""

    fields: tuple[Field, ...]
    reader: pa.RecordBatchReader


@dataclass(frozen=True, slots=True)
class WireRows:
    """Rows already in PostgreSQL's own bytes; `binary[i]` tells the format of column i."""

    fields: tuple[Field, ...]
    binary: tuple[bool, ...]
    blocks: WireBlocks


Rows = ArrowRows | WireRows


@dataclass(frozen=True, slots=True)
class Notice:
    """A NoticeResponse to send with an answer. `severity` is NOTICE, WARNING or INFO."""

    severity: str
    message: str
    sqlstate: str = "00000"
    detail: str | None = None
    hint: str | None = None


class CopyIn(Protocol):
    """Where the data of COPY FROM STDIN goes. Called in worker threads, one at a time; `finish` or `abort` ends it."""

    @property
    def columns(self) -> int: ...

    @property
    def binary(self) -> bool: ...

    def write(self, data: bytes) -> None:
        """Take a piece of the stream, cut anywhere; blocks while there is no room. Raises SqlError."""
        ...

    def finish(self) -> int:
        """The stream is whole: how many rows it had. Raises SqlError."""
        ...

    def abort(self, reason: str) -> None:
        """Nothing of it is to be kept; safe after an error of `write` or `finish`."""
        ...


@dataclass(slots=True)
class Result:
    """The answer to one statement: a command tag, rows if it has any, notices.

    A `tag` that ends in a blank ("SELECT ", "FETCH ") gets the number of rows sent appended. `copy_out`: the rows go
    out as COPY data; `copy_in`: the client is to send data.
    """

    tag: str
    rows: Rows | None = None
    notices: list[Notice] = field(default_factory=list)
    copy_out: CopyOptions | None = None
    copy_in: CopyIn | None = None


@dataclass(frozen=True, slots=True)
class DeltaSource:
    """A Delta table at one version (`location.version` is never None once a query is planned).

    `absent_as_null`: columns asked for that the version does not have read as NULL, instead of 42703.
    """

    location: TableLocation
    absent_as_null: bool = False


@dataclass(frozen=True, slots=True)
class ArrowSource:
    """Rows the gateway has at hand: the `kadali` views, results of statements used as functions."""

    table: pa.Table


@dataclass(frozen=True, slots=True)
class StagedSource:
    """A Delta table as the open transaction sees it: `base` (None: content replaced) plus rows not yet committed.

    `files` are in the tenant's staging folder (engine.delta.spilled); `rows` are what has not been spilled.
    """

    base: DeltaSource | None
    rows: pa.Table | None
    files: tuple[str, ...] = ()


Source = DeltaSource | ArrowSource | StagedSource


@dataclass(frozen=True, slots=True)
class TableRead:
    """One relation a query reads: `view` is the (unquoted, unique) name the query's SQL uses for it.

    `columns` are the columns it must expose, in order, with their PostgreSQL types: the engine shows each as
    `duckdb_type` of that type (uuid stored as string becomes UUID, and so on).
    """

    view: str
    name: TableName
    columns: tuple[tuple[str, PgType], ...]
    source: Source


class Dialect(Enum):
    """The SQL an engine understands: `engine.dialect` translates PostgreSQL's into it."""

    DUCKDB = "duckdb"
    SPARK = "spark"


@dataclass(frozen=True, slots=True)
class Query:
    """SQL in the engine's dialect, with the relations it reads and its parameters ($1 is params[0]).

    `time_zone` is the session's TimeZone (an IANA name).
    """

    sql: str
    fields: tuple[Field, ...]
    params: tuple[object, ...] = ()
    tables: tuple[TableRead, ...] = ()
    time_zone: str = "UTC"


class Running(Protocol):
    """A query under way."""

    def result(self) -> ArrowRows:
        """Wait for the first rows. Blocking; raises SqlError."""
        ...

    def cancel(self) -> None:
        """Stop it: from any thread, any number of times, before it starts and after it ended."""
        ...


class Engine(Protocol):
    """What answers queries: the embedded engine, or a session on a Spark cluster. Safe for many threads."""

    @property
    def name(self) -> str:
        """`embedded`, or the cluster's name."""
        ...

    @property
    def dialect(self) -> Dialect:
        """What `Query.sql` must be written in."""
        ...

    def start(self, query: Query) -> Running:
        """Nothing happens before `result()` is called."""
        ...

    def explain(self, query: Query) -> str:
        """The engine's own plan as text. Raises SqlError."""
        ...


class Action(Enum):
    """What a statement does to data; decides rights, routing and caching."""

    READ = "read"
    WRITE = "write"
    DEFINE = "define"
    MAINTAIN = "maintain"
    SESSION = "session"
    ADMIN = "admin"


class RouteReason(Enum):
    """Why a statement ran where it did; shown in history and EXPLAIN."""

    CATALOG = "catalog relations"
    NO_TABLES = "no tables"
    DELTA_READ = "reads Delta tables"
    DELTA_WRITE = "writes a Delta table"
    STATEMENT = "handled by the gateway"
    CLUSTER_CHOSEN = "the session uses this cluster"
    CLUSTER_SIZE = "reads more than the embedded engine is given"
    CLUSTER_CAPABILITY = "only Spark can"
    EMBEDDED_SIZE = "small enough for the embedded engine"
    EMBEDDED_STATE = "the cluster is not running"
    EMBEDDED_CAPABILITY = "only the embedded engine can"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a statement goes: `engine` is metadata, embedded, gateway or a cluster's name."""

    engine: str
    reason: RouteReason

    @property
    def cluster(self) -> str | None:
        """The cluster's name; None if it goes to none."""
        return self.engine if self.reason in _ON_CLUSTER else None


_ON_CLUSTER = frozenset({RouteReason.CLUSTER_CHOSEN, RouteReason.CLUSTER_SIZE, RouteReason.CLUSTER_CAPABILITY})
