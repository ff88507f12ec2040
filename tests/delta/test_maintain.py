"""VACUUM, OPTIMIZE, HISTORY, DETAIL, RESTORE and time travel: figures, refusals, faults."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from catalog.errors import (
    FeatureNotSupported,
    InvalidParameterValue,
    ObjectNotInPrerequisiteState,
    SqlError,
    UndefinedColumn,
    UndefinedTable,
)
from engine.delta import maintain
from engine.delta.log import check_version, commits, oldest_readable, version_at
from engine.delta.snapshot import Snapshots
from tests.delta.delta_files import add, bitmap, field, metadata, protocol, write_log, write_parquet, z85
from tests.delta.delta_fixtures import COMMIT, column_mapping, deletion_vectors

NOW = dt.timedelta(0)


@pytest.fixture
def uri(tmp_path: Path) -> str:
    """Versions 0 to 3, one row in each of two partitions per version."""
    path = str(tmp_path / "t")
    for number in range(4):
        rows = pa.table({"id": pa.array([number, number + 10], pa.int64()), "p": ["a", "b"]})
        write_deltalake(path, rows, partition_by=["p"], mode="append")
    return path


def _ids(uri: str, version: int | None = None) -> list[int]:
    return sorted(pa.table(DeltaTable(uri, version=version).scan())["id"].to_pylist())


ALL = [0, 1, 2, 3, 10, 11, 12, 13]


def test_optimize(uri: str) -> None:
    result = maintain.optimize(uri, commit=COMMIT)
    assert (result.files_added, result.files_removed, result.partitions, result.version) == (2, 8, 2, 4)
    assert 0 < result.bytes_added < result.bytes_removed
    assert _ids(uri) == ALL
    again = maintain.optimize(uri, commit=COMMIT)
    assert (again.files_added, again.files_removed, again.version) == (0, 0, 4)


def test_optimize_one_partition(uri: str) -> None:
    result = maintain.optimize(uri, where=[("p", "=", "a")], commit=COMMIT)
    assert (result.files_added, result.files_removed) == (1, 4)


def test_zorder(uri: str) -> None:
    result = maintain.optimize(uri, zorder_by=["id"], commit=COMMIT)
    assert (result.files_added, result.files_removed) == (2, 8)
    assert _ids(uri) == ALL


def test_optimize_refuses(uri: str, tmp_path: Path) -> None:
    with pytest.raises(FeatureNotSupported, match='not by "id"'):
        maintain.optimize(uri, where=[("id", "=", "1")], commit=COMMIT)
    with pytest.raises(UndefinedColumn):
        maintain.optimize(uri, zorder_by=["nosuch"], commit=COMMIT)
    with pytest.raises(InvalidParameterValue):
        maintain.optimize(uri, zorder_by=["p"], commit=COMMIT)
    with pytest.raises(FeatureNotSupported, match="column mapping"):
        maintain.optimize(column_mapping(tmp_path / "m").uri, commit=COMMIT)


def test_vacuum(uri: str) -> None:
    maintain.optimize(uri, commit=COMMIT)
    listed = maintain.vacuum(uri, retain=NOW, force=True, dry_run=True, commit=COMMIT)
    assert len(listed.files) == 8
    assert listed.bytes == sum(size for _, size in listed.files) > 0
    assert (listed.version, listed.oldest_version) == (4, 0)
    assert _ids(uri, 3) == ALL
    done = maintain.vacuum(uri, retain=NOW, force=True, commit=COMMIT)
    assert done.files == listed.files
    assert done.oldest_version == 4
    assert done.oldest_time is not None
    assert _ids(uri) == ALL
    assert maintain.vacuum(uri, retain=NOW, force=True, commit=COMMIT).files == ()


def test_vacuum_of_odd_partitions(tmp_path: Path) -> None:
    path = str(tmp_path / "t")
    for number in range(2):
        rows = pa.table({"id": [number] * 3, "p": ["a b", "50%", "x/y"]})
        write_deltalake(path, rows, partition_by=["p"], mode="append")
    maintain.optimize(path, commit=COMMIT)
    done = maintain.vacuum(path, retain=NOW, force=True, commit=COMMIT)
    assert len(done.files) == 6
    assert all(size > 0 for _, size in done.files)
    assert len(_ids(path)) == 6


def test_vacuum_spares_files_of_deletion_vectors(tmp_path: Path) -> None:
    """deltalake's full vacuum would delete them and with them the table."""
    case = deletion_vectors(tmp_path / "t")
    (tmp_path / "t" / "orphan.parquet").write_bytes(b"x")
    for path in (tmp_path / "t").glob("*.*"):
        os.utime(path, (1, 1))
    assert maintain.vacuum(case.uri, full=False, commit=COMMIT).files == ()
    assert maintain.vacuum(case.uri, dry_run=True, commit=COMMIT).files == (("orphan.parquet", 1),)
    assert maintain.vacuum(case.uri, commit=COMMIT).files == (("orphan.parquet", 1),)
    assert not (tmp_path / "t" / "orphan.parquet").exists()
    assert Snapshots().latest(case.uri).statistics().rows == len(case.rows)


