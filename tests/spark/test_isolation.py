"""Two tenants, a driver each, and what one may try against the other: in SQL, at the ports of drivers, and through the
HTTP port. Statements that must be refused are in tests/escapes/spark_attempts.py.
"""

from __future__ import annotations

import base64
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier, Literal

from tests.escapes import escape_world, spark_attempts
from tests.escapes.escape_attempts import PLAIN_USER
from tests.escapes.test_attempts import outcome
from tests.gateway_server import PASSWORD, GatewayServer
from tests.spark.distribution import spark_distribution
from tests.spark.plain_session import PlainSession
from tests.spark.servers import local_server
from tests.spark.strangers import calls, said_to
from tests.spark.test_local_clusters import members

Connection = psycopg.Connection[Any]
SECRETS = {"KADALI_S3_SECRET_ACCESS_KEY": "key of the server", "PGPASSWORD": "password of the server"}


@dataclass(frozen=True)
class LiveDriver:
    """A driver of the gateway under test, as an administrator of the machine sees it."""

    id: str
    pid: int
    port: int
    ui: int
    control: int
    token: str

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Site:
    """acme has the cluster `etl`, the other tenant `theirs`; both run."""

    world: escape_world.World
    etl: LiveDriver
    theirs: LiveDriver

    @property
    def server(self) -> GatewayServer:
        return self.world.server

    def filled(self, sql: str) -> str:
        return (
            sql.replace("{foreign}", str(self.world.foreign))
            .replace("{own}", str(self.world.own))
            .replace("{id}", self.theirs.id)
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    options = ("--spark-home", str(spark_distribution()))
    server = GatewayServer(tmp_path_factory.mktemp("isolation") / "data", options, environment=SECRETS)
    try:
        world = escape_world.make(server)
        folders: list[Path] = []
        with server.connect() as alice, server.connect("mallory", "other") as mallory:
            for connection, name in ((alice, "etl"), (mallory, "theirs")):  # both start at the same time
                connection.execute(f"CREATE CLUSTER {name} WITH (initially_suspended = false) NOWAIT")
                folders.append(new_folder(server, folders))
            for connection, name, table in ((alice, "etl", "s.t"), (mallory, "theirs", "theirs.t")):
                connection.execute(f"USE CLUSTER {name}")
                assert connection.execute(f"SELECT count(*) > 0 FROM {table}").fetchone() == (True,)
            alice.execute("GRANT USAGE ON CLUSTER etl TO bob")
        yield Site(world, *map(live_driver, folders))
    finally:
        server.stop()


def new_folder(server: GatewayServer, known: list[Path]) -> Path:
    """Of a cluster that starts."""
    deadline = time.monotonic() + 60
    while True:
        for folder in (server.data_dir / "clusters").glob("*"):
            if folder not in known:
                return folder
        assert time.monotonic() < deadline, "no driver is started"
        time.sleep(0.05)


def live_driver(folder: Path) -> LiveDriver:
    pid = int((folder / "driver.pid").read_text())
    properties = dict(
        line.split("=", 1) for line in (folder / "spark.properties").read_text().splitlines() if "=" in line
    )
    environment = variables(pid)
    return LiveDriver(
        folder.name,
        pid,
        int(properties["spark.connect.grpc.binding.port"]),
        int(properties["spark.ui.port"]),
        int(environment["KADALI_AGENT_PORT"]),
        environment["SPARK_CONNECT_AUTHENTICATE_TOKEN"],
    )


def variables(pid: int) -> dict[str, str]:
    found = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(item.split("=", 1) for item in found if "=" in item)


@pytest.fixture(scope="module", params=["bob", "alice"])
def attacker(site: Site, request: pytest.FixtureRequest) -> Iterator[Connection]:
    """On the cluster: a plain user, and an administrator of acme."""
    with site.server.connect(str(request.param)) as connection:
        connection.execute("USE CLUSTER etl")
        yield connection


@pytest.fixture(scope="module")
def alice(site: Site) -> Iterator[Connection]:
    with site.server.connect() as connection:
        connection.execute("USE CLUSTER etl")
        yield connection


def all_refused(site: Site, connection: Connection, attempts: Iterable[tuple[str, str]], *also: str) -> None:
    """Each with its SQLSTATE, or with one of `also`."""
    wrong = []
    for sql, code in attempts:
        got, heard = outcome(connection, site.filled(sql))
        connection.pgconn.exec_(b"ROLLBACK")
        if got not in (code, *also):
            wrong.append((sql, heard[:200]))
        assert "root:" not in heard
        assert site.world.secret not in heard
    assert wrong == []


@pytest.mark.parametrize("kind", ["FUNCTIONS", "RELATIONS", "STATEMENTS"])
def test_what_spark_has_and_postgresql_has_not(site: Site, attacker: Connection, kind: str) -> None:
    rightless = () if attacker.info.user == "alice" else ("42501",)
    all_refused(site, attacker, getattr(spark_attempts, kind), *rightless)


def test_rights_hold_on_a_cluster_too(site: Site) -> None:
    with site.server.connect("bob") as bob:
        bob.execute("USE CLUSTER etl")
        all_refused(site, bob, PLAIN_USER)


def test_other_tenants_clusters_do_not_exist(site: Site, alice: Connection) -> None:
    all_refused(site, alice, spark_attempts.OTHERS)
    shown = [str(alice.execute(sql).fetchall()) for sql in ("SHOW CLUSTERS", "SELECT * FROM kadali.cluster_events")]
    assert all("etl" in rows and "theirs" not in rows and site.theirs.id not in rows for rows in shown)
    with site.server.connect("mallory", "other") as mallory:
        assert mallory.execute("SELECT name, state FROM kadali.clusters").fetchall() == [("theirs", "RUNNING")]
        assert mallory.execute("SELECT query FROM kadali.queries WHERE cluster = 'etl'").fetchall() == []


def test_options_lead_nowhere_else(site: Site, alice: Connection) -> None:
    options = spark_attempts.OPTIONS
    all_refused(site, alice, [(f"CREATE CLUSTER evil WITH ({option})", code) for option, code in options])
    own = [(f"ALTER CLUSTER etl SET ({option})", code) for option, code in options if not option.startswith("url")]
    all_refused(site, alice, own)
    assert alice.execute("SELECT name FROM kadali.clusters").fetchall() == [("etl",)]


def test_settings_of_a_session_are_not_sparks(alice: Connection) -> None:
    """Names with dots are anybody's in PostgreSQL, and mean nothing to the driver."""
    for setting in ("spark.sql.ansi.enabled = 'false'", "spark.sql.variable.substitute = 'true'"):
        alice.execute(f"SET {setting}")
    with pytest.raises(psycopg.errors.DivisionByZero):
        alice.execute("SELECT a / (a - a) FROM s.t")
    assert alice.execute("SELECT DISTINCT '${env:HOME}' || b FROM s.t WHERE a = 1").fetchall() == [("${env:HOME}x",)]
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        alice.execute("SELECT current_setting('spark.sql.ansi.enabled'), a FROM s.t")


def test_texts_arrive_as_they_are(alice: Connection) -> None:
    alice.execute("CREATE TABLE s.texts (i int, b text)")
    written = list(enumerate(spark_attempts.TEXTS))
    literals = SQL(", ").join(SQL("({}, {})").format(Literal(i), Literal(text)) for i, text in written)
    alice.execute(
        SQL("INSERT INTO s.texts SELECT x.i, x.b FROM (VALUES {}) x (i, b), s.t WHERE t.a = 1").format(literals)
    )
    assert alice.execute("SELECT i, b FROM s.texts ORDER BY i").fetchall() == written
    cases = " ".join(f"WHEN {i} THEN %s" for i, _ in written)
    query = f"SELECT i, CASE i {cases} END || b FROM s.texts WHERE b IN ({', '.join(['%s'] * len(written))}) ORDER BY i"
    found = alice.execute(query, [*(f"<{text}" for _, text in written), *(text for _, text in written)]).fetchall()
    assert found == [(i, f"<{text}{text}") for i, text in written]
    spelled = "SELECT count(*) FROM s.texts WHERE b IN ($q$it's$q$, U&'\\005C', E'\\\\\\'', U&'!005C!0027' UESCAPE '!')"
    assert alice.execute(spelled).fetchone() == (3,)
    alice.execute("UPDATE s.texts SET b = b || %s WHERE b = %s", ("\\'; --", "\\"))
    alice.execute("USE CLUSTER EMBEDDED")
    expected = [(i, "\\\\'; --" if text == "\\" else text) for i, text in written]
    assert alice.execute("SELECT i, b FROM s.texts ORDER BY i").fetchall() == expected
    alice.execute("DROP TABLE s.texts")
    alice.execute("USE CLUSTER etl")


def test_names_arrive_as_they_are(alice: Connection) -> None:
    names = spark_attempts.NAMES
    table = Identifier("s", "t`; DROP TABLE delta.`/x` --")
    columns = SQL(", ").join(SQL("{} int").format(Identifier(name)) for name in names)
    alice.execute(SQL("CREATE TABLE {} ({})").format(table, columns))
    alice.execute(
        SQL("INSERT INTO {} SELECT {} FROM s.t WHERE a = 1").format(
            table, SQL(", ").join(map(Literal, range(len(names))))
        )
    )
    shown = SQL(", ").join(SQL("{} AS {}").format(Identifier(name), Identifier(f"{name}` --")) for name in names)
    known = SQL(" AND ").join(SQL("{} = {}").format(Identifier(name), Literal(i)) for i, name in enumerate(names))
    answer = alice.execute(SQL("SELECT {}, a FROM {}, s.t WHERE {} AND a = 1").format(shown, table, known))
    assert answer.description is not None
    assert [column.name for column in answer.description] == [f"{name}` --" for name in names] + ["a"]
    assert answer.fetchall() == [(*range(len(names)), 1)]
    alice.execute(SQL("DROP TABLE {}").format(table))


def test_a_driver_answers_its_own_token_alone(site: Site) -> None:
    victim = site.theirs
    for token in (None, "", "x", site.etl.token, victim.token[:-1], victim.token.swapcase()):
        assert set(calls(victim.endpoint, token).values()) == {"UNAUTHENTICATED"}, token
    with_it = calls(victim.endpoint, victim.token)
    assert with_it["ExecutePlan"] == with_it["AnalyzePlan"] == with_it["Config"] == "OK"
    assert "UNAUTHENTICATED" not in with_it.values()
    assert site.etl.token != victim.token and len(victim.token) >= 40


def test_the_control_port_wants_the_token_too(site: Site) -> None:
    def ask(path: str, token: str | None, method: str = "GET") -> tuple[int, bytes]:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        url = f"http://127.0.0.1:{site.theirs.control}{path}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers, method=method), timeout=10) as got:
                return got.status, got.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    for token in (None, "", site.etl.token, site.theirs.token[:-1]):
        assert ask("/state", token)[0] == 401
        for path in ("/scale/0", "/drain", "/resume"):
            assert ask(path, token, "POST")[0] == 401
    status, body = ask("/state", site.theirs.token)
    assert status == 200 and json.loads(body)["draining"] is False
    for probe in ("/live", "/ready"):
        assert site.theirs.token.encode() not in ask(probe, None)[1]


def own_port(endpoint: str, token: str) -> int:
    """Where the driver takes messages of its workers."""
    with PlainSession(endpoint, token) as session:
        return int(str(session.rows("SET spark.driver.port")[0][1]))


def test_sparks_own_port_deserializes_nothing_of_strangers(site: Site, tmp_path: Path) -> None:
    answer = said_to("127.0.0.1", own_port(site.theirs.endpoint, site.theirs.token))
    assert b"challenge" in answer and b"ObjectInputStream" not in answer
    without = {"spark.authenticate": "false", "spark.network.crypto.enabled": "false"}
    with local_server(tmp_path, without) as open_one:
        port = own_port(open_one.endpoint, open_one.token)
        assert b"ObjectInputStream" in said_to("127.0.0.1", port), "where anything of a stranger's would be read"


def test_drivers_listen_on_loopback_and_know_no_secret_of_the_server(site: Site) -> None:
    for driver in (site.etl, site.theirs):
        group = members(driver.pid)
        assert len(group) >= 2, "the driver program and its JVM"
        for pid in group:
            assert not SECRETS.keys() & variables(pid).keys()
        found = listening(group)
        assert {driver.port, driver.ui, driver.control} <= {port for _, port in found}
        assert {address for address, _ in found} == {"127.0.0.1"}


def listening(pids: list[int]) -> set[tuple[str, int]]:
    """Addresses and ports on which these processes take connections."""
    inodes = set()
    for pid in pids:
        for file in Path(f"/proc/{pid}/fd").iterdir():
            try:
                inodes.add(str(file.readlink()))
            except OSError:
                continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                address, port = fields[1].split(":")
                raw = b"".join(bytes.fromhex(address[i : i + 8])[::-1] for i in range(0, len(address), 8))
                if raw.startswith(b"\0" * 10 + b"\xff\xff"):  # IPv4 by way of IPv6
                    raw = raw[12:]
                family = socket.AF_INET if len(raw) == 4 else socket.AF_INET6
                found.add((socket.inet_ntop(family, raw), int(port, 16)))
    return found


def test_the_web_page_is_the_tenants_own_and_kills_nothing(site: Site) -> None:
    def get(path: str, user: str | None = "alice") -> tuple[int, str]:
        told = (
            {}
            if user is None
            else {"Authorization": "Basic " + base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()}
        )
        url = f"http://127.0.0.1:{site.server.http_port}{path}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=told), timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    ui = "/tenants/acme/clusters/etl/ui"
    (application,) = json.loads(get(f"{ui}/api/v1/applications")[1])
    for path in (f"{ui}/environment/", f"{ui}/api/v1/applications/{application['id']}/environment"):
        status, page = get(path)
        assert status == 200
        for secret in (site.etl.token, *SECRETS.values()):
            assert secret not in page
    assert "spark.connect.grpc.binding.port" in page, "the settings are there"
    for path, user, wanted in (
        ("/tenants/other/clusters/theirs/ui/jobs/", "alice", {401, 403}),
        ("/tenants/other/clusters/theirs/ui/jobs/", None, {401}),
        ("/tenants/acme/clusters/theirs/ui/jobs/", "alice", {404}),
        ("/tenants/acme/clusters/etl/ui/jobs/", "bob", {403}),
        ("/tenants/acme/clusters/etl/../../../other/clusters/theirs/ui/", "alice", {401, 403, 404}),
        ("/tenants/acme/clusters/etl%2f..%2f..%2f..%2fother%2fclusters%2ftheirs/ui/", "alice", {404}),
        ("/tenants/acme/clusters/etl/ui/jobs/job/kill/?id=0", "alice", {403}),
        ("/tenants/acme/clusters/etl/ui/jobs/?doAs=x", "alice", {400}),
    ):
        assert get(path, user)[0] in wanted, path
    with PlainSession(site.etl.endpoint, site.etl.token) as session:
        assert session.rows("SET spark.ui.killEnabled")[0][1] == "false"


def test_nothing_has_changed(site: Site, alice: Connection) -> None:
    """Last: what the attempts left behind."""
    assert alice.execute("SELECT a, b FROM s.t ORDER BY a").fetchall() == [(1, "x"), (2, "y")]
    assert alice.execute("SELECT relname FROM pg_class WHERE relname = 'x' AND relkind IN ('r', 'v')").fetchall() == []
    with site.server.connect("mallory", "other") as mallory:
        mallory.execute("USE CLUSTER theirs")
        assert mallory.execute("SELECT a FROM theirs.t").fetchall() == [(site.world.secret,)]
        assert mallory.execute("SELECT count(*) FROM kadali.table_history('theirs.t')").fetchone() == (2,)
