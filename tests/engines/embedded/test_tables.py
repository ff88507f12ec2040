"""Tables through the embedded engine: rows of an open transaction, files that vanish, plans, odd columns."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from catalog.errors import FeatureNotSupported, SqlError, UndefinedColumn
from catalog.model import Column
from catalog.types import INT8, NUMERIC, TEXT, UUID
from engine.base import StagedSource
from engine.delta.table import add_column, create
from engine.delta.transaction import DeltaTransaction
from engine.embedded.engine import EmbeddedEngine
from engine.embedded.instance import EmbeddedSettings
from engine.embedded.scan import scan
from tests.delta.delta_fixtures import COMMIT, NAME, odd_root
from tests.engines.engine_queries import ask, delta_read, query, rows, source_read

COLUMNS = (("id", INT8), ("u", UUID), ("n", NUMERIC))
ONE = bytes(range(16))


def _batch(*ids: int) -> pa.RecordBatch:
    uuids = pa.array([ONE] * len(ids), pa.binary(16))
    return pa.record_batch([pa.array(ids, pa.int64()), uuids, pa.array(["1.5"] * len(ids))], names=["id", "u", "n"])


@pytest.fixture
def transaction(engine: EmbeddedEngine, settings: EmbeddedSettings) -> DeltaTransaction:
    return DeltaTransaction(settings.staging_dir, engine.snapshots, COMMIT, memory_bytes=100)


@pytest.fixture
def uri(settings: EmbeddedSettings) -> str:
    path = str(settings.roots[0] / "t")
    create(path, [Column(name, pg) for name, pg in COLUMNS], commit=COMMIT)
    return path


def test_own_rows(engine: EmbeddedEngine, transaction: DeltaTransaction, uri: str) -> None:
    """Committed, spilled and in-memory rows as one relation, in the columns' types, read twice in one query."""
    first = DeltaTransaction(Path(uri).parent, engine.snapshots, COMMIT)
    first.append(NAME, uri, _batch(1).schema, [_batch(1)])
    first.commit()
    transaction.append(NAME, uri, _batch(2).schema, [_batch(2, 3, 4, 5)])
    transaction.append(NAME, uri, _batch(2).schema, [_batch(6)])
    source = transaction.source(NAME)
    assert isinstance(source, StagedSource) and source.base is not None and source.files and source.rows is not None
    read = source_read("v", source, COLUMNS)
    answer = ask(engine, "SELECT a.id, a.u, b.n FROM v a JOIN v b USING (id) ORDER BY 1", [INT8, UUID, NUMERIC], [read])
    assert rows(answer) == [(i, ONE, Decimal("1.500000000000000000")) for i in range(1, 7)]
    transaction.rollback()


def test_truncated(engine: EmbeddedEngine, transaction: DeltaTransaction, uri: str) -> None:
    transaction.append(NAME, uri, _batch(2).schema, [_batch(2)])
    transaction.replace(NAME, uri, pa.RecordBatchReader.from_batches(_batch(1).schema, []))
    read = source_read("v", transaction.source(NAME), COLUMNS)
    assert rows(ask(engine, "SELECT * FROM v", [INT8, UUID, NUMERIC], [read])) == []
    transaction.append(NAME, uri, _batch(2).schema, [_batch(9)])
    read = source_read("v", transaction.source(NAME), COLUMNS)
    assert [row[0] for row in rows(ask(engine, "SELECT * FROM v", [INT8, UUID, NUMERIC], [read]))] == [9]
    transaction.rollback()


def test_rewrite_from_a_query_over_own_rows(engine: EmbeddedEngine, transaction: DeltaTransaction, uri: str) -> None:
    """UPDATE as the statement layer does it: the stream reads the files it is about to replace."""
    transaction.append(NAME, uri, _batch(1).schema, [_batch(*range(10_000))])
    for _ in range(3):
        read = source_read("v", transaction.source(NAME), COLUMNS)
        stream = engine.start(query("SELECT id + 1, u, n FROM v", [INT8, UUID, NUMERIC], [read])).result().reader
        assert transaction.replace(NAME, uri, stream) == 10_000
    transaction.commit()
    read = delta_read("v", uri, 1, COLUMNS)
    assert rows(ask(engine, "SELECT min(id), max(id), count(*) FROM v", [INT8] * 3, [read])) == [(3, 10_002, 10_000)]


