"""Definitions that fail or are undone: Delta, the catalog and the shadow agree afterwards, and no row is lost."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from catalog.errors import ConnectionFailure, SqlError
from catalog.model import Relation
from catalog.names import TableName
from catalog.shadow import sync
from catalog.store import Store
from catalog.store.change import Change
from sql_extensions.session import Session
from tests.gateway.door import Door


@pytest.fixture
def door(store: Store, tmp_path: Path) -> Iterator[Door]:
    opened = Door(store, tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def ann(door: Door) -> Session:
    session = door.open()
    door.run(session, "CREATE SCHEMA s")
    door.run(session, "CREATE TABLE s.t (a int)")
    door.run(session, "INSERT INTO s.t VALUES (1)")
    return session


def test_rows_of_others_outlive_the_rollback_of_add_column(door: Door, ann: Session) -> None:
    other = door.open()
    door.run(ann, "BEGIN")
    door.run(ann, "ALTER TABLE s.t ADD COLUMN b int")
    door.run(other, "INSERT INTO s.t (a) VALUES (2)")
    door.run(ann, "ROLLBACK")
    assert sorted(door.run(other, "SELECT a FROM s.t")) == [(1,), (2,)]
    door.run(other, "INSERT INTO s.t (a) VALUES (3)")
    assert sorted(door.run(ann, "SELECT a FROM s.t")) == [(1,), (2,), (3,)]


def test_the_rollback_of_add_column_takes_the_column_back(door: Door, ann: Session) -> None:
    door.run(ann, "BEGIN")
    door.run(ann, "ALTER TABLE s.t ADD COLUMN b int")
    door.run(ann, "ROLLBACK")
    door.run(ann, "INSERT INTO s.t VALUES (2)")
    assert sorted(door.run(ann, "SELECT * FROM s.t")) == [(1,), (2,)]
    door.run(ann, "ALTER TABLE s.t ADD COLUMN b text")
    assert door.run(ann, "SELECT b FROM s.t WHERE a = 1") == [(None,)]


@contextmanager
def failing_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The store loses its connection right before the change would be committed."""

    def finish(change: Change) -> None:
        change._connection.connection.dbapi_connection.close()  # type: ignore[union-attr]
        whole(change)

    whole = Change.finish
    with monkeypatch.context() as patch:
        patch.setattr(Change, "finish", finish)
        yield


