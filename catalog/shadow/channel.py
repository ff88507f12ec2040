"""A libpq connection that never blocks in C: one statement at a time, with a deadline and cancel from any thread."""

from __future__ import annotations

import contextlib
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg import pq
from psycopg.pq import DiagnosticField as Diag

from catalog.errors import (
    CannotConnectNow,
    ConnectionFailure,
    InvalidAuthorization,
    InvalidCatalogName,
    QueryCanceled,
    SqlError,
    TooManyConnections,
)
from catalog.shadow.errors import error_from_result

CHUNK_ROWS = 500
_SLICE_S = 0.2
_GRACE_S = 3.0
_CONNECT_S = 10.0
_ENDS = "57P0"
"""How the SQLSTATEs of a server begin that ends a connection."""
_OPTIONS = " client_encoding='UTF8' sslmode='disable' gssencmode='disable' application_name=''"


@dataclass(frozen=True, slots=True)
class ShadowNotice:
    """A NoticeResponse: `severity` is NOTICE, WARNING, INFO, ..."""

    severity: str
    message: str
    sqlstate: str = "00000"
    detail: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The first result of a statement: its status and the first chunk of rows, if it returns any."""

    status: pq.ExecStatus
    result: pq.abc.PGresult
    command_status_text: str


class Channel:
    """Between `begin` and `end` a statement is under way; only then does `cancel` do anything."""

    def __init__(self, connection: pq.abc.PGconn) -> None:
        self.connection = connection
        self.notices: list[ShadowNotice] = []
        self.position_shift = 0
        self.broken = False
        self._cancel = connection.get_cancel()
        self._mutex = threading.Lock()
        self._active = False
        self._cancel_wanted = False
        self._end_at = 0.0
        connection.notice_handler = self._note
        connection.nonblocking = 1

    @classmethod
    def open(cls, conninfo: str, client_pid: int | None = None) -> Channel:
        """Raises SqlError: 28000 for an unknown role, 57P03 or 08006 while the server starts."""
        own = "" if client_pid is None else f"-c kadali.client_pid={client_pid}"
        connection = pq.PGconn.connect_start(f"{conninfo}{_OPTIONS} options='{own}'".encode())
        end = time.monotonic() + _CONNECT_S
        while (status := connection.connect_poll()) not in (pq.PollingStatus.OK, pq.PollingStatus.FAILED):
            wanted = select.POLLIN if status == pq.PollingStatus.READING else select.POLLOUT
            if not _poll(connection.socket, wanted, end - time.monotonic()):
                break
        if status != pq.PollingStatus.OK:
            message = connection.error_message.decode("utf-8", "replace").strip()
            connection.finish()
            raise _connect_error(message)
        return cls(connection)

    def begin(self, deadline_s: float) -> None:
        with self._mutex:
            self._active = True
            self._cancel_wanted = False
        self._end_at = time.monotonic() + deadline_s
        self.notices = []
        self.position_shift = 0

    def end(self) -> None:
        with self._mutex:
            self._active = False

    def extend(self, deadline_s: float) -> None:
        """Begin the time anew: for rows that are fetched at the reader's pace."""
        self._end_at = time.monotonic() + deadline_s

    def cancel(self) -> None:
        """Ask the server to stop the statement under way. It is asked again until it has stopped."""
        with self._mutex:
            if self._active:
                self._cancel_wanted = True
                self._send_cancel()

    def run(self, send: Callable[[pq.abc.PGconn], None]) -> list[pq.abc.PGresult]:
        """Send one request and collect its results. Raises SqlError."""
        self._guarded(lambda: send(self.connection))
        results: list[pq.abc.PGresult] = []
        failed: pq.abc.PGresult | None = None
        while (result := self.next_result()) is not None:
            if result.status == pq.ExecStatus.FATAL_ERROR:
                failed = failed or result
            results.append(result)
        if failed is not None:
            raise self._error(failed)
        return results

    def first_rows(
        self,
        sql: bytes,
        values: list[bytes | None],
        oids: list[int],
        formats: list[int],
        *,
        result_format: int,
    ) -> FirstRows:
        """Run a statement in chunked mode up to its first rows (or its end). Raises SqlError."""

        def send() -> None:
            self.connection.send_query_params(
                sql, values, param_types=oids, param_formats=formats, result_format=result_format
            )
            if pq.version() >= 170000:
                self.connection.set_chunked_rows_mode(CHUNK_ROWS)
            else:
                self.connection.set_single_row_mode()

        self._guarded(send)
        result = self.next_result()
        if result is None:
            raise ConnectionFailure("the connection to the catalog was lost")
        if result.status == pq.ExecStatus.FATAL_ERROR:
            self.drain()
            raise self._error(result)
        if result.status in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.EMPTY_QUERY):
            self.drain()
            return FirstRows(pq.ExecStatus.COMMAND_OK, result, (result.command_status or b"").decode())
        return FirstRows(pq.ExecStatus(result.status), result, "")

    def next_result(self) -> pq.abc.PGresult | None:
        """Wait for the next result of the request under way; None at its end. Raises SqlError if the server is lost."""
        try:
            self._flush()
            while self.connection.is_busy():
                self._wait(select.POLLIN)
                self.connection.consume_input()
            return self.connection.get_result()
        except psycopg.OperationalError as error:
            self.broken = True
            raise ConnectionFailure("the connection to the catalog was lost", detail=str(error).strip()) from error

    def drain(self) -> None:
        while self.next_result() is not None:
            pass

    def take_notices(self) -> list[ShadowNotice]:
        notices, self.notices = self.notices, []
        return notices

    def close(self) -> None:
        with self._mutex:
            self._active = False
            self.broken = True
            self.connection.finish()

    def error(self, result: pq.abc.PGresult) -> SqlError:
        return self._error(result)

    def _error(self, result: pq.abc.PGresult) -> SqlError:
        error = error_from_result(result, shift=self.position_shift)
        if self.connection.status == pq.ConnStatus.BAD or error.code.startswith(_ENDS):
            self.broken = True
            return ConnectionFailure("the connection to the catalog was lost", detail=error.message)
        if error.code == "57014" and not self._cancel_wanted:
            return QueryCanceled("canceling statement due to statement timeout")
        return error

    def _guarded(self, send: Callable[[], None]) -> None:
        try:
            send()
        except psycopg.OperationalError as error:
            self.broken = True
            raise ConnectionFailure("the connection to the catalog was lost", detail=str(error).strip()) from error

    def _flush(self) -> None:
        while self.connection.flush():
            self._wait(select.POLLIN | select.POLLOUT)
            self.connection.consume_input()

    def _wait(self, events: int) -> None:
        """Until the socket is ready. Past the deadline: cancel, and after some grace give the connection up."""
        while True:
            left = self._end_at - time.monotonic()
            if _poll(self.connection.socket, events, _SLICE_S if left <= 0 else min(_SLICE_S, left)):
                return
            if left <= 0 or self._cancel_wanted:
                with self._mutex:
                    self._send_cancel()
            if left < -_GRACE_S:
                self.broken = True
                raise QueryCanceled("canceling statement due to statement timeout")

    def _send_cancel(self) -> None:
        with contextlib.suppress(psycopg.OperationalError):  # lost: the waiting side learns it by itself
            self._cancel.cancel()

    def _note(self, result: pq.abc.PGresult) -> None:
        def get(field: Diag) -> str | None:
            value = result.error_field(field)
            return None if value is None else value.decode("utf-8", "replace")

        if (get(Diag.SQLSTATE) or "").startswith(_ENDS):
            self.broken = True  # the server says goodbye: nothing that a client has asked for
            return
        self.notices.append(
            ShadowNotice(
                get(Diag.SEVERITY_NONLOCALIZED) or get(Diag.SEVERITY) or "NOTICE",
                get(Diag.MESSAGE_PRIMARY) or "",
                get(Diag.SQLSTATE) or "00000",
                get(Diag.MESSAGE_DETAIL),
                get(Diag.MESSAGE_HINT),
            )
        )


def _poll(socket: int, events: int, timeout_s: float) -> bool:
    poller = select.poll()
    poller.register(socket, events)
    return bool(poller.poll(max(0.0, timeout_s) * 1000))


def _connect_error(message: str) -> SqlError:
    """libpq gives no SQLSTATE for a refused connection: only the texts tell."""
    text = message.rpartition("FATAL:")[2].strip()
    if "role" in text and ("does not exist" in text or "not permitted to log in" in text):
        return InvalidAuthorization(text)
    if "database" in text and "does not exist" in text:
        return InvalidCatalogName(text)
    if "too many" in text or "remaining connection slots" in text:
        return TooManyConnections(text)
    return CannotConnectNow(text or "the catalog of this database is starting up")
