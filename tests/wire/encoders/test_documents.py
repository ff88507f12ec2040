# ruff: noqa: E501 (SQL)
"""Structs, lists and maps as JSON: equal to row_to_json and jsonb; columns in every Arrow layout."""

from __future__ import annotations

import datetime as dt
import json
import random
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from catalog import types as t
from catalog.errors import FeatureNotSupported, InvalidTextRepresentation, NumericValueOutOfRange, SqlError
from catalog.types import PgType, from_arrow
from engine.base import Field
from gateway.pgwire.rows import RowEncoder, Style, encode_blocks, row_description
from tests.wire.encoders.oracle import Oracle, data_rows, messages_of
from tests.wire.encoders.samples import DOCUMENTS, Sample, plain_samples

PLAIN = {sample.name: sample for sample in plain_samples(41)}
NAMES = ["b", "i2", "i4", "i8", "f8", "f4", "d", "ts", "tz", "ti", "s", "by", "n15_2", "n38_18", "iv"]


def encoded(array: pa.Array, pg: PgType, *, binary: bool = False, style: Style | None = None) -> list[bytes | None]:
    """The values sent for a column; both paths must agree."""
    encoder = RowEncoder([Field("x", pg)], [1 if binary else 0], style or Style())
    batch = pa.RecordBatch.from_arrays([array], names=["x"])
    some = [
        value_of(message)
        for at in range(len(array))
        for message in messages_of(bytes(encoder.encode(batch.slice(at, 1))))
    ]
    many = pa.concat_arrays([array] * 40)
    stream = bytes(encoder.encode(pa.RecordBatch.from_arrays([many], names=["x"])))
    assert [value_of(message) for message in messages_of(stream)] == some * 40
    return some


def value_of(message: bytes) -> bytes | None:
    size = int.from_bytes(message[7:11], "big", signed=True)
    return None if size < 0 else message[11:]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_structs_are_row_to_json(oracle: Oracle, zone: str) -> None:
    samples = [PLAIN[name] for name in NAMES]
    oracle.load("sample", samples)
    style = Style(time_zone=zone)
    oracle.set(style)
    listed = ", ".join(f'"{s.name}"' for s in samples)
    wanted = oracle.rows(f"SELECT row_to_json(r) FROM (SELECT {listed} FROM sample ORDER BY i) r", binary=False)
    array = pa.StructArray.from_arrays([s.array for s in samples], names=[s.name for s in samples])
    encoder = RowEncoder([Field("x", t.JSON)], [0], style)
    for width in (300, 13, 41):
        got: list[bytes] = []
        for at in range(0, len(array), width):
            got += messages_of(bytes(encoder.encode(pa.RecordBatch.from_arrays([array.slice(at, width)], names=["x"]))))
        assert got == data_rows(wanted)


def test_nested_structs_lists_and_odd_names(oracle: Oracle) -> None:
    kind = pa.struct(
        [
            ('a"\n', pa.struct([("x", pa.int32()), ("y", pa.list_(pa.string()))])),
            ("é", pa.list_(pa.struct([("z", pa.float64())]))),
        ]
    )
    values = [
        {'a"\n': {"x": 1, "y": ["q\t", None, ""]}, "é": [{"z": 1.5}, None, {"z": float("inf")}]},
        {'a"\n': None, "é": []},
        None,
        {'a"\n': {"x": None, "y": None}, "é": None},
    ]
    got = encoded(pa.array(values, kind), t.JSON)
    sql = """SELECT row_to_json(r) FROM (SELECT row_to_json(q) AS "a""\n", ARRAY[row_to_json(m), NULL, row_to_json(i)] AS "é"
        FROM (SELECT 1 AS x, ARRAY[E'q\\t', NULL, ''] AS y) q, (SELECT 1.5::float8 AS z) m, (SELECT 'inf'::float8 AS z) i) r"""
    assert got[0] == oracle.rows(sql, binary=False)[0][0]
    assert got[1:] == [b'{"a\\"\\n":null,"\xc3\xa9":[]}', None, b'{"a\\"\\n":{"x":null,"y":null},"\xc3\xa9":null}']


def test_lists_of_structs_and_lists_of_lists_are_json() -> None:
    structs = pa.array([[{"a": 1}], [], None], pa.list_(pa.struct([("a", pa.int64())])))
    assert from_arrow(structs.type) == t.JSON
    assert encoded(structs, t.JSON) == [b'[{"a":1}]', b"[]", None]
    lists = pa.array([[[1, 2], [3]], [[]], None], pa.list_(pa.list_(pa.int64())))
    assert encoded(lists, from_arrow(lists.type)) == [b"[[1,2],[3]]", b"[[]]", None]


