"""Clients of the Flight SQL door: ADBC's, and pyarrow's bare one for what ADBC does not say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.flight as flight
from adbc_driver_flightsql import DatabaseOptions, dbapi
from google.protobuf.any_pb2 import Any as Box
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from gateway.flight import messages as m
from gateway.flight.messages import sql
from tests.gateway_server import PASSWORD, GatewayServer


@contextmanager
def adbc(
    server: GatewayServer, user: str = "alice", database: str = "acme", *, autocommit: bool = True, **options: str
) -> Iterator[dbapi.Connection]:
    """An ADBC connection; `options` are the driver's."""
    given = {
        "username": user,
        "password": PASSWORD,
        f"{DatabaseOptions.RPC_CALL_HEADER_PREFIX.value}database": database,
        **options,
    }
    connection = dbapi.connect(f"grpc://127.0.0.1:{server.flight_port}", db_kwargs=given, autocommit=autocommit)
    try:
        yield connection
    finally:
        connection.close()


def answer(connection: dbapi.Connection, text: str, parameters: Any = None) -> pa.Table:
    """All rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        return cursor.fetch_arrow_table()


def sqlstate(error: Exception) -> str:
    """That of an ADBC error: in the details, as google.rpc.ErrorInfo."""
    details: list[tuple[str | bytes, bytes]] = getattr(error, "details", [])
    for name, data in details:
        if name in (b"grpc-status-details-bin", "grpc-status-details-bin"):
            return _reason(Box.FromString(data))
    raise AssertionError(f"no details in {error!r}") from error


class Bare:
    """pyarrow's Flight client with a token, speaking Flight SQL by hand."""

    def __init__(
        self,
        server: GatewayServer,
        user: str = "alice",
        database: str = "acme",
        *,
        password: str = PASSWORD,
        tls: bytes | None = None,
        certificate: tuple[bytes, bytes] | None = None,
    ) -> None:
        """`tls`: the certificate to trust; `certificate`: the client's own and its key."""
        scheme, options = ("grpc", {}) if tls is None else ("grpc+tls", {"tls_root_certs": tls})
        if certificate is not None:
            options |= {"cert_chain": certificate[0], "private_key": certificate[1]}
        self.client = flight.connect(f"{scheme}://localhost:{server.flight_port}", **options)
        asked = flight.FlightCallOptions(headers=[(b"database", database.encode())])
        self.header = self.client.authenticate_basic_token(user, password, asked)
        self.options = flight.FlightCallOptions(headers=[self.header])

    def info(self, command: Any) -> flight.FlightInfo:
        return self.client.get_flight_info(flight.FlightDescriptor.for_command(m.pack(command)), self.options)

    def query(self, text: str) -> flight.FlightInfo:
        return self.info(sql.CommandStatementQuery(query=text))

    def read(self, info: flight.FlightInfo) -> pa.Table:
        return self.client.do_get(info.endpoints[0].ticket, self.options).read_all()

    def act(self, name: str, body: bytes = b"") -> list[bytes]:
        return [result.body.to_pybytes() for result in self.client.do_action(flight.Action(name, body), self.options)]

    def close(self) -> None:
        self.client.close()


def flight_sqlstate(error: flight.FlightError) -> str:
    """That of a pyarrow error."""
    [detail] = Status.FromString(error.extra_info).details
    return _reason(detail)


def _reason(box: Box) -> str:
    info = ErrorInfo()
    assert box.Unpack(info)
    assert info.domain == "kadali"
    return info.reason
