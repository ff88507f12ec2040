"""A sync in a process of its own, for tests that kill it: applies the steps that a seed says, from where it stands."""

from __future__ import annotations

import random
from multiprocessing.synchronize import Semaphore
from pathlib import Path

from catalog.types import INT8, TEXT
from engine.connectors.changes import DELETE, INSERT, UPDATE, TableChanges
from engine.sync.changes import apply_changes
from engine.sync.position import read_mark
from engine.sync.target import Target
from engine.sync.write import append_rows
from tests.sync import sources
from tests.sync.sources import Row, column

SOURCE = sources.table(column("id", INT8, nullable=False), column("v", INT8), column("big", TEXT))
EVENTS = sources.table(column("id", INT8, nullable=False), key=())
Rows = dict[int, tuple[int, str]]


def batch(seed: int, number: int, rows: Rows) -> TableChanges:
    """The step's changes, which `rows`, the source's content, is brought along with."""
    source = random.Random(f"{seed} {number}")
    events: list[tuple[str, Row]] = []
    for _ in range(source.choice([1, 5, 30])):
        key = source.randrange(60)
        if key not in rows:
            rows[key] = source.randrange(99), f"big {number}"
            events.append((INSERT, {"id": key, "v": rows[key][0], "big": rows[key][1]}))
        elif source.random() < 0.3:
            del rows[key]
            events.append((DELETE, {"id": key}))
        else:  # adds to what is there: applied twice it would show
            rows[key] = rows[key][0] + 100, rows[key][1]
            events.append((UPDATE, {"id": key, "v": rows[key][0], "big": None, "__unchanged": [2]}))
    return sources.changes(SOURCE, events)


def targets(folder: Path) -> tuple[Target, Target]:
    """By key, and one that rows are only added to: a step taken twice would double them."""
    return sources.target(folder / "keyed"), sources.target(folder / "events")


def run(folder: Path, seed: int, steps: int, half_steps: Semaphore) -> None:
    """Both tables, each from its own position: a crash may leave one ahead of the other. `half_steps` tells of the
    beginning and of each table's commits.
    """
    keyed, events = targets(folder)
    marks = [read_mark(each.uri, sources.SYNC) for each in (keyed, events)]
    done = [0 if mark is None else int(mark.position["lsn"]) for mark in marks]
    rows: Rows = {}
    half_steps.release()
    for number in range(1, steps + 1):
        changes = batch(seed, number, rows)
        if number > min(done):
            apply_changes(keyed, changes, sources.step(number))
            half_steps.release()
            append_rows(events, EVENTS, sources.reader(EVENTS, [{"id": number}]), sources.step(number))
            half_steps.release()