def test_restore_undoes_a_deletion_vector(tmp_path: Path) -> None:
    """The same file with and without deleted rows counts as two."""
    root = tmp_path / "t"
    write_parquet(root / "a.parquet", {"id": pa.array(range(5), pa.int64())})
    features = ["deletionVectors"]
    write_log(root, 0, [protocol(features, features), metadata([field("id", "long")]), add(root, "a.parquet", 5)])
    data = bitmap([1, 2])
    vector = {"storageType": "i", "pathOrInlineDv": z85(data), "sizeInBytes": len(data), "cardinality": 2}
    gone = {"path": "a.parquet", "deletionTimestamp": 1_700_000_000_000, "dataChange": True, "partitionValues": {}}
    write_log(root, 1, [{"remove": gone}, add(root, "a.parquet", 5, deletion_vector=vector)])
    snapshots = Snapshots()
    assert snapshots.latest(str(root)).statistics().rows == 3
    done = maintain.restore(str(root), 0, "t", snapshots, commit=COMMIT)
    assert (done.num_removed_files, done.num_restored_files, done.num_of_files_after_restore) == (1, 1, 1)
    assert snapshots.latest(str(root)).statistics().rows == 5


def test_vacuum_keeps_what_the_retention_needs(uri: str) -> None:
    maintain.optimize(uri, commit=COMMIT)
    assert maintain.vacuum(uri, commit=COMMIT).files == ()
    assert _ids(uri, 3) == ALL


def test_vacuum_retention(uri: str) -> None:
    with pytest.raises(InvalidParameterValue, match="below the table's 168 hours") as caught:
        maintain.vacuum(uri, retain=dt.timedelta(hours=1), commit=COMMIT)
    assert "FORCE" in (caught.value.hint or "")
    table = DeltaTable(uri)
    table.alter.set_table_properties({"delta.deletedFileRetentionDuration": "interval 2 hours"})
    maintain.vacuum(uri, retain=dt.timedelta(hours=2), commit=COMMIT)
    with pytest.raises(InvalidParameterValue, match="below the table's 2 hours"):
        maintain.vacuum(uri, retain=dt.timedelta(hours=1), commit=COMMIT)


def test_vacuum_takes_old_orphans_and_leaves_young_ones(uri: str) -> None:
    """A file without a commit may belong to a writer that is about to commit."""
    old, young = Path(uri, "old.parquet"), Path(uri, "young.parquet")
    for path in (old, young):
        path.write_bytes(b"x" * 10)
    os.utime(old, (1, 1))
    assert maintain.vacuum(uri, full=False, commit=COMMIT).files == ()
    assert maintain.vacuum(uri, commit=COMMIT).files == (("old.parquet", 10),)
    assert young.exists()


def test_vacuum_keeps_named_versions(uri: str) -> None:
    maintain.optimize(uri, commit=COMMIT)
    kept = maintain.vacuum(uri, retain=NOW, force=True, keep_versions=[3], commit=COMMIT)
    assert kept.files == ()
    assert _ids(uri, 3) == ALL


def test_oldest_readable(uri: str, tmp_path: Path) -> None:
    assert oldest_readable(uri) == 0
    maintain.optimize(uri, where=[("p", "=", "a")], commit=COMMIT)
    write_deltalake(uri, pa.table({"id": [99], "p": ["c"]}), mode="append")
    maintain.vacuum(uri, retain=NOW, force=True, commit=COMMIT)
    assert oldest_readable(uri) == 4
    snapshots = Snapshots()
    check_version(uri, 4, "t", snapshots)
    with pytest.raises(ObjectNotInPrerequisiteState) as caught:
        check_version(uri, 3, "public.t", snapshots)
    assert caught.value.code == "55000"
    assert caught.value.message == (
        "version 3 of public.t is no longer readable (files removed by VACUUM); oldest is 4"
    )
    with pytest.raises(InvalidParameterValue):
        check_version(uri, 99, "public.t", snapshots)


def test_version_at(uri: str) -> None:
    known = commits(uri)
    assert [entry.version for entry in known] == [3, 2, 1, 0]
    millisecond = dt.timedelta(milliseconds=1)
    assert version_at(uri, known[0].time) == 3
    assert version_at(uri, known[0].time + dt.timedelta(days=999)) == 3
    assert version_at(uri, known[-1].time + millisecond * 0) >= 0
    between = known[1].time + (known[0].time - known[1].time) / 2
    assert version_at(uri, between) in (2, 3)
    with pytest.raises(SqlError) as caught:
        version_at(uri, known[-1].time - millisecond)
    assert caught.value.code == "22008"
    assert known[-1].time.strftime("%Y-%m-%d") in (caught.value.detail or "")


def test_version_at_with_clocks_that_differ(tmp_path: Path) -> None:
    """A commit with an earlier time than the one before it is not older than that."""
    uri = str(tmp_path / "t")
    for number, milliseconds in enumerate((1_000, 5_000, 3_000)):
        write_deltalake(uri, pa.table({"id": [number]}), mode="append")
        path = Path(uri, "_delta_log", f"{number:020d}.json")
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        for line in lines:
            if "commitInfo" in line:
                line["commitInfo"]["timestamp"] = milliseconds
        path.write_text("\n".join(map(json.dumps, lines)))
    at = dt.datetime.fromtimestamp
    assert version_at(uri, at(4, dt.UTC)) == 0
    assert version_at(uri, at(5, dt.UTC)) == 2


