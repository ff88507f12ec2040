# ruff: noqa: E501 (tables of values)
"""Input functions beside PostgreSQL's: the same text gives the same value or the same SQLSTATE and message."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from zoneinfo import available_timezones

import psycopg
import pyarrow as pa
import pytest

from catalog import types as t
from catalog.errors import FeatureNotSupported, SqlError
from catalog.types import PgType
from engine.base import Field, Param
from engine.values import arrow_from_binary, arrow_from_text, python_value, sql_literal
from engine.values.params import IntervalValue
from gateway.pgwire.render import zones
from gateway.pgwire.rows import RowEncoder, Style
from tests.wire.encoders.oracle import Oracle, messages_of
from tests.wire.encoders.samples import array_samples, plain_samples

INTEGER_TEXTS = ["0", "-0", "+7", " 12 ", "\t5\n", "", " ", "1.0", "1e3", "0x1F", "0X1f", "-0x10", "0o17", "0b101", "1_000", "1__0", "_1", "1_",
                 "0x_1", "0x", "--1", "+ 1", "32767", "32768", "-32768", "-32769", "2147483648", "9223372036854775807", "9223372036854775808",
                 "-9223372036854775808", "-9223372036854775809", "00012", "abc", "1 2", "\u0661", "9" * 100]  # fmt: skip
FLOAT_TEXTS = ["1", "-1.5", ".5", "5.", ".", "1e5", "1E-5", "1e400", "-1e400", "1e-400", "0e-999", "nan", "NaN", "NAN", "inf", "-inf", "+Infinity",
               "infinity", "infinit", "", " 1.5 ", "1_000", "0x10", "0x1p4", "1e", "e5", "1.5.5", "1e38", "1e39", "1e-45", "1e-46", "4.9e-324", "2e-324",
               "1.7976931348623157e308", "1.7976931348623159e308", "-0", "0.1", "16777217", "3.4028236e38"]  # fmt: skip
NUMERIC_TEXTS = ["0", "-0", "-0.00", "1.50", ".5", "5.", ".", "1e5", "1.5e-3", "1_000.5", "1_000.000_1", "1._5", "0x1F", "0x1.5", "nan", "inf", "-Infinity",
                 "", " 1.5 ", "abc", "1e131073", "1e-17000", "123.456", "999.995", "99999999.99", "0.005", "-0.005", "1e10", "12345678901234567890.12345", "1e",
                 "+1.5", "0b11", "1e+2", "1e1_0"]  # fmt: skip
BOOL_TEXTS = [
    "t",
    "T",
    "true",
    "tru",
    "yes",
    "y",
    "on",
    "o",
    "1",
    "f",
    "false",
    "no",
    "n",
    "of",
    "off",
    "0",
    "",
    "2",
    " true ",
    "truee",
    "10",
]
UUID_TEXTS = ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
              "a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "a0ee-bc999c0b-4ef8bb6d-6bb9bd380a11", "", "a0eebc99",
              "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
              " a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-"]  # fmt: skip
BYTEA_TEXTS = [
    "",
    "abc",
    "\\x",
    "\\x00ff",
    "\\x00 FF",
    "\\xg0",
    "\\x0",
    "a\\\\b",
    "\\001\\377",
    "\\400",
    "\\8",
    "a\\",
    "é",
    "\\x 0 0",
]
DATE_TEXTS = ["2020-01-02", "2020-1-2", "20200102", "200102", "1999-12-31 BC", "0001-01-01", "0000-01-01", "2020-02-30", "2020-13-01", "2020-00-10",
              "1/8/1999", "1/18/99", "18/1/1999", "January 8, 1999", "Jan 8 1999", "8 Jan 1999", "1999-Jan-08", "Jan-08-1999", "08-Jan-1999", "08-Jan-99",
              "Fri Jan 8 1999", "infinity", "-infinity", "epoch", "2020-01-02 10:11:12", "2020-01-02T10:11:12Z", "J2451187", "", "abc", "2020", "2020-01",
              "5874897-12-31", "5874898-01-01", "4714-11-24 BC", "4714-11-23 BC", "10000-01-01", "Infinity", "2020-06-31", "1999.008", "2020/01/02",
              "99-01-08", "2020-01-02 AD", "  2020-01-02  ", "02-29-2020", "2019-02-29", "2000-02-29", "1900-02-29", "12:00", "2020-01-02 foo"]  # fmt: skip
STAMP_TEXTS = ["2020-01-02 03:04:05", "2020-01-02T03:04:05", "2020-01-02 03:04", "2020-01-02", "2020-01-02 03:04:05.123456", "2020-01-02 03:04:05.1234567",
               "2020-01-02 03:04:05.9999999", "2020-01-02 24:00:00", "2020-01-02 24:00:01", "2020-01-02 23:59:60", "2020-01-02 23:59:61", "2020-01-02 25:00",
               "2020-01-02 03:60", "2020-01-02 3:4:5 PM", "2020-01-02 12:00 AM", "2020-01-02 13:00 PM", "2020-01-02 03:04:05+02", "2020-01-02 03:04:05 +02:30",
               "2020-01-02 03:04:05-0330", "2020-01-02 03:04:05Z", "2020-01-02 03:04:05 UTC", "2020-01-02 03:04:05 EST", "2020-01-02 03:04:05 PDT",
               "2020-01-02 03:04:05 America/New_York", "2020-07-02 03:04:05 America/New_York", "2020-01-02 03:04:05 Foo/Bar", "2020-01-02 03:04:05+16:00",
               "20200102T030405", "20200102 030405", "2020-01-02 030405", "infinity", "-infinity", "epoch", "0044-03-15 12:00 BC", "294246-01-01 00:00:00",
               "300000-01-01", "4714-11-24 00:00 BC", "4714-11-23 00:00 BC", "", "abc", "2020-01-02 abc", "Jan 2 2020 03:04:05", "Thu Jan 02 03:04:05 2020",
               "Thu Jan 02 03:04:05 2020 PST", "2020-03-08 02:30 America/New_York", "2020-11-01 01:30 America/New_York", "2020-01-02 03:04:05.5 BC", "2020-01-02 allballs"]  # fmt: skip
TIME_TEXTS = ["03:04:05", "03:04", "3:4", "24:00:00", "24:00:01", "23:59:60", "03:04:05.5", "03:04:05.1234567", "030405", "0304", "3:04 PM", "12:00 AM", "allballs",
              "03:04:05+02", "2020-01-02 03:04:05", "", "abc", "25:00", "03:60", "noon", "03:04:05 Z", "T03:04:05"]  # fmt: skip
TIMETZ_TEXTS = [
    "03:04:05+02",
    "03:04:05-03:30",
    "03:04:05Z",
    "03:04:05 UTC",
    "24:00:00+00",
    "03:04",
    "03:04:05.5+05:30:15",
    "",
    "abc",
    "03:04 PST",
]
INTERVAL_TEXTS = ["1 year 2 mons -3 days +04:05:06.789", "1 day", "-1 day", "1 day ago", "1 year 2 days ago", "P1Y2M3DT4H5M6S", "PT36H", "P1W", "P-1Y", "1-2", "-1-2",
                  "1 2:03:04", "1:02", "1:02:03", "-1:02:03.5", "1.5 years", "1.5 months", "1.5 days", "1.5 weeks", "1.5 hours", "0.3 months", "2.7 years", "1 decade 2 centuries",
                  "@ 1 minute", "3", "3.5", "1 h 2 m 3 s", "1h2m3s", "5 ms 3 us", "1 millennium", "", "abc", "1 foo", "1 year 1 year", "day", "1:60:00", "1:00:61", "100000000000 days",
                  "1 mon -1 day 1 us", "-0.5 s", "1e2 s", "P1Y2M", "PT", "P", "1 d 2 h", "04:05:06.7891234", "-5 years 3 mons", "+1 day", "1 year ago 2 days", "2147483648 months"]  # fmt: skip
ARRAY_TEXTS = [
    "{}",
    "{1,2,3}",
    "{1,NULL,null}",
    " { 1 , 2 } ",
    "{1,2",
    "1,2}",
    "{1,,2}",
    "{1,2}x",
    "",
    "{a}",
    '{"1","2"}',
    "[1:2]={1,2}",
    "[1:3]={1,2}",
    "{1,2}}",
    "{{1},{2,3}}",
    '{"1"2}',
    "{1 2}",
]
TEXT_ARRAYS = ['{a,"b c",NULL,"NULL",""}', '{"a\\"b","c\\\\d"}', "{a\\,b}", '{"a,b"}', "{ a b , c }", "{a{b}", '{a"b}', '{"a"b}', "{\\N}", '{"',
               "{é}", "{,}", "{a,}", "{ }", '{" a "}', "{nul\\l}"]  # fmt: skip
TEXT_TEXTS = ["", "abc", "é", "toolongvalue", "abcde   ", "abcdef", "ab"]
JSON_TEXTS = [
    '{"a":1}',
    "[1, 2]",
    "null",
    "",
    "{",
    '{"a":1,}',
    "01",
    "1.",
    "-",
    '"\\x"',
    "'a'",
    ' {"a": [true]} ',
    "NaN",
    "tru",
    '"a\nb"',
    "1 2",
    "[" * 50 + "]" * 50,
]

CASES: list[tuple[str, PgType, list[str]]] = [
    ("int2", t.INT2, INTEGER_TEXTS),
    ("int4", t.INT4, INTEGER_TEXTS),
    ("int8", t.INT8, INTEGER_TEXTS),
    ("oid", t.OID, ["0", "4294967295", "4294967296", "-1", "", "abc", " 12 ", "0x10", "010", "09", "1_0", "+5"]),
    ("float4", t.FLOAT4, FLOAT_TEXTS),
    ("float8", t.FLOAT8, FLOAT_TEXTS),
    ("numeric", t.NUMERIC, NUMERIC_TEXTS),
    ("numeric(10,2)", t.numeric(10, 2), NUMERIC_TEXTS),
    ("numeric(3,3)", t.numeric(3, 3), ["0.999", "0.9995", "1", "-0.9994", "0"]),
    ("bool", t.BOOL, BOOL_TEXTS),
    ("uuid", t.UUID, UUID_TEXTS),
    ("bytea", t.BYTEA, BYTEA_TEXTS),
    ("date", t.DATE, DATE_TEXTS),
    ("timestamp", t.TIMESTAMP, STAMP_TEXTS),
    ("timestamp(2)", PgType(1114, 2), STAMP_TEXTS[:12]),
    ("timestamptz", t.TIMESTAMPTZ, STAMP_TEXTS),
    ("time", t.TIME, TIME_TEXTS),
    ("time(3)", PgType(1083, 3), TIME_TEXTS[:10]),
    ("timetz", PgType(1266), TIMETZ_TEXTS),
    ("interval", t.INTERVAL, INTERVAL_TEXTS),
    ("int4[]", t.array_of(t.INT4), ARRAY_TEXTS),
    ("text[]", t.array_of(t.TEXT), TEXT_ARRAYS),
    ("varchar(5)", t.varchar(5), TEXT_TEXTS),
    ("char(5)", PgType(1042, 9), TEXT_TEXTS),
    ("name", PgType(19), ["abc", "x" * 70, "é" * 40]),
    ('"char"', PgType(18), ["", "a", "ab", "\\101"]),
    ("json", t.JSON, JSON_TEXTS),
]
REFUSED: set[tuple[str, str]] = {("numeric(10,2)", "nan")}
"""Arrow's decimals hold no NaN."""
ASSIGNED = {"varchar(5)": "varcharin", "char(5)": "bpcharin"}
"""A cast would cut the value silently; COPY and INSERT go by the input function."""


