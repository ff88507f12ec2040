"""Streaming: flat memory, errors midway, cancel at each stage, memory and spill limits."""

from __future__ import annotations

import dataclasses
import threading
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from catalog.errors import DiskFull, InternalError, OutOfMemory, QueryCanceled, SqlError
from catalog.types import INT2, INT8, TEXT
from engine.embedded import errors
from engine.embedded.engine import EmbeddedEngine
from engine.embedded.instance import EmbeddedSettings, clean_spill
from tests.engines.engine_queries import ask, query, rows

ENDLESS = "SELECT count(*) FROM range(100000000) a(i), range(100000) b(j) WHERE i + j = -1"
STREAM = "SELECT i, CAST(i AS VARCHAR) FROM range(50000000) t(i)"
WIDE_SORT = "SELECT i, repeat(CAST(i AS VARCHAR), 20) AS s FROM range(3000000) t(i) ORDER BY hash(i)"


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def test_memory_stays_flat(engine: EmbeddedEngine) -> None:
    reader = engine.start(query("SELECT i, CAST(i AS VARCHAR) FROM range(8000000) t(i)", [INT8, TEXT])).result().reader
    reader.read_next_batch()
    before, count = _resident_bytes(), 0
    for batch in reader:
        count += batch.num_rows
    assert count > 7_900_000
    assert _resident_bytes() - before < 100 << 20  # the whole answer has about 200 MB


def test_first_rows_come_at_once_with_parameters(engine: EmbeddedEngine) -> None:
    """A prepared statement must stream too: the rest of 1e10 rows would take minutes."""
    running = engine.start(query("SELECT i + $1 FROM range(10000000000) t(i)", [INT8], params=[1]))
    reader = running.result().reader
    assert reader.read_next_batch().column(0)[0].as_py() == 1
    running.cancel()


def test_error_midway(engine: EmbeddedEngine) -> None:
    """Rows first, then PostgreSQL's error, never DuckDB's text."""
    sql = "SELECT CASE WHEN i < 19000000 THEN 1 ELSE 1 // (i - i) END FROM range(20000000) t(i)"
    reader = engine.start(query(sql, [INT8])).result().reader
    assert reader.read_next_batch().num_rows > 0
    with pytest.raises(SqlError) as caught:
        reader.read_all()
    assert caught.value.code == "22012"


def test_declared_type_too_small_midway(engine: EmbeddedEngine) -> None:
    reader = engine.start(query("SELECT i FROM range(100000) t(i)", [INT2])).result().reader
    assert reader.read_next_batch().num_rows > 0
    with pytest.raises(SqlError) as caught:
        reader.read_all()
    assert (caught.value.code, caught.value.message) == ("22003", "smallint out of range")


def test_cancel_before_start(engine: EmbeddedEngine) -> None:
    running = engine.start(query("SELECT 1", [INT8]))
    running.cancel()
    with pytest.raises(QueryCanceled):
        running.result()


@pytest.mark.parametrize("delay_s", [0.0, 0.001, 0.01, 0.3])
def test_cancel_while_running(engine: EmbeddedEngine, delay_s: float) -> None:
    running = engine.start(query(ENDLESS, [INT8]))
    timer = threading.Timer(delay_s, running.cancel)
    timer.start()
    started = time.monotonic()
    with pytest.raises(QueryCanceled) as caught:
        running.result().reader.read_all()
    assert time.monotonic() - started < 5
    assert caught.value.code == "57014"
    timer.join()
    assert rows(ask(engine, "SELECT 1", [INT8])) == [(1,)]


def test_cancel_between_batches(engine: EmbeddedEngine) -> None:
    running = engine.start(query(STREAM, [INT8, TEXT]))
    reader = running.result().reader
    reader.read_next_batch()
    running.cancel()
    running.cancel()
    with pytest.raises(QueryCanceled):
        reader.read_next_batch()


def test_cancel_while_streaming(engine: EmbeddedEngine) -> None:
    running = engine.start(query(STREAM, [INT8, TEXT]))
    reader = running.result().reader
    timer = threading.Timer(0.05, running.cancel)
    timer.start()
    with pytest.raises(QueryCanceled):
        reader.read_all()
    timer.join()


def test_cancel_after_the_end(engine: EmbeddedEngine) -> None:
    running = engine.start(query("SELECT 1", [INT8]))
    assert running.result().reader.read_all().num_rows == 1
    running.cancel()


