"""What a source's PostgreSQL, or the way to it, says went wrong, as errors of ours: the source's words are kept."""

from __future__ import annotations

import adbc_driver_manager
import psycopg

from catalog.errors import CannotConnect, ConnectionFailure, QueryCanceled, SqlError, from_sqlstate

_GONE = ("57P01", "57P02", "57P03", "57P04", "57P05")
"""The source's server, or our connection to it, was ended: it is not the client's own connection that was."""


def login_error(error: psycopg.Error | adbc_driver_manager.Error, where: str) -> SqlError:
    """For a connection that was not made, whatever the reason. `where`: the endpoint, without its password."""
    words = _words(error)
    return CannotConnect(f"could not connect to {where}", detail=words)


def source_error(error: psycopg.Error | adbc_driver_manager.Error) -> SqlError:
    """For what came after the login. Positions are left out: they count in statements that nobody wrote."""
    if isinstance(error, psycopg.Error):
        code, words = error.sqlstate, _words(error)
        detail, hint = error.diag.message_detail, error.diag.message_hint
        context = error.diag.context
    else:
        code, words, detail, hint, context = _state(error), _words(error), _told(error, "D"), _told(error, "H"), None
    if code == QueryCanceled.sqlstate:
        return QueryCanceled(words, detail=detail, hint=hint)
    if code is None or code.startswith(("08", "00")) or code in _GONE:
        return ConnectionFailure("the connection to the source was lost", detail=words)
    if code.startswith("28"):
        return CannotConnect(words, detail=detail, hint=hint)
    return from_sqlstate(code, words, detail=detail, hint=hint, context=context)


def _words(error: psycopg.Error | adbc_driver_manager.Error) -> str:
    if isinstance(error, psycopg.Error):
        return error.diag.message_primary or " ".join(str(error).split()) or type(error).__name__
    if (primary := _told(error, "M")) is not None:
        return primary
    return " ".join(str(error).split())


def _state(error: adbc_driver_manager.Error) -> str | None:
    """The five characters; the driver manager says \\0\\0\\0\\0\\0 where the driver knows none."""
    code = (error.sqlstate or "").strip("\0 ")
    return code if len(code) == 5 else None


def _told(error: adbc_driver_manager.Error, field: str) -> str | None:
    """A field of PostgreSQL's error message, by its letter: the driver hands them on under libpq's names."""
    wanted = f"PG_DIAG_{_FIELDS[field]}"
    for key, value in error.details or ():
        name = key.decode() if isinstance(key, bytes) else key  # bytes, whatever the driver manager's stubs say
        if name == wanted:
            return value.decode(errors="replace")
    return None


_FIELDS = {"M": "MESSAGE_PRIMARY", "D": "MESSAGE_DETAIL", "H": "MESSAGE_HINT"}
