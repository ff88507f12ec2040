"""SYNC FROM POSTGRES through a real gateway: every mode, several tables, columns that change, what goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.connectors.conftest import PASSWORD, PostgresSource
from tests.gateway_server import GatewayServer

Client = psycopg.Connection[Any]
ORDERS = (
    "CREATE TABLE orders (id int PRIMARY KEY, customer text NOT NULL, total numeric(10,2), at timestamptz,"
    " tags text[])",
    "INSERT INTO orders SELECT g, 'c' || g % 5, g * 1.25, '2026-01-01 00:00Z'::timestamptz + g * interval '1 hour',"
    " ARRAY['a', NULL] FROM generate_series(1, 300) g",
)
WAIT_S = 30.0


@pytest.fixture
def alice(gateway: GatewayServer, postgres_source: PostgresSource) -> Iterator[Client]:
    """An administrator's session, with the source as connection `crm`, and schema `synced`."""
    where = postgres_source.endpoint
    with gateway.connect() as connection:
        connection.execute(
            f"CREATE CONNECTION crm TYPE postgres WITH (host = '{where.host}', port = {where.port},"
            f" database = '{where.database}', user = '{where.user}', password = '{PASSWORD}')".encode()
        )
        connection.execute("CREATE SCHEMA synced")
        connection.execute("SET search_path = synced")
        yield connection
        connection.execute("DROP SCHEMA synced CASCADE")
        connection.execute("DROP CONNECTION crm")


def sync(client: Client, rest: str) -> dict[str, Any]:
    """Of one table."""
    (row,) = syncs(client, rest)
    return row


def syncs(client: Client, rest: str) -> list[dict[str, Any]]:
    with client.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        return cursor.execute(f"SYNC FROM POSTGRES CONNECTION crm {rest}".encode()).fetchall()


def refused(client: Client, rest: str) -> str:
    with pytest.raises(psycopg.Error) as caught:
        syncs(client, rest)
    return str(caught.value.sqlstate)


def same(client: Client, source: PostgresSource, sql: str = "SELECT * FROM orders ORDER BY id") -> None:
    """The same query gives the same rows at both."""
    with source.admin() as other:
        assert client.execute(sql.encode()).fetchall() == other.execute(sql.encode()).fetchall()


def test_a_table_is_copied_then_kept_in_step(alice: Client, postgres_source: PostgresSource) -> None:
    postgres_source.execute(*ORDERS)
    first = sync(alice, "TABLE public.orders")
    assert (first["source"], first["target"], first["mode"], first["status"]) == (
        "public.orders", "synced.orders", "snapshot", "ok"
    )  # fmt: skip
    assert (first["rows_read"], first["rows_written"], first["from_position"]) == (300, 300, None)
    same(alice, postgres_source)
    postgres_source.execute(
        "UPDATE orders SET total = -1 WHERE id <= 3",
        "INSERT INTO orders VALUES (1000, 'new', NULL, NULL, NULL)",
        "DELETE FROM orders WHERE id = 300",  # which no reading of the table sees
    )
    second = sync(alice, "TABLE public.orders")
    assert (second["mode"], second["rows_read"], second["rows_written"]) == ("incremental", 4, 4)
    assert second["from_position"] == first["to_position"]
    assert second["delta_version"] > first["delta_version"]
    same(alice, postgres_source, "SELECT * FROM orders WHERE id <> 300 ORDER BY id")
    assert sync(alice, "TABLE orders")["rows_read"] == 0
    whole = sync(alice, "TABLE orders MODE SNAPSHOT")
    assert (whole["mode"], whole["rows_written"]) == ("snapshot", 300)
    same(alice, postgres_source)
    columns = alice.execute("SELECT column_name, is_nullable FROM information_schema.columns"
                            " WHERE table_schema = 'synced' ORDER BY ordinal_position").fetchall()  # fmt: skip
    assert columns[:2] == [("id", "NO"), ("customer", "NO")]