def test_cancel_leaves_siblings_alone(engine: EmbeddedEngine) -> None:
    doomed = engine.start(query(ENDLESS, [INT8]))
    sibling = engine.start(query("SELECT i, CAST(i AS VARCHAR) FROM range(3000000) t(i)", [INT8, TEXT])).result().reader
    timer = threading.Timer(0.1, doomed.cancel)
    timer.start()
    with pytest.raises(QueryCanceled):
        doomed.result()
    assert sibling.read_all().num_rows == 3_000_000
    timer.join()


def test_abandoned_stream_gives_memory_back(settings: EmbeddedSettings) -> None:
    """Twenty streams dropped midway under a limit that holds only a few of them."""
    engine = EmbeddedEngine(dataclasses.replace(settings, memory_bytes=200 << 20))
    for _ in range(20):
        running = engine.start(query("SELECT i, repeat('x', 100) FROM range(300000) t(i) ORDER BY -i", [INT8, TEXT]))
        running.result().reader.read_next_batch()
        running.cancel()
    engine.close()


def test_out_of_memory_without_spill(settings: EmbeddedSettings) -> None:
    engine = EmbeddedEngine(dataclasses.replace(settings, memory_bytes=64 << 20))
    with pytest.raises(OutOfMemory):
        ask(engine, WIDE_SORT, [INT8, TEXT])
    assert rows(ask(engine, "SELECT 1", [INT8])) == [(1,)]
    engine.close()


def test_spill(settings: EmbeddedSettings, tmp_path: Path) -> None:
    """The same query finishes with a folder to spill to, and leaves nothing there."""
    spill = tmp_path / "spill"
    engine = EmbeddedEngine(dataclasses.replace(settings, memory_bytes=64 << 20, threads=1, spill_dir=spill))
    reader = engine.start(query(WIDE_SORT, [INT8, TEXT])).result().reader
    assert sum(batch.num_rows for batch in reader) == 3_000_000
    engine.close()
    assert list(spill.iterdir()) == []


def test_spill_limit(settings: EmbeddedSettings, tmp_path: Path) -> None:
    limits = dataclasses.replace(
        settings, memory_bytes=64 << 20, threads=1, spill_dir=tmp_path / "spill", spill_bytes=10 << 20
    )
    engine = EmbeddedEngine(limits)
    with pytest.raises((DiskFull, OutOfMemory)) as caught:
        ask(engine, WIDE_SORT, [INT8, TEXT])
    assert str(tmp_path) not in f"{caught.value.message} {caught.value.detail}"
    engine.close()


def test_spill_of_crashed_processes_is_removed(tmp_path: Path) -> None:
    (tmp_path / "duckdb-0123").mkdir()
    clean_spill(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_invalidated_instance_is_replaced(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that is told to be internal: its query fails, the next one runs on a new database."""
    real = errors.is_invalidated
    monkeypatch.setattr(errors, "is_invalidated", lambda error: "Division by zero" in str(error) or real(error))
    before = engine._instance.cursor()[1]
    with pytest.raises(SqlError):
        ask(engine, "SELECT 1 // 0", [INT8])
    assert engine._instance.cursor()[1] == before + 1
    assert rows(ask(engine, "SELECT 1", [INT8])) == [(1,)]


def test_fatal_texts_invalidate() -> None:
    assert errors.is_invalidated(OSError("FATAL Error: Failed: database has been invalidated because of a previous"))
    assert errors.is_invalidated(OSError("INTERNAL Error: Attempted to access index 5 within vector of size 5"))
    assert not errors.is_invalidated(OSError("Conversion Error: x"))


def test_unknown_errors_do_not_reach_the_client(caplog: pytest.LogCaptureFixture) -> None:
    translated = errors.translate(RuntimeError("INTERNAL Error: secret\nStack Trace: 0x1"))
    assert isinstance(translated, InternalError)
    assert "Stack" not in translated.message
    assert "secret" in caplog.text


def test_batches_are_small(engine: EmbeddedEngine) -> None:
    reader = engine.start(query("SELECT i FROM range(100000) t(i)", [INT8])).result().reader
    sizes = [batch.num_rows for batch in reader]
    assert max(sizes) <= 8192
    assert sum(sizes) == 100_000


def test_same_reader_type(engine: EmbeddedEngine) -> None:
    answer: Any = engine.start(query("SELECT 1", [INT8])).result()
    assert isinstance(answer.reader, pa.RecordBatchReader)
