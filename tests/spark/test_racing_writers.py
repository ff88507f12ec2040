"""Spark and the embedded writer on one table of an object store: nothing that was acknowledged is lost.

A proxy holds back Spark's commits, so that the other writer comes in between. With Delta's own log store the same race
loses a commit: the control experiment, which shows that the test can fail.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPMessage
from pathlib import Path

import pyarrow as pa
import pytest

from catalog.names import TableName
from catalog.types import INT8, TEXT
from engine.delta.snapshot import Snapshots
from engine.delta.table import CommitInfo
from engine.delta.transaction import DeltaTransaction
from engine.embedded.engine import EmbeddedEngine
from engine.embedded.instance import EmbeddedSettings
from engine.spark.configuration import s3a_environment, s3a_settings
from engine.storage.options import S3Options
from engine.storage.storage import Storage
from tests.engines.engine_queries import ask, delta_read, rows
from tests.s3.conftest import object_store  # noqa: F401 - a fixture
from tests.s3.fault_proxy import Cut, Fault, FaultProxy
from tests.s3.object_store import ACCESS_KEY, SECRET_KEY, ObjectStore
from tests.spark.plain_session import PlainSession
from tests.spark.servers import SparkServer

T = TableName("public", "t")
BUCKET = "race"
WAIT_S = 120.0
Rule = Callable[[str, str, HTTPMessage], Fault | None]


class Race:
    """One bucket, reached by Spark through `proxy` and by the embedded writer without it."""

    def __init__(self, store: ObjectStore, proxy: FaultProxy, server: SparkServer, folder: Path) -> None:
        (store.root / BUCKET).mkdir(exist_ok=True)
        self.proxy, self.server, self.staging = proxy, server, folder
        self.options = S3Options(store.endpoint, access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY)
        self.snapshots = Snapshots(Storage(self.options))
        self.engine = EmbeddedEngine(EmbeddedSettings((f"s3://{BUCKET}",), folder), self.snapshots)

    def session(self) -> PlainSession:
        """Reaches the store as the settings of drivers say; s3n:// is left to Delta's own log store."""
        session = PlainSession(self.server.endpoint, self.server.token)
        through = S3Options(self.proxy.endpoint, access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY)
        settings = s3a_settings(through, BUCKET)
        assert SECRET_KEY not in str(settings) and SECRET_KEY in s3a_environment(through).values()
        settings["spark.hadoop.fs.s3n.impl"] = settings["spark.hadoop.fs.s3.impl"]
        for key, value in settings.items():
            session.sql(f"SET {key.removeprefix('spark.hadoop.')} = {value}")
        return session

    def append(self, name: str, number: int) -> None:
        transaction = DeltaTransaction(self.staging, self.snapshots, CommitInfo("tester"))
        batch = pa.record_batch({"id": pa.array([number], pa.int64()), "who": ["embedded"]})
        transaction.append(T, f"s3://{BUCKET}/{name}", batch.schema, [batch])
        transaction.commit()

    def read(self, name: str) -> list[tuple[object, ...]]:
        uri = f"s3://{BUCKET}/{name}"
        read = delta_read("v", uri, self.snapshots.latest_version(uri), [("id", INT8), ("who", TEXT)])
        return rows(ask(self.engine, "SELECT id, who FROM v ORDER BY 1", [INT8, TEXT], [read]))


@pytest.fixture(scope="module")
def race(
    object_store: ObjectStore,  # noqa: F811
    spark_server: SparkServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Race]:
    proxy = FaultProxy(object_store.endpoint)
    made = Race(object_store, proxy, spark_server, tmp_path_factory.mktemp("race"))
    yield made
    made.engine.close()
    proxy.close()


@pytest.fixture
def spark(race: Race) -> Iterator[PlainSession]:
    race.proxy.seen.clear()
    with race.session() as session:
        yield session
    race.proxy.rule = lambda method, path, headers: None


def is_commit(method: str, path: str) -> bool:
    return method == "PUT" and "/_delta_log/0" in path and path.endswith(".json")


def created(spark: PlainSession, scheme: str, name: str) -> str:
    table = f"delta.`{scheme}://{BUCKET}/{name}`"
    spark.sql(f"CREATE TABLE {table} USING delta AS SELECT 0L AS id, 'spark' AS who")
    return table


