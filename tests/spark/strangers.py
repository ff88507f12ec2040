"""What somebody without the secret says to a driver: Spark Connect's calls, and a message of Spark's own protocol."""

from __future__ import annotations

import socket
import struct

import grpc

from engine.spark.proto import base_pb2 as connect
from engine.spark.proto import relations_pb2

SESSION, OPERATION = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


def calls(endpoint: str, token: str | None, user: str = "other/mallory") -> dict[str, str]:
    """The status of each of Spark Connect's calls with a bearer token, or without one."""
    metadata = () if token is None else (("authorization", f"Bearer {token}"),)
    who = connect.UserContext(user_id=user)
    plan = connect.Plan(root=relations_pb2.Relation(sql=relations_pb2.SQL(query="SELECT 1")))
    schema = connect.AnalyzePlanRequest.Schema(plan=plan)
    settings = connect.ConfigRequest.Operation(get_all=connect.ConfigRequest.GetAll())
    everything = connect.InterruptRequest.INTERRUPT_TYPE_ALL
    requests = {
        "ExecutePlan": connect.ExecutePlanRequest(session_id=SESSION, user_context=who, plan=plan),
        "ReattachExecute": connect.ReattachExecuteRequest(session_id=SESSION, user_context=who, operation_id=OPERATION),
        "AnalyzePlan": connect.AnalyzePlanRequest(session_id=SESSION, user_context=who, schema=schema),
        "Config": connect.ConfigRequest(session_id=SESSION, user_context=who, operation=settings),
        "Interrupt": connect.InterruptRequest(session_id=SESSION, user_context=who, interrupt_type=everything),
        "ArtifactStatus": connect.ArtifactStatusesRequest(session_id=SESSION, user_context=who, names=["x"]),
        "FetchErrorDetails": connect.FetchErrorDetailsRequest(session_id=SESSION, user_context=who, error_id="x"),
        "GetStatus": connect.GetStatusRequest(session_id=SESSION, user_context=who),
        "ReleaseSession": connect.ReleaseSessionRequest(session_id=SESSION, user_context=who),
    }
    found = {}
    with grpc.insecure_channel(endpoint) as channel:
        for name, request in requests.items():
            call = channel.unary_stream(
                f"/spark.connect.SparkConnectService/{name}",
                request_serializer=type(request).SerializeToString,
                response_deserializer=lambda data: data,
            )
            try:
                list(call(request, metadata=metadata, timeout=30))
                found[name] = "OK"
            except grpc.RpcError as error:
                found[name] = error.code().name
    return found


def message() -> bytes:
    """A request as NettyRpcEnv takes them: no sender, an endpoint's name, and what Java is to deserialize."""
    body = b"\0\0" + struct.pack(">H", 1) + b"x" + b"\xac\xed\x00\x05\xff"
    frame = struct.pack(">bqI", 3, 1, len(body)) + body
    return struct.pack(">q", 8 + len(frame)) + frame


def said_to(host: str, port: int) -> bytes:
    """The answer to such a request."""
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(message())
        size = struct.unpack(">q", connection.recv(8, socket.MSG_WAITALL))[0]
        return connection.recv(size - 8, socket.MSG_WAITALL)
