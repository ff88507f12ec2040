"""Symbolic links in a tenant's folder of the lake, as code in one of its Spark pods could make them: with each the
server would read, write or remove another tenant's files with its own rights. What happens without the guard is shown.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from catalog.errors import InsufficientPrivilege
from catalog.names import TableLocation, TableName
from catalog.types import INT8
from engine.base import DeltaSource, Field, Query, TableRead
from engine.delta.maintain import optimize, vacuum
from engine.delta.snapshot import Snapshots
from engine.delta.table import CommitInfo
from engine.embedded.engine import EmbeddedEngine
from engine.embedded.instance import EmbeddedSettings
from engine.spark.staged import StagedResult, local_staging
from engine.storage.storage import Storage
from tests.escapes.escape_world import World

COMMIT = CommitInfo("tests")


@dataclass(frozen=True)
class Lake:
    """Tenant a has the table `mine` (1, 2), tenant b `theirs` (41, 42)."""

    root: Path
    mine: Path
    theirs: Path

    def file(self, table: Path) -> Path:
        (found,) = table.glob("*.parquet")
        return found

    def swap(self, path: Path, target: Path) -> None:
        """`path` becomes a link to `target`."""
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        path.symlink_to(os.path.relpath(target, path.parent))

    def read(self, storage: Storage, spill: Path) -> list[int]:
        """Rows of `mine` through the embedded engine of tenant a."""
        engine = EmbeddedEngine(EmbeddedSettings((self.mine.parent,), spill), Snapshots(storage))
        source = DeltaSource(TableLocation(str(self.mine)))
        table = TableRead("v", TableName("public", "t"), (("a", INT8),), source)
        try:
            running = engine.start(Query("SELECT a FROM v ORDER BY 1", (Field("a", INT8),), (), (table,))).result()
            return list(running.reader.read_all()["a"].to_pylist())
        finally:
            engine.close()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    root = tmp_path / "lake"
    made = Lake(root, root / "a" / "mine", root / "b" / "theirs")
    write_deltalake(made.mine, pa.table({"a": pa.array([1, 2], pa.int64())}))
    write_deltalake(made.theirs, pa.table({"a": pa.array([41, 42], pa.int64())}))
    return made


def test_a_data_file_that_is_a_link_is_not_read(lake: Lake, tmp_path: Path) -> None:
    guarded = Storage(lake=str(lake.root))
    assert lake.read(guarded, tmp_path) == [1, 2]
    lake.swap(lake.file(lake.mine), lake.file(lake.theirs))
    with pytest.raises(InsufficientPrivilege):
        lake.read(guarded, tmp_path)
    with pytest.raises(InsufficientPrivilege):
        optimize(str(lake.mine), commit=COMMIT, storage=guarded)
    assert lake.read(Storage(), tmp_path) == [41, 42], "what it would have read"


def test_a_log_that_is_a_link_is_neither_read_nor_written(lake: Lake) -> None:
    guarded = Snapshots(Storage(lake=str(lake.root)))
    assert guarded.latest(str(lake.mine)).version == 0
    entry = lake.mine / "_delta_log" / f"{1:020d}.json"
    entry.symlink_to(lake.theirs / "_delta_log" / f"{0:020d}.json")
    with pytest.raises(InsufficientPrivilege):
        guarded.latest(str(lake.mine))
    lake.swap(lake.mine / "_delta_log", lake.theirs / "_delta_log")
    with pytest.raises(InsufficientPrivilege):
        guarded.latest(str(lake.mine))
    assert Snapshots().latest(str(lake.mine)).file_uris, "what it would have read"


def test_vacuum_stays_in_its_table(lake: Lake) -> None:
    (lake.mine / "x").symlink_to("../../b")

    def run(storage: Storage) -> None:
        vacuum(str(lake.mine), commit=COMMIT, retain=timedelta(0), force=True, storage=storage)

    with pytest.raises(InsufficientPrivilege):
        run(Storage(lake=str(lake.root)))
    assert lake.file(lake.theirs).is_file()
    run(Storage())
    assert not list(lake.theirs.glob("*.parquet")), "what it would have removed"


def test_removing_a_table_does_not_follow_it(lake: Lake) -> None:
    lake.swap(lake.mine, lake.theirs)
    files = Storage(lake=str(lake.root)).files(str(lake.mine))
    files.remove([f"{lake.mine}/"])
    assert not lake.mine.is_symlink()
    assert lake.file(lake.theirs).is_file()
    (lake.root / "a" / "deeper").symlink_to(lake.root / "b")
    with pytest.raises(InsufficientPrivilege):
        files.remove([f"{lake.root}/a/deeper/theirs/"])


def test_a_staged_result_is_what_the_cluster_has_written_there(lake: Lake) -> None:
    folder = lake.root / "a" / "_results"
    folder.mkdir()

    def staged(make: Callable[[Path], object], guard: Path | None) -> list[int]:
        result = StagedResult(local_staging(folder, guard))
        there = folder / result._name
        there.mkdir()
        make(there / "part-0.parquet")
        try:
            return [row for batch in result.batches()[1] for row in batch.column(0).to_pylist()]
        finally:
            result.close()

    def honest(file: Path) -> None:
        pq.write_table(pa.table({"c0": [7]}), file)

    def link(file: Path) -> None:
        file.symlink_to(lake.file(lake.theirs))

    assert staged(honest, lake.root) == [7]
    with pytest.raises(InsufficientPrivilege):
        staged(link, lake.root)
    assert staged(link, None) == [41, 42], "what it would have given out"
    assert lake.file(lake.theirs).is_file()


def test_a_tenants_own_folder_may_be_on_another_disk(lake: Lake, tmp_path: Path) -> None:
    (lake.root / "a").rename(tmp_path / "disk")
    (lake.root / "a").symlink_to(tmp_path / "disk")
    assert lake.read(Storage(lake=str(lake.root)), tmp_path) == [1, 2]


def test_through_the_door(world: World) -> None:
    """The gateway's own lake is guarded: all statements that touch files."""
    with world.server.connect() as alice:
        alice.execute("CREATE SCHEMA links")
        alice.execute("CREATE TABLE links.t (a text)")
        alice.execute("INSERT INTO links.t VALUES ('mine')")
        alice.execute("CREATE TABLE links.gone (a text)")
        places = dict(alice.execute("SELECT name, location FROM kadali.tables WHERE schema = 'links'").fetchall())
        mine, gone = (Path(str(places[name]).removeprefix("file://")) for name in ("t", "gone"))
        (file,) = mine.glob("*.parquet")
        (secret,) = world.foreign.glob("*.parquet")
        file.unlink()
        file.symlink_to(secret)
        for sql in (
            "SELECT * FROM links.t",
            "COPY links.t TO STDOUT",
            "CREATE TABLE links.copy AS SELECT * FROM links.t",
            "UPDATE links.t SET a = a",
            "DELETE FROM links.t WHERE a LIKE 's%'",
            "OPTIMIZE links.t",
            "VACUUM links.t",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
                alice.execute(sql)
            assert world.secret not in str(refused.value)
        shutil.rmtree(gone)
        gone.symlink_to(world.foreign)
        alice.execute("DROP TABLE links.gone")
        alice.execute("DROP SCHEMA links CASCADE")
        assert not gone.is_symlink()
    assert secret.is_file()
    assert DeltaTable(world.foreign).to_pyarrow_table()["a"].to_pylist() == [world.secret]
