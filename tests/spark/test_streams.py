"""Streams of rows: flat memory, over cuts of the network, closed early; sessions that are lost and opened anew."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator

import numpy as np
import psutil
import pyarrow as pa
import pytest

from catalog.errors import ConnectionFailure, QueryCanceled
from catalog.types import INT8, TEXT
from engine.base import ArrowRows
from engine.spark.client import ConnectClient, SessionKey
from engine.spark.engine import SparkEngine
from engine.spark.execution import Execution
from engine.spark.proto import base_pb2 as connect
from engine.spark.session import ConnectSession
from tests.engines.engine_queries import ask, query, rows
from tests.spark.cutting_proxy import CuttingProxy
from tests.spark.servers import SparkServer

State = connect.GetStatusResponse.OperationStatus
MANY = "SELECT id, repeat('x', 100) FROM range(0, 300000, 1, 6)"
SLOW = "SELECT count(*) FROM range(0, 100000000000, 1, 4) WHERE hash(id) % 7 = 8"


@pytest.fixture
def proxy(spark_server: SparkServer) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(spark_server.endpoint)
    yield proxy
    proxy.close()


@pytest.fixture
def cut_session(spark_server: SparkServer, proxy: CuttingProxy) -> Iterator[ConnectSession]:
    session = ConnectSession(proxy.endpoint, spark_server.token, "tenant/cut", reconnect_s=3.0)
    yield session
    session.close()


def test_memory_stays_flat(engine: SparkEngine) -> None:
    """300 MB in 300,000 rows, to a reader that holds on now and then."""
    wide = query("SELECT id, repeat('x', 1000) FROM range(0, 300000, 1, 6)", [INT8, TEXT])
    answer = engine.start(wide).result()
    gc.collect()
    process, count, most, arrow = psutil.Process(), 0, 0, 0
    before = process.memory_info().rss
    for number, batch in enumerate(answer.reader):
        count += batch.num_rows
        if number % 5 == 0:
            most, arrow = max(most, process.memory_info().rss), max(arrow, pa.total_allocated_bytes())
    assert count == 300_000
    assert most - before < 120 << 20
    assert arrow < 60 << 20


def test_a_cut_in_the_middle_loses_and_doubles_nothing(cut_session: ConnectSession, proxy: CuttingProxy) -> None:
    answer = SparkEngine("cut", cut_session).start(query(MANY, [INT8, TEXT])).result()
    seen = []
    for number, batch in enumerate(answer.reader):
        seen.append(batch.column(0).to_numpy())
        if number in (0, 3, 4, 15):
            proxy.cut()
    assert proxy.accepted >= 3
    assert np.array_equal(np.concatenate(seen), np.arange(300_000))


def test_a_cut_while_waiting(cut_session: ConnectSession, proxy: CuttingProxy) -> None:
    slow = query("SELECT count(*) FROM range(0, 1500000000, 1, 4) WHERE hash(id) % 7 = 8", [INT8])
    running = SparkEngine("cut", cut_session).start(slow)
    cutter = threading.Timer(0.5, proxy.cut)
    cutter.start()
    assert rows(running.result().reader.read_all()) == [(0,)]
    cutter.join()
    assert proxy.accepted >= 2


def test_a_network_that_stays_away_gives_08006(
    cut_session: ConnectSession, proxy: CuttingProxy, spark_server: SparkServer
) -> None:
    engine = SparkEngine("cut", cut_session)
    answer = engine.start(query(MANY, [INT8, TEXT])).result()
    lost = cut_session.key()
    next(answer.reader)
    proxy.refusing = True
    proxy.cut()
    began = time.monotonic()
    with pytest.raises(ConnectionFailure) as raised:
        answer.reader.read_all()
    assert raised.value.code == "08006" and time.monotonic() - began < 15
    proxy.refusing = False
    assert rows(ask(engine, "SELECT 1", [INT8])) == [(1,)]
    assert cut_session.key().session_id != lost.session_id


def test_a_session_the_driver_has_closed_is_opened_anew(session: ConnectSession) -> None:
    engine = SparkEngine("test", session)
    first = session.key("Europe/Paris")
    for again in range(2):
        session.client.release_session(session.key(), 5)
        got = ask(engine, "SELECT current_timezone()", [TEXT], time_zone="Europe/Paris")
        assert rows(got) == [("Europe/Paris",)], again
    assert session.key().session_id != first.session_id
    session.client.release_session(session.key(), 5)
    assert engine.run("SELECT 1").rows is not None


def test_a_wrong_token_is_08006(spark_server: SparkServer) -> None:
    if spark_server.driver is None:
        pytest.skip("the server given may have no token")
    session = ConnectSession(spark_server.endpoint, "wrong", "tenant/tester")
    with pytest.raises(ConnectionFailure, match="token"):
        session.key()
    session.close()


def test_a_driver_that_is_slow_to_answer_is_not_taken_for_a_dead_one(spark_server: SparkServer) -> None:
    if spark_server.driver is None or spark_server.driver.pid is None:
        pytest.skip("the server given is not ours to stop")
    session = spark_server.session(reconnect_s=0.2)
    session.key()
    pid = spark_server.driver.pid
    os.kill(pid, signal.SIGSTOP)
    again = threading.Timer(1.5, os.kill, (pid, signal.SIGCONT))
    again.start()
    try:
        session.configure({"spark.sql.session.timeZone": "UTC"})
    finally:
        again.join()
    session.close()


def test_nobody_listens(spark_server: SparkServer) -> None:
    session = ConnectSession("127.0.0.1:1", "", "tenant/tester", reconnect_s=1.0)
    with pytest.raises(ConnectionFailure) as raised:
        ask(SparkEngine("none", session), "SELECT 1", [INT8])
    assert raised.value.code == "08006"
    session.close()


def test_a_call_behind_the_end_of_a_session_is_canceled() -> None:
    client = ConnectClient("127.0.0.1:1", "", "tenant/tester")
    client.close()
    execution = Execution(client, SessionKey(str(uuid.uuid4())), connect.Plan())
    with pytest.raises(QueryCanceled):
        execution.next()
    client.release(SessionKey(str(uuid.uuid4())), execution.operation_id)  # what is released with its session


def test_a_reader_dropped_early_stops_the_query(engine: SparkEngine) -> None:
    running = engine.start(query("SELECT id FROM range(0, 2000000000, 1, 2000)", [INT8]))
    answer: ArrowRows | None = running.result()
    assert answer is not None and next(answer.reader).num_rows > 0
    answer.reader.close()
    del answer
    unread = engine.start(query("SELECT id FROM range(0, 2000000000, 1, 2000)", [INT8]))
    unread.result().reader.close()
    for each in (running, unread):
        assert each.wait_stopped(20)
        assert states(engine.session)[each.operation_id] == State.OPERATION_STATE_CANCELLED


def test_cancel_at_any_moment(engine: SparkEngine) -> None:
    """An interrupt that comes before the driver has begun is repeated: never does one query go on."""
    for delay_s in (0.0, 0.0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3):
        running = engine.start(query(SLOW, [INT8]))
        timer = threading.Timer(delay_s, running.cancel)
        timer.start()
        began = time.monotonic()
        with pytest.raises(QueryCanceled):
            running.result()
        assert time.monotonic() - began < 15
        running.cancel()
        timer.join()
        assert running.wait_stopped(20)
    assert State.OPERATION_STATE_RUNNING not in states(engine.session).values()


def test_cancel_between_batches(engine: SparkEngine) -> None:
    running = engine.start(query("SELECT id FROM range(0, 2000000000, 1, 2000)", [INT8]))
    answer = running.result()
    next(answer.reader)
    running.cancel()
    with pytest.raises(QueryCanceled):
        answer.reader.read_all()
    assert running.wait_stopped(20)
    assert states(engine.session)[running.operation_id] == State.OPERATION_STATE_CANCELLED


def test_cancel_of_a_command(engine: SparkEngine) -> None:
    command = engine.prepare(SLOW)
    threading.Timer(0.5, command.cancel).start()
    with pytest.raises(QueryCanceled):
        command.run()
    unbegun = engine.prepare("SELECT 1")
    unbegun.cancel()
    with pytest.raises(QueryCanceled):
        unbegun.run()


def test_closing_the_session_stops_what_runs_in_it(spark_server: SparkServer) -> None:
    session = spark_server.session("tenant/closing")
    engine, errors = SparkEngine("test", session), []

    def ask_slowly() -> None:
        with pytest.raises((ConnectionFailure, QueryCanceled)) as raised:
            engine.start(query(SLOW, [INT8])).result()
        errors.append(raised.value)

    key = session.key()
    worker = threading.Thread(target=ask_slowly)
    worker.start()
    deadline = time.monotonic() + 20
    while State.OPERATION_STATE_RUNNING not in states(session).values():
        assert time.monotonic() < deadline
    engine.close()
    worker.join(20)
    assert not worker.is_alive() and len(errors) == 1
    other = spark_server.session("tenant/closing")
    assert other.key() != key
    other.close()


def states(session: ConnectSession) -> dict[str, int]:
    return session.client.states(session.key())
