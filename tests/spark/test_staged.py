"""Results larger than the driver may hold, and a driver with small limits that is killed at the end."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from catalog.errors import ConnectionFailure, FeatureNotSupported, QueryCanceled
from catalog.types import FLOAT8, INT8, TEXT, TIMESTAMP, TIMESTAMPTZ, UUID, PgType, numeric
from engine.base import Query
from engine.spark.configuration import DELTA_EXTENSION
from engine.spark.engine import SparkEngine
from engine.spark.errors import ResultTooLarge
from engine.spark.plans import estimate
from engine.spark.relations import Bound
from engine.spark.running import Options, ResultMode
from engine.spark.session import ConnectSession
from engine.spark.staged import local_staging, sweep
from tests.engines.engine_queries import ask, query, rows
from tests.spark.servers import SparkServer, local_server

LIMIT = 1 << 20
BIG = "SELECT id, uuid() u FROM range(0, 200000, 1, 4) ORDER BY id DESC"
SLOW = "SELECT id FROM range(0, 100000000000, 1, 4) WHERE hash(id) % 7 = 8"


@pytest.fixture(scope="module")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkServer]:
    """Results up to 1 MB; streams that end after a second or a MB, to be taken up again; a web page with its jobs."""
    conf = {
        "spark.driver.maxResultSize": str(LIMIT),
        "spark.connect.execute.reattachable.senderMaxStreamDuration": "1s",
        "spark.connect.execute.reattachable.senderMaxStreamSize": "200k",
        "spark.ui.enabled": "true",
        "spark.sql.extensions": DELTA_EXTENSION,  # as a driver that others have configured, without our library
    }
    with local_server(tmp_path_factory.mktemp("small-spark"), conf) as server:
        yield server


@pytest.fixture
def session(small_server: SparkServer) -> Iterator[ConnectSession]:
    session = small_server.session()
    yield session
    session.close()


def big(types: tuple[PgType, ...] = (INT8, UUID)) -> Query:
    return query(BIG, types)


def test_a_result_above_the_limit_is_staged_by_itself(engine: SparkEngine, staging_dir: Path) -> None:
    assert engine.session.driver().result_bytes_max == LIMIT
    answer = engine.start(big()).result()
    assert len(list(staging_dir.iterdir())) == 1
    ids = np.concatenate([batch.column(0).to_numpy() for batch in answer.reader])
    assert np.array_equal(ids, np.arange(199_999, -1, -1))
    assert list(staging_dir.iterdir()) == []


def test_staged_and_streamed_are_alike(engine: SparkEngine, staging_dir: Path) -> None:
    """Values of many types, columns of one name, no rows."""
    sql = """SELECT id, id AS id, CAST(id / 7 AS DECIMAL(20, 6)), CAST(id AS DOUBLE) / 3, concat('é', id),
        TIMESTAMP_NTZ'2024-01-01 00:00:00' + make_dt_interval(0, 0, 0, id / 1000000),
        TIMESTAMP_LTZ'1901-01-01 00:00:00+00:00', IF(id = 3, NULL, '01234567-89ab-cdef-0123-456789abcdef')
        FROM range(0, 100, 1, 3) WHERE id < {limit} ORDER BY 1"""
    types = (INT8, INT8, numeric(20, 6), FLOAT8, TEXT, TIMESTAMP, TIMESTAMPTZ, UUID)
    for limit in (100, 0):
        answers = [
            engine.start(query(sql.format(limit=limit), types), options=Options(mode=mode)).result().reader.read_all()
            for mode in (ResultMode.STREAM, ResultMode.STAGED)
        ]
        assert answers[0].equals(answers[1]) and answers[0].num_rows == limit
    assert list(staging_dir.iterdir()) == []


def test_without_staging_it_is_54000(session: ConnectSession) -> None:
    with pytest.raises(ResultTooLarge) as raised:
        SparkEngine("none", session).start(big()).result().reader.read_all()
    assert raised.value.code == "54000" and "kadali.spark_result" in str(raised.value.hint)


def test_an_estimate_decides_before_the_query_runs(engine: SparkEngine, staging_dir: Path) -> None:
    bound = Bound("SELECT id, id FROM range(1000000)")
    assert 8_000_000 <= estimate(engine.session, bound, "UTC") <= 24_000_000
    answer = engine.start(query(bound.sql, (INT8, INT8)), options=Options(large=True)).result()
    assert len(list(staging_dir.iterdir())) == 1
    del answer
    assert list(staging_dir.iterdir()) == []
    small = engine.start(query("SELECT 1", (INT8,)), options=Options(large=True)).result()
    assert list(staging_dir.iterdir()) == []
    assert rows(small.reader.read_all()) == [(1,)]


def test_nothing_is_left_after_an_error_or_a_cancel(engine: SparkEngine, staging_dir: Path) -> None:
    staged = Options(mode=ResultMode.STAGED)
    with pytest.raises(Exception, match="division by zero"):
        engine.start(query("SELECT 1 / (id - 99) FROM range(0, 100, 1, 4)", (FLOAT8,)), options=staged).result()
    assert list(staging_dir.iterdir()) == []
    running = engine.start(query(SLOW, (INT8,)), options=staged)
    timer = threading.Timer(2, running.cancel)
    timer.start()
    with pytest.raises(QueryCanceled):
        running.result()
    timer.join()
    soon(lambda: list(staging_dir.iterdir()) == [])


def test_what_a_dead_gateway_left_is_swept(engine: SparkEngine, staging_dir: Path) -> None:
    staging = local_staging(staging_dir)
    (staging_dir / "result-of-another").mkdir()
    (staging_dir / "else").mkdir()
    assert sweep(staging) == 0
    old = time.time() - 2 * 24 * 3600
    os.utime(staging_dir / "result-of-another", (old, old))
    assert sweep(staging) == 1
    assert [path.name for path in staging_dir.iterdir()] == ["else"]


def test_a_driver_without_our_library(engine: SparkEngine) -> None:
    assert not engine.session.driver().has_library
    with pytest.raises(FeatureNotSupported, match="functions"):
        ask(engine, "SELECT pg_date_add(DATE'2020-01-01', 1)", [TEXT])
    with pytest.raises(FeatureNotSupported):
        engine.run("SELECT pg_date_add(DATE'2020-01-01', 1)")
    assert rows(ask(engine, "SELECT 'pg_date_add('", [TEXT])) == [("pg_date_add(",)]


def test_streams_that_the_server_ends_are_taken_up_again(engine: SparkEngine) -> None:
    answer = ask(engine, "SELECT id FROM range(0, 100000, 1, 4)", [INT8])
    assert np.array_equal(answer[0].to_numpy(), np.arange(100_000))
    slow = "SELECT count(*) FROM range(0, 1000000000, 1, 4) WHERE hash(id) % 7 = 8"
    assert rows(ask(engine, slow, [INT8])) == [(0,)]


def test_cancelled_jobs_have_stopped(engine: SparkEngine, small_server: SparkServer) -> None:
    """Told by Spark's own page: no job runs any more, whenever the cancel came."""
    for delay_s in (0.0, 0.03, 0.06, 0.1, 0.15, 0.3, 1.0):
        running = engine.start(query(SLOW, (INT8,)))
        timer = threading.Timer(delay_s, running.cancel)
        timer.start()
        with pytest.raises(QueryCanceled):
            running.result()
        timer.join()
        assert running.wait_stopped(20)
        soon(lambda: jobs(small_server) == [])


