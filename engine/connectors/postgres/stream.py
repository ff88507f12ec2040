"""The changes of a source's tables as a stream of whole transactions, from one replication slot.

`Batch` holds what has come but not gone; decoding is `change_rows`', the connection `replication`'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

import psycopg

from catalog.errors import ConnectionFailure
from engine.connectors.changes import ChangeSet, TableChanges
from engine.connectors.model import Endpoint, Position, SourceTable
from engine.connectors.postgres import pgoutput
from engine.connectors.postgres.batch import Batch
from engine.connectors.postgres.connection import connect
from engine.connectors.postgres.errors import source_error
from engine.connectors.postgres.publication import check_publication
from engine.connectors.postgres.relations import described, same_shape
from engine.connectors.postgres.replication import (
    SILENCE_MAX_S,
    ReplicationLink,
    check_slot,
    lsn_text,
)
from engine.connectors.postgres.starting import Starts, position_number

Answer = TypeVar("Answer")
(_KEEPALIVE,) = b"k"
_HEADER = 25
"""Bytes of a frame before its message."""


class PostgresStream:
    """An `engine.connectors.changes.ChangeStream`.

    `tables`: what to tell of, each with its columns as the target has them and the position up to which it has the
    rows; other published tables are passed over. A set holds about `max_rows`, less if memory would swell. A
    transaction that is too large for memory is staged in `folder` (None: the system's for temporary files), and then a
    set of its own. `next` has to be called every `silence_max_s`, or the source gives the connection up.

    After an error the stream is to be closed and, if it was the connection's, opened anew with what has been reached.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        slot: str,
        publication: str,
        tables: Mapping[str, tuple[SourceTable, Position]],
        *,
        folder: Path | None = None,
        silence_max_s: float = SILENCE_MAX_S,
        connect_timeout_s: float = 10.0,
    ) -> None:
        """`tables` by `SourceTable.id`. Raises CannotConnect (08001), 55000 if the slot or publication is not there,
        not whole, or has not any more what comes next, 55006 if another process reads the slot.
        """
        self._endpoint, self._connect_timeout_s = endpoint, connect_timeout_s
        self._starts = Starts({table: position for table, (_, position) in tables.items()})
        self._known = {int(table.id): table for table, _ in tables.values()}
        self._batch = Batch(folder)
        self._frames: list[memoryview] = []
        self._at = 0
        self._inside = False
        self._skipped: frozenset[int] = frozenset()
        self._control: psycopg.Connection[Any] | None = None
        try:
            known = [table for table, _ in tables.values()]
            self._ask(lambda connection: check_publication(connection, publication, known))
            state = self._ask(lambda connection: check_slot(connection, slot))
            start = max(self._starts.first_lsn, state.confirmed_lsn)
            self._link = ReplicationLink(
                endpoint,
                slot,
                publication,
                start,
                silence_max_s=silence_max_s,
                connect_timeout_s=connect_timeout_s,
            )
        except BaseException:
            self._end_control()
            raise
        self._seen = self._told = self._confirmed = start
        """Behind the last transaction that came; behind the last one given; behind the last one confirmed."""
        self._end = start

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def next(self, max_rows: int, wait_s: float) -> ChangeSet | None:
        """See ChangeStream. Raises as the constructor; 57014 after `cancel`, 08006 when the connection is lost."""
        deadline = time.monotonic() + wait_s
        while True:
            self._link.check_cancelled()
            if self._at == len(self._frames):
                self._frames, self._at = self._link.receive(), 0
            arrived = bool(self._frames)
            if self._fill(max_rows):
                found = self._given()
                if found is not None:
                    return found
                continue
            late = time.monotonic() >= deadline
            if self._batch.committed and (late or not arrived):
                found = self._given()
                if found is not None:
                    return found
            elif late:
                return None
            elif not arrived:
                self._link.wait(deadline - time.monotonic())

    def confirm(self, position: Position) -> None:
        """See ChangeStream. A connection that is lost is no error here: the next stream starts behind `position`."""
        self._confirmed = max(self._confirmed, position_number(position))
        self._settle(self._end)
        try:
            self._link.tell(self._end, self._confirmed)
        except ConnectionFailure:
            return  # `next` will say so

    def lag_bytes(self) -> int:
        """See ChangeStream; asks the source over a connection of its own."""
        return self._ask(lambda connection: _lag(connection, self._confirmed))

    @property
    def reached_lsn(self) -> int:
        """Behind what the source has told so far, if only that there was nothing for us."""
        return self._end

    def cancel(self) -> None:
        self._link.cancel()

    def close(self) -> None:
        """Any number of times; slot and publication stay."""
        self._link.close()
        self._end_control()
        self._batch.clear()

    def _fill(self, max_rows: int) -> bool:
        """Put the frames that are here into the batch; true if it is to be given before more goes in."""
        frames, batch = self._frames, self._batch
        while self._at < len(frames):
            frame = frames[self._at]
            if frame[0] == _KEEPALIVE:
                self._at += 1
                self._answer(frame)
                continue
            kind = frame[_HEADER]
            if kind in _ROWS:
                if batch.full:
                    if batch.committed:
                        return True
                    batch.stage()
                self._at += 1
                if not self._skipped or _oid(frame) not in self._skipped:
                    batch.add(frame, _HEADER)
            elif self._control_message(kind, frame, max_rows):
                return True
        return False

    def _control_message(self, kind: int, frame: memoryview, max_rows: int) -> bool:
        """As `_fill`, for one message that is not a row; it stays where it is if the batch has to be given before."""
        message = bytes(frame[_HEADER:])
        if kind == pgoutput.RELATION:
            relation = pgoutput.parse_relation(message)
            if relation.oid in self._known and not self._relate(relation):
                return True
        elif kind == pgoutput.BEGIN:
            self._inside = True
            begin = pgoutput.parse_begin(message)
            self._skipped = self._starts.skipped(begin.commit_lsn, begin.xid)
        elif kind == pgoutput.TRUNCATE:
            for oid in pgoutput.parse_truncate(message):
                if oid in self._known and oid not in self._skipped:
                    self._batch.add_truncate(oid)
        elif kind == pgoutput.COMMIT:
            self._at += 1
            self._inside = False
            self._seen = pgoutput.parse_commit(message)
            self._end = max(self._end, self._seen)
            self._batch.commit()
            self._settle(self._seen)
            return self._batch.rows >= max_rows or self._batch.staged
        self._at += 1
        return False

    def _relate(self, relation: pgoutput.Relation) -> bool:
        """Take a table's columns to be as told from here on; false if transactions with other columns are in the way.

        What the same transaction did to the table before is made to have the new columns.
        """
        batch = self._batch
        if batch.knows(relation):
            return True
        before = batch.layout(relation.oid) or self._known[relation.oid]
        streamed = self._ask(lambda connection: described(connection, relation, before))
        if batch.blocks(relation.oid) and not same_shape(before, streamed.table):
            return False
        batch.relate(relation, streamed)
        return True

    def _given(self) -> ChangeSet | None:
        """The transactions of the batch; None if nothing of them is of our tables."""
        transactions = self._batch.committed
        tables = {table.id: TableChanges(table, rows) for table, rows in self._batch.take()}
        if not tables:
            self._settle(self._seen)
            return None
        changed = {name for name, one in tables.items() if not same_shape(one.table, self._known[int(name)])}
        self._known |= {int(name): one.table for name, one in tables.items()}
        self._told = self._seen
        return ChangeSet(tables, self._starts.position(self._seen), transactions, frozenset(changed))

    def _answer(self, frame: memoryview) -> None:
        self._end = max(self._end, int.from_bytes(frame[1:9], "big"))
        self._settle(self._end)
        self._link.tell(self._end, self._confirmed)

    def _settle(self, lsn: int) -> None:
        """Confirm what need not be: up to `lsn` nothing has come that was given and not confirmed, or waits here."""
        if not self._inside and not self._batch.rows and self._confirmed >= self._told:
            self._confirmed = max(self._confirmed, lsn)

    def _ask(self, question: Callable[[psycopg.Connection[Any]], Answer]) -> Answer:
        """What the source's catalog says. Idle for long, our connection for it may have been ended: it is made anew."""
        if self._control is not None and not self._control.closed:
            try:
                return question(self._control)
            except ConnectionFailure:
                self._control.close()
        self._control = connect(self._endpoint, connect_timeout_s=self._connect_timeout_s)
        return question(self._control)

    def _end_control(self) -> None:
        if self._control is not None:
            self._control.close()


_ROWS = frozenset((pgoutput.INSERT, pgoutput.UPDATE, pgoutput.DELETE))
_LAG = """
SELECT pg_catalog.pg_wal_lsn_diff(
    CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
         ELSE pg_catalog.pg_current_wal_lsn() END, %s::pg_lsn)
"""


def _lag(connection: psycopg.Connection[Any], lsn: int) -> int:
    try:
        row = connection.execute(_LAG, [lsn_text(lsn)]).fetchone()
    except psycopg.Error as error:
        raise source_error(error) from error
    return max(0, int(row[0])) if row is not None else 0


def _oid(frame: memoryview) -> int:
    return int.from_bytes(frame[_HEADER + 1 : _HEADER + 5], "big")
