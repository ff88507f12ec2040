"""The CLUSTER statements through a real gateway: what they say, who may, what is refused, what SHOW CREATE makes."""

from __future__ import annotations

import base64
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests.gateway_server import PASSWORD, GatewayServer

TIERS = """
[tiers.default]
clusters = 6
workers = 4
cores = 8
memory = "16Gi"
concurrency = 10
queue = 100
queue_timeout_s = 300
max_lifetime_s = 864000
default_size = "xsmall"
[tiers.free]
clusters = 1
workers = 2
[sizes.wide]
driver_cores = 1
driver_memory = "2Gi"
worker_cores = 1
worker_memory = "1Gi"
workers = 3
[tenants]
poor = "free"
"""
NAMES = "SELECT name FROM kadali.clusters ORDER BY name"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayServer]:
    """Has a place to run drivers in which none will start: statements write down what is wanted."""
    folder = tmp_path_factory.mktemp("clusters")
    (folder / "spark").mkdir()
    (folder / "tiers.toml").write_text(TIERS)
    options = ("--spark-home", str(folder / "spark"), "--tiers", str(folder / "tiers.toml"))
    options += ("--external-clusters", "127.0.0.1:1, h:1", "--cluster-images", "registry/spark:*")
    made = GatewayServer(folder / "data", options)
    made.add_user("alice", "acme", admin=True)
    made.add_user("alice", "poor", admin=True)
    made.add_user("bob", "acme")
    made.start()
    yield made
    made.stop()


class Client:
    """One session; `told` are the notices of the last statement."""

    def __init__(self, server: GatewayServer, user: str, database: str = "acme", **options: str) -> None:
        self.connection = server.connect(user, database, **options)
        self.told: list[tuple[str | None, str | None, str | None]] = []
        self.connection.add_notice_handler(lambda d: self.told.append((d.severity, d.sqlstate, d.message_primary)))

    def tag(self, sql: str) -> str | None:
        self.told.clear()
        return self.connection.execute(sql).statusmessage

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def refused(self, sql: str) -> tuple[str | None, str | None, str | None]:
        """(SQLSTATE, message, hint)."""
        with pytest.raises(psycopg.Error) as caught:
            self.connection.execute(sql)
        return caught.value.sqlstate, caught.value.diag.message_primary, caught.value.diag.message_hint

    def option(self, name: str, key: str) -> str | None:
        """The value of an option, as SHOW CREATE CLUSTER prints it."""
        [(_, statement)] = self.rows(f"SHOW CREATE CLUSTER {name}")
        found = re.search(rf"[ (]{re.escape(key)} = ((?:'[^']*')+|[^,)]+)", statement)
        return found[1] if found else None


Opener = Callable[..., Client]


