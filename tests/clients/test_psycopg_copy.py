"""COPY by psycopg 3: formats, typed rows, what is refused or given up; answers compared with PostgreSQL's."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.clients.every_type import COLUMNS, VALUES, create_table
from tests.clients.sides import Pair, Side, outcome


@pytest.mark.parametrize("options", ["", "(FORMAT csv, HEADER)", "(FORMAT binary)"])
def test_copy_out_and_in(pair: Pair, schema: str, options: str) -> None:
    pair.run(create_table(f"{schema}.every"), create_table(f"{schema}.again"))

    def answer(side: Side) -> Any:
        with side.connect() as connection, connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {schema}.every VALUES ({', '.join(['%s'] * (len(COLUMNS) + 1))})", VALUES)
            with cursor.copy(f"COPY (SELECT * FROM {schema}.every ORDER BY number) TO STDOUT {options}") as copy:
                data = b"".join(copy)
            with cursor.copy(f"COPY {schema}.again FROM STDIN {options}") as copy:
                for start in range(0, len(data), 777):
                    copy.write(data[start : start + 777])
            status = cursor.statusmessage
            with cursor.copy(f"COPY (TABLE {schema}.again) TO STDOUT") as copy:
                return data, status, sorted(bytes(block) for block in copy)

    ours, theirs = pair.ask(answer)
    assert ours == theirs


def test_copy_rows_with_types(pair: Pair, schema: str) -> None:
    pair.run(f"CREATE TABLE {schema}.t (a bigint, b numeric(12,3), c timestamptz, d text[])")
    when = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)

    def answer(side: Side) -> Any:
        with side.connect() as connection, connection.cursor() as cursor:
            with cursor.copy(f"COPY {schema}.t FROM STDIN (FORMAT binary)") as copy:
                copy.set_types(["int8", "numeric", "timestamptz", "text[]"])
                for number in range(500):
                    copy.write_row((number, Decimal(number) / 8, when, ["a", None, str(number)]))
            with cursor.copy(f"COPY (SELECT * FROM {schema}.t ORDER BY a) TO STDOUT (FORMAT binary)") as copy:
                copy.set_types(["int8", "numeric", "timestamptz", "text[]"])
                return list(copy.rows())

    ours, theirs = pair.ask(answer)
    assert ours == theirs
    assert len(ours) == 500


BAD_COPIES = {
    "bad number": (b"1\tx\n2\ty\nz\ty\n", ""),
    "too few": (b"1\n", ""),
    "too many": (b"1\tx\ty\n", ""),
    "csv quote": (b'1,"x\n', "(FORMAT csv)"),
    "no binary": (b"hello", "(FORMAT binary)"),
    "not null": (b"\\N\tx\n", ""),
    "bytes": (b"1\t\xff\n", ""),
}


@pytest.mark.parametrize("name", list(BAD_COPIES))
def test_bad_copies_leave_nothing(pair: Pair, schema: str, name: str) -> None:
    data, options = BAD_COPIES[name]
    pair.run(f"CREATE TABLE {schema}.t (a int NOT NULL, b text)")

    def answer(side: Side) -> Any:
        with side.connect() as connection:
            with (
                pytest.raises(psycopg.Error) as caught,
                connection.cursor().copy(f"COPY {schema}.t FROM STDIN {options}") as copy,
            ):
                copy.write(data)
            diag = caught.value.diag
            where = diag.context if name != "not null" else None  # found when the rows are written: no line is known
            return diag.sqlstate, diag.message_primary, where, outcome(connection, f"SELECT * FROM {schema}.t")

    ours, theirs = pair.ask(answer)
    assert ours == theirs


def test_a_copy_given_up_leaves_nothing(pair: Pair, schema: str) -> None:
    pair.run(f"CREATE TABLE {schema}.t (a int)")

    def answer(side: Side) -> Any:
        with side.connect() as connection:
            with pytest.raises(RuntimeError), connection.cursor().copy(f"COPY {schema}.t FROM STDIN") as copy:
                copy.write(b"1\n2\n")
                raise RuntimeError("enough")
            return outcome(connection, f"SELECT count(*) FROM {schema}.t")

    assert pair.ask(answer) == ([(0,)], [(0,)])
