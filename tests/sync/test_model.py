"""Random changes, in batches of random size and partly told twice, against a dictionary: both end equal."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest

from catalog.types import INT8, TEXT
from engine.connectors.changes import DELETE, FROM_KEY, INSERT, TRUNCATE, UNCHANGED, UPDATE
from engine.sync.changes import apply_changes
from engine.sync.position import read_mark
from engine.sync.target import Deletes
from engine.sync.write import replace_rows
from tests.sync import sources
from tests.sync.sources import Row, column, step

BATCHES = int(os.environ.get("KADALI_SYNC_MODEL_BATCHES", "12"))
SOURCE = sources.table(
    column("id", INT8, nullable=False),
    column("Sub key", TEXT, nullable=False),
    column('q"x', INT8, nullable=False),
    column("big"),
    column("other"),
    key=("id", "Sub key"),
)
KEYS = [(number, name) for number in range(12) for name in ("a", "b")]
BIG, OTHER = 3, 4
Key = tuple[int, str]


def row_of(key: Key, values: tuple[int, str | None, str | None]) -> Row:
    return {"id": key[0], "Sub key": key[1], 'q"x': values[0], "big": values[1], "other": values[2]}


class Source:
    """What the source holds, and what each rule makes of its history."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.rows: dict[Key, tuple[int, str | None, str | None]] = {}
        self.history: dict[Key, tuple[tuple[int, str | None, str | None], bool]] = {}
        self.events: list[tuple[str, Row]] = []

    def put(self, key: Key, values: tuple[int, str | None, str | None]) -> None:
        self.rows[key] = values
        self.history[key] = values, False

    def remove(self, key: Key) -> None:
        self.history[key] = self.rows.pop(key), True

    def value(self) -> str | None:
        return self.random.choice([None, "x", f"text {self.random.random()}"])

    def change(self) -> None:
        pick = self.random.random()
        free = [key for key in KEYS if key not in self.rows]
        if pick < 0.02:
            for key in list(self.rows):
                self.remove(key)
            self.events.append((TRUNCATE, {}))
        elif free and (pick < 0.3 or not self.rows):
            key, values = self.random.choice(free), (self.random.randrange(99), self.value(), self.value())
            self.put(key, values)
            self.events.append((INSERT, row_of(key, values)))
        elif pick < 0.5:
            key = self.random.choice(list(self.rows))
            self.remove(key)
            self.events.append((DELETE, {"id": key[0], "Sub key": key[1]}))
        else:
            self.update(self.random.choice(free) if free and pick < 0.7 else None)

    def update(self, new_key: Key | None) -> None:
        key = self.random.choice(list(self.rows))
        old = self.rows[key]
        told: dict[str, Any] = {}
        same = [index for index in (BIG, OTHER) if self.random.random() < 0.5]
        values = (
            self.random.randrange(99),
            old[1] if BIG in same else self.value(),
            old[2] if OTHER in same else self.value(),
        )
        if same:
            told[UNCHANGED] = same
        if new_key is not None:
            self.events.append((DELETE, {"id": key[0], "Sub key": key[1]}))
            self.remove(key)
            if same:
                told[FROM_KEY] = {"id": key[0], "Sub key": key[1]}
        sent = dict(row_of(new_key or key, values))
        for index in same:
            sent[SOURCE.columns[index].name] = None
        self.put(new_key or key, values)
        self.events.append((UPDATE if new_key is None else INSERT, {**sent, **told}))


def wanted(source: Source, rule: Deletes) -> list[Row]:
    if rule is Deletes.APPLY:
        return [row_of(key, source.rows[key]) for key in sorted(source.rows)]
    found = [(row_of(key, values), gone) for key, (values, gone) in sorted(source.history.items())]
    return [row if rule is Deletes.IGNORE else {**row, "gone": gone} for row, gone in found]


@pytest.mark.parametrize("rule", Deletes)
@pytest.mark.parametrize("seed", range(int(os.environ.get("KADALI_SYNC_MODEL_SEEDS", "1"))))
def test_the_target_is_what_the_source_is(tmp_path: Path, rule: Deletes, seed: int) -> None:
    source, where = Source(seed), sources.target(tmp_path, deletes=rule, soft_column="gone")
    for key in KEYS[::3]:
        source.put(key, (0, "big before", None))
    replace_rows(where, SOURCE, sources.reader(SOURCE, wanted(source, Deletes.APPLY)), step(1))
    told = []
    for number in range(2, BATCHES + 2):
        source.events = []
        for _ in range(source.random.choice([0, 1, 5, 40])):
            source.change()
        told.append((step(number), sources.changes(SOURCE, source.events)))
        assert apply_changes(where, told[-1][1], told[-1][0]).taken
        again = source.random.choice(told)
        assert not apply_changes(where, again[1], again[0]).taken
        found = sources.rows_of(where, "id", "Sub key")
        if rule is Deletes.SOFT:
            found = [{**row, "gone": row["gone"] is not None} for row in found]
        assert found == wanted(source, rule), number
        mark = read_mark(where.uri, sources.SYNC)
        assert mark is not None and (mark.number, mark.position) == (number, {"lsn": number})
