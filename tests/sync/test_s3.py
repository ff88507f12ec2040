"""Targets on an S3-compatible store: made, replaced, changed, evolved, and where they stand read back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.types import INT8, TEXT
from engine.connectors.changes import DELETE, INSERT, UPDATE
from engine.delta.table import CommitInfo
from engine.storage.options import S3Options
from engine.storage.storage import Storage
from engine.sync.changes import apply_changes
from engine.sync.merging import merge_rows
from engine.sync.position import read_mark
from engine.sync.target import Target
from engine.sync.write import append_rows, replace_rows
from tests.s3.object_store import BUCKET, ObjectStore
from tests.sync import sources
from tests.sync.sources import PLAIN, column, reader, rows_of, step


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    store = ObjectStore(tmp_path_factory.mktemp("s3") / "store").start()
    yield Storage(
        S3Options(store.endpoint, access_key_id=store.access_key, secret_access_key=store.secret_key, timeout_s=10.0)
    )
    store.stop()


def test_a_target_on_s3_goes_through_its_life(storage: Storage, tmp_path: Path) -> None:
    where = Target(f"s3://{BUCKET}/lake/t", "t", CommitInfo("alice"), tmp_path / "staging", storage, ("name",))
    assert read_mark(where.uri, sources.SYNC, storage) is None
    rows = [{"id": 1, "name": "a", "n": 1}, {"id": 2, "name": "b", "n": 2}]
    replace_rows(where, PLAIN, reader(PLAIN, rows), step(1))
    append_rows(where, PLAIN, reader(PLAIN, [{"id": 3, "name": "a"}]), step(2))
    merge_rows(where, PLAIN, ["id"], reader(PLAIN, [{"id": 3, "name": "b", "n": 3}]), step(3))
    wider = sources.table(*PLAIN.columns[:2], column("n", TEXT, 3), column("more", INT8, 4))
    events = [(DELETE, {"id": 1}), (INSERT, {"id": 4, "name": "a", "n": "x"}), (UPDATE, {"id": 2, "name": "c"})]
    assert apply_changes(where, sources.changes(wider, events), step(4)).taken
    assert not apply_changes(where, sources.changes(wider, events), step(4)).taken
    assert rows_of(where) == [
        {"id": 2, "name": "c", "n": None, "more": None},
        {"id": 3, "name": "b", "n": "3", "more": None},
        {"id": 4, "name": "a", "n": "x", "more": None},
    ]
    mark = read_mark(where.uri, sources.SYNC, storage)
    assert mark is not None and (mark.number, mark.position) == (4, {"lsn": 4})
