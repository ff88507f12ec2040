"""Ways around rights that do not name what they want: names, views, defaults, other people's queries."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.escapes.escape_world import World

Connection = psycopg.Connection[Any]
LONG = "SELECT count(*) FROM s.t a, generate_series(1, 3000000) b, generate_series(1, 3000000) c"
WITHIN_S = 20.0


@pytest.fixture
def alice(world: World) -> Iterator[Connection]:
    with world.server.connect("alice") as connection:
        yield connection


@pytest.fixture
def bob(world: World) -> Iterator[Connection]:
    with world.server.connect("bob") as connection:
        yield connection


def code_of(connection: Connection, sql: str) -> str | None:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(sql.encode()).fetchall()
    return caught.value.sqlstate


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("s", "pg_class"),
        ("information_schema, s", "tables"),
        ("pg_catalog, s", "pg_type"),
        ("kadali_internal, s", "guard"),
    ],
)
def test_a_table_named_like_a_system_relation(alice: Connection, bob: Connection, path: str, name: str) -> None:
    """PostgreSQL means its own relation, which bob may read: then nobody may read alice's table for him."""
    alice.execute(f"CREATE TABLE s.{name} (a int)".encode())
    try:
        alice.execute(f"INSERT INTO s.{name} VALUES (1), (2)".encode())
        bob.execute(f"SET search_path = {path}".encode())
        if name == "guard":
            assert code_of(bob, f"SELECT count(*) FROM {name}") == "0A000"
        else:
            assert bob.execute(f"SELECT count(*) > 30 FROM {name}".encode()).fetchone() == (True,)
        assert code_of(bob, f"SELECT count(*) FROM s.{name}") == "42501"
        assert code_of(bob, f"SELECT count(*) FROM {name}, s.t") == "0A000"
    finally:
        alice.execute(f"DROP TABLE s.{name}".encode())


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE mine.unreadable RENAME TO other",
        "ALTER TABLE mine.unreadable SET SCHEMA mine2",
        "DROP TABLE mine.unreadable",
        "ALTER SCHEMA mine2 RENAME TO mine3",
    ],
)
def test_a_view_never_changes_its_meaning(alice: Connection, bob: Connection, change: str) -> None:
    """bob's view reads his own table; were the table to step aside, the view's text would name alice's."""
    alice.execute("CREATE SCHEMA mine2 AUTHORIZATION alice")
    alice.execute("GRANT ALL ON SCHEMA mine2 TO bob")
    bob.execute("SET search_path = mine, mine2, s")
    bob.execute("CREATE TABLE mine.unreadable (a int, b text)")
    bob.execute("CREATE VIEW mine.looks AS SELECT count(*) AS n FROM unreadable")
    try:
        who = alice if "SCHEMA mine2 RENAME" in change else bob
        if who is alice:
            who.execute(change.encode())
        else:
            assert code_of(who, change) in ("0A000", "2BP01", "42501")
        assert bob.execute("SELECT n FROM mine.looks").fetchone() == (0,)
    finally:
        bob.execute("DROP VIEW mine.looks")
        bob.execute("DROP TABLE mine.unreadable")
        alice.execute("DROP SCHEMA IF EXISTS mine2 CASCADE")
        alice.execute("DROP SCHEMA IF EXISTS mine3 CASCADE")


def test_a_new_table_does_not_slip_into_a_view(alice: Connection, bob: Connection) -> None:
    alice.execute("SET search_path = mine, s")
    alice.execute("GRANT ALL ON SCHEMA mine TO alice")
    alice.execute("CREATE VIEW s.counted AS SELECT a FROM t")
    try:
        assert code_of(bob, "CREATE TABLE mine.t (a int, b text)") == "0A000"
        assert alice.execute("SELECT count(*) FROM s.counted").fetchone() == (2,)
    finally:
        alice.execute("DROP VIEW s.counted")


def test_a_view_lends_its_owners_rights_and_no_more(alice: Connection, bob: Connection) -> None:
    alice.execute("CREATE VIEW s.lent AS SELECT a, b FROM s.unreadable WHERE a = 42")
    alice.execute("GRANT SELECT (a) ON s.lent TO bob")
    try:
        assert bob.execute("SELECT a FROM s.lent").fetchall() == [(42,)]
        assert code_of(bob, "SELECT b FROM s.lent") == "42501"
        assert code_of(bob, "SELECT * FROM s.lent") == "42501"
        alice.execute("REVOKE ALL ON s.lent FROM bob")
        assert code_of(bob, "SELECT a FROM s.lent") == "42501"
    finally:
        alice.execute("DROP VIEW s.lent")


