# ruff: noqa: E501 (tables of values)
"""Random columns with edge values: each as an Arrow array and as text that PostgreSQL's input functions read.

The texts are made by Python and numpy, not by the code under test.
"""

from __future__ import annotations

import random
import struct
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from catalog import types as t
from catalog.types import PgType

ROWS = 300
NULL_SHARE = 0.15
TEXTS = ["", "a", "NULL", "null", "a b", "x,y", 'q"uo', "back\\slash", "{br}", "tab\there", "नमस्ते", "é", "line\nbreak",
         "cr\rlf\r\n", "\x01\x1f\x7f\u2028/", "\\.", "\\N", " lead", "v\vf\fb\b", "(a,b)", "x" * 50, "'", "\u00a0"]  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """One column: `texts[i]` is what `sql_type`'s input function is to read for row i."""

    name: str
    sql_type: str
    pg: PgType
    array: pa.Array
    texts: list[str | None]


def day_text(days: int) -> str:
    if abs(days) >= 2**31 - 1:
        return "infinity" if days > 0 else "-infinity"
    shown = str(np.datetime64(days, "D"))
    year, month, day = shown[0:1] + shown[1:].split("-", maxsplit=1)[0], *shown.rsplit("-", 2)[1:]
    number = int(year)
    return f"{number:04}-{month}-{day}" if number > 0 else f"{1 - number:04}-{month}-{day} BC"


def micros_text(us: int, zone: str = "") -> str:
    if abs(us) >= 2**63 - 1:
        return "infinity" if us > 0 else "-infinity"
    days, rest = divmod(us, 86_400_000_000)
    shown, _, era = day_text(days).partition(" ")
    return f"{shown} {clock_text(rest)}{zone}{' ' + era if era else ''}"


