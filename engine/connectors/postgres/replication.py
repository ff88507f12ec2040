"""A source's replication slots, and the link over which one is read: frames in, what has been applied out.

What the frames hold is `pgoutput`; what becomes of them is `stream`.
"""

from __future__ import annotations

import os
import select
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

import psycopg
from psycopg import errors, pq
from psycopg.rows import TupleRow

from catalog.errors import ConnectionFailure, ObjectInUse, ObjectNotInPrerequisiteState, QueryCanceled, SqlError
from catalog.names import always_quote, quote_literal
from engine.connectors.model import Endpoint
from engine.connectors.postgres.connection import connect
from engine.connectors.postgres.errors import source_error

RESYNC = "The changes since are lost. Use RESYNC to read the tables anew."
_SESSION = (
    # How the source writes values down, whatever its own settings are.
    *("datestyle = ISO", "intervalstyle = postgres", "timezone = UTC", "bytea_output = hex", "extra_float_digits = 1"),
    *("lc_monetary = 'C'", "xmloption = content"),
)
SILENCE_MAX_S = 600.0
"""How long the source bears with us while a batch is merged and nobody answers. A source that shuts down waits as long
for what we have not confirmed, so it is not for ever; TCP finds out sooner about a peer that is gone."""
_STATUS = struct.Struct("!cQQQqB")
_EPOCH_US = 946_684_800_000_000
_FRAMES_MAX, _FRAMES_BYTES = 4096, 4 << 20


def lsn_text(lsn: int) -> str:
    """As PostgreSQL writes it: 16/B374D848."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


def parse_lsn(text: str) -> int:
    high, _, low = text.partition("/")
    return int(high, 16) << 32 | int(low, 16)


@dataclass(frozen=True, slots=True)
class SlotState:
    """`retained_bytes` of its log the source keeps for the slot; `lost`: not any more what is needed."""

    confirmed_lsn: int
    active_pid: int | None
    lost: bool
    retained_bytes: int


def create_slot(connection: psycopg.Connection[TupleRow], slot: str) -> int:
    """The position from which the slot has every transaction. Waits until those that are running now have ended.

    Raises 42710 if there is such a slot, 42501 without the right to replicate, 55000 if wal_level is not logical, 53400
    if there are max_replication_slots, 57014 after the connection's statement_timeout or a cancel.
    """
    try:
        row = connection.execute(
            "SELECT lsn::text FROM pg_catalog.pg_create_logical_replication_slot(%s, 'pgoutput')", [slot]
        ).fetchone()
    except psycopg.Error as error:
        raise _explained(source_error(error)) from error
    return parse_lsn(row[0]) if row is not None else 0


def slot_state(connection: psycopg.Connection[TupleRow], slot: str) -> SlotState | None:
    """None if there is no such slot of pgoutput in this database."""
    try:
        row = connection.execute(_SLOT, [slot]).fetchone()
    except psycopg.Error as error:
        raise source_error(error) from error
    return None if row is None else SlotState(parse_lsn(row[0]), row[1], row[2], int(row[3] or 0))


_SLOT = """
SELECT coalesce(confirmed_flush_lsn, '0/0')::text, active_pid, coalesce(wal_status, 'lost') = 'lost',
       pg_catalog.pg_wal_lsn_diff(
           CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                ELSE pg_catalog.pg_current_wal_lsn() END, restart_lsn)
