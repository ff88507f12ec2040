"""Rows on their way into data files: what is cast to a column's type, and what does not fit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from catalog.errors import (
    SqlError,
)
from catalog.model import Column
from catalog.names import TableName
from catalog.types import (
    BPCHAR,
    DATE,
    INT2,
    INT4,
    NUMERIC,
    TEXT,
    TIMESTAMP,
    UUID,
    PgType,
    array_of,
    numeric,
    varchar,
)
from engine.delta.snapshot import Snapshots
from engine.delta.table import create
from engine.delta.transaction import DeltaTransaction
from tests.delta.delta_fixtures import COMMIT

T = TableName("public", "t")
ONE = bytes(range(16))
ACCEPTED: list[tuple[PgType, pa.Array, object]] = [
    (INT2, pa.array([5], pa.int64()), 5),
    (NUMERIC, pa.array(["1.5"]), Decimal("1.500000000000000000")),
    (NUMERIC, pa.array([Decimal("2.25")], pa.decimal128(5, 2)), Decimal("2.250000000000000000")),
    (numeric(5, 2), pa.array([Decimal("2.50")], pa.decimal128(10, 2)), Decimal("2.50")),
    (UUID, pa.array([ONE], pa.binary(16)), "00010203-0405-0607-0809-0a0b0c0d0e0f"),
    (UUID, pa.array([None, ONE], pa.binary(16)).slice(1), "00010203-0405-0607-0809-0a0b0c0d0e0f"),
    (array_of(UUID), pa.array([[ONE, None]], pa.list_(pa.binary(16))), ["00010203-0405-0607-0809-0a0b0c0d0e0f", None]),
    (varchar(3), pa.array(["äöü"]), "äöü"),
    (varchar(3), pa.array(["abc   "]), "abc"),
    (PgType(BPCHAR.oid, 3 + 4), pa.array(["a"]), "a  "),
    (DATE, pa.array([dt.date(9999, 12, 31)]), dt.date(9999, 12, 31)),
    (TEXT, pa.nulls(1), None),
]


@pytest.mark.parametrize(("pg", "column", "stored"), ACCEPTED)
def test_rows_are_cast(tmp_path: Path, pg: PgType, column: pa.Array, stored: object) -> None:
    uri = str(tmp_path / "t")
    create(uri, [Column("x", pg)], commit=COMMIT)
    transaction = DeltaTransaction(tmp_path / "staging", Snapshots(), COMMIT)
    rows = pa.record_batch([column], names=["anything"])
    transaction.append(T, uri, rows.schema, [rows])
    transaction.commit()
    assert pa.table(DeltaTable(uri).scan())["x"].to_pylist() == [stored]


INFINITY = 2**63 - 1
REFUSED: list[tuple[PgType, pa.Array, str, str]] = [
    (INT2, pa.array([40000], pa.int64()), "22003", "smallint out of range"),
    (INT4, pa.array([2**31], pa.int64()), "22003", "integer out of range"),
    (numeric(3, 1), pa.array([Decimal("100.0")], pa.decimal128(10, 1)), "22003", "numeric field overflow"),
    (numeric(3, 1), pa.array([Decimal("1.55")], pa.decimal128(10, 2)), "22003", "numeric field overflow"),
    (varchar(3), pa.array(["abcd"]), "22001", "value too long for type character varying(3)"),
    (PgType(BPCHAR.oid, 3 + 4), pa.array(["abcd"]), "22001", "value too long for type character(3)"),
    (TIMESTAMP, pa.array([INFINITY], pa.int64()).cast(pa.timestamp("us")), "0A000", "infinity"),
    (DATE, pa.array(["x"]), "42804", "of type date"),
]


@pytest.mark.parametrize(("pg", "column", "code", "message"), REFUSED)
def test_rows_that_do_not_fit(tmp_path: Path, pg: PgType, column: pa.Array, code: str, message: str) -> None:
    uri = str(tmp_path / "t")
    create(uri, [Column("x", pg)], commit=COMMIT)
    rows = pa.record_batch([column], names=["x"])
    with pytest.raises(SqlError) as caught:
        DeltaTransaction(tmp_path, Snapshots(), COMMIT).append(T, uri, rows.schema, [rows])
    assert caught.value.code == code
    assert message in caught.value.message
