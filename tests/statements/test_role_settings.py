"""ALTER ROLE ... SET and ALTER DATABASE ... SET: what sessions begin with, who may say so, what no longer holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tests.gateway_server import GatewayServer

ROLES = "SELECT role, name, setting FROM kadali.role_settings ORDER BY role NULLS FIRST, name"
Connection = psycopg.Connection[Any]
Opener = Callable[..., Connection]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayServer]:
    folder = tmp_path_factory.mktemp("roles")
    (folder / "spark").mkdir()
    made = GatewayServer(folder / "data", ("--spark-home", str(folder / "spark"), "--statement-timeout", "1h"))
    made.add_user("alice", "acme", admin=True)
    made.add_user("bob", "acme")
    made.add_user("bob", "globex", admin=True)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def opened(server: GatewayServer) -> Iterator[Opener]:
    """Opens sessions; at the end nothing is set."""
    connections: list[Connection] = []

    def open_one(user: str = "bob", database: str = "acme", **options: str) -> Connection:
        connections.append(server.connect(user, database, **options))
        return connections[-1]

    yield open_one
    for connection in connections:
        connection.close()
    with server.connect("alice") as alice:
        for sql in ("ALTER DATABASE acme RESET ALL", "ALTER ROLE alice RESET ALL", "ALTER ROLE bob RESET ALL"):
            alice.execute(sql)


def shown(connection: Connection, name: str) -> str:
    row = connection.execute(f"SHOW {name}".encode()).fetchone()
    assert row is not None
    return str(row[0])


def refused(connection: Connection, sql: str) -> tuple[str | None, str | None]:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(sql.encode())
    return caught.value.sqlstate, caught.value.diag.message_primary


def test_sessions_begin_with_them(opened: Opener) -> None:
    alice, before = opened("alice"), opened()
    assert shown(before, "statement_timeout") == "1h"
    for sql, tag in {
        "ALTER DATABASE acme SET statement_timeout = '300s'": "ALTER DATABASE",
        "ALTER ROLE ALL SET work_mem = '9MB'": "ALTER ROLE",
        "ALTER USER bob SET work_mem TO '16384kB'": "ALTER ROLE",
        'ALTER ROLE bob IN DATABASE acme SET search_path TO pg_catalog, "Odd one"': "ALTER ROLE",
        "ALTER ROLE bob SET my.own = 'x'": "ALTER ROLE",
        "ALTER ROLE bob SET TIME ZONE 'Europe/Berlin'": "ALTER ROLE",
    }.items():
        assert alice.execute(sql.encode()).statusmessage == tag
    assert shown(before, "statement_timeout") == "1h", "sessions that later begin"
    assert alice.execute(ROLES).fetchall() == [
        (None, "statement_timeout", "5min"),
        (None, "work_mem", "9MB"),
        ("bob", "my.own", "x"),
        ("bob", "search_path", 'pg_catalog, "Odd one"'),
        ("bob", "timezone", "Europe/Berlin"),
        ("bob", "work_mem", "16MB"),
    ]
    for _ in range(2):
        bob = opened()
        found = [shown(bob, name) for name in ("statement_timeout", "work_mem", "search_path", "my.own", "timezone")]
        assert found == ["5min", "16MB", 'pg_catalog, "Odd one"', "x", "Europe/Berlin"]
    bob.execute("SET work_mem = '1MB'")
    bob.execute("RESET work_mem")
    assert shown(bob, "work_mem") == "16MB"
    assert shown(opened(options="-c work_mem=2MB"), "work_mem") == "2MB"
    assert shown(opened("alice"), "work_mem") == "9MB"
    assert shown(opened("bob", "globex"), "work_mem") not in ("9MB", "16MB"), "another database"


def test_they_are_taken_back(opened: Opener) -> None:
    alice = opened("alice")
    for sql in (
        "SET statement_timeout = '2min'",
        "ALTER ROLE bob SET statement_timeout FROM CURRENT",
        "ALTER ROLE bob SET work_mem = '8MB'",
        "ALTER ROLE bob SET DateStyle = 'German'",
        "ALTER ROLE bob RESET Work_Mem",
    ):
        alice.execute(sql.encode())
    assert shown(alice, "datestyle") == "ISO, MDY", "it was only tried"
    assert alice.execute(ROLES).fetchall() == [
        ("bob", "datestyle", "German, DMY"),
        ("bob", "statement_timeout", "2min"),
    ]
    assert shown(opened(), "datestyle") == "German, DMY"
    alice.execute("ALTER ROLE bob SET datestyle TO DEFAULT")
    alice.execute("ALTER ROLE bob RESET ALL")
    assert alice.execute(ROLES).fetchall() == []
    assert shown(opened(), "statement_timeout") == "1h"


def test_who_may(opened: Opener) -> None:
    alice, bob = opened("alice"), opened()
    bob.execute("ALTER ROLE CURRENT_USER SET work_mem = '8MB'")
    assert bob.execute(ROLES).fetchall() == [("bob", "work_mem", "8MB")]
    for sql, code, message in (
        ("ALTER ROLE alice SET work_mem = '8MB'", "42501", "permission denied to alter role"),
        ("ALTER ROLE ALL SET work_mem = '8MB'", "42501", "must be owner of database acme"),
        ("ALTER DATABASE acme RESET ALL", "42501", "must be owner of database acme"),
    ):
        assert refused(bob, sql) == (code, message)
    for sql, code in (
        ("ALTER ROLE nobody SET work_mem = '8MB'", "42704"),
        ("ALTER ROLE bob SET nonsense = 1", "42704"),
        ("ALTER ROLE bob SET work_mem = 'much'", "22023"),
        ("ALTER ROLE bob SET client_encoding = 'LATIN1'", "0A000"),
        ("ALTER ROLE bob SET role = 'alice'", "0A000"),
        ("ALTER ROLE bob IN DATABASE globex SET work_mem = '8MB'", "0A000"),
        ("ALTER DATABASE globex SET work_mem = '8MB'", "0A000"),
        ("ALTER ROLE bob SET kadali.cluster = 'nothing'", "42704"),
    ):
        assert refused(alice, sql)[0] == code, sql
    assert alice.execute(ROLES).fetchall() == [("bob", "work_mem", "8MB")]


def test_a_cluster_by_default(opened: Opener) -> None:
    """The name of a cluster that is gone, or was never theirs, does not keep users out."""
    alice = opened("alice")
    for sql in ("CREATE CLUSTER etl", "ALTER ROLE bob SET cluster = 'etl'", "ALTER DATABASE acme SET cluster = AUTO"):
        alice.execute(sql.encode())

    def begins() -> tuple[str, list[str | None]]:
        """(kadali.cluster of a new session, what it warns of)."""
        told: list[str | None] = []
        notice = psycopg.Connection.add_notice_handler
        connection = opened()
        notice(connection, lambda diagnostic: told.append(diagnostic.message_primary))
        return shown(connection, "kadali.cluster"), told

    assert begins()[0] == "auto", "no right on it"
    alice.execute("GRANT USAGE ON CLUSTER etl TO bob")
    assert begins() == ("etl", [])
    assert shown(opened("alice"), "cluster") == "auto"
    alice.execute("DROP CLUSTER etl")
    assert begins()[0] == "auto"


def test_what_is_left_out_is_warned_of(opened: Opener, server: GatewayServer) -> None:
    alice = opened("alice")
    for sql in ("CREATE CLUSTER gone", "ALTER ROLE bob SET kadali.cluster = 'gone'", "DROP CLUSTER gone"):
        alice.execute(sql.encode())
    wire = psycopg.pq.PGconn.connect_start(server.conninfo("bob").encode())
    told: list[bytes] = []
    wire.notice_handler = lambda result: told.append(
        result.error_field(psycopg.pq.DiagnosticField.MESSAGE_PRIMARY) or b""
    )
    _finish(wire)
    assert told == [b'cluster "gone" does not exist']
    wire.finish()


def _finish(wire: psycopg.pq.abc.PGconn) -> None:
    import select

    status = psycopg.pq.PollingStatus.WRITING
    while status is not psycopg.pq.PollingStatus.OK:
        assert status is not psycopg.pq.PollingStatus.FAILED, wire.error_message
        reading = status is psycopg.pq.PollingStatus.READING
        ready = select.select([wire.socket] if reading else [], [] if reading else [wire.socket], [], 30)
        assert any(ready), "no answer"
        status = psycopg.pq.PollingStatus(wire.connect_poll())


def test_in_a_transaction(opened: Opener) -> None:
    alice = opened("alice")
    told: list[str | None] = []
    alice.add_notice_handler(lambda diagnostic: told.append(diagnostic.sqlstate))
    for sql in ("BEGIN", "ALTER ROLE bob SET work_mem = '8MB'", "ROLLBACK"):
        alice.execute(sql.encode())
    assert told == ["01000"], "executed at once, not undone"
    assert len(alice.execute(ROLES).fetchall()) == 1
    for sql in ("BEGIN", "CREATE SCHEMA written"):
        alice.execute(sql.encode())
    assert refused(alice, "ALTER ROLE bob RESET ALL")[0] == "25001"
    alice.execute("ROLLBACK")