FROM pg_catalog.pg_replication_slots
WHERE slot_name = %s AND plugin = 'pgoutput' AND database = pg_catalog.current_database()
"""


def check_slot(connection: psycopg.Connection[TupleRow], slot: str) -> SlotState:
    """Raises 55000 if the slot is not there or lost: what comes next can no longer be had."""
    state = slot_state(connection, slot)
    if state is None:
        raise ObjectNotInPrerequisiteState(f'replication slot "{slot}" does not exist at the source', hint=RESYNC)
    if state.lost:
        raise ObjectNotInPrerequisiteState(
            f'can no longer get changes from replication slot "{slot}"',
            detail="The source has removed its log beyond max_slot_wal_keep_size.",
            hint=RESYNC,
        )
    return state


def drop_slot(connection: psycopg.Connection[TupleRow], slot: str, *, wait_s: float = 10.0) -> bool:
    """False if there was none. Whoever reads it is ended first; 55006 if they do not go within `wait_s`."""
    deadline = time.monotonic() + wait_s
    while True:
        state = slot_state(connection, slot)
        if state is None:
            return False
        try:
            if state.active_pid is not None:
                left_ms = max(1, round((deadline - time.monotonic()) * 1000))
                connection.execute(
                    "SELECT pg_catalog.pg_terminate_backend(%s, %s::bigint)", [state.active_pid, left_ms]
                )
            connection.execute("SELECT pg_catalog.pg_drop_replication_slot(%s)", [slot])
        except errors.ObjectInUse as error:
            if time.monotonic() >= deadline:
                raise source_error(error) from error
            continue
        except errors.UndefinedObject:
            return False
        except psycopg.Error as error:
            raise _explained(source_error(error)) from error
        return True


def _explained(error: SqlError) -> SqlError:
    if error.code == "42501":
        error.hint = error.hint or "At the source: ALTER ROLE ... REPLICATION."
    elif error.code == "55000" and "wal_level" in error.message:
        error.hint = "At the source: ALTER SYSTEM SET wal_level = 'logical', then restart it."
    return error


class ReplicationLink:
    """A connection on which a slot's changes arrive. Used by one thread; `cancel` by any.

    Raises CannotConnect, ObjectInUse (55006) if another process reads the slot, ObjectNotInPrerequisiteState (55000) if
    the source no longer has what comes next, ConnectionFailure (08006) when the connection goes, QueryCanceled.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        slot: str,
        publication: str,
        start_lsn: int,
        *,
        silence_max_s: float = SILENCE_MAX_S,
        connect_timeout_s: float = 10.0,
    ) -> None:
        self._slot, self._publication = slot, publication
        self._cancelled = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        self._closing = threading.Lock()
        try:
            self._connection = connect(endpoint, replication=True, connect_timeout_s=connect_timeout_s)
        except BaseException:
            os.close(self._wake_read)
            os.close(self._wake_write)
            raise
        self._open = True
        self._pgconn = self._connection.pgconn
        try:
            self._start(start_lsn, silence_max_s)
        except BaseException:
            self.close()
            raise

    def _start(self, start_lsn: int, silence_max_s: float) -> None:
        for setting in (*_SESSION, f"wal_sender_timeout = '{round(silence_max_s * 1000)}ms'"):
            self._command(f"SET {setting}", pq.ExecStatus.COMMAND_OK)
        names = quote_literal(always_quote(self._publication))
        self._command(
            f"START_REPLICATION SLOT {always_quote(self._slot)} LOGICAL {lsn_text(start_lsn)} "
            f"(proto_version '1', publication_names {names})",
            pq.ExecStatus.COPY_BOTH,
        )

    def _command(self, text: str, wanted: pq.ExecStatus) -> None:
        try:
            result = self._pgconn.exec_(text.encode())
        except psycopg.Error as error:
            raise source_error(error) from error
        if result.status != wanted:
            raise self._failure(result)

    def receive(self) -> list[memoryview]:
        """Frames that are here, not all if they are many or large; none if nothing has come. Does not wait."""
        frames: list[memoryview] = []
        room = _FRAMES_BYTES
        get = self._pgconn.get_copy_data
        try:
            while room > 0 and len(frames) < _FRAMES_MAX:
                size, data = get(1)
                if size > 0:
                    frames.append(data)
                    room -= size
                elif size < 0:
                    raise self._failure(self._pgconn.get_result())
                elif not select.select([self._pgconn.socket], [], [], 0)[0]:
                    break
                else:
                    self._pgconn.consume_input()
        except (psycopg.Error, OSError) as error:
            raise self._lost(error) from error
        return frames

    def wait(self, timeout_s: float) -> None:
        """Until something comes, or the time is up. Raises QueryCanceled after `cancel`."""
        self.check_cancelled()
        try:
            writing = [self._pgconn.socket] if self._pgconn.flush() else []
            select.select([self._pgconn.socket, self._wake_read], writing, [], timeout_s)
        except (psycopg.Error, OSError, ValueError) as error:
            raise self._lost(error) from error
        self.check_cancelled()

    def tell(self, received_lsn: int, applied_lsn: int) -> None:
        """What we have; the source may forget what is before `applied_lsn`."""
        now_us = time.time_ns() // 1000 - _EPOCH_US
        try:
            self._pgconn.put_copy_data(_STATUS.pack(b"r", received_lsn, applied_lsn, applied_lsn, now_us, 0))
            self._pgconn.flush()
        except (psycopg.Error, OSError) as error:
            raise self._lost(error) from error

    def check_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise QueryCanceled("canceling statement due to user request")

    def cancel(self) -> None:
        """Whoever waits gets 57014, as does whoever comes after."""
        with self._closing:
            self._cancelled.set()
            if self._open:
                os.write(self._wake_write, b"\0")

    def close(self) -> None:
        """Any number of times. What was told last is sent first, if it goes at once."""
        with self._closing:
            if not self._open:
                return
            self._open = False
            os.close(self._wake_read)
            os.close(self._wake_write)
        with suppress(psycopg.Error, OSError):
            self._pgconn.flush()
        self._connection.close()

    def _failure(self, result: pq.abc.PGresult | None) -> SqlError:
        if result is None or result.status == pq.ExecStatus.COPY_BOTH:
            return ConnectionFailure("the connection to the source was lost")
        if result.status == pq.ExecStatus.COMMAND_OK:
            return ConnectionFailure("the source ended the stream of changes")
        error = source_error(errors.error_from_result(result, encoding="utf-8"))
        if error.code == ObjectInUse.sqlstate:
            error.hint = error.hint or "Another process reads the slot; each slot serves one."
        if error.code in ("55000", "42704"):
            return ObjectNotInPrerequisiteState(error.message, detail=error.detail, hint=RESYNC)
        return error

    def _lost(self, error: Exception) -> SqlError:
        if isinstance(error, SqlError):
            return error
        self.check_cancelled()
        return ConnectionFailure("the connection to the source was lost", detail=" ".join(str(error).split()) or None)
