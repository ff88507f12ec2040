"""Who gets in: passwords, tokens, databases, sessions that end."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.flight as flight
import pytest
from adbc_driver_flightsql import dbapi

from gateway.auth.certificate import ensure_self_signed
from gateway.flight import messages as m
from gateway.flight.messages import base, sql
from tests.flight.clients import Bare, adbc, answer, flight_sqlstate, sqlstate
from tests.gateway_server import PASSWORD, GatewayServer

WHO = "SELECT current_user AS who, current_database() AS place"


def asked(server: GatewayServer, *headers: tuple[bytes, bytes]) -> flight.FlightInfo:
    """A query with these headers and nothing else."""
    client = flight.connect(f"grpc://127.0.0.1:{server.flight_port}")
    try:
        command = flight.FlightDescriptor.for_command(m.pack(sql.CommandStatementQuery(query=WHO)))
        return client.get_flight_info(command, flight.FlightCallOptions(headers=list(headers)))
    finally:
        client.close()


def basic(user: str, password: str = PASSWORD) -> tuple[bytes, bytes]:
    return b"authorization", b"Basic " + base64.b64encode(f"{user}:{password}".encode())


def test_the_database_is_the_headers_or_the_only_one(gateway: GatewayServer) -> None:
    with adbc(gateway, "alice", "globex") as connection:
        assert answer(connection, WHO).to_pylist() == [{"who": "alice", "place": "globex"}]
    only = {"username": "bob", "password": PASSWORD}
    with dbapi.connect(f"grpc://127.0.0.1:{gateway.flight_port}", db_kwargs=only, autocommit=True) as connection:
        assert answer(connection, WHO).to_pylist() == [{"who": "bob", "place": "acme"}]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ([], "28000"),
        ([basic("alice", "wrong")], "28P01"),
        ([basic("nobody")], "28P01"),
        ([basic("alice")], "3D000"),
        ([basic("alice"), (b"database", b"nowhere")], "3D000"),
        ([basic("bob"), (b"database", b"globex")], "42501"),
        ([(b"authorization", b"Basic !")], "28000"),
        ([(b"authorization", b"Bearer " + b"A" * 43)], "28000"),
        ([(b"authorization", b"Digest x")], "28000"),
    ],
)
def test_who_may_not_come_in_is_told_why(gateway: GatewayServer, headers: list[tuple[bytes, bytes]], code: str) -> None:
    with pytest.raises(flight.FlightError) as caught:
        asked(gateway, *headers)
    assert flight_sqlstate(caught.value) == code
    assert "Traceback" not in str(caught.value)


def test_wrong_and_unknown_users_look_alike(gateway: GatewayServer) -> None:
    told = []
    for user in ("bob", "bop"):
        with pytest.raises(flight.FlightUnauthenticatedError) as caught:
            asked(gateway, basic(user, "wrong"))
        told.append(str(caught.value).replace(user, "USER"))
    assert told[0] == told[1]


def test_a_password_with_every_request_and_no_padding(gateway: GatewayServer) -> None:
    name, value = basic("bob")
    assert asked(gateway, (name, value.rstrip(b"="))).schema.names == ["who", "place"]


def test_a_token_is_a_session(gateway: GatewayServer, bare: Bare) -> None:
    bare.read(bare.query("SET application_name = 'mine'"))
    same = asked(gateway, bare.header)
    assert same.schema.names == ["who", "place"]
    shown = bare.read(bare.query("SHOW application_name"))
    assert shown.to_pylist() == [{"application_name": "mine"}]
    other = Bare(gateway)
    assert other.read(other.query("SHOW application_name")).to_pylist() != shown.to_pylist()
    other.close()


def test_a_closed_session_is_over(gateway: GatewayServer) -> None:
    bare = Bare(gateway)
    [closed] = bare.act("CloseSession")
    assert base.CloseSessionResult.FromString(closed).status == base.CloseSessionResult.CLOSED
    with pytest.raises(flight.FlightUnauthenticatedError) as caught:
        bare.query(WHO)
    assert flight_sqlstate(caught.value) == "28000"
    bare.close()


def test_pg_terminate_backend_ends_a_session(gateway: GatewayServer, bare: Bare) -> None:
    [row] = bare.read(bare.query("SELECT pg_backend_pid() AS pid")).to_pylist()
    with gateway.connect() as connection:
        assert connection.execute("SELECT pg_terminate_backend(%s)", [row["pid"]]).fetchone() == (True,)
    with pytest.raises(flight.FlightUnauthenticatedError):
        bare.query(WHO)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayServer]:
    """One with TLS on the Flight port, sessions that end soon, and few of them."""
    options = ("--flight-tls", "on", "--flight-session-timeout", "5s", "--max-connections", "3")
    server = GatewayServer(tmp_path_factory.mktemp("strict") / "data", options)
    server.add_user("alice", "acme", admin=True)
    server.add_user("bob", "acme")
    server.start()
    yield server
    server.stop()


def tls_options(server: GatewayServer) -> dict[str, str]:
    [certificate] = (server.data_dir / "tls").glob("*.crt")
    return {"tls_root_certs": certificate.read_text()}


def secret(server: GatewayServer, user: str = "alice") -> Bare:
    return Bare(server, user, tls=tls_options(server)["tls_root_certs"].encode())


def test_tls(strict: GatewayServer) -> None:
    bare = secret(strict)
    assert bare.read(bare.query(WHO)).to_pylist() == [{"who": "alice", "place": "acme"}]
    bare.act("CloseSession")
    bare.close()
    with pytest.raises(flight.FlightError):
        Bare(strict)


def test_sessions_that_nobody_uses_end(strict: GatewayServer) -> None:
    bare = secret(strict)
    bare.read(bare.query(WHO))
    deadline = time.monotonic() + 60
    while "session unused" not in strict.log():
        assert time.monotonic() < deadline
    with pytest.raises(flight.FlightUnauthenticatedError) as caught:
        bare.query(WHO)
    assert "its session has ended" in str(caught.value)
    bare.close()


def test_too_many_sessions(strict: GatewayServer) -> None:
    held = [secret(strict) for _ in range(3)]
    with pytest.raises(flight.FlightError) as caught:
        secret(strict)
    assert flight_sqlstate(caught.value) == "53300"
    for one in held:
        one.act("CloseSession")
        one.close()


def test_mutual_tls(tmp_path: Path) -> None:
    certificate, key = ensure_self_signed(tmp_path / "client", ["client"])
    options = ("--flight-tls", "on", "--flight-client-ca", str(certificate))
    server = GatewayServer(tmp_path / "data", options)
    server.add_user("alice", "acme", admin=True)
    server.start()
    try:
        root = tls_options(server)["tls_root_certs"].encode()
        with pytest.raises(flight.FlightError):
            Bare(server, tls=root)
        bare = Bare(server, tls=root, certificate=(certificate.read_bytes(), key.read_bytes()))
        assert bare.read(bare.query("SELECT 1 AS one")).num_rows == 1
        bare.close()
    finally:
        server.stop()


def test_adbc_over_tls_is_told_of_errors(strict: GatewayServer) -> None:
    trusted = {"adbc.flight.sql.client_option.tls_root_certs": tls_options(strict)["tls_root_certs"]}
    given = {"username": "alice", "password": PASSWORD, **trusted}
    url = f"grpc+tls://localhost:{strict.flight_port}"
    with dbapi.connect(url, db_kwargs=given, autocommit=True) as connection:
        with pytest.raises(dbapi.Error) as caught:
            answer(connection, "SELECT * FROM nothing")
        assert sqlstate(caught.value) == "42P01"


def test_guessing_ends_soon(strict: GatewayServer) -> None:
    codes = []
    for _ in range(11):
        with pytest.raises(flight.FlightError) as caught:
            Bare(strict, password="guess", tls=tls_options(strict)["tls_root_certs"].encode())
        codes.append(flight_sqlstate(caught.value))
    assert codes == ["28P01"] * 10 + ["28000"]
    secret(strict, "bob").close()