@pytest.fixture
def opened(server: GatewayServer) -> Iterator[Opener]:
    """Makes clients; at the end no cluster is left."""
    clients: list[Client] = []

    def make(user: str = "alice", database: str = "acme", **options: str) -> Client:
        clients.append(Client(server, user, database, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.connection.close()
    for database in ("acme", "poor"):
        with server.connect("alice", database) as connection:
            for (name,) in connection.execute(NAMES).fetchall():
                connection.execute(SQL("DROP CLUSTER {} FORCE").format(Identifier(name)))


@pytest.fixture
def alice(opened: Opener) -> Client:
    return opened()


@pytest.fixture
def bob(opened: Opener) -> Client:
    return opened("bob")


def test_a_cluster_is_made_once(alice: Client) -> None:
    sql = "CREATE CLUSTER etl WITH (size = 'small', min_workers = 1, max_workers = 3, auto_suspend = '10 minutes')"
    assert alice.tag(sql) == "CREATE CLUSTER"
    assert alice.refused(sql)[:2] == ("42710", 'cluster "etl" already exists')
    assert alice.tag("CREATE CLUSTER IF NOT EXISTS etl SIZE = SMALL AUTO_SUSPEND = 600") == "CREATE CLUSTER"
    assert alice.told == [("NOTICE", "42710", 'cluster "etl" already exists, skipping')]
    assert alice.rows(
        "SELECT name, state, engine, size, workers, min_workers, max_workers, running, queued, auto_suspend::text,"
        " idle_for, owner, comment FROM kadali.clusters"
    ) == [("etl", "SUSPENDED", "spark", "small", 0, 1, 3, 0, 0, "00:10:00", None, "alice", None)]


def test_show_and_its_filters(alice: Client) -> None:
    for name in ("etl", "eps", "adhoc"):
        alice.tag(f"CREATE CLUSTER {name}")
    alice.tag("ALTER CLUSTER eps SCALE TO 2")
    shown = alice.connection.execute("SHOW CLUSTERS")
    assert [column.name for column in shown.description or ()] == (
        "name state engine size workers min_workers max_workers running queued auto_suspend idle_for owner created_at"
        " comment"
    ).split()
    assert [row[0] for row in shown] == ["adhoc", "eps", "etl"]
    assert [row[0] for row in alice.rows("SHOW CLUSTERS LIKE 'e%'")] == ["eps", "etl"]
    assert [row[0] for row in alice.rows("SHOW CLUSTERS WHERE max_workers > 1 AND owner = current_user")] == ["eps"]
    assert alice.rows("SELECT count(*) FROM kadali.clusters c JOIN kadali.clusters d USING (name)") == [(3,)]
    assert alice.refused("SHOW CLUSTERS WHERE nonsense = 1")[0] == "42703"
    for sql in ("SELECT * FROM (SHOW CLUSTERS) AS c", "( SHOW CLUSTERS )"):
        found = alice.refused(sql)
        assert found == ("42601", 'syntax error at or near "SHOW"', "Write SELECT * FROM kadali.clusters there.")
    assert alice.rows("SELECT show.clusters FROM (SELECT 1 AS clusters) AS show") == [(1,)]
    assert alice.rows("SELECT count(*) FROM (VALUES (1)) AS c (show)") == [(1,)]


@pytest.mark.parametrize(
    ("options", "code", "hint"),
    [
        ("(workers = 500)", "53400", "workers <= 4"),
        ("(min_workers = 1, max_workers = 5)", "53400", "workers <= 4"),
        ("(size = 'large')", "53400", None),
        ("(size = 'xlarge', initially_suspended = false)", "53400", None),
        ("(max_concurrency = 11)", "53400", "max_concurrency <= 10"),
        ("(queue_timeout = never)", "53400", "queue_timeout <= '5 minutes'"),
        ("(max_lifetime = '11 days')", "53400", "max_lifetime <= '10 days'"),
        ("(driver_memory = '10Mi')", "53400", "driver_memory >= '834Mi'"),
        ("(size = 'huge')", "22023", "Sizes are xsmall, small, medium, large, xlarge, wide."),
        ("(workers = 2, min_workers = 1)", "22023", None),
        ("(min_workers = 3, max_workers = 2)", "22023", None),
        ("(workers = 1.5)", "22023", None),
        ("(auto_suspend = 'soon')", "22023", None),
        ("(auto_suspend = -1)", "22023", None),
        ("(worker_memory = 'much')", "22023", None),
        ("(auto_resume = perhaps)", "22023", None),
        ("(tags = 'a')", "22023", None),
        ("(sice = 'small')", "22023", 'Did you mean "size"?'),
        ("(\"spark.driver.extraJavaOptions\" = '-Dx=y')", "22023", None),
        ("(\"spark.jars\" = 'http://x/y.jar')", "22023", None),
        ("(token = 'x')", "22023", None),
        ("(url = 'http://127.0.0.1:1')", "22023", None),
        ("(engine = sail)", "0A000", None),
        ("(budget = 0)", "22023", "budget is a positive number."),
        ("(budget = 5, budget_period = year)", "22023", "budget_period is one of day, week, month."),
        ("(budget = 5, on_budget = drop)", "22023", "on_budget is one of notify, suspend, reject."),
        ("(budget = 5, url = 'sc://h:1')", "22023", None),
        ("(spark_version = '3.5.1')", "22023", "This server runs Spark 4.2.0."),
        ("(size = 'small', size = 'small')", "42601", None),
    ],
)
def test_what_is_refused_changes_nothing(alice: Client, options: str, code: str, hint: str | None) -> None:
    found = alice.refused(f"CREATE CLUSTER etl WITH {options}")
    assert found[0] == code, found
    if hint is not None:
        assert found[2] == hint
    assert alice.rows(NAMES) == []


@pytest.mark.parametrize(("name", "code"), [("auto", "42939"), ("Default", "42939"), ('"embedded"', "42939")])
def test_reserved_names(alice: Client, name: str, code: str) -> None:
    assert alice.refused(f"CREATE CLUSTER {name}")[0] == code
    alice.tag("CREATE CLUSTER etl")
    assert alice.refused(f"ALTER CLUSTER etl RENAME TO {name}")[0] == code


def test_the_tier_of_a_database(opened: Opener) -> None:
    poor = opened("alice", "poor")
    assert poor.refused("CREATE CLUSTER a (workers = 3)")[:2] == ("53400", 'tier "free" allows 2 workers')
    poor.tag("CREATE CLUSTER a (workers = 2, max_concurrency = 1000)")
    assert poor.refused("CREATE CLUSTER b")[:2] == ("53400", 'tier "free" allows 1 clusters')
    assert poor.refused("ALTER CLUSTER a SCALE TO 3")[2] == "workers <= 2"
    assert poor.rows("SELECT max_workers FROM kadali.clusters") == [(2,)]


EVERYTHING = (
    "size = 'wide', min_workers = 1, max_workers = 3, driver_cores = 0.5, driver_memory = '1536Mi', "
    "worker_cores = 0.25,"
    " worker_memory = '1Gi', auto_suspend = '90 seconds', auto_resume = false, initially_suspended = true,"
    " auto_terminate = '2 days', max_lifetime = '3 hours', max_concurrency = 3, queue_limit = 0, queue_timeout = 30,"
    " statement_timeout = '1 hour',"
    " image = 'registry/spark:1', service_account = 'sa', node_selector = 'disk=ssd, zone=a', priority = 'high',"
    " budget = 12.5, budget_period = week, on_budget = reject, spark_version = '4.2.0',"
    " tolerations = 'a=b:NoSchedule, c', tags = 'team=data', \"spark.sql.shuffle.partitions\" = '64',"
    " comment = 'it''s \"mine\"'"
)


@pytest.mark.parametrize(
    "options", ["", f"WITH ({EVERYTHING})", "(workers = 2, auto_suspend = never)", "(url = 'sc://h:1')"]
)
def test_what_show_create_prints_makes_the_same_cluster(alice: Client, options: str) -> None:
    alice.tag(f'CREATE CLUSTER "It is ""big""" {options}')
    [(name, statement)] = alice.rows('SHOW CREATE CLUSTER "It is ""big"""')
    assert name == 'It is "big"'
    alice.tag('DROP CLUSTER "It is ""big"""')
    alice.tag(statement)
    assert alice.rows('SHOW CREATE CLUSTER "It is ""big"""') == [(name, statement)]


def test_set_keeps_what_is_not_named_and_replace_does_not(alice: Client) -> None:
    alice.tag("CREATE CLUSTER etl WITH (worker_cores = 0.5, tags = 'a=b', comment = 'x')")
    alice.tag("ALTER CLUSTER etl SET (size = 'wide', auto_suspend = never)")
    assert [alice.option("etl", key) for key in ("workers", "worker_cores", "worker_memory", "auto_suspend")] == [
        "3", "0.5", "'1Gi'", "never",
    ]  # fmt: skip
    alice.tag("ALTER CLUSTER etl RESET (worker_cores, auto_suspend)")
    assert [alice.option("etl", key) for key in ("worker_cores", "auto_suspend", "tags", "size")] == [
        "1", "'10 minutes'", "'a=b'", "'wide'",
    ]  # fmt: skip
    alice.tag("CREATE OR ALTER CLUSTER etl (workers = 2)")
    assert [alice.option("etl", key) for key in ("workers", "tags", "comment")] == ["2", "'a=b'", "'x'"]
    alice.tag("CREATE OR REPLACE CLUSTER etl (max_concurrency = 2)")
    assert [alice.option("etl", key) for key in ("workers", "tags", "comment", "size", "max_concurrency")] == [
        "1", None, None, "'xsmall'", "2",
    ]  # fmt: skip
    alice.tag("CREATE OR REPLACE CLUSTER fresh")
    assert len(alice.rows(NAMES)) == 2


def test_scaling(alice: Client) -> None:
    alice.tag("CREATE CLUSTER etl")
    assert alice.tag("ALTER CLUSTER etl SCALE TO 3") == "ALTER CLUSTER"
    assert alice.option("etl", "workers") == "3"
    assert alice.refused("ALTER CLUSTER etl SCALE TO 5") == ("53400", 'tier "default" allows 4 workers', "workers <= 4")
    assert alice.refused("ALTER CLUSTER etl SCALE TO 0")[0] == "22023"
    assert alice.option("etl", "workers") == "3"
    alice.tag("ALTER CLUSTER etl SET (auto_suspend = 60)")
    assert alice.option("etl", "workers") == "3"
    alice.tag("ALTER CLUSTER etl RESET (workers)")
    assert alice.option("etl", "workers") == "1"


def test_names_and_owners(alice: Client, bob: Client) -> None:
    alice.tag("CREATE CLUSTER blue")
    alice.tag("CREATE CLUSTER green (workers = 2)")
    assert alice.refused("ALTER CLUSTER blue RENAME TO green")[0] == "42710"
    alice.tag("ALTER CLUSTER blue SWAP WITH green")
    assert alice.rows("SELECT name, max_workers FROM kadali.clusters ORDER BY 1") == [("blue", 2), ("green", 1)]
    alice.tag('ALTER CLUSTER blue RENAME TO "Blue One"')
    alice.tag("COMMENT ON CLUSTER \"Blue One\" IS 'nightly'")
    assert alice.rows("SELECT name, comment FROM kadali.clusters WHERE comment IS NOT NULL") == [
        ("Blue One", "nightly")
    ]
    for role in ("nobody", "public"):
        code = alice.refused(f"ALTER CLUSTER green OWNER TO {role}")[:2]
        assert code == ("42704", f'role "{role}" does not exist')
    alice.tag("ALTER CLUSTER green OWNER TO bob")
    assert bob.tag("ALTER CLUSTER green SET (auto_suspend = never)") == "ALTER CLUSTER"
    alice.tag("ALTER CLUSTER green OWNER TO CURRENT_USER")
    assert bob.refused("DROP CLUSTER green")[0] == "42501"
    alice.tag("ALTER CLUSTER green OWNER TO bob")
    assert bob.tag("DROP CLUSTER green") == "DROP CLUSTER"


def test_dropping(alice: Client) -> None:
    for name in ("a", "b", "c"):
        alice.tag(f"CREATE CLUSTER {name}")
    assert alice.refused("DROP CLUSTER nothing")[0] == "42704"
    assert alice.refused("DROP CLUSTER a, nothing, b")[0] == "42704"
    assert len(alice.rows(NAMES)) == 3, "all or none"
    assert alice.tag("DROP CLUSTER IF EXISTS a, nothing, b FORCE") == "DROP CLUSTER"
    assert [text for _, _, text in alice.told] == ['cluster "nothing" does not exist, skipping']
    assert alice.tag("TERMINATE CLUSTER c") == "TERMINATE CLUSTER"
    assert alice.rows(NAMES) == []
    assert alice.tag("CREATE CLUSTER a") == "CREATE CLUSTER"


def test_rights(alice: Client, bob: Client) -> None:
    assert bob.refused("CREATE CLUSTER mine")[0] == "42501"
    alice.tag("CREATE CLUSTER etl")
    everything = {
        "USAGE": ["USE CLUSTER etl"],
        "OPERATE": ["ALTER CLUSTER etl SUSPEND", "ALTER CLUSTER etl SCALE TO 2", "ALTER CLUSTER etl ABORT ALL QUERIES"],
        "MONITOR": ["DESCRIBE CLUSTER etl", "SHOW CREATE CLUSTER etl", "SELECT * FROM kadali.cluster_detail('etl')"],
    }
    owners = [
        "ALTER CLUSTER etl SET (auto_suspend = 60)",
        "ALTER CLUSTER etl RENAME TO x",
        "ALTER CLUSTER etl OWNER TO bob",
        "GRANT USAGE ON CLUSTER etl TO bob",
        "REVOKE USAGE ON CLUSTER etl FROM bob",
        "COMMENT ON CLUSTER etl IS 'x'",
        "CREATE OR REPLACE CLUSTER etl",
        "DROP CLUSTER etl",
    ]
    assert bob.rows("SHOW CLUSTERS") == [] and bob.rows("SELECT * FROM kadali.cluster_events") == []
    for right in everything:
        for role in ("bob", "PUBLIC"):
            alice.tag(f"GRANT {right} ON CLUSTER etl TO {role}")
            for needed, statements in everything.items():
                for sql in statements:
                    if needed == right:
                        bob.tag(sql)
                    else:
                        assert bob.refused(sql)[0] == "42501", (right, sql)
            assert [row[0] for row in bob.rows("SHOW CLUSTERS")] == ["etl"]
            assert bool(bob.rows("SELECT * FROM kadali.cluster_events")) is (right == "MONITOR")
            alice.tag(f"REVOKE ALL ON CLUSTER etl FROM {role}")
    for sql in [*owners, *chain.from_iterable(everything.values())]:
        assert bob.refused(sql)[0] == "42501", sql
    assert alice.refused("GRANT USAGE ON CLUSTER etl TO nobody")[0] == "42704"
    assert alice.refused("GRANT USAGE ON CLUSTER nothing TO bob")[0] == "42704"


def test_rights_can_be_asked_for(alice: Client, bob: Client) -> None:
    alice.tag("CREATE CLUSTER etl")
    asked = "SELECT kadali.has_cluster_privilege('etl', {})"
    assert alice.rows(asked.format("'operate'")) == [(True,)]
    assert bob.rows(asked.format("'USAGE, OPERATE'")) == [(False,)]
    alice.tag("GRANT OPERATE, MONITOR ON CLUSTER etl TO bob, PUBLIC")
    assert bob.rows(asked.format("'USAGE, OPERATE'")) == [(True,)]
    assert alice.rows(asked.format("'usage', role => 'bob'")) == [(False,)]
    assert dict(bob.rows("DESCRIBE CLUSTER etl"))["rights"] == "bob: MONITOR, OPERATE; public: MONITOR, OPERATE"
    assert bob.rows(asked.format("NULL")) == [(None,)]
    assert bob.refused(asked.format("'SELECT'"))[:2] == ("22023", 'unrecognized privilege type: "SELECT"')
    assert bob.refused(asked.format("'USAGE', 'nobody'"))[0] == "42704"
    assert bob.refused("SELECT kadali.has_cluster_privilege('nothing', 'USAGE')")[0] == "42704"


def test_choosing_a_cluster(alice: Client, opened: Opener) -> None:
    alice.tag("CREATE CLUSTER etl")
    alice.tag('CREATE CLUSTER "Big One"')
    for sql, wanted in {
        "USE CLUSTER etl": "etl",
        "USE CLUSTER AUTO": "auto",
        'USE CLUSTER "Big One"': "Big One",
        "SET cluster = 'etl'": "etl",
        "SET SESSION kadali.cluster TO Embedded": "embedded",
        "SELECT set_config('kadali.cluster', 'etl', false)": "etl",
        "USE CLUSTER DEFAULT": "default",
    }.items():
        alice.tag(sql)
        assert alice.rows("SHOW kadali.cluster") == alice.rows("SHOW cluster") == [(wanted,)], sql
    for sql in (
        "USE CLUSTER nothing",
        "SET kadali.cluster = nothing",
        "SELECT set_config('kadali.cluster', 'x', false)",
    ):
        code, _, hint = alice.refused(sql)
        assert code == "42704" and hint
    assert alice.rows("SHOW cluster") == [("default",)]
    assert opened(options="-c kadali.cluster=etl").rows("SHOW cluster") == [("etl",)]
    with pytest.raises(psycopg.OperationalError, match='cluster "nothing" does not exist'):
        opened(options="-c kadali.cluster=nothing")


def test_settings_follow_the_transaction(alice: Client) -> None:
    alice.tag("CREATE CLUSTER etl")
    for sql in ("BEGIN", "SET LOCAL cluster = 'etl'"):
        alice.tag(sql)
    assert alice.rows("SHOW cluster") == [("etl",)]
    alice.tag("COMMIT")
    assert alice.rows("SHOW cluster") == [("default",)]


def test_in_a_transaction(alice: Client) -> None:
    alice.tag("BEGIN")
    alice.tag("CREATE CLUSTER etl")
    assert [(severity, code) for severity, code, _ in alice.told] == [("WARNING", "01000")]
    alice.tag("ROLLBACK")
    assert alice.rows(NAMES) == [("etl",)]
    for sql in ("BEGIN", "CREATE SCHEMA written"):
        alice.tag(sql)
    assert alice.refused("DROP CLUSTER etl")[0] == "25001"
    alice.tag("ROLLBACK")
    for sql in ("BEGIN", "CREATE SCHEMA written"):
        alice.tag(sql)
    assert alice.refused("SELECT kadali.cluster_drop('etl')")[0] == "25001"
    alice.tag("ROLLBACK")
    assert alice.rows(NAMES) == [("etl",)]


def test_functions(alice: Client) -> None:
    alice.tag("CREATE CLUSTER etl")
    assert alice.rows("SELECT kadali.cluster_scale(name => 'etl', n => 2)") == [(True,)]
    assert alice.option("etl", "workers") == "2"
    assert alice.connection.execute("SELECT * FROM kadali.cluster_suspend(%s)", ("etl",)).fetchall() == [(True,)]
    assert alice.refused("SELECT kadali.cluster_restart('etl')")[0] == "55000"
    assert alice.refused("SELECT kadali.cluster_scale('etl', 9)")[0] == "53400"
    assert alice.refused("SELECT kadali.cluster_resume('nothing')")[0] == "42704"
    detail = dict(alice.rows("SELECT * FROM kadali.cluster_detail('etl')"))
    assert detail == dict(alice.rows("DESCRIBE CLUSTER etl"))
    wanted = "state size workers queued running idle_for suspends_in started_by ui_url cost_today last_error events"
    assert set(wanted.split()) <= set(detail) and detail["workers"] == "0/2/2"
    assert alice.rows("SELECT kadali.cluster_drop('etl', force => true)") == [(True,)]


def test_a_driver_that_cannot_start(alice: Client) -> None:
    alice.tag("CREATE CLUSTER etl")
    code, message, _ = alice.refused("ALTER CLUSTER etl RESUME WAIT '30 seconds'")
    assert (code, message) == ("53000", 'cluster "etl" has failed')
    detail = dict(alice.rows("DESCRIBE CLUSTER etl"))
    assert detail["state"] == "FAILED" and detail["last_error"] and detail["started_by"] == "alice"
    kinds = [kind for (kind,) in alice.rows("SELECT kind FROM kadali.cluster_events WHERE cluster = 'etl' ORDER BY at")]
    assert {"create", "resume", "failed"} <= set(kinds)
    assert alice.tag("ALTER CLUSTER etl SUSPEND WAIT '30 seconds'") == "ALTER CLUSTER"
    assert alice.rows("SELECT state FROM kadali.clusters") == [("SUSPENDED",)]


def test_servers_of_others_are_those_that_the_setting_names(alice: Client) -> None:
    code, _, hint = alice.refused("CREATE CLUSTER far (url = 'sc://10.0.0.1:15002')")[:3]
    assert code == "42501" and "external_clusters" in str(hint)
    alice.tag("CREATE CLUSTER ext (url = 'sc://h:1')")
    assert alice.refused("ALTER CLUSTER ext SET (url = 'sc://h:2')")[0] == "42501"
    assert alice.refused("CREATE OR REPLACE CLUSTER ext (url = 'sc://h:2')")[0] == "42501"
    assert alice.rows("SELECT name FROM kadali.clusters") == [("ext",)]


def test_a_wait_that_is_over(alice: Client) -> None:
    """Nobody answers at the url: the cluster goes on starting."""
    alice.tag("CREATE CLUSTER ext (url = 'sc://127.0.0.1:1')")
    assert alice.tag("ALTER CLUSTER ext RESUME WAIT '1 second'") == "ALTER CLUSTER"
    [(code, text)] = [(code, text) for severity, code, text in alice.told if severity == "WARNING"]
    assert code == "01000" and "the work goes on" in str(text)
    assert alice.refused("ALTER CLUSTER ext RESUME")[0] == "55000"
    assert alice.tag("ALTER CLUSTER ext RESUME IF SUSPENDED") == "ALTER CLUSTER"
    assert alice.refused("ALTER CLUSTER ext SCALE TO 2")[0] == "0A000"


def test_a_wait_can_be_canceled(alice: Client, server: GatewayServer) -> None:
    alice.tag("CREATE CLUSTER ext (url = 'sc://127.0.0.1:1')")
    alice.tag("SET statement_timeout = '500ms'")
    assert alice.refused("ALTER CLUSTER ext RESUME WAIT")[0] == "57014"


def test_without_a_place_to_run_them(gateway: GatewayServer) -> None:
    with gateway.connect() as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute("CREATE CLUSTER etl")
    assert caught.value.sqlstate == "0A000" and "--kubeconfig" in str(caught.value.diag.message_hint)
    with gateway.connect() as connection:
        assert connection.execute("SHOW CLUSTERS").fetchall() == []


def test_who_monitors_sees_what_others_run_there(alice: Client, bob: Client) -> None:
    alice.tag("CREATE CLUSTER ext (url = 'sc://127.0.0.1:1', queue_timeout = 1)")
    for sql in ("CREATE SCHEMA watched", "CREATE TABLE watched.t (a int)", "USE CLUSTER ext"):
        alice.tag(sql)
    assert alice.refused("SELECT count(*) FROM watched.t")[0] == "57P03"
    alice.tag("USE CLUSTER EMBEDDED")
    others = "SELECT query FROM kadali.queries WHERE \"user\" = 'alice'"
    assert bob.rows(others) == []
    alice.tag("GRANT MONITOR ON CLUSTER ext TO bob")
    assert bob.rows(others) == [("SELECT count(*) FROM watched.t",)]
    alice.tag("DROP SCHEMA watched CASCADE")


def test_the_spark_ui_wants_a_password_and_a_cluster_that_runs(alice: Client, server: GatewayServer) -> None:
    alice.tag("CREATE CLUSTER etl")
    path = "/tenants/acme/clusters/etl/ui/"
    assert server.get(path)[0] == 401
    told = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
    url = f"http://127.0.0.1:{server.http_port}{path}"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"Basic {told}"}), timeout=10)
    assert caught.value.code == 503 and 'cluster \\"etl\\" is suspended' in caught.value.read().decode()
