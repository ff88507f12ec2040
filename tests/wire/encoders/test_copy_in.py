"""COPY FROM STDIN beside PostgreSQL's: the same bytes give the same rows or the same error, however they are cut."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from catalog import types as t
from catalog.errors import FeatureNotSupported, NumericValueOutOfRange, SqlError
from catalog.types import PgType
from engine.base import Field
from engine.values.copy_in import CopyInDecoder
from engine.values.copy_options import CopyOptions
from gateway.pgwire.rows import RowEncoder, Style
from tests.wire.encoders.oracle import Oracle, data_rows, messages_of
from tests.wire.encoders.samples import array_samples, plain_samples

Columns = list[tuple[str, str, PgType]]
Options = list[tuple[str, Any]]
TWO: Columns = [("a", "int4", t.INT4), ("b", "text", t.TEXT)]


def theirs(oracle: Oracle, columns: Columns, clause: str, data: bytes) -> list[bytes] | tuple[str, str, str]:
    """DataRows of the table after the COPY, or (SQLSTATE, message, context)."""
    oracle.connection.execute("DROP TABLE IF EXISTS t")
    oracle.connection.execute(f"CREATE TEMPORARY TABLE t ({', '.join(f'{name} {kind}' for name, kind, _ in columns)})")
    try:
        with oracle.connection.cursor() as cursor, cursor.copy(f"COPY t FROM STDIN ({clause})") as copy:
            copy.write(data)
    except psycopg.Error as error:
        return error.sqlstate or "", error.diag.message_primary or "", error.diag.context or ""
    return data_rows(oracle.rows("SELECT * FROM t", binary=False))


def ours(columns: Columns, said: Options, data: bytes, cuts: Sequence[int] = ()) -> list[bytes] | tuple[str, str, str]:
    options = CopyOptions.of(said, [name for name, _, _ in columns], to_client=False)
    decoder = CopyInDecoder("t", [(name, pg) for name, _, pg in columns], options)
    edges = [0, *cuts, len(data)]
    batches: list[pa.RecordBatch] = []
    try:
        for start, end in itertools.pairwise(edges):
            batches += decoder.feed(data[start:end])
        batches += decoder.finish()
    except SqlError as error:
        return error.code, error.message, error.context or ""
    encoder = RowEncoder([Field(name, pg) for name, _, pg in columns], [0] * len(columns), Style())
    return [message for batch in batches for message in messages_of(bytes(encoder.encode(batch)))]


def spelled(said: Options) -> str:
    def one(name: str, value: Any) -> str:
        if value is None or isinstance(value, bool):
            return name if value is None else f"{name} {str(value).lower()}"
        return f"{name} ({', '.join(value)})" if isinstance(value, tuple) else f"{name} $x${value}$x$"

    return ", ".join(one(name, value) for name, value in said)


TEXT: Options = [("format", "text")]
CSV: Options = [("format", "csv")]
CASES: list[tuple[Options, bytes]] = [
    (TEXT, b""),
    (TEXT, b"1\tx\n2\t\\N\n\\N\ty"),
    (TEXT, b"1\t\n\\N\t\\\\N\n"),
    (TEXT, b"1\ta\\tb\\nc\\\\d\\b\\f\\v\\r\\q\n"),
    (TEXT, b"1\t\\101\\x41\\x4a\\xg\\7\\1012\\0601\n"),
    (TEXT, b"1\ta\\\nb\n2\tc\\\td\n"),
    (TEXT, b"1\tx\n\\.\n9\tgone\n"),
    (TEXT, b"1\tx\n\\."),
    (TEXT, b"1\tx\\.\n2\ty\n"),
    (TEXT, b"1\tx\\.y\n"),
    (TEXT, b"1\tx\r\n2\ty\r\n"),
    (TEXT, b"1\tx\r2\ty\r"),
    (TEXT, b"1\tx\n2\ty\r\n"),
    (TEXT, b"1\tx\r\n2\ty\n"),
    (TEXT, b"1\tx\r\n2\ty\r3\tz\r\n"),
    (TEXT, b"1\tx\r2\ty\n"),
    (TEXT, b"1\tx\r\n\\.\r\n"),
    (TEXT, b"1\tx\r\n\\.\n"),
    (TEXT, b"1\n"),
    (TEXT, b"1\tx\n\n2\ty\n"),
    (TEXT, b"1\tx\tz\n"),
    (TEXT, b"1\tx\nz\ty\n"),
    (TEXT, b"1\tx\n99999999999\ty\n"),
    (TEXT, b"\ty\n"),
    (TEXT, b"1\tx\\"),
    (TEXT, b"1\tx\n2\t\xff\n"),
    (TEXT, b"1\t\\000\n"),
    (TEXT, b"x\n"),
    (TEXT, b" 12 \tx\n0x1F\ty\n1_000\tz\n+5\tw\n"),
    ([("delimiter", "|"), ("null", "nil"), ("header", True)], b"h|h2\n1|nil\nnil|ni\\l\n"),
    ([("header", "match")], b"a\tb\n1\tx\n"),
    ([("header", "match")], b"a\tc\n1\tx\n"),
    ([("header", "match")], b"a\n1\tx\n"),
    ([("header", "match")], b"a\tb\tc\n1\tx\n"),
    ([("header", "match")], b"a\t\\N\n1\tx\n"),
    (CSV, b"1,x\n2,\n3,\"\"\n4,\"a\"\"b\nc\"\n"),
    (CSV, b"1,a\"b,c\"d\n2,\"x\"y\"z\"\n"),
    (CSV, b"1,\"x\n"),
    (CSV, b"1,\"a\nb\"\n2,x\n3\n"),
    (CSV, b"1,\"a\nb\"\nz,x\n"),
    (CSV, b"1,x\r\n2,\"y\r\n\"\r\n"),
    (CSV, b"1,x\n2,y\r\n"),
    (CSV, b"1,x\n\\.\n5,gone\n"),
    (CSV, b"1,\\.\n2,\\.x\n"),
    (CSV, b"1,x\\y\\\\z\n"),
    (CSV, b"1\n"),
    (CSV, b"1,2,3\n"),
    (CSV, b"\"\",x\n"),
    ([*CSV, ("header", None)], b"\"a\nb\",c\n1,x\nq,y\n"),
    ([*CSV, ("null", "NULL")], b"1,NULL\n2,\"NULL\"\n3,\n"),
    ([*CSV, ("null", "x"), ("force_null", ("b",))], b"1,\"x\"\n2,x\n3,xx\n"),
    ([*CSV, ("force_not_null", ("b",))], b"1,\n2,\"\"\n"),
    ([*CSV, ("force_not_null", ("b",)), ("force_null", ("b",))], b"1,\n2,\"\"\n"),
    ([*CSV, ("quote", "'"), ("escape", "\\"), ("delimiter", ";")], b"1;'a\\'b'\n2;'a\\\\'\n3;'c\\d'\n4;\\'x'\n"),
    ([*CSV, ("quote", "'"), ("escape", "\\")], b"1,'a\\'\n"),
    ([*CSV, ("escape", "x")], b"1,\"ax\"b\"\n2,\"axxb\"\n3,xx\n"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "data"), CASES, ids=str)
def test_cases(oracle: Oracle, said: Options, data: bytes) -> None:
    wanted = theirs(oracle, TWO, spelled(said), data)
    assert ours(TWO, said, data) == wanted


@pytest.mark.parametrize(("said", "data"), CASES, ids=str)
def test_every_split(monkeypatch: pytest.MonkeyPatch, said: Options, data: bytes) -> None:
    """With a block of one byte, so that every cut of the stream is a cut of the decoder's."""
    monkeypatch.setattr("engine.values.copy_in.BLOCK_BYTES", 1)
    whole = ours(TWO, said, data)
    for at in range(len(data) + 1):
        assert ours(TWO, said, data, [at]) == whole
    assert ours(TWO, said, data, range(1, len(data))) == whole


