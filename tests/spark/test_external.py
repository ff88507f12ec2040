"""Clusters that are Spark Connect servers of others: used, lost, found again, refused; and limits, over the wire."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import psycopg
import pytest

from engine.spark.errors import Told, translate
from gateway.auth.certificate import ensure_self_signed
from tests.clients.sides import psql_program
from tests.gateway_server import GatewayServer
from tests.spark.cutting_proxy import CuttingProxy
from tests.spark.servers import SparkServer
from tests.spark.tls_proxy import TlsProxy

DEADLINE_S = 180.0
_CROSS = "SELECT count(*) FROM t a, t b, t c WHERE a.id + b.id * c.id % 7 = 3 AND a.name || b.name < c.name AND c.id < "
SLOW, SLOWER = f"{_CROSS}100", f"{_CROSS}300"
"""Some ten and thirty seconds. Spark cannot end a task inside of such a join: it keeps its core until it is through."""
TIERS = '[tiers.tight]\nbytes_scanned_per_day = 20000\n[tenants]\nglobex = "tight"\n'
WRONG = "a-token-that-is-wrong"
Connection = psycopg.Connection[Any]


@dataclass
class Outside:
    """A gateway, and two ways to a Spark that is not its own: one that can be cut, one with TLS."""

    gateway: GatewayServer
    server: SparkServer
    proxy: CuttingProxy
    tls: TlsProxy

    def state(self, cluster: str) -> tuple[str, str | None]:
        with self.gateway.connect() as client:
            found = dict(client.execute(f"DESCRIBE CLUSTER {cluster}").fetchall())
        return found["state"], found["reason"]


@pytest.fixture(scope="module")
def outside(spark_server: SparkServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    folder = tmp_path_factory.mktemp("outside")
    certificate, key = ensure_self_signed(folder / "tls", ["127.0.0.1"])
    (folder / "tiers.toml").write_text(TIERS)
    proxy, tls = CuttingProxy(spark_server.endpoint), TlsProxy(spark_server.endpoint, certificate, key)
    gateway = GatewayServer(
        folder / "data",
        (
            *("--tiers", str(folder / "tiers.toml")),
            *("--external-clusters", f"{proxy.endpoint}, 127.0.0.1:{tls.port}, {spark_server.endpoint}"),
        ),
        {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(certificate)},
    )
    for database in ("acme", "globex"):
        gateway.add_user("alice", database, admin=True)
    try:
        gateway.start()
        with gateway.connect() as client:
            client.execute(f"CREATE CLUSTER ext WITH (url = 'sc://{proxy.endpoint}', token = '{spark_server.token}')")
            client.execute("CREATE TABLE t AS SELECT i AS id, 'name ' || i AS name FROM generate_series(1, 1000) i")
        yield Outside(gateway, spark_server, proxy, tls)
        for token in (spark_server.token, WRONG):
            assert token not in gateway.log()
    finally:
        gateway.stop()
        proxy.close()
        tls.close()


@pytest.fixture
def client(outside: Outside) -> Iterator[Connection]:
    with outside.gateway.connect() as connection:
        connection.execute("USE CLUSTER ext")
        yield connection


def until(met: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not met():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def test_what_is_asked_is_done_there(outside: Outside, client: Connection) -> None:
    client.execute("CREATE TABLE w (id int, n int)")
    assert client.execute("INSERT INTO w SELECT id, 0 FROM t WHERE id <= 10").statusmessage == "INSERT 0 10"
    assert client.execute("UPDATE w SET n = id * 2 WHERE id > 5").statusmessage == "UPDATE 5"
    assert client.execute("SELECT sum(n) FROM w").fetchone() == (80,)
    with pytest.raises(psycopg.errors.DivisionByZero):
        client.execute("SELECT 1 / (id - id) FROM w")
    canceling = threading.Timer(1.0, client.cancel)
    canceling.start()
    with pytest.raises(psycopg.errors.QueryCanceled):
        client.execute(SLOW)
    client.execute("ALTER CLUSTER ext SET (statement_timeout = '1 second')")
    with pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout of the cluster"):
        client.execute(SLOW)
    client.execute("ALTER CLUSTER ext RESET (statement_timeout)")
    assert client.execute("SELECT count(*) FROM w").fetchone() == (10,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r'may not connect to "h.example:15002"'):
        client.execute("CREATE CLUSTER far WITH (url = 'sc://h.example', token = 'x')")


def test_a_server_with_tls(outside: Outside, client: Connection) -> None:
    url = f"sc://127.0.0.1:{outside.tls.port}"
    client.execute(f"CREATE CLUSTER safe WITH (url = '{url}/;use_ssl=true', token = '{outside.server.token}')")
    client.execute("USE CLUSTER safe")
    assert client.execute("SELECT count(*) FROM t").fetchone() == (1000,)
    client.execute(f"CREATE CLUSTER plain WITH (url = '{url}', token = 'x', queue_timeout = '60 seconds')")
    client.execute("USE CLUSTER plain")
    with pytest.raises(psycopg.errors.CannotConnectNow):
        client.execute("SELECT count(*) FROM t")


def test_a_wrong_token_is_told_and_none_is_shown(outside: Outside, client: Connection) -> None:
    client.execute(f"CREATE CLUSTER bad WITH (url = 'sc://{outside.server.endpoint}', token = '{WRONG}')")
    client.execute("USE CLUSTER bad")
    with pytest.raises(psycopg.errors.CannotConnectNow, match='cluster "bad" has failed') as error:
        client.execute("SELECT count(*) FROM t")
    assert error.value.diag.message_detail == "the Spark driver does not accept the cluster's token"
    client.execute(f"ALTER CLUSTER bad SET (token = '{outside.server.token}')")
    until(lambda: outside.state("bad")[0] == "RUNNING", "with the right token it answers")
    assert client.execute("SELECT count(*) FROM t").fetchone() == (1000,)
    shown = [
        repr(client.execute(sql).fetchall())
        for sql in (
            "SHOW CREATE CLUSTER bad",
            "DESCRIBE CLUSTER bad",
            "SELECT * FROM kadali.cluster_events",
            "SELECT query, error FROM kadali.queries",
            "SELECT * FROM kadali.clusters",
        )
    ]
    assert "CREATE CLUSTER bad WITH" in shown[3]
    for token in (WRONG, outside.server.token):
        assert not any(token in text for text in shown)


def test_a_server_that_is_lost_and_comes_back(outside: Outside, client: Connection) -> None:
    assert client.execute("SELECT count(*) FROM t").fetchone() == (1000,)
    outside.proxy.refusing = True
    outside.proxy.cut()
    with pytest.raises(psycopg.errors.ConnectionFailure, match="connection to the Spark driver was lost"):
        client.execute("SELECT count(*) FROM t")
    until(lambda: outside.state("ext")[0] == "FAILED", "the loss is seen")
    assert "the connection to the Spark driver was lost" in str(outside.state("ext")[1])
    with pytest.raises(psycopg.errors.CannotConnectNow, match='cluster "ext" has failed') as error:
        client.execute("SELECT count(*) FROM t")
    assert "was lost" in (error.value.diag.message_detail or "")
    outside.proxy.refusing = False
    until(lambda: outside.state("ext")[0] == "RUNNING", "it is there again")
    assert client.execute("SELECT count(*) FROM t").fetchone() == (1000,)  # the same session goes on


def test_a_place_in_the_queue_is_told_and_lost(outside: Outside, client: Connection) -> None:
    client.execute("ALTER CLUSTER ext SET (max_concurrency = 1, queue_timeout = '7 seconds')")
    told: list[str] = []
    with outside.gateway.connect() as holder, outside.gateway.connect() as other:
        holder.execute("USE CLUSTER ext")
        holder.execute("BEGIN")
        holder.execute("DECLARE c CURSOR FOR SELECT * FROM t")
        other.execute("USE CLUSTER ext")
        other.add_notice_handler(lambda notice: told.append(f"{notice.severity} {notice.message_primary}"))
        began = time.monotonic()
        with pytest.raises(psycopg.errors.CannotConnectNow, match='cluster "ext" is busy') as error:
            other.execute("SELECT count(*) FROM t")
        assert time.monotonic() - began >= 7
        assert "number 1 of 1 in its queue" in (error.value.diag.message_detail or "")
        assert told == ['INFO number 1 of 1 in the queue of cluster "ext"']
        holder.execute("COMMIT")
        assert other.execute("SELECT count(*) FROM t").fetchone() == (1000,)
        assert len(told) == 1  # of short work nothing is told
    client.execute("ALTER CLUSTER ext RESET (max_concurrency, queue_timeout)")


def test_psql_is_told_how_far_long_work_is(outside: Outside) -> None:
    script = f"USE CLUSTER ext; SELECT count(*) FROM t; SET statement_timeout = '8s'; {SLOWER};"
    done = subprocess.run(
        [psql_program(), "-X", "-q", "-A", "-t", outside.gateway.conninfo()],
        input=script,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    info, error = done.stderr.splitlines()
    assert done.stdout == "1000\n"
    assert info.startswith("INFO:  cluster ext: stage ")
    assert error == "ERROR:  canceling statement due to statement timeout"


def test_bytes_of_a_day(outside: Outside) -> None:
    """The tier's limit holds on clusters and in the gateway."""
    with outside.gateway.connect(database="globex") as client:
        server = outside.server
        client.execute(f"CREATE CLUSTER ext WITH (url = 'sc://{server.endpoint}', token = '{server.token}')")
        client.execute("CREATE TABLE t AS SELECT i AS id FROM generate_series(1, 1000) i")
        client.execute("USE CLUSTER ext")
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded) as error:
            for _ in range(50):
                assert client.execute("SELECT count(id) FROM t").fetchone() == (1000,)
        assert 'Tier "tight" allows 20000 bytes per day' in (error.value.diag.message_hint or "")
        client.execute("USE CLUSTER EMBEDDED")
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
            client.execute("SELECT count(id) FROM t")
        assert client.execute("SELECT 1").fetchone() == (1,)


