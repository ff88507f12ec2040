"""From a snapshot of tables to the stream of their changes, so that both together are the source exactly once.

The order is what makes it right: publication, slot, then the snapshot, once every transaction has ended that was
running when the slot was there. A snapshot taken before would lose what commits in between. What the snapshot shows
and the slot tells as well is left out by `starting`, which asks the snapshot (as pg_visible_in_snapshot does).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

import psycopg

from catalog.errors import ObjectInUse, ObjectNotInPrerequisiteState, QueryCanceled, SerializationFailure, SqlError
from engine.connectors.model import Endpoint, Position, SourceTable
from engine.connectors.postgres.connection import connect
from engine.connectors.postgres.errors import source_error
from engine.connectors.postgres.publication import (
    add_tables,
    check_publication,
    drop_publication,
    make_publication,
    publication_exists,
    remove_tables,
)
from engine.connectors.postgres.reading import PostgresSession
from engine.connectors.postgres.relations import as_streamed
from engine.connectors.postgres.replication import check_slot, create_slot, drop_slot, parse_lsn, slot_state
from engine.connectors.postgres.starting import stream_position

_CANCEL_S = 10.0
_LOOK_S = 0.05


class HandOver:
    """One hand-over, of the first tables of a slot or of some that are added; no stream reads the slot meanwhile.

    `ours`: the publication is made and added to here; else it is somebody's, and is only checked. Used by one thread,
    `cancel` by any. To be closed.
    """

    def __init__(
        self, endpoint: Endpoint, slot: str, publication: str, *, ours: bool = True, connect_timeout_s: float = 10.0
    ) -> None:
        self._endpoint, self._connect_timeout_s = endpoint, connect_timeout_s
        self._slot, self._publication, self._ours = slot, publication, ours
        self._guard = threading.Lock()
        self._cancelled = False
        self._session: PostgresSession | None = None
        self._lsn = self._until = 0
        self._connection = connect(endpoint, connect_timeout_s=connect_timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, tables: Sequence[SourceTable], wait_s: float) -> tuple[PostgresSession, list[SourceTable]]:
        """The snapshot, and `tables` as they are in it and their changes will be told. Waits for other transactions.

        If it fails, what it made is gone. Raises 55000 for a table without replica identity or if transactions at the
        source do not end within `wait_s`, 42501 for missing rights, 57014 after `cancel`, 40001 if a table was made
        anew, and what `make_publication` and `create_slot` do.
        """
        deadline = time.monotonic() + wait_s
        undo: list[_Undo] = []
        try:
            self._publish(tables, undo)
            self._hold(wait_s, undo)
            self._settle(deadline)
            session = self._opened()
            fresh = [session.table(table.name) for table in tables]
            for one, other in zip(tables, fresh, strict=True):
                if one.id != other.id:
                    raise SerializationFailure(f'table "{one.name}" of the source was made anew', hint="Try again.")
            self._until = self._written()
            return session, as_streamed(self._connection, fresh)
        except SqlError as error:
            self._undone(undo)
            raise self._told(error) from error

    def position(self, reading: Position, table: SourceTable) -> Position:
        """Where the stream of a table goes on; `reading` is the position of its `Reading` in the snapshot."""
        return stream_position(self._lsn, {table.id: (str(reading["snapshot"]), self._until)})

    def cancel(self) -> None:
        """From here on everything ends with 57014, the reading of rows as well."""
        with self._guard:
            self._cancelled = True
            session = self._session
        if session is not None:
            session.cancel()
        try:
            self._connection.cancel_safe(timeout=_CANCEL_S)
        except psycopg.Error as error:
            raise source_error(error) from error

    def close(self) -> None:
        """The snapshot goes; publication and slot stay."""
        if self._session is not None:
            self._session.close()
        self._connection.close()

    def _publish(self, tables: Sequence[SourceTable], undo: list[_Undo]) -> None:
        connection = self._connection
        if not self._ours:
            check_publication(connection, self._publication, tables)
        elif publication_exists(connection, self._publication):
            added = add_tables(connection, self._publication, tables)
            undo.append(lambda anew: remove_tables(anew, self._publication, added))
        else:
            make_publication(connection, self._publication, tables)
            undo.append(lambda anew: drop_publication(anew, self._publication))

    def _hold(self, wait_s: float, undo: list[_Undo]) -> None:
        """See that there is a slot, and from where it tells changes."""
        self._check_cancelled()
        if slot_state(self._connection, self._slot) is not None:
            state = check_slot(self._connection, self._slot)
            if state.active_pid is not None:
                # It would pass over, and confirm, what it does not know yet.
                raise ObjectInUse(
                    f'replication slot "{self._slot}" is active for PID {state.active_pid}',
                    hint="Close the stream that reads it, then hand tables over.",
                )
            self._lsn = state.confirmed_lsn
            return
        self._ask(f"SET statement_timeout = {max(1, round(wait_s * 1000))}")
        try:
            self._lsn = create_slot(self._connection, self._slot)
        except QueryCanceled as error:
            self._check_cancelled()
            raise self._too_long() from error
        undo.append(lambda anew: _drop_slot(anew, self._slot))
        self._ask("SET statement_timeout = 0")

    def _settle(self, deadline: float) -> None:
        """Until all transactions have ended that are running now: until then some of them may have been written down
        as committed, before the slot or the publication of a table began, and not be seen by a snapshot yet.

        The barrier is a transaction number of our own: a snapshot's xmax is below those of some that are running.
        """
        barrier = int(self._ask("SELECT pg_catalog.pg_current_xact_id()::text"))
        while int(self._ask("SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text")) < barrier:
            self._check_cancelled()
            if time.monotonic() > deadline:
                raise self._too_long()
            self._ask(f"SELECT pg_catalog.pg_sleep({_LOOK_S})")

    def _opened(self) -> PostgresSession:
        session = PostgresSession(self._endpoint, connect_timeout_s=self._connect_timeout_s)
        with self._guard:
            self._session = session
        self._check_cancelled()
        return session

    def _written(self) -> int:
        """A position behind all that was committed before now."""
        return parse_lsn(self._ask("SELECT pg_catalog.pg_current_wal_insert_lsn()::text"))

    def _undone(self, undo: Sequence[_Undo]) -> None:
        """Over a new connection: this one may be lost. What cannot be undone is told by the error that comes then."""
        if undo:
            with connect(self._endpoint, connect_timeout_s=self._connect_timeout_s) as connection:
                for each in reversed(undo):
                    each(connection)

    def _ask(self, sql: str) -> Any:
        try:
            cursor = self._connection.execute(sql.encode())
            return cursor.fetchall()[0][0] if cursor.description else None
        except psycopg.Error as error:
            raise source_error(error) from error

    def _check_cancelled(self) -> None:
        if self._cancelled:
            raise QueryCanceled("canceling statement due to user request")

    def _told(self, error: SqlError) -> SqlError:
        return QueryCanceled("canceling statement due to user request") if self._cancelled else error

    def _too_long(self) -> SqlError:
        rows = self._connection.execute(_RUNNING).fetchall()
        return ObjectNotInPrerequisiteState(
            "transactions that are running at the source have not ended in time",
            detail=f"Processes: {', '.join(str(row[0]) for row in rows) or 'none any more'}.",
            hint="End them, or try again when they have ended.",
        )


_Undo = Callable[[psycopg.Connection[Any]], None]


def _drop_slot(connection: psycopg.Connection[Any], slot: str) -> None:
    drop_slot(connection, slot)


_RUNNING = """
SELECT pid FROM pg_catalog.pg_stat_activity
WHERE backend_xid IS NOT NULL AND pid <> pg_catalog.pg_backend_pid() ORDER BY xact_start LIMIT 10
"""


def forget_changes(endpoint: Endpoint, slot: str, publication: str | None, *, connect_timeout_s: float = 10.0) -> None:
    """Drop the slot and, if it is ours, the publication; who reads the slot is ended. What is not there is no error.

    Raises CannotConnect (08001), 42501, 55006.
    """
    with connect(endpoint, connect_timeout_s=connect_timeout_s) as connection:
        drop_slot(connection, slot)
        if publication is not None:
            drop_publication(connection, publication)
