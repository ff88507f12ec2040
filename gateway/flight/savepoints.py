"""Savepoints of Flight SQL: handles for names that no SQL of the client can collide with."""

from __future__ import annotations

import secrets

from catalog.errors import InvalidSavepoint, ProtocolViolation
from gateway.flight.messages import sql
from gateway.flight.statements import Request, Statements

_PREFIX = "flight_"


class Savepoints:
    """Which transaction a savepoint belongs to is a part of its handle."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def begin(self, request: Request, transaction: bytes, name: str) -> bytes:
        """The handle of a new savepoint; `name` is the client's own and may be used again."""
        del name
        own = f"{_PREFIX}{secrets.token_hex(8)}"
        self._statements.savepoint(request, _transaction(transaction), f"SAVEPOINT {own}")
        return transaction + own.encode()

    def end(self, request: Request, asked: sql.ActionEndSavepointRequest) -> None:
        """Release, or roll back to. Raises InvalidSavepoint (3B001)."""
        transaction, own = asked.savepoint_id[:16], asked.savepoint_id[16:].decode("ascii", "replace")
        if not own.removeprefix(_PREFIX).isalnum() or not own.startswith(_PREFIX):
            raise InvalidSavepoint("the savepoint does not exist")
        kind = sql.ActionEndSavepointRequest
        words = {kind.END_SAVEPOINT_RELEASE: "RELEASE SAVEPOINT", kind.END_SAVEPOINT_ROLLBACK: "ROLLBACK TO SAVEPOINT"}
        if asked.action not in words:
            raise ProtocolViolation("EndSavepoint says neither release nor rollback")
        self._statements.savepoint(request, _transaction(transaction), f"{words[asked.action]} {own}")


def _transaction(handle: bytes) -> bytes:
    if not handle:
        raise InvalidSavepoint("savepoints belong to a transaction")
    return handle
