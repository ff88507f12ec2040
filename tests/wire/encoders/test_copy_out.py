"""COPY TO STDOUT equal to PostgreSQL's, message by message: every type, every format, odd options."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
import pyarrow as pa
import pytest

from catalog.errors import SqlError
from engine.base import Field
from engine.values.copy_options import CopyOptions
from gateway.pgwire.copy.out import CopyOutEncoder
from gateway.pgwire.rows import Style
from tests.wire.encoders.oracle import Oracle, messages_of
from tests.wire.encoders.samples import Sample, array_samples, plain_samples

PLAIN, ARRAYS = plain_samples(21), array_samples(22)
ALL = [*PLAIN, *ARRAYS]
Options = list[tuple[str, object]]
CSV: Options = [("format", "csv")]

CASES: list[tuple[str, Options]] = [
    ("FORMAT text", [("format", "text")]),
    ("DELIMITER '|', NULL 'nil', HEADER", [("delimiter", "|"), ("null", "nil"), ("header", None)]),
    ("DELIMITER ';', NULL ''", [("delimiter", ";"), ("null", "")]),
    ("FORMAT csv", [("format", "csv")]),
    ("FORMAT csv, HEADER", [("format", "csv"), ("header", None)]),
    ("FORMAT csv, DELIMITER ';', NULL 'NULL', QUOTE '''', ESCAPE '\\', FORCE_QUOTE *",
     [*CSV, ("delimiter", ";"), ("null", "NULL"), ("quote", "'"), ("escape", "\\"), ("force_quote", ("*",))]),
    ("FORMAT csv, FORCE_QUOTE (s, i4), NULL 'a'",
     [("format", "csv"), ("force_quote", ("s", "i4")), ("null", "a")]),
    ("FORMAT binary", [("format", "binary")]),
]  # fmt: skip


def stream(
    samples: Sequence[Sample], options: CopyOptions, width: int, rows: Sequence[Sequence[bytes | None]] = ()
) -> list[bytes]:
    encoder = CopyOutEncoder([Field(s.name, s.pg) for s in samples], options, Style())
    batch = pa.RecordBatch.from_arrays([s.array for s in samples], names=[s.name for s in samples])
    out = encoder.header()
    if rows:
        out += encoder.encode_blocks(rows)
    else:
        out += b"".join(bytes(encoder.encode(batch.slice(at, width))) for at in range(0, batch.num_rows, width))
    return [message[5:] for message in messages_of(out + encoder.trailer())]


@pytest.mark.parametrize(("clause", "said"), CASES, ids=[clause for clause, _ in CASES])
def test_all_types(oracle: Oracle, clause: str, said: Options) -> None:
    oracle.load("sample", ALL)
    names = [s.name for s in ALL]
    listed = ", ".join(f'"{name}"' for name in names)
    query = f"SELECT {listed} FROM sample ORDER BY i"
    wanted = oracle.copied(f"COPY ({query}) TO STDOUT ({clause})")
    options = CopyOptions.of(said, names, to_client=True)
    for width in (300, 9, 101):
        assert stream(ALL, options, width) == wanted
    assert stream(ALL, options, 1, oracle.rows(query, binary=options.binary)) == wanted


@pytest.mark.parametrize("clause", ["FORMAT text", "FORMAT csv", "FORMAT csv, HEADER, NULL 'x'", "FORMAT binary"])
@pytest.mark.parametrize("sample", PLAIN, ids=lambda s: s.name)
def test_single_column(oracle: Oracle, sample: Sample, clause: str) -> None:
    oracle.load("sample", [sample])
    wanted = oracle.copied(f'COPY (SELECT "{sample.name}" FROM sample ORDER BY i) TO STDOUT ({clause})')
    said: Options = [
        (part.split()[0].lower(), part.split()[1].strip("'") if " " in part else None) for part in clause.split(", ")
    ]
    options = CopyOptions.of(said, [sample.name], to_client=True)
    for width in (300, 11):
        assert stream([sample], options, width) == wanted


@pytest.mark.parametrize("form", ["text", "csv", "binary"])
def test_no_rows(oracle: Oracle, form: str) -> None:
    oracle.load("sample", PLAIN[:2])
    header = "" if form == "binary" else ", HEADER"
    wanted = oracle.copied(f"COPY (SELECT b, i2 FROM sample WHERE false) TO STDOUT (FORMAT {form}{header})")
    encoder = CopyOutEncoder(
        [Field("b", PLAIN[0].pg), Field("i2", PLAIN[1].pg)], CopyOptions(format=form, header=form != "binary"), Style()
    )
    out = encoder.header() + encoder.trailer()
    assert [message[5:] for message in messages_of(out)] == wanted


WRONG: list[tuple[bool, Options]] = [
    (True, [("format", "parquet")]),
    (True, [("format", "binary"), ("delimiter", ",")]),
    (True, [("format", "binary"), ("null", "x")]),
    (True, [("format", "binary"), ("header", None)]),
    (True, [("delimiter", "ab")]),
    (True, [("delimiter", "\n")]),
    (True, [("delimiter", "a")]),
    (True, [("null", "a\nb")]),
    (True, [("quote", "'")]),
    (True, [("format", "csv"), ("quote", "''")]),
    (True, [("format", "csv"), ("quote", ",")]),
    (True, [("escape", "x")]),
    (True, [("format", "csv"), ("escape", "xy")]),
    (True, [("force_quote", ("a",))]),
    (False, [("format", "csv"), ("force_quote", ("a",))]),
    (True, [("format", "csv"), ("force_null", ("a",))]),
    (True, [("format", "csv"), ("force_not_null", ("a",))]),
    (False, [("force_null", ("a",))]),
    (False, [("force_not_null", ("a",))]),
    (True, [("delimiter", "|"), ("null", "a|b")]),
    (True, [("format", "csv"), ("null", '"')]),
    (True, [("header", "match")]),
    (True, [("header", "perhaps")]),
    (True, [("format", "csv"), ("force_quote", ("nope",))]),
    (False, [("format", "csv"), ("force_null", ("nope",))]),
    (False, [("format", "csv"), ("force_not_null", ("nope",))]),
    (True, [("speed", "high")]),
    (True, [("delimiter", ","), ("delimiter", ";")]),
    (True, [("format", "csv"), ("force_quote", "a")]),
    (True, [("delimiter", None)]),
    (True, [("delimiter", "")]),
    (True, [("format", "csv"), ("delimiter", ";"), ("header", "off"), ("null", "NULL")]),
    (False, [("format", "csv"), ("header", "match"), ("quote", "'"), ("escape", "\\"), ("force_null", ("a",))]),
]


def spelled(options: Options) -> str:
    def one(name: str, value: object) -> str:
        if value is None:
            return name
        if isinstance(value, tuple):
            return f"{name} ({', '.join(value)})"
        text = str(value).replace("'", "''")
        return f"{name} E'{text}'".replace("\n", "\\n").replace("E'\\'", "E'\\\\'")

    return ", ".join(one(name, value) for name, value in options)


@pytest.mark.parametrize(("to_client", "said"), WRONG, ids=str)
def test_options_are_checked_as_postgresql_checks_them(oracle: Oracle, to_client: bool, said: Options) -> None:
    oracle.connection.execute("CREATE TEMPORARY TABLE IF NOT EXISTS plain (a int)")
    wanted = None
    try:
        with oracle.connection.cursor() as cursor:
            statement = f"COPY plain {'TO STDOUT' if to_client else 'FROM STDIN'} ({spelled(said)})"
            with cursor.copy(statement) as copy:
                if to_client:
                    list(copy)
                else:
                    copy.write(b"a\n")
    except psycopg.Error as error:
        wanted = (error.sqlstate, error.diag.message_primary)
    ours = None
    try:
        CopyOptions.of(said, ["a"], to_client=to_client, relation="plain")
    except SqlError as error:
        ours = (error.code, error.message)
    assert ours == wanted
