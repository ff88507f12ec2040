"""Changes of a real PostgreSQL as a stream: what each statement at the source comes to."""

from __future__ import annotations

from engine.connectors.changes import DELETE, FROM_KEY, INSERT, OP, TRUNCATE, UNCHANGED, UPDATE
from tests.connectors.conftest import PostgresSource
from tests.connectors.following import Replica, drained, following, handed_over, rows_of, source_rows

_LONG = "(SELECT string_agg(md5(n::text), '') FROM generate_series(1, 400) AS n)"


def test_statements_become_rows_in_order(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY, name text, n numeric(8,2))", "INSERT INTO t VALUES (1, 'a', 1)")
    replica = Replica()
    tables = handed_over(source.endpoint, "t", replica=replica)
    ((table, _),) = tables.values()
    with following(source.endpoint, tables) as stream:
        source.execute(
            "INSERT INTO t VALUES (2, 'b', 2.5), (3, NULL, NULL)",
            "UPDATE t SET name = 'bb' WHERE id = 2",
            "UPDATE t SET id = 4 WHERE id = 3",
            "DELETE FROM t WHERE id = 1",
        )
        found = drained(stream, source)
        rows = rows_of(found, table)
        assert [(row[OP], row["id"], row["name"]) for row in rows] == [
            (INSERT, 2, "b"),
            (INSERT, 3, None),
            (UPDATE, 2, "bb"),
            (DELETE, 3, None),
            (INSERT, 4, None),
            (DELETE, 1, None),
        ]
        assert {(row[UNCHANGED], row[FROM_KEY]) for row in rows} == {(None, None)}
        assert sum(changes.transactions for changes in found) == 4
        for changes in found:
            replica.apply(changes)
        assert replica.rows(table) == source_rows(source.endpoint, "t")


def test_transactions_are_whole_and_rollbacks_unseen(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY, a int)")
    tables = handed_over(source.endpoint, "t")
    ((table, _),) = tables.values()
    with following(source.endpoint, tables) as stream, source.admin() as first, source.admin() as second:
        first.execute("BEGIN")
        first.execute("INSERT INTO t SELECT n, 1 FROM generate_series(1, 30) AS n")
        second.execute("BEGIN")
        second.execute("INSERT INTO t SELECT n, 2 FROM generate_series(101, 130) AS n")
        first.execute("SAVEPOINT s")
        first.execute("INSERT INTO t VALUES (99, 99)")
        first.execute("ROLLBACK TO s")
        first.execute("INSERT INTO t VALUES (31, 1)")
        assert stream.next(10, 0.2) is None
        second.execute("COMMIT")
        first.execute("COMMIT")
        source.execute("BEGIN; INSERT INTO t VALUES (500, 0); ROLLBACK", "INSERT INTO t VALUES (200, 3)")
        sets = drained(stream, source, max_rows=10)
        assert [[row["a"] for row in rows_of([one], table)] for one in sets] == [[2] * 30, [1] * 31, [3]]


