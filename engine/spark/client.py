"""Spark Connect's calls on one channel: requests out, messages back. Sessions, retries and meaning are elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote

import grpc
from google.protobuf.message import Message

from catalog.errors import InvalidParameterValue
from engine.spark.proto import base_pb2 as connect

CALL_TIMEOUT_S = 30.0
"""Deadline of every call but the streams."""
COLD_TIMEOUT_S = 60.0
"""Of a call to a driver that takes connections: the first ones of a cold driver on a busy machine take long."""
_AGAIN_S = 0.2
CLIENT_TYPE = "kadali"
_SERVICE = "/spark.connect.SparkConnectService/"
_CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.use_local_subchannel_pool", 1),  # a connection for each session: one that stalls holds up no other
    ("grpc.keepalive_time_ms", 301_000),  # the server takes more than a ping in 5 minutes for abuse
    ("grpc.keepalive_timeout_ms", 20_000),
)

_Response = TypeVar("_Response", bound=Message)


class Stream(Protocol):
    """The answer to ExecutePlan or ReattachExecute: raises grpc.RpcError; `cancel` from any thread."""

    def __next__(self) -> connect.ExecutePlanResponse: ...

    def __iter__(self) -> Iterator[connect.ExecutePlanResponse]: ...

    def cancel(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class SessionKey:
    """What names a session in every request. `server_side` is the server's own id of it, once it has told one:
    a driver that was started anew then refuses the request instead of answering from a new, empty session.
    """

    session_id: str
    server_side: str | None = None


class ChannelClosed(grpc.RpcError):
    """A call that came when its channel was closed: to be read as `engine.spark.errors.told` reads grpc's own."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.CANCELLED

    def details(self) -> str:
        return "the connection to the Spark driver was closed"

    def trailing_metadata(self) -> tuple[Any, ...]:
        return ()