def test_a_driver_killed_mid_query(small_server: SparkServer, tmp_path: Path) -> None:
    """The last test of this module: 08006, and the next statement gets a new session of the driver started again."""
    driver = small_server.driver
    assert driver is not None and driver.pid is not None
    session = ConnectSession(driver.endpoint, small_server.token, "tenant/killed", reconnect_s=2.0)
    engine, lost = SparkEngine("killed", session), session.key()
    threading.Timer(1.0, os.kill, (driver.pid, signal.SIGKILL)).start()
    with pytest.raises(ConnectionFailure) as raised:
        engine.start(query(SLOW, (INT8,))).result()
    assert raised.value.code == "08006"
    with pytest.raises(ConnectionFailure):
        ask(engine, "SELECT 1", [INT8])
    driver.stop()
    driver.start()
    again = ConnectSession(driver.endpoint, small_server.token, "tenant/killed")
    assert rows(ask(SparkEngine("again", again), "SELECT 1", [INT8])) == [(1,)]
    assert again.key().session_id != lost.session_id
    again.close()
    session.close()


def jobs(server: SparkServer) -> list[object]:
    """Spark's jobs that run."""
    assert server.driver is not None and server.driver.ui is not None
    base = f"{server.driver.ui}/api/v1/applications"
    with urllib.request.urlopen(base, timeout=20) as answer:
        application = json.load(answer)[0]["id"]
    with urllib.request.urlopen(f"{base}/{application}/jobs?status=running", timeout=20) as answer:
        return list(json.load(answer))


def soon(told: Callable[[], bool], patience_s: float = 15.0) -> None:
    deadline = time.monotonic() + patience_s
    while not told():
        assert time.monotonic() < deadline
        time.sleep(0.1)