def test_every_mode(alice: Client, postgres_source: PostgresSource) -> None:
    postgres_source.execute("CREATE TABLE t (a int, b text)", "INSERT INTO t VALUES (1, 'x'), (2, 'y')")
    for _ in range(2):
        assert sync(alice, "TABLE t AS twice MODE APPEND")["rows_written"] == 2
    assert alice.execute("SELECT count(*), sum(a) FROM twice").fetchone() == (4, 6)
    assert refused(alice, "TABLE t MODE MERGE") == "22023"
    assert alice.execute("SELECT to_regclass('synced.t')").fetchone() == (None,)
    assert sync(alice, "TABLE t MODE MERGE KEY (a)")["mode"] == "merge"
    postgres_source.execute("UPDATE t SET b = 'z' WHERE a = 2", "INSERT INTO t VALUES (3, NULL)")
    assert sync(alice, "TABLE t MODE INCREMENTAL ON a KEY (a)")["to_position"] == "3"
    same(alice, postgres_source, "SELECT * FROM t ORDER BY a")
    postgres_source.execute("INSERT INTO t VALUES (4, 'w')")
    assert sync(alice, "TABLE t MODE INCREMENTAL ON a KEY (a)")["rows_read"] == 1
    same(alice, postgres_source, "SELECT * FROM t ORDER BY a")
    alice.execute("CREATE TABLE own (a int, b text)")
    alice.execute("INSERT INTO own VALUES (9, 'mine')")
    assert refused(alice, "TABLE t INTO own") == "55000"
    assert sync(alice, "TABLE t INTO own MODE MERGE KEY (a)")["rows_written"] == 4
    assert alice.execute("SELECT count(*) FROM own").fetchone() == (5,)


def test_several_tables_of_one_moment(alice: Client, postgres_source: PostgresSource) -> None:
    postgres_source.execute(
        "CREATE SCHEMA shop",
        "CREATE TABLE shop.a (id int)",
        "CREATE TABLE shop.b (id int)",
        "CREATE TABLE shop.c (x int)",
    )
    alice.execute("CREATE TABLE b (id text NOT NULL)")
    alice.execute("INSERT INTO b VALUES ('x')")
    rows = syncs(alice, "SCHEMA shop EXCEPT (c) INTO SCHEMA synced")
    assert [(row["source"], row["status"]) for row in rows] == [("shop.a", "ok"), ("shop.b", "failed")]
    assert "not of this sync" in rows[1]["error"]
    assert alice.execute("SELECT count(*) FROM a").fetchone() == (0,)
    rows = syncs(alice, "TABLES (shop.a AS one, shop.c AS two) MODE SNAPSHOT")
    assert [row["target"] for row in rows] == ["synced.one", "synced.two"]
    assert refused(alice, "TABLES (shop.a AS x, shop.b AS x)") == "42P07"
    assert refused(alice, "TABLE shop.none") == "42P01"
    assert refused(alice, "SCHEMA nothing") == "42P01"
    assert {row["source"] for row in syncs(alice, "ALL TABLES INTO SCHEMA synced MODE SNAPSHOT")} == {
        "shop.a", "shop.b", "shop.c"
    }  # fmt: skip


def test_columns_that_change(alice: Client, postgres_source: PostgresSource) -> None:
    postgres_source.execute("CREATE TABLE t (id int PRIMARY KEY, v int)", "INSERT INTO t VALUES (1, 10)")
    sync(alice, "TABLE t")
    alice.execute("CREATE VIEW seen AS SELECT id, v FROM t")
    postgres_source.execute(
        "ALTER TABLE t ADD COLUMN note text", "ALTER TABLE t ALTER v TYPE bigint", "INSERT INTO t VALUES (2, 1e12, 'n')"
    )
    assert refused(alice, "TABLE t ON SCHEMA CHANGE FAIL") == "42804"
    assert "would write" in sync(alice, "TABLE t DRY RUN")["status"]
    assert alice.execute("SELECT * FROM t").fetchall() == [(1, 10)]
    assert sync(alice, "TABLE t")["rows_written"] == 2  # ALTER ... TYPE has written every row anew
    same(alice, postgres_source, "SELECT * FROM t ORDER BY id")
    type_of = "SELECT data_type FROM information_schema.columns WHERE table_name = 't' AND column_name = 'v'"
    assert alice.execute(f"{type_of} AND table_schema = 'synced'".encode()).fetchone() == ("bigint",)
    assert alice.execute("SELECT * FROM seen ORDER BY id").fetchall() == [(1, 10), (2, 10**12)]


