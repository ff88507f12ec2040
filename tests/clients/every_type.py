"""A column of every type a Delta table can hold, and rows with the values that formats disagree about."""

# ruff: noqa: E501
from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from psycopg.types.json import Json, Jsonb

COLUMNS = {
    "bo": "boolean", "i2": "smallint", "i4": "integer", "i8": "bigint", "f4": "real", "f8": "double precision", "nu": "numeric(20,5)",
    "ne": "numeric(9,0)", "te": "text", "vc": "varchar(10)", "ch": "char(5)", "by": "bytea", "da": "date", "ts": "timestamp",
    "tz": "timestamptz", "uu": "uuid", "js": "json", "jb": "jsonb", "ai": "integer[]", "at": "text[]", "an": "numeric(10,2)[]",
    "az": "timestamptz[]", "ab": "boolean[]", "ad": "date[]", "au": "uuid[]", "af": "double precision[]", "ay": "bytea[]",
}  # fmt: skip
"""Without `numeric` (a Delta table gives it the scale 18) and the types Delta lacks: time, timetz, interval."""

_ZONE = dt.timezone(dt.timedelta(hours=5, minutes=30))
VALUES: list[tuple[Any, ...]] = [
    (
        1, True, -32768, -(2**31), -(2**63), 1.5, 0.1, Decimal("123456789012345.67890"), Decimal("999999999"), "plain", "ten chars!",
        "ab", b"\x00\xff\\'", dt.date(1, 1, 1), dt.datetime(1, 1, 1), dt.datetime(2024, 3, 31, 2, 30, tzinfo=_ZONE), uuid.UUID(int=0),
        Json({"b": 1, "a": [1, 2.50, None], "b ": "é"}), Jsonb({"b": 1, "a": [1, 2.5, None], "é": "\t"}), [1, None, -3], ["a", None, ""],
        [Decimal("1.50"), None], [dt.datetime(2000, 1, 1, tzinfo=dt.UTC)], [True, None, False], [dt.date(2024, 2, 29)],
        [uuid.UUID(int=2**127)], [0.1, None, 1e300], [b"", b"\xff"],
    ),
    (
        2, False, 32767, 2**31 - 1, 2**63 - 1, float("nan"), float("nan"), Decimal("-0.00001"), Decimal("-1"), "", "", "", b"",
        dt.date(9999, 12, 31), dt.datetime(9999, 12, 31, 23, 59, 59, 999999), dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC),
        uuid.UUID(int=2**128 - 1), Json([]), Jsonb([]), [], [], [], [], [], [], [], [], [],
    ),
    (
        3, True, 0, 0, 0, float("-inf"), float("inf"), Decimal("0"), Decimal("0"), 'quote " comma , {brace} back\\slash\n\ttab', "ünï",
        "  x", b"text", dt.date(1999, 12, 31), dt.datetime(2000, 1, 1, 0, 0, 0, 1), dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC),
        uuid.UUID("01234567-89ab-cdef-0123-456789abcdef"), Json("text"), Jsonb("text"), [0], ['q"uo,te', "NULL", "{}", "b\\s", "ü", " "],
        [Decimal("-0.05")], [dt.datetime(1969, 12, 31, 23, tzinfo=dt.UTC), None], [False], [dt.date(1, 1, 1)], [None], [float("-inf"), float("nan")],
        [b"\\x00", None],
    ),
    (4, *[None] * len(COLUMNS)),
    (
        5, False, 1, 1, 1, 3.4028235e38, 5e-324, Decimal("999999999999999.99999"), Decimal("5"), "漢字 🎉", "漢字", "é", b"\x80",
        dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 12), dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC), uuid.UUID(int=1), Json(None), Jsonb({}),
        [2**31 - 1], ["🎉"], [Decimal("99999999.99")], [None], [None], [None], [uuid.UUID(int=1), None], [5e-324, -0.0], [None],
    ),
    (
        6, True, 1, 1, 1, 1e-45, -0.0, Decimal("1.00000"), Decimal("10"), " ", " pad ", "ab   ", b" ", dt.date(1970, 1, 1),
        dt.datetime(1970, 1, 1), dt.datetime(1970, 1, 1, tzinfo=dt.UTC), uuid.UUID(int=2), Json(1.10), Jsonb(1.10), [1, 2, 3], ["x"] * 3,
        [Decimal("0.00")], [dt.datetime(1970, 1, 1, tzinfo=dt.UTC)] * 2, [True] * 9, [dt.date(1970, 1, 1)], [uuid.UUID(int=3)], [1e22, 1e15, 123456.789],
        [b"\n"],
    ),
]  # fmt: skip


def create_table(name: str) -> str:
    """CREATE TABLE with a column `number` before the others."""
    listed = ", ".join(f"{column} {kind}" for column, kind in COLUMNS.items())
    return f"CREATE TABLE {name} (number integer, {listed})"
