# ruff: noqa: E501  (tables of cases)
"""The same small tables in PostgreSQL and as Arrow, with the values that engines disagree about."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa

from catalog import types
from catalog.types import PgType, arrow_type, format_type, numeric

NAN, INF = float("nan"), float("inf")
UTC = dt.UTC


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its rows as Python values."""

    name: str
    columns: tuple[tuple[str, PgType], ...]
    rows: tuple[tuple[Any, ...], ...]

    def arrow(self) -> pa.Table:
        arrays, fields = [], []
        for i, (name, pg) in enumerate(self.columns):
            kind = pa.decimal128(38, 18) if pg == types.NUMERIC else arrow_type(pg)
            values = [row[i] for row in self.rows]
            if pg.oid == types.BPCHAR.oid:
                width = types.char_length(pg) or 1
                values = [None if v is None else v.ljust(width) for v in values]
            if pg.oid == types.UUID.oid:
                values = [None if v is None else v.bytes for v in values]
            if pg == types.NUMERIC:
                values = [None if v is None else v.quantize(Decimal("1e-18")) for v in values]
            arrays.append(pa.array(values, kind))
            fields.append(pa.field(name, kind))
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def create(self, connection: psycopg.Connection[Any]) -> None:
        listed = ", ".join(f'"{name}" {format_type(pg)}' for name, pg in self.columns)
        connection.execute(f"CREATE TABLE {self.name} ({listed})")
        places = ", ".join(
            "%s::numeric(38,18)" if pg == types.NUMERIC else f"%s::{format_type(pg)}" for _, pg in self.columns
        )
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {self.name} VALUES ({places})", self.rows)


