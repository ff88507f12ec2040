"""kadali.flight_endpoint: rows of a query of pgwire fetched by Flight, as they were, by their own user only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pyarrow.flight as flight
import pytest

from gateway.flight import messages as m
from gateway.flight.messages import sql
from tests.flight.clients import Bare, adbc, answer, flight_sqlstate
from tests.gateway_server import GatewayServer

SCHEMA = "flight_endpoint"
QUERY = "SELECT id, name, now() AS at FROM told WHERE id > $1 ORDER BY id"


@pytest.fixture(scope="module")
def pgwire(gateway: GatewayServer) -> Iterator[psycopg.Connection[Any]]:
    with gateway.connect() as made:
        made.execute(f"CREATE SCHEMA {SCHEMA}")
        made.execute(f"SET search_path = {SCHEMA}")
        made.execute("SET TimeZone = 'Asia/Kathmandu'")
        made.execute("CREATE TABLE told AS SELECT i AS id, 'n' || i AS name FROM generate_series(1, 100000) i")
        yield made


def asked(pgwire: psycopg.Connection[Any], text: str, *params: object) -> tuple[str, list[tuple[Any, ...]]]:
    """The id of a query just run, and its rows."""
    rows = psycopg.RawCursor(pgwire).execute(text, params).fetchall()
    [(found,)] = pgwire.execute(
        "SELECT id FROM kadali.queries WHERE query = %s ORDER BY queued_at DESC LIMIT 1", (text,)
    ).fetchall()
    return str(found), rows


def endpoint(pgwire: psycopg.Connection[Any], query: str) -> tuple[bytes, str, Any]:
    [row] = pgwire.execute("SELECT * FROM kadali.flight_endpoint(%s)", (query,)).fetchall()
    ticket, location, expires = row
    return bytes(ticket), location, expires


def refused(pgwire: psycopg.Connection[Any], query: str) -> str | None:
    with pytest.raises(psycopg.Error) as caught:
        endpoint(pgwire, query)
    return caught.value.sqlstate


def denied(bare: Bare, ticket: bytes) -> str:
    with pytest.raises(flight.FlightError) as caught:
        bare.client.do_get(flight.Ticket(ticket), bare.options).read_all()
    return flight_sqlstate(caught.value)


def test_rows_are_those_of_then(gateway: GatewayServer, pgwire: psycopg.Connection[Any], bare: Bare) -> None:
    query, rows = asked(pgwire, QUERY, 10)
    ticket, location, expires = endpoint(pgwire, query)
    assert location == f"grpc://127.0.0.1:{gateway.flight_port}"
    assert 3000 < (expires - rows[0][2]).total_seconds() < 3700
    pgwire.execute("DELETE FROM told WHERE id < 50")
    pgwire.execute("INSERT INTO told VALUES (-1, 'later')")
    for _ in range(2):
        with flight.connect(location) as client:
            table = client.do_get(flight.Ticket(ticket), bare.options).read_all()
        assert table.num_rows == len(rows) == 99_990
        assert [tuple(row.values()) for row in table.slice(0, 3).to_pylist()] == rows[:3], "now() too"
    with adbc(gateway) as connection:  # an endpoint asked for by Flight is one of the same kind
        again = answer(connection, f"SELECT ticket FROM kadali.flight_endpoint('{query}')").to_pylist()
    assert again == [{"ticket": ticket}]


def test_only_its_user_has_it(gateway: GatewayServer, pgwire: psycopg.Connection[Any]) -> None:
    query, _ = asked(pgwire, QUERY, 20)
    ticket, _, _ = endpoint(pgwire, query)
    for user, database in (("bob", "acme"), ("alice", "globex")):
        other = Bare(gateway, user, database)
        assert denied(other, ticket) == "34000"
        other.close()
    with gateway.connect("bob") as bob:
        assert refused(bob, query) == "42501"
    with gateway.connect(database="globex") as elsewhere:
        assert refused(elsewhere, query) == "42704"


def test_rights_and_names_are_those_of_now(gateway: GatewayServer, pgwire: psycopg.Connection[Any]) -> None:
    pgwire.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO bob")
    pgwire.execute("CREATE TABLE lent AS SELECT 1 AS id")
    pgwire.execute("GRANT SELECT ON lent TO bob")
    with gateway.connect("bob") as bob:
        bob.execute(f"SET search_path = {SCHEMA}")
        query, _ = asked(bob, "SELECT * FROM lent")
        ticket, _, _ = endpoint(bob, query)
    bare = Bare(gateway, "bob")
    assert bare.client.do_get(flight.Ticket(ticket), bare.options).read_all().to_pylist() == [{"id": 1}]
    pgwire.execute("ALTER TABLE lent ADD COLUMN more text")
    assert denied(bare, ticket) == "55000"
    pgwire.execute("REVOKE SELECT ON lent FROM bob")
    assert denied(bare, ticket) == "42501"
    pgwire.execute("DROP TABLE lent")
    assert denied(bare, ticket) == "42P01"
    bare.close()


def test_what_cannot_be_had(gateway: GatewayServer, pgwire: psycopg.Connection[Any], bare: Bare) -> None:
    assert refused(pgwire, "q_nothing") == "42704"
    for text in ("SELECT id, random() AS r FROM told", "SELECT relname FROM pg_class LIMIT 1", "SHOW TimeZone"):
        query, _ = asked(pgwire, text)
        assert refused(pgwire, query) == "55000"
    with pgwire.transaction():
        pgwire.execute("INSERT INTO told VALUES (-2, 'mine')")
        query, _ = asked(pgwire, "SELECT count(*) FROM told WHERE id < 0")
    assert refused(pgwire, query) == "55000", "it read what its transaction had not committed"
    with pytest.raises(psycopg.Error):
        pgwire.execute("SELECT 1 / (id - id) FROM told")
    [(failed,)] = pgwire.execute(
        "SELECT id FROM kadali.queries WHERE query LIKE 'SELECT 1 / (id%' AND state = 'failed' LIMIT 1"
    ).fetchall()
    assert refused(pgwire, failed) == "55000"
    assert denied(bare, m.pack(sql.TicketStatementQuery(statement_handle=b"z" * 16))) == "34000"
