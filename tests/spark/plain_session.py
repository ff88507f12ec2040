"""SQL on a Spark Connect server by the least that is needed: an instrument of tests, independent of the engine."""

from __future__ import annotations

import contextlib
import uuid
from types import TracebackType

import grpc
import pyarrow as pa

from engine.spark.proto import base_pb2 as connect
from engine.spark.proto import relations_pb2

_INTERPRETED = ("spark.sql.codegen.wholeStage = false", "spark.sql.codegen.factoryMode = NO_CODEGEN")
"""Statements on a few rows take longer to compile than to run."""
TIMEOUT_S = 300.0
_SERVICE = "/spark.connect.SparkConnectService/"


class PlainSession:
    """One session. `sql` runs any statement and gives its rows (none: an empty table without columns)."""

    def __init__(self, endpoint: str, token: str = "") -> None:
        self._channel = grpc.insecure_channel(endpoint, [("grpc.max_receive_message_length", -1)])
        self._execute = self._channel.unary_stream(
            _SERVICE + "ExecutePlan",
            request_serializer=connect.ExecutePlanRequest.SerializeToString,
            response_deserializer=connect.ExecutePlanResponse.FromString,
        )
        self._release = self._channel.unary_unary(
            _SERVICE + "ReleaseSession",
            request_serializer=connect.ReleaseSessionRequest.SerializeToString,
            response_deserializer=connect.ReleaseSessionResponse.FromString,
        )
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._session = str(uuid.uuid4())
        self._user = connect.UserContext(user_id="tests")
        for setting in _INTERPRETED:
            self.sql(f"SET {setting}")

    def sql(self, text: str) -> pa.Table:
        plan = connect.Plan(root=relations_pb2.Relation(sql=relations_pb2.SQL(query=text)))
        request = connect.ExecutePlanRequest(session_id=self._session, user_context=self._user, plan=plan)
        tables = []
        for message in self._execute(request, metadata=self._metadata, timeout=TIMEOUT_S):
            if message.WhichOneof("response_type") == "arrow_batch":
                with pa.ipc.open_stream(message.arrow_batch.data) as stream:
                    tables.append(stream.read_all())
        return pa.concat_tables(tables) if tables else pa.table({})

    def rows(self, text: str) -> list[tuple[object, ...]]:
        columns = [column.to_pylist() for column in self.sql(text).columns]
        return list(zip(*columns, strict=True))

    def close(self) -> None:
        request = connect.ReleaseSessionRequest(session_id=self._session, user_context=self._user)
        with contextlib.suppress(grpc.RpcError):  # the server has gone, and the session with it
            self._release(request, metadata=self._metadata, timeout=10)
        self._channel.close()

    def __enter__(self) -> PlainSession:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()
