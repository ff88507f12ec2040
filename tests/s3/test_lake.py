"""A lake on an object store beyond what tests of local tables show: requests, faults, isolation, secrets."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from adbc_driver_flightsql import dbapi

from catalog.errors import ConfigFileError, InsufficientPrivilege, SqlError
from catalog.names import TableLocation, TableName
from catalog.types import INT8
from engine.base import DeltaSource, Field, Query, TableRead
from engine.delta.snapshot import Snapshots
from engine.embedded.engine import EmbeddedEngine
from engine.embedded.instance import EmbeddedSettings
from engine.storage.options import S3Options
from engine.storage.storage import Storage
from gateway.configuration import load
from gateway.lake import s3_options
from tests.flight.clients import adbc, sqlstate
from tests.gateway_server import GatewayServer
from tests.s3.fault_proxy import Cut, Fault, FaultProxy
from tests.s3.object_store import BUCKET, ObjectStore

Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def db(gateway: GatewayServer) -> Iterator[Connection]:
    with gateway.connect() as connection:
        connection.execute("CREATE SCHEMA s3_lake")
        connection.execute("SET search_path TO s3_lake")
        yield connection
        connection.execute("DROP SCHEMA s3_lake CASCADE")


@pytest.fixture
def t(db: Connection) -> Iterator[Connection]:
    """t(id, name) with three files of 1000 rows each."""
    db.execute("CREATE TABLE t (id bigint, name text)")
    for part in range(3):
        db.execute(f"INSERT INTO t SELECT g, 'n' || g FROM generate_series({part}000, {part}999) g")
    yield db
    db.execute("DROP TABLE t")


def location(db: Connection) -> str:
    return str(db.execute("SELECT \"location\" FROM kadali.table_detail('t')").fetchall()[0][0])


def below(store: ObjectStore, uri: str) -> list[Path]:
    """The objects of a table, as files of the server's folder."""
    return [path for path in (store.root / uri.removeprefix("s3://")).rglob("*") if path.is_file()]


def data_requests(proxy: FaultProxy) -> list[tuple[str, str]]:
    return [(each.method, each.path) for each in list(proxy.seen) if each.path.endswith(".parquet")]


def slow(method: str, what: str, delay_s: float) -> Any:
    return lambda m, path, headers: Fault(delay_s=delay_s) if m == method and what in path else None


def test_files_lie_below_the_tenant_and_go_with_the_table(db: Connection, object_store: ObjectStore) -> None:
    db.execute("CREATE TABLE gone AS SELECT 1 AS x")
    ((uri, tenant),) = db.execute(
        "SELECT \"location\", (SELECT \"location\" FROM kadali.table_detail('gone')) LIKE 's3://%'"
        " FROM kadali.table_detail('gone')"
    ).fetchall()
    assert tenant and uri.startswith(f"s3://{BUCKET}/kadali/lake/")
    assert len(below(object_store, uri)) == 3  # two commits, one data file
    db.execute("DROP TABLE gone")
    assert below(object_store, uri) == []


def test_a_warm_query_fetches_no_data_and_asks_no_file_for_its_size(t: Connection, proxy: FaultProxy) -> None:
    sql = "SELECT count(*), sum(id), max(name) FROM t"
    assert t.execute(sql).fetchall() == [(3000, 4498500, "n999")]
    assert {method for method, _ in data_requests(proxy)} == {"GET"}
    proxy.seen.clear()
    assert t.execute(sql).fetchall() == [(3000, 4498500, "n999")]
    assert data_requests(proxy) == []
    assert len(proxy.seen) <= 4  # a look at the log


def test_commits_are_put_only_if_there_is_none_of_the_version(t: Connection, proxy: FaultProxy) -> None:
    t.execute("INSERT INTO t VALUES (1, 'x')")
    commits = [each for each in proxy.seen if each.method == "PUT" and "/_delta_log/" in each.path]
    assert commits and all(each.conditional for each in commits)