ALPHABET = st.sampled_from([b"1", b"a", b"\t", b"\n", b"\\", b"N", b".", b",", b'"', b"\r\n", b"x", b"\r", b" "])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(b"\t\r\n\\\r", TEXT)
@given(st.lists(ALPHABET, max_size=14).map(b"".join), st.sampled_from([TEXT, CSV]))
def test_random_streams(oracle: Oracle, data: bytes, said: Options) -> None:
    columns: Columns = [("a", "text", t.TEXT), ("b", "text", t.TEXT)]
    wanted, got = theirs(oracle, columns, spelled(said), data), ours(columns, said, data)
    assert got == wanted


SAMPLES = [s for s in [*plain_samples(31), *array_samples(32)] if s.name not in ("nb", "a_nb", "n76_38", "a_n76_38")]


@pytest.mark.parametrize("form", ["text", "csv", "binary"])
def test_postgresqls_own_output_comes_back(oracle: Oracle, form: str) -> None:
    """All types: what PostgreSQL copies out, we copy in, and send as PostgreSQL sends it."""
    oracle.load("sample", SAMPLES)
    listed = ", ".join(f'"{s.name}"' for s in SAMPLES)
    data = b"".join(oracle.copied(f"COPY (SELECT {listed} FROM sample ORDER BY i) TO STDOUT (FORMAT {form})"))
    columns: Columns = [(s.name, s.sql_type, s.pg) for s in SAMPLES]
    got = ours(columns, [("format", form)], data, range(1000, len(data), 1000))
    assert got == data_rows(oracle.rows(f"SELECT {listed} FROM sample ORDER BY i", binary=False))