def test_history(uri: str) -> None:
    DeltaTable(uri).delete("id = 0", commit_properties=COMMIT.properties())
    table = maintain.history(uri)
    assert table.schema == maintain.arrow_schema(maintain.HISTORY)
    assert table["version"].to_pylist() == [4, 3, 2, 1, 0]
    newest = table.slice(0, 1).to_pylist()[0]
    assert (newest["operation"], newest["userName"], newest["readVersion"]) == ("DELETE", "tester", 3)
    assert json.loads(newest["operationParameters"]) == {"predicate": "id = 0"}
    assert json.loads(newest["operationMetrics"])["num_deleted_rows"] == "1"
    assert newest["engineInfo"].startswith("delta-rs")
    assert newest["job"] is None
    assert maintain.history(uri, limit=2)["version"].to_pylist() == [4, 3]


def test_detail(uri: str) -> None:
    table = maintain.detail(uri, "public.t")
    assert table.schema == maintain.arrow_schema(maintain.DETAIL)
    (row,) = table.to_pylist()
    assert (row["format"], row["name"], row["location"], row["numFiles"]) == ("delta", "public.t", uri, 8)
    assert row["sizeInBytes"] == sum(path.stat().st_size for path in Path(uri).rglob("p=*/*.parquet"))
    assert (row["partitionColumns"], row["minReaderVersion"], row["minWriterVersion"]) == (["p"], 1, 2)
    assert row["createdAt"].tzinfo is not None and row["lastModified"] >= row["createdAt"]


def test_detail_tells_features(tmp_path: Path) -> None:
    (row,) = maintain.detail(deletion_vectors(tmp_path / "t").uri, None).to_pylist()
    assert (row["tableFeatures"], row["minReaderVersion"], row["minWriterVersion"]) == (["deletionVectors"], 3, 7)
    assert row["name"] is None


def test_restore(uri: str) -> None:
    maintain.optimize(uri, commit=COMMIT)
    snapshots = Snapshots()
    sizes = dict(zip(*(snapshots.latest(uri).files[c].to_pylist() for c in ("path", "size_bytes")), strict=True))
    dry = maintain.restore(uri, 1, "t", snapshots, dry_run=True, commit=COMMIT)
    assert (dry.num_of_files_after_restore, dry.num_removed_files, dry.num_restored_files) == (4, 2, 4)
    assert dry.removed_files_size == sum(sizes.values())
    assert dry.table_size_after_restore == dry.restored_files_size
    assert dry.version == 4
    assert _ids(uri) == ALL
    done = maintain.restore(uri, 1, "t", snapshots, commit=COMMIT)
    assert (done.num_restored_files, done.version) == (4, 5)
    assert _ids(uri) == [0, 1, 10, 11]
    again = maintain.restore(uri, 5, "t", snapshots, commit=COMMIT)
    assert (again.num_removed_files, again.num_restored_files, again.version) == (0, 0, 5)


def test_restore_refuses(uri: str) -> None:
    snapshots = Snapshots()
    with pytest.raises(InvalidParameterValue):
        maintain.restore(uri, 44, "t", snapshots, commit=COMMIT)
    maintain.optimize(uri, commit=COMMIT)
    maintain.vacuum(uri, retain=NOW, force=True, commit=COMMIT)
    for dry_run in (True, False):
        with pytest.raises(ObjectNotInPrerequisiteState, match="oldest is 4"):
            maintain.restore(uri, 1, "t", snapshots, dry_run=dry_run, commit=COMMIT)
    assert _ids(uri) == ALL


def test_no_table(tmp_path: Path) -> None:
    path = str(tmp_path / "nothing")
    for call in (
        lambda: maintain.vacuum(path, commit=COMMIT),
        lambda: maintain.optimize(path, commit=COMMIT),
        lambda: maintain.history(path),
        lambda: maintain.detail(path, None),
        lambda: maintain.restore(path, 0, "t", Snapshots(), commit=COMMIT),
    ):
        with pytest.raises(UndefinedTable):
            call()


def test_disk_that_cannot_be_written(uri: str) -> None:
    """A folder that takes no new file: an error of class 58 or 53, and the table as before."""
    log = Path(uri, "_delta_log")
    if os.geteuid() == 0:
        blocked = log / f"{4:020d}.json"
        blocked.mkdir()
        with pytest.raises(SqlError) as caught:
            maintain.optimize(uri, commit=COMMIT)
        blocked.rmdir()
    else:
        log.chmod(0o500)
        with pytest.raises(SqlError) as caught:
            maintain.optimize(uri, commit=COMMIT)
        log.chmod(0o700)
    assert caught.value.code[:2] in ("58", "53", "40", "XX")
    assert str(uri) not in caught.value.message
    assert _ids(uri) == ALL