def theirs(oracle: Oracle, kind: str, text: str) -> bytes | tuple[str, str] | None:
    """As an unknown parameter given that type, so that the type's input function reads it with its typmod."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    sql = f"SELECT E'{escaped}'::{kind}"
    if kind in ASSIGNED:
        sql = f"SELECT {ASSIGNED[kind]}(E'{escaped}', 0, 9)"
    result = oracle.connection.pgconn.exec_params(sql.encode(), [])
    if result.ntuples:
        return result.get_value(0, 0)
    error = result.error_field(psycopg.pq.DiagnosticField.SQLSTATE) or b""
    message = result.error_field(psycopg.pq.DiagnosticField.MESSAGE_PRIMARY) or b""
    return error.decode(), message.decode()


def ours(pg: PgType, text: str) -> bytes | tuple[str, str] | None:
    try:
        array = arrow_from_text([text.encode()], pg)
    except SqlError as error:
        return error.code, error.message
    assert array.type == t.arrow_type(pg)
    return shown(array, pg)


def shown(array: pa.Array, pg: PgType) -> bytes | None:
    stream = bytes(RowEncoder([Field("x", pg)], [0], Style()).encode(pa.RecordBatch.from_arrays([array], names=["x"])))
    (message,) = messages_of(stream)
    size = int.from_bytes(message[7:11], "big", signed=True)
    return None if size < 0 else message[11:]


@pytest.mark.parametrize(("kind", "pg", "texts"), CASES, ids=[kind for kind, _, _ in CASES])
def test_text_input(oracle: Oracle, kind: str, pg: PgType, texts: list[str]) -> None:
    different = []
    for text in texts:
        wanted, got = theirs(oracle, kind, text), ours(pg, text)
        if wanted != got and not (isinstance(got, tuple) and got[0] == "0A000" and (kind, text) in REFUSED):
            different.append((text, wanted, got))
    assert different == []


SAMPLES = [*plain_samples(51), *array_samples(52)]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.name)
def test_output_of_postgresql_is_read_back(oracle: Oracle, sample: object) -> None:
    """Both formats give the same array, and it prints as PostgreSQL printed it."""
    oracle.load("sample", [sample])  # type: ignore[list-item]
    name, pg = sample.name, sample.pg  # type: ignore[attr-defined]
    text = [row[0] for row in oracle.rows(f'SELECT "{name}" FROM sample ORDER BY i', binary=False)]
    binary = [row[0] for row in oracle.rows(f'SELECT "{name}" FROM sample ORDER BY i', binary=True)]
    from_text, from_binary = arrow_from_text(text, pg), arrow_from_binary(binary, pg)
    assert from_text.type == from_binary.type == t.arrow_type(pg)
    encoder = RowEncoder([Field("x", pg), Field("y", pg)], [0, 0], Style())
    batch = pa.RecordBatch.from_arrays([from_text, from_binary], names=["x", "y"])
    assert bytes(encoder.encode(batch)) == b"".join(_doubled(text))


def _doubled(texts: list[bytes | None]) -> list[bytes]:
    from tests.wire.encoders.oracle import data_rows

    return data_rows([[text, text] for text in texts])


def test_python_values() -> None:
    def value(text: bytes | None, pg: PgType) -> object:
        return python_value(Param(pg.oid, text), pg)

    assert value(None, t.INT4) is None
    assert value(b"7", t.INT8) == 7 and value(b"t", t.BOOL) is True and value(b"1.5", t.FLOAT8) == 1.5
    assert value(b"1.50", t.NUMERIC) == Decimal("1.50") and value(b"x", t.TEXT) == "x"
    assert value(b"\\x6162", t.BYTEA) == b"ab" and value(b"2020-01-02", t.DATE) == dt.date(2020, 1, 2)
    assert value(b"2020-01-02 03:04:05.5", t.TIMESTAMP) == dt.datetime(2020, 1, 2, 3, 4, 5, 500000)
    assert value(b"2020-01-02 03:04:05+02", t.TIMESTAMPTZ) == dt.datetime(2020, 1, 2, 1, 4, 5, tzinfo=dt.UTC)
    assert value(b"03:04:05", t.TIME) == dt.time(3, 4, 5) and value(b"1 day 2 s", t.INTERVAL) == dt.timedelta(1, 2)
    assert value(b"1 mon", t.INTERVAL) == IntervalValue(1, 0, 0)
    text = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    assert value(text.encode(), t.UUID) == uuid.UUID(text)
    assert value(b"{1,NULL}", t.array_of(t.INT4)) == [1, None]
    assert python_value(Param(23, b"\0\0\0\7", binary=True), t.INT4) == 7
    with pytest.raises(FeatureNotSupported):
        value(b"infinity", t.DATE)
    tz = python_value(Param(1184, b"2020-07-01 12:00"), t.TIMESTAMPTZ, time_zone="America/New_York")
    assert tz == dt.datetime(2020, 7, 1, 16, tzinfo=dt.UTC)


BAD: list[tuple[PgType, bytes, bool, str]] = [
    (t.INT4, b"x", False, "22P02"),
    (t.INT4, b"\0\0\0", True, "08P01"),
    (t.INT4, b"\0\0\0\0\0", True, "22P03"),
    (t.TEXT, b"a\xff", False, "22021"),
    (t.TEXT, b"a\0b", True, "22021"),
    (t.TEXT, b"\xe9\x80", True, "22021"),
    (t.UUID, b"\0" * 15, True, "08P01"),
    (t.NUMERIC, b"\0\1\0\0\0\0\0\0\x27\x10", True, "22P03"),
    (t.NUMERIC, b"\0\1\0\0\1\0\0\0\0\1", True, "22P03"),
    (t.TIME, b"\xff" * 8, True, "22008"),
    (t.DATE, b"\x7f\xff\xff\xfe", True, "22008"),
    (t.JSON, b"{", True, "22P02"),
    (t.array_of(t.INT4), b"\0\0\0\7" + bytes(8), True, "54000"),
    (t.array_of(t.INT4), b"\0\0\0\1\0\0\0\0\0\0\0\x19" + bytes(8), True, "42804"),
]


@pytest.mark.parametrize(("pg", "data", "binary", "code"), BAD, ids=str)
def test_bad_parameters(oracle: Oracle, pg: PgType, data: bytes, binary: bool, code: str) -> None:
    result = oracle.connection.pgconn.exec_params(b"SELECT $1", [data], [pg.oid], [int(binary)])
    told = (result.error_field(psycopg.pq.DiagnosticField.SQLSTATE) or b"").decode()
    with pytest.raises(SqlError) as error:
        python_value(Param(pg.oid, data, binary), pg)
    if b"\0" not in data or binary:  # libpq ends text parameters at NUL
        assert told == code
        message = (result.error_field(psycopg.pq.DiagnosticField.MESSAGE_PRIMARY) or b"").decode()
        assert error.value.message == message.replace(" in bind parameter 1", "")
    assert error.value.code == code


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.name)
def test_literals_mean_the_same_to_postgresql(oracle: Oracle, sample: object) -> None:
    oracle.load("sample", [sample])  # type: ignore[list-item]
    name, pg = sample.name, sample.pg  # type: ignore[attr-defined]
    text = [row[0] for row in oracle.rows(f'SELECT "{name}" FROM sample ORDER BY i LIMIT 60', binary=False)]
    literals = [sql_literal(Param(pg.oid, value), pg) for value in text]
    listed = oracle.rows("VALUES " + ", ".join(f"({each})" for each in literals), binary=False)
    assert [row[0] for row in listed] == text


def test_zones_have_no_changes_that_scanning_misses() -> None:
    """Against zoneinfo by the half day, over the zones' busy years, for a spread of zones."""
    import numpy as np

    for name in sorted(available_timezones())[::12]:
        seconds = np.arange(-5_000_000_000, 4_300_000_000, 43200 * 61, np.int64)
        wanted = [zones.offset_at(second, name) for second in seconds.tolist()]
        assert zones.offsets_of(seconds, name).tolist() == wanted, name
