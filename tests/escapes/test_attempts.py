"""Every way out of a tenant, a role or the server that we could think of: each ends in exactly the error it should."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.escapes.escape_attempts import ADMINISTRATOR, ENGINE, PLAIN_USER, POSTGRES, SMUGGLED, STATEMENTS
from tests.escapes.escape_world import World

Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module", params=["bob", "alice"])
def attacker(world: World, request: pytest.FixtureRequest) -> Iterator[Connection]:
    with world.server.connect(str(request.param)) as connection:
        yield connection


@pytest.fixture(scope="module")
def bob(world: World) -> Iterator[Connection]:
    with world.server.connect("bob") as connection:
        yield connection


def outcome(connection: Connection, sql: str) -> tuple[str | None, str]:
    """(SQLSTATE, all the client heard). By the simple protocol: several statements may come in one string."""
    try:
        result = connection.pgconn.exec_(sql.encode())
    finally:
        assert connection.pgconn.status == psycopg.pq.ConnStatus.OK, "the session did not survive"
    heard = (result.error_message or b"").decode()
    heard += repr([[result.get_value(i, j) for j in range(result.nfields)] for i in range(result.ntuples)])
    code = result.error_field(psycopg.pq.DiagnosticField.SQLSTATE)
    if result.status == psycopg.pq.ExecStatus.COPY_OUT:
        connection.pgconn.finish()
        pytest.fail("the rows come")
    return (None if code is None else code.decode()), heard


def fails_with(world: World, connection: Connection, sql: str, code: str) -> None:
    got, heard = outcome(connection, sql.replace("{foreign}", str(world.foreign)).replace("{own}", str(world.own)))
    connection.pgconn.exec_(b"ROLLBACK")
    assert got == code, heard[:300]
    assert "root:" not in heard
    assert world.secret not in heard


@pytest.mark.parametrize(("sql", "code"), ENGINE + POSTGRES + STATEMENTS + SMUGGLED)
def test_whoever_tries(world: World, attacker: Connection, sql: str, code: str) -> None:
    user = attacker.info.user
    if user == "bob" and code in ("42P17", "0A000", "42601"):
        got, heard = outcome(attacker, sql.replace("{foreign}", str(world.foreign)).replace("{own}", str(world.own)))
        attacker.pgconn.exec_(b"ROLLBACK")
        assert got in (code, "42501"), heard[:300]  # who may not do the permitted part is told so first
        return
    fails_with(world, attacker, sql, code)


@pytest.mark.parametrize(("sql", "code"), PLAIN_USER)
def test_without_rights(world: World, bob: Connection, sql: str, code: str) -> None:
    fails_with(world, bob, sql, code)


@pytest.mark.parametrize(("sql", "code"), ADMINISTRATOR)
def test_with_rights(world: World, sql: str, code: str) -> None:
    with world.server.connect() as alice:
        fails_with(world, alice, sql, code)


def test_nothing_has_changed(world: World) -> None:
    """Last: what the attempts left behind."""
    with world.server.connect() as alice:
        assert alice.execute("SELECT a, b FROM s.t ORDER BY a").fetchall() == [(1, "x"), (2, "y")]
        assert (
            alice.execute("SELECT relname FROM pg_class WHERE relname = 'x' AND relkind IN ('r', 'v')").fetchall() == []
        )
        roles = alice.execute("SELECT rolname FROM pg_roles WHERE rolname !~ '^(pg_|kadali)' ORDER BY 1").fetchall()
        assert roles == [("alice",), ("bob",)]
