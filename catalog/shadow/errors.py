"""Errors of PostgreSQL (libpq results) as errors of ours, with the guard's told apart."""

from __future__ import annotations

import psycopg
from psycopg import pq
from psycopg.pq import DiagnosticField as Diag

from catalog.errors import ConnectionFailure, SqlError, from_sqlstate

_GUARD_TEXT = "has not been populated"


class GuardHit(SqlError):
    """A statement that scans a Delta table's shell reached the shadow: a routing bug, or what cannot be mixed (CAT-3).

    Never to be shown as it is; the caller turns it into 0A000 or XX000.
    """


def error_from_result(result: pq.abc.PGresult, *, shift: int = 0) -> SqlError:
    """The error a failed result tells; `shift` characters are taken off the position."""

    def get(field: Diag) -> str | None:
        value = result.error_field(field)
        return None if value is None else value.decode("utf-8", "replace")

    position = get(Diag.STATEMENT_POSITION)
    return _error(
        get(Diag.SQLSTATE) or "08006",
        get(Diag.MESSAGE_PRIMARY) or result.error_message.decode("utf-8", "replace").strip(),
        detail=get(Diag.MESSAGE_DETAIL),
        hint=get(Diag.MESSAGE_HINT),
        position=None if position is None else max(1, int(position) - shift),
        context=get(Diag.CONTEXT),
    )


def error_from_psycopg(error: psycopg.Error) -> SqlError:
    """The same for an exception of psycopg; a lost connection is 08006, without libpq's words about our sockets."""
    diag = error.diag
    if error.sqlstate is None or error.sqlstate[:4] == "57P0":
        return ConnectionFailure("the connection to the catalog was lost", detail=diag.message_primary)
    return _error(
        error.sqlstate,
        diag.message_primary or str(error).strip(),
        detail=diag.message_detail,
        hint=diag.message_hint,
        position=None if diag.statement_position is None else int(diag.statement_position),
        context=diag.context,
    )


def _error(
    code: str, message: str, *, detail: str | None, hint: str | None, position: int | None, context: str | None
) -> SqlError:
    if code == "55000" and _GUARD_TEXT in message:
        return GuardHit(message, detail=detail, position=position)
    return from_sqlstate(code, message, detail=detail, hint=hint, position=position, context=context)
