"""The connection to the PostgreSQL that holds the store: one pool, and its errors as ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from catalog.errors import ConnectionFailure, SqlError, from_sqlstate

POOL_SIZE = 4
POOL_OVERFLOW = 12
POOL_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 10
STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 10_000
_OPTIONS = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS} -c timezone=UTC"

_PATH = re.compile(r' on socket "[^"]*"')
_KEEPALIVE: dict[str, Any] = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""A server that vanished without a word is noticed within a minute."""


class Database:
    """A pool of connections to `url`: a postgresql:// URL or libpq's keyword=value form."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._engine = create_engine(
            "postgresql+psycopg://",
            creator=self.connect,
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
            pool_timeout=POOL_TIMEOUT_S,
            pool_pre_ping=True,
        )

    def connect(self) -> psycopg.Connection:
        """A connection of one's own, outside the pool. Raises psycopg.Error."""
        return psycopg.connect(
            self._url, connect_timeout=CONNECT_TIMEOUT_S, application_name="kadali", options=_OPTIONS, **_KEEPALIVE
        )

    @contextmanager
    def begin(self, isolation: str | None = None) -> Iterator[Connection]:
        """A transaction, committed at the end of the block. Raises SqlError instead of the driver's errors."""
        with store_errors(), self._engine.connect() as connection:
            if isolation is not None:
                connection.execution_options(isolation_level=isolation)
            with connection.begin():
                yield connection

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def store_errors() -> Iterator[None]:
    """Driver errors as SqlError: a lost or refused connection is 08006, the rest keep PostgreSQL's code and text."""
    try:
        yield
    except PoolTimeout as error:
        raise ConnectionFailure("the metadata store is overloaded", detail="No connection became free.") from error
    except DBAPIError as error:
        raise (_translated(error.orig) if isinstance(error.orig, psycopg.Error) else _lost(error)) from error
    except psycopg.Error as error:
        raise _translated(error) from error


def _translated(error: psycopg.Error) -> SqlError:
    code = error.sqlstate
    if code is None or code[:2] in ("08", "57"):
        return _lost(error)
    return from_sqlstate(code, error.diag.message_primary or str(error), detail=error.diag.message_detail)


def _lost(error: Exception) -> ConnectionFailure:
    detail = _PATH.sub("", str(error)).strip()  # clients see it: where our sockets lie is nothing to them
    return ConnectionFailure("the metadata store cannot be reached", detail=detail)
