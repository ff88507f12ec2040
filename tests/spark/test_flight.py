"""Flight SQL on a cluster, through a real gateway: the values of both doors and both engines, cancel, ingestion."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from adbc_driver_flightsql import dbapi

from tests.flight.clients import adbc, answer, sqlstate
from tests.flight.test_types import KINDS, ROWS, STATEMENTS, by_flight, by_pgwire
from tests.gateway_server import GatewayServer
from tests.spark.servers import SparkServer

WAIT_S = 60.0
OF_TABLES = STATEMENTS[:4]


@pytest.fixture(scope="module")
def client(gateway: GatewayServer, spark_server: SparkServer) -> Iterator[psycopg.Connection[Any]]:
    with gateway.connect() as made:
        made.execute(
            f"CREATE CLUSTER flown WITH (url = 'sc://{spark_server.endpoint}', token = '{spark_server.token}')"
        )
        made.execute("CREATE SCHEMA flown")
        made.execute("SET search_path = flown")
        made.execute("USE CLUSTER EMBEDDED")
        made.execute(f"CREATE TABLE kinds ({KINDS})")
        made.execute(f"INSERT INTO kinds VALUES {', '.join(ROWS)}")
        made.execute("USE CLUSTER flown")
        yield made
        made.execute("USE CLUSTER EMBEDDED")
        made.execute("DROP SCHEMA flown CASCADE")
        made.execute("DROP CLUSTER flown FORCE")


@pytest.fixture(scope="module")
def connection(gateway: GatewayServer, client: psycopg.Connection[Any]) -> Iterator[dbapi.Connection]:
    with adbc(gateway) as made:
        answer(made, "SET search_path = flown")
        answer(made, "USE CLUSTER flown")
        yield made


@pytest.mark.parametrize("text", OF_TABLES)
def test_both_doors_say_the_same(connection: dbapi.Connection, client: psycopg.Connection[Any], text: str) -> None:
    assert by_flight(connection, text) == by_pgwire(client, text)
    latest = client.execute(
        "SELECT cluster FROM kadali.queries WHERE query = %s AND state = 'finished' ORDER BY queued_at DESC LIMIT 2",
        (text,),
    ).fetchall()
    assert latest == [("flown",)] * 2


def test_parameters(connection: dbapi.Connection) -> None:
    found = answer(
        connection, "SELECT t, n FROM kinds WHERE id < $1 AND t <> $2", pa.record_batch({"a": [3], "b": ["x"]})
    )
    assert [(row["t"], str(row["n"])) for row in found.to_pylist()] == [("héllo", "-123456789.125")]


def test_ingestion_is_written_here_and_read_there(connection: dbapi.Connection) -> None:
    """Small and large ones: staged with the transaction, or written while they come in."""
    for count in (10, 700_000):
        rows = pa.table({"id": pa.array(range(count), pa.int64()), "name": [f"n{i % 7}" for i in range(count)]})
        with connection.cursor() as cursor:
            assert cursor.adbc_ingest(f"taken_{count}", rows, "create") == count
            assert cursor.adbc_ingest(f"taken_{count}", rows.slice(0, 3), "append") == 3
        [row] = answer(connection, f"SELECT count(*) AS n, sum(id) AS s FROM taken_{count}").to_pylist()
        assert (row["n"], int(row["s"])) == (count + 3, count * (count - 1) // 2 + 3)


def test_cancel(connection: dbapi.Connection, client: psycopg.Connection[Any]) -> None:
    slow = (
        "SELECT count(*) AS x FROM taken_700000 a, taken_700000 b WHERE a.id % 7 + b.id % 11 = 3 AND a.name <> b.name"
    )
    ended: list[dbapi.Error] = []

    def run() -> None:
        try:
            answer(connection, slow)
        except dbapi.Error as error:
            ended.append(error)

    running = threading.Thread(target=run)
    running.start()
    row: tuple[Any, ...] | None = None
    deadline = time.monotonic() + WAIT_S
    while (row is None or row[1] is None) and time.monotonic() < deadline:
        row = client.execute(
            "SELECT id, progress FROM kadali.queries WHERE state = 'running' AND query = %s", (slow,)
        ).fetchone()
    assert row is not None
    assert row[1].startswith("cluster flown: stage ")
    client.execute(f"CANCEL QUERY '{row[0]}'".encode())
    running.join(WAIT_S)
    assert [sqlstate(error) for error in ended] == ["57014"]
    assert answer(connection, "SELECT count(*) AS n FROM kinds").to_pylist() == [{"n": 3}]
