"""Scripts of session statements through the front door, each answer compared with a real PostgreSQL's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import pq
from psycopg.pq import DiagnosticField as Diag

from catalog.postgres import EmbeddedPostgres
from tests.gateway_server import GatewayServer

REPORTED = ("TimeZone", "DateStyle", "IntervalStyle", "application_name", "client_encoding")
USER = "alice"


@pytest.fixture(scope="session")
def oracle_conninfo(metadata_postgres: EmbeddedPostgres) -> str:
    """A database of PostgreSQL's own, as an ordinary user of the same name."""
    with psycopg.connect(metadata_postgres.conninfo("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {USER} LOGIN")
        connection.execute("CREATE ROLE bob LOGIN")
        connection.execute(f"CREATE DATABASE scripts OWNER {USER}")
    return metadata_postgres.conninfo("scripts", USER)


class Player:
    """Plays messages on one connection and writes down everything that comes back."""

    def __init__(self, conninfo: str) -> None:
        self.connection = psycopg.connect(conninfo, autocommit=True, application_name="player")
        self.pgconn = self.connection.pgconn
        self.notices: list[tuple[object, ...]] = []
        self.pgconn.notice_handler = lambda result: self.notices.append(_diag(result))

    def simple(self, sql: str) -> list[object]:
        self.pgconn.send_query(sql.encode())
        return self._answers()

    def extended(self, sql: str, params: list[bytes | None] | None = None, *, binary: bool = False) -> list[object]:
        self.pgconn.send_query_params(sql.encode(), params or [], result_format=int(binary))
        return self._answers()

    def described(self, sql: str) -> list[object]:
        self.pgconn.send_prepare(b"", sql.encode())
        answers = self._answers()
        self.pgconn.send_describe_prepared(b"")
        return [*answers, *self._answers()]

    def _answers(self) -> list[object]:
        answers: list[object] = []
        while True:
            result = self.pgconn.get_result()
            if result is None:
                break
            answers.append(_result(result))
        notices, self.notices = self.notices, []
        told = tuple(self.pgconn.parameter_status(name.encode()) for name in REPORTED)
        return [*answers, notices, pq.TransactionStatus(self.pgconn.transaction_status).name, told]


def _diag(result: Any) -> tuple[object, ...]:
    fields = (
        Diag.SEVERITY,
        Diag.SQLSTATE,
        Diag.MESSAGE_PRIMARY,
        Diag.MESSAGE_DETAIL,
        Diag.MESSAGE_HINT,
        Diag.STATEMENT_POSITION,
    )
    values = [result.error_field(field) for field in fields]
    if values[1] in (b"42601", b"0A000") and values[4] is not None and values[4].startswith(b"Expected"):
        values[4] = None  # hints of our own parser
    return tuple(values)


def _result(result: Any) -> tuple[object, ...]:
    if result.status in (pq.ExecStatus.FATAL_ERROR,):
        return _diag(result)
    columns = [(result.fname(n), result.ftype(n), result.fformat(n)) for n in range(result.nfields)]
    rows = [tuple(result.get_value(row, n) for n in range(result.nfields)) for row in range(result.ntuples)]
    return (pq.ExecStatus(result.status).name, result.command_status, columns, rows)


SCRIPTS: dict[str, list[str]] = {
    "settings": [
        "SET timezone = 'Asia/Tokyo'",
        "SHOW timezone; SHOW TIME ZONE",
        "SET TIME ZONE INTERVAL '-08:00' HOUR TO MINUTE; SHOW timezone",
        "SET DateStyle = 'ISO';SET extra_float_digits = 2;show transaction_isolation",
        "SET datestyle TO German, DMY; SHOW datestyle",
        "SET intervalstyle = iso_8601",
        "SET search_path = pg_catalog; SHOW search_path; SELECT current_schemas(false)",
        "SET SESSION search_path TO 'player'; select current_schema()",
        "SET search_path TO player, \"Mixed Case\", 'q''uote', \"select\"; SHOW search_path",
        "SET NAMES 'utf8'",
        "SHOW client_encoding",
        "SET client_encoding TO DEFAULT",
        "SET nonsense = 1",
        "SHOW nonsense",
        "RESET nonsense",
        "SET my.thing = 5; SHOW my.thing",
        "SELECT current_setting('my.thing')",
        "RESET my.thing; SHOW my.thing",
        "SET timezone TO 'a', 'b'",
        "SET timezone TO 'Nowhere'",
        "SET server_version = '1'",
        "SET log_statement = 'all'",
        "SET statement_timeout = '1min'; SHOW statement_timeout",
        "SET statement_timeout = 'soon'",
        "SET enable_seqscan = maybe",
        "SET work_mem FROM CURRENT",
        "RESET ALL; SHOW timezone; SHOW search_path; SHOW datestyle",
        "SET XML OPTION DOCUMENT; SHOW xmloption",
        "SET SCHEMA 'public'; SHOW search_path",
        "SET CATALOG 'x'",
        "SHOW is_superuser; SHOW session_authorization; SHOW role; SHOW standard_conforming_strings",
        "SHOW data_directory",
        "SET application_name = 'me'",
        "SHOW server_version; SHOW server_version_num; SHOW transaction isolation level",
    ],
    "settings and transactions": [
        "BEGIN; SET timezone = 'Asia/Tokyo'; SET LOCAL datestyle = 'SQL'",
        "SHOW timezone; SHOW datestyle",
        "ROLLBACK",
        "SHOW timezone; SHOW datestyle",
        "BEGIN; SET timezone = 'Asia/Tokyo'; SET LOCAL datestyle = 'SQL'; COMMIT",
        "SHOW timezone; SHOW datestyle",
        "BEGIN; SET timezone = 'UTC'; SAVEPOINT a; SET timezone = 'Asia/Kolkata'",
        "SET LOCAL intervalstyle = sql_standard",
        "ROLLBACK TO a; SHOW timezone; SHOW intervalstyle",
        "SET LOCAL intervalstyle = sql_standard; RELEASE a; SHOW intervalstyle",
        "COMMIT; SHOW timezone; SHOW intervalstyle",
        "SET LOCAL timezone = 'Asia/Tokyo'",
        "SHOW timezone",
        "SET LOCAL timezone = 'Asia/Tokyo'; SHOW timezone",
        "SHOW timezone",
        "SET timezone = 'Asia/Tokyo'; SELECT 1/0",
        "SHOW timezone",
        "BEGIN; SELECT set_config('timezone', 'Asia/Tokyo', false)",
        "SHOW timezone",
        "ROLLBACK",
        "SHOW timezone",
        "BEGIN; SET my.new = 'x'; ROLLBACK; SHOW my.new",
        "BEGIN; SELECT set_config('my.claim', 'x', true), set_config('timezone', 'Asia/Kolkata', true)",
        "SHOW my.claim; SHOW timezone; SELECT current_setting('my.claim')",
        "SAVEPOINT a; SELECT set_config('my.claim', 'y', true); ROLLBACK TO a",
        "SELECT current_setting('my.claim')",
        "COMMIT",
        "SHOW my.claim; SHOW timezone; SELECT current_setting('my.claim')",
        "SELECT set_config('my.claim', 'z', true)",
        "SELECT current_setting('my.claim')",
        "SELECT set_config('my.claim', 'z', false); SELECT 1/0",
        "SELECT current_setting('my.claim')",
        "SELECT set_config('transaction_read_only', 'on', true)",
    ],
    "transactions": [
        "BEGIN",
        "BEGIN",
        "COMMIT",
        "COMMIT",
        "ROLLBACK",
        "START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SHOW transaction_isolation; SHOW transaction_read_only",
        "COMMIT TRANSACTION",
        "SHOW transaction_isolation",
        "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE DEFERRABLE; SHOW transaction_deferrable",
        "END AND CHAIN",
        "SHOW transaction_isolation; SHOW transaction_deferrable",
        "ROLLBACK AND NO CHAIN",
        "COMMIT AND CHAIN",
        "ROLLBACK AND CHAIN",
        "SAVEPOINT a",
        "RELEASE a",
        "ROLLBACK TO a",
        "SELECT 1; SAVEPOINT a",
        "BEGIN; SELECT 1/0",
        "SELECT 1",
        "SHOW timezone",
        "SET timezone = 'UTC'",
        "SAVEPOINT b",
        "ROLLBACK TO b",
        "COMMIT",
        "BEGIN; SAVEPOINT a; SELECT 1/0",
        "ROLLBACK TO a",
        "SELECT 2; RELEASE a",
        "RELEASE a",
        "ABORT",
        "BEGIN; SELECT 1; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "ROLLBACK; BEGIN; SAVEPOINT a; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "ROLLBACK; BEGIN READ ONLY; SELECT 1; SET TRANSACTION READ WRITE",
        "ROLLBACK; BEGIN READ ONLY; SAVEPOINT a; SET TRANSACTION READ WRITE",
        "ROLLBACK; BEGIN; SET transaction_read_only = on; SHOW transaction_read_only; SET transaction_isolation = 'x'",
        "ROLLBACK",
        "SET TRANSACTION READ ONLY",
        "SET TRANSACTION READ ONLY; SHOW transaction_read_only",
        "SHOW transaction_read_only",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY, ISOLATION LEVEL REPEATABLE READ",
        "SHOW transaction_read_only; SHOW default_transaction_isolation; SHOW transaction_isolation",
        "BEGIN; SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; SHOW transaction_read_only; COMMIT",
        "SHOW transaction_read_only",
        "RESET transaction_isolation",
        "RESET TRANSACTION ISOLATION LEVEL",
        "SET CONSTRAINTS ALL DEFERRED",
        "BEGIN; SET CONSTRAINTS ALL IMMEDIATE; COMMIT",
        "SELECT 1; BEGIN; SELECT 2",
        "SELECT 3; COMMIT; SELECT 4",
    ],
    "cursors": [
        "DECLARE c CURSOR FOR SELECT 1",
        "BEGIN; DECLARE c CURSOR FOR SELECT g FROM generate_series(1, 5) g; FETCH 2 FROM c",
        "FETCH c; FETCH NEXT IN c; MOVE c; FETCH c",
        "ROLLBACK",
        "FETCH c",
        "BEGIN; DECLARE c NO SCROLL CURSOR FOR SELECT g FROM generate_series(1, 5) g; FETCH 2 FROM c",
        "FETCH PRIOR FROM c",
        "ROLLBACK; BEGIN; DECLARE c SCROLL CURSOR FOR SELECT g, 'r' || g AS t FROM generate_series(1, 5) g",
        "FETCH FORWARD 2 c; FETCH PRIOR c; FETCH PRIOR c; FETCH PRIOR c; FETCH 0 c; FETCH NEXT c; FETCH 0 c",
        "FETCH LAST c; FETCH NEXT c; FETCH NEXT c; FETCH PRIOR c; FETCH ABSOLUTE 2 c; FETCH ABSOLUTE -2 c",
        "FETCH RELATIVE -2 c; FETCH RELATIVE 0 c; FETCH RELATIVE 2 c; FETCH FIRST c; FETCH ALL c; FETCH BACKWARD ALL c",
        "FETCH -2 c; FETCH ABSOLUTE 0 c; FETCH BACKWARD -2 c; FETCH ABSOLUTE 99 c; FETCH -3 c; FETCH ABSOLUTE -99 c",
        "MOVE 2 c; MOVE 0 c; MOVE ALL c; MOVE 0 c; MOVE BACKWARD ALL c; MOVE FORWARD ALL IN c",
        "MOVE PRIOR c; MOVE LAST c",
        "MOVE ABSOLUTE 3 c; FETCH c; MOVE RELATIVE -2 c; FETCH c; CLOSE c; FETCH c",
        "ROLLBACK; CLOSE c",
        'BEGIN;declare "SQL_CUR0x1" cursor with hold for select g from generate_series(1, 3000) g',
        'fetch 3 in "SQL_CUR0x1"',
        'fetch 2 in "SQL_CUR0x1"',
        "COMMIT",
        'fetch 2 in "SQL_CUR0x1"; move 2000 in "SQL_CUR0x1"; fetch 1 in "SQL_CUR0x1"',
        'close "SQL_CUR0x1";commit',
        "BEGIN; DECLARE h CURSOR WITH HOLD FOR SELECT 1; ROLLBACK; FETCH h",
        "DECLARE h SCROLL CURSOR WITH HOLD FOR VALUES (1, 'a'), (2, NULL), (3, 'c')",
        "FETCH 2 h; FETCH BACKWARD 2 h; FETCH ALL h",
        "DECLARE h CURSOR WITH HOLD FOR SELECT 1",
        "CLOSE ALL; FETCH h",
        "DECLARE h SCROLL NO SCROLL CURSOR WITH HOLD FOR SELECT 1",
        "DECLARE h INSENSITIVE ASENSITIVE CURSOR WITH HOLD FOR SELECT 1",
        "DECLARE h CURSOR WITH HOLD FOR SELECT nonsense",
        "DECLARE h CURSOR WITH HOLD FOR SELECT 1/0; FETCH h",
        "BEGIN; DECLARE c CURSOR FOR SELECT 1; SAVEPOINT a; DECLARE d CURSOR FOR SELECT 2",
        "ROLLBACK TO a; FETCH c; FETCH d",
        "ROLLBACK",
        "SELECT 1; DECLARE c CURSOR FOR SELECT 7 AS seven; FETCH c; SELECT 2",
        "FETCH c",
        "BEGIN; DECLARE c BINARY CURSOR FOR SELECT 258 AS n; FETCH c",
        "COMMIT",
        "BEGIN; DECLARE c CURSOR FOR SELECT g FROM generate_series(1,3) g WHERE false; FETCH c; FETCH ALL c; MOVE c",
    ],
    "prepared statements": [
        "PREPARE p AS SELECT 1 AS one; EXECUTE p",
        "PREPARE p AS SELECT 2",
        "PREPARE q (int, text) AS SELECT $1 + 1 AS n, $2 || 'x' AS t; EXECUTE q (41, 'a'); EXECUTE q (1 + 1, NULL)",
        "EXECUTE q (1)",
        "EXECUTE q (1, 2, 3)",
        "EXECUTE q ('zero', 'a')",
        "EXECUTE q (nonsense, 'a')",
        "EXECUTE q (1.6, 5)",
        "PREPARE r (nonsense) AS SELECT 1",
        "PREPARE r AS SELECT $1::date; EXECUTE r ('2024-02-30')",
        "PREPARE r AS SELECT $1::date; EXECUTE r ('2024-02-29')",
        "PREPARE s AS SELECT nonsense",
        "DEALLOCATE p; EXECUTE p",
        "DEALLOCATE p",
        "DEALLOCATE PREPARE q; DEALLOCATE ALL; EXECUTE r",
        "PREPARE t AS BEGIN",
        "PREPARE u (numeric(5,2), varchar(3)) AS SELECT $1, $2; EXECUTE u (1.239, 'abcdef')",
    ],
    "pools": [
        "SET timezone = 'Asia/Tokyo'; PREPARE p AS SELECT 1",
        "DECLARE h CURSOR WITH HOLD FOR SELECT 1",
        "DISCARD ALL",
        "SHOW timezone",
        "EXECUTE p",
        "FETCH h",
        "SELECT 1; DISCARD ALL",
        "BEGIN; DISCARD ALL",
        "ROLLBACK; DISCARD PLANS; DISCARD SEQUENCES; DISCARD TEMP; DISCARD TEMPORARY",
        "CLOSE ALL; UNLISTEN *; RESET ALL;",
        "LISTEN x; UNLISTEN x",
        "BEGIN; UNLISTEN *; COMMIT",
        "CHECKPOINT",
        "DEALLOCATE ALL",
    ],
    "roles": [
        f"SET ROLE {USER}",
        "SHOW role",
        "SET ROLE NONE; SHOW role",
        "SET ROLE bob",
        "SET ROLE nobody_at_all",
        "RESET ROLE; SHOW role",
        "SET SESSION AUTHORIZATION bob",
        f"SET SESSION AUTHORIZATION {USER}; SHOW session_authorization",
        "SET SESSION AUTHORIZATION DEFAULT; RESET SESSION AUTHORIZATION",
        "SET ROLE TO 'nobody_at_all'",
    ],
}


@pytest.fixture
def players(gateway: GatewayServer, oracle_conninfo: str) -> Iterator[tuple[Player, Player]]:
    ours, theirs = Player(gateway.conninfo(USER)), Player(oracle_conninfo)
    for player in (ours, theirs):
        player.simple("CREATE SCHEMA player")
    yield ours, theirs
    for player in (ours, theirs):
        player.simple("ROLLBACK; DROP SCHEMA player")
        player.connection.close()


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(players: tuple[Player, Player], name: str) -> None:
    ours, theirs = players
    differing = {
        sql: (answer, wanted) for sql in SCRIPTS[name] if (answer := ours.simple(sql)) != (wanted := theirs.simple(sql))
    }
    assert not differing, "\n".join(f"{sql}\n  ours   {a}\n  theirs {b}" for sql, (a, b) in differing.items())
