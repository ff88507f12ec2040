"""Plays messages on a connection and writes down all that comes back, to be compared between servers."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import pq
from psycopg.pq import DiagnosticField as Diag

REPORTED = ("TimeZone", "DateStyle", "IntervalStyle", "application_name", "client_encoding")
USER = "alice"


class Player:
    """Plays messages on one connection and writes down everything that comes back."""

    def __init__(self, conninfo: str) -> None:
        self.connection = psycopg.connect(conninfo, autocommit=True, application_name="player")
        self.pgconn = self.connection.pgconn
        self.notices: list[tuple[object, ...]] = []
        self.pgconn.notice_handler = lambda result: self.notices.append(_diag(result))

    def simple(self, sql: str) -> list[object]:
        self.pgconn.send_query(sql.encode())
        return self._answers()

    def extended(self, sql: str, params: list[bytes | None] | None = None, *, binary: bool = False) -> list[object]:
        self.pgconn.send_query_params(sql.encode(), params or [], result_format=int(binary))
        return self._answers()

    def described(self, sql: str) -> list[object]:
        self.pgconn.send_prepare(b"", sql.encode())
        answers = self._answers()
        self.pgconn.send_describe_prepared(b"")
        return [*answers, *self._answers()]

    def _answers(self) -> list[object]:
        answers: list[object] = []
        while True:
            result = self.pgconn.get_result()
            if result is None:
                break
            answers.append(_result(result))
        notices, self.notices = self.notices, []
        told = tuple(self.pgconn.parameter_status(name.encode()) for name in REPORTED)
        return [*answers, notices, pq.TransactionStatus(self.pgconn.transaction_status).name, told]


def _diag(result: Any) -> tuple[object, ...]:
    fields = (
        Diag.SEVERITY,
        Diag.SQLSTATE,
        Diag.MESSAGE_PRIMARY,
        Diag.MESSAGE_DETAIL,
        Diag.MESSAGE_HINT,
        Diag.STATEMENT_POSITION,
    )
    values = [result.error_field(field) for field in fields]
    if values[1] in (b"42601", b"0A000") and values[4] is not None and values[4].startswith(b"Expected"):
        values[4] = None  # hints of our own parser
    return tuple(values)


def _result(result: Any) -> tuple[object, ...]:
    if result.status in (pq.ExecStatus.FATAL_ERROR,):
        return _diag(result)
    columns = [(result.fname(n), result.ftype(n), result.fformat(n)) for n in range(result.nfields)]
    rows = [tuple(result.get_value(row, n) for n in range(result.nfields)) for row in range(result.ntuples)]
    return (pq.ExecStatus(result.status).name, result.command_status, columns, rows)
