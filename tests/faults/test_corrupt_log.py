"""Delta logs that are damaged, or changed by others: a clear error for this table, and no effect on any other."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from deltalake import Field as DeltaField
from deltalake.schema import PrimitiveType

from tests.gateway_server import GatewayServer

Connection = psycopg.Connection[Any]
_numbers = itertools.count(1)


@pytest.fixture
def db(faulty: GatewayServer) -> Iterator[Connection]:
    with faulty.connect() as connection:
        yield connection


@pytest.fixture
def table(db: Connection) -> Iterator[tuple[str, Path]]:
    """(name, folder) of a table with three commits of data."""
    name = f"f.log_{next(_numbers)}"
    db.execute(f"CREATE TABLE {name} (a int, b text)".encode())
    for i in (1, 2, 3):
        db.execute(f"INSERT INTO {name} VALUES ({i}, 'row {i}')".encode())
    found = db.execute("SELECT location FROM kadali.tables WHERE schema = 'f' AND name = %s", [name[2:]]).fetchone()
    assert found is not None
    yield name, Path(str(found[0]).removeprefix("file://"))
    db.execute(f"DROP TABLE {name}".encode())


def _truncate(folder: Path) -> None:
    newest = folder / "_delta_log" / "00000000000000000003.json"
    newest.write_text(newest.read_text()[:50])


def _garbage(folder: Path) -> None:
    (folder / "_delta_log" / "00000000000000000003.json").write_bytes(b"\x00\xff" * 40)


def _newer_garbage(folder: Path) -> None:
    (folder / "_delta_log" / "00000000000000000004.json").write_text('{"add": {"path": 7}}\n')


def _missing_commit(folder: Path) -> None:
    (folder / "_delta_log" / "00000000000000000001.json").unlink()


def _missing_first(folder: Path) -> None:
    (folder / "_delta_log" / "00000000000000000000.json").unlink()


def _missing_data(folder: Path) -> None:
    sorted(folder.glob("*.parquet"))[0].unlink()


def _cut_data(folder: Path) -> None:
    file = sorted(folder.glob("*.parquet"))[0]
    file.write_bytes(file.read_bytes()[:40])


def _bad_checkpoint(folder: Path) -> None:
    DeltaTable(str(folder)).create_checkpoint()
    (file,) = (folder / "_delta_log").glob("*.checkpoint.parquet")
    file.write_bytes(b"PAR1 no checkpoint PAR1")
    for commit in (folder / "_delta_log").glob("*.json"):
        commit.unlink()


def _no_log(folder: Path) -> None:
    for file in (folder / "_delta_log").iterdir():
        file.unlink()


DAMAGES = [
    _truncate,
    _garbage,
    _newer_garbage,
    _missing_commit,
    _missing_first,
    _missing_data,
    _cut_data,
    _bad_checkpoint,
    _no_log,
]


KNOWN_BEFORE = (_missing_commit, _missing_first)
"""The server has read these commits before they vanished, and may go on with what it knows."""


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage(faulty: GatewayServer, db: Connection, table: tuple[str, Path], damage: Callable[[Path], None]) -> None:
    name, folder = table
    damage(folder)
    unharmed = damage in KNOWN_BEFORE
    with faulty.connect() as fresh:
        for sql in (f"SELECT a, b FROM {name} ORDER BY a", f"UPDATE {name} SET b = upper(b)"):
            try:
                rows = fresh.execute(sql.encode()).fetchall() if sql.startswith("SELECT") else []
                if not sql.startswith("SELECT"):
                    fresh.execute(sql.encode())
                assert unharmed, f"{sql} gave {rows}"
                assert rows in ([], [(1, "row 1"), (2, "row 2"), (3, "row 3")])
            except psycopg.Error as error:
                assert error.sqlstate in ("XX001", "58030", "58P01", "72000", "42P01"), error
                assert str(folder) not in str(error)
                assert "Traceback" not in str(error)
        assert fresh.execute("SELECT count(*) FROM f.numbers").fetchone() == (200_000,)
        assert fresh.execute("SELECT count(*) > 0 FROM pg_class").fetchone() == (True,)
    assert db.execute("SELECT 1").fetchone() == (1,)


def test_rows_of_another_writer_are_seen(db: Connection, table: tuple[str, Path]) -> None:
    name, folder = table
    assert db.execute(f"SELECT count(*) FROM {name}".encode()).fetchone() == (3,)
    write_deltalake(str(folder), pa.table({"a": pa.array([9], pa.int32()), "b": ["outside"]}), mode="append")
    assert db.execute(f"SELECT b FROM {name} WHERE a = 9".encode()).fetchone() == ("outside",)
    db.execute(f"DELETE FROM {name} WHERE a = 9".encode())
    assert DeltaTable(str(folder)).to_pyarrow_table().num_rows == 3


def test_a_column_of_another_writer(db: Connection, table: tuple[str, Path]) -> None:
    """A column that the catalog does not know is not there; rows written here have NULL in it."""
    name, folder = table
    DeltaTable(str(folder)).alter.add_columns([DeltaField("c", PrimitiveType("integer"))])
    assert db.execute(f"SELECT * FROM {name} WHERE a = 1".encode()).fetchall() == [(1, "row 1")]
    db.execute(f"INSERT INTO {name} VALUES (4, 'four')".encode())
    assert db.execute(f"SELECT count(*) FROM {name}".encode()).fetchone() == (4,)
    assert DeltaTable(str(folder)).to_pyarrow_table().column("c").null_count == 4


def test_a_schema_replaced_by_another_writer(db: Connection, table: tuple[str, Path]) -> None:
    name, folder = table
    other = pa.table({"a": ["no longer", "a number"], "z": [1, 2]})
    write_deltalake(str(folder), other, mode="overwrite", schema_mode="overwrite")
    with pytest.raises(psycopg.Error) as caught:
        db.execute(f"SELECT a, b FROM {name}".encode()).fetchall()
    assert caught.value.sqlstate is not None
    assert caught.value.sqlstate != "XX000"
    assert db.execute("SELECT count(*) FROM f.numbers").fetchone() == (200_000,)
