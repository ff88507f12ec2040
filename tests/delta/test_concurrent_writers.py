"""Writers side by side, in threads and processes, some of them killed: what was acknowledged is there, once."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from catalog.errors import SerializationFailure
from catalog.model import Column
from catalog.types import INT8
from engine.delta.snapshot import Snapshots
from engine.delta.table import create
from engine.delta.transaction import DeltaTransaction, clean_staging
from tests.delta.delta_fixtures import COMMIT, NAME

WRITER = Path(__file__).with_name("delta_writer.py")


@pytest.fixture
def uri(tmp_path: Path) -> str:
    path = str(tmp_path / "t")
    create(path, [Column("id", INT8)], commit=COMMIT)
    (tmp_path / "staging").mkdir()
    return path


def _ids(uri: str) -> list[int]:
    return sorted(pa.table(DeltaTable(uri).scan(columns=["id"]))["id"].to_pylist())


def _writer(uri: str, staging: Path, first: int, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITER), uri, str(staging), str(first), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


def test_threads(uri: str, tmp_path: Path) -> None:
    snapshots = Snapshots()
    failures: list[BaseException] = []

    def write(first: int) -> None:
        try:
            for number in range(first, first + 10):
                transaction = DeltaTransaction(tmp_path / "staging", snapshots, COMMIT)
                rows = pa.record_batch({"id": pa.array([number], pa.int64())})
                transaction.append(NAME, uri, rows.schema, [rows])
                transaction.commit()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=write, args=(first,)) for first in range(0, 80, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert _ids(uri) == list(range(80))


def test_rewriting_threads_lose_nothing(uri: str, tmp_path: Path) -> None:
    """A counter, read and rewritten by many: each success counts once, each loser is told 40001."""
    snapshots = Snapshots()
    first = DeltaTransaction(tmp_path / "staging", snapshots, COMMIT)
    rows = pa.record_batch({"id": pa.array([0], pa.int64())})
    first.append(NAME, uri, rows.schema, [rows])
    first.commit()
    done: list[int] = []
    lock = threading.Lock()

    def count() -> None:
        for _ in range(5):
            transaction = DeltaTransaction(tmp_path / "staging", snapshots, COMMIT)
            version = transaction.pin(NAME, uri)
            value = pa.table(DeltaTable(uri, version=version).scan())["id"][0].as_py()
            new = pa.record_batch({"id": pa.array([value + 1], pa.int64())})
            transaction.replace(NAME, uri, pa.RecordBatchReader.from_batches(new.schema, [new]))
            try:
                transaction.commit()
            except SerializationFailure:
                continue
            with lock:
                done.append(1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert _ids(uri) == [len(done)]
    assert len(done) >= 5


def test_processes(uri: str, tmp_path: Path) -> None:
    writers = [_writer(uri, tmp_path / "staging", first, 8) for first in range(0, 24, 8)]
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    assert _ids(uri) == list(range(24))


def test_killed_writer_loses_nothing_acknowledged(uri: str, tmp_path: Path) -> None:
    """kill -9 at odd moments, again and again; the table stays readable and its staging folder can be cleaned."""
    acknowledged: list[int] = []
    for round_number in range(4):
        writer = _writer(uri, tmp_path / "staging", round_number * 1000, 1000)
        assert writer.stdout is not None
        for _ in range(3 + round_number * 2):
            acknowledged.append(int(writer.stdout.readline()))
        writer.kill()
        rest = writer.stdout.read()  # communicate() would miss what readline() has buffered
        writer.wait(timeout=30)
        acknowledged += [int(line) for line in rest.splitlines() if line]
        found = _ids(uri)
        assert set(acknowledged) <= set(found)
        assert len(found) == len(set(found))
        assert len(found) <= len(acknowledged) + round_number + 1
    clean_staging(tmp_path / "staging")
    assert list((tmp_path / "staging").glob("transaction-*")) == []
