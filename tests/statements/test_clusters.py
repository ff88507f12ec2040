"""The CLUSTER statements through a real gateway: what they say, what is refused, what SHOW CREATE makes."""

from __future__ import annotations

import psycopg
import pytest

from tests.gateway_server import GatewayServer
from tests.statements.cluster_clients import NAMES, Client, Opener


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
