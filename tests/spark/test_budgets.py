"""A budget on a cluster of this machine, from a real driver's workers to what SQL says when it is used up."""

from __future__ import annotations

import base64
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.gateway_server import PASSWORD, GatewayServer
from tests.spark.distribution import spark_distribution

TIERS = """
[sizes.xsmall]
driver_cores = 0.5
driver_memory = "1Gi"
worker_cores = 0.25
worker_memory = "768Mi"
workers = 1
worker_hour_price = 36
"""
SLOW = (
    "SELECT count(*) FROM shop.t a, shop.t b, shop.t c WHERE a.id + b.id * c.id % 7 = 3 AND a.name || b.name < c.name"
)
Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayServer]:
    folder: Path = tmp_path_factory.mktemp("budgets")
    (folder / "tiers.toml").write_text(TIERS)
    options = ("--spark-home", str(spark_distribution()), "--tiers", str(folder / "tiers.toml"))
    made = GatewayServer(folder / "data", options)
    try:
        made.add_user("alice", "acme", admin=True)
        made.add_user("bob", "acme")
        yield made.start()
    finally:
        made.stop()


def value(connection: Connection, sql: str) -> Any:
    row = connection.execute(sql.encode()).fetchone()
    return None if row is None else row[0]


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def refusal(connection: Connection, sql: str) -> tuple[str | None, str]:
    """(SQLSTATE, HINT)."""
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(sql.encode())
    return caught.value.sqlstate, caught.value.diag.message_hint or ""


def test_from_the_first_worker_to_the_end_of_the_budget(server: GatewayServer) -> None:
    with server.connect() as alice, server.connect() as other, ThreadPoolExecutor(1) as background:
        for sql in (
            "CREATE CLUSTER etl WITH (budget = 1000, budget_period = day, on_budget = reject)",
            "CREATE SCHEMA shop",
            "CREATE TABLE shop.t AS SELECT i AS id, 'name ' || i AS name FROM generate_series(1, 200) i",
            "USE CLUSTER etl",
        ):
            alice.execute(sql.encode())
        assert value(alice, "SELECT count(*) FROM shop.t") == 200

        # what is used: of the one worker, from its registration on, at its price
        used = "SELECT worker_seconds FROM kadali.cluster_usage WHERE cluster = 'etl'"
        until(lambda: (value(alice, used) or 0) > 0, "a worker is counted")
        began, before = time.monotonic(), value(alice, used)
        until(lambda: time.monotonic() - began > 2, "two seconds")
        assert value(alice, used) - before == pytest.approx(time.monotonic() - began, abs=0.7)
        row = alice.execute("SELECT cost / worker_seconds, driver_seconds >= worker_seconds FROM kadali.cluster_usage")
        assert row.fetchall() == [(pytest.approx(36 / 3600), True)]
        with server.connect("bob") as bob:
            assert bob.execute("SELECT * FROM kadali.cluster_usage").fetchall() == []
            alice.execute("GRANT MONITOR ON CLUSTER etl TO bob")
            assert (value(bob, used) or 0) > 0
        detail = dict(alice.execute("DESCRIBE CLUSTER etl").fetchall())
        assert detail["budget"].endswith(" of 1000 a day, then reject")
        assert detail["cost_today"].endswith(" worker hours)")
        told = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(detail["ui_url"], headers={"Authorization": f"Basic {told}"})
        with urllib.request.urlopen(request, timeout=30) as page:
            assert page.status == 200 and b"Spark" in page.read()

        # reject: what runs ends, nothing new begins
        other.execute("USE CLUSTER etl")
        slow = background.submit(lambda: value(other, SLOW))
        until(lambda: value(alice, "SELECT running FROM kadali.clusters") == 1, "it runs")
        alice.execute("ALTER CLUSTER etl SET (budget = 0.001)")
        code, hint = refusal(alice, "SELECT count(*) FROM shop.t")
        assert code == "53400" and hint.startswith("The budget is 0.001 a day.")
        assert isinstance(slow.result(120), int)
        assert value(alice, "SELECT state FROM kadali.clusters") == "RUNNING"

        # suspend
        alice.execute("ALTER CLUSTER etl SET (on_budget = suspend)")
        until(lambda: value(alice, "SELECT state FROM kadali.clusters") == "SUSPENDED", "it is suspended")
        for sql in ("SELECT count(*) FROM shop.t", "ALTER CLUSTER etl RESUME", "SELECT kadali.cluster_resume('etl')"):
            assert refusal(alice, sql)[0] == "53400", sql
        assert value(alice, "SELECT state FROM kadali.clusters") == "SUSPENDED"
        events = "SELECT message FROM kadali.cluster_events WHERE kind = 'budget' ORDER BY at DESC"
        assert value(alice, events) == "the budget of 0.001 a day is used up: suspended"
        assert "cluster etl of acme: the budget of 0.001 a day is used up: suspended" in server.log()
        total = value(alice, used)
        alice.execute("ALTER CLUSTER etl SET (budget = 1000)")
        assert alice.execute("ALTER CLUSTER etl RESUME").statusmessage == "ALTER CLUSTER"
        assert value(alice, used) == pytest.approx(total), "nothing is counted while it is suspended"
