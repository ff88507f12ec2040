"""Ingestions that break: clients that die, somebody who cancels, time that runs out. Nothing is left of them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.flight as flight
import pytest

from gateway.flight import messages as m
from gateway.flight.messages import sql
from tests.flight.clients import Bare, flight_sqlstate
from tests.gateway_server import GatewayServer

SCHEMA = "flight_ingest_faults"
BATCH = pa.record_batch({"id": list(range(50_000)), "text": ["x" * 40] * 50_000})
DEADLINE_S = 20.0
_Options = sql.CommandStatementIngest.TableDefinitionOptions
OPTIONS = _Options(if_not_exist=_Options.TABLE_NOT_EXIST_OPTION_CREATE, if_exists=_Options.TABLE_EXISTS_OPTION_APPEND)
CLIENT = """
import sys, time
import pyarrow as pa, pyarrow.flight as flight
port, token, command, batches = int(sys.argv[1]), sys.argv[2], bytes.fromhex(sys.argv[3]), int(sys.argv[4])
batch = pa.record_batch({"id": list(range(50_000)), "text": ["x" * 40] * 50_000})
options = flight.FlightCallOptions(headers=[(b"authorization", token.encode())])
client = flight.connect(f"grpc://127.0.0.1:{port}")
writer, reader = client.do_put(flight.FlightDescriptor.for_command(command), batch.schema, options)
for _ in range(batches):
    writer.write_batch(batch)
