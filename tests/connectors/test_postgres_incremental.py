"""Rows that are new since a reading: none is lost to transactions that commit late, in whatever order they began."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from catalog.errors import SqlError
from engine.connectors.model import Cut, Position, SourceName
from engine.connectors.postgres.connector import POSTGRES
from engine.connectors.postgres.incremental import _since
from tests.connectors.conftest import PostgresSource

WRITERS, SECONDS = 4, 3.0


def read(source: PostgresSource, since: Position | None, **cut: Any) -> tuple[pa.Table, Position]:
    with POSTGRES.connect(source.endpoint) as session:
        table = session.table(SourceName("public", "t"))
        reading = session.read(Cut(table, since=since, **{"cursor": "changed", **cut}), 1000)
        return reading.reader.read_all(), reading.position


def write(source: PostgresSource, number: int, stop: threading.Event, committed: list[int]) -> None:
    """Transactions of up to half a second, some with savepoints, some undone; the cursor is set when each begins."""
    chance = random.Random(number)
    with psycopg.connect(source.socket) as connection:
        while not stop.is_set():
            with connection.transaction(force_rollback=chance.random() < 0.2):
                for _ in range(chance.randint(1, 3)):
                    with connection.transaction(force_rollback=chance.random() < 0.2):
                        connection.execute(
                            "INSERT INTO t (writer, changed) VALUES (%s, clock_timestamp()) ON CONFLICT DO NOTHING",
                            [number],
                        )
                    stop.wait(chance.random() * 0.15)
                connection.execute(
                    "UPDATE t SET version = version + 1, changed = clock_timestamp() WHERE id = (SELECT id FROM t"
                    " WHERE writer = %s ORDER BY random() LIMIT 1)",
                    [number],
                )
                stop.wait(chance.random() * 0.2)
            committed[number] += 1


def test_nothing_is_lost_beside_writers(postgres_source: PostgresSource) -> None:
    postgres_source.execute(
        "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, writer integer, version integer DEFAULT 0,"
        " changed timestamptz)"
    )
    stop, committed = threading.Event(), [0] * WRITERS
    threads = [threading.Thread(target=write, args=(postgres_source, n, stop, committed)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    have: dict[int, int] = {}
    position, rows_read = None, 0
    deadline = time.monotonic() + SECONDS
    try:
        while time.monotonic() < deadline:
            rows, position = read(postgres_source, position)
            rows_read += rows.num_rows
            for row in rows.to_pylist():
                assert row["version"] >= have.get(row["id"], 0)
                have[row["id"]] = row["version"]
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
    rows, position = read(postgres_source, position)
    have |= {row["id"]: row["version"] for row in rows.to_pylist()}
    with postgres_source.admin() as connection:
        wanted = dict(connection.execute("SELECT id, version FROM t").fetchall())
    assert have == wanted
    assert min(committed) > 1
    assert rows_read < 10 * len(wanted)
    assert read(postgres_source, position)[0].num_rows == 0


def test_a_subtransaction_that_commits_late(postgres_source: PostgresSource) -> None:
    """Its number is not in the snapshot, which says that it is visible: `pg_visible_in_snapshot` alone loses it."""
    postgres_source.execute("CREATE TABLE t (id integer PRIMARY KEY, changed integer)")
    with psycopg.connect(postgres_source.socket) as late, postgres_source.admin() as quick:
        late.execute("INSERT INTO t VALUES (1, 1)")
        late.execute("SAVEPOINT s")
        late.execute("INSERT INTO t VALUES (2, 2)")
        quick.execute("INSERT INTO t VALUES (3, 3)")
        first, position = read(postgres_source, None)
        late.commit()
        second, _ = read(postgres_source, position)
        third = quick.execute(
            "SELECT id FROM t WHERE NOT pg_visible_in_snapshot(xmin::text::xid8, %s::pg_snapshot)",
            [position["snapshot"]],
        ).fetchall()
    assert first["id"].to_pylist() == [3]
    assert {1, 2} <= set(second["id"].to_pylist())
    assert third == [(1,)]
    assert (position["cursor"], position["value"]) == ("changed", "3")


def test_other_columns_and_no_cursor(postgres_source: PostgresSource) -> None:
    postgres_source.execute("CREATE TABLE t (id integer, changed integer)", "INSERT INTO t VALUES (1, 5), (2, NULL)")
    rows, position = read(postgres_source, None, cursor=None)
    assert (rows.num_rows, "cursor" in position) == (2, False)
    rows, position = read(postgres_source, position)
    assert (rows.num_rows, position["value"]) == (0, None)
    postgres_source.execute("UPDATE t SET id = 3 WHERE id = 1")  # the cursor column is as it was
    rows, position = read(postgres_source, position, columns=("id",), where="id > 2")
    assert (rows.to_pydict(), position["value"]) == ({"id": [3]}, "5")
    rows, position = read(postgres_source, position)
    assert (rows.num_rows, position["value"]) == (0, "5")


def test_partitioned_tables_tell_and_views_do_not(postgres_source: PostgresSource) -> None:
    postgres_source.execute(
        "CREATE TABLE t (id integer, changed integer) PARTITION BY LIST (id)",
        "CREATE TABLE t1 PARTITION OF t DEFAULT",
        "CREATE VIEW v AS SELECT * FROM t",
    )
    _, position = read(postgres_source, None)
    postgres_source.execute("INSERT INTO t VALUES (1, 1)")
    assert read(postgres_source, position)[0].num_rows == 1
    with POSTGRES.connect(postgres_source.endpoint) as session:
        view = session.table(SourceName("public", "v"))
        assert session.read(Cut(view), 10).reader.read_all().num_rows == 1
        for cut in (Cut(view, cursor="changed"), Cut(view, since=position)):
            with pytest.raises(SqlError, match="cannot be read incrementally") as caught:
                session.read(cut, 10)
            assert caught.value.code == "0A000"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"horizon": None}, "not one of a reading"),
        ({"system": "1"}, "another cluster"),
        ({"table": "1"}, "was made anew"),
        ({"next": 1 << 40}, "set back to a time before"),
        ({"horizon": -(1 << 31)}, "too old"),
    ],
)
def test_positions_that_say_nothing(postgres_source: PostgresSource, change: dict[str, Any], words: str) -> None:
    postgres_source.execute("CREATE TABLE t (id integer, changed integer)")
    _, position = read(postgres_source, None)
    with pytest.raises(SqlError, match=words) as caught:
        read(postgres_source, {**position, **change})
    assert (caught.value.code, caught.value.hint) == ("55000", "Read the table anew (MODE SNAPSHOT).")


def test_numbers_of_transactions_go_round(postgres_source: PostgresSource) -> None:
    """xmin has 32 bits; 1 and 2 are those of rows as old as the cluster, or older."""
    numbers = [1, 2, 3, 100, 101, 4294967290, 4294967295]

    def new(low: int, high: int) -> list[int]:
        with postgres_source.admin() as connection:
            values = ", ".join(f"('{n}'::xid)" for n in numbers)
            return [
                n
                for (n,) in connection.execute(
                    f"SELECT xmin::text::bigint FROM (VALUES {values}) AS t(xmin) WHERE {_since(low, high)}"
                )
            ]

    assert new(100, 200) == [100, 101, 4294967290, 4294967295]  # the last two are none that has been given yet
    assert new(4294967290, 100) == [3, 100, 4294967290, 4294967295]
    assert new(4294967291, 3) == [3, 4294967295]
