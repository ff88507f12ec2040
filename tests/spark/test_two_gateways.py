"""Two gateways over one metadata store, and a driver of this machine: what is said on one holds on both."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from catalog.postgres import EmbeddedPostgres
from tests.gateway_server import GatewayServer
from tests.spark.distribution import spark_distribution

DEADLINE_S = 300.0
SOON_S = 5.0
"""An abort is heard of within half a second; the rest is for a busy machine."""
SOME = "SELECT count(*) FROM t a, t b, t c WHERE a.id + b.id * c.id % 7 = 3 AND a.name || b.name < c.name AND c.id < 8"
"""Seconds."""
SLOW = (
    "SELECT count(*) FROM t a, t b, t c, t d WHERE a.id + b.id * c.id % 7 = 3 AND a.name || b.name < c.name || d.name"
)
"""Hours."""
Connection = psycopg.Connection[Any]


@dataclass
class Pair:
    """`store` is where the gateways keep what they know."""

    here: GatewayServer
    there: GatewayServer
    store: str

    def connect(self, at: GatewayServer, cluster: str = "etl") -> Connection:
        connection = at.connect()
        connection.execute(f"USE CLUSTER {cluster}")
        connection.execute("SET search_path = pair")
        return connection

    def counts(self, at: GatewayServer, cluster: str = "etl") -> tuple[int, int]:
        """(running, queued), as a gateway tells."""
        with at.connect() as connection:
            found = connection.execute("SELECT running, queued FROM kadali.clusters WHERE name = %s", (cluster,))
            row = found.fetchone()
        assert row is not None
        return row[0], row[1]

    def driver(self) -> tuple[str, str, str]:
        """(endpoint, token, address of the UI) of the cluster `etl`, as the reconciler has seen them."""
        with psycopg.connect(self.store) as connection:
            query = "SELECT endpoint, token, ui FROM kadali.clusters WHERE name = 'etl' AND desired <> 'TERMINATED'"
            row = connection.execute(query).fetchone()
        assert row is not None
        return row

    def jobs(self) -> int:
        """That run in Spark, as its own pages tell."""
        api = f"{self.driver()[2]}/api/v1/applications"
        (application,) = _json(api)
        return len(_json(f"{api}/{application['id']}/jobs?status=running"))


class Statement:
    """One that runs in a thread of its own."""

    def __init__(self, connection: Connection, sql: str) -> None:
        self.connection, self.sql = connection, sql
        self.rows: list[tuple[Any, ...]] | None = None
        self.error: psycopg.Error | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def ended(self, within_s: float = DEADLINE_S) -> Statement:
        self._thread.join(within_s)
        assert not self._thread.is_alive(), f"still running: {self.sql}"
        return self

    @property
    def sqlstate(self) -> str | None:
        return None if self.error is None else self.error.sqlstate

    def _run(self) -> None:
        try:
            self.rows = self.connection.execute(self.sql).fetchall()
        except psycopg.Error as error:
            self.error = error


def _json(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return json.load(answer)


def until(met: Callable[[], object], what: str, within_s: float = DEADLINE_S) -> None:
    deadline = time.monotonic() + within_s
    while not met():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.fixture(scope="module")
def pair(metadata_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """alice is at work on both; the cluster `etl` runs, and schema `pair` has a table of 1000 rows."""
    folder = tmp_path_factory.mktemp("pair")
    with psycopg.connect(metadata_postgres.conninfo("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE pair")
    store = metadata_postgres.conninfo("pair")
    options = (
        *("--catalog-url", store, "--lake-root", str(folder / "lake")),
        *("--spark-home", str(spark_distribution()), "--external-clusters", "any"),
    )
    gateways = [GatewayServer(folder / name, options) for name in ("here", "there")]
    gateways[0].add_user("alice", "acme", admin=True)
    try:
        for gateway in gateways:
            gateway.start()
        until(lambda: "this gateway leads" in gateways[0].log(), "the first one leads")
        with gateways[0].connect() as connection:
            connection.execute("CREATE CLUSTER etl WITH (workers = 1, initially_suspended = false) NOWAIT")
            connection.execute("CREATE SCHEMA pair")
            connection.execute(
                "CREATE TABLE pair.t AS SELECT i AS id, 'name ' || i AS name FROM generate_series(1, 1000) i"
            )
            connection.execute("ALTER CLUSTER etl RESUME IF SUSPENDED WAIT")
        yield Pair(gateways[0], gateways[1], store)
    finally:
        for gateway in gateways:
            gateway.stop()


def running(pair: Pair, cluster: str = "etl", *, each: int = 1) -> list[Statement]:
    """Slow statements through both gateways that are at work in Spark."""
    before, (at_work, _) = pair.jobs(), pair.counts(pair.here, cluster)
    statements = [Statement(pair.connect(at, cluster), SLOW) for at in (pair.here, pair.there) for _ in range(each)]
    until(lambda: pair.jobs() >= before + len(statements), "all are at work")
    until(lambda: pair.counts(pair.here, cluster)[0] >= at_work + len(statements), "all have their place")
    return statements


def all_end(pair: Pair, statements: list[Statement], told: float) -> None:
    """With 57014, soon after `told`; nothing is left in Spark, and the sessions go on."""
    for statement in statements:
        assert statement.ended(SOON_S).sqlstate == "57014", (statement.error, statement.rows)
    took = time.monotonic() - told
    assert took < SOON_S
    until(lambda: pair.jobs() == 0, "stopped in Spark", SOON_S)
    for statement in statements:
        statement.connection.execute("USE CLUSTER EMBEDDED")
        assert statement.connection.execute("SELECT count(*) FROM t").fetchone() == (1000,)
        statement.connection.close()


def test_counts_are_summed_and_aborts_reach_everybody(pair: Pair) -> None:
    cursor = pair.connect(pair.there)
    cursor.execute("BEGIN")
    cursor.execute("DECLARE c CURSOR FOR SELECT id FROM t")
    statements = running(pair)
    until(lambda: pair.counts(pair.here) == (3, 0), "two statements and a cursor", SOON_S)
    assert pair.counts(pair.there) == (3, 0)
    with pair.here.connect() as connection:
        told = time.monotonic()
        connection.execute("ALTER CLUSTER etl ABORT ALL QUERIES WAIT '20 seconds'")
        assert pair.counts(pair.there) == (0, 0)
        all_end(pair, statements, told)
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
            connection.execute("ALTER CLUSTER etl RESUME")  # the cluster has gone on
    with pytest.raises(psycopg.errors.QueryCanceled):
        cursor.execute("FETCH ALL FROM c")
    cursor.execute("ROLLBACK")
    assert cursor.execute("SELECT count(*) FROM t").fetchone() == (1000,)
    cursor.close()
    with pytest.raises(psycopg.errors.ObjectInUse), pair.there.connect() as connection:
        held = pair.connect(pair.here)
        held.execute("BEGIN")
        held.execute("DECLARE c CURSOR FOR SELECT id FROM t")
        connection.execute("DROP CLUSTER etl")
    held.close()


def test_limits_hold_over_both_and_a_dead_gateway_holds_nothing(pair: Pair) -> None:
    with pair.here.connect() as admin:
        admin.execute("ALTER CLUSTER etl SET (max_concurrency = 1, queue_limit = 1, queue_timeout = '60 seconds')")
        holder = pair.connect(pair.there)
        holder.execute("BEGIN")
        holder.execute("DECLARE c CURSOR FOR SELECT id FROM t ORDER BY id")
        waiting = Statement(pair.connect(pair.here), "SELECT count(*) FROM t")
        until(lambda: pair.counts(pair.there) == (1, 1), "one works, one waits", SOON_S)
        refused = Statement(pair.connect(pair.there), "SELECT count(*) FROM t").ended()
        assert refused.sqlstate == "53300"
        assert refused.error is not None
        assert refused.error.diag.message_hint == "At most 1 may wait (queue_limit)."
        holder.execute("COMMIT")
        assert waiting.ended(SOON_S).rows == [(1000,)]

        holder.execute("BEGIN")
        holder.execute("DECLARE c CURSOR FOR SELECT id FROM t ORDER BY id")
        waiting = Statement(waiting.connection, "SELECT count(*) FROM t")
        until(lambda: pair.counts(pair.here) == (1, 1), "one works, one waits", SOON_S)
        pair.there.kill()
        assert waiting.ended(SOON_S).rows == [(1000,)]
        assert pair.counts(pair.here) == (0, 0)
        pair.there.start()
        admin.execute("ALTER CLUSTER etl RESET (max_concurrency, queue_limit, queue_timeout)")


def test_force_cancels_through_both(pair: Pair) -> None:
    """Clusters that are endpoints of others: the driver goes on, so that it can be asked whether it has stopped."""
    endpoint, token, _ = pair.driver()
    with pair.here.connect() as admin:
        for ending in ("ALTER CLUSTER other SUSPEND FORCE", "DROP CLUSTER other FORCE", "TERMINATE CLUSTER other"):
            admin.execute(f"CREATE OR REPLACE CLUSTER other WITH (url = 'sc://{endpoint}', token = '{token}')")
            statements = running(pair, "other")
            with pytest.raises(psycopg.errors.ObjectInUse):
                admin.execute("DROP CLUSTER other")
            told = time.monotonic()
            admin.execute(ending)
            all_end(pair, statements, told)


def test_suspend_lets_queries_end_and_a_query_resumes(pair: Pair) -> None:
    with pair.connect(pair.here, "embedded") as connection:
        right = connection.execute(SOME).fetchall()
    one = Statement(pair.connect(pair.there), SOME)
    until(lambda: pair.counts(pair.here) == (1, 0), "at work", SOON_S)
    with pair.here.connect() as admin:
        admin.execute("ALTER CLUSTER etl SUSPEND WAIT '2 minutes'")
        assert one.ended(SOON_S).rows == right
        assert admin.execute("SELECT state FROM kadali.clusters WHERE name = 'etl'").fetchone() == ("SUSPENDED",)

    told: list[str] = []
    waiting = pair.connect(pair.there)
    waiting.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
    resumed = Statement(waiting, "SELECT count(*) FROM t")
    until(lambda: pair.counts(pair.here) == (0, 1), "it waits for the start", SOON_S)
    assert resumed.ended().rows == [(1000,)]
    # a start of less than five seconds is not told of, but one of the work behind it may be
    assert all(text.startswith(("cluster etl starting ", "cluster etl: ")) for text in told)
    statements = running(pair)
    with pair.there.connect() as admin:
        since = time.monotonic()
        admin.execute("ALTER CLUSTER etl SUSPEND FORCE")
        for statement in statements:
            assert statement.ended(SOON_S).sqlstate == "57014"
        assert time.monotonic() - since < SOON_S
        until(lambda: admin.execute("SELECT state FROM kadali.clusters").fetchone() == ("SUSPENDED",), "suspended")
        admin.execute("DROP CLUSTER etl")
