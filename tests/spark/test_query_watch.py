"""What our listener ends in a driver: tasks that fail for good, and jobs of queries that are over."""

from __future__ import annotations

import json
import random
import threading
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from catalog.errors import DivisionByZero, QueryCanceled, SqlError
from catalog.types import INT8
from engine.spark.configuration import WATCH
from engine.spark.engine import SparkEngine
from engine.spark.running import SparkRunning
from engine.spark.session import ConnectSession
from tests.engines.engine_queries import query
from tests.spark.servers import SparkServer, local_server
from tests.spark.test_staged import jobs, soon

ATTEMPTS = 4
"""Of a task, in this driver as in one with pods."""
STAGES = (
    "SELECT sum(n) FROM (SELECT id % 7 AS k, count(*) AS n FROM range(0, 400000000, 1, 4) GROUP BY k) x"
    " JOIN range(7) y ON x.k = y.id"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkServer]:
    settings = {"spark.ui.enabled": "true", "spark.master": f"local[2,{ATTEMPTS}]"}
    with local_server(tmp_path_factory.mktemp("watched"), settings) as server:
        yield server


@pytest.fixture
def session(server: SparkServer) -> Iterator[ConnectSession]:
    session = server.session("tenant/watched")
    yield session
    session.close()


def test_an_error_of_sql_is_not_tried_again(server: SparkServer, session: ConnectSession) -> None:
    """A task that works for a while and then meets the zero; others are under way."""
    running = SparkEngine("watched", session).start(
        query("SELECT count(*) FROM range(0, 24000000, 1, 3) WHERE 1 div (11999999 - id) = hash(id)", [INT8])
    )
    with pytest.raises(DivisionByZero):
        running.result()
    soon(lambda: stages(server, "failed") != [])
    (stage,) = stages(server, "failed")
    assert stage["numFailedTasks"] == 1, stage


def test_other_failures_are_tried_again(server: SparkServer, session: ConnectSession) -> None:
    """The control: what says nothing of the data or the statement may be better the next time."""
    before = len(stages(server, "failed"))
    unknown = "SELECT java_method('java.lang.Integer', 'parseInt', cast(id AS string) || 'x') FROM range(0, 2, 1, 1)"
    with pytest.raises(SqlError):
        SparkEngine("watched", session).run(unknown)
    soon(lambda: len(stages(server, "failed")) > before)
    failed = stages(server, "failed")
    assert max(stage["numFailedTasks"] for stage in failed) == ATTEMPTS, failed


def test_a_storm_of_cancels_leaves_no_job(server: SparkServer, session: ConnectSession) -> None:
    chance, engine = random.Random(20260731), SparkEngine("watched", session)
    key = session.key()

    def stop(running: SparkRunning) -> None:
        """Without waiting for tasks, as the engine itself does; then for sure."""
        session.client.interrupt(key, running.operation_id)
        running.cancel()

    for _ in range(12):
        running = engine.start(query(STAGES, [INT8]))
        timer = threading.Timer(chance.random() * 0.6, stop, [running])
        timer.start()
        with pytest.raises(QueryCanceled):
            running.result()
        timer.join()
    soon(lambda: jobs(server) == [])


def test_drivers_have_it(server: SparkServer) -> None:
    assert server.driver is not None
    assert WATCH in (server.driver.log.parent / "spark.properties").read_text()


def stages(server: SparkServer, status: str) -> list[dict[str, Any]]:
    assert server.driver is not None and server.driver.ui is not None
    base = f"{server.driver.ui}/api/v1/applications"
    with urllib.request.urlopen(base, timeout=20) as answer:
        application = json.load(answer)[0]["id"]
    with urllib.request.urlopen(f"{base}/{application}/stages?status={status}", timeout=20) as answer:
        return list(json.load(answer))