def clock_text(us: int) -> str:
    seconds, part = divmod(us, 1_000_000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{part:06}"


def typed(values: list[Any], arrow: pa.DataType, storage: pa.DataType | None = None) -> pa.Array:
    return pa.array(values, storage).view(arrow) if storage is not None else pa.array(values, arrow)


class Maker:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def column(
        self, name: str, sql_type: str, pg: PgType, arrow: pa.DataType, make: Callable[[], Any],
        show: Callable[[Any], str], edges: Sequence[Any] = (), storage: pa.DataType | None = None,
    ) -> Sample:  # fmt: skip
        values: list[Any] = list(edges)
        while len(values) < ROWS:
            values.append(None if self.random.random() < NULL_SHARE else make())
        self.random.shuffle(values)
        return Sample(
            name, sql_type, pg, typed(values, arrow, storage), [None if v is None else show(v) for v in values]
        )

    def double(self) -> float:
        kind = self.random.randrange(6)
        if kind == 0:
            bits = struct.unpack("d", self.random.randbytes(8))[0]
            return bits if bits == bits else 0.0
        if kind == 1:
            return float(self.random.randrange(-(10**18), 10**18))
        if kind == 2:
            return float(self.random.randrange(2**53, 2**63) * 2 ** self.random.randrange(0, 60))
        return self.random.uniform(-1, 1) * 10 ** self.random.randrange(-8, 18)

    def single(self) -> float:
        if self.random.random() < 0.4:
            bits = float(np.frombuffer(self.random.randbytes(4), np.float32)[0])
            return bits if bits == bits else 0.0
        return float(np.float32(self.random.uniform(-1, 1) * 10 ** self.random.randrange(-8, 14)))

    def decimal(self, precision: int, scale: int) -> Decimal:
        size = self.random.randrange(10 ** self.random.randrange(1, precision + 1))
        return (
            Decimal((self.random.randrange(2), tuple(map(int, str(size))), -scale))
            if size
            else Decimal((0, (0,), -scale))
        )

    def day(self) -> int:
        kind = self.random.randrange(4)
        if kind == 0:
            return self.random.randrange(-2440588, 2145042541)
        if kind == 1:
            return self.random.randrange(-800000, 3000000)
        return self.random.randrange(-25567, 47482)

    def micros(self) -> int:
        unit = self.random.choice([1, 1000, 10**6, 60 * 10**6])
        kind = self.random.randrange(4)
        low, high = (-210866803200000000, 9223372036000000000) if kind == 0 else (-(2 * 10**15), 4 * 10**15)
        return self.random.randrange(low // unit + 1, high // unit) * unit

    def span(self) -> tuple[int, int, int]:
        def part(size: int) -> int:
            return self.random.choice([0, 0, 1, -1, self.random.randrange(-size, size)])

        return part(100000), part(100000), part(9 * 10**15)

    def text(self) -> str:
        return self.random.choice(TEXTS)


def numeric_sample(maker: Maker, precision: int, scale: int) -> Sample:
    arrow = pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)
    unit = Decimal((0, (1,), -scale))
    top = Decimal((0, (9,) * precision, -scale))
    zero = Decimal((0, (0,), -scale))
    edges = [
        zero,
        unit,
        unit.copy_negate(),
        top,
        top.copy_negate(),
        *(Decimal((0, (1, *(0,) * k), -scale)) for k in range(1, precision)),
    ]
    return maker.column(
        f"n{precision}_{scale}", f"numeric({precision},{scale})", t.numeric(precision, scale), arrow,
        lambda: maker.decimal(precision, scale), lambda v: format(v, "f"), edges,
    )  # fmt: skip


def span_text(span: tuple[int, int, int]) -> str:
    return f"{span[0]} mons {span[1]} days {span[2]} us"


def plain_samples(seed: int = 7) -> list[Sample]:
    """A column of every type that is no array."""
    m = Maker(seed)
    utc = pa.timestamp("us", tz="UTC")
    columns = [
        m.column("b", "bool", t.BOOL, pa.bool_(), lambda: m.random.random() < 0.5, str),
        m.column("i2", "int2", t.INT2, pa.int16(), lambda: m.random.randrange(-(2**15), 2**15), str, [-(2**15)]),
        m.column("i4", "int4", t.INT4, pa.int32(), lambda: m.random.randrange(-(2**31), 2**31), str, [0, -(2**31)]),
        m.column("i8", "int8", t.INT8, pa.int64(), lambda: m.random.randrange(-(2**63), 2**63), str, [-(2**63), 2**63 - 1]),
        m.column("o", "oid", t.OID, pa.int64(), lambda: m.random.randrange(2**32), str, [0, 2**32 - 1]),
        m.column("f8", "float8", t.FLOAT8, pa.float64(), m.double, repr,
                 [0.0, -0.0, float("inf"), -float("inf"), float("nan"), 1e15, 1e14, 999999999999999.0, 1e-4, 1e-5,
                  9.999e-5, 1e10, 12345678901.25, 5e-324, 1e100, 316301647658164000.0, 2.0**53, 9007199254740993e3,
                  1.7976931348623157e308, 1e22, 1e23, 2.0**77, 5.0**23 * 2.0**60]),
        m.column("f4", "float4", t.FLOAT4, pa.float32(), m.single, lambda v: repr(float(np.float32(v))),
                 [0.0, -0.0, float("inf"), float("nan"), 1e6, 999999.0, 1e-4, 3.4028234663852886e38, 1e-45, 16777216.0,
                  2.0**30, 33554432.0]),
        m.column("d", "date", t.DATE, pa.date32(), m.day, day_text,
                 [0, 2**31 - 1, -(2**31 - 1), -719162, -719163, -719528, 2932896, 2932897, -2440588, 2145042540],
                 pa.int32()),
        m.column("ti", "time", t.TIME, pa.time64("us"),
                 lambda: m.random.randrange(86400 * 10**6 // 10**3) * m.random.choice([1000, 1]) % 86400_000_000,
                 clock_text, [0, 86_400_000_000, 1, 100000], pa.int64()),
        m.column("ts", "timestamp", t.TIMESTAMP, pa.timestamp("us"), m.micros, micros_text,
                 [0, 1, -1, 2**63 - 1, -(2**63 - 1), -62135596800000000, -62135596800000001, 253402300799999999,
                  253402300800000000], pa.int64()),
        m.column("tz", "timestamptz", t.TIMESTAMPTZ, utc, m.micros, lambda v: micros_text(v, "+00"),
                 [0, 1, 2**63 - 1, -(2**63 - 1), 4102444800000000, 4118000000000000], pa.int64()),
        m.column("s", "text", t.TEXT, pa.string(), m.text, str, TEXTS),
        m.column("vc", "varchar(60)", t.varchar(60), pa.string(), m.text, str, TEXTS),
        m.column("bc", "char(60)", PgType(1042, 64), pa.string(), m.text, str, TEXTS),
        m.column("nm", "name", PgType(19), pa.string(), m.text, str),
        m.column("ch", '"char"', PgType(18), pa.string(), lambda: m.random.choice("abcXYZ,\" "), str),
        m.column("by", "bytea", t.BYTEA, pa.binary(), lambda: m.random.randbytes(m.random.randrange(20)),
                 lambda v: "\\x" + v.hex(), [b"", b"\0", b"\\", b"'"]),
        m.column("u", "uuid", t.UUID, pa.binary(16), lambda: m.random.randbytes(16), lambda v: str(uuid.UUID(bytes=v))),
        m.column("tt", "timetz", PgType(1266), pa.string(),
                 lambda: m.random.choice(["00:00:00+00", "24:00:00-07", "12:34:56.789+05:30", "01:02:03.000004-03:30:15"]), str),
        m.column("js", "json", t.JSON, pa.string(), lambda: m.random.choice(['{"a": 1 }', "[1,2]", '"x\\u0041"', "null", "1.50"]), str),
        m.column("jb", "jsonb", t.JSONB, pa.string(), lambda: m.random.choice(DOCUMENTS), str, DOCUMENTS),
    ]  # fmt: skip
    m2 = Maker(seed + 1)
    spans = [None if m2.random.random() < NULL_SHARE else m2.span() for _ in range(ROWS - len(SPANS))] + SPANS
    arrow = pa.array([None if s is None else pa.MonthDayNano([s[0], s[1], s[2] * 1000]) for s in spans])
    columns.append(Sample("iv", "interval", t.INTERVAL, arrow, [None if s is None else span_text(s) for s in spans]))
    shapes = [(1, 0), (15, 2), (18, 0), (18, 5), (18, 16), (18, 17), (18, 18), (9, 9), (5, 5), (38, 0), (38, 10), (38, 18), (38, 37), (19, 7),
              (50, 10), (76, 38)]  # fmt: skip
    columns += [numeric_sample(m, *shape) for shape in shapes]
    columns.append(m.column("nb", "numeric", t.NUMERIC, pa.string(), lambda: m.random.choice(NUMERICS), str, NUMERICS))
    return columns


SPANS = [(0, 0, 0), (1, 0, 0), (-1, 0, 0), (12, 0, 0), (14, -3, 14706789000), (-14, 3, -1), (0, -1, 1), (0, 0, -1),
         (0, 1, -3600000000), (-25, 0, 1000000), (13, 1, 1), (0, 0, 9 * 10**15), (0, 0, -61_000_000), (0, 0, 1_000_000),
         (0, 0, -1_000_000), (-13, -1, -1_500_000), (0, -5, 0), (0, 5, 60_000_000)]  # fmt: skip
NUMERICS = ["0", "0.00", "NaN", "Infinity", "-Infinity", "1", "-1", "10000", "100000000", "0.0001", "0.00001", "1.5000",
            "-123456789012345678901234567890.123456789", "9999", "99999999", "0.1234567890123456789", "12345.6789",
            "1" + "0" * 60, "0." + "0" * 40 + "1", "-0.0000000000"[1:]]  # fmt: skip
DOCUMENTS = ['{"bb":1,"a":2,"a":3}', "[]", "{}", "[1,2 ,3]", '{"a":{"c":[{}],"b":null}}', "1e5", "1.50", "-0", "-0.0", "1E-3",
             "12.5e1", '"\\u00e9\\n\\"\\\\/"', '"\\u0001\\t\u007f"', "true", '{"é":1,"z":2,"aa":3,"B":4}', ' { "x" : [ 1 , "y" ] } ',
             '"\\ud83d\\ude00"', "123456789012345678901234567890.5"]  # fmt: skip


def array_samples(seed: int = 11) -> list[Sample]:
    """Arrays of every plain type, with NULLs and empty ones among them."""
    m = Maker(seed)
    found = []
    for base in plain_samples(seed):
        if base.name == "bc":
            continue  # PostgreSQL pads the elements; tested apart
        picks: list[list[int] | None] = [[], None, [0]]
        while len(picks) < ROWS:
            picks.append(
                None
                if m.random.random() < NULL_SHARE
                else [m.random.randrange(ROWS) for _ in range(m.random.randrange(5))]
            )
        flat = [each for pick in picks for each in pick or []]
        offsets = np.cumsum([0] + [len(pick or []) for pick in picks]).astype(np.int32)
        values = base.array.take(pa.array(flat, pa.int64()))
        mask = pa.array([pick is None for pick in picks])
        array = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, mask=mask)
        texts = [None if pick is None else literal([base.texts[each] for each in pick]) for pick in picks]
        head, _, tail = base.sql_type.partition("(")
        sql_type = f"{head}({tail}[]" if tail else head + "[]"
        found.append(Sample("a_" + base.name, sql_type, t.array_of(base.pg), array, texts))
    return found


def literal(texts: list[str | None]) -> str:
    def one(text: str | None) -> str:
        if text is None:
            return "NULL"
        body = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{body}"'

    return "{" + ",".join(map(one, texts)) + "}"