class ConnectClient:
    """One channel to one driver, for one user. Safe for many threads. Every call may raise grpc.RpcError."""

    def __init__(self, endpoint: str, token: str, user: str) -> None:
        self._channel = _channel(endpoint)
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._user = connect.UserContext(user_id=user)
        self._closed = threading.Event()

    def execute(self, key: SessionKey, operation_id: str, plan: connect.Plan) -> Stream:
        """Start a plan, so that its stream can be taken up again after a cut."""
        reattach = connect.ExecutePlanRequest.RequestOption(
            reattach_options=connect.ReattachOptions(reattachable=True),
        )
        request = connect.ExecutePlanRequest(
            session_id=key.session_id,
            client_observed_server_side_session_id=key.server_side,
            user_context=self._user,
            operation_id=operation_id,
            plan=plan,
            client_type=CLIENT_TYPE,
            request_options=[reattach],
        )
        return self._stream("ExecutePlan", request)

    def reattach(self, key: SessionKey, operation_id: str, after: str | None) -> Stream:
        """Go on with a stream behind the response called `after` (None: from its beginning)."""
        request = connect.ReattachExecuteRequest(
            session_id=key.session_id,
            client_observed_server_side_session_id=key.server_side,
            user_context=self._user,
            operation_id=operation_id,
            client_type=CLIENT_TYPE,
            last_response_id=after,
        )
        return self._stream("ReattachExecute", request)

    def release(self, key: SessionKey, operation_id: str) -> None:
        """Tell the server to forget an operation; one that runs is stopped. Does not wait for an answer: an operation
        whose release is lost is forgotten by the server after some minutes.
        """
        request = connect.ReleaseExecuteRequest(
            session_id=key.session_id,
            user_context=self._user,
            operation_id=operation_id,
            client_type=CLIENT_TYPE,
            release_all=connect.ReleaseExecuteRequest.ReleaseAll(),
        )
        call = self._unary("ReleaseExecute", connect.ReleaseExecuteResponse)
        with suppress(ChannelClosed), self._open():  # the session has been released with all that was in it
            pending = call.future(request, timeout=CALL_TIMEOUT_S, metadata=self._metadata)
            pending.add_done_callback(lambda _: None)  # kept alive until answered: a collected call is canceled

    def interrupt(self, key: SessionKey, operation_id: str) -> bool:
        """Stop an operation; whether the server knew it as running."""
        request = connect.InterruptRequest(
            session_id=key.session_id,
            user_context=self._user,
            client_type=CLIENT_TYPE,
            interrupt_type=connect.InterruptRequest.INTERRUPT_TYPE_OPERATION_ID,
            operation_id=operation_id,
        )
        return bool(self._call("Interrupt", request, connect.InterruptResponse).interrupted_ids)

    def states(self, key: SessionKey, operation_ids: tuple[str, ...] = ()) -> dict[str, int]:
        """The states (OperationStatus.OperationState) of some operations, or of all that the session has."""
        request = connect.GetStatusRequest(
            session_id=key.session_id,
            user_context=self._user,
            client_type=CLIENT_TYPE,
            operation_status=connect.GetStatusRequest.OperationStatusRequest(operation_ids=operation_ids),
        )
        answer = self._call("GetStatus", request, connect.GetStatusResponse)
        return {status.operation_id: status.state for status in answer.operation_statuses}

    def config(
        self, key: SessionKey, operation: connect.ConfigRequest.Operation, patience_s: float = CALL_TIMEOUT_S
    ) -> connect.ConfigResponse:
        """Set or get settings. Tries up to `patience_s` to reach a driver, and again where the connection is cut."""
        request = connect.ConfigRequest(
            session_id=key.session_id,
            client_observed_server_side_session_id=key.server_side,
            user_context=self._user,
            operation=operation,
            client_type=CLIENT_TYPE,
        )
        deadline = time.monotonic() + patience_s
        while True:
            try:
                return self._call("Config", request, connect.ConfigResponse, COLD_TIMEOUT_S)
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE or time.monotonic() > deadline:
                    raise
            self._closed.wait(_AGAIN_S)

    def analyze(self, key: SessionKey, request: connect.AnalyzePlanRequest) -> connect.AnalyzePlanResponse:
        """`request` says what is asked; the session is filled in here."""
        request.session_id = key.session_id
        request.client_type = CLIENT_TYPE
        if key.server_side is not None:
            request.client_observed_server_side_session_id = key.server_side
        request.user_context.CopyFrom(self._user)
        return self._call("AnalyzePlan", request, connect.AnalyzePlanResponse)

    def error_details(self, key: SessionKey, error_id: str) -> connect.FetchErrorDetailsResponse:
        request = connect.FetchErrorDetailsRequest(
            session_id=key.session_id, user_context=self._user, error_id=error_id, client_type=CLIENT_TYPE
        )
        return self._call("FetchErrorDetails", request, connect.FetchErrorDetailsResponse)

    def release_session(self, key: SessionKey, timeout_s: float) -> None:
        """The server drops all it holds for the session, and stops what runs in it."""
        request = connect.ReleaseSessionRequest(
            session_id=key.session_id, user_context=self._user, client_type=CLIENT_TYPE
        )
        self._call("ReleaseSession", request, connect.ReleaseSessionResponse, timeout_s)

    def close(self) -> None:
        """Calls under way fail."""
        self._closed.set()
        self._channel.close()

    def _stream(self, method: str, request: Message) -> Stream:
        call = self._channel.unary_stream(
            _SERVICE + method,
            request_serializer=_serialized,
            response_deserializer=connect.ExecutePlanResponse.FromString,
        )
        with self._open():
            stream: Stream = call(request, metadata=self._metadata)
        return stream

    def _unary(self, method: str, answer: type[_Response]) -> grpc.UnaryUnaryMultiCallable[Message, _Response]:
        return self._channel.unary_unary(
            _SERVICE + method, request_serializer=_serialized, response_deserializer=answer.FromString
        )

    def _call(
        self, method: str, request: Message, answer: type[_Response], timeout_s: float = CALL_TIMEOUT_S
    ) -> _Response:
        with self._open():
            return self._unary(method, answer)(request, timeout=timeout_s, metadata=self._metadata)

    @contextmanager
    def _open(self) -> Iterator[None]:
        """A call on a channel that is closed fails as one does that was under way when it was closed."""
        try:
            yield
        except ValueError as error:  # what grpc raises then
            if not self._closed.is_set():
                raise
            raise ChannelClosed from error


def _serialized(message: Message) -> bytes:
    return message.SerializeToString()


def _channel(endpoint: str) -> grpc.Channel:
    """`host:port`, or `sc://host:port/;use_ssl=true` as Spark's own clients write it; raises InvalidParameterValue."""
    address, _, options = endpoint.removeprefix("sc://").partition("/")
    given = dict(part.partition("=")[::2] for part in options.strip(";").split(";") if part)
    if unknown := given.keys() - {"use_ssl"}:
        raise InvalidParameterValue(f'unrecognized option "{unquote(sorted(unknown)[0])}" of a Spark Connect endpoint')
    if given.get("use_ssl", "false").lower() == "true":
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(), options=_CHANNEL_OPTIONS)
    return grpc.insecure_channel(address, options=_CHANNEL_OPTIONS)
