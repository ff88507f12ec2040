"""The CLUSTER statements through a real gateway: owners, who may what, which one a session uses."""

from __future__ import annotations

import base64
import urllib.error
import urllib.request
from itertools import chain

import psycopg
import pytest

from tests.gateway_server import PASSWORD, GatewayServer
from tests.statements.cluster_clients import Client, Opener


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


def test_servers_of_others_are_those_that_the_setting_names(alice: Client) -> None:
    code, _, hint = alice.refused("CREATE CLUSTER far (url = 'sc://10.0.0.1:15002')")[:3]
    assert code == "42501" and "external_clusters" in str(hint)
    alice.tag("CREATE CLUSTER ext (url = 'sc://h:1')")
    assert alice.refused("ALTER CLUSTER ext SET (url = 'sc://h:2')")[0] == "42501"
    assert alice.refused("CREATE OR REPLACE CLUSTER ext (url = 'sc://h:2')")[0] == "42501"
    assert alice.rows("SELECT name FROM kadali.clusters") == [("ext",)]


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
