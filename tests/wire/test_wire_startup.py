"""From the first byte to the first ReadyForQuery, with libpq and with bytes of our own."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from tests.wire.gateway_process import DATABASE, PASSWORD, USER, GatewayProcess, psql, running_gateway
from tests.wire.raw_client import Address, RawClient, build, message, show

PAR_1 = {
    "server_version", "server_encoding", "client_encoding", "DateStyle", "IntervalStyle", "TimeZone",
    "integer_datetimes", "standard_conforming_strings", "application_name", "is_superuser", "session_authorization",
    "in_hot_standby", "default_transaction_read_only",
}  # fmt: skip


def refusal(dsn: str) -> tuple[str | None, str]:
    """SQLSTATE and message of a failed connect."""
    with pytest.raises(psycopg.OperationalError) as refused:
        psycopg.connect(dsn, connect_timeout=20)
    return refused.value.sqlstate, str(refused.value).strip()


def heard(gateway: GatewayProcess, version: int = 196608, **params: str) -> list[str]:
    with RawClient(gateway.address) as client:
        return [show(*each) for each in client.log_in(version, **params)]


def test_psql_connects_over_tls_again_and_again(gateway: GatewayProcess) -> None:
    for _ in range(15):
        done = psql(gateway, "-c", "select 1", sslmode="require", channel_binding="require")
        assert (done.stdout, done.stderr) == ("1\n", "")


def test_every_sslmode_that_can_work(gateway: GatewayProcess) -> None:
    for mode, encrypted in (("disable", False), ("allow", False), ("prefer", True), ("require", True)):
        with psycopg.connect(gateway.dsn(sslmode=mode)) as connection:
            assert connection.pgconn.ssl_in_use is encrypted


def test_wrong_password_and_unknown_user_look_alike(gateway: GatewayProcess) -> None:
    for user in (USER, "nobody"):
        _, text = refusal(gateway.dsn(user=user, password="guess"))
        assert text.endswith(f'FATAL:  password authentication failed for user "{user}"')
    lines = []
    for user in (USER, "nobody"):
        address = Address(gateway.address.host, gateway.address.port, user, DATABASE, "guess")
        with RawClient(address) as client:
            lines.append([(code, len(body)) for code, body in client.log_in()])
    assert lines[0][:-1] == lines[1][:-1]


def test_unknown_database(gateway: GatewayProcess) -> None:
    assert heard(gateway, database="nosuch")[-1] == 'ErrorResponse FATAL 3D000 "database \\"nosuch\\" does not exist"'


def test_a_database_of_others(gateway: GatewayProcess) -> None:
    add = ["user", "add", "otto", "--database", "other", "--password-stdin", "--data-dir", str(gateway.data_dir)]
    subprocess.run([sys.executable, "-m", "gateway", *add], input=b"x", check=True, timeout=60)
    last = heard(gateway, database="other")[-1]
    assert last == 'ErrorResponse FATAL 42501 "permission denied for database \\"other\\""'


def test_parameter_status(gateway: GatewayProcess, postgres: Address) -> None:
    with RawClient(gateway.address) as ours, RawClient(postgres) as real:
        ours.log_in(application_name="test")
        real.log_in(application_name="test")
        assert set(ours.parameters) == set(real.parameters) >= PAR_1
        same = {"server_encoding", "DateStyle", "IntervalStyle", "integer_datetimes", "client_encoding",
                "standard_conforming_strings", "application_name", "in_hot_standby"}  # fmt: skip
        assert {name: ours.parameters[name] for name in same} == {
            name: real.parameters[name] if name != "server_encoding" and name != "client_encoding" else "UTF8"
            for name in same
        }
        assert ours.parameters["session_authorization"] == USER and ours.parameters["is_superuser"] == "off"
        assert ours.parameters["server_version"].startswith("16.")


def test_startup_parameters_become_settings(gateway: GatewayProcess) -> None:
    told = {
        "application_name": "an app",
        "datestyle": "German",
        "options": "-c statement_timeout=7s -c TimeZone=Asia/Tokyo",
    }
    with RawClient(gateway.address) as client:
        client.log_in(**told)
        assert client.parameters["application_name"] == "an app"
        assert client.parameters["TimeZone"] == "Asia/Tokyo"
        assert client.parameters["DateStyle"] == "German, DMY"
        assert 'DataRow ["7s"]' in client.query("show statement_timeout")
        client.query("set timezone = 'UTC'")
        assert "ParameterStatus TimeZone=Asia/Tokyo" in client.query("reset timezone")


@pytest.mark.parametrize(
    ("params", "code"),
    [({"options": "-c nosuch=1"}, "42704"), ({"options": "-z"}, "42601"), ({"datestyle": "nonsense"}, "22023")],
)
def test_wrong_startup_parameters_are_fatal(gateway: GatewayProcess, params: dict[str, str], code: str) -> None:
    assert heard(gateway, **params)[-1].startswith(f"ErrorResponse FATAL {code} ")


def test_replication_is_refused(gateway: GatewayProcess) -> None:
    assert heard(gateway, replication="database")[-1].startswith("ErrorResponse FATAL 0A000 ")


def test_no_user_is_refused(gateway: GatewayProcess) -> None:
    address = Address(gateway.address.host, gateway.address.port, "", DATABASE)
    with RawClient(address) as client:
        assert show(*client.log_in()[-1]) == (
            'ErrorResponse FATAL 28000 "no PostgreSQL user name specified in startup packet"'
        )


def test_protocol_3_2_gets_a_long_key(gateway: GatewayProcess) -> None:
    with RawClient(gateway.address) as client:
        assert not any(code == b"v" for code, _ in client.log_in(196610))
        assert len(client.key) == 32
    with RawClient(gateway.address) as client:
        client.log_in()
        assert len(client.key) == 4


def test_newer_versions_and_unknown_options_are_negotiated(gateway: GatewayProcess) -> None:
    with RawClient(gateway.address) as client:
        told = dict(client.log_in((3 << 16) | 9999))
        assert struct.unpack("!ii", told[b"v"]) == (196610, 0)
        assert client.query("select 1")[-1] == "ReadyForQuery I"
    with RawClient(gateway.address) as client:
        told = dict(client.log_in(196608, **{"_pq_.later": "on"}))
        assert told[b"v"] == struct.pack("!ii", 196608, 1) + b"_pq_.later\0"
        assert client.query("select 1")[-1] == "ReadyForQuery I"


def test_old_protocols_are_refused(gateway: GatewayProcess) -> None:
    with RawClient(gateway.address) as client:
        last = show(*client.log_in(2 << 16)[-1])
        assert last == 'ErrorResponse FATAL 0A000 "unsupported frontend protocol 2.0: server supports 3.0 to 3.2"'


def test_gssapi_encryption_is_declined_then_tls_then_login(gateway: GatewayProcess) -> None:
    with RawClient(gateway.address) as client:
        client.send(struct.pack("!ii", 8, 80877104))
        assert client.socket.recv(1) == b"N"
        client.start_tls()
        client.log_in()
        assert client.query("select 1")[-1] == "ReadyForQuery I"


def test_clear_text_behind_the_ssl_request_closes(gateway: GatewayProcess) -> None:
    with RawClient(gateway.address) as client:
        client.send(struct.pack("!ii", 8, 80877103) + struct.pack("!i", 9) + b"x")
        assert client.socket.recv(100) == b""


def test_tls_handshake_that_is_none(gateway: GatewayProcess) -> None:
    with RawClient(gateway.address) as client:
        client.send(struct.pack("!ii", 8, 80877103))
        assert client.socket.recv(1) == b"S"
        client.send(b"this is no handshake at all" * 10)
        assert client.is_closed()


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
        b"\0\0\0\0\0\0\0\0",
        b"\xff" * 64,
        struct.pack("!ii", 8, 196608),
        struct.pack("!ii", 12, 80877102) + b"\0\0\0\0",
        struct.pack("!iiii", 16, 80877102, 1, 1),
    ],
)
def test_garbage_before_login_closes_and_the_server_lives(gateway: GatewayProcess, garbage: bytes) -> None:
    with RawClient(gateway.address) as client:
        client.send(garbage)
        client.socket.shutdown(socket.SHUT_WR)
        assert client.is_closed()
    assert heard(gateway)[-1] == "ReadyForQuery I"


def test_messages_before_the_password_are_refused(gateway: GatewayProcess) -> None:
    with RawClient(gateway.address) as client:
        body = struct.pack("!i", 196608) + f"user\0{USER}\0database\0{DATABASE}\0\0".encode()
        client.send(struct.pack("!i", len(body) + 4) + body + build("Query", {"sql": "select 1"}))
        assert client.until(b"E")[-1][1].startswith(b"SFATAL\0VFATAL\0C08P01\0")
        assert client.is_closed()


@pytest.mark.parametrize("answer", [b"", b"SCRAM-SHA-256\0", b"MD5\0\0\0\0\0", b"SCRAM-SHA-256\0\xff\xff\xff\x00"])
def test_malformed_sasl_answers(gateway: GatewayProcess, answer: bytes) -> None:
    with RawClient(gateway.address) as client:
        body = struct.pack("!i", 196608) + f"user\0{USER}\0database\0{DATABASE}\0\0".encode()
        client.send(struct.pack("!i", len(body) + 4) + body)
        assert client.receive()[0] == b"R"
        client.send(message(b"p", answer))
        assert client.until(b"E")[-1][1].startswith(b"SFATAL\0VFATAL\0C08P01\0")
        assert client.is_closed()


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """TLS required, three clients at most, one second to log in."""
    options = ("--tls", "required", "--max-connections", "3", "--login-timeout", "1s", "--shutdown-grace", "1s")
    with running_gateway(tmp_path_factory.mktemp("strict"), *options) as process:
        yield process


def test_tls_can_be_required(strict: GatewayProcess) -> None:
    _, text = refusal(strict.dsn(sslmode="disable"))
    assert "no encryption" in text
    with psycopg.connect(strict.dsn(sslmode="require")) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_too_many_connections(strict: GatewayProcess) -> None:
    connections = [psycopg.connect(strict.dsn(sslmode="require")) for _ in range(3)]
    _, text = refusal(strict.dsn(sslmode="require"))
    assert text.endswith("FATAL:  sorry, too many clients already")
    for connection in connections:
        connection.close()
    with psycopg.connect(strict.dsn(sslmode="require")) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_failed_handshakes_take_no_place(strict: GatewayProcess) -> None:
    for _ in range(300):
        with RawClient(strict.address) as client:
            client.send(struct.pack("!ii", 8, 80877103))
            assert client.socket.recv(1) == b"S"
            client.send(b"this is no handshake at all")
    with psycopg.connect(strict.dsn(sslmode="require")) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_who_does_not_log_in_is_sent_away(strict: GatewayProcess) -> None:
    for first in (b"", struct.pack("!ii", 8, 80877103)):
        with RawClient(strict.address) as client:
            client.socket.settimeout(5)
            client.send(first)
            assert client.is_closed()


def test_shutdown_lets_statements_end_within_the_grace(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_gateway(tmp_path_factory.mktemp("ending"), "--shutdown-grace", "1s") as process:
        idle, busy = RawClient(process.address), RawClient(process.address)
        idle.log_in()
        busy.log_in()
        busy.send(build("Query", {"sql": "select count(*) from generate_series(1, 1000000000)"}))
        process.process.terminate()
        assert show(*idle.until(b"E")[-1]) == (
            'ErrorResponse FATAL 57P01 "terminating connection due to administrator command"'
        )
        assert show(*busy.until(b"E")[-1]) == (
            'ErrorResponse FATAL 57P01 "terminating connection due to administrator command"'
        )
        assert idle.is_closed() and busy.is_closed()
        assert process.process.wait(20) == 0


def test_passwords_are_not_in_the_log(gateway: GatewayProcess) -> None:
    assert PASSWORD not in gateway.log.read_text()