def test_writers_at_the_same_time_lose_nothing(t: Connection, gateway: GatewayServer, proxy: FaultProxy) -> None:
    proxy.rule = slow("PUT", "/_delta_log/", 0.05)

    def insert(writer: int) -> None:
        with gateway.connect(options="-c search_path=s3_lake") as connection:
            for number in range(4):
                connection.execute(f"INSERT INTO t VALUES ({10_000 + writer * 100 + number}, 'w')")

    threads = [threading.Thread(target=insert, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert t.execute("SELECT count(*), count(DISTINCT id) FROM t WHERE name = 'w'").fetchall() == [(16, 16)]


def test_vacuum_deletes_objects(t: Connection, object_store: ObjectStore) -> None:
    t.execute("UPDATE t SET name = 'new' WHERE id < 1000")
    uri = location(t)
    before = {path.name for path in below(object_store, uri) if path.suffix == ".parquet"}
    ((_, deleted, *_),) = t.execute("VACUUM t RETAIN 0 HOURS FORCE").fetchall()
    after = {path.name for path in below(object_store, uri) if path.suffix == ".parquet"}
    assert deleted == len(before) - len(after) > 0
    assert t.execute("SELECT count(*) FROM t").fetchall() == [(3000,)]
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        t.execute("SELECT count(*) FROM t VERSION AS OF 3")


def test_copy_both_ways(t: Connection) -> None:
    with t.cursor() as cursor:
        with cursor.copy("COPY t FROM STDIN") as copy:
            for number in range(5000, 5010):
                copy.write_row((number, "copied"))
        with cursor.copy("COPY (SELECT id FROM t WHERE name = 'copied' ORDER BY 1) TO STDOUT") as copy:
            assert [int(row[0]) for row in copy.rows()] == list(range(5000, 5010))


def test_odd_partition_values(db: Connection) -> None:
    values = ["a b", "c%d", "é/f", "g=h", "100%25", "'", "ünder+score", None]
    db.execute("CREATE TABLE parts (id int, p text) PARTITIONED BY (p)")
    try:
        for number, value in enumerate(values):
            db.execute("INSERT INTO parts VALUES (%s, %s)", (number, value))
        assert db.execute("SELECT p FROM parts ORDER BY id").fetchall() == [(value,) for value in values]
        assert db.execute("SELECT id FROM parts WHERE p = 'c%%d'", ()).fetchall() == [(1,)]
        db.execute("DELETE FROM parts WHERE p = 'é/f'")
        db.execute("OPTIMIZE parts")
        assert db.execute("SELECT count(*) FROM parts").fetchall() == [(len(values) - 1,)]
    finally:
        db.execute("DROP TABLE parts")


@pytest.mark.parametrize("status", [500, 503])
def test_a_store_that_stumbles_is_asked_again(t: Connection, proxy: FaultProxy, status: int) -> None:
    failures = iter(range(3))

    def rule(method: str, path: str, headers: object) -> Fault | None:
        return Fault(status=status) if next(failures, None) is not None else None

    proxy.rule = rule
    assert t.execute("SELECT count(*), min(name) FROM t").fetchall() == [(3000, "n0")]
    t.execute("INSERT INTO t VALUES (1, 'y')")
    assert t.execute("SELECT count(*) FROM t").fetchall() == [(3001,)]


@pytest.mark.parametrize(
    ("status", "what", "sqlstate"),
    [(403, ".parquet", "42501"), (404, ".parquet", "72000"), (403, "_delta_log", "42501"), (501, ".parquet", "58030")],
)
def test_what_the_store_refuses(t: Connection, proxy: FaultProxy, status: int, what: str, sqlstate: str) -> None:
    proxy.rule = lambda method, path, headers: Fault(status=status) if what in path else None
    if what == "_delta_log":  # the log is looked at by listing its folder, whose name is in the query
        proxy.rule = lambda method, path, headers: Fault(status=status) if method == "GET" else None
    with pytest.raises(psycopg.Error) as raised:
        t.execute("SELECT sum(id), max(name) FROM t")
    assert raised.value.sqlstate == sqlstate
    text = str(raised.value)
    assert (
        "Traceback" not in text and "http" not in text and "<" not in text.replace("<path>", "").replace("<file>", "")
    )


def test_a_commit_whose_answer_is_lost_is_no_success(t: Connection, proxy: FaultProxy) -> None:
    """The store may have it: the client must not be told that it has not, nor that it has."""
    proxy.rule = lambda method, path, headers: (
        Fault(cut=Cut.AFTER) if method == "PUT" and "/_delta_log/" in path else None
    )
    with pytest.raises(psycopg.Error) as raised:
        t.execute("INSERT INTO t VALUES (77777, 'z')")
    proxy.rule = lambda method, path, headers: None
    assert raised.value.sqlstate in ("58030", "40001")
    ((count,),) = t.execute("SELECT count(*) FROM t WHERE id = 77777").fetchall()
    assert count <= 1


@pytest.mark.parametrize("waiting_for", ["footers", "columns"])
def test_cancel_while_a_read_waits_for_the_store(db: Connection, proxy: FaultProxy, waiting_for: str) -> None:
    entered = threading.Event()

    def rule(method: str, path: str, headers: object) -> Fault | None:
        if method == "GET" and path.endswith(".parquet"):
            entered.set()
            return Fault(delay_s=20)
        return None

    db.execute("CREATE TABLE c AS SELECT g AS id, md5(g::text) AS name FROM generate_series(1, 200000) g")
    try:
        if waiting_for == "columns":
            db.execute("SELECT count(*) FROM c WHERE id < 0")
        proxy.rule = rule
        started = time.monotonic()
        threading.Thread(target=lambda: entered.wait(10) and db.cancel()).start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            db.execute("SELECT sum(length(name)) FROM c")
        assert entered.is_set() and time.monotonic() - started < 4
        proxy.rule = lambda method, path, headers: None
        assert db.execute("SELECT count(DISTINCT name) FROM c").fetchall() == [(200000,)]
    finally:
        db.execute("DROP TABLE c")


def test_a_store_that_hangs_is_given_up(t: Connection, proxy: FaultProxy) -> None:
    """The gateway of these tests waits 5 s for a request, and 10 s with all repetitions."""
    proxy.rule = lambda method, path, headers: Fault(delay_s=40) if path.endswith(".parquet") else None
    started = time.monotonic()
    with pytest.raises(psycopg.Error) as raised:
        t.execute("SELECT max(id || name) FROM t")
    assert raised.value.sqlstate == "58030"
    assert time.monotonic() - started < 35


def options(store: ObjectStore, **changed: Any) -> S3Options:
    given = {"endpoint": store.endpoint, "access_key_id": store.access_key, "secret_access_key": store.secret_key}
    return S3Options(**(given | changed))


def read(uri: str) -> Query:
    source = DeltaSource(TableLocation(uri, 3))
    table = TableRead("v", TableName("public", "t"), (("id", INT8),), source)
    return Query("SELECT count(*) FROM v", (Field("count", INT8),), (), (table,))


def test_a_tenants_engine_reads_below_its_root_only(t: Connection, object_store: ObjectStore, tmp_path: Path) -> None:
    uri = location(t)
    tenant, other = uri.rpartition("/")[0], f"s3://{BUCKET}/kadali/lake/another"
    storage = Storage(options(object_store))
    for root, allowed in ((tenant, True), (other, False)):
        engine = EmbeddedEngine(EmbeddedSettings((root,), tmp_path), Snapshots(storage))
        try:
            if allowed:
                assert engine.start(read(uri)).result().reader.read_all().to_pylist() == [{"count": 3000}]
            else:
                with pytest.raises(InsufficientPrivilege):
                    engine.start(read(uri)).result()
        finally:
            engine.close()


def test_duckdb_itself_refuses_other_files_of_the_store(
    t: Connection, object_store: ObjectStore, tmp_path: Path
) -> None:
    """The lockdown below the checks of ours: SQL that no client can send."""
    uri = location(t)
    file = next(path for path in below(object_store, uri) if path.suffix == ".parquet")
    inside = f"s3://{file.relative_to(object_store.root)}"
    pq.write_table(pa.table({"x": [1]}), object_store.bucket_dir / "outside.parquet")
    engine = EmbeddedEngine(EmbeddedSettings((uri,), tmp_path), Snapshots(Storage(options(object_store))))
    try:
        cursor, _ = engine._instance.cursor()
        for sql in (
            f"SELECT * FROM read_parquet('s3://{BUCKET}/outside.parquet')",
            f"SELECT * FROM read_parquet('{uri}/../../outside.parquet')",
            f"SELECT * FROM read_parquet('{inside}')",  # not of a statement under way
            f"SELECT * FROM glob('{uri}/*')",
            f"COPY (SELECT 1) TO '{uri}/new.parquet'",
            f"ATTACH '{uri}/new.db'",
        ):
            try:
                answer = cursor.execute(sql).fetchall()
            except Exception as error:  # noqa: BLE001 - any refusal will do
                assert not isinstance(error, SqlError)
            else:
                assert answer == [], sql
    finally:
        engine.close()
    assert not (object_store.root / uri.removeprefix("s3://") / "new.parquet").exists()


def test_wrong_keys_are_42501_and_no_store_58030(t: Connection, object_store: ObjectStore) -> None:
    uri = location(t)
    for changed, code in (
        ({"secret_access_key": "wrong"}, "42501"),
        ({"endpoint": "http://127.0.0.1:9", "timeout_s": 1.0}, "58030"),
    ):
        snapshots = Snapshots(Storage(options(object_store, **changed)))
        with pytest.raises(SqlError) as raised:
            snapshots.latest(uri)
        assert raised.value.code == code
        assert "http" not in raised.value.message


def test_settings_of_the_store(tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text('[acme]\naccess_key_id = "A"\nsecret_access_key = "acme secret"\n[broken]\nuser = "x"\n')
    given = {
        "lake_root": "s3://bucket/a/b/",
        "s3_access_key_id": "K",
        "s3_secret_access_key": "top secret",
        "s3_tenant_keys": str(keys),
    }
    settings = load(given, environment={})
    assert settings.lake == "s3://bucket/a/b"
    server, acme = s3_options(settings, environment={}), s3_options(settings, "acme", environment={})
    assert server is not None and acme is not None
    assert (server.secret_access_key, acme.secret_access_key) == ("top secret", "acme secret")
    assert (server.endpoint, server.in_path) == (None, False)
    shown = f"{settings!r} {server!r} {acme!r}"
    assert "top secret" not in shown and "acme secret" not in shown
    with pytest.raises(ConfigFileError, match="unrecognized key"):
        s3_options(settings, "broken")
    ambient = s3_options(
        load({"lake_root": "s3://bucket"}, environment={}),
        environment={
            "AWS_ACCESS_KEY_ID": "E",
            "AWS_SECRET_ACCESS_KEY": "e",
            "AWS_SESSION_TOKEN": "t",
            "AWS_ENDPOINT_URL": "https://store:9000",
        },
    )
    assert ambient is not None
    assert (ambient.access_key_id, ambient.session_token, ambient.endpoint) == ("E", "t", "https://store:9000")
    assert ambient.in_path
    assert s3_options(load({}, environment={})) is None


@pytest.mark.parametrize(
    "given",
    [
        {"lake_root": "s3://b"},
        {"lake_root": "gs://bucket/x"},
        {"lake_root": "s3://bucket/a%20b"},
        {"lake_root": "s3://bucket/../x"},
        {"lake_root": "s3://bucket/a//b"},
        {"lake_root": "s3://bucket", "s3_access_key_id": "only"},
        {"lake_root": "s3://bucket", "s3_endpoint": "store:9000"},
        {"lake_root": "s3://bucket", "s3_endpoint": "http://store.example.com"},
        {"lake_root": "s3://bucket", "s3_addressing": "cookie"},
    ],
)
def test_settings_that_cannot_be_right(given: dict[str, str]) -> None:
    with pytest.raises(ConfigFileError):
        s3_options(load(given, environment={}), environment={})


def test_ingestion_by_flight(gateway: GatewayServer, db: Connection, object_store: ObjectStore) -> None:
    """Large ones too: staged here, written by the commit; nothing is on the store of one that fails."""
    count = 400_000
    rows = pa.table({"id": pa.array(range(count), pa.int64()), "name": ["x" * 20] * count})
    with adbc(gateway) as connection, connection.cursor() as cursor:
        where: dict[str, Any] = {"db_schema_name": "s3_lake"}
        assert cursor.adbc_ingest("taken", rows, "create", **where) == count
        assert cursor.adbc_ingest("taken", rows.slice(0, 2), "append", **where) == 2
        assert db.execute("SELECT count(*), max(id) FROM taken").fetchall() == [(count + 2, count - 1)]
        [(uri,)] = db.execute("SELECT \"location\" FROM kadali.table_detail('taken')").fetchall()
        assert uri.startswith("s3://")
        before = below(object_store, uri)
        db.execute("ALTER TABLE taken ADD CHECK (id >= 0)")
        committed = len(below(object_store, uri)) - len(before)
        bad = pa.concat_tables([rows, pa.table({"id": [-1], "name": ["y"]})])
        with pytest.raises(dbapi.Error) as caught:
            cursor.adbc_ingest("taken", bad, "append", **where)
        assert sqlstate(caught.value) == "23514"
        assert len(below(object_store, uri)) == len(before) + committed
        assert cursor.adbc_ingest("taken", rows.slice(0, 3), "replace", **where) == 3
        assert db.execute("SELECT count(*) FROM taken").fetchall() == [(3,)]
    db.execute("DROP TABLE taken")
