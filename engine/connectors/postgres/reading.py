"""One moment of a source: its tables, and their rows as Arrow batches, all as one snapshot shows them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence

import psycopg
import pyarrow as pa

from catalog.errors import (
    CharacterNotInRepertoire,
    FeatureNotSupported,
    QueryCanceled,
    SerializationFailure,
    SqlError,
    UndefinedColumn,
    UndefinedTable,
)
from catalog.names import always_quote
from catalog.types import arrow_type
from engine.connectors.model import Cut, Endpoint, Reading, SourceName, SourceTable
from engine.connectors.postgres import catalog, connection, incremental
from engine.connectors.postgres.driver import RowCopy
from engine.connectors.postgres.errors import source_error
from engine.connectors.postgres.images import Losses, canonical
from engine.connectors.postgres.select_list import SETTINGS, Image

_log = logging.getLogger("kadali.connectors")
_CANCEL_S = 10.0
_CANCELED = "canceling statement due to user request"
_LIMITS = (
    # A copy lasts as long as it lasts, the caller cancels it. Only a lock that somebody else holds is not waited for.
    "statement_timeout = 0",
    "idle_in_transaction_session_timeout = 0",
    "lock_timeout = '60s'",
)
_CHANGED = """
    with held as materialized (
        select l.relation as oid from pg_catalog.pg_locks l where l.pid = %(pid)s and l.locktype = 'relation'
            and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
    )
    select count(*), count(*) filter (where held.oid = %(table)s), min(c.relname) filter (where c.relkind in ('r', 'm')
            and c.relfilenode <> 0 and c.relfilenode is distinct from pg_catalog.pg_relation_filenode(c.oid))
    from held left join pg_catalog.pg_class c on c.oid = held.oid
