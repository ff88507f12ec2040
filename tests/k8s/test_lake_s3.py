"""A lake on an object store, used by pods and by the gateway: the same tables, keys that are in one Secret alone, and
what is told when the store takes them no longer.
"""

from __future__ import annotations

import base64
import json
import shutil
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from singlenode.cluster import Cluster as Machine

from catalog.errors import SqlError
from engine.clusters.names import namespace_name
from engine.spark.engine import SparkEngine
from engine.spark.session import ConnectSession
from tests.gateway_server import PASSWORD, GatewayServer
from tests.k8s.conftest import SPARK_IMAGE
from tests.k8s.kubectl import Kubectl
from tests.s3.object_store import BUCKET, ObjectStore

PREFIX = "t3s-"
ACCESS_KEY, SECRET_KEY = "AKKADALITESTOFPODS", "wJalrXUtnFEMI-K7MDENG-bPxRfiCYKEY"
NAMESPACE = namespace_name(PREFIX, "acme")


@pytest.fixture(scope="module")
def store(kubernetes: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """On the address of this machine that pods can reach."""
    root = tmp_path_factory.mktemp("s3-pods") / "store"
    made = ObjectStore(root, ACCESS_KEY, SECRET_KEY, kubernetes.node.network.machine).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def gateway(
    kubernetes: Machine, store: ObjectStore, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayServer]:
    options = ("--lake-root", f"s3://{BUCKET}/kadali", "--s3-allow-http", "on", "--s3-timeout", "10s")
    options += ("--kubeconfig", str(kubernetes.kubeconfig), "--spark-image", SPARK_IMAGE, "--namespace-prefix", PREFIX)
    server = GatewayServer(tmp_path_factory.mktemp("s3-pods") / "data", options, store.settings())
    server.add_user("alice", "acme", admin=True)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        kubectl.remove_namespaces(PREFIX)


@pytest.fixture(scope="module")
def alice(gateway: GatewayServer) -> Iterator[psycopg.Connection[Any]]:
    with gateway.connect() as connection:
        connection.execute("CREATE CLUSTER etl WITH (workers = 1, auto_suspend = never, initially_suspended = false)")
        connection.execute("CREATE TABLE t (id int, name text)")
        yield connection
        connection.execute("DROP CLUSTER etl FORCE")


@pytest.fixture(scope="module")
def kubectl(kubernetes: Machine) -> Kubectl:
    return Kubectl(kubernetes.kubectl, kubernetes.kubeconfig)


def test_both_engines_read_and_write_the_same_table(alice: psycopg.Connection[Any], store: ObjectStore) -> None:
    alice.execute("INSERT INTO t SELECT i, 'embedded' FROM generate_series(1, 1000) AS s(i)")
    alice.execute("USE CLUSTER etl")
    assert alice.execute("SELECT count(*), sum(id) FROM t").fetchone() == (1000, 500500)
    assert alice.execute("INSERT INTO t SELECT id + 1000, 'pods' FROM t").statusmessage == "INSERT 0 1000"
    assert alice.execute("UPDATE t SET name = 'changed' WHERE id % 500 = 0").statusmessage == "UPDATE 4"
    alice.execute("CREATE TABLE made AS SELECT name, count(*) AS n FROM t GROUP BY name")
    alice.execute("USE CLUSTER EMBEDDED")
    assert alice.execute("SELECT * FROM made ORDER BY name").fetchall() == [
        ("changed", 4), ("embedded", 998), ("pods", 998),
    ]  # fmt: skip
    assert alice.execute("DELETE FROM t WHERE id > 1500").statusmessage == "DELETE 500"
    alice.execute("INSERT INTO t VALUES (0, 'last')")
    alice.execute("USE CLUSTER etl")
    assert alice.execute("SELECT count(*), max(id) FROM t").fetchone() == (1501, 1500)
    assert alice.execute("SELECT name FROM t VERSION AS OF 1 WHERE id = 500").fetchone() == ("embedded",)
    entries = [path.name for path in store.bucket_dir.rglob("_delta_log/*.json")]
    assert len(entries) == len(list(store.bucket_dir.rglob("_delta_log/*.json"))) >= 8


def test_keys_are_in_the_secret_alone(alice: psycopg.Connection[Any], gateway: GatewayServer, kubectl: Kubectl) -> None:
    kinds = "pods,configmaps,statefulsets,services,serviceaccounts,networkpolicies,events,resourcequotas"
    shown = [kubectl("get", kinds, "-n", NAMESPACE, "-o", "json")]
    pods = json.loads(kubectl("get", "pods", "-n", NAMESPACE, "-o", "json"))["items"]
    assert {pod["metadata"]["labels"]["kadali.io/role"] for pod in pods} == {"driver", "executor"}
    shown += [kubectl("logs", "-n", NAMESPACE, pod["metadata"]["name"], "--tail=-1") for pod in pods]
    ui = "/tenants/acme/clusters/etl/ui"
    (application,) = json.loads(_page(gateway, f"{ui}/api/v1/applications"))
    shown += [
        _page(gateway, f"{ui}/environment/"),
        _page(gateway, f"{ui}/api/v1/applications/{application['id']}/environment"),
    ]
    assert "spark.kubernetes.executor.secretKeyRef" in shown[-1]
    shown += [str(alice.execute(sql).fetchall()) for sql in ("SHOW CREATE CLUSTER etl", "DESCRIBE CLUSTER etl")]
    shown.append(gateway.log())
    hidden = [SECRET_KEY, ACCESS_KEY]
    hidden += [base64.b64encode(key.encode()).decode() for key in hidden]
    assert [key for key in hidden for text in shown if key in text] == []
    secrets = json.loads(kubectl("get", "secrets", "-n", NAMESPACE, "-o", "json"))["items"]
    holders = {one["metadata"]["name"] for one in secrets if hidden[2] in json.dumps(one)}
    assert holders == {"lake-keys"}
    # and pods have them: else the tests above would prove nothing
    driver = next(pod for pod in pods if pod["metadata"]["labels"]["kadali.io/role"] == "driver")
    assert SECRET_KEY in kubectl("exec", "-n", NAMESPACE, driver["metadata"]["name"], "--", "env")


def _page(gateway: GatewayServer, path: str) -> str:
    told = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
    url = f"http://127.0.0.1:{gateway.http_port}{path}"
    with urllib.request.urlopen(
        urllib.request.Request(url, headers={"Authorization": f"Basic {told}"}), timeout=60
    ) as answer:
        return str(answer.read().decode())


def test_a_store_that_refuses_says_so(
    alice: psycopg.Connection[Any], store: ObjectStore, kubectl: Kubectl, tmp_path: Path
) -> None:
    """Keys that are valid no longer, and a bucket that is gone: to clients, and to the driver itself."""
    (place,) = alice.execute("SELECT location FROM kadali.tables WHERE name = 't'").fetchone() or ()
    driver = _driver(kubectl)
    try:
        _restart(store, secret_key="another one")
        assert _told(driver, f"SELECT count(*) FROM delta.`{place.replace('s3://', 's3a://')}`") == "42501"
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            alice.execute("SELECT count(*) FROM t")
        assert SECRET_KEY not in str(refused.value)
        _restart(store, secret_key=SECRET_KEY)
        shutil.move(store.bucket_dir, tmp_path / "gone")
        assert _told(driver, f"SELECT count(*) FROM delta.`{place.replace('s3://', 's3a://')}`") in (
            "58030",
            "42P01",
            "72000",
        )
        with pytest.raises(psycopg.Error) as lost:
            alice.execute("SELECT count(*) FROM t")
        assert lost.value.sqlstate in ("58030", "42P01")
    finally:
        if (tmp_path / "gone").exists():
            shutil.move(tmp_path / "gone", store.bucket_dir)
        _restart(store, secret_key=SECRET_KEY)
        driver.close()
    deadline = time.monotonic() + 60
    while True:
        try:
            assert alice.execute("SELECT count(*) FROM t").fetchone() == (1501,)
            return
        except psycopg.Error:
            assert time.monotonic() < deadline
            time.sleep(0.5)


def _restart(store: ObjectStore, secret_key: str) -> None:
    store.stop()
    store.secret_key = secret_key
    store.start()


def _driver(kubectl: Kubectl) -> SparkEngine:
    """An engine on the driver itself, past the gateway, which looks at tables before it asks Spark."""
    labels = ("-l", "kadali.io/role=driver", "-n", NAMESPACE)
    address = kubectl("get", "pods", *labels, "-o=jsonpath={.items[0].status.podIP}")
    name = kubectl("get", "statefulsets", "-n", NAMESPACE, "-o=jsonpath={.items[0].metadata.name}")
    token = base64.b64decode(kubectl("get", "secret", name, "-n", NAMESPACE, "-o=jsonpath={.data.token}")).decode()
    return SparkEngine("etl", ConnectSession(f"{address}:15002", token, "acme/tests"), None)


def _told(driver: SparkEngine, sql: str) -> str:
    with pytest.raises(SqlError) as told:
        driver.run(sql)
    assert SECRET_KEY not in told.value.message
    return told.value.sqlstate