@pytest.mark.parametrize("binary", [False, True])
def test_maps_are_jsonb(oracle: Oracle, binary: bool) -> None:
    array = pa.array([[("bb", 1), ("a", None), ("a", 2)], [], None, [('é"', 5)]], pa.map_(pa.string(), pa.int64()))
    got = encoded(array, from_arrow(array.type), binary=binary)
    sql = """VALUES ('{"bb":1,"a":null,"a":2}'::jsonb), ('{}'), (NULL), ('{"é\\"":5}')"""
    assert got == [row[0] for row in oracle.rows(sql, binary=binary)]
    dates = pa.array([[(dt.date(2020, 1, 2), Decimal("1.50"))]], pa.map_(pa.date32(), pa.decimal128(10, 2)))
    assert encoded(dates, t.JSON) == [b'{"2020-01-02":1.50}']


def random_document(r: random.Random, depth: int = 0) -> Any:
    kind = r.randrange(8 if depth < 4 else 5)
    if kind < 2:
        return r.choice([0, -1, 1.5, 1e300, 123456789012345678, 1e-7, -0.0])
    if kind < 4:
        return "".join(r.choice('aé"\\\n\t\u2028\x01\x7f/😀 ') for _ in range(r.randrange(6)))
    if kind == 4:
        return r.choice([None, True, False])
    if kind == 5:
        return [random_document(r, depth + 1) for _ in range(r.randrange(4))]
    return {
        "".join(r.choice('abé"') for _ in range(r.randrange(4))): random_document(r, depth + 1)
        for _ in range(r.randrange(5))
    }


@pytest.mark.parametrize("binary", [False, True])
def test_jsonb_is_in_normal_form(oracle: Oracle, binary: bool) -> None:
    r = random.Random(5)
    texts = DOCUMENTS + [json.dumps(random_document(r), ensure_ascii=r.random() < 0.5) for _ in range(300)]
    result = oracle.connection.pgconn.exec_params(
        b"SELECT x::jsonb FROM unnest($1::text[]) x", [oracle.array(texts)], result_format=int(binary)
    )
    wanted = [result.get_value(row, 0) for row in range(result.ntuples)]
    assert encoded(pa.array(texts), t.JSONB, binary=binary) == wanted


@pytest.mark.parametrize(
    "text", ["{", '{"a":}', "NaN", '"\\u0000"', "1e999999", '"\\ud800"', "[1,]", "", '"\x01"', "01", "'a'"]
)
def test_what_is_no_jsonb(oracle: Oracle, text: str) -> None:
    with pytest.raises(psycopg.Error) as theirs:
        oracle.connection.execute("SELECT %s::jsonb", [text])
    with pytest.raises(SqlError) as ours:
        encoded(pa.array([text]), t.JSONB)
    assert ours.value.code == theirs.value.sqlstate


LAYOUTS: list[tuple[str, str, Any]] = [
    ("s", "dictionary", lambda a: a.dictionary_encode()),
    ("i4", "dictionary", lambda a: a.dictionary_encode()),
    ("s", "large", lambda a: a.cast(pa.large_string())),
    ("s", "view", lambda a: a.cast(pa.string_view())),
    ("by", "large", lambda a: a.cast(pa.large_binary())),
    ("by", "view", lambda a: a.cast(pa.binary_view())),
    ("u", "extension", lambda a: pa.ExtensionArray.from_storage(pa.uuid(), a)),
    ("u", "text", lambda a: pa.array(PLAIN["u"].texts)),
    ("i2", "int64", lambda a: a.cast(pa.int64())),
    ("i8", "decimal", lambda a: a.cast(pa.decimal128(19, 0))),
    ("n15_2", "decimal256", lambda a: a.cast(pa.decimal256(40, 2))),
    ("n15_2", "wider scale", lambda a: pa.array(PLAIN["n15_2"].array.to_pylist(), pa.decimal128(38, 2)).cast(pa.decimal128(20, 2))),
    ("n18_0", "int64", lambda a: a.cast(pa.int64())),
    ("n15_2", "text", lambda a: pa.array(PLAIN["n15_2"].texts).fill_null("0.00")),
    ("a_s", "large list", None),
]  # fmt: skip


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
@pytest.mark.parametrize(("name", "layout", "change"), LAYOUTS, ids=lambda v: v if isinstance(v, str) else "")
def test_layouts_do_not_show(name: str, layout: str, change: Any, binary: bool) -> None:
    if change is None:
        array, pg = pa.array([["a", None], [], None, ["x y"]], pa.list_(pa.string())), t.array_of(t.TEXT)
        for kind in (pa.large_list(pa.large_string()), pa.list_(pa.string_view()), pa.list_view(pa.string())):
            assert encoded(pa.array(array.to_pylist(), kind), pg, binary=binary) == encoded(array, pg, binary=binary)
        return
    sample = PLAIN[name]
    plain = sample.array.fill_null(0) if layout == "text" and name == "n15_2" else sample.array
    assert encoded(change(plain), sample.pg, binary=binary) == encoded(plain, sample.pg, binary=binary)


