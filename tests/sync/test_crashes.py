"""A writer killed at random moments and begun again: in the end the target is the source, nothing lost or doubled."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

from engine.sync.position import read_mark
from tests.sync import sources, writer

KILLS = int(os.environ.get("KADALI_SYNC_KILLS", "20"))
STEPS_PER_KILL, RUN_S = 3, 120.0
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.sync.writer"])


def start(folder: Path, seed: int, steps: int, half_steps: int) -> BaseProcess:
    """Returns once the writer has come so far, or has ended."""
    progress = PROCESSES.Semaphore(0)
    process = PROCESSES.Process(target=writer.run, args=(folder, seed, steps, progress))
    process.start()
    for _ in range(half_steps + 1):
        assert progress.acquire(timeout=RUN_S), process.exitcode
    return process


def test_a_killed_writer_loses_and_doubles_nothing(tmp_path: Path) -> None:
    seed, moments, steps = 7, random.Random(11), 0
    keyed, events = writer.targets(tmp_path)
    stood = []
    for _ in range(KILLS):
        steps += STEPS_PER_KILL
        process = start(tmp_path, seed, steps, moments.randrange(4))
        time.sleep(moments.uniform(0.0, 0.05))  # in the midst of whatever comes next
        process.kill()
        process.join(RUN_S)
        marks = [read_mark(each.uri, sources.SYNC) for each in (keyed, events)]
        stood.append([0 if mark is None else mark.number for mark in marks])
    process = start(tmp_path, seed, steps, 0)
    process.join(RUN_S)
    assert process.exitcode == 0
    rows: writer.Rows = {}
    for number in range(1, steps + 1):
        writer.batch(seed, number, rows)
    assert sources.rows_of(keyed) == [{"id": key, "v": rows[key][0], "big": rows[key][1]} for key in sorted(rows)]
    assert [row["id"] for row in sources.rows_of(events)] == list(range(1, steps + 1))
    marks = [read_mark(each.uri, sources.SYNC) for each in (keyed, events)]
    assert [mark.number for mark in marks if mark is not None] == [steps, steps]
    assert stood == [sorted(pair, reverse=True) for pair in stood], "the table written first is never behind"
    assert len({pair[0] for pair in stood}) > KILLS // 4, "the kills came before there was anything to lose"
