"""Flight's actions: prepared statements, transactions, savepoints, cancelling and renewing, session options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import DecodeError, Message
from pyarrow import flight

from catalog.errors import FeatureNotSupported, ProtocolViolation
from gateway.flight import messages as m
from gateway.flight.messages import base, sql
from gateway.flight.savepoints import Savepoints
from gateway.flight.schemas import serialized
from gateway.flight.session_options import SessionOptions
from gateway.flight.statements import Request, Statements, dataset_schema, parameters_schema
from gateway.flight.streams import Streams

ACTIONS = {
    "CreatePreparedStatement": "Prepare a statement: its handle and schemas are given.",
    "ClosePreparedStatement": "Forget a prepared statement.",
    "BeginTransaction": "Begin a transaction. Its id goes into the commands that belong to it.",
    "EndTransaction": "Commit a transaction, or roll it back.",
    "BeginSavepoint": "Make a savepoint in a transaction.",
    "EndSavepoint": "Release a savepoint, or roll back to it.",
    "CancelFlightInfo": "Stop a query whose FlightInfo is given.",
    "CancelQuery": "Stop a query; CancelFlightInfo is the newer form.",
    "RenewFlightEndpoint": "Keep a result that has not been read for longer.",
    "SetSessionOptions": "SET settings of the session.",
    "GetSessionOptions": "SHOW settings of the session.",
    "CloseSession": "End the session; its token is not valid any more.",
}
_COMMIT = sql.ActionEndTransactionRequest.END_TRANSACTION_COMMIT
_ROLLBACK = sql.ActionEndTransactionRequest.END_TRANSACTION_ROLLBACK


class Actions:
    """`leave` ends a request's session. Blocking; every action raises SqlError."""

    def __init__(self, statements: Statements, streams: Streams, leave: Callable[[Request], None]) -> None:
        self._statements, self._streams, self._leave = statements, streams, leave
        self._options = SessionOptions(statements)
        self._savepoints = Savepoints(statements)
        self._handlers: dict[str, Callable[[Request, bytes], Sequence[bytes]]] = {
            "CreatePreparedStatement": self._create_prepared,
            "ClosePreparedStatement": self._close_prepared,
            "BeginTransaction": self._begin,
            "EndTransaction": self._end,
            "BeginSavepoint": self._begin_savepoint,
            "EndSavepoint": self._end_savepoint,
            "CancelFlightInfo": self._cancel,
            "CancelQuery": self._cancel_query,
            "RenewFlightEndpoint": self._renew,
            "SetSessionOptions": self._set_options,
            "GetSessionOptions": self._get_options,
            "CloseSession": self._close_session,
        }

    def run(self, request: Request, action: flight.Action) -> Sequence[bytes]:
        """The bodies of its results."""
        handler = self._handlers.get(action.type)
        if handler is None:
            raise FeatureNotSupported(f'action "{action.type}" is not supported')
        return handler(request, action.body.to_pybytes() if action.body is not None else b"")

    def _create_prepared(self, request: Request, body: bytes) -> Sequence[bytes]:
        asked = m.unpack_as(sql.ActionCreatePreparedStatementRequest, body)
        statement = self._statements.create(request, asked.query, asked.transaction_id)
        result = sql.ActionCreatePreparedStatementResult(
            prepared_statement_handle=statement.handle,
            dataset_schema=serialized(dataset_schema(statement)),
            parameter_schema=serialized(parameters_schema(statement)),
            is_update=statement.prepared.description.fields is None,
        )
        return [m.pack(result)]

    def _close_prepared(self, request: Request, body: bytes) -> Sequence[bytes]:
        asked = m.unpack_as(sql.ActionClosePreparedStatementRequest, body)
        request.session.drop_prepared(asked.prepared_statement_handle)
        return []

    def _begin(self, request: Request, body: bytes) -> Sequence[bytes]:
        m.unpack_as(sql.ActionBeginTransactionRequest, body)
        return [m.pack(sql.ActionBeginTransactionResult(transaction_id=self._statements.begin(request)))]

    def _end(self, request: Request, body: bytes) -> Sequence[bytes]:
        asked = m.unpack_as(sql.ActionEndTransactionRequest, body)
        if asked.action not in (_COMMIT, _ROLLBACK):
            raise ProtocolViolation("EndTransaction says neither commit nor rollback")
        self._statements.end(request, asked.transaction_id, commit=asked.action == _COMMIT)
        return []

    def _begin_savepoint(self, request: Request, body: bytes) -> Sequence[bytes]:
        asked = m.unpack_as(sql.ActionBeginSavepointRequest, body)
        handle = self._savepoints.begin(request, asked.transaction_id, asked.name)
        return [m.pack(sql.ActionBeginSavepointResult(savepoint_id=handle))]

    def _end_savepoint(self, request: Request, body: bytes) -> Sequence[bytes]:
        self._savepoints.end(request, m.unpack_as(sql.ActionEndSavepointRequest, body))
        return []

    def _cancel(self, request: Request, body: bytes) -> Sequence[bytes]:
        asked = _parsed(base.CancelFlightInfoRequest, body)
        stopped = [self._stop(request, endpoint.ticket.ticket) for endpoint in asked.info.endpoint]
        status = base.CANCEL_STATUS_CANCELLED if any(stopped) else base.CANCEL_STATUS_NOT_CANCELLABLE
        return [base.CancelFlightInfoResult(status=status).SerializeToString()]

    def _cancel_query(self, request: Request, body: bytes) -> Sequence[bytes]:
        info = _parsed(base.FlightInfo, m.unpack_as(sql.ActionCancelQueryRequest, body).info)
        stopped = [self._stop(request, endpoint.ticket.ticket) for endpoint in info.endpoint]
        kind = sql.ActionCancelQueryResult
        result = kind.CANCEL_RESULT_CANCELLED if any(stopped) else kind.CANCEL_RESULT_NOT_CANCELLABLE
        return [m.pack(kind(result=result))]

    def _stop(self, request: Request, ticket: bytes) -> bool:
        return self._streams.cancel(m.unpack_as(sql.TicketStatementQuery, ticket).statement_handle, request.session)

    def _renew(self, request: Request, body: bytes) -> Sequence[bytes]:
        endpoint = _parsed(base.RenewFlightEndpointRequest, body).endpoint
        handle = m.unpack_as(sql.TicketStatementQuery, endpoint.ticket.ticket).statement_handle
        endpoint.expiration_time.FromDatetime(datetime.fromtimestamp(self._streams.renew(handle, request.session), UTC))
        return [endpoint.SerializeToString()]

    def _set_options(self, request: Request, body: bytes) -> Sequence[bytes]:
        asked = _parsed(base.SetSessionOptionsRequest, body)
        return [self._options.set(request, asked).SerializeToString()]

    def _get_options(self, request: Request, body: bytes) -> Sequence[bytes]:
        _parsed(base.GetSessionOptionsRequest, body)
        return [self._options.get(request).SerializeToString()]

    def _close_session(self, request: Request, body: bytes) -> Sequence[bytes]:
        _parsed(base.CloseSessionRequest, body)
        self._leave(request)
        return [base.CloseSessionResult(status=base.CloseSessionResult.CLOSED).SerializeToString()]


def _parsed(kind: Any, body: bytes) -> Any:
    """A message of Flight itself, which comes without an Any. Raises ProtocolViolation (08P01)."""
    if len(body) > m.MESSAGE_BYTES_MAX:
        raise ProtocolViolation(f"a Flight message of {len(body)} bytes is too large")
    try:
        message: Message = kind.FromString(body)
    except DecodeError as error:
        raise ProtocolViolation("malformed Flight message") from error
    return message