def test_unchanged_toast(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute(
        "CREATE TABLE t (id int PRIMARY KEY, big text, n int)",
        "ALTER TABLE t ALTER big SET STORAGE EXTERNAL",
        f"INSERT INTO t SELECT n, {_LONG}, 0 FROM generate_series(1, 3) AS n",
    )
    replica = Replica()
    tables = handed_over(source.endpoint, "t", replica=replica)
    ((table, _),) = tables.values()
    with following(source.endpoint, tables) as stream:
        source.execute(
            "UPDATE t SET n = 1 WHERE id = 1",
            "UPDATE t SET id = 12, n = 2 WHERE id = 2",
            "UPDATE t SET big = 'short' WHERE id = 3",
        )
        found = drained(stream, source)
    rows = rows_of(found, table)
    assert [(row[OP], row["id"], row[UNCHANGED], row[FROM_KEY]) for row in rows] == [
        (UPDATE, 1, [1], None),
        (DELETE, 2, None, None),
        (INSERT, 12, [1], {"id": 2}),
        (UPDATE, 3, None, None),
    ]
    for changes in found:
        replica.apply(changes)
    assert replica.rows(table) == source_rows(source.endpoint, "t")


def test_truncate_of_several_tables(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute(
        "CREATE TABLE a (id int PRIMARY KEY)",
        "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a)",
        "CREATE TABLE c (id int PRIMARY KEY)",
        "INSERT INTO a VALUES (1)",
        "INSERT INTO b VALUES (1, 1)",
        "INSERT INTO c VALUES (1)",
    )
    replica = Replica()
    tables = handed_over(source.endpoint, "a", "b", "c", replica=replica)
    with following(source.endpoint, tables) as stream:
        source.execute("BEGIN; INSERT INTO a VALUES (2); TRUNCATE a CASCADE; INSERT INTO a VALUES (3); COMMIT")
        found = drained(stream, source)
    by_name = {table.name.table: [row[OP] for row in rows_of(found, table)] for table, _ in tables.values()}
    assert by_name == {"a": [INSERT, TRUNCATE, INSERT], "b": [TRUNCATE], "c": []}
    for changes in found:
        replica.apply(changes)
    for table, _ in tables.values():
        assert replica.rows(table) == source_rows(source.endpoint, table.name.table)


def test_identities(postgres_source: PostgresSource) -> None:
    """With FULL and a key, with FULL alone, by another index than the primary key's, with generated columns."""
    source = postgres_source
    source.execute(
        "CREATE TABLE whole (id int PRIMARY KEY, a text, big text); ALTER TABLE whole REPLICA IDENTITY FULL",
        "ALTER TABLE whole ALTER big SET STORAGE EXTERNAL",
        "CREATE TABLE bare (a int, b text); ALTER TABLE bare REPLICA IDENTITY FULL",
        "CREATE TABLE other (id int PRIMARY KEY, code text NOT NULL UNIQUE)",
        "ALTER TABLE other ADD twice int GENERATED ALWAYS AS (id * 2) STORED",
        "ALTER TABLE other REPLICA IDENTITY USING INDEX other_code_key",
        f"INSERT INTO whole VALUES (1, 'a', {_LONG}), (2, 'b', 'x')",
        "INSERT INTO bare VALUES (1, 'a'), (1, 'a'), (2, NULL)",
        "INSERT INTO other VALUES (1, 'one'), (2, 'two')",
    )
    replica = Replica()
    tables = handed_over(source.endpoint, "whole", "bare", "other", replica=replica)
    named = {table.name.table: table for table, _ in tables.values()}
    assert {name: table.key for name, table in named.items()} == {"whole": ("id",), "bare": (), "other": ("code",)}
    assert [column.name for column in named["other"].columns] == ["id", "code"]
    with following(source.endpoint, tables) as stream:
        source.execute(
            "UPDATE whole SET a = 'aa' WHERE id = 1",
            "UPDATE whole SET id = 3 WHERE id = 1",
            "DELETE FROM whole WHERE id = 2",
            "UPDATE bare SET b = 'c' WHERE a = 2",
            "DELETE FROM bare WHERE ctid = (SELECT min(ctid) FROM bare)",
            "UPDATE other SET id = 7 WHERE id = 1",
            "UPDATE other SET code = 'zwei' WHERE id = 2",
            "DELETE FROM other WHERE id = 7",
        )
        found = drained(stream, source)
    assert not any(changes.schema_changed for changes in found)
    ops = {name: [row[OP] for row in rows_of(found, table)] for name, table in named.items()}
    assert ops == {
        "whole": [UPDATE, DELETE, INSERT, DELETE],
        "bare": [DELETE, INSERT, DELETE],
        "other": [UPDATE, DELETE, INSERT, DELETE],
    }
    assert not any(row[UNCHANGED] for row in rows_of(found, named["whole"])), "the old row has what the new one lacks"
    for changes in found:
        replica.apply(changes)
    assert replica.rows(named["whole"]) == source_rows(source.endpoint, "whole")
    assert replica.rows(named["bare"]) == source_rows(source.endpoint, "bare")
    assert replica.rows(named["other"]) == [{"id": 2, "code": "zwei"}]


def test_partitions_come_as_their_table(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute(
        "CREATE TABLE p (id int PRIMARY KEY, a text) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE p2 (a text, extra int, id int NOT NULL); ALTER TABLE p2 DROP COLUMN extra",
        "ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20)",
        "INSERT INTO p VALUES (1, 'a'), (11, 'b')",
    )
    replica = Replica()
    tables = handed_over(source.endpoint, "p", replica=replica)
    ((table, _),) = tables.values()
    with following(source.endpoint, tables) as stream:
        source.execute(
            "UPDATE p SET a = a || '!'",
            "UPDATE p SET id = 12 WHERE id = 1",
            "CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30)",
            "INSERT INTO p VALUES (25, 'new')",
            "DELETE FROM p WHERE id = 11",
        )
        found = drained(stream, source)
    assert {name for changes in found for name in changes.tables} == {table.id}
    for changes in found:
        replica.apply(changes)
    assert replica.rows(table) == source_rows(source.endpoint, "p")


def test_names_that_need_quoting(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute(
        'CREATE TABLE "We""ird \'t" ("Id \'1" int PRIMARY KEY, "a""%s" text, "漢" int, "select" int)',
        """INSERT INTO "We""ird 't" VALUES (1, 'a', 2, 3)""",
    )
    replica = Replica()
    tables = handed_over(source.endpoint, "We\"ird 't", replica=replica)
    ((table, _),) = tables.values()
    with following(source.endpoint, tables) as stream:
        source.execute("""UPDATE "We""ird 't" SET "Id '1" = 5, "漢" = 7""")
        (changes,) = drained(stream, source)
    replica.apply(changes)
    assert replica.rows(table) == [{"Id '1": 5, 'a"%s': "a", "漢": 7, "select": 3}]


def test_wide_tables(postgres_source: PostgresSource) -> None:
    source = postgres_source
    names = [f"c{n}" for n in range(1599)]
    source.execute(f"CREATE TABLE wide (id int PRIMARY KEY, {', '.join(f'{name} int' for name in names)})")
    tables = handed_over(source.endpoint, "wide")
    ((table, _),) = tables.values()
    with following(source.endpoint, tables) as stream:
        source.execute("INSERT INTO wide SELECT n FROM generate_series(1, 50) AS n", "UPDATE wide SET c1598 = id")
        found = drained(stream, source)
    rows = rows_of(found, table)
    assert [row["c1598"] for row in rows] == [None] * 50 + list(range(1, 51))