def test_part_of_a_table_and_queries(alice: Client, postgres_source: PostgresSource) -> None:
    postgres_source.execute(*ORDERS)
    sync(alice, "TABLE orders AS few COLUMNS (id, customer AS who) WHERE id <= 10 AND (customer <> 'c1')")
    assert alice.execute("SELECT count(*), min(who) FROM few").fetchone() == (8, "c0")
    assert refused(alice, "TABLE orders AS few WHERE id > 10") == "55000"  # of another part nothing has been read yet
    assert (
        sync(alice, "TABLE orders AS few COLUMNS (id, customer AS who) WHERE id <= 10 AND (customer <> 'c1')")["mode"]
        == "incremental"
    )
    sync(alice, "TABLE orders AS less EXCEPT COLUMNS (tags, at) PARTITION BY (customer) WITH (batch_rows = 7)")
    assert alice.execute("SELECT count(*), sum(total) FROM less WHERE customer = 'c2'").fetchone() is not None
    row = sync(alice, "QUERY 'SELECT customer, sum(total) AS total FROM orders GROUP BY 1' INTO totals MODE SNAPSHOT")
    assert (row["source"], row["rows_written"]) == ("query", 5)
    with postgres_source.admin() as other:
        expected = other.execute("SELECT customer, sum(total) FROM orders GROUP BY 1 ORDER BY 1").fetchall()
    told = alice.execute("SELECT customer, total::numeric FROM totals ORDER BY 1").fetchall()
    assert told == expected
    for rest in ("TABLE orders COLUMNS (nothing)", "TABLE orders AS x MODE INCREMENTAL ON nothing KEY (id)"):
        assert refused(alice, rest) == "42703"
    assert refused(alice, "TABLE orders WHERE nonsense(") == "42601"


def test_a_uri_is_for_administrators_and_not_kept(
    gateway: GatewayServer, alice: Client, postgres_source: PostgresSource
) -> None:
    postgres_source.execute("CREATE TABLE t (a int)")
    where = postgres_source.login("reader")
    postgres_source.execute(f"GRANT SELECT ON t TO {where.user}")
    uri = f"postgresql://{where.user}:open%20sesame@{where.host}:{where.port}/{where.database}"
    alice.execute(f"SYNC FROM POSTGRES '{uri}' TABLE t".encode())
    kept = alice.execute("SELECT query FROM kadali.queries WHERE query LIKE 'SYNC FROM POSTGRES ''%'").fetchall()
    assert kept and all("sesame" not in text for (text,) in kept)
    history = str(alice.execute("DESCRIBE HISTORY t").fetchall())
    assert "sesame" not in history and "alice" in history
    with gateway.connect("bob") as bob, pytest.raises(psycopg.errors.InsufficientPrivilege):
        bob.execute(f"SYNC FROM POSTGRES '{uri}' TABLE t".encode())
    for bad in (
        "http://h/d",
        "postgresql:///d",
        "postgresql:///d?host=/var/run/postgresql&user=u",
        "postgresql://u@localhost/d?sslkey=/etc/passwd",
        "postgresql://u@h/d?passfile=/etc/passwd",
        "postgresql://u@169.254.169.254/d",
    ):
        with pytest.raises(psycopg.Error) as caught:
            alice.execute(f"SYNC FROM POSTGRES '{bad}' TABLE t".encode())
        assert caught.value.sqlstate in ("22023", "42501"), bad


def test_a_cancel_leaves_nothing(alice: Client, postgres_source: PostgresSource) -> None:
    ended = threading.Event()

    def run() -> None:
        with pytest.raises(psycopg.errors.QueryCanceled):
            sync(alice, "QUERY 'SELECT generate_series(1, 1000000000) AS g, pg_sleep(0.001)::text AS s' INTO endless")
        ended.set()

    waiting = threading.Thread(target=run)
    waiting.start()
    with postgres_source.admin() as other:
        busy = (
            "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE '%generate_series(1,%'"
        )
        while other.execute(f"{busy} AND state = 'active'").fetchone() == (0,):
            assert waiting.is_alive()
        alice.cancel()
        assert ended.wait(WAIT_S)
        while other.execute(busy).fetchone() != (0,):
            assert waiting.join(0.05) is None
    assert alice.execute("SELECT to_regclass('synced.endless')").fetchone() == (None,)


def test_rights(gateway: GatewayServer, alice: Client, postgres_source: PostgresSource) -> None:
    postgres_source.execute("CREATE TABLE t (a int)")
    sync(alice, "TABLE t")
    alice.execute("GRANT USAGE, CREATE ON SCHEMA synced TO bob")
    with gateway.connect("bob") as bob:
        assert refused(bob, "TABLE t INTO synced.mine") == "42501"
        alice.execute("ALTER CONNECTION crm OWNER TO bob")
        assert sync(bob, "TABLE t INTO synced.mine")["status"] == "ok"
        assert refused(bob, "TABLE t INTO synced.t") == "42501"
        alice.execute("ALTER CONNECTION crm OWNER TO alice")
    with alice.transaction():
        assert sync(alice, "TABLE t MODE SNAPSHOT")["status"] == "ok"  # at once: told by a warning
    alice.execute("BEGIN READ ONLY")
    assert refused(alice, "TABLE t") == "25006"
    alice.execute("ROLLBACK")
