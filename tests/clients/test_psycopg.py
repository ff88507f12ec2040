"""psycopg 3: formats, prepared statements, pipelines, cursors, copy, notices; answers compared with PostgreSQL's."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import pq
from psycopg.types.json import Json, Jsonb

from tests.clients.every_type import COLUMNS, VALUES, create_table
from tests.clients.sides import Pair, Side, outcome

LONG = "SELECT count(*) FROM shop.numbers a, shop.numbers b, shop.numbers c WHERE a.n * b.n % 7 = c.n % 11"
"""Runs for minutes on either server."""


def raw(side: Side, sql: str, params: list[bytes | None], binary_in: bool, binary_out: bool, oids: list[int]) -> Any:
    """The bytes of every field, with the types of the columns."""
    with side.connect() as connection:
        formats = [int(binary_in)] * len(params)
        result = connection.pgconn.exec_params(sql.encode(), params, oids, formats, int(binary_out))
        if result.status != pq.ExecStatus.TUPLES_OK:
            return result.error_field(pq.DiagnosticField.SQLSTATE), result.error_message
        columns = [(result.fname(c), result.ftype(c), result.fmod(c), result.fformat(c)) for c in range(result.nfields)]
        rows = [[result.get_value(r, c) for c in range(result.nfields)] for r in range(result.ntuples)]
        return columns, rows


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_every_type_comes_back_as_postgres_sends_it(pair: Pair, schema: str, binary: bool) -> None:
    """Written as parameters in the same format, through a Delta table, byte for byte."""
    pair.run(create_table(f"{schema}.every"))
    places = ", ".join(["%b" if binary else "%t"] * (len(COLUMNS) + 1))

    def answer(side: Side) -> Any:
        with side.connect() as connection, connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {schema}.every VALUES ({places})", VALUES)
        return raw(side, f"SELECT * FROM {schema}.every ORDER BY number", [], False, binary, [])

    ours, theirs = pair.ask(answer)
    assert ours[0] == theirs[0]
    for mine, other in zip(ours[1], theirs[1], strict=True):
        assert dict(zip(COLUMNS, mine[1:], strict=True)) == dict(zip(COLUMNS, other[1:], strict=True))


def test_every_type_as_parameter_of_a_condition(pair: Pair, schema: str) -> None:
    """column = $1 finds the rows PostgreSQL finds, in both formats and for arrays of the type."""
    pair.run(create_table(f"{schema}.every"))

    def answer(side: Side) -> Any:
        found = {}
        with side.connect() as connection, connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {schema}.every VALUES ({', '.join(['%s'] * (len(COLUMNS) + 1))})", VALUES)
            for index, column in enumerate(COLUMNS, 1):
                if column in ("js",):
                    continue
                for value in {repr(row[index]): row[index] for row in VALUES if row[index] is not None}.values():
                    for place in ("%t", "%b"):
                        sql = f"SELECT number FROM {schema}.every WHERE {column} = {place} ORDER BY 1"
                        found[column, repr(value), place] = outcome(connection, sql, (value,))
        return found

    ours, theirs = pair.ask(answer)
    refused = {key for key, told in ours.items() if told[:1] == ("0A000",)}
    assert {key[0] for key in refused} == {"jb"}  # the engine does not compare jsonb
    assert {key: told for key, told in ours.items() if key not in refused} == {
        key: told for key, told in theirs.items() if key not in refused
    }


def test_prepared_statements(pair: Pair, schema: str) -> None:
    """Named from the sixth run on; also after the table changed below it."""
    pair.run(f"CREATE TABLE {schema}.t (a int, b text)")

    def answer(side: Side) -> Any:
        told = []
        with side.connect() as connection:
            for number in range(12):
                connection.execute(f"INSERT INTO {schema}.t VALUES (%s, %s)", (number, f"n{number}"))
                told.append(connection.execute(f"SELECT b FROM {schema}.t WHERE a = %s", (number,)).fetchall())
                star = f"SELECT * FROM {schema}.t WHERE a = %s"
            told.append(outcome(connection, star, (3,), prepare=True))
            connection.execute(f"ALTER TABLE {schema}.t ADD COLUMN c int")
            told.append(outcome(connection, star, (3,), prepare=True))
            told.append(outcome(connection, "SELECT %s; SELECT 2", (1,)))
            connection.execute("DEALLOCATE ALL")
            return told

    ours, theirs = pair.ask(answer)
    assert ours == theirs


def test_pipeline(pair: Pair, schema: str) -> None:
    pair.run(f"CREATE TABLE {schema}.t (a int)")

    def answer(side: Side) -> Any:
        told: list[Any] = []
        with side.connect() as connection:
            with connection.pipeline():
                cursors = [connection.execute(f"INSERT INTO {schema}.t VALUES (%s)", (n,)) for n in range(20)]
                counted = connection.execute(f"SELECT count(*), sum(a) FROM {schema}.t")
            told += [cursor.statusmessage for cursor in cursors]
            told.append(counted.fetchall())
            with pytest.raises(psycopg.errors.DivisionByZero), connection.pipeline() as pipeline:
                for sql in ("SELECT 1", "SELECT 1/0", f"INSERT INTO {schema}.t VALUES (21)"):
                    connection.execute(sql)
                pipeline.sync()
            told.append(outcome(connection, f"SELECT count(*) FROM {schema}.t"))
        return told

    ours, theirs = pair.ask(answer)
    assert ours == theirs
    assert ours[20:] == [[(20, 190)], [(20,)]]


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
@pytest.mark.parametrize(
    "options", [{}, {"withhold": True}, {"scrollable": True}, {"scrollable": True, "withhold": True}]
)
def test_server_cursors(pair: Pair, options: dict[str, bool], binary: bool) -> None:
    def answer(side: Side) -> Any:
        told: list[Any] = []
        with side.connect(autocommit=False) as connection:
            with connection.cursor(name='Na"me', binary=binary, **options) as cursor:
                cursor.execute("SELECT n, n::text || 'x' FROM shop.numbers WHERE n <= %s ORDER BY n", (500,))
                told.append([(column.name, column.type_code) for column in cursor.description or ()])
                told.append(cursor.fetchone())
                told.append(cursor.fetchmany(7))
                if options.get("withhold"):
                    connection.commit()
                told.append(cursor.fetchmany(3))
                if options.get("scrollable"):
                    cursor.scroll(-5)
                    told.append(cursor.fetchmany(2))
                    cursor.scroll(490, mode="absolute")
                    told.append(cursor.fetchmany(2))
                cursor.itersize = 100
                told.append([row[0] for row in cursor])
                told.append(cursor.fetchone())
            told.append(outcome(connection, 'FETCH 1 FROM "Na""me"'))
        return told

    ours, theirs = pair.ask(answer)
    assert ours == theirs


def test_executemany_and_returning(pair: Pair, schema: str) -> None:
    pair.run(f"CREATE TABLE {schema}.t (a int, b text DEFAULT 'd')")

    def answer(side: Side) -> Any:
        told: list[Any] = []
        with side.connect(autocommit=False) as connection, connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {schema}.t (a) VALUES (%s) RETURNING a, b", [(n,) for n in range(50)], returning=True
            )
            told.append([item.fetchall() for item in cursor.results()])
            told.append(cursor.rowcount)
            cursor.execute(f"UPDATE {schema}.t SET b = b || a WHERE a % 10 = 0 RETURNING a, b")
            told += [cursor.rowcount, sorted(cursor.fetchall())]
            cursor.execute(f"DELETE FROM {schema}.t WHERE a > %s", (39,))
            told += [cursor.rowcount, cursor.statusmessage]
            cursor.execute(f"SELECT count(*) FROM {schema}.t")
            told.append(cursor.fetchall())
        with side.connect() as connection:
            told.append(connection.execute(f"SELECT count(*), max(b) FROM {schema}.t").fetchall())
        return told

    ours, theirs = pair.ask(answer)
    assert ours == theirs


def test_generated_columns(pair: Pair, schema: str) -> None:
    """Written in every way that there is; errors too."""
    pair.run(
        f"CREATE TABLE {schema}.t (n int DEFAULT 5, g int GENERATED ALWAYS AS (n * 2) STORED, c char(3),"
        " d text GENERATED ALWAYS AS (upper(coalesce(c, 'none')) || n) STORED)"
    )

    def answer(side: Side) -> Any:
        seen: list[Any] = []
        with side.connect() as connection, connection.cursor() as cursor:
            with cursor.copy(f"COPY {schema}.t FROM STDIN") as copy:
                copy.write("1\ta\n2\t\\N\n")
            with cursor.copy(f"COPY {schema}.t (c) FROM STDIN") as copy:
                copy.write("b\n")
            for sql in (
                f"INSERT INTO {schema}.t SELECT n + 10 FROM {schema}.t",
                f"INSERT INTO {schema}.t (c, g) VALUES ('z', DEFAULT) RETURNING *",
                f"UPDATE {schema}.t SET n = n + 1, g = DEFAULT WHERE c = 'a' RETURNING g, d",
                f"UPDATE {schema}.t x SET c = 'y' FROM {schema}.t y WHERE y.n = x.n + 10",
                f"MERGE INTO {schema}.t USING (VALUES (15, 'm'), (99, 'w')) AS v(n, k) ON t.n = v.n"
                " WHEN MATCHED THEN UPDATE SET c = v.k WHEN NOT MATCHED THEN INSERT (c, n) VALUES (v.k, v.n)",
            ):
                cursor.execute(sql)
                seen.append((cursor.statusmessage, cursor.fetchall() if cursor.description else None))
            connection.commit()
            with cursor.copy(f"COPY {schema}.t TO STDOUT") as copy:
                seen.append(sorted(bytes(block) for block in copy))
            cursor.execute(f"SELECT * FROM {schema}.t ORDER BY n, c")
            seen.append(cursor.fetchall())
            for sql in (
                f"INSERT INTO {schema}.t VALUES (1, 2)",
                f"UPDATE {schema}.t SET g = 1",
                f"UPDATE {schema}.t SET n = 2147483647",
                f"COPY {schema}.t (n, g) FROM STDIN",
                f"CREATE TABLE {schema}.u (a int GENERATED ALWAYS AS (a + 1) STORED)",
                f"CREATE TABLE {schema}.u (a int, b int GENERATED ALWAYS AS (random()) STORED)",
            ):
                connection.rollback()
                with pytest.raises(psycopg.Error) as raised:
                    cursor.execute(sql)
                seen.append(
                    (raised.value.sqlstate, raised.value.diag.message_primary, raised.value.diag.message_detail)
                )
        return seen

    ours, theirs = pair.ask(answer)
    assert ours == theirs


REPORTED = (
    "server_encoding client_encoding DateStyle TimeZone IntervalStyle integer_datetimes is_superuser "
    "session_authorization standard_conforming_strings application_name in_hot_standby default_transaction_read_only"
).split()


def test_notices_and_parameter_status(pair: Pair) -> None:
    def answer(side: Side) -> Any:
        told: list[Any] = []
        with side.connect() as connection:
            connection.add_notice_handler(
                lambda diag: told.append((diag.severity, diag.sqlstate, diag.message_primary))
            )
            for sql in ("COMMIT", "DROP TABLE IF EXISTS shop.never", "BEGIN", "BEGIN", "ROLLBACK", "ROLLBACK"):
                connection.execute(sql)
            for sql in (
                "SET TimeZone = 'Europe/Paris'",
                "SET application_name = 'é \" x'",
                "SET DateStyle = 'German'",
            ):
                told.append(outcome(connection, sql))
            told.append(connection.info.encoding)
            told += [(name, connection.info.parameter_status(name)) for name in REPORTED]
            result = connection.pgconn.exec_params(b"SELECT at, day, 'x' FROM shop.orders WHERE id = 1", None)
            told.append([result.get_value(0, column) for column in range(3)])
        return told

    ours, theirs = pair.ask(answer)
    assert ours == theirs


def test_transactions_and_savepoints(pair: Pair, schema: str) -> None:
    pair.run(f"CREATE TABLE {schema}.t (a int)")

    def answer(side: Side) -> Any:
        told: list[Any] = []
        with side.connect(autocommit=False) as connection:
            with connection.transaction():
                connection.execute(f"INSERT INTO {schema}.t VALUES (1)")
                with pytest.raises(psycopg.errors.DivisionByZero), connection.transaction():
                    connection.execute(f"INSERT INTO {schema}.t VALUES (2)")
                    connection.execute("SELECT 1/0")
                with connection.transaction(force_rollback=True):
                    connection.execute(f"INSERT INTO {schema}.t VALUES (3)")
                with connection.transaction():
                    connection.execute(f"INSERT INTO {schema}.t VALUES (4)")
                told.append(outcome(connection, f"SELECT * FROM {schema}.t ORDER BY a"))
            told.append(outcome(connection, "SELECT nothing"))
            told.append(outcome(connection, "SELECT 1"))
            told.append(connection.info.transaction_status)
            connection.rollback()
            connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
            connection.read_only = True
            told.append(outcome(connection, f"INSERT INTO {schema}.t VALUES (5)"))
            connection.rollback()
            told.append(outcome(connection, "SHOW transaction_isolation"))
            connection.rollback()
        with side.connect() as connection:
            told.append(outcome(connection, f"SELECT * FROM {schema}.t ORDER BY a"))
        return told

    ours, theirs = pair.ask(answer)
    assert ours == theirs


def test_cancel_from_another_thread(kadali: Side) -> None:
    with kadali.connect() as connection, kadali.connect() as watcher:
        running = f"SHOW QUERIES WHERE state = 'running' AND query = '{LONG}'"
        caught: list[BaseException] = []

        def run() -> None:
            try:
                connection.execute(LONG)
            except psycopg.Error as error:
                caught.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        deadline = time.monotonic() + 30
        while not watcher.execute(running).fetchall():
            assert time.monotonic() < deadline
        connection.cancel_safe(timeout=20)
        thread.join(30)
        assert [type(error) for error in caught] == [psycopg.errors.QueryCanceled]
        assert outcome(connection, "SELECT max(n) FROM shop.numbers") == [(5000,)]


def test_statement_timeout(kadali: Side) -> None:
    with kadali.connect() as connection:
        connection.execute("SET statement_timeout = '300ms'")
        assert outcome(connection, LONG)[:2] == ("57014", "canceling statement due to statement timeout")
        assert outcome(connection, "SELECT max(n) FROM shop.numbers") == [(5000,)]


def test_rights_of_a_plain_user(pair: Pair) -> None:
    questions = (
        "SELECT count(*) FROM shop.orders",
        "SELECT name FROM shop.customers ORDER BY id",
        "SELECT secret FROM shop.customers",
        "SELECT * FROM shop.customers",
        "SELECT count(*) FROM shop.customers",
        "SELECT * FROM shop.revenue ORDER BY 1",
        "SELECT * FROM shop.lines",
        "INSERT INTO shop.orders (id) VALUES (9)",
        "UPDATE shop.orders SET note = 'x'",
        "DELETE FROM shop.orders",
        "TRUNCATE shop.orders",
        "DROP TABLE shop.orders",
        "CREATE TABLE shop.mine (a int)",
        "CREATE SCHEMA mine",
        "ALTER TABLE shop.orders ADD COLUMN x int",
        "COMMENT ON TABLE shop.orders IS 'mine'",
        "GRANT SELECT ON shop.orders TO bob",
        "COPY shop.lines TO STDOUT",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY shop.orders TO '/tmp/x'",
        "SELECT has_table_privilege('shop.lines', 'SELECT'), has_any_column_privilege('shop.customers', 'SELECT')",
    )

    def answer(side: Side) -> Any:
        with side.connect("bob") as connection:
            return {sql: outcome(connection, sql)[:2] for sql in questions}

    ours, theirs = pair.ask(answer)
    assert ours == theirs


def test_adapted_values_in_queries(pair: Pair) -> None:
    """Parameters of many Python types in expressions, with and without a table."""
    values = (
        1, 2**40, 2**70, 1.5, Decimal("1.50"), True, None, "té", b"\x00\xff", dt.date(2024, 2, 29),
        dt.datetime(2024, 1, 1, 1, 2, 3, 4),
        dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.time(1, 2, 3), dt.timedelta(days=1, seconds=2), uuid.UUID(int=7),
        Json({"a": [1]}), Jsonb({"a": 1.50}), [1, 2], ["a", None], [Decimal("1.5")],
    )  # fmt: skip

    def answer(side: Side) -> Any:
        told = []
        with side.connect() as connection:
            for value in values:
                for binary in (False, True):
                    cursor = connection.cursor(binary=binary)
                    for sql in ("SELECT %s", "SELECT %s, id FROM shop.orders WHERE id = 1"):
                        try:
                            told.append(cursor.execute(sql, (value,)).fetchall())
                        except psycopg.Error as error:
                            told.append([(error.sqlstate, str(error))])
        return told

    ours, theirs = pair.ask(answer)
    assert ours == theirs
