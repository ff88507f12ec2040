"""Cursors, prepared statements and locks over Delta tables, and by the extended protocol: as PostgreSQL answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import ObjectNotInPrerequisiteState
from catalog.types import INT8
from engine.base import ArrowRows, Field
from sql_extensions import spool
from sql_extensions.spool import Spool
from sql_extensions.sql_cursor import Direction, SqlCursor
from tests.gateway_server import GatewayServer
from tests.statements.player import USER, Player

Players = tuple[Player, Player]


@pytest.fixture
def tables(players: Players) -> Players:
    """The same rows in player.t on both."""
    for each in players:
        each.simple("CREATE TABLE player.t (id bigint, name text, price numeric(10,2))")
        each.simple(
            "INSERT INTO player.t VALUES (1, 'one', 1.10), (2, NULL, 2.20), (3, 'three', NULL), (4, 'ü', 4), (5, '', 5)"
        )
    return players


def same(players: Players, *messages: str) -> None:
    ours, theirs = players
    for sql in messages:
        assert (sql, ours.simple(sql)) == (sql, theirs.simple(sql))


def test_cursor_over_a_table(tables: Players) -> None:
    same(
        tables,
        "BEGIN; DECLARE c SCROLL CURSOR FOR SELECT * FROM player.t ORDER BY id",
        "FETCH 2 c; FETCH PRIOR c; FETCH LAST c; FETCH ABSOLUTE 2 c; FETCH ALL c; FETCH BACKWARD ALL c",
        "COMMIT",
        "FETCH c",
        "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT name, price FROM player.t ORDER BY id; FETCH c",
        "COMMIT",
        "FETCH 2 c; MOVE c; FETCH ALL c; CLOSE c",
    )


def test_a_cursor_does_not_see_later_writes(tables: Players) -> None:
    same(
        tables,
        "BEGIN; DECLARE c CURSOR FOR SELECT id FROM player.t ORDER BY id",
        "INSERT INTO player.t VALUES (6, 'six', 6)",
        "FETCH ALL c",
        "SELECT count(*) FROM player.t",
        "ROLLBACK",
    )


def test_an_error_ends_cursors_but_not_those_before_a_savepoint(tables: Players) -> None:
    same(
        tables,
        "BEGIN; DECLARE c CURSOR FOR SELECT id FROM player.t ORDER BY id; SAVEPOINT a; FETCH c",
        "SELECT nonsense",
        "FETCH c",
        "ROLLBACK TO a; FETCH c",
        "SELECT nonsense",
        "ROLLBACK; FETCH c",
    )


def test_prepared_statements_on_tables(tables: Players) -> None:
    same(
        tables,
        "PREPARE p AS SELECT name FROM player.t WHERE id = $1; EXECUTE p (1); EXECUTE p (1 + 2)",
        "PREPARE i (bigint, text) AS INSERT INTO player.t VALUES ($1, $2); EXECUTE i (7, 'seven')",
        "EXECUTE i ('x', 'y')",
        "SELECT id, name FROM player.t WHERE id = 7",
        "PREPARE r AS DELETE FROM player.t WHERE id = $1; EXECUTE r (7)",
        "SELECT count(*) FROM player.t",
        "DEALLOCATE ALL",
    )


def test_read_only_transactions(tables: Players) -> None:
    same(
        tables,
        "BEGIN READ ONLY; INSERT INTO player.t VALUES (8)",
        "ROLLBACK",
        "SET default_transaction_read_only = on",
        "INSERT INTO player.t VALUES (8)",
        "BEGIN READ WRITE; INSERT INTO player.t VALUES (8); ROLLBACK",
        "RESET default_transaction_read_only",
    )


def test_a_drop_undone_by_a_savepoint_deletes_nothing(tables: Players) -> None:
    same(
        tables,
        "BEGIN; SAVEPOINT a; DROP TABLE player.t; ROLLBACK TO a; COMMIT",
        "SELECT count(*) FROM player.t",
        "BEGIN; SAVEPOINT a; DROP TABLE player.t; SELECT nonsense",
        "ROLLBACK TO a; SELECT id FROM player.t ORDER BY id; COMMIT",
        "SELECT name FROM player.t ORDER BY id",
        "BEGIN; DROP TABLE player.t; SELECT nonsense",
        "ROLLBACK",
        "SELECT name FROM player.t ORDER BY id",
    )


def test_locks(tables: Players) -> None:
    same(
        tables,
        "LOCK player.t IN ACCESS SHARE MODE",
        "BEGIN; LOCK player.t IN ACCESS SHARE MODE; LOCK TABLE ONLY player.t IN ROW EXCLUSIVE MODE NOWAIT; COMMIT",
        "BEGIN; LOCK player.missing IN ROW SHARE MODE",
        "ROLLBACK",
    )
    (error, *_rest) = tables[0].simple("SELECT 1; LOCK player.t")[1:]
    assert error[1:3] == (b"0A000", b"LOCK TABLE IN ACCESS EXCLUSIVE MODE is not supported")  # type: ignore[index]


EXTENDED: list[tuple[str, list[bytes | None], bool]] = [
    ("SET extra_float_digits = 3", [], False),
    ("SET application_name = 'other'", [], False),
    ("SHOW timezone", [], True),
    ("BEGIN", [], False),
    ("DECLARE c SCROLL CURSOR FOR SELECT id, name, price FROM player.t WHERE id > $1 ORDER BY id", [b"1"], False),
    ("FETCH FORWARD 2 FROM c", [], False),
    ("FETCH FORWARD 2 FROM c", [], True),
    ("FETCH BACKWARD 1 FROM c", [], True),
    ("FETCH FORWARD 2 FROM nonsense", [], True),
    ("ROLLBACK", [], False),
    ("DECLARE c CURSOR FOR SELECT 1", [], False),
    ("BEGIN", [], False),
    ("DECLARE d BINARY CURSOR FOR SELECT 258", [], False),
    ("FETCH d", [], False),
    ("FETCH d", [], True),
    ("COMMIT", [], False),
    ("PREPARE p (int) AS SELECT $1 + 1 AS n", [], False),
    ("EXECUTE p (5)", [], False),
    ("EXECUTE p (5)", [], True),
    ("SELECT set_config('my.v', $1, false)", [b"7"], False),
    ("SHOW my.v", [], False),
    ("DISCARD ALL", [], False),
    ("SHOW my.v", [], False),
    ("SAVEPOINT a", [], False),
    ("CLOSE ALL", [], False),
    ("DEALLOCATE ALL", [], False),
    ("SET LOCAL timezone = 'Asia/Tokyo'", [], False),
    ("SHOW timezone", [], False),
]


def test_extended_protocol(tables: Players) -> None:
    ours, theirs = tables
    for message in EXTENDED:
        sql, params, binary = message
        answers = [each.extended(sql, params, binary=binary) for each in (ours, theirs)]
        assert (message, answers[0]) == (message, answers[1])


@pytest.mark.parametrize(
    "sql",
    [
        "SHOW datestyle",
        "SHOW nonsense",
        "SHOW TRANSACTION ISOLATION LEVEL",
        "SHOW ALL",
        "SET timezone = 'Nowhere'",
        "BEGIN",
        "FETCH c",
        "MOVE c",
        "DECLARE c CURSOR FOR SELECT nonsense",
        "DECLARE c CURSOR FOR SELECT $1::int",
        "EXECUTE nothing",
        "SAVEPOINT a; SELECT 1",
    ],
)
def test_described(players: Players, sql: str) -> None:
    ours, theirs = players
    assert ours.described(sql) == theirs.described(sql)


def test_portal_messages_reach_cursors_of_sql(players: Players) -> None:
    for each in players:
        each.simple("DECLARE c CURSOR WITH HOLD FOR SELECT 7 AS seven")
        each.pgconn.send_describe_portal(b"c")
    ours, theirs = players
    assert ours._answers() == theirs._answers()
    if psycopg.pq.version() >= 170000:
        for each in players:
            each.pgconn.send_close_portal(b"c")
        assert ours._answers() == theirs._answers()
        same(players, "FETCH c")


def test_what_can_be_wrapped(gateway: GatewayServer) -> None:
    """Rule R10: statements of ours that give rows."""
    with gateway.connect(USER) as connection:
        connection.execute("DECLARE c SCROLL CURSOR WITH HOLD FOR SHOW search_path")
        first = connection.execute("FETCH c")
        assert first.description and first.description[0].name == "search_path"
        connection.execute("PREPARE s AS SHOW search_path")
        assert connection.execute("EXECUTE s").fetchall() == first.fetchall()
        connection.execute("DECLARE q CURSOR WITH HOLD FOR SHOW QUERIES")
        assert connection.execute("FETCH ALL q").fetchall()


@pytest.mark.parametrize("sql", ["MOVE ALL c", "FETCH LAST c", "COMMIT"])
def test_moving_is_canceled(tables: Players, sql: str) -> None:
    connection = tables[0].connection
    huge = "SELECT 1 FROM " + ", ".join(f"player.t t{n}" for n in range(14))
    connection.execute("BEGIN")
    connection.execute(f"DECLARE c {'CURSOR WITH HOLD' if sql == 'COMMIT' else 'SCROLL CURSOR'} FOR {huge}")
    timer = threading.Timer(0.5, connection.cancel_safe)
    timer.start()
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute(sql)
    timer.join()
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT count(*) FROM player.t").fetchone() == (5,)
    with pytest.raises(psycopg.errors.InvalidCursorName):
        connection.execute("FETCH c")


@pytest.mark.parametrize("binary", [False, True])
def test_psycopg_named_cursors(gateway: GatewayServer, binary: bool) -> None:
    with psycopg.connect(gateway.conninfo(USER)) as connection:
        with connection.cursor("nm", binary=binary, scrollable=True) as cursor:
            cursor.execute("SELECT g AS n, g::text AS t FROM generate_series(1, 10) g WHERE g > %s", [2])
            assert cursor.fetchmany(3) == [(3, "3"), (4, "4"), (5, "5")]
            cursor.scroll(-2)
            assert cursor.fetchone() == (4, "4")
            assert len(cursor.fetchall()) == 6
        with connection.cursor("held", withhold=True) as cursor:
            cursor.execute("SELECT * FROM generate_series(1, 20000)")
            connection.commit()
            assert sum(1 for _ in cursor) == 20000


def test_cursors_of_a_dropped_connection_leave_no_files(gateway: GatewayServer) -> None:
    """Rows set aside live in files without names."""
    with gateway.connect(USER) as connection:
        connection.execute("DECLARE c CURSOR WITH HOLD FOR SELECT repeat('x', 1000) FROM generate_series(1, 20000)")
        assert connection.execute("MOVE 19999 c").statusmessage == "MOVE 19999"
        staged = list(gateway.data_dir.glob("tenants/*/staging/**/*"))
        assert not [path for path in staged if path.is_file()]


# -- the pieces ------------------------------------------------------------------------------------------------------


def _rows(batches: list[int]) -> ArrowRows:
    schema = pa.schema([("n", pa.int64())])
    numbers = iter(range(1, sum(batches) + 1))
    made = [pa.record_batch([pa.array([next(numbers) for _ in range(size)], pa.int64())], schema) for size in batches]
    return ArrowRows((Field("n", INT8),), pa.RecordBatchReader.from_batches(schema, made))


def _values(rows: ArrowRows) -> list[int]:
    return [value for batch in rows.reader for value in batch.column(0).to_pylist()]


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MEMORY_BYTES_MAX", 64)


@pytest.mark.parametrize("scroll", [False, True])
def test_held_rows_come_from_a_file(tmp_path: Path, small_memory: None, scroll: bool) -> None:
    cursor = SqlCursor("c", _rows([3, 50, 0, 7]), tmp_path, sql="", cancel=lambda: None, scroll=scroll, hold=True)
    assert _values(cursor.fetch(Direction.FORWARD, 5)) == [1, 2, 3, 4, 5]
    cursor.keep()
    cursor.keep()
    assert _values(cursor.fetch(Direction.FORWARD, 50)) == list(range(6, 56))
    assert _values(cursor.fetch(Direction.FORWARD, None)) == list(range(56, 61))
    if scroll:
        assert _values(cursor.fetch(Direction.BACKWARD, None)) == list(range(60, 0, -1))
    else:
        with pytest.raises(ObjectNotInPrerequisiteState):
            cursor.fetch(Direction.BACKWARD, 1)
    cursor.close()
    cursor.close()
    assert list(tmp_path.iterdir()) == []


def test_spool_reads_any_range(tmp_path: Path, small_memory: None) -> None:
    rows = Spool(pa.schema([("n", pa.int64())]), tmp_path)
    for batch in _rows([5, 1, 20, 4]).reader:
        rows.append(batch)
    for first in range(32):
        for count in (0, 1, 6, 40):
            got = [value for batch in rows.read(first, count) for value in batch.column(0).to_pylist()]
            assert got == list(range(1, 31))[first : first + count]
    rows.close()


STEPS = st.tuples(
    st.sampled_from(["FORWARD", "BACKWARD", "ABSOLUTE", "RELATIVE"]),
    st.one_of(st.none(), st.integers(-7, 7)),
    st.booleans(),
)


@pytest.fixture(scope="module")
def postgres(oracle_conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(oracle_conninfo, autocommit=True) as connection:
        yield connection


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 5), st.lists(STEPS, min_size=1, max_size=12))
def test_every_walk_is_postgres_walk(
    postgres: psycopg.Connection[Any],
    tmp_path_factory: pytest.TempPathFactory,
    size: int,
    steps: list[tuple[str, int | None, bool]],
) -> None:
    ours = SqlCursor("c", _rows([size]), tmp_path_factory.getbasetemp(), sql="", cancel=lambda: None, scroll=True)
    with postgres.transaction():
        postgres.execute(f"DECLARE c SCROLL CURSOR FOR SELECT * FROM generate_series(1, {size})")
        for word, number, moves in steps:
            count = None if number is None and word in ("FORWARD", "BACKWARD") else number or 0
            text = f"{word} {'ALL' if count is None else count}"
            direction = Direction[word]
            if moves:
                moved = postgres.execute(f"MOVE {text} FROM c").statusmessage
                assert (steps, f"MOVE {ours.move(direction, count)}") == (steps, moved)
            else:
                expected = [row[0] for row in postgres.execute(f"FETCH {text} FROM c").fetchall()]
                assert (steps, _values(ours.fetch(direction, count))) == (steps, expected)
    ours.close()
