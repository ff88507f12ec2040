"""Tables whose columns change while their changes are followed."""

from __future__ import annotations

import pytest

from catalog.errors import ObjectInUse, ObjectNotInPrerequisiteState
from engine.connectors.changes import FROM_KEY, INSERT, OP, UNCHANGED
from engine.connectors.postgres.connection import connect
from engine.connectors.postgres.publication import published_tables
from tests.connectors.conftest import PostgresSource
from tests.connectors.following import PUBLICATION, drained, following, handed_over, rows_of


def test_columns_added_dropped_renamed_retyped(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY, a text, b int, c int)")
    tables = handed_over(source.endpoint, "t")
    ((table, _),) = tables.values()
    with following(source.endpoint, tables) as stream:
        source.execute(
            "INSERT INTO t VALUES (1, 'a', 1, 1)",
            "ALTER TABLE t ADD d date DEFAULT '2020-01-01'",
            "INSERT INTO t VALUES (2, 'a', 1, 1)",
            "INSERT INTO t VALUES (3, 'a', 1, 1)",
            "ALTER TABLE t DROP b",
            "INSERT INTO t VALUES (4, 'a', 1)",
            "ALTER TABLE t RENAME a TO aa",
            "INSERT INTO t VALUES (5, 'a', 1)",
            "ALTER TABLE t ALTER c TYPE numeric(10,2)",
            "INSERT INTO t VALUES (6, 'a', 1.5)",
            "ALTER TABLE t RENAME TO tt",
            "ALTER TABLE tt ALTER aa SET DEFAULT 'z'",
            "ANALYZE tt",
            "INSERT INTO tt VALUES (7, 'a', 1.5)",
        )
        found = drained(stream, source)
    seen: list[tuple[list[int], bool, list[str]]] = []
    for changes in found:
        one = changes.tables[table.id]
        assert one.rows.column_names[2:-2] == [column.name for column in one.table.columns]
        columns = [f"{column.number} {column.name} {column.source_type}" for column in one.table.columns]
        ids = one.rows.column("id").to_pylist()
        if seen and not changes.schema_changed:
            assert columns == seen[-1][2]
            seen[-1][0].extend(ids)
        else:
            seen.append((ids, bool(changes.schema_changed), columns))
    assert seen == [
        ([1], False, ["1 id integer", "2 a text", "3 b integer", "4 c integer"]),
        ([2, 3], True, ["1 id integer", "2 a text", "3 b integer", "4 c integer", "5 d date"]),
        ([4], True, ["1 id integer", "2 a text", "4 c integer", "5 d date"]),
        ([5], True, ["1 id integer", "2 aa text", "4 c integer", "5 d date"]),
        ([6, 7], True, ["1 id integer", "2 aa text", "4 c numeric(10,2)", "5 d date"]),
    ]
    assert found[-1].tables[table.id].table.name.table == "tt"
    with following(source.endpoint, {table.id: (found[-1].tables[table.id].table, found[-1].position)}) as stream:
        source.execute("INSERT INTO tt VALUES (8, 'a', 1)")
        (last,) = drained(stream, source)
        assert not last.schema_changed


def test_the_catalog_is_ahead_of_the_log(postgres_source: PostgresSource) -> None:
    """A column that has come and gone under the same name since is told by its number."""
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY, a text, b int)")
    tables = handed_over(source.endpoint, "t")
    ((table, _),) = tables.values()
    source.execute(
        "INSERT INTO t VALUES (1, 'old', 1)",
        "ALTER TABLE t DROP a",
        "INSERT INTO t VALUES (2, 2)",
        "ALTER TABLE t ADD a text",
        "INSERT INTO t VALUES (3, 3, 'new')",
        "ALTER TABLE t RENAME b TO bb",
        "ALTER TABLE t DROP a",
    )
    with following(source.endpoint, tables) as stream:
        found = drained(stream, source)
    numbers = [
        [(column.name, column.number) for column in one.tables[table.id].table.columns]
        for one in found
        if table.id in one.tables
    ]
    assert numbers == [
        [("id", 1), ("a", 2), ("b", 3)],
        [("id", 1), ("b", 3)],
        [("id", 1), ("b", 3), ("a", 4)],
    ]


def test_columns_change_within_a_transaction(postgres_source: PostgresSource) -> None:
    """It is not split: what came before has the new columns as well."""
    source = postgres_source
    source.execute(
        "CREATE TABLE t (id int PRIMARY KEY, a text, b int)",
        "ALTER TABLE t ALTER a SET STORAGE EXTERNAL",
        "INSERT INTO t SELECT n, (SELECT string_agg(md5(m::text), '') FROM generate_series(1, 99) AS m), 1 "
        "FROM generate_series(1, 2) AS n",
    )
    tables = handed_over(source.endpoint, "t")
    ((table, _),) = tables.values()
    with following(source.endpoint, tables) as stream:
        source.execute(
            "INSERT INTO t VALUES (3, 'x', 1)",
            "BEGIN; UPDATE t SET id = 11 WHERE id = 1; INSERT INTO t VALUES (4, 'x', 7);"
            "ALTER TABLE t RENAME a TO aa; ALTER TABLE t ALTER b TYPE bigint; ALTER TABLE t ADD c int; "
            "INSERT INTO t VALUES (5, 'y', 8, 9); COMMIT",
        )
        first, second = drained(stream, source)
    assert (first.schema_changed, second.schema_changed) == (frozenset(), {table.id})
    rows = [row for row in rows_of([second], table) if row[OP] == INSERT]
    assert [
        (row["id"], row["aa"], row["b"], row["c"], row[UNCHANGED], row[FROM_KEY]) for row in rows if row["id"] < 100
    ] == [
        (11, None, 1, None, [1], {"id": 1}),
        (4, "x", 7, None, None, None),
        (5, "y", 8, 9, None, None),
    ]


def test_changes_that_have_no_image_in_the_new_columns(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY, a text)")
    tables = handed_over(source.endpoint, "t")
    with following(source.endpoint, tables) as stream:
        source.execute(
            "BEGIN; INSERT INTO t VALUES (1, 'x'); DELETE FROM t; "
            "ALTER TABLE t ALTER a TYPE int USING 1; INSERT INTO t VALUES (2, 2); COMMIT"
        )
        with pytest.raises(ObjectNotInPrerequisiteState) as caught:
            drained(stream, source)
        assert "RESYNC" in (caught.value.hint or "")


def test_tables_are_added_to_a_stream(postgres_source: PostgresSource) -> None:
    """Schema-wide: tables that are new in the schema are handed over beside those that are followed."""
    source = postgres_source
    source.execute("CREATE TABLE a (id int PRIMARY KEY)")
    tables = handed_over(source.endpoint, "a")
    source.execute(
        "CREATE TABLE b (id int PRIMARY KEY)",
        "INSERT INTO b VALUES (1)",
        "INSERT INTO a VALUES (1)",
    )
    tables |= handed_over(source.endpoint, "b")
    source.execute("INSERT INTO a VALUES (2)", "INSERT INTO b VALUES (2)", "CREATE TABLE c (id int PRIMARY KEY)")
    with following(source.endpoint, tables) as stream:
        found = drained(stream, source)
        with pytest.raises(ObjectInUse):
            handed_over(source.endpoint, "c")
    by_name = {table.name.table: [row["id"] for row in rows_of(found, table)] for table, _ in tables.values()}
    assert by_name == {"a": [1, 2], "b": [2]}
    with connect(source.endpoint) as connection:
        assert set(published_tables(connection, PUBLICATION)) == set(tables), "c, which failed, is not left published"
