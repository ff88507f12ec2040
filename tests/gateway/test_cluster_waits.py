"""Waiting for a cluster, as a client sees it: notices while the statement runs, and an end when it says so."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.gateway_server import GatewayServer

WAIT_S = 30.0


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where nobody says anything: a cluster behind it stays on its way."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield listener.getsockname()[1]


def test_notices_come_while_the_statement_waits(gateway: GatewayServer, silent: int) -> None:
    told: list[tuple[str | None, str | None]] = []
    heard = threading.Event()

    def hear(notice: psycopg.errors.Diagnostic) -> None:
        told.append((notice.severity, notice.message_primary))
        heard.set()

    with gateway.connect() as client, gateway.connect() as other:
        client.execute("CREATE SCHEMA waits")
        client.execute("CREATE TABLE waits.t (id int)")
        client.execute(f"CREATE CLUSTER slow WITH (url = 'sc://127.0.0.1:{silent}', token = 'x')")
        try:
            client.execute("USE CLUSTER slow")
            client.add_notice_handler(hear)
            waiting = threading.Thread(target=_canceled, args=(client, "SELECT * FROM waits.t"))
            waiting.start()
            assert heard.wait(WAIT_S), "no notice came before the answer"
            assert waiting.is_alive()
            assert told[0][0] == "INFO"
            assert (told[0][1] or "").startswith("cluster slow starting 5s/")  # of shorter waits nothing is told
            row = other.execute(
                "SELECT state, cluster, route_reason, progress FROM kadali.queries"
                " WHERE query = 'SELECT * FROM waits.t' AND state = 'queued'"
            ).fetchone()
            assert row is not None
            assert row[:3] == ("queued", "slow", "the session uses this cluster")
            assert row[3].startswith("cluster slow starting ")
            assert _counts(other, "slow") == (0, 1)
            client.cancel()
            waiting.join(WAIT_S)
            assert not waiting.is_alive()
            client.execute("USE CLUSTER EMBEDDED")
            assert client.execute("SELECT count(*) FROM waits.t").fetchone() == (0,)
        finally:
            client.execute("DROP CLUSTER slow FORCE")
            client.execute("DROP SCHEMA waits CASCADE")


def test_abort_all_queries(gateway: GatewayServer, silent: int) -> None:
    with gateway.connect() as client, gateway.connect() as other:
        client.execute("CREATE TABLE public.abort_t (id int)")
        client.execute(
            f"CREATE CLUSTER aborted WITH (url = 'sc://127.0.0.1:{silent}', token = 'x', max_concurrency = 1)"
        )
        try:
            waiting = []
            for each in (client, other):
                each.execute("USE CLUSTER aborted")
                waiting.append(threading.Thread(target=_canceled, args=(each, "DELETE FROM abort_t")))
                waiting[-1].start()
            with gateway.connect() as third:
                assert _counts(third, "aborted", (0, 2)) == (0, 2)  # one waits for the cluster, one for the other
                third.execute("ALTER CLUSTER aborted ABORT ALL QUERIES")
            for thread in waiting:
                thread.join(WAIT_S)
                assert not thread.is_alive()
        finally:
            client.execute("DROP CLUSTER aborted FORCE")
            client.execute("DROP TABLE abort_t")


def test_a_cluster_that_is_gone(gateway: GatewayServer, silent: int) -> None:
    with gateway.connect() as client:
        client.execute("CREATE TABLE public.gone_t (id int)")
        client.execute(f"CREATE CLUSTER gone WITH (url = 'sc://127.0.0.1:{silent}', token = 'x')")
        client.execute("USE CLUSTER gone")
        client.execute("DROP CLUSTER gone FORCE")
        deadline = time.monotonic() + WAIT_S
        with pytest.raises(psycopg.errors.UndefinedObject, match='cluster "gone" does not exist') as error:
            client.execute("SELECT * FROM gone_t")
        assert "USE CLUSTER" in (error.value.diag.message_hint or "")
        assert time.monotonic() < deadline
        assert client.execute("SELECT 1").fetchone() == (1,)  # what needs no tables needs no cluster
        client.execute("USE CLUSTER DEFAULT")
        client.execute("DROP TABLE gone_t")


def _counts(client: psycopg.Connection[Any], name: str, wanted: tuple[int, int] = (0, 1)) -> tuple[int, int] | None:
    """(running, queued) as SHOW CLUSTERS tells, once it is what is wanted or it takes too long."""
    deadline = time.monotonic() + WAIT_S
    found = None
    while found != wanted and time.monotonic() < deadline:
        found = client.execute("SELECT running, queued FROM kadali.clusters WHERE name = %s", (name,)).fetchone()
    return found


def _canceled(client: psycopg.Connection[Any], sql: str) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        client.execute(sql)
