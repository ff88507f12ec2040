"""Transactions over Delta tables: staging, savepoints, visibility, conflicts, checks of rows, clean-up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from catalog.errors import (
    CheckViolation,
    FeatureNotSupported,
    InvalidSavepoint,
    ObjectNotInPrerequisiteState,
    SerializationFailure,
    SqlError,
)
from catalog.model import Column
from catalog.names import TableName
from catalog.types import (
    INT8,
    TEXT,
)
from engine.base import DeltaSource, StagedSource
from engine.delta.snapshot import Snapshots
from engine.delta.table import CommitInfo, create
from engine.delta.transaction import DeltaTransaction, clean_staging
from tests.delta.delta_files import add, field, metadata, write_log, write_parquet
from tests.delta.delta_fixtures import COMMIT, column_mapping, deletion_vectors

T = TableName("public", "t")
U = TableName("public", "u")


class Lake:
    """Two small tables and a way to begin transactions on them."""

    def __init__(self, root: Path) -> None:
        self.staging = root / "staging"
        self.staging.mkdir()
        self.uris = {name: str(root / name.name) for name in (T, U)}
        for uri in self.uris.values():
            create(uri, [Column("id", INT8, nullable=False), Column("v", TEXT)], commit=COMMIT)
        self.snapshots = Snapshots()

    def begin(self, **options: int) -> DeltaTransaction:
        return DeltaTransaction(self.staging, self.snapshots, COMMIT, **options)

    def append(self, transaction: DeltaTransaction, *ids: int, table: TableName = T) -> int:
        rows = batch(ids)
        return transaction.append(table, self.uris[table], rows.schema, [rows])

    def ids(self, table: TableName = T) -> list[int]:
        reader = DeltaTable(self.uris[table]).scan(columns=["id"])
        return sorted(pa.table(reader)["id"].to_pylist())


def batch(ids: Sequence[int]) -> pa.RecordBatch:
    return pa.record_batch({"id": pa.array(ids, pa.int64()), "v": pa.array([f"v{i}" for i in ids])})


def reader(ids: Sequence[int]) -> pa.RecordBatchReader:
    rows = batch(ids)
    return pa.RecordBatchReader.from_batches(rows.schema, [rows])


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    made = Lake(tmp_path)
    yield made
    assert list(made.staging.iterdir()) == [], "files left in the staging folder"


def test_nothing_is_visible_before_commit(lake: Lake) -> None:
    transaction = lake.begin()
    assert lake.append(transaction, 1, 2) == 2
    assert lake.ids() == []
    assert transaction.changed == (T,)
    assert transaction.commit() == ((T, 1),)
    assert lake.ids() == [1, 2]


def test_own_changes_are_read(lake: Lake) -> None:
    transaction = lake.begin()
    transaction.pin(T, lake.uris[T])
    assert isinstance(transaction.source(T), DeltaSource)
    lake.append(transaction, 1)
    source = transaction.source(T)
    assert isinstance(source, StagedSource)
    assert source.base is not None and source.base.location.version == 0
    assert source.rows is not None and source.rows["id"].to_pylist() == [1]
    transaction.rollback()


def test_many_inserts_are_one_commit(lake: Lake) -> None:
    transaction = lake.begin()
    for number in range(500):
        lake.append(transaction, number)
    source = transaction.source(T)
    assert isinstance(source, StagedSource) and source.rows is not None
    assert source.rows["id"].num_chunks < 20
    assert transaction.commit() == ((T, 1),)
    assert lake.ids() == list(range(500))


def test_large_changes_are_spilled(lake: Lake) -> None:
    transaction = lake.begin(memory_bytes=10_000)
    rows = [batch(range(start, start + 1000)) for start in range(0, 10_000, 1000)]
    assert transaction.append(T, lake.uris[T], rows[0].schema, rows) == 10_000
    source = transaction.source(T)
    assert isinstance(source, StagedSource) and len(source.files) == 1
    transaction.commit()
    assert lake.ids() == list(range(10_000))


def test_rollback_forgets_all(lake: Lake) -> None:
    transaction = lake.begin(memory_bytes=10)
    lake.append(transaction, 1)
    transaction.rollback()
    assert transaction.commit() == ()
    assert lake.ids() == []


def test_failing_statement_leaves_nothing(lake: Lake) -> None:
    transaction = lake.begin(memory_bytes=10)
    lake.append(transaction, 1)

    def failing() -> Iterator[pa.RecordBatch]:
        yield batch([2])
        raise SqlError("boo")

    with pytest.raises(SqlError, match="boo"):
        transaction.append(T, lake.uris[T], batch([2]).schema, failing())
    transaction.commit()
    assert lake.ids() == [1]


def test_savepoints(lake: Lake) -> None:
    transaction = lake.begin(memory_bytes=10)
    lake.append(transaction, 1)
    transaction.savepoint("a")
    lake.append(transaction, 2)
    transaction.savepoint("b")
    lake.append(transaction, 3)
    transaction.rollback_to("b")
    transaction.rollback_to("b")
    lake.append(transaction, 4)
    transaction.release("b")
    with pytest.raises(InvalidSavepoint, match='savepoint "b" does not exist'):
        transaction.rollback_to("b")
    transaction.savepoint("a")
    lake.append(transaction, 5)
    transaction.rollback_to("a")
    transaction.release("a")
    transaction.savepoint("c")
    transaction.replace(T, lake.uris[T], reader([9]))
    transaction.rollback_to("c")
    transaction.commit()
    assert lake.ids() == [1, 2, 4]


def test_rollback_to_first_savepoint_undoes_all(lake: Lake) -> None:
    transaction = lake.begin()
    transaction.savepoint("a")
    lake.append(transaction, 1)
    transaction.rollback_to("a")
    assert transaction.changed == ()
    assert transaction.commit() == ()
    assert DeltaTable(lake.uris[T]).version() == 0


def test_replace_then_append(lake: Lake) -> None:
    first = lake.begin()
    lake.append(first, 1, 2, 3)
    first.commit()
    transaction = lake.begin()
    assert transaction.replace(T, lake.uris[T], reader([2])) == 1
    source = transaction.source(T)
    assert isinstance(source, StagedSource) and source.base is None
    lake.append(transaction, 7)
    assert transaction.commit() == ((T, 2),)
    assert lake.ids() == [2, 7]


def test_truncate(lake: Lake) -> None:
    first = lake.begin()
    lake.append(first, 1)
    first.commit()
    transaction = lake.begin()
    assert transaction.replace(T, lake.uris[T], reader([])) == 0
    transaction.commit()
    assert lake.ids() == []


def test_version_is_pinned_at_first_touch(lake: Lake) -> None:
    transaction = lake.begin()
    assert transaction.pin(T, lake.uris[T]) == 0
    other = lake.begin()
    lake.append(other, 1)
    other.commit()
    assert transaction.pin(T, lake.uris[T]) == 0
    assert lake.begin().pin(T, lake.uris[T]) == 1


def test_appends_do_not_conflict(lake: Lake) -> None:
    transactions = [lake.begin() for _ in range(5)]
    for number, transaction in enumerate(transactions):
        lake.append(transaction, number)
    for transaction in transactions:
        transaction.commit()
    assert lake.ids() == [0, 1, 2, 3, 4]


def test_append_after_a_rewrite_by_another(lake: Lake) -> None:
    transaction, other = lake.begin(), lake.begin()
    lake.append(transaction, 1)
    other.replace(T, lake.uris[T], reader([5]))
    other.commit()
    transaction.commit()
    assert lake.ids() == [1, 5]


def test_two_rewrites_conflict(lake: Lake) -> None:
    first = lake.begin()
    lake.append(first, 1)
    first.commit()
    one, two = lake.begin(), lake.begin()
    one.replace(T, lake.uris[T], reader([2]))
    two.replace(T, lake.uris[T], reader([3]))
    one.commit()
    with pytest.raises(SerializationFailure) as caught:
        two.commit()
    assert caught.value.code == "40001"
    assert lake.ids() == [2]


def test_rewrite_keeps_a_concurrent_append(lake: Lake) -> None:
    first = lake.begin()
    lake.append(first, 1)
    first.commit()
    rewrite, other = lake.begin(), lake.begin()
    rewrite.replace(T, lake.uris[T], reader([2]))
    lake.append(other, 9)
    other.commit()
    rewrite.commit()
    assert lake.ids() == [2, 9]


def test_conflicting_rewrite_comes_before_appends(lake: Lake) -> None:
    """Two tables: the one that can conflict is committed first, so nothing is half done."""
    first = lake.begin()
    lake.append(first, 1, table=U)
    first.commit()
    transaction, other = lake.begin(), lake.begin()
    lake.append(transaction, 5)
    transaction.replace(U, lake.uris[U], reader([2]))
    other.replace(U, lake.uris[U], reader([3]))
    other.commit()
    with pytest.raises(SerializationFailure):
        transaction.commit()
    assert (lake.ids(T), lake.ids(U)) == ([], [3])


def test_second_table_fails(lake: Lake) -> None:
    """No commit spans two tables: the error says what had been committed."""
    first = lake.begin()
    lake.append(first, 1)
    lake.append(first, 1, table=U)
    first.commit()
    transaction, other = lake.begin(), lake.begin()
    transaction.replace(T, lake.uris[T], reader([2]))
    transaction.replace(U, lake.uris[U], reader([2]))
    other.replace(U, lake.uris[U], reader([3]))
    other.commit()
    with pytest.raises(SerializationFailure) as caught:
        transaction.commit()
    assert (lake.ids(T), lake.ids(U)) == ([2], [3])
    assert "public.t" in (caught.value.detail or "")


def test_where(lake: Lake) -> None:
    first = lake.begin()
    lake.append(first, 1, 2, 3)
    first.commit()
    transaction = lake.begin()
    assert transaction.delete_where(T, lake.uris[T], "id >= 2")
    assert not transaction.update_where(T, lake.uris[T], {"v": "'x'"}, None)
    transaction.commit()
    assert transaction.counts == {T: 2}
    transaction = lake.begin()
    assert transaction.update_where(T, lake.uris[T], {"id": "id + 10"}, "id = 1")
    transaction.commit()
    assert transaction.counts == {T: 1}
    assert lake.ids() == [11]


def test_where_refuses_a_table_with_changes(lake: Lake) -> None:
    transaction = lake.begin()
    lake.append(transaction, 1)
    assert not transaction.delete_where(T, lake.uris[T], None)
    transaction.rollback()


def test_panic_or_error_of_deltalake_is_survived(lake: Lake) -> None:
    """Predicates deltalake cannot digest (the first one panics): an SqlError, and the table stays usable."""
    first = lake.begin()
    lake.append(first, 1)
    first.commit()
    for predicate in ("id = (SELECT max(id) FROM x)", "id IN (SELECT 1)", "nosuch = 1", "id = ("):
        transaction = lake.begin()
        transaction.delete_where(T, lake.uris[T], predicate)
        with pytest.raises(SqlError) as caught:
            transaction.commit()
        assert caught.value.code in ("XX000", "22023", "42703")
    again = lake.begin()
    lake.append(again, 2)
    again.commit()
    assert lake.ids() == [1, 2]


def test_commit_tells_who(lake: Lake) -> None:
    transaction = DeltaTransaction(lake.staging, lake.snapshots, CommitInfo("alice", "q-7", "nightly load"))
    lake.append(transaction, 1)
    transaction.commit()
    entry = DeltaTable(lake.uris[T]).history(1)[0]
    assert (entry["userName"], entry["queryId"], entry["userMetadata"]) == ("alice", "q-7", "nightly load")


def test_replaced_table_is_a_conflict(lake: Lake) -> None:
    """The table was dropped and made again at its place while the transaction ran."""
    transaction = lake.begin()
    lake.append(transaction, 1)
    for path in sorted(Path(lake.uris[T]).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    create(lake.uris[T], [Column("id", INT8)], commit=COMMIT)
    with pytest.raises(SerializationFailure):
        transaction.commit()


def test_append_only(lake: Lake, tmp_path: Path) -> None:
    uri = str(tmp_path / "log")
    create(uri, [Column("id", INT8), Column("v", TEXT)], configuration={"delta.appendOnly": "true"}, commit=COMMIT)
    transaction = lake.begin()
    transaction.append(T, uri, batch([1]).schema, [batch([1])])
    with pytest.raises(ObjectNotInPrerequisiteState):
        lake.begin().replace(T, uri, reader([]))
    transaction.commit()


def test_check_constraint(lake: Lake) -> None:
    DeltaTable(lake.uris[T]).alter.add_constraint({"positive": "id > 0"})
    transaction = lake.begin()
    lake.append(transaction, -1)
    with pytest.raises(CheckViolation):
        transaction.commit()
    assert lake.ids() == []


def test_left_over_files_of_a_crash(lake: Lake) -> None:
    dead = lake.staging / "transaction-dead"
    dead.mkdir()
    (dead / "x.parquet").write_bytes(b"")
    (dead / "owner.lock").write_bytes(b"")
    transaction = lake.begin(memory_bytes=10)
    lake.append(transaction, 1)
    assert clean_staging(lake.staging) == [dead]
    transaction.commit()
    assert lake.ids() == [1]


@pytest.mark.parametrize("feature", ["rowTracking", "clustering", "identityColumns", "somethingNew"])
def test_writer_features_are_gated(lake: Lake, tmp_path: Path, feature: str) -> None:
    root = tmp_path / "gated"
    write_parquet(root / "f.parquet", {"id": pa.array([1], pa.int64())})
    protocol = {"protocol": {"minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": [feature]}}
    write_log(root, 0, [protocol, metadata([field("id", "long"), field("v", "string")]), add(root, "f.parquet", 1)])
    with pytest.raises(FeatureNotSupported) as caught:
        lake.begin().append(T, str(root), batch([1]).schema, [batch([1])])
    assert feature in caught.value.message
    assert caught.value.hint is not None


def test_not_null(lake: Lake) -> None:
    rows = pa.record_batch({"id": pa.array([1, None], pa.int64()), "v": ["a", "b"]})
    with pytest.raises(SqlError) as caught:
        lake.begin().append(T, lake.uris[T], rows.schema, [rows])
    assert caught.value.code == "23502"
    assert caught.value.message == 'null value in column "id" of relation "t" violates not-null constraint'


def test_empty_text_in_a_partition(lake: Lake, tmp_path: Path) -> None:
    uri = str(tmp_path / "p")
    write_deltalake(uri, pa.table({"id": [1], "v": ["a"]}), partition_by=["v"])
    rows = pa.record_batch({"id": pa.array([2], pa.int64()), "v": [""]})
    with pytest.raises(FeatureNotSupported, match="empty string"):
        lake.begin().append(T, uri, rows.schema, [rows])


def test_deletion_vectors_and_mapping_can_be_written(lake: Lake, tmp_path: Path) -> None:
    """Appends and rewrites of tables with features that deltalake itself never makes."""
    for build, values in ((deletion_vectors, [[99], ["z"]]), (column_mapping, [[99], ["z"], ["p"]])):
        case = build(tmp_path / build.__name__)
        arrays = [pa.array(values[0], pa.int64()), *(pa.array(column) for column in values[1:])]
        rows = pa.record_batch(arrays, names=[name for name, _ in case.columns])
        first = lake.begin()
        first.append(T, case.uri, rows.schema, [rows])
        first.commit()
        snapshot = lake.snapshots.latest(case.uri)
        assert snapshot.statistics().rows == len(case.rows) + 1
        second = lake.begin()
        second.replace(T, case.uri, pa.RecordBatchReader.from_batches(rows.schema, [rows, rows]))
        second.commit()
        assert lake.snapshots.latest(case.uri).statistics().rows == 2


def test_column_added_by_another(lake: Lake) -> None:
    """Staged rows get NULL in a column added meanwhile; a rewrite is refused."""
    from engine.delta.table import add_column

    transaction = lake.begin()
    lake.append(transaction, 1)
    add_column(lake.uris[T], Column("extra", TEXT), commit=COMMIT)
    transaction.commit()
    assert pa.table(DeltaTable(lake.uris[T]).scan())["extra"].to_pylist() == [None]
    rewrite = lake.begin()
    rewrite.pin(T, lake.uris[T], 1)
    three = pa.record_batch({"id": pa.array([5], pa.int64()), "v": ["x"], "extra": ["y"]})
    rewrite.replace(T, lake.uris[T], pa.RecordBatchReader.from_batches(three.schema, [three]))
    add_column(lake.uris[T], Column("more", TEXT), commit=COMMIT)
    with pytest.raises(SerializationFailure):
        rewrite.commit()
