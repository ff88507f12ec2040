"""A client session's own Connect session on one cluster: opened when first used, opened anew when lost, released."""

from __future__ import annotations

import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakSet

import grpc

from catalog.errors import AdminShutdown, ConnectionFailure, InternalError, InvalidParameterValue, SqlError
from engine.spark.client import ConnectClient, SessionKey
from engine.spark.configuration import LIBRARY_EXTENSION, SESSION_SETTINGS, TIME_ZONE
from engine.spark.errors import Told, told, translate
from engine.spark.execution import RECONNECT_S, Execution, SessionLost
from engine.spark.progress import Watcher
from engine.spark.proto import base_pb2 as connect
from engine.spark.proto import types_pb2
from engine.storage.recent import Recent

logger = logging.getLogger(__name__)

RELEASE_TIMEOUT_S = 5.0
SCHEMAS_MAX = 256
_RESULT_LIMIT = "spark.driver.maxResultSize"
_EXTENSIONS = "spark.sql.extensions"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Driver:
    """What a session finds out about its driver. `result_bytes_max`: results above fail; 0 means without limit."""

    result_bytes_max: int
    has_library: bool
    """It has our functions (`pg_*`)."""


class ConnectSession:
    """`user` names who asks, in the driver's eyes: tenant and user. Safe for many threads."""

    def __init__(self, endpoint: str, token: str, user: str, *, reconnect_s: float = RECONNECT_S) -> None:
        self._client = ConnectClient(endpoint, token, user)
        self._reconnect_s = reconnect_s
        self._lock = threading.Lock()
        self._key: SessionKey | None = None
        self._driver = Driver(0, has_library=False)
        self._time_zone = ""
        self._schemas: Recent[str, types_pb2.DataType] = Recent(SCHEMAS_MAX)
        self._executions: WeakSet[Execution] = WeakSet()
        self._closed = False

    @property
    def client(self) -> ConnectClient:
        return self._client

    def key(self, time_zone: str | None = None) -> SessionKey:
        """The session, open, and with this time zone (None: any); raises SqlError (08006: no answer)."""
        with self._lock:
            if self._closed:
                raise AdminShutdown("the session on the cluster is closed")
            key = self._key or self._open()
            if time_zone is not None and time_zone != self._time_zone:
                self._set(key, {TIME_ZONE: time_zone})
                self._time_zone = time_zone
            return key

    def driver(self) -> Driver:
        """What is known of the driver; opens the session."""
        self.key()
        return self._driver

    def configure(self, settings: Mapping[str, str]) -> None:
        """Spark's settings for the statements to come, until the session is lost; raises SqlError."""
        self.retrying(lambda: self._configure(settings))

    def execution(
        self,
        key: SessionKey,
        plan: connect.Plan,
        *,
        watch: Watcher | None = None,
        own_text: str | None = None,
    ) -> Execution:
        """The plan, not yet sent."""
        execution = Execution(self._client, key, plan, watch=watch, own_text=own_text, reconnect_s=self._reconnect_s)
        with self._lock:
            self._executions.add(execution)
        return execution

    def analyze(self, request: connect.AnalyzePlanRequest, time_zone: str | None = None) -> connect.AnalyzePlanResponse:
        """Ask about a plan without running it; raises SqlError. Once more where the session is gone."""
        return self.retrying(lambda: self._analyze(self.key(time_zone), request))

    def schema(self, name: str, plan: connect.Plan) -> types_pb2.DataType:
        """The schema of a plan, remembered by `name`: for what never changes (a table at one version)."""
        known = self._schemas.get(name)
        if known is not None:
            return known
        request = connect.AnalyzePlanRequest(schema=connect.AnalyzePlanRequest.Schema(plan=plan))
        found = self.analyze(request).schema.schema
        self._schemas.put(name, found)
        return found

    def retrying(self, step: Callable[[], _T]) -> _T:
        """Run `step`; once more if the session was gone before the step had begun. A session that is lost is replaced
        by the next use.
        """
        for last in (False, True):
            try:
                return step()
            except SessionLost as error:
                self.forget()
                if last or error.begun:
                    raise
        raise InternalError("a retry was not decided")

    def forget(self) -> None:
        """The driver has lost the session, or cannot be reached: the next use opens another."""
        with self._lock:
            self._key = None

    def close(self) -> None:
        """What runs in the session is stopped, and the driver drops all it holds. Safe to call again."""
        with self._lock:
            key, self._key = self._key, None
            if self._closed:
                return
            self._closed = True
            running = [execution for execution in self._executions if not execution.ended]
        for execution in running:
            execution.stop()
        deadline = time.monotonic() + RELEASE_TIMEOUT_S
        for execution in running:
            execution.wait_stopped(max(deadline - time.monotonic(), 0))
        try:
            if key is not None:
                self._client.release_session(key, RELEASE_TIMEOUT_S)
        except grpc.RpcError as error:
            logger.info("a session was not released, it ends by itself: %s", told(error).text)
        finally:
            self._client.close()

    def _configure(self, settings: Mapping[str, str]) -> None:
        key = self.key()
        with self._lock:
            self._set(key, settings)

    def _open(self) -> SessionKey:
        """A new session with our settings. Called with the lock held.

        A driver that is about to end says odd things ("assertion failed"): nothing that is asked here is the client's.
        """
        try:
            return self._begin()
        except InternalError as error:
            raise ConnectionFailure(
                "the Spark driver opens no session", detail=error.message, hint="Run the statement again."
            ) from error

    def _begin(self) -> SessionKey:
        key = SessionKey(str(uuid.uuid4()))
        answer = self._set(key, SESSION_SETTINGS)
        key = SessionKey(key.session_id, answer.server_side_session_id or None)
        asked = connect.ConfigRequest.GetWithDefault(pairs=[_pair(_RESULT_LIMIT, "1g"), _pair(_EXTENSIONS, "")])
        given = self._config(key, connect.ConfigRequest.Operation(get_with_default=asked))
        values = {pair.key: pair.value for pair in given.pairs}
        self._driver = Driver(parse_bytes(values[_RESULT_LIMIT]), LIBRARY_EXTENSION in values[_EXTENSIONS])
        self._key, self._time_zone = key, SESSION_SETTINGS[TIME_ZONE]
        return key

    def _set(self, key: SessionKey, settings: Mapping[str, str]) -> connect.ConfigResponse:
        pairs = [_pair(name, value) for name, value in settings.items()]
        return self._config(key, connect.ConfigRequest.Operation(set=connect.ConfigRequest.Set(pairs=pairs)))

    def _config(self, key: SessionKey, operation: connect.ConfigRequest.Operation) -> connect.ConfigResponse:
        try:
            return self._client.config(key, operation, self._reconnect_s)
        except grpc.RpcError as error:
            raise _failed(told(error)) from error

    def _analyze(self, key: SessionKey, request: connect.AnalyzePlanRequest) -> connect.AnalyzePlanResponse:
        try:
            return self._client.analyze(key, request)
        except grpc.RpcError as error:
            raise _failed(told(error)) from error


def parse_bytes(text: str) -> int:
    """A size as Spark's settings have it ("1g", "512m", "4096"), in bytes; raises InvalidParameterValue."""
    match = re.fullmatch(r"(\d+)([kmgtp]?)b?", text.strip().lower())
    if match is None:
        raise InvalidParameterValue(f'"{text}" is not a size')
    return int(match[1]) << 10 * "_kmgtp".index(match[2] or "_")


def _failed(what: Told) -> SqlError:
    """Nothing has begun: a session that is gone, or a driver that does not answer, may be tried once more."""
    error = translate(what)
    return SessionLost(error, begun=not what.session_gone) if isinstance(error, ConnectionFailure) else error


def _pair(key: str, value: str) -> connect.KeyValue:
    return connect.KeyValue(key=key, value=value)