def _ts(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _tz(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=UTC)


_U = [uuid.UUID(int=n) for n in (1, 0xFFFFFFFF << 96, 0x7FFF << 112, 5)]

PEOPLE = Table(
    "people",
    (
        ("id", types.INT4), ("name", types.TEXT), ("nick", types.varchar(10)), ("code", PgType(1042, 9)), ("age", types.INT2),
        ("score", types.FLOAT8), ("ratio", types.FLOAT4), ("balance", numeric(12, 2)), ("big", types.INT8),
        ("active", types.BOOL), ("born", types.DATE), ("seen", types.TIMESTAMP), ("logged", types.TIMESTAMPTZ),
        ("wake", types.TIME), ("uid", types.UUID), ("data", types.BYTEA), ("tags", types.array_of(types.TEXT)),
        ("nums", types.array_of(types.INT4)), ("amount", types.NUMERIC), ("boss", types.INT4),
    ),
    (
        (1, "Ann", "ann", "ab", 30, 1.5, 0.5, Decimal("100.50"), 10**12, True, dt.date(1990, 2, 28), _ts("2020-01-31 10:20:30.123456"),
         _tz("2020-03-29 00:59:59"), dt.time(7, 30), _U[0], b"\x00\xff", ["a", "b"], [1, 2, 3], Decimal("1.5"), None),
        (2, "bob", "", "a", -5, -2.5, -1.25, Decimal("-0.05"), -7, False, dt.date(2000, 2, 29), _ts("1999-12-31 23:59:59.999999"),
         _tz("2020-10-25 01:30:00"), dt.time(0, 0), _U[1], b"", [], [5], Decimal("-2.25"), 1),
        (3, "Émile", "Ém", "é", 41, NAN, NAN, Decimal("2.50"), 0, None, dt.date(1969, 7, 20), _ts("1969-07-20 20:17:40"),
         _tz("1969-07-20 20:17:40"), dt.time(23, 59, 59, 999999), _U[2], b"abc\\'", ["x", None, ""], [None, 2], Decimal("0"), 1),
        (4, "", None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, 2),
        (5, None, "N'x", "abcde", 32767, INF, INF, Decimal("9999999999.99"), 2**63 - 1, True, dt.date(9999, 12, 31), _ts("9999-12-31 00:00:00"),
         _tz("2038-01-19 03:14:07.5"), dt.time(12, 0, 0, 500000), _U[3], b"\x7f", ["NULL", 'q"u,o{te}'], [2, 2, 1], Decimal("12345.678901234567890123"), 2),
        (6, "zoë_%", "%", "  x", -32768, -INF, -INF, Decimal("-3.50"), -(2**63), False, dt.date(1, 1, 1), _ts("0001-01-01 00:00:00"),
         _tz("1900-01-01 00:00:00"), dt.time(1, 2, 3), None, b"z", ["é", "a"], [], Decimal("0.000000000000000001"), 3),
        (7, "漢字 text", "ab\\c", "ab", 0, -0.0, 0.1, Decimal("0.00"), 42, True, dt.date(2024, 2, 29), _ts("2024-02-29 12:00:00"),
         _tz("2024-02-29 12:00:00.000001"), dt.time(18, 45, 10, 10), _U[0], b"\n", None, [7, 8, 9, 10], Decimal("3.000000000000000000"), 1),
        (8, "ann", "ANN", "AB", 30, 2.5, 3.4e38, Decimal("100.50"), 3, None, dt.date(1990, 2, 28), _ts("2020-01-31 00:00:00"),
         _tz("2020-01-31 23:00:00"), None, None, None, ["a"], [-1], Decimal("1.500"), 3),
        (9, "line\nbreak\ttab", "o'b", "z", 18, 1e15, 1e-5, Decimal("33.33"), 100, False, dt.date(2023, 12, 31), _ts("2023-12-31 23:59:59"),
         _tz("2023-12-31 23:59:59"), dt.time(6, 0), _U[1], b"\xc3\xa9", ["b", "a", "b"], [3, 1, 2], Decimal("99.99"), 5),
        (10, "  pad  ", "pad", "p", 30, 0.1, 1.1, Decimal("0.01"), 7, True, dt.date(2021, 1, 4), _ts("2021-01-04 08:00:00"),
         _tz("2021-01-04 08:00:00"), dt.time(8, 0), None, b"  ", ["pad"], [0], Decimal("10"), 5),
    ),
)  # fmt: skip

SALES = Table(
    "sales",
    (
        ("id", types.INT4), ("person", types.INT4), ("item", types.TEXT), ("qty", types.INT4), ("price", numeric(10, 2)),
        ("discount", numeric(4, 3)), ("weight", types.FLOAT8), ("sold", types.DATE), ("at", types.TIMESTAMP), ("region", PgType(1042, 8)),
    ),
    tuple(
        (
            i, None if i % 11 == 0 else i % 7 + 1, ["pen", "Book", "bag", "été", None, "pen "][i % 6], i % 5 + 1 if i % 13 else None,
            Decimal(i * 37 % 1000) / 100 if i % 9 else None, Decimal(i % 100) / 1000, i * 1.25 if i % 8 else None,
            dt.date(2023, 1, 1) + dt.timedelta(days=i * 9), dt.datetime(2023, 1, 1) + dt.timedelta(hours=i * 31, seconds=i),
            ["eu", "us", "asia", "a c"][i % 4],
        )
        for i in range(1, 61)
    ),
)  # fmt: skip

EMPTY = Table("nothing", (("a", types.INT4), ("b", types.TEXT), ("c", numeric(8, 3))), ())

ODD = Table(
    "odd",
    (("Mixed Case", types.INT4), ("select", types.TEXT), ("x", types.INT4)),
    ((1, "one", 10), (2, "two", None), (3, None, 30)),
)
FLOATS = Table(
    "floats",
    (("n", types.INT4), ("x", types.FLOAT8), ("y", types.FLOAT4)),
    tuple(
        (n, x, y)
        for n, (x, y) in enumerate(
            [
                (0.5, 0.5), (1.5, 1.5), (2.5, 2.5), (-0.5, -0.5), (-1.5, -1.5), (1e-4, 1e-4), (9.999e-5, 9e-5), (123456.789, 123456.0),
                (1e15, 1e6), (999999999999999.0, 999999.0), (1e22, 1e20), (316301647658164000.0, 16777218.0), (5e-324, 1e-45),
                (1.7976931348623157e308, 3.4028235e38), (-0.0, -0.0), (1 / 3, 0.33333334), (100.0, 100.0), (-7.0, -7.0),
            ]
        )
    ),
)  # fmt: skip

TABLES = (PEOPLE, SALES, EMPTY, ODD, FLOATS)
