"""Columns that get values by themselves: identity columns, which only a cluster fills, defaults and generated ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.errors import FeatureNotSupported, StringDataRightTruncation
from catalog.store import Store
from sql_extensions.session import Session
from tests.spark.cluster_door import ClusterDoor
from tests.spark.servers import SparkServer

ROWS = "SELECT n, g, d FROM {t} ORDER BY n, d"


@pytest.fixture
def door(store: Store, tmp_path: Path, spark_server: SparkServer) -> Iterator[ClusterDoor]:
    door = ClusterDoor(store, tmp_path / "data")
    door.add_cluster("etl", spark_server.token)
    door.start_cluster("etl", spark_server)
    yield door
    door.close()


def test_identity(door: ClusterDoor) -> None:
    cluster, embedded = door.open("etl"), door.open("embedded")
    made = "CREATE TABLE public.t (id bigint GENERATED {} AS IDENTITY (START 100 INCREMENT 10), n int DEFAULT 5)"
    assert door.tried(embedded, made.format("ALWAYS")) == (
        "0A000",
        "an identity column is not supported by the embedded engine",
    )
    assert door.run(cluster, made.format("ALWAYS")) == ("CREATE TABLE", [])
    for sql, tag in (
        ("INSERT INTO t (n) VALUES (1), (DEFAULT)", "INSERT 0 2"),
        ("INSERT INTO t VALUES (DEFAULT, 7)", "INSERT 0 1"),
        ("INSERT INTO t (n) SELECT n + 100 FROM t", "INSERT 0 3"),
        ("INSERT INTO t DEFAULT VALUES", "INSERT 0 1"),
        ("INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (-1, 8)", "INSERT 0 1"),
        ("INSERT INTO t OVERRIDING USER VALUE VALUES (-2, 9)", "INSERT 0 1"),
        ("UPDATE t SET n = n + 1000 WHERE n = 1", "UPDATE 1"),
        ("UPDATE t SET n = DEFAULT WHERE n IN (SELECT max(n) FROM t)", "UPDATE 1"),
        ("DELETE FROM t WHERE n = 101", "DELETE 1"),
        ("MERGE INTO t USING (VALUES (9), (10)) AS v(k) ON t.n = v.k WHEN NOT MATCHED THEN INSERT (n) VALUES (v.k)"
         " WHEN MATCHED THEN UPDATE SET n = v.k + 10", "MERGE 2"),
    ):  # fmt: skip
        assert door.run(cluster, sql) == (tag, []), sql
    _, rows = door.run(embedded, "SELECT id, n FROM t ORDER BY n, id")
    assert [n for _, n in rows] == [5, 5, 5, 7, 8, 10, 19, 105, 107]
    ids = [number for number, n in rows if n != 8]
    assert len(set(ids)) == len(ids)
    assert all(isinstance(number, int) and number >= 100 and number % 10 == 0 for number in ids)
    assert (-1, 8) in rows
    for sql, told in (
        ("INSERT INTO t VALUES (1, 1)", ("428C9", 'cannot insert a non-DEFAULT value into column "id"')),
        ("UPDATE t SET id = 1", ("428C9", 'column "id" can only be updated to DEFAULT')),
        ("UPDATE t SET id = DEFAULT", ("0A000", 'identity column "id" cannot be changed')),
    ):
        assert door.tried(cluster, sql) == told
    for sql in ("INSERT INTO t (n) VALUES (3)", "UPDATE t SET n = 3", "DELETE FROM t WHERE n = 5"):
        assert door.tried(embedded, sql)[0] == "0A000", sql  # type: ignore[index]


def test_numbers_are_returned(door: ClusterDoor) -> None:
    cluster = door.open("etl")
    columns = (
        "id bigint GENERATED ALWAYS AS IDENTITY, v text, at timestamptz DEFAULT '2026-01-01 00:00:00+00', day date"
    )
    door.run(cluster, f"CREATE TABLE public.t ({columns}) PARTITIONED BY (day)")
    tag, first = door.run(cluster, "INSERT INTO t (v, day) VALUES ('a', '2026-02-03'), ('b', NULL) RETURNING *")
    assert tag == "INSERT 0 2"
    _, stored = door.run(cluster, "SELECT * FROM t")
    assert sorted(map(str, first)) == sorted(map(str, stored)) and len(stored) == 2
    tag, second = door.run(cluster, "INSERT INTO t AS x (v) SELECT v || v FROM t RETURNING x.v, id AS number")
    assert (tag, sorted(v for v, _ in second)) == ("INSERT 0 2", ["aa", "bb"])  # type: ignore[type-var]
    _, stored = door.run(cluster, "SELECT v, id FROM t")
    assert set(second) < set(stored) and len({number for _, number in stored}) == 4
    assert door.run(cluster, "INSERT INTO t (v) SELECT v FROM t WHERE false RETURNING id") == ("INSERT 0 0", [])
    told = door.tried(cluster, "INSERT INTO t (v) VALUES ('c') RETURNING 1 / (id - id)")
    assert told[0] == "0A000" and "columns only" in told[1]  # type: ignore[index]
    door.run(cluster, "BEGIN")
    told = door.tried(cluster, "INSERT INTO t (v) VALUES ('c') RETURNING id")
    assert told[0] == "0A000" and "outside transaction blocks" in told[1]  # type: ignore[index]
    door.run(cluster, "ROLLBACK")
    assert door.run(cluster, "SELECT count(*) FROM t") == ("SELECT 1", [(4,)])


def test_copied_rows_are_numbered(door: ClusterDoor) -> None:
    cluster, embedded = door.open("etl"), door.open("embedded")
    columns = "id bigint GENERATED ALWAYS AS IDENTITY, v varchar(3), n int DEFAULT 7"
    door.run(cluster, f"CREATE TABLE public.t ({columns}, g int GENERATED ALWAYS AS (n * 2) STORED)")
    assert _copied(door, cluster, "COPY t (v) FROM STDIN", b"a\nb\n\\N\n") == ("COPY 3", [])
    assert _copied(door, cluster, "COPY t FROM STDIN CSV", b"-5,c,8\n") == ("COPY 1", [])
    assert _copied(door, cluster, "COPY t (v) FROM STDIN", b"") == ("COPY 0", [])
    with pytest.raises(StringDataRightTruncation):
        _copied(door, cluster, "COPY t (v) FROM STDIN", b"d\ntoo long\n")
    for session in (embedded, cluster):
        door.run(session, "BEGIN" if session is cluster else "SET search_path = public")
        with pytest.raises(FeatureNotSupported, match="outside transaction blocks"):
            _copied(door, session, "COPY t (v) FROM STDIN", b"e\n")
    door.run(cluster, "ROLLBACK")
    _, stored = door.run(embedded, "SELECT v, n, g, id FROM t ORDER BY v")
    assert [row[:3] for row in stored] == [("a", 7, 14), ("b", 7, 14), ("c", 8, 16), (None, 7, 14)]
    numbers = [number for *_, number in stored]
    assert numbers[2] == -5 and len(set(numbers)) == 4 and None not in numbers


def _copied(door: ClusterDoor, session: Session, sql: str, data: bytes) -> tuple[str, list[tuple[object, ...]]]:
    return door.answer(door.call(session, sql), session, data)


def test_identity_by_default(door: ClusterDoor) -> None:
    cluster = door.open("etl")
    columns = "id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, v varchar(3), at timestamp DEFAULT '2026-01-01'"
    door.run(cluster, f"CREATE TABLE public.t ({columns})")
    assert door.run(cluster, "INSERT INTO t VALUES (7, 'own'), (8, 'own')") == ("INSERT 0 2", [])
    assert door.run(cluster, "INSERT INTO t (v) VALUES ('a')") == ("INSERT 0 1", [])
    assert door.run(cluster, "INSERT INTO t (v) SELECT 'b' FROM t WHERE id = 7") == ("INSERT 0 1", [])
    assert door.tried(cluster, "INSERT INTO t VALUES (DEFAULT, 'a'), (9, 'b')") == (
        "0A000",
        'DEFAULT beside values for identity column "id" is not supported',
    )
    assert door.tried(cluster, "INSERT INTO t (v) SELECT 'long' FROM t")[0] == "22001"  # type: ignore[index]
    assert door.tried(cluster, "INSERT INTO t (id) VALUES (NULL)")[0] == "23502"  # type: ignore[index]
    _, rows = door.run(cluster, "SELECT v, count(DISTINCT id) FROM t GROUP BY v ORDER BY v")
    assert rows == [("a", 1), ("b", 1), ("own", 2)]
    _, shown = door.run(
        cluster,
        "SELECT column_name, is_identity, identity_generation, identity_start, identity_increment"
        " FROM information_schema.columns WHERE table_name = 't' ORDER BY ordinal_position",
    )
    assert shown[:2] == [("id", "YES", "BY DEFAULT", "1", "1"), ("v", "NO", None, None, None)]


@pytest.mark.parametrize("cluster", ["embedded", "etl"])
def test_generated_columns(door: ClusterDoor, cluster: str) -> None:
    session = door.open(cluster)
    door.run(
        session,
        "CREATE TABLE public.t (n int DEFAULT 5, g int GENERATED ALWAYS AS (n * 2) STORED CHECK (g < 1000), c char(3),"
        " d text GENERATED ALWAYS AS (coalesce(c, '-') || n) STORED)",
    )
    for sql, tag in (
        ("INSERT INTO t VALUES (1), (2), (DEFAULT)", "INSERT 0 3"),
        ("INSERT INTO t (c, d) VALUES ('x', DEFAULT)", "INSERT 0 1"),
        ("INSERT INTO t (n) SELECT n + 10 FROM t WHERE n < 3", "INSERT 0 2"),
        ("UPDATE t SET n = n + 100 WHERE n = 1", "UPDATE 1"),
        ("UPDATE t SET c = 'y', d = DEFAULT WHERE n IN (SELECT max(n) FROM t)", "UPDATE 1"),
        ("MERGE INTO t USING (VALUES (11, 'z')) AS v(n, k) ON t.n = v.n"
         " WHEN MATCHED THEN UPDATE SET c = v.k", "MERGE 1"),
        ("MERGE INTO t USING (VALUES (2), (3)) AS v(k) ON t.n = v.k WHEN MATCHED THEN UPDATE SET n = 20"
         " WHEN NOT MATCHED THEN INSERT (n, c) VALUES (v.k, 'm')", "MERGE 2"),
    ):  # fmt: skip
        assert door.run(session, sql) == (tag, []), sql
    right = [(3, 6, "m3"), (5, 10, "-5"), (5, 10, "x5"), (11, 22, "z11"), (12, 24, "-12"), (20, 40, "-20")]
    assert door.run(session, ROWS.format(t="t"))[1] == [*right, (101, 202, "y101")]
    assert door.run(session, "UPDATE t SET n = 6 WHERE c = 'm' RETURNING g, d") == ("UPDATE 1", [(12, "m6")])
    assert door.run(session, "INSERT INTO t (n) VALUES (30) RETURNING *") == ("INSERT 0 1", [(30, 60, None, "-30")])
    for sql, told in (
        ("INSERT INTO t VALUES (1, 2)", ("428C9", 'cannot insert a non-DEFAULT value into column "g"')),
        ("UPDATE t SET g = 1", ("428C9", 'column "g" can only be updated to DEFAULT')),
        (
            "UPDATE t SET n = 500 WHERE n = 6",
            ("23514", 'new row for relation "t" violates check constraint "t_g_check"'),
        ),
    ):
        assert door.tried(session, sql) == told, sql
    assert door.tried(session, "INSERT INTO t SELECT 2147483647 FROM t")[0] == "22003"  # type: ignore[index]
    assert door.run(session, "ALTER TABLE t ALTER n SET DEFAULT 9") == ("ALTER TABLE", [])
    assert door.run(session, "INSERT INTO t DEFAULT VALUES RETURNING n, g") == ("INSERT 0 1", [(9, 18)])
    assert door.run(session, "ALTER TABLE t ALTER n DROP DEFAULT") == ("ALTER TABLE", [])
    assert door.run(session, "INSERT INTO t DEFAULT VALUES RETURNING n, g, d") == ("INSERT 0 1", [(None, None, None)])
    _, shown = door.run(
        session,
        "SELECT column_name, is_generated, generation_expression, column_default FROM information_schema.columns"
        " WHERE table_name = 't' ORDER BY ordinal_position LIMIT 2",
    )
    assert shown == [("n", "NEVER", None, None), ("g", "ALWAYS", "(n * 2)", None)]


def test_not_null_beside_timestamps(door: ClusterDoor) -> None:
    """Delta names the features of such a table, and NOT NULL must be among them: Spark looks."""
    door.run(door.open("embedded"), "CREATE TABLE public.t (id int NOT NULL, at timestamp)")
    assert door.run(door.open("etl"), "INSERT INTO t VALUES (1, '2026-01-01')") == ("INSERT 0 1", [])
    assert door.run(door.open("embedded"), "UPDATE t SET id = 2") == ("UPDATE 1", [])
    assert door.run(door.open("etl"), "SELECT id FROM t") == ("SELECT 1", [(2,)])


def test_what_only_spark_can_do_to_a_table(door: ClusterDoor) -> None:
    cluster, embedded = door.open("etl"), door.open("embedded")
    door.run(cluster, "CREATE TABLE public.t (a int, n numeric(6,2), r real, d date, v text)")
    door.run(cluster, "INSERT INTO t VALUES (1, 1.5, 0.5, '2026-02-28', 'x')")
    assert door.run(cluster, "ALTER TABLE t CLUSTER BY (a, d)") == ("ALTER TABLE", [])
    assert door.run(cluster, 'ALTER TABLE t SET ("delta.enableRowTracking" = true)') == ("ALTER TABLE", [])
    told = door.tried(embedded, "INSERT INTO t VALUES (9)")
    assert told[0] == "0A000" and "rowTracking" in told[1], told  # type: ignore[index]
    for sql, code in (
        ("ALTER TABLE t CLUSTER BY (nope)", "42703"),
        ("ALTER TABLE t ALTER a TYPE smallint", "0A000"),
        ("ALTER TABLE t ALTER v TYPE varchar(3)", "0A000"),
        ("ALTER TABLE t ALTER n TYPE numeric(6,3)", "0A000"),
        ('ALTER TABLE t SET ("delta.nonsense" = 1)', "22023"),
    ):
        assert door.tried(cluster, sql)[0] == code, sql  # type: ignore[index]
    assert door.tried(embedded, "ALTER TABLE t ALTER a TYPE bigint")[0] == "0A000"  # type: ignore[index]
    widened = "ALTER a TYPE bigint, ALTER n TYPE numeric(20,4), ALTER r TYPE float8, ALTER d TYPE timestamp"
    assert door.run(cluster, f"ALTER TABLE t {widened}") == ("ALTER TABLE", [])
    door.run(cluster, "INSERT INTO t VALUES (3000000000, 123456789.1234, 1e300, '2026-03-01 12:30', 'y')")
    _, rows = door.run(cluster, "SELECT a, n::text, r, d::text FROM t ORDER BY a")
    assert rows == [
        (1, "1.5000", 0.5, "2026-02-28 00:00:00"),
        (3000000000, "123456789.1234", 1e300, "2026-03-01 12:30:00"),
    ]
    shown = "SELECT data_type FROM information_schema.columns WHERE table_name = 't' ORDER BY ordinal_position LIMIT 2"
    assert door.run(cluster, shown)[1] == [("bigint",), ("numeric",)]
    assert door.run(cluster, "ALTER TABLE t CLUSTER BY NONE") == ("ALTER TABLE", [])
    assert door.run(cluster, "UPDATE t SET a = a + 1 WHERE v = 'y'") == ("UPDATE 1", [])