@pytest.mark.parametrize("binary", [False, True])
def test_units_and_unsigned(oracle: Oracle, binary: bool) -> None:
    base = pa.array([0, 1, None, -1, 1_600_000_000], pa.int64())
    for unit, scale in (("s", 1), ("ms", 1000), ("us", 10**6), ("ns", 10**9)):
        numbers = pa.array([None if v is None else v * scale for v in base.to_pylist()])
        stamps = numbers.cast(pa.timestamp(unit))
        wanted = oracle.rows(
            "SELECT to_timestamp(v)::timestamp FROM unnest('{0,1,NULL,-1,1600000000}'::int8[]) v", binary=binary
        )
        assert encoded(stamps, t.TIMESTAMP, binary=binary) == [row[0] for row in wanted]
        spans = numbers.cast(pa.duration(unit))
        wanted = oracle.rows(
            "SELECT v * interval '1 s' FROM unnest('{0,1,NULL,-1,1600000000}'::int8[]) v", binary=binary
        )
        assert encoded(spans, t.INTERVAL, binary=binary) == [row[0] for row in wanted]
    for unit, scale, width in (("s", 1, 32), ("ms", 1000, 32), ("us", 10**6, 64), ("ns", 10**9, 64)):
        kind = pa.time32(unit) if width == 32 else pa.time64(unit)
        clocks = pa.array([0, 3661 * scale, None], pa.int32() if width == 32 else pa.int64()).view(kind)
        wanted = oracle.rows("VALUES ('00:00'::time), ('01:01:01'), (NULL)", binary=binary)
        assert encoded(clocks, t.TIME, binary=binary) == [row[0] for row in wanted]
    far = pa.array([2**63 - 1, -(2**63 - 1)], pa.int64()).view(pa.timestamp("s"))
    wanted = oracle.rows("VALUES ('infinity'::timestamp), ('-infinity')", binary=binary)
    assert encoded(far, t.TIMESTAMP, binary=binary) == [row[0] for row in wanted]
    for arrow, sql in ((pa.uint8(), "int2"), (pa.uint16(), "int4"), (pa.uint32(), "int8"), (pa.uint64(), "numeric")):
        top = 2 ** (8 * arrow.bit_width // 8) - 1
        wanted = oracle.rows(f"VALUES (0::{sql}), ({top}::{sql}), (NULL)", binary=binary)
        assert encoded(pa.array([0, top, None], arrow), from_arrow(arrow), binary=binary) == [row[0] for row in wanted]
    assert encoded(pa.array([86_400_000, None], pa.int64()).view(pa.date64()), t.DATE, binary=binary) == [
        oracle.rows("SELECT '1970-01-02'::date", binary=binary)[0][0],
        None,
    ]


@pytest.mark.parametrize("binary", [False, True])
def test_nested_lists_as_arrays_of_more_dimensions(oracle: Oracle, binary: bool) -> None:
    array = pa.array([[[1, 2], [3, None]], None, [], [[5]]], pa.list_(pa.list_(pa.int32())))
    wanted = oracle.rows("VALUES ('{{1,2},{3,NULL}}'::int4[]), (NULL), ('{}'), ('{{5}}')", binary=binary)
    assert encoded(array, t.array_of(t.INT4), binary=binary) == [row[0] for row in wanted]
    with pytest.raises(SqlError):
        encoded(pa.array([[[1], [2, 3]]], array.type), t.array_of(t.INT4), binary=binary)


@pytest.mark.parametrize("binary", [False, True])
def test_numeric_of_floats_negative_scale_and_padded_arrays(oracle: Oracle, binary: bool) -> None:
    wanted = oracle.rows("VALUES (1.5::numeric), (100000000000000000000), ('NaN')", binary=binary)
    assert encoded(pa.array([1.5, 1e20, float("nan")]), t.NUMERIC, binary=binary) == [row[0] for row in wanted]
    thousands = pa.array([Decimal("1.2E4"), Decimal("0E3"), None, Decimal("-7E3")], pa.decimal128(5, -3))
    wanted = oracle.rows("VALUES (12000::numeric), (0), (NULL), (-7000)", binary=binary)
    assert encoded(thousands, t.NUMERIC, binary=binary) == [row[0] for row in wanted]
    chars = pa.array([["a", "é"], [None]])
    wanted = oracle.rows("VALUES ('{a,é}'::char(3)[]), ('{NULL}')", binary=binary)
    assert encoded(chars, PgType(1014, 7), binary=binary) == [row[0] for row in wanted]


def test_nan_payloads_stay(oracle: Oracle) -> None:
    bits = [0x7FF8000000000001, 0xFFF8000000000000, 0x7FF0000000000001]
    array = pa.array(bits, pa.uint64()).view(pa.float64())
    result = [
        oracle.connection.pgconn.exec_params(
            b"SELECT $1::float8", [b.to_bytes(8, "big")], param_formats=[1], result_format=1
        )
        for b in bits
    ]
    assert encoded(array, t.FLOAT8, binary=True) == [each.get_value(0, 0) for each in result]
    assert encoded(array, t.FLOAT8) == [b"NaN"] * 3


def test_what_cannot_be_sent_is_refused() -> None:
    with pytest.raises(NumericValueOutOfRange):
        encoded(pa.array([2**40]), t.INT4, binary=True)
    with pytest.raises(FeatureNotSupported):
        encoded(pa.array(["x"]), PgType(99999), binary=True)
    with pytest.raises(FeatureNotSupported):
        encoded(pa.array([1]), t.DATE)
    with pytest.raises(InvalidTextRepresentation):
        encoded(pa.array(["zz"]), t.UUID)


def test_other_values_as_text(oracle: Oracle) -> None:
    assert encoded(pa.array([1, None]), t.TEXT) == [b"1", None]
    assert encoded(pa.array(["a", None]), PgType(99999)) == [b"a", None]
    assert encoded(pa.nulls(3), t.INT4, binary=True) == [None] * 3
    assert encoded(pa.nulls(3), t.NUMERIC) == [None] * 3
    assert encoded(pa.array([True]), t.UNKNOWN) == [b"t"]


def test_row_description_and_blocks(oracle: Oracle) -> None:
    sql = "SELECT 1::int4 AS a, 'x'::varchar(5) AS \"é\", 1.5::numeric(10,2) AS n, ARRAY[1]::int8[] AS l, 'a'::\"char\" AS c"
    result = oracle.connection.pgconn.exec_params(sql.encode(), [])
    fields = [Field(result.fname(i).decode(), PgType(result.ftype(i), result.fmod(i))) for i in range(result.nfields)]
    message = row_description(fields, [1, 0, 1, 0, 0])
    assert message[:1] == b"T" and int.from_bytes(message[1:5], "big") == len(message) - 1
    at, seen = 7, []
    for _ in fields:
        end = message.index(b"\0", at)
        name, at = message[at:end].decode(), end + 19
        tail = message[end + 1 : at]
        seen.append(
            (name, int.from_bytes(tail[6:10], "big"), int.from_bytes(tail[10:12], "big", signed=True), tail[17])
        )
    sizes = [result.fsize(i) for i in range(result.nfields)]
    assert seen == [
        (f.name, f.type.oid, size, code) for f, size, code in zip(fields, sizes, [1, 0, 1, 0, 0], strict=True)
    ]
    rows: list[list[bytes | None]] = [[b"a", None, b"x" * 2000], [b"", b"b", b"c"]]
    assert messages_of(encode_blocks(rows)) == data_rows(rows)


def test_samples_reach_what_is_claimed() -> None:
    def spread(sample: Sample) -> list[Any]:
        return [text for text in sample.texts if text is not None]

    assert any("BC" in text for text in spread(PLAIN["d"])) and any(
        text.startswith("infinity") for text in spread(PLAIN["ts"])
    )
    assert PLAIN["d"].array.null_count > 20