print("sent", flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def pgwire(gateway: GatewayServer) -> Iterator[psycopg.Connection[Any]]:
    with gateway.connect() as made:
        made.execute(f"CREATE SCHEMA {SCHEMA}")
        made.execute(f"SET search_path = {SCHEMA}")
        yield made


@pytest.fixture
def bare(gateway: GatewayServer) -> Iterator[Bare]:
    made = Bare(gateway)
    yield made
    made.close()


def command(table: str) -> bytes:
    return m.pack(sql.CommandStatementIngest(table_definition_options=OPTIONS, schema=SCHEMA, table=table))


def ended(pgwire: psycopg.Connection[Any], table: str) -> str:
    """How the last ingestion into the table ended, once it has; "" if there was none."""
    deadline, text = time.monotonic() + DEADLINE_S, f"INGEST INTO {SCHEMA}.{table}"
    while time.monotonic() < deadline:
        found = pgwire.execute(
            "SELECT state FROM kadali.queries WHERE query = %s ORDER BY queued_at DESC LIMIT 1", (text,)
        ).fetchone()
        if found is not None and found[0] != "running":
            return str(found[0])
        time.sleep(0.05)
    return ""


def running(pgwire: psycopg.Connection[Any], table: str) -> str:
    """The id of the ingestion under way into the table."""
    deadline, text = time.monotonic() + DEADLINE_S, f"INGEST INTO {SCHEMA}.{table}"
    while time.monotonic() < deadline:
        found = pgwire.execute(
            "SELECT id FROM kadali.queries WHERE query = %s AND state = 'running'", (text,)
        ).fetchone()
        if found is not None:
            return str(found[0])
    raise AssertionError(f"nothing is ingested into {table}")


def staged(gateway: GatewayServer) -> list[Path]:
    return [path for path in gateway.data_dir.glob("tenants/*/staging/transaction-*") if path.is_dir()]


@pytest.mark.parametrize("batches", [1, 12])
def test_a_client_that_dies(gateway: GatewayServer, pgwire: psycopg.Connection[Any], bare: Bare, batches: int) -> None:
    table = f"killed_{batches}"
    token = bare.header[1].decode()
    pgwire.execute(f"CREATE TABLE {table} (id bigint, text text)".encode())
    words = [str(gateway.flight_port), token, command(table).hex(), str(batches)]
    with subprocess.Popen([sys.executable, "-c", CLIENT, *words], stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"sent\n"
        client.kill()
    assert ended(pgwire, table) == "canceled"
    assert pgwire.execute(f"SELECT count(*) FROM {table}".encode()).fetchall() == [(0,)]
    assert staged(gateway) == []


def test_a_client_that_stops_in_the_middle(gateway: GatewayServer, pgwire: psycopg.Connection[Any], bare: Bare) -> None:
    """A table made by the ingestion goes with it."""
    descriptor = flight.FlightDescriptor.for_command(command("stopped"))
    writer, _ = bare.client.do_put(descriptor, BATCH.schema, bare.options)
    for _ in range(12):
        writer.write_batch(BATCH)
    bare.client.close()
    del writer
    assert ended(pgwire, "stopped") in ("canceled", "finished")  # dropping the writer may end the stream in good order
    assert staged(gateway) == []


def test_somebody_cancels(gateway: GatewayServer, pgwire: psycopg.Connection[Any], bare: Bare) -> None:
    descriptor = flight.FlightDescriptor.for_command(command("canceled"))
    writer, _ = bare.client.do_put(descriptor, BATCH.schema, bare.options)
    writer.write_batch(BATCH)
    deadline = time.monotonic() + DEADLINE_S
    pgwire.execute(f"CANCEL QUERY '{running(pgwire, 'canceled')}'".encode())
    with pytest.raises(flight.FlightError) as caught:
        while time.monotonic() < deadline:
            writer.write_batch(BATCH)
    with pytest.raises(flight.FlightError) as caught:
        writer.close()
    assert flight_sqlstate(caught.value) == "57014"
    assert ended(pgwire, "canceled") == "canceled"
    assert pgwire.execute("SELECT to_regclass('canceled')").fetchall() == [(None,)]
    assert staged(gateway) == []


def test_time_runs_out(gateway: GatewayServer, pgwire: psycopg.Connection[Any], bare: Bare) -> None:
    bare.read(bare.query("SET statement_timeout = '300ms'"))
    descriptor = flight.FlightDescriptor.for_command(command("late"))
    writer, _ = bare.client.do_put(descriptor, BATCH.schema, bare.options)
    pause = threading.Event()
    with pytest.raises(flight.FlightError):
        for _ in range(100):
            writer.write_batch(BATCH)
            pause.wait(0.1)
    with pytest.raises(flight.FlightError) as caught:
        writer.close()
    assert flight_sqlstate(caught.value) == "57014"
    assert pgwire.execute("SELECT to_regclass('late')").fetchall() == [(None,)]
    assert staged(gateway) == []


def test_a_silent_client_holds_up_nobody(gateway: GatewayServer, pgwire: psycopg.Connection[Any], bare: Bare) -> None:
    """Its ingestion ends at once, and its session goes on; it is told when it speaks again."""
    descriptor = flight.FlightDescriptor.for_command(command("silent"))
    for stop in ("cancel", "timeout"):
        if stop == "timeout":
            bare.read(bare.query("SET statement_timeout = '400ms'"))
        writer, _ = bare.client.do_put(descriptor, BATCH.schema, bare.options)
        writer.write_batch(BATCH)
        found = running(pgwire, "silent")
        if stop == "cancel":
            began = time.monotonic()
            pgwire.execute(f"CANCEL QUERY '{found}'".encode())
            assert time.monotonic() - began < 2, "nothing is waited for"
        assert ended(pgwire, "silent") == "canceled"
        assert staged(gateway) == []
        assert bare.read(bare.query("SELECT 1 AS a")).to_pylist() == [{"a": 1}], "the session is free"
        with pytest.raises(flight.FlightError) as caught:
            writer.close()
        assert flight_sqlstate(caught.value) == "57014"
    assert pgwire.execute("SELECT to_regclass('silent')").fetchall() == [(None,)]


def test_a_silent_client_whose_session_is_ended(pgwire: psycopg.Connection[Any], bare: Bare) -> None:
    writer, _ = bare.client.do_put(
        flight.FlightDescriptor.for_command(command("terminated")), BATCH.schema, bare.options
    )
    writer.write_batch(BATCH)
    found = running(pgwire, "terminated")
    began = time.monotonic()
    [(pid,)] = pgwire.execute("SELECT pid FROM kadali.queries WHERE id = %s", (found,)).fetchall()
    assert pgwire.execute("SELECT pg_terminate_backend(%s)", (pid,)).fetchall() == [(True,)]
    assert ended(pgwire, "terminated") == "canceled"
    assert time.monotonic() - began < 5
    with pytest.raises(flight.FlightUnauthenticatedError):
        bare.query("SELECT 1")
    with pytest.raises(flight.FlightError):
        writer.close()


def test_offsets_that_lie_are_refused(gateway: GatewayServer, pgwire: psycopg.Connection[Any], bare: Bare) -> None:
    """Arrow reads where offsets point to, whatever lies there."""
    offsets = pa.py_buffer(pa.array([0, 2**30, 3], pa.int32()).buffers()[1])
    lying = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"abc")])
    batch = pa.record_batch([lying], names=["a"])
    writer, _ = bare.client.do_put(flight.FlightDescriptor.for_command(command("lies")), batch.schema, bare.options)
    with pytest.raises((flight.FlightError, pa.ArrowInvalid)):
        writer.write_batch(batch)
        writer.close()
    assert pgwire.execute("SELECT 1").fetchall() == [(1,)], "the server lives"
    assert pgwire.execute("SELECT to_regclass('lies')").fetchall() == [(None,)]
