"""SHOW QUERIES, kadali.queries, CANCEL QUERY and PostgreSQL's functions for canceling."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.gateway_server import GatewayServer

LONG = "SELECT count(*) FROM generate_series(1, 100000000) a, generate_series(1, 1000) b"


@pytest.fixture
def alice(gateway: GatewayServer) -> psycopg.Connection[Any]:
    return gateway.connect()


class Victim:
    """A long query on a connection of its own, in a thread."""

    def __init__(self, gateway: GatewayServer, user: str, sql: str) -> None:
        self.connection = gateway.connect(user)
        self.pid = self.connection.info.backend_pid
        self.error: psycopg.Error | None = None
        self._sql = sql
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.connection.execute(self._sql)
        except psycopg.Error as error:
            self.error = error

    def ended(self) -> psycopg.Error | None:
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.error


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise TimeoutError


def id_of(connection: psycopg.Connection[Any], pid: int) -> str:
    sql = "SELECT id FROM kadali.queries WHERE pid = %s AND state = 'running'"
    return str(until(lambda: connection.execute(sql, [pid]).fetchall())[0][0])


@pytest.fixture(params=["table", "no table"])
def long_query(gateway: GatewayServer, alice: psycopg.Connection[Any], request: pytest.FixtureRequest) -> str:
    """One that the embedded engine runs, and one that PostgreSQL runs."""
    if request.param == "no table":
        return LONG
    alice.execute("CREATE SCHEMA IF NOT EXISTS slow")
    alice.execute("CREATE TABLE IF NOT EXISTS slow.many (x bigint)")
    alice.execute("INSERT INTO slow.many SELECT g FROM generate_series(1, 2000) g")
    alice.execute("GRANT USAGE ON SCHEMA slow TO bob")
    alice.execute("GRANT SELECT ON slow.many TO bob")
    return "SELECT count(*) FROM slow.many a, slow.many b, slow.many c, slow.many d WHERE a.x + b.x <> c.x + d.x"


def test_cancel_query(gateway: GatewayServer, alice: psycopg.Connection[Any], long_query: str) -> None:
    victim = Victim(gateway, "bob", long_query)
    query_id = id_of(alice, victim.pid)
    cursor = alice.execute(f"CANCEL QUERY '{query_id}'")
    assert cursor.statusmessage == "CANCEL QUERY"
    error = victim.ended()
    assert error is not None and error.sqlstate == "57014"
    assert victim.connection.execute("SELECT 1").fetchall() == [(1,)]
    state = alice.execute("SELECT state, sqlstate FROM kadali.queries WHERE id = %s", [query_id]).fetchall()
    assert state == [("canceled", "57014")]
    warnings: list[str] = []
    alice.add_notice_handler(lambda notice: warnings.append(str(notice.message_primary)))
    alice.execute(f"KILL QUERY '{query_id}'")
    assert warnings == [f'query "{query_id}" has already ended (canceled)']
    assert alice.execute("SELECT kadali.cancel_query(%s)", [query_id]).fetchall() == [(False,)]
    victim.connection.close()


def test_cancel_unknown(alice: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.UndefinedObject):
        alice.execute("CANCEL QUERY 'q_nope'")


def test_pg_cancel_and_terminate(gateway: GatewayServer, alice: psycopg.Connection[Any]) -> None:
    victim = Victim(gateway, "bob", LONG)
    id_of(alice, victim.pid)
    assert alice.execute("SELECT pg_cancel_backend(%s)", [victim.pid]).fetchall() == [(True,)]
    error = victim.ended()
    assert error is not None and error.sqlstate == "57014"
    assert alice.execute(f"SELECT pg_catalog.pg_cancel_backend({victim.pid})").fetchall() == [(True,)]
    assert alice.execute(f"SELECT * FROM pg_terminate_backend({victim.pid})").fetchall() == [(True,)]
    with pytest.raises(psycopg.OperationalError):
        until(lambda: victim.connection.execute("SELECT pg_backend_pid()").fetchall()[0][0] == -1)
    assert alice.execute("SELECT pg_cancel_backend(1)").fetchall() == [(False,)]


def test_not_yours(gateway: GatewayServer, alice: psycopg.Connection[Any]) -> None:
    victim = Victim(gateway, "alice", LONG)
    query_id = id_of(alice, victim.pid)
    with gateway.connect("bob") as bob:
        for sql in (
            f"CANCEL QUERY '{query_id}'",
            f"SELECT pg_cancel_backend({victim.pid})",
            f"SELECT pg_terminate_backend({victim.pid})",
            f"SELECT pg_terminate_backend({alice.info.backend_pid})",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                bob.execute(sql)
        assert bob.execute("SELECT count(*) FROM kadali.queries WHERE pid = %s", [victim.pid]).fetchall() == [(0,)]
        with pytest.raises(psycopg.errors.UndefinedObject):
            bob.execute(f"SHOW QUERY '{query_id}'")
    alice.execute(f"CANCEL QUERY '{query_id}'")
    victim.ended()
    victim.connection.close()


def test_another_database_is_out_of_reach(gateway: GatewayServer, alice: psycopg.Connection[Any]) -> None:
    with gateway.connect(database="globex") as other:
        pid = other.info.backend_pid
        assert alice.execute(f"SELECT pg_terminate_backend({pid})").fetchall() == [(False,)]
        assert other.execute("SELECT 1").fetchall() == [(1,)]
        mine = other.execute("SELECT count(*) FROM kadali.queries WHERE database <> 'globex'").fetchall()
        assert mine == [(0,)]


def test_show_queries(gateway: GatewayServer, alice: psycopg.Connection[Any]) -> None:
    cursor = alice.execute("SHOW QUERIES")
    names = [column.name for column in cursor.description or ()]
    assert cursor.statusmessage == "SHOW"
    assert names[:7] == ["id", "pid", "user", "tenant", "cluster", "engine", "state"]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    mine = [row for row in rows if row["pid"] == alice.info.backend_pid]
    assert [(row["query"], row["state"], row["user"]) for row in mine] == [("SHOW QUERIES", "running", "alice")]
    assert alice.execute("SHOW RUNNING QUERIES").fetchall()
    one = alice.execute(f"SHOW QUERY '{mine[0]['id']}'").fetchall()
    assert dict(zip(names, one[0], strict=True))["state"] == "finished"


def test_refused_queries_are_shown(alice: psycopg.Connection[Any]) -> None:
    marker = f"nope_{time.time_ns()}"
    for sql, state in ((f"SELECT {marker}", "42703"), (f"NONSENSE {marker}", "42601")):
        with pytest.raises(psycopg.Error):
            alice.execute(sql)
        found = alice.execute(
            "SELECT sqlstate, state FROM kadali.queries WHERE query = %s AND ended_at IS NOT NULL", [sql]
        ).fetchall()
        assert found == [(state, "failed")]


def test_show_queries_where(alice: psycopg.Connection[Any]) -> None:
    pid = alice.info.backend_pid
    for prepare in (False, True):
        cursor = alice.execute(f"SHOW QUERIES ALL WHERE pid = {pid} AND state = 'finished'", prepare=prepare)
        assert cursor.statusmessage == "SHOW"
        cursor.fetchall()
    with pytest.raises(psycopg.errors.UndefinedColumn):
        alice.execute("SHOW QUERIES WHERE nope = 1")
    with pytest.raises(psycopg.errors.SyntaxError):
        alice.execute("SHOW QUERIES WHERE pid = ")


def test_kadali_settings(alice: psycopg.Connection[Any]) -> None:
    alice.execute("SET TimeZone TO 'Asia/Kolkata'")
    assert alice.execute("SELECT setting FROM kadali.settings WHERE name = 'TimeZone'").fetchall() == [
        ("Asia/Kolkata",)
    ]


def test_the_catalog_lists_our_relations(alice: psycopg.Connection[Any]) -> None:
    sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'kadali' ORDER BY 1"
    assert [name for (name,) in alice.execute(sql).fetchall()] == [
        "cluster_events",
        "cluster_usage",
        "clusters",
        "connections",
        "queries",
        "role_settings",
        "secrets",
        "settings",
        "tables",
    ]
    functions = alice.execute("SELECT proname FROM pg_proc WHERE pronamespace = 'kadali'::regnamespace").fetchall()
    assert {"vacuum", "optimize", "restore", "table_history", "time_travel"} <= {name for (name,) in functions}


@pytest.mark.parametrize(
    ("inner", "relation"), [("SHOW QUERIES", "kadali.queries"), ("DESCRIBE HISTORY t", "kadali.table_history")]
)
def test_show_in_parentheses_names_the_relation(alice: psycopg.Connection[Any], inner: str, relation: str) -> None:
    for prepare in (False, True):
        with pytest.raises(psycopg.errors.SyntaxError) as caught:
            alice.execute(f"SELECT * FROM ({inner}) x", prepare=prepare)
        assert relation in str(caught.value.diag.message_hint)
