"""The same statements on the embedded engine and on a cluster: the same tags, rows, errors and contents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.store import Store
from engine.base import RouteReason
from sql_extensions.session import Session
from tests.spark.cluster_door import ClusterDoor
from tests.spark.servers import SparkServer


@pytest.fixture
def door(store: Store, tmp_path: Path, spark_server: SparkServer) -> Iterator[ClusterDoor]:
    door = ClusterDoor(store, tmp_path / "data")
    door.add_cluster("etl", spark_server.token)
    door.start_cluster("etl", spark_server)
    yield door
    door.close()


SCRIPT = [
    "CREATE TABLE {s}.t"
    " (id int NOT NULL, name varchar(5), n numeric(10,2) DEFAULT 7 CHECK (n < 1000), c char(3), d date)",
    "INSERT INTO {s}.t VALUES (1, 'one', 1.5, 'a', '2026-01-01'), (2, 'two', DEFAULT, 'bbb', NULL),"
    " (3, NULL, 3, NULL, DEFAULT)",
    "INSERT INTO {s}.t (id, name) SELECT id + 10, name FROM {s}.t WHERE id < 3",
    "INSERT INTO {s}.t (id) SELECT NULL::int FROM {s}.t",
    "INSERT INTO {s}.t (id) VALUES (NULL)",
    "INSERT INTO {s}.t (id, n) SELECT id, 5000 FROM {s}.t",
    "INSERT INTO {s}.t (id, name) SELECT id, 'far too long' FROM {s}.t",
    "INSERT INTO {s}.t (id, name) SELECT id + 100, name || '      ' FROM {s}.t WHERE id = 1",
    "INSERT INTO {s}.t (id, name) SELECT id, name FROM {s}.t WHERE false",
    "SELECT id, name, n, c FROM {s}.t ORDER BY id",
    "UPDATE {s}.t SET name = 'zwei', n = n + 1 WHERE id = 2",
    "UPDATE {s}.t SET n = 1000 WHERE id < 3",
    "UPDATE {s}.t SET id = NULL WHERE id < 3",
    "UPDATE {s}.t SET name = 'sehr lang' WHERE id < 3",
    "UPDATE {s}.t SET n = DEFAULT, c = 'x' WHERE id IN (SELECT id FROM {s}.t WHERE id > 10)",
    "UPDATE {s}.t SET name = name WHERE id = 99",
    "UPDATE {s}.t x SET n = y.n + 1 FROM {s}.t y WHERE y.id = x.id AND x.id = 1 RETURNING x.id, x.n",
    "DELETE FROM {s}.t WHERE id = 3",
    "DELETE FROM {s}.t WHERE id = 12 RETURNING id, name",
    "DELETE FROM {s}.t x WHERE x.name = 'nobody'",
    "SELECT id, name, n, c FROM {s}.t ORDER BY id",
    "CREATE TABLE {s}.u AS SELECT id, n * 2 AS n, id % 2 = 0 AS even FROM {s}.t",
    "SELECT * FROM {s}.u ORDER BY id",
    "MERGE INTO {s}.t USING {s}.u ON t.id = u.id + 1 WHEN MATCHED AND u.even THEN DELETE"
    " WHEN MATCHED THEN UPDATE SET n = u.n, name = 'm' WHEN NOT MATCHED AND u.id > 100 THEN DO NOTHING"
    " WHEN NOT MATCHED THEN INSERT (id, name) VALUES (u.id + 50, 'new')",
    "MERGE INTO {s}.t USING (SELECT 1 AS id FROM {s}.u) v ON t.id = v.id WHEN MATCHED THEN UPDATE SET n = 1",
    "MERGE INTO {s}.t USING {s}.u ON t.id = u.id WHEN MATCHED THEN UPDATE SET n = 5000",
    "MERGE INTO {s}.t USING (VALUES (1, 'v'), (77, NULL)) AS v(k, w) ON t.id = v.k"
    " WHEN MATCHED THEN UPDATE SET name = v.w WHEN NOT MATCHED THEN INSERT (id, name) VALUES (v.k, v.w)",
    "SELECT id, name, n, c FROM {s}.t ORDER BY id",
    "BEGIN",
    "INSERT INTO {s}.t (id, n) SELECT id + 1000, 1 FROM {s}.u",
    "UPDATE {s}.t SET name = 'tx' WHERE id > 1000",
    "SELECT count(*), max(name), sum(n) FROM {s}.t",
    "COMMIT",
    "SELECT count(*), max(name), sum(n) FROM {s}.t",
    "DELETE FROM {s}.t",
    "SELECT count(*) FROM {s}.t",
]


def test_the_same_script(door: ClusterDoor) -> None:
    embedded, cluster = door.open("embedded"), door.open("etl")
    for name in ("here", "there"):
        door.run(embedded, f"CREATE SCHEMA {name}")
    for line in SCRIPT:
        right = door.tried(embedded, line.format(s="here"))
        assert door.tried(cluster, line.format(s="there")) == right, line


def test_commits_are_sparks_and_tell_who_and_why(door: ClusterDoor) -> None:
    session = door.open("etl")
    door.run(session, "CREATE TABLE public.t (id int)")
    ids = []
    for sql in (
        "INSERT INTO t VALUES (1), (2)",
        "INSERT INTO t SELECT id + 2 FROM t",
        "UPDATE t SET id = 0 WHERE id = 1",
        "DELETE FROM t WHERE id = 0",
        "MERGE INTO t USING t u ON t.id = u.id WHEN MATCHED THEN UPDATE SET id = 9",
    ):
        call = door.call(session, sql)
        door.run(session, sql, call)
        assert call.route is not None
        assert (call.route.engine, call.route.reason) == ("etl", RouteReason.CLUSTER_CHOSEN)
        ids.append(call.id)
    _, history = door.run(
        session, 'SELECT version, "userName", operation, "engineInfo" FROM kadali.table_history(\'t\')'
    )
    assert [(row[0], row[1], row[2]) for row in history[:5]] == [
        (5, "ann", "MERGE"),
        (4, "ann", "DELETE"),
        (3, "ann", "UPDATE"),
        (2, "ann", "WRITE"),
        (1, "ann", "WRITE"),
    ]
    assert all("Spark" in str(row[3]) for row in history[:5])
    assert door.run(door.open("embedded"), "SELECT count(*), sum(id) FROM t") == ("SELECT 1", [(3, 27)])
    statistics = session.tenant.catalog.snapshot().relations
    (found,) = [relation.statistics for name, relation in statistics.items() if name.name == "t"]
    assert found is not None
    assert (found.version, found.rows) == (5, 3)


def test_maintenance(door: ClusterDoor) -> None:
    session = door.open("etl")
    door.run(session, "CREATE TABLE public.t (id int, day date) PARTITIONED BY (day)")
    for n in range(3):
        door.run(door.open("embedded"), f"INSERT INTO t VALUES ({n}, '2026-01-01'), ({n}, '2026-01-02')")
    _, rows = door.run(session, "OPTIMIZE t WHERE day = '2026-01-01'")
    assert [row[:3] + row[5:] for row in rows] == [("public.t", 1, 3, 4)]
    _, rows = door.run(session, "OPTIMIZE t ZORDER BY (id)")
    assert [row[:3] for row in rows] == [("public.t", 2, 4)]
    tag, rows = door.run(session, "VACUUM t RETAIN 0 HOURS FORCE")
    assert (tag, rows[0][:2]) == ("VACUUM", ("public.t", 7))
    assert rows[0][2] > 0
    assert door.tried(session, "VACUUM t RETAIN 1 HOURS")[0] == "22023"  # type: ignore[index]
    door.run(session, "DELETE FROM t WHERE id = 1")
    version = door.run(session, "SELECT max(version) FROM kadali.table_history('t')")[1][0][0]
    assert isinstance(version, int)
    tag, rows = door.run(session, f"RESTORE t TO VERSION AS OF {version - 1}")
    assert (tag, len(rows[0])) == ("RESTORE", 6)
    assert door.run(session, "SELECT count(*) FROM t") == ("SELECT 1", [(6,)])


def test_where_it_goes(door: ClusterDoor) -> None:
    session = door.open("etl")
    door.run(session, "CREATE TABLE public.t (id int)")
    assert _route(door, session, "SELECT * FROM t") == "Route: etl (the session uses this cluster)"
    assert _route(door, session, "DELETE FROM t") == "Route: etl (the session uses this cluster)"
    lines = [line for (line,) in door.run(session, "EXPLAIN VERBOSE SELECT id FROM t WHERE id > 1")[1]]
    assert any("Filter" in str(line) and "Physical Plan" not in str(line) for line in lines)
    auto = door.open("auto")
    assert _route(door, auto, "SELECT * FROM t") == "Route: embedded (small enough for the embedded engine)"
    kadali = door.call(session, "SELECT count(*) FROM kadali.tables")
    door.run(session, kadali.sql, kadali)
    assert kadali.route is not None and kadali.route.engine == "embedded"


def _route(door: ClusterDoor, session: Session, sql: str) -> str:
    *_, (line,) = door.run(session, f"EXPLAIN {sql}")[1]
    return str(line)
