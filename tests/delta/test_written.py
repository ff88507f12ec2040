"""Large appends whose files are written before the commit: what deltalake and we read back, statistics, failures."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from deltalake.transaction import AddAction

from catalog.errors import NumericValueOutOfRange, ObjectNotInPrerequisiteState, SerializationFailure, SqlError
from catalog.model import Column
from catalog.names import TableName
from catalog.types import INT4, TEXT, TIMESTAMP
from engine.delta import table
from engine.delta.snapshot import Snapshots
from engine.delta.table import CommitInfo
from engine.delta.transaction import DeltaTransaction
from engine.delta.written import Written

T = TableName("s", "t")
SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string()), ("at", pa.timestamp("us"))])
BATCHES, ROWS = 6, 1000


def batches(bad: int | None = None) -> Iterator[pa.RecordBatch]:
    for number in range(BATCHES):
        ids = [number * ROWS + row if number != bad else 2**40 for row in range(ROWS)]
        yield pa.record_batch([ids, ["x" * 50] * ROWS, [None, *[number] * (ROWS - 1)]], schema=SCHEMA)


@pytest.fixture
def uri(tmp_path: Path) -> str:
    columns = [Column("id", INT4, nullable=False), Column("name", TEXT), Column("at", TIMESTAMP)]
    table.create(str(tmp_path / "t"), columns, commit=CommitInfo("u"))
    return str(tmp_path / "t")


def transaction(tmp_path: Path) -> DeltaTransaction:
    return DeltaTransaction(tmp_path / "staging", Snapshots(), CommitInfo("u", "q_1"), memory_bytes=100_000)


def data_files(uri: str) -> list[Path]:
    return sorted(Path(uri).glob("*.parquet"))


def test_files_are_written_before_the_commit_and_moved_by_it(uri: str, tmp_path: Path) -> None:
    work, before = transaction(tmp_path), DeltaTable(uri).version()
    assert work.write_at_once(T, uri, SCHEMA, batches()) == BATCHES * ROWS
    assert data_files(uri) == []
    assert list((tmp_path / "staging").rglob("*.parquet"))
    assert work.commit() == ((T, before + 1),)
    assert not list((tmp_path / "staging").rglob("*.parquet"))
    found = DeltaTable(uri)
    assert found.to_pyarrow_table().sort_by("id").column("id").to_pylist() == list(range(BATCHES * ROWS))
    assert found.history()[0]["queryId"] == "q_1"
    [line] = [
        entry["add"]
        for entry in map(json.loads, (Path(uri) / "_delta_log" / f"{before + 1:020}.json").read_text().splitlines())
        if "add" in entry
    ]
    stats = json.loads(line["stats"])
    assert (stats["numRecords"], stats["minValues"]["id"], stats["maxValues"]["id"]) == (6000, 0, 5999)
    assert stats["nullCount"]["at"] == BATCHES


def test_a_few_rows_are_staged_as_ever(uri: str, tmp_path: Path) -> None:
    work = transaction(tmp_path)
    assert work.write_at_once(T, uri, SCHEMA, [next(batches()).slice(0, 5)]) == 5
    assert not list((tmp_path / "staging").rglob("*.parquet"))
    work.commit()
    assert DeltaTable(uri).to_pyarrow_table().num_rows == 5


def test_a_bad_row_leaves_nothing(uri: str, tmp_path: Path) -> None:
    work, before = transaction(tmp_path), DeltaTable(uri).version()
    with pytest.raises(NumericValueOutOfRange):
        work.write_at_once(T, uri, SCHEMA, batches(bad=4))
    work.rollback()
    assert data_files(uri) == [] and DeltaTable(uri).version() == before
    assert not list((tmp_path / "staging").rglob("*.parquet"))


def test_others_may_append_in_the_meantime(uri: str, tmp_path: Path) -> None:
    work, before = transaction(tmp_path), DeltaTable(uri).version()
    work.write_at_once(T, uri, SCHEMA, batches())
    own = DeltaTable(uri).schema().to_arrow()
    write_deltalake(uri, pa.table({"id": [1], "name": ["y"], "at": [None]}, schema=pa.schema(own)), mode="append")
    assert work.commit() == ((T, before + 2),)
    assert DeltaTable(uri).to_pyarrow_table().num_rows == BATCHES * ROWS + 1


def test_a_table_that_was_replaced_takes_no_files(uri: str, tmp_path: Path) -> None:
    work = transaction(tmp_path)
    work.write_at_once(T, uri, SCHEMA, batches())
    for path in sorted(Path(uri).rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    table.create(uri, [Column("id", INT4), Column("name", TEXT), Column("at", TIMESTAMP)], commit=CommitInfo("u"))
    with pytest.raises(SerializationFailure):
        work.commit()
    assert data_files(uri) == []


def test_all_rows_are_replaced_by_files_written_before_the_commit(uri: str, tmp_path: Path) -> None:
    before = transaction(tmp_path)
    before.write_at_once(T, uri, SCHEMA, [next(batches()).slice(0, 5)])
    before.commit()
    work, version = transaction(tmp_path), DeltaTable(uri).version()
    assert work.write_at_once(T, uri, SCHEMA, batches(), replaces=True) == BATCHES * ROWS
    assert list((tmp_path / "staging").rglob("*.parquet"))
    assert work.commit() == ((T, version + 1),)
    assert DeltaTable(uri).to_pyarrow_table().num_rows == BATCHES * ROWS
    assert DeltaTable(uri, version=version).to_pyarrow_table().num_rows == 5
    few = transaction(tmp_path)
    assert few.write_at_once(T, uri, SCHEMA, [], replaces=True) == 0
    few.commit()
    assert DeltaTable(uri).to_pyarrow_table().num_rows == 0


def test_rows_that_others_have_replaced_are_not_replaced_again(uri: str, tmp_path: Path) -> None:
    first = transaction(tmp_path)
    first.write_at_once(T, uri, SCHEMA, batches())
    first.commit()
    work = transaction(tmp_path)
    work.write_at_once(T, uri, SCHEMA, batches(), replaces=True)
    DeltaTable(uri).delete("id = 1")
    left = data_files(uri)
    with pytest.raises(SerializationFailure):
        work.commit()
    assert data_files(uri) == left
    assert DeltaTable(uri).to_pyarrow_table().num_rows == BATCHES * ROWS - 1


def test_an_append_only_table_is_not_replaced(tmp_path: Path) -> None:
    place = str(tmp_path / "kept")
    write_deltalake(place, pa.table({"id": [1]}), configuration={"delta.appendOnly": "true"})
    work = transaction(tmp_path)
    with pytest.raises(ObjectNotInPrerequisiteState):
        work.write_at_once(T, place, pa.schema([("id", pa.int64())]), batches(), replaces=True)


class Counted(bytearray):
    """Memory whose pieces in use are counted."""

    alive = 0

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        Counted.alive += 1

    def __del__(self) -> None:
        Counted.alive -= 1


def test_memory_does_not_grow_with_the_stream(uri: str, tmp_path: Path) -> None:
    """Batches of 4 MB: of a hundred, no more than the writer's pieces of 1 MB lie in memory at a time."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, SCHEMA) as writer:
        writer.write_batch(pa.record_batch([range(1000), [f"{i} " * 1000 for i in range(1000)], [None] * 1000], SCHEMA))
    data = sink.getvalue().to_pybytes()
    most = 0

    def incoming() -> Iterator[pa.RecordBatch]:
        nonlocal most
        for _ in range(100):
            yield pa.ipc.open_stream(pa.py_buffer(Counted(data))).read_next_batch()
            most = max(most, Counted.alive)

    work = transaction(tmp_path)
    assert work.write_at_once(T, uri, SCHEMA, incoming()) == 100_000
    assert most < 60
    work.commit()
    assert Counted.alive == 0
    [file] = data_files(uri)
    column = pq.ParquetFile(file).metadata.row_group(0).column(1)
    assert column.compression == "SNAPPY"
    assert pq.ParquetFile(file).metadata.num_row_groups > 5, "groups of about 32 MB"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder of another file system than that of the tables."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other file system here")
    with tempfile.TemporaryDirectory(dir=memory) as made:
        yield Path(made)


def test_files_come_from_another_file_system_whole_or_not_at_all(uri: str, tmp_path: Path, elsewhere: Path) -> None:
    work = DeltaTransaction(elsewhere, Snapshots(), CommitInfo("u", "q_1"), memory_bytes=100_000)
    assert work.write_at_once(T, uri, SCHEMA, batches()) == BATCHES * ROWS
    work.commit()
    assert DeltaTable(uri).to_pyarrow_table().num_rows == BATCHES * ROWS
    assert not list(Path(uri).glob("_*.part")) and not list(elsewhere.rglob("*.parquet"))

    target = tmp_path / "target"
    target.mkdir()
    names = ["a.parquet", "missing/b.parquet"]
    for name in names:
        (elsewhere / name).parent.mkdir(exist_ok=True)
        (elsewhere / name).write_bytes(b"data")
    files = tuple(AddAction(name, 4, {}, 0, True, "{}") for name in names)
    with pytest.raises(SqlError):
        Written(elsewhere, files).move(str(target))
    assert list(target.rglob("*")) == [], "what had been moved goes again"