def test_writers_that_meet(outside: Outside, client: Connection) -> None:
    client.execute("CREATE TABLE meet (id int, n int)")
    client.execute("INSERT INTO meet VALUES (1, 0), (2, 0)")
    with outside.gateway.connect() as other:
        other.execute("USE CLUSTER ext")
        other.execute("BEGIN")
        other.execute("UPDATE meet SET n = n + 10 WHERE id = 1")
        client.execute("UPDATE meet SET n = n + 1 WHERE id = 1")
        with pytest.raises(psycopg.errors.SerializationFailure):
            other.execute("COMMIT")
        assert client.execute("SELECT n FROM meet WHERE id = 1").fetchone() == (1,)

        done: list[str | None] = []

        def write(connection: Connection) -> None:
            for _ in range(3):
                try:
                    done.append(connection.execute("UPDATE meet SET n = n + 1 WHERE id = 2").statusmessage)
                except psycopg.Error as error:
                    done.append(error.sqlstate)

        writers = [threading.Thread(target=write, args=(one,)) for one in (client, other)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    assert set(done) <= {"UPDATE 1", "40001"}
    assert client.execute("SELECT n FROM meet WHERE id = 2").fetchone() == (done.count("UPDATE 1"),)


@pytest.mark.parametrize("told", ["DELTA_CONCURRENT_APPEND.WITHOUT_HINT", "DELTA_METADATA_CHANGED"])
def test_conflicts_are_told_as_such(told: str) -> None:
    """All of those that Delta knows, by the names it gives them; a query that has the word in its text is none."""
    assert translate(Told(grpc.StatusCode.INTERNAL, f"[{told}] Transaction conflict detected.")).code == "40001"
    assert translate(Told(grpc.StatusCode.INTERNAL, f"[DIVIDE_BY_ZERO] '{told}'", "DIVIDE_BY_ZERO")).code == "22012"