@dataclass(frozen=True)
class Session:
    time_zone: str = "UTC"
    date_style: str = "ISO, MDY"


def test_settings_of_the_session() -> None:
    columns = [("at", t.TIMESTAMPTZ)]
    decoder = CopyInDecoder("t", columns, CopyOptions(), Session("America/New_York"))
    decoder.feed(b"2020-07-01 12:00\n")
    (batch,) = decoder.finish()
    assert batch.column(0).to_pylist()[0].isoformat() == "2020-07-01T16:00:00+00:00"
    with pytest.raises(FeatureNotSupported):
        CopyInDecoder("t", columns, CopyOptions(), Session(date_style="ISO, DMY"))
    CopyInDecoder("t", [("a", t.TEXT)], CopyOptions(), Session(date_style="ISO, DMY"))


def test_bare_numeric_is_exact_or_refused() -> None:
    decoder = CopyInDecoder("t", [("n", t.NUMERIC)], CopyOptions())
    decoder.feed(b"1.5\n-0.000000000000000001\n")
    (batch,) = decoder.finish()
    assert batch.schema.types == [pa.decimal128(38, 18)]
    assert [str(value) for value in batch.column(0).to_pylist()] == ["1.500000000000000000", "-1E-18"]
    for bad in (b"0.0000000000000000001\n", b"100000000000000000000\n"):
        decoder = CopyInDecoder("t", [("n", t.NUMERIC)], CopyOptions())
        decoder.feed(bad)
        with pytest.raises(NumericValueOutOfRange) as error:
            decoder.finish()
        assert error.value.context == f'COPY t, line 1, column n: "{bad.decode().strip()}"'


HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
ROW = b"\0\x02\0\0\0\x04\0\0\0\x07\0\0\0\x01x"
BINARY_CASES = [
    HEAD + ROW + ROW + b"\xff\xff",
    HEAD + ROW,
    HEAD,
    b"",
    b"PGCOP",
    b"PGCOPY\n\xff\r\n\0" + bytes(3),
    b"PGCOPY\n\xff\r\n\0" + bytes(6),
    b"PGCOPY\n\xff\r\n\0" + bytes(4) + b"\0\0\0\x02",
    b"PGCOPY\n\xff\r\n\0" + bytes(4) + b"\0\0\0\x02zz" + ROW,
    b"PGCOPY\n\xff\r\n\0" + b"\0\x01\0\0" + bytes(4) + ROW,
    b"PGCOPY\n\xff\r\n\0" + b"\0\x02\0\0" + bytes(4) + ROW,
    b"PGCOPX\n\xff\r\n\0" + bytes(8) + ROW,
    HEAD + ROW + b"\xff\xff" + ROW,
    HEAD + b"\0\x03" + ROW[2:],
    HEAD + b"\0\x02\0\0\0\x04\0\0\0\x07\xff\xff\xff\xfe",
    HEAD + ROW[:-1],
    HEAD + ROW[:4],
    HEAD + ROW + b"\0",
    HEAD + b"\0\x02\0\0\0\x03\0\0\x07\0\0\0\x01x",
    HEAD + b"\0\x02\0\0\0\x05\0\0\x07\0\0\0\0\0\x01x",
    HEAD + ROW + b"\0\x02\0\0\0\x04\0\0\0\x07\0\0\0\x01\xff",
    HEAD + b"\0\x02\xff\xff\xff\xff\xff\xff\xff\xff",
]


@pytest.mark.parametrize("data", BINARY_CASES, ids=str)
def test_binary_cases(oracle: Oracle, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    wanted = theirs(oracle, TWO, "FORMAT binary", data)
    got = ours(TWO, [("format", "binary")], data)
    assert got == wanted
    monkeypatch.setattr("engine.values.copy_in.BLOCK_BYTES", 1)
    assert ours(TWO, [("format", "binary")], data, range(1, len(data))) == wanted