"""
"""How many relations a reading holds, whether its table is one of them, and one whose file is another than in the
snapshot."""


class PostgresSession:
    """`engine.connectors.model.Session` for PostgreSQL. One connection keeps the snapshot and answers questions; each
    reading has another one, and ends the reading before it.
    """

    def __init__(self, endpoint: Endpoint, *, connect_timeout_s: float = 10.0) -> None:
        self._where = str(endpoint)
        self._conninfo = connection.conninfo(endpoint, connect_timeout_s=connect_timeout_s)
        rows = f"row_security = {endpoint.options.get('row_security', 'off')}"
        self._settings = tuple(f"set local {setting}" for setting in (*SETTINGS, *_LIMITS, rows))
        self._guard = threading.Lock()
        self._canceled = False
        self._copy: RowCopy | None = None
        self._connection = connection.connect(endpoint, connect_timeout_s=connect_timeout_s)
        try:
            if self._connection.info.server_version >= 170000:
                self._settings += ("set local transaction_timeout = 0",)
            for command in ("begin isolation level repeatable read read only", *self._settings):
                self._connection.execute(command.encode())
            with catalog.asking(self._connection):
                self._ascii = self._ask("select current_setting('server_encoding')") == "SQL_ASCII"
            self._snapshot = self._ask("select pg_catalog.pg_export_snapshot()")
        except psycopg.Error as error:
            self._connection.close()
            raise source_error(error) from error

    def tables(self, schema: str | None = None) -> Sequence[SourceTable]:
        """As `catalog.tables`."""
        self._check_canceled()
        return catalog.tables(self._connection, schema)

    def table(self, name: SourceName) -> SourceTable:
        """As `catalog.table`."""
        self._check_canceled()
        return catalog.table(self._connection, name)

    def query(self, sql: str) -> SourceTable:
        """As `catalog.query`."""
        self._check_canceled()
        return catalog.query(self._connection, sql)

    def read(self, cut: Cut, batch_rows: int) -> Reading:
        """Rows of a table or query in batches of at most `batch_rows`. The images are those of the source's columns as
        they are in this snapshot. Raises SqlError, also while it is iterated: 40001 if the table was rewritten since
        the snapshot, which then shows it empty; 55000 if `cut.since` is no position in this table.
        """
        self._check_canceled()
        self._end_copy()
        images = catalog.images_of(self._connection, cut.table)
        names = cut.columns if cut.columns is not None else tuple(column.name for column in cut.table.columns)
        _check_columns(cut.table, names, images)
        now = incremental.moment(self._connection, cut)
        new = incremental.new_rows(self._connection, cut, now)
        where = " and ".join(each for each in (new, cut.where and f"({cut.where}\n)") if each)
        rows = _from(cut.table) + (f" where {where}" if where else "")
        position = incremental.with_cursor(self._connection, cut, now, rows)
        copy = self._started(f"select {_select_list(names, images)} {rows}", cut)
        schema = pa.schema([pa.field(name, arrow_type(images[name].type)) for name in names])
        warnings: list[str] = []
        batches = self._batches(copy, schema, batch_rows, Losses(warnings))
        return Reading(pa.RecordBatchReader.from_batches(schema, batches), position, warnings)

    def cancel(self) -> None:
        """From here on everything ends with 57014, what runs and what is asked for later. A statement just on its way
        to the source may have to be told again. Where the source cannot be reached, nothing of ours runs for long.
        """
        with self._guard:
            self._canceled = True
            copy = self._copy
        try:
            if copy is not None:
                copy.cancel()
            self._connection.cancel_safe(timeout=_CANCEL_S)
        except (SqlError, psycopg.Error) as error:
            _log.warning("what runs at %s could not be cancelled: %s", self._where, error)

    def close(self) -> None:
        """Ends what runs at the source."""
        self._end_copy()
        self._connection.close()

    def _batches(self, copy: RowCopy, schema: pa.Schema, batch_rows: int, losses: Losses) -> Iterator[pa.RecordBatch]:
        try:
            for given in copy.batches():
                self._check_canceled()
                batch = canonical(given, schema, losses)
                if self._ascii:
                    _check_text(batch)
                for offset in range(0, batch.num_rows, batch_rows):
                    yield batch.slice(offset, batch_rows)
        except SqlError as error:
            raise self._told(error) from error
        finally:
            copy.close()

    def _started(self, sql: str, cut: Cut) -> RowCopy:
        copy = RowCopy(self._conninfo, self._where, self._snapshot, self._settings)
        with self._guard:
            self._copy = copy
        try:
            self._check_canceled()
            copy.start(sql)
            self._check_unchanged(copy, cut)
        except SqlError as error:
            copy.close()
            raise self._told(error) from error
        return copy

    def _check_unchanged(self, copy: RowCopy, cut: Cut) -> None:
        """The copy holds locks from now on, so nothing changes any more; before, commands that rewrite a table
        (TRUNCATE, some of ALTER TABLE) leave nothing that an older snapshot can see, and a table of the same name may
        have taken its place.
        """
        table = int(cut.table.id) if catalog.query_of(cut.table) is None else None
        with catalog.asking(self._connection):
            rows = self._connection.execute(_CHANGED, {"table": table, "pid": copy.pid}).fetchall()
        held, own, rewritten = rows[0]
        # Where none is held the reading has failed already, which its rows will tell; or it is a query without tables.
        if held and (rewritten is not None or (table is not None and not own)):
            raise SerializationFailure(
                f'table "{rewritten or cut.table.name}" of the source was rewritten or made anew while it was read',
                hint="Try again.",
            )

    def _told(self, error: SqlError) -> SqlError:
        """What followed from a cancel is one."""
        return QueryCanceled(_CANCELED) if self._canceled and not isinstance(error, QueryCanceled) else error

    def _check_canceled(self) -> None:
        if self._canceled:
            raise QueryCanceled(_CANCELED)

    def _end_copy(self) -> None:
        with self._guard:
            copy, self._copy = self._copy, None
        if copy is not None:
            copy.close()

    def _ask(self, sql: str) -> str:
        return str(self._connection.execute(sql.encode()).fetchall()[0][0])


def _from(table: SourceTable) -> str:
    sql = catalog.query_of(table)
    if sql is not None:
        return f"from ({sql}\n) as q"
    return f"from {always_quote(table.name.schema)}.{always_quote(table.name.table)}"


def _select_list(names: Sequence[str], images: Mapping[str, Image]) -> str:
    """The columns, and as one more the numbers of those whose array has several dimensions, if there are arrays."""
    items = [images[name].expression(name) for name in names]
    arrays = [
        f"case when pg_catalog.array_ndims({always_quote(name)}) > 1 then {number}::int2 end"
        for number, name in enumerate(names)
        if images[name].array
    ]
    if arrays:
        items.append(f"pg_catalog.array_remove(array[{', '.join(arrays)}]::int2[], null)")
    return ", ".join(items)


def _check_columns(table: SourceTable, names: Sequence[str], images: Mapping[str, Image]) -> None:
    if names and not images:
        raise UndefinedTable(f'relation "{table.name}" does not exist')
    for name in names:
        if name not in images:
            raise UndefinedColumn(f'column "{name}" of relation "{table.name}" does not exist')
    if not names:
        raise FeatureNotSupported(f'relation "{table.name}" has no columns to read')


def _check_text(batch: pa.RecordBatch) -> None:
    """A source without an encoding hands out whatever bytes it was given."""
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid as error:
        raise CharacterNotInRepertoire(
            "the source has text that is not UTF-8", detail=str(error), hint="Its encoding is SQL_ASCII: any bytes."
        ) from error
