"""VACUUM, OPTIMIZE, HISTORY, DETAIL, RESTORE, ANALYZE and their function twins on real tables."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.gateway_server import GatewayServer

_numbers = itertools.count(1)


class Table:
    """A table `t` (day date, r integer, x text) partitioned by day, three commits of one small file each."""

    def __init__(self, gateway: GatewayServer, connection: psycopg.Connection[Any], schema: str) -> None:
        self.gateway, self.connection, self.schema = gateway, connection, schema

    def rows(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, params).fetchall()

    def value(self, sql: str, params: Any = None) -> Any:
        ((value,),) = self.rows(sql, params)
        return value

    @property
    def location(self) -> str:
        return str(self.value("SELECT \"location\" FROM kadali.table_detail('t')"))

    def parquet_files(self) -> int:
        return sum(1 for _ in Path(self.location).rglob("*.parquet"))


@pytest.fixture
def t(gateway: GatewayServer) -> Iterator[Table]:
    schema = f"mt{next(_numbers)}"
    with gateway.connect() as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute(f"SET search_path TO {schema}, public")
        connection.execute("CREATE TABLE t (day date, r integer, x text) PARTITIONED BY (day)")
        for number in (1, 2, 3):
            connection.execute(f"INSERT INTO t VALUES ('2026-01-0{1 + number % 2}', {number}, 'x')")
        yield Table(gateway, connection, schema)


def tag(table: Table, sql: str, *, prepare: bool = False) -> tuple[str | None, list[tuple[Any, ...]]]:
    cursor = table.connection.execute(sql, prepare=prepare)
    return cursor.statusmessage, cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize("prepare", [False, True])
def test_history_and_detail(t: Table, prepare: bool) -> None:
    for sql in ("DESCRIBE HISTORY t LIMIT 2", "DESC HISTORY t LIMIT 2", "SHOW HISTORY FOR t LIMIT 2"):
        cursor = t.connection.execute(sql, prepare=prepare)
        assert cursor.statusmessage == "SHOW"
        assert [column.name for column in cursor.description or ()][:5] == [
            "version",
            "timestamp",
            "userId",
            "userName",
            "operation",
        ]
        assert [(row[0], row[3], row[4]) for row in cursor.fetchall()] == [(3, "alice", "WRITE"), (2, "alice", "WRITE")]
    cursor = t.connection.execute("DESCRIBE DETAIL t", prepare=prepare)
    names = [column.name for column in cursor.description or ()]
    detail = dict(zip(names, cursor.fetchall()[0], strict=True))
    assert (detail["format"], detail["partitionColumns"], detail["numFiles"]) == ("delta", ["day"], 3)
    assert detail["name"] == f"acme.{t.schema}.t"


def test_history_as_a_relation(t: Table) -> None:
    sql = "SELECT h.\"userName\", count(*) FROM kadali.table_history('t') h GROUP BY 1"
    assert t.rows(sql) == [("alice", 4)]
    assert t.rows("SELECT version FROM kadali.table_history('t', last => 2) ORDER BY 1") == [(2,), (3,)]
    assert t.rows("SELECT version FROM kadali.table_history(%s, last => %s)", ["t", 1]) == [(3,)]
    wrapped = "SELECT * FROM (SELECT version FROM kadali.table_history('t')) AS \"source\" LIMIT 1"
    assert t.rows(wrapped) == [(3,)]
    assert t.value("SELECT count(*) FROM t JOIN kadali.table_history('t') h ON h.version = t.r") == 3


def test_optimize(t: Table) -> None:
    status, rows = tag(t, "OPTIMIZE t WHERE day = '2026-1-2'")
    assert (status, rows[0][:3], rows[0][5]) == ("OPTIMIZE", (f"{t.schema}.t", 1, 2), 4)
    assert t.value("SELECT count(*) FROM t") == 3
    assert t.value("SELECT files FROM kadali.tables WHERE schema = %s", [t.schema]) == 2
    status, rows = tag(t, "OPTIMIZE t ZORDER BY (r)", prepare=True)
    assert status == "OPTIMIZE" and t.value("SELECT sum(r) FROM t") == 6


def test_optimize_refuses(t: Table) -> None:
    for sql, state in {
        "OPTIMIZE t WHERE x = 'x'": "0A000",
        "OPTIMIZE t WHERE nope = 1": "42703",
        "OPTIMIZE t WHERE day = 'no day'": "22007",
        "OPTIMIZE t ZORDER BY (nope)": "42703",
        "OPTIMIZE nope": "42P01",
        "OPTIMIZE pg_class": "42809",
    }.items():
        with pytest.raises(psycopg.Error) as caught:
            t.rows(sql)
        assert (sql, caught.value.sqlstate) == (sql, state)


def test_vacuum(t: Table) -> None:
    t.rows("OPTIMIZE t")
    before = t.parquet_files()
    status, rows = tag(t, "VACUUM t")
    assert (status, rows[0][:3]) == ("VACUUM", (f"{t.schema}.t", 0, 0))
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="168 hours"):
        t.rows("VACUUM t RETAIN 1 HOURS")
    status, rows = tag(t, "VACUUM t RETAIN 0 HOURS DRY RUN FORCE", prepare=True)
    assert status == "VACUUM" and len(rows) == 2 and {row[0] for row in rows} == {f"{t.schema}.t"}
    assert t.parquet_files() == before
    status, rows = tag(t, "VACUUM t RETAIN 0 HOURS FORCE")
    assert rows[0][1] == 2 and t.parquet_files() == before - 2
    assert t.value("SELECT count(*) FROM t") == 3
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match=r"no longer readable.*oldest is"):
        t.rows("SELECT * FROM t VERSION AS OF 3")


def test_vacuum_keeps_what_is_not_committed_yet(t: Table) -> None:
    folder = Path(t.location)
    young, old = folder / "part-young.parquet", folder / "part-old.parquet"
    for file in (young, old):
        file.write_bytes(b"x")
    os.utime(old, (time.time() - 90_000,) * 2)
    t.rows("OPTIMIZE t")
    listed = {row[1] for row in tag(t, "VACUUM t RETAIN 0 HOURS DRY RUN FORCE")[1]}
    assert "part-old.parquet" in listed and "part-young.parquet" not in listed and len(listed) == 3
    assert tag(t, "VACUUM t RETAIN 0 HOURS FORCE")[1][0][1] == 3
    assert young.exists() and not old.exists()


def test_vacuum_under_inserts_loses_nothing(t: Table) -> None:
    done = threading.Event()
    inserted = 0

    def insert() -> None:
        nonlocal inserted
        with t.gateway.connect() as other:
            while not done.is_set():
                other.execute(f"INSERT INTO {t.schema}.t VALUES ('2026-01-01', 9, 'x')")
                inserted += 1

    writer = threading.Thread(target=insert)
    writer.start()
    try:
        for _ in range(6):
            t.rows("OPTIMIZE t")
            t.rows("VACUUM t RETAIN 0 HOURS FORCE")
    finally:
        done.set()
        writer.join(30)
    assert t.value("SELECT count(*) FROM t") == 3 + inserted


def test_vacuum_in_postgres_spellings_has_no_rows(t: Table) -> None:
    infos: list[str] = []
    t.connection.add_notice_handler(lambda notice: infos.append(f"{notice.severity}: {notice.message_primary}"))
    for sql in ("VACUUM FULL t", "VACUUM (ANALYZE, VERBOSE) t", "VACUUM ANALYZE t (r)", "VACUUM VERBOSE t"):
        assert tag(t, sql) == ("VACUUM", [])
    assert infos == [f"INFO: {t.schema}.t: 0 files deleted (0 bytes)"] * 4
    assert tag(t, "VACUUM")[0] == "VACUUM"


def test_vacuum_by_path(t: Table) -> None:
    location = t.location
    assert tag(t, f"VACUUM '{location}'")[1][0][1] == 0
    for path in ("/etc", f"{location}/../.."):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            t.rows(f"VACUUM '{path}'")


def test_restore(t: Table) -> None:
    dry = tag(t, "RESTORE TABLE t TO VERSION AS OF 1 DRY RUN")
    assert dry == ("RESTORE", [dry[1][0]]) and dry[1][0][1:4] == (1, 2, 0)
    assert t.value("SELECT count(*) FROM t") == 3
    assert tag(t, "RESTORE t TO VERSION AS OF 1") == ("RESTORE", dry[1])
    assert t.value("SELECT count(*) FROM t") == 1
    moment = t.value("SELECT timestamp FROM kadali.table_history('t') WHERE version = 2")
    t.rows(f"RESTORE t TO TIMESTAMP AS OF '{moment.isoformat()}'")
    assert t.value("SELECT count(*) FROM t") == 2
    assert t.value("SELECT rows FROM kadali.tables WHERE schema = %s", [t.schema]) == 2
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        t.rows("RESTORE t TO VERSION AS OF 99")


def test_restore_takes_the_columns_back(t: Table) -> None:
    t.connection.execute("ALTER TABLE t ADD COLUMN y bigint")
    t.connection.execute("INSERT INTO t VALUES ('2026-01-01', 9, 'x', 9)")
    t.rows("RESTORE t TO VERSION AS OF 3")
    cursor = t.connection.execute("SELECT * FROM t")
    assert [column.name for column in cursor.description or ()] == ["day", "r", "x"]
    t.connection.execute("INSERT INTO t VALUES ('2026-01-01', 10, 'x')")
    assert t.value("SELECT count(*) FROM t") == 4


def test_twins(t: Table) -> None:
    assert t.rows("SELECT * FROM kadali.vacuum('t', retain => '240 hours', dry_run => true)")[0][:3] == (
        f"{t.schema}.t",
        0,
        0,
    )
    assert t.value("SELECT kadali.vacuum('t')").startswith(f"({t.schema}.t,0,0,")
    assert t.rows("SELECT files_removed FROM kadali.optimize('t', filter => 'day = ''2026-01-02''')") == [(2,)]
    assert t.rows("SELECT num_removed_files FROM kadali.restore('t', version => %s)", [1]) == [(2,)]
    assert t.value("SELECT count(*) FROM t") == 1


def test_describing_a_twin_runs_nothing(t: Table) -> None:
    t.connection.prepare_threshold = 0
    versions = t.value("SELECT max(version) FROM kadali.table_history('t')")
    prepared = "PREPARE o AS SELECT * FROM kadali.optimize('t')"
    t.connection.execute(prepared)
    t.connection.execute("EXPLAIN SELECT * FROM kadali.optimize('t')")
    assert t.value("SELECT max(version) FROM kadali.table_history('t')") == versions
    t.connection.execute("EXECUTE o")
    assert t.value("SELECT max(version) FROM kadali.table_history('t')") == versions + 1


def test_twins_refuse(t: Table) -> None:
    for sql, state in {
        "SELECT kadali.vacuum(x) FROM t": "0A000",
        "SELECT * FROM kadali.vacuum('t', nope => 1)": "42883",
        "SELECT * FROM kadali.nope('t')": "42883",
        "SELECT * FROM kadali.vacuum('nope')": "42P01",
        "SELECT * FROM kadali.restore('t')": "22023",
        "SELECT * FROM kadali.nope": "42P01",
    }.items():
        with pytest.raises(psycopg.Error) as caught:
            t.rows(sql)
        assert (sql, caught.value.sqlstate) == (sql, state)


def test_inside_a_transaction(t: Table) -> None:
    warnings: list[str] = []
    t.connection.add_notice_handler(lambda notice: warnings.append(str(notice.message_primary)))
    t.connection.execute("BEGIN")
    t.rows("OPTIMIZE t")
    assert warnings == ["OPTIMIZE was executed immediately, not undone by ROLLBACK"]
    t.connection.execute("INSERT INTO t VALUES ('2026-01-01', 9, 'x')")
    for sql in ("VACUUM t", "SELECT * FROM kadali.vacuum('t')"):
        t.connection.execute("SAVEPOINT s")
        with pytest.raises(psycopg.errors.ActiveSqlTransaction):
            t.rows(sql)
        t.connection.execute("ROLLBACK TO s")
    t.connection.execute("ROLLBACK")


def test_rights(t: Table) -> None:
    with t.gateway.connect("bob") as bob:
        t.connection.execute(f"GRANT USAGE ON SCHEMA {t.schema} TO bob")
        for sql in ("VACUUM {}.t", "OPTIMIZE {}.t", "RESTORE {}.t TO VERSION AS OF 1", "DESCRIBE HISTORY {}.t"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                bob.execute(sql.format(t.schema))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            bob.execute(f"SELECT * FROM kadali.time_travel('{t.schema}.t', version => 1)")
        assert bob.execute("SELECT count(*) FROM kadali.tables WHERE schema = %s", [t.schema]).fetchall() == [(0,)]
        t.connection.execute(f"GRANT SELECT ON {t.schema}.t TO bob")
        assert len(bob.execute(f"DESCRIBE HISTORY {t.schema}.t").fetchall()) == 4
        warnings: list[str] = []
        bob.add_notice_handler(lambda notice: warnings.append(str(notice.message_primary)))
        bob.execute(f"ANALYZE {t.schema}.t")
        assert warnings == ['permission denied to analyze "t", skipping it']


def test_analyze_sees_commits_of_others(t: Table) -> None:
    rows = pa.table({"day": pa.array([None], pa.date32()), "r": pa.array([7], pa.int32()), "x": ["other"]})
    write_deltalake(t.location, rows, mode="append")
    assert tag(t, "ANALYZE t") == ("ANALYZE", [])
    assert t.value("SELECT reltuples::int FROM pg_class WHERE oid = 't'::regclass") == 4
    assert t.value("SELECT version FROM kadali.tables WHERE schema = %s", [t.schema]) == 4


def test_copy_of_a_show_statement(t: Table) -> None:
    with t.connection.cursor() as cursor, cursor.copy("COPY (DESCRIBE HISTORY t) TO STDOUT") as copy:
        assert sum(1 for _ in copy.rows()) == 4
