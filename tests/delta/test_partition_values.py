"""Partition values that deltalake notes wrongly are refused, so that no table is spoilt."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from catalog.errors import FeatureNotSupported, InvalidTableDefinition
from catalog.model import Column
from catalog.types import BYTEA, INT8, TEXT, numeric
from engine.delta import maintain
from engine.delta.snapshot import Snapshots
from engine.delta.table import create
from engine.delta.transaction import DeltaTransaction
from tests.delta.delta_fixtures import COMMIT, NAME


def table(tmp_path: Path, *numbers: str) -> str:
    """t(id, n), partitioned by n, as written by others: the log is made by hand for numbers below zero."""
    uri = str(tmp_path / "t")
    create(uri, [Column("id", INT8), Column("n", numeric(10, 2))], ["n"], commit=COMMIT)
    for number in numbers:
        append(tmp_path, uri, number.removeprefix("-"))
        log = sorted((tmp_path / "t" / "_delta_log").glob("*.json"))[-1]
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        for line in lines:
            if "add" in line:
                line["add"]["partitionValues"]["n"] = number
        log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return uri


def append(tmp_path: Path, uri: str, number: str) -> None:
    (tmp_path / "staging").mkdir(exist_ok=True)
    transaction = DeltaTransaction(tmp_path / "staging", Snapshots(), COMMIT)
    batch = pa.record_batch({"id": pa.array([1], pa.int64()), "n": pa.array([Decimal(number)], pa.decimal128(10, 2))})
    try:
        transaction.append(NAME, uri, batch.schema, [batch])
        transaction.commit()
    finally:
        transaction.rollback()


@pytest.mark.parametrize("number", ["-1.50", "-0.05"])
def test_negative_decimals_are_not_appended(tmp_path: Path, number: str) -> None:
    uri = table(tmp_path, "1.50")
    with pytest.raises(FeatureNotSupported, match="negative numbers with decimals"):
        append(tmp_path, uri, number)
    append(tmp_path, uri, "0.05")
    assert Snapshots().latest(uri).statistics().rows == 2


def test_their_files_are_not_rewritten(tmp_path: Path) -> None:
    uri = table(tmp_path, "1.50", "-1.50")
    snapshots = Snapshots()
    transaction = DeltaTransaction(tmp_path / "staging", snapshots, COMMIT)
    for attempt in (
        lambda: transaction.delete_where(NAME, uri, "id = 1"),
        lambda: transaction.update_where(NAME, uri, {"id": "2"}, None),
        lambda: maintain.optimize(uri, commit=COMMIT),
        lambda: maintain.restore(uri, 2, "t", snapshots, commit=COMMIT),
    ):
        with pytest.raises(FeatureNotSupported, match="negative numbers with decimals"):
            attempt()
    transaction.rollback()
    assert snapshots.latest(uri).files["partition.n"].to_pylist() == [Decimal("1.50"), Decimal("-1.50")]


def test_bytes_do_not_partition(tmp_path: Path) -> None:
    with pytest.raises(InvalidTableDefinition, match="bytea"):
        create(str(tmp_path / "t"), [Column("id", INT8), Column("x", BYTEA)], ["x"], commit=COMMIT)


def test_files_that_deltalake_would_not_take_away_are_not_rewritten(tmp_path: Path) -> None:
    """Spark writes é into the log as it is, deltalake escapes it in what it removes: the row would come back."""
    uri = str(tmp_path / "t")
    create(uri, [Column("id", INT8), Column("n", TEXT)], ["n"], commit=COMMIT)
    (tmp_path / "staging").mkdir()
    transaction = DeltaTransaction(tmp_path / "staging", Snapshots(), COMMIT)
    batch = pa.record_batch({"id": pa.array([1], pa.int64()), "n": ["é"]})
    transaction.append(NAME, uri, batch.schema, [batch])
    transaction.commit()
    (folder,) = (tmp_path / "t").glob("n=*")
    folder.rename(tmp_path / "t" / "n=é")
    log = sorted((tmp_path / "t" / "_delta_log").glob("*.json"))[-1]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        if "add" in line:
            line["add"]["path"] = f"n=é/{line['add']['path'].partition('/')[2]}"
    log.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    transaction = DeltaTransaction(tmp_path / "staging", Snapshots(), COMMIT)
    with pytest.raises(FeatureNotSupported, match="outside ASCII"):
        transaction.delete_where(NAME, uri, "id = 1")
    with pytest.raises(FeatureNotSupported, match="outside ASCII"):
        transaction.replace(NAME, uri, pa.Table.from_batches([batch]).to_reader())
    for refused in (
        lambda: maintain.optimize(uri, commit=COMMIT),
        lambda: maintain.vacuum(uri, commit=COMMIT),
        lambda: maintain.restore(uri, 0, "t", Snapshots(), commit=COMMIT),
    ):
        with pytest.raises(FeatureNotSupported, match="outside ASCII"):
            refused()
    assert Snapshots().latest(uri).statistics().rows == 1
