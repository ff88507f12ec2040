"""Snapshots: the cache follows the log, keeps its bounds, and tells tables and versions apart; broken logs."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from catalog.errors import (
    DataCorrupted,
    DuplicateColumn,
    DuplicateTable,
    FeatureNotSupported,
    InvalidParameterValue,
    InvalidTableDefinition,
    ObjectNotInPrerequisiteState,
    UndefinedColumn,
    UndefinedTable,
)
from catalog.model import Column
from catalog.names import TableLocation
from catalog.types import (
    BOOL,
    DATE,
    INT8,
    INTERVAL,
    JSON,
    JSONB,
    NUMERIC,
    TEXT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    UUID,
    PgType,
    array_of,
    format_type,
    numeric,
    varchar,
)
from engine.delta.schema import parse_type
from engine.delta.snapshot import Snapshots, columns_of, open_table
from engine.delta.table import add_column, create, difference, set_properties
from tests.delta.delta_fixtures import COMMIT, checkpointed, plain, vacuumed


def _append(uri: str, *ids: int) -> None:
    write_deltalake(uri, pa.table({"id": pa.array(ids, pa.int64())}), mode="append")


def test_latest_follows_the_log(tmp_path: Path) -> None:
    uri, snapshots = str(tmp_path / "t"), Snapshots()
    _append(uri, 1)
    assert snapshots.latest(uri) is snapshots.latest(uri)
    assert snapshots.latest(uri).statistics().rows == 1
    _append(uri, 2, 3)
    assert snapshots.latest_version(uri) == 1
    assert snapshots.latest(uri).statistics().rows == 3
    assert snapshots.at(TableLocation(uri, 0)).statistics().rows == 1


def test_table_made_anew_at_its_place(tmp_path: Path) -> None:
    uri, snapshots = str(tmp_path / "t"), Snapshots()
    _append(uri, 1)
    first = snapshots.latest(uri)
    shutil.rmtree(uri)
    with pytest.raises(UndefinedTable):
        snapshots.latest(uri)
    _append(uri, 1, 2)
    assert snapshots.latest(uri).table_id != first.table_id
    assert snapshots.latest(uri).statistics().rows == 2
    assert snapshots.at(TableLocation(uri, 0)).statistics().rows == 2


def test_bounds(tmp_path: Path) -> None:
    snapshots = Snapshots(handles_max=2, snapshots_max=3, files_max=4)
    for number in range(6):
        uri = str(tmp_path / f"t{number}")
        _append(uri, 1)
        snapshots.latest(uri)
    assert (len(snapshots._handles), len(snapshots._snapshots)) == (2, 3)
    uri = str(tmp_path / "wide")
    for number in range(6):
        _append(uri, number)
    assert snapshots.latest(uri).files.num_rows == 6
    assert len(snapshots._snapshots) == 1
    snapshots.forget(uri)
    assert (len(snapshots._snapshots), snapshots._files) == (0, 0)


def test_many_threads(tmp_path: Path) -> None:
    """Readers while a writer appends: each sees a whole version."""
    uri, snapshots = str(tmp_path / "t"), Snapshots()
    _append(uri, 0)
    failures: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                snapshot = snapshots.latest(uri)
                assert snapshot.statistics().rows == snapshot.version + 1
        except BaseException as error:
            failures.append(error)
            raise

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(30):
        _append(uri, number)
    done.set()
    for reader in readers:
        reader.join(10)
    assert not failures
    assert snapshots.latest(uri).version == 30


@pytest.mark.parametrize("version", [5, -1, 2**31, 2**63])
def test_version_that_never_was(tmp_path: Path, version: int) -> None:
    case = plain(tmp_path / "t")
    with pytest.raises(InvalidParameterValue, match="does not exist"):
        open_table(case.uri, version)


def test_version_cut_off_the_log(tmp_path: Path) -> None:
    case = checkpointed(tmp_path / "t")
    with pytest.raises(ObjectNotInPrerequisiteState):
        open_table(case.uri, 1)
    assert open_table(case.uri).version() == 4


def test_no_table(tmp_path: Path) -> None:
    with pytest.raises(UndefinedTable):
        Snapshots().latest(str(tmp_path / "nothing"))


@pytest.mark.parametrize("damage", ["garbage{", '{"add": {"path": "x", "partitionVal', ""])
def test_broken_log(tmp_path: Path, damage: str) -> None:
    uri = str(tmp_path / "t")
    for number in range(3):
        _append(uri, number)
    (tmp_path / "t" / "_delta_log" / f"{0:020d}.json").write_text(damage)
    with pytest.raises(DataCorrupted) as caught:
        Snapshots().latest(uri)
    assert str(tmp_path) not in caught.value.message


def test_missing_beginning_of_the_log(tmp_path: Path) -> None:
    """deltalake would show the later files only."""
    uri = str(tmp_path / "t")
    for number in range(3):
        _append(uri, number)
    (tmp_path / "t" / "_delta_log" / f"{0:020d}.json").unlink()
    with pytest.raises(DataCorrupted):
        Snapshots().latest(uri)


def test_gap_in_the_log(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    for number in range(3):
        _append(uri, number)
    (tmp_path / "t" / "_delta_log" / f"{1:020d}.json").unlink()
    with pytest.raises(DataCorrupted):
        Snapshots().latest(uri)


def test_percent_sign_in_the_location(tmp_path: Path) -> None:
    with pytest.raises(FeatureNotSupported):
        create(str(tmp_path / "a%20b"), [Column("id", INT8)], commit=COMMIT)


def test_vacuumed_table_has_its_statistics(tmp_path: Path) -> None:
    assert Snapshots().latest(vacuumed(tmp_path / "t").uri).statistics().rows == 2


ALL = [
    INT8,
    BOOL,
    TEXT,
    DATE,
    TIMESTAMP,
    TIMESTAMPTZ,
    UUID,
    JSON,
    JSONB,
    NUMERIC,
    numeric(10, 2),
    varchar(5),
    PgType(1042, 9),
    array_of(UUID),
    array_of(varchar(7)),
    array_of(numeric(5, 1)),
    PgType(1114, 3),
]


def test_columns_tell_their_postgres_types(tmp_path: Path) -> None:
    """A table can be described without the catalog."""
    columns = [Column(f"c{i}", pg, comment=f"no {i}") for i, pg in enumerate(ALL)]
    uri = str(tmp_path / "t")
    assert create(uri, columns, ["c1", "c3"], {"delta.logRetentionDuration": "interval 7 days"}, commit=COMMIT) == 0
    snapshot = Snapshots().latest(uri)
    assert columns_of(snapshot) == tuple((column.name, column.type) for column in columns)
    assert difference(snapshot, columns) == []
    assert difference(snapshot, columns[1:]) == ['column "c0" is not in the catalog']
    assert difference(snapshot, [*columns, Column("x", INT8)]) == ['column "x" is missing']
    assert difference(snapshot, [Column("c0", TEXT), *columns[1:]]) == ['column "c0" is bigint, not text']
    assert snapshot.partition_by == ("c1", "c3")
    assert snapshot.fields[11].metadata["__CHAR_VARCHAR_TYPE_STRING"] == "varchar(5)"


@pytest.mark.parametrize("pg", [*ALL, TIME, INTERVAL, PgType(1184, 0), PgType(1083, 2)])
def test_parse_type_is_the_inverse(pg: PgType) -> None:
    assert parse_type(format_type(pg)) == pg


@pytest.mark.parametrize("text", ["", "nosuch", "numeric(", "int", "nosuch[]"])
def test_parse_type_refuses(text: str) -> None:
    assert parse_type(text) is None


def test_create_refuses(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    for pg in (TIME, INTERVAL, numeric(50, 2)):
        with pytest.raises(FeatureNotSupported):
            create(uri, [Column("x", pg)], commit=COMMIT)
    with pytest.raises(DuplicateColumn):
        create(uri, [Column("x", INT8), Column("X", INT8)], commit=COMMIT)
    with pytest.raises(UndefinedColumn):
        create(uri, [Column("x", INT8)], ["y"], commit=COMMIT)
    with pytest.raises(InvalidTableDefinition):
        create(uri, [Column("x", INT8)], ["x"], commit=COMMIT)
    with pytest.raises(InvalidParameterValue):
        create(uri, [Column("x", INT8)], configuration={"delta.noSuchThing": "1"}, commit=COMMIT)
    assert not (tmp_path / "t").exists()
    with pytest.raises(UndefinedTable):
        open_table(uri)
    create(uri, [Column("x", INT8)], commit=COMMIT)
    with pytest.raises(DuplicateTable):
        create(uri, [Column("x", INT8)], commit=COMMIT)


def test_add_column(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    create(uri, [Column("x", INT8)], commit=COMMIT)
    assert add_column(uri, Column("u", UUID), commit=COMMIT) == 1
    assert columns_of(Snapshots().latest(uri)) == (("x", INT8), ("u", UUID))
    assert columns_of(Snapshots().at(TableLocation(uri, 0))) == (("x", INT8),)
    with pytest.raises(DuplicateColumn):
        add_column(uri, Column("U", INT8), commit=COMMIT)
    with pytest.raises(FeatureNotSupported):
        add_column(uri, Column("n", INT8, nullable=False), commit=COMMIT)


def test_set_properties(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    create(uri, [Column("x", INT8)], commit=COMMIT)
    assert set_properties(uri, {"delta.appendOnly": "true"}, commit=COMMIT) == 1
    assert DeltaTable(uri).metadata().configuration["delta.appendOnly"] == "true"
    assert set_properties(uri, {"team.owner": "sales"}, commit=COMMIT) == 2
    assert DeltaTable(uri).metadata().configuration["team.owner"] == "sales"


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("delta.noSuchThing", "1", InvalidParameterValue),
        ("delta.checkpointInterval", "0", InvalidParameterValue),
        ("delta.enableDeletionVectors", "true", FeatureNotSupported),
        ("delta.enableRowTracking", "true", FeatureNotSupported),
        ("delta.columnMapping.mode", "name", FeatureNotSupported),
        ("delta.minReaderVersion", "3", FeatureNotSupported),
        ("delta.feature.clustering", "supported", FeatureNotSupported),
        ("delta.checkpointPolicy", "v2", FeatureNotSupported),
    ],
)
def test_properties_refused(tmp_path: Path, key: str, value: str, error: type[Exception]) -> None:
    """deltalake takes several of them, to no effect or a bad one."""
    with pytest.raises(error):
        create(str(tmp_path / "new"), [Column("x", INT8)], configuration={key: value}, commit=COMMIT)
    uri = str(tmp_path / "t")
    create(uri, [Column("x", INT8)], commit=COMMIT)
    with pytest.raises(error):
        set_properties(uri, {key: value}, commit=COMMIT)
    assert DeltaTable(uri).version() == 0