def test_a_column_that_the_store_did_not_take_can_be_added_again(
    door: Door, ann: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with failing_store(monkeypatch), pytest.raises(SqlError):
        door.run(ann, "ALTER TABLE s.t ADD COLUMN b int")
    door.run(ann, "INSERT INTO s.t VALUES (2)")
    door.run(ann, "ALTER TABLE s.t ADD COLUMN b int")
    assert sorted(door.run(ann, "SELECT a, b FROM s.t")) == [(1, None), (2, None)]


def test_a_table_that_the_store_did_not_take_leaves_nothing(
    door: Door, ann: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with failing_store(monkeypatch), pytest.raises(SqlError):
        door.run(ann, "CREATE TABLE s.u (a int)")
    assert len(_folders(ann)) == 1
    door.run(ann, "CREATE TABLE s.u (a int)")
    assert door.run(ann, "SELECT * FROM s.u") == []


def test_a_shadow_that_dies_after_the_store_has_agreed_follows(
    door: Door, ann: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalog is the system of record: what it holds has happened."""

    def finish(change: Change) -> None:
        whole(change)
        if threading.current_thread() is threading.main_thread():  # not the one that saves statistics
            server = ann.tenant.shadow._server
            assert server is not None
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)

    whole = Change.finish
    with monkeypatch.context() as patch:
        patch.setattr(Change, "finish", finish)
        door.run(ann, "CREATE TABLE s.u (a int)")
    door.run(ann, "INSERT INTO s.u VALUES (7)")
    assert door.run(ann, "SELECT a FROM s.u") == [(7,)]


def test_a_column_that_another_writer_added_is_kept_and_can_be_taken_over(door: Door, ann: Session) -> None:
    location = _relation(door, "t").location
    assert location is not None
    rows = pa.table({"a": pa.array([2], pa.int32()), "b": pa.array(["two"])})
    write_deltalake(location, rows, mode="append", schema_mode="merge")
    door.run(ann, "INSERT INTO s.t VALUES (3)")
    assert sorted(door.run(ann, "SELECT * FROM s.t")) == [(1,), (2,), (3,)]
    with pytest.raises(SqlError, match="columns that the catalog does not know: b") as caught:
        door.run(ann, "UPDATE s.t SET a = a + 10")
    assert caught.value.code == "55000"
    with pytest.raises(SqlError, match="already exists") as caught:
        door.run(ann, "ALTER TABLE s.t ADD COLUMN b int")
    assert caught.value.code == "42701"
    door.run(ann, "ALTER TABLE s.t ADD COLUMN b text")
    door.run(ann, "UPDATE s.t SET a = a + 10")
    assert sorted(door.run(ann, "SELECT * FROM s.t")) == [(11, None), (12, "two"), (13, None)]


def test_two_check_constraints_hold_together(door: Door, ann: Session) -> None:
    door.run(ann, "CREATE TABLE s.checked (a int CHECK (a > 0), b int CHECK (b < 10))")
    door.run(ann, "INSERT INTO s.checked VALUES (1, 1)")
    for row, constraint in (("(0, 1)", "checked_a_check"), ("(1, 10)", "checked_b_check")):
        with pytest.raises(SqlError) as caught:
            door.run(ann, f"INSERT INTO s.checked VALUES {row}")
        assert caught.value.code == "23514"
        assert f'"{constraint}"' in caught.value.message
    assert door.run(ann, "SELECT * FROM s.checked") == [(1, 1)]


def test_a_writer_needs_no_right_to_read(door: Door, ann: Session) -> None:
    """PostgreSQL asks for INSERT only; that we read for constraints is our own affair."""
    door.store.users.add("bob", "shop", "other words", admin=False)
    door.run(ann, "CREATE TABLE s.checked (a int CHECK (a > 0), b int)")
    door.run(ann, "GRANT USAGE ON SCHEMA s TO bob")
    door.run(ann, "GRANT INSERT, UPDATE ON s.checked TO bob")
    bob = door.open("bob", admin=False)
    door.run(bob, "INSERT INTO s.checked VALUES (1, 1)")
    door.run(bob, "UPDATE s.checked SET b = 2")
    for sql in ("SELECT a FROM s.checked", "SELECT count(*) FROM s.checked WHERE true"):
        with pytest.raises(SqlError) as caught:
            door.run(bob, sql)
        assert caught.value.code == "42501"
    assert door.run(ann, "SELECT * FROM s.checked") == [(1, 2)]


def test_everything_is_undone_though_one_step_fails(door: Door, ann: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    door.run(ann, "BEGIN")
    door.run(ann, "SET statement_timeout = '7s'")
    door.run(ann, "CREATE TABLE s.u (a int)")
    door.run(ann, "DECLARE c CURSOR FOR SELECT a FROM s.t")
    with failing_store(monkeypatch), pytest.raises(SqlError):
        door.run(ann, "ROLLBACK")
    assert not ann.transaction.in_block
    assert ann.cursors == {}
    assert door.run(ann, "SHOW statement_timeout") == [("0",)]


def _folders(session: Session) -> list[Path]:
    return [path for path in Path(session.tenant.catalog.root).iterdir() if path.is_dir()]


def test_rights_taken_by_another_process_end_what_was_planned(
    door: Door, ann: Session, open_store: Callable[[], Store]
) -> None:
    door.store.users.add("bob", "shop", "other words", admin=False)
    before = _relation(door, "t")
    door.run(ann, "GRANT USAGE ON SCHEMA s TO bob")
    door.run(ann, "GRANT SELECT ON s.t TO bob")
    bob = door.open("bob", admin=False)
    assert door.run(bob, "SELECT a FROM s.t") == [(1,)]
    with open_store().catalog("shop").change() as change:
        change.put_relation(before)
    deadline = time.monotonic() + 10
    with pytest.raises(SqlError, match="permission denied"):
        while time.monotonic() < deadline:
            door.run(bob, "SELECT a FROM s.t")


def test_a_database_that_could_not_be_opened_can_be_later(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door(store, tmp_path / "data")
    with monkeypatch.context() as patch:
        patch.setattr(sync, "apply_snapshot", _store_is_away)
        with pytest.raises(SqlError, match="cannot be reached"):
            door.open()
    assert door.run(door.open(), "SELECT 1") == [(1,)]
    door.close()


def _store_is_away(*_: object) -> None:
    raise ConnectionFailure("the metadata store cannot be reached")


def _relation(door: Door, name: str) -> Relation:
    return door.store.catalog("shop").snapshot().relations[TableName("s", name)]