def test_historic_version_lacks_a_column(engine: EmbeddedEngine, uri: str) -> None:
    with pytest.raises(UndefinedColumn, match='column "later" of relation "v" does not exist in version 0'):
        ask(engine, "SELECT * FROM v", [INT8], [delta_read("v", uri, 0, [("later", INT8)])])


def test_columns_that_differ_in_case(engine: EmbeddedEngine, settings: EmbeddedSettings) -> None:
    root = str(settings.roots[0] / "case")
    write_deltalake(root, pa.table({"a": [1], "b": [2]}))
    with pytest.raises(FeatureNotSupported, match="differ only in case"):
        ask(engine, "SELECT * FROM v", [INT8, INT8], [delta_read("v", root, 0, [("a", INT8), ("A", INT8)])])


@pytest.mark.parametrize("place", ["plain", "odd"])
def test_vanished_file(engine: EmbeddedEngine, settings: EmbeddedSettings, place: str) -> None:
    """Also through deltalake's own reader: a clear error without a path, and the engine goes on."""
    root = settings.roots[0] / place
    if place == "odd":
        uri = odd_root(root).uri
    else:
        uri = str(root)
        write_deltalake(uri, pa.table({"id": [1], "name": ["x"]}))
    version = DeltaTable(uri).version()
    for path in Path(uri).glob("*.parquet"):
        path.unlink()
    with pytest.raises(SqlError) as caught:
        ask(engine, "SELECT * FROM v", [INT8, TEXT], [delta_read("v", uri, version, [("id", INT8), ("name", TEXT)])])
    assert caught.value.code in ("72000", "58030")
    assert str(root) not in f"{caught.value.message} {caught.value.detail}"
    assert rows(ask(engine, "SELECT 1", [INT8])) == [(1,)]


def test_files_vanish_under_a_suspended_stream(engine: EmbeddedEngine, settings: EmbeddedSettings) -> None:
    """All rows of the version, or 72000; never fewer rows without an error."""
    uri = str(settings.roots[0] / "many")
    for start in range(0, 400_000, 20_000):
        write_deltalake(uri, pa.table({"id": pa.array(range(start, start + 20_000), pa.int64())}), mode="append")
    version = DeltaTable(uri).version()
    reader = (
        engine.start(query("SELECT id FROM v", [INT8], [delta_read("v", uri, version, [("id", INT8)])])).result().reader
    )
    count = reader.read_next_batch().num_rows
    for path in Path(uri).glob("*.parquet"):
        path.unlink()
    try:
        count += sum(batch.num_rows for batch in reader)
    except SqlError as error:
        assert error.code == "72000"
    else:
        assert count == 400_000


def test_explain(engine: EmbeddedEngine, uri: str) -> None:
    plan = engine.explain(
        query("SELECT count(*) FROM v WHERE id = $1", [INT8], [delta_read("v", uri, 0, COLUMNS)], [1])
    )
    assert "count" in plan


def test_closed_engine_refuses(settings: EmbeddedSettings) -> None:
    engine = EmbeddedEngine(settings)
    engine.close()
    with pytest.raises(SqlError) as caught:
        ask(engine, "SELECT 1", [INT8])
    assert caught.value.code == "57P01"


def test_files_as_declared_need_no_map(engine: EmbeddedEngine, settings: EmbeddedSettings) -> None:
    """Only without a map does DuckDB see a file's statistics; a column added since makes one necessary."""
    path = str(settings.roots[0] / "declared")
    create(path, [Column("id", INT8), Column("note", TEXT)], commit=COMMIT)
    write_deltalake(path, pa.table({"id": [1, 2], "note": ["a", "b"]}), mode="append")
    assert "MAP" not in scan(engine.snapshots.latest(path), ["id", "note"], "x", settings.readable()).sql
    add_column(path, Column("later", TEXT), commit=COMMIT)
    assert "MAP" not in scan(engine.snapshots.latest(path), ["id"], "x", settings.readable()).sql
    assert "MAP" in scan(engine.snapshots.latest(path), ["id", "later"], "x", settings.readable()).sql
    write_deltalake(path, pa.table({"id": [3], "note": ["c"], "later": ["d"]}), mode="append")
    read = delta_read("v", path, 3, (("id", INT8), ("note", TEXT), ("later", TEXT)))
    answer = ask(engine, "SELECT id, note, later FROM v ORDER BY 1", [INT8, TEXT, TEXT], [read])
    assert rows(answer) == [(1, "a", None), (2, "b", None), (3, "c", "d")]