def in_between(race: Race, spark: PlainSession, table: str, name: str) -> None:
    """Spark's next commit waits at the store's door until the other writer's commit of the same version is there."""
    held, go = threading.Event(), threading.Event()

    def rule(method: str, path: str, headers: HTTPMessage) -> Fault | None:
        if is_commit(method, path) and not held.is_set():
            held.set()
            assert go.wait(WAIT_S)
        return None

    race.proxy.rule = rule
    with ThreadPoolExecutor(1) as pool:
        insert = pool.submit(spark.sql, f"INSERT INTO {table} VALUES (1, 'spark')")
        assert held.wait(WAIT_S)
        race.append(name, 2)
        go.set()
        insert.result(WAIT_S)


def test_a_commit_in_between_is_kept(race: Race, spark: PlainSession) -> None:
    table = created(spark, "s3a", "ours")
    in_between(race, spark, table, "ours")
    commits = [each for each in race.proxy.seen if is_commit(each.method, each.path)]
    assert all(each.conditional for each in commits)
    assert [each.status for each in commits][-2:] == [412, 200]
    assert race.read("ours") == [(0, "spark"), (1, "spark"), (2, "embedded")]
    assert spark.rows(f"SELECT count(*) FROM {table}") == [(3,)]


def test_control_deltas_own_store_loses_it(race: Race, spark: PlainSession) -> None:
    table = created(spark, "s3n", "theirs")
    in_between(race, spark, table, "theirs")
    race.snapshots.forget(f"s3://{BUCKET}/theirs")
    assert race.read("theirs") == [(0, "spark"), (1, "spark")], "Delta's store is safe now: ours is not needed any more"


def test_many_writers_lose_nothing(race: Race, spark: PlainSession) -> None:
    table = created(spark, "s3a", "many")
    race.proxy.rule = lambda method, path, headers: Fault(delay_s=0.3) if is_commit(method, path) else None

    def by_spark(first: int) -> None:
        with race.session() as session:
            for number in range(first, first + 2):
                session.sql(f"INSERT INTO {table} VALUES ({number}, 'spark')")

    def embedded(first: int) -> None:
        for number in range(first, first + 10):
            race.append("many", number)

    with ThreadPoolExecutor(4) as pool:
        for done in [
            *(pool.submit(by_spark, first) for first in (100, 200)),
            *(pool.submit(embedded, first) for first in (300, 400)),
        ]:
            done.result(WAIT_S)
    expected = {0, *range(100, 102), *range(200, 202), *range(300, 310), *range(400, 410)}
    found = [row[0] for row in race.read("many")]
    assert (len(found), set(found)) == (len(expected), expected)


def test_an_answer_that_is_lost_is_no_conflict(race: Race, spark: PlainSession) -> None:
    """The store has the entry, Spark's client does not know, asks again and is refused: by its own entry."""
    table = created(spark, "s3a", "cut")
    cuts = iter(range(1))
    race.proxy.rule = lambda method, path, headers: (
        Fault(cut=Cut.AFTER) if is_commit(method, path) and next(cuts, None) is not None else None
    )
    spark.sql(f"INSERT INTO {table} VALUES (1, 'spark')")
    commits = [each.status for each in race.proxy.seen if is_commit(each.method, each.path)]
    assert commits[-2:] == [200, 412]
    assert race.read("cut") == [(0, "spark"), (1, "spark")]
    assert race.snapshots.latest_version(f"s3://{BUCKET}/cut") == 1


def test_what_spark_leaves_on_the_store_is_read(race: Race, spark: PlainSession) -> None:
    """Deletion vectors, names with odd characters, a v2 checkpoint: as on local disk."""
    table = f"delta.`s3://{BUCKET}/odd`"
    spark.sql(
        f"CREATE TABLE {table} USING delta PARTITIONED BY (who) TBLPROPERTIES ('delta.enableDeletionVectors'='true',"
        " 'delta.checkpointPolicy'='v2', 'delta.checkpointInterval'='1') AS SELECT id, CASE id % 4 WHEN 0 THEN 'a b'"
        " WHEN 1 THEN 'c%d' WHEN 2 THEN 'é/f' END AS who FROM range(0, 40, 1, 1)"
    )
    spark.sql(f"DELETE FROM {table} WHERE id IN (1, 2, 20)")
    names = {0: "a b", 1: "c%d", 2: "é/f", 3: None}
    assert race.read("odd") == [(i, names[i % 4]) for i in range(40) if i not in (1, 2, 20)]
    race.append("odd", 1000)
    assert spark.rows(f"SELECT count(*), max(id) FROM {table}") == [(38, 1000)]
