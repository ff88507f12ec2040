"""Memory does not grow with the number of rows: seen from a process of its own, at two sizes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from catalog.types import INT8, TEXT
from engine.sync.merging import merge_rows
from engine.sync.write import append_rows, replace_rows
from tests.sync import sources
from tests.sync.sources import column, step

SOURCE = sources.table(
    column("id", INT8, nullable=False), *(column(f"c{i}", INT8) for i in range(6)), column("t", TEXT)
)
SCHEMA = sources.schema_of(SOURCE)
BATCH_ROWS = 50_000
SMALL = 500_000
LARGE = int(os.environ.get("KADALI_SYNC_MEMORY_ROWS", "2000000"))
GROWTH_MAX, RUN_S = 250 << 20, 300.0
PROCESSES = multiprocessing.get_context("spawn")


def batches(rows: int) -> Iterator[pa.RecordBatch]:
    for start in range(0, rows, BATCH_ROWS):
        ids = np.arange(start, start + BATCH_ROWS)
        yield pa.record_batch([ids, *[ids * 7919] * 6, pa.array(np.char.add("text ", ids.astype(str)))], schema=SCHEMA)


def peak_bytes() -> int:
    """The most memory of its own that this process had: the system's VmHWM, whose files are none in these tests."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) << 10


def run(folder: Path, how: str, rows: int, answer: Connection) -> None:
    where = sources.target(folder)
    reader = pa.RecordBatchReader.from_batches(SCHEMA, batches(rows))
    if how == "merge":
        done = merge_rows(where, SOURCE, ["id"], reader, step(1))
    else:
        done = (replace_rows if how == "replace" else append_rows)(where, SOURCE, reader, step(1))
    answer.send((done.rows_written, peak_bytes()))


def measured(folder: Path, how: str, rows: int) -> int:
    here, there = PROCESSES.Pipe()
    process = PROCESSES.Process(target=run, args=(folder, how, rows, there))
    process.start()
    assert here.poll(RUN_S), process.exitcode
    written, peak = here.recv()
    process.join(RUN_S)
    assert written == rows
    return int(peak)


@pytest.mark.parametrize("how", ["replace"] if "KADALI_SYNC_MEMORY_ROWS" not in os.environ else ["replace", "append"])
def test_memory_is_flat(tmp_path: Path, how: str) -> None:
    small, large = (measured(tmp_path / str(rows), how, rows) for rows in (SMALL, LARGE))
    assert large - small < GROWTH_MAX, (small >> 20, large >> 20)
