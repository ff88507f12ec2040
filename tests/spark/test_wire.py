"""PostgreSQL clients on a cluster, through a real gateway: the ways in which they ask for rows all work there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.gateway_server import GatewayServer
from tests.spark.servers import SparkServer

WAIT_S = 60.0


@pytest.fixture(scope="module")
def client(gateway: GatewayServer, spark_server: SparkServer) -> Iterator[psycopg.Connection[Any]]:
    """On the cluster `wire`, with a schema of its own that holds a table of 1000 rows."""
    with gateway.connect() as connection:
        connection.execute(
            f"CREATE CLUSTER wire WITH (url = 'sc://{spark_server.endpoint}', token = '{spark_server.token}')"
        )
        connection.execute("CREATE SCHEMA on_spark")
        connection.execute("SET search_path = on_spark")
        connection.execute("CREATE TABLE t (id int, name text, n numeric(10,2), at timestamptz)")
        connection.execute("USE CLUSTER EMBEDDED")
        connection.execute(
            "INSERT INTO t SELECT i, 'name ' || i, i / 4.0, timestamptz '2026-01-01 00:00:00Z' + i * interval '1 hour'"
            " FROM generate_series(1, 1000) AS s(i)"
        )
        connection.execute("USE CLUSTER wire")
        yield connection
        connection.execute("USE CLUSTER EMBEDDED")
        connection.execute("DROP SCHEMA on_spark CASCADE")
        connection.execute("DROP CLUSTER wire FORCE")


def both(client: psycopg.Connection[Any], sql: str, params: tuple[object, ...] = (), **how: Any) -> tuple[Any, Any]:
    """The rows on the cluster, and on the embedded engine."""
    there = client.execute(sql, params, **how).fetchall()
    client.execute("USE CLUSTER EMBEDDED")
    here = client.execute(sql, params, **how).fetchall()
    client.execute("USE CLUSTER wire")
    return there, here


def test_parameters_and_formats(client: psycopg.Connection[Any]) -> None:
    for binary in (False, True):
        there, here = both(
            client,
            "SELECT id, name, n, at FROM t WHERE id < %s AND name <> %s AND at > %s ORDER BY id",
            (10, "name 3", "2026-01-01 02:00:00+00"),
            binary=binary,
        )
        assert there == here
        assert len(there) == 6


def test_prepared_many_times(client: psycopg.Connection[Any]) -> None:
    for number in range(6):  # psycopg prepares by itself after five
        assert client.execute("SELECT count(*) FROM t WHERE id <= %s", (number,), prepare=True).fetchone() == (number,)


def test_copy_out(client: psycopg.Connection[Any]) -> None:
    def copied() -> bytes:
        with client.cursor().copy(
            "COPY (SELECT id, name, n FROM t WHERE id <= 500 ORDER BY id) TO STDOUT (FORMAT csv)"
        ) as copy:
            return b"".join(bytes(piece) for piece in copy)

    there = copied()
    client.execute("USE CLUSTER EMBEDDED")
    assert there == copied()
    client.execute("USE CLUSTER wire")
    assert there.count(b"\n") == 500


def test_cursors(client: psycopg.Connection[Any]) -> None:
    with client.transaction(), client.cursor(name="c") as cursor:
        cursor.itersize = 100
        cursor.execute("SELECT id FROM t ORDER BY id")
        assert cursor.fetchmany(3) == [(1,), (2,), (3,)]
        assert client.execute("SELECT count(*) FROM t").fetchone() == (1000,)  # its place on the cluster is enough
        assert sum(1 for _ in cursor) == 997
    client.execute("BEGIN")
    client.execute("DECLARE h CURSOR WITH HOLD FOR SELECT id FROM t WHERE id > 998 ORDER BY id")
    client.execute("COMMIT")
    assert client.execute("FETCH ALL FROM h").fetchall() == [(999,), (1000,)]
    client.execute("CLOSE h")


def test_time_travel(client: psycopg.Connection[Any]) -> None:
    client.execute("CREATE TABLE v (id int)")
    for number in range(3):
        client.execute(f"INSERT INTO v VALUES ({number})")
    assert client.execute("SELECT count(*) FROM v VERSION AS OF 1").fetchone() == (1,)
    assert client.execute('SELECT count(*) FROM "v@v2"').fetchone() == (2,)
    client.execute("RESTORE v TO VERSION AS OF 1")
    assert client.execute("SELECT id FROM v").fetchall() == [(0,)]


def test_transactions(client: psycopg.Connection[Any]) -> None:
    client.execute("CREATE TABLE tx AS SELECT id FROM t WHERE id <= 5")
    client.execute("BEGIN")
    assert client.execute("INSERT INTO tx SELECT id + 100 FROM tx").statusmessage == "INSERT 0 5"
    assert client.execute("DELETE FROM tx WHERE id < 3").statusmessage == "DELETE 2"
    assert client.execute("SELECT count(*), min(id) FROM tx").fetchone() == (8, 3)
    client.execute("ROLLBACK")
    assert client.execute("SELECT count(*), min(id) FROM tx").fetchone() == (5, 1)
    with pytest.raises(psycopg.errors.DivisionByZero), client.pipeline():  # an error takes all of it back
        client.execute("INSERT INTO tx SELECT id FROM t WHERE id = 6")
        client.execute("INSERT INTO tx SELECT id / 0 FROM t")
    assert client.execute("SELECT count(*) FROM tx").fetchone() == (5,)


def test_features_of_spark(client: psycopg.Connection[Any]) -> None:
    """Tables that the embedded writer, or reader, refuses live on the cluster."""
    client.execute("CREATE TABLE clustered (id int, name text) CLUSTER BY (id)")
    assert client.execute("INSERT INTO clustered VALUES (1, 'a'), (2, 'b')").statusmessage == "INSERT 0 2"
    assert client.execute("UPDATE clustered SET name = 'z' WHERE id = 2").statusmessage == "UPDATE 1"
    assert client.execute("OPTIMIZE clustered").fetchone()[0] == "on_spark.clustered"
    _changed_by_queries(client)
    client.execute('CREATE TABLE wide (id int) WITH ("delta.enableTypeWidening" = true)')
    client.execute("INSERT INTO wide SELECT id FROM t WHERE id < 4")
    assert client.execute("SELECT sum(id) FROM wide").fetchone() == (6,)
    client.execute("USE CLUSTER EMBEDDED")
    assert client.execute("SELECT name FROM clustered ORDER BY id").fetchall() == [("a",), ("z",)]
    with pytest.raises(psycopg.errors.FeatureNotSupported) as error:
        client.execute("INSERT INTO clustered VALUES (3, 'c')")
    assert "cluster" in (error.value.diag.message_hint or "")
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        client.execute("SELECT * FROM wide")
    client.execute("USE CLUSTER AUTO")  # and AUTO finds out by itself
    assert client.execute("SELECT count(*) FROM wide").fetchone() == (3,)
    assert client.execute("INSERT INTO clustered VALUES (3, 'c')").statusmessage == "INSERT 0 1"
    client.execute("USE CLUSTER wire")
    client.execute("BEGIN")
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        client.execute("INSERT INTO clustered VALUES (4, 'd')")
    client.execute("ROLLBACK")


def _changed_by_queries(client: psycopg.Connection[Any]) -> None:
    """Conditions that need a query, which Spark's own UPDATE and DELETE do not take."""
    client.execute("CREATE TABLE c2 (id int NOT NULL, name varchar(8), c char(2)) CLUSTER BY (id)")
    client.execute("INSERT INTO c2 VALUES (1, 'a', 'x'), (2, 'b', NULL), (2, 'b', NULL), (3, NULL, 'zz')")
    tags = [
        client.execute(sql).statusmessage
        for sql in (
            "UPDATE c2 SET name = t.name FROM t WHERE t.id = c2.id AND c2.id < 3",
            "UPDATE c2 SET c = 'q' WHERE id = (SELECT max(id) FROM c2)",
            "DELETE FROM c2 WHERE id IN (SELECT id FROM t WHERE name = 'name 1')",
            "DELETE FROM c2 USING t WHERE t.id = c2.id AND t.id = 99",
        )
    ]
    assert tags == ["UPDATE 3", "UPDATE 1", "DELETE 1", "DELETE 0"]
    assert client.execute("SELECT * FROM c2 ORDER BY id").fetchall() == [
        (2, "name 2", None),
        (2, "name 2", None),
        (3, None, "q "),
    ]
    with pytest.raises(psycopg.errors.StringDataRightTruncation):
        client.execute("UPDATE c2 SET name = t.name || ' is too long' FROM t WHERE t.id = c2.id")
    with pytest.raises(psycopg.errors.NotNullViolation):
        client.execute("UPDATE c2 SET id = NULL FROM t WHERE t.id = c2.id")
    assert client.execute("TRUNCATE c2").statusmessage == "TRUNCATE TABLE"


def test_cancel_and_progress(client: psycopg.Connection[Any], gateway: GatewayServer) -> None:
    slow = "SELECT count(*) FROM t a, t b, t c WHERE a.id + b.id * c.id % 7 = 3 AND a.name || b.name < c.name"
    with gateway.connect() as other:
        ended: list[BaseException] = []

        def run() -> None:
            try:
                client.execute(slow)
            except psycopg.Error as error:
                ended.append(error)

        running = threading.Thread(target=run)
        running.start()
        row: tuple[Any, ...] | None = None
        deadline = time.monotonic() + WAIT_S
        while (row is None or row[1] is None) and time.monotonic() < deadline:
            row = other.execute(
                "SELECT id, progress, cluster FROM kadali.queries WHERE state = 'running'"
                " AND query LIKE 'SELECT count(*) FROM t a, t b%'"
            ).fetchone()
        assert row is not None
        assert row[2] == "wire"
        assert row[1].startswith("cluster wire: stage ")
        other.execute(f"CANCEL QUERY '{row[0]}'")
        running.join(WAIT_S)
        assert isinstance(ended[0], psycopg.errors.QueryCanceled)
    assert client.execute("SELECT count(*) FROM t").fetchone() == (1000,)