def test_a_view_over_the_history_shows_each_his_own(alice: Connection, bob: Connection) -> None:
    alice.execute('CREATE VIEW s.peek AS SELECT "user" AS who FROM kadali.queries')
    alice.execute("GRANT SELECT ON s.peek TO bob")
    try:
        assert bob.execute("SELECT DISTINCT who FROM s.peek").fetchall() == [("bob",)]
        assert {("alice",), ("bob",)} <= set(alice.execute("SELECT DISTINCT who FROM s.peek").fetchall())
    finally:
        alice.execute("DROP VIEW s.peek")


@pytest.mark.parametrize(
    "column",
    [
        "x text DEFAULT pg_read_file('/etc/passwd')",
        "x text DEFAULT set_config('role', 'kadali', false)",
        "x text CHECK (x <> pg_read_file('/etc/passwd'))",
        "x text CHECK (set_config('role', 'kadali', false) <> x)",
        "x text DEFAULT 'a' CHECK (length(lo_get(1)) > 0)",
    ],
)
def test_a_table_does_not_do_it_for_others(alice: Connection, bob: Connection, column: str) -> None:
    """bob's table has the call in it; alice, who has more rights, inserts."""
    bob.execute(f"CREATE TABLE mine.trap (a int, {column})".encode())
    bob.execute("GRANT ALL ON mine.trap TO alice")
    try:
        for connection in (bob, alice):
            for sql in ("INSERT INTO mine.trap (a) VALUES (1)", "INSERT INTO mine.trap VALUES (1, 'q')"):
                if "DEFAULT" in column and "'q'" in sql and "CHECK" not in column:
                    connection.execute(sql.encode())
                else:
                    assert code_of(connection, sql) in ("42501", "0A000")
        if "CHECK" not in column:
            assert bob.execute("SELECT DISTINCT x FROM mine.trap").fetchall() == [("q",)]
        else:
            assert bob.execute("SELECT count(*) FROM mine.trap").fetchone() == (0,)
    finally:
        bob.execute("DROP TABLE mine.trap")


def test_other_peoples_queries(world: World, alice: Connection, bob: Connection) -> None:
    """Seen and stopped by oneself and by the database's administrators, not by others, not from another tenant."""
    done = threading.Event()
    failure: list[str | None] = []

    def run() -> None:
        try:
            alice.execute(LONG)
            failure.append(None)
        except psycopg.Error as error:
            failure.append(error.sqlstate)
        done.set()

    with world.server.connect("alice") as second, world.server.connect("mallory", "other") as mallory:
        pid = alice.info.backend_pid
        threading.Thread(target=run, daemon=True).start()
        query_id = ""
        while not query_id and not done.is_set():
            found = second.execute(
                "SELECT id FROM kadali.queries WHERE state = 'running' AND query LIKE '%generate_series(1, 3000000) c'"
                " AND query NOT LIKE '%kadali%'"
            ).fetchall()
            query_id = str(found[0][0]) if found else ""
        for other in (bob, mallory):
            assert other.execute("SELECT count(*) FROM kadali.queries WHERE id = %s", [query_id]).fetchone() == (0,)
            seen = other.execute("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%3000000%'").fetchone()
            assert seen is not None
            assert seen[0] <= 1  # the one that asks
        assert code_of(bob, f"CANCEL QUERY '{query_id}'") == "42501"
        assert code_of(mallory, f"CANCEL QUERY '{query_id}'") == "42704"
        assert code_of(bob, f"SELECT pg_cancel_backend({pid})") == "42501"
        assert code_of(bob, f"SELECT pg_terminate_backend({pid})") == "42501"
        assert mallory.execute(f"SELECT pg_terminate_backend({pid})".encode()).fetchone() == (False,)
        for key in (0, 1, -1, bob.pgconn.backend_pid):
            _cancel_request(world, pid, key)
        assert not done.wait(0.3)
        second.execute(f"CANCEL QUERY '{query_id}'".encode())
        assert done.wait(WITHIN_S)
        assert failure == ["57014"]


def _cancel_request(world: World, pid: int, key: int) -> None:
    with socket.create_connection(("127.0.0.1", world.server.pg_port), 10) as link:
        link.sendall(struct.pack("!iiii", 16, 80877102, pid, key))
        assert link.recv(1) == b""
