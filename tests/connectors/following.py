"""Following a source's changes in tests: a hand-over, a stream, and the rows that both come to."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from engine.connectors.changes import DELETE, FROM_KEY, INSERT, OP, SEQ, TRUNCATE, UNCHANGED, ChangeSet
from engine.connectors.model import Cut, Endpoint, Position, SourceName, SourceTable
from engine.connectors.postgres.hand_over import HandOver
from engine.connectors.postgres.reading import PostgresSession
from engine.connectors.postgres.stream import PostgresStream
from tests.connectors.conftest import PostgresSource

SLOT, PUBLICATION = "follower", "followed"
Tables = dict[str, tuple[SourceTable, Position]]
Row = dict[str, Any]


def tables_of(endpoint: Endpoint, *names: str) -> list[SourceTable]:
    session = PostgresSession(endpoint)
    try:
        return [session.table(SourceName("public", name)) for name in names]
    finally:
        session.close()


class Replica:
    """The rows of tables as snapshot and changes make them, held to the rules of `changes`: an INSERT is of a row that
    is not there, UPDATE and DELETE of one that is, and numbers ascend.
    """

    def __init__(self) -> None:
        self.keyed: dict[str, dict[tuple[Any, ...], Row]] = {}
        self.keyless: dict[str, list[Row]] = {}
        self.last_seq = -1
        self.counts: dict[str, int] = {}

    def load(self, table: SourceTable, rows: pa.Table) -> None:
        for row in rows.to_pylist():
            self._insert(table, row)

    def apply(self, changes: ChangeSet) -> None:
        seqs: list[int] = []
        for one in changes.tables.values():
            seqs += one.rows.column(SEQ).to_pylist()
            own = one.rows.column(SEQ).to_pylist()
            assert own == sorted(set(own))
            for row in one.rows.to_pylist():
                self.counts[row[OP]] = self.counts.get(row[OP], 0) + 1
                self._change(one.table, row)
        assert min(seqs) > self.last_seq
        self.last_seq = max(seqs)

    def rows(self, table: SourceTable) -> list[Row]:
        found = [*self.keyed.get(table.id, {}).values(), *self.keyless.get(table.id, [])]
        return sorted(found, key=repr)

    def _change(self, table: SourceTable, row: Row) -> None:
        op, unchanged, from_key = row[OP], row[UNCHANGED] or [], row[FROM_KEY]
        values = {column.name: row[column.name] for column in table.columns}
        if op == TRUNCATE:
            assert not any(values.values())
            self.keyed.pop(table.id, None)
            self.keyless.pop(table.id, None)
        elif op == DELETE:
            gone = self._remove(table, values)
            self.lately_gone = gone
        else:
            before: Row = {}
            if op != INSERT:
                before = self._remove(table, values)
            elif from_key is not None:
                before = self.lately_gone
            for at in unchanged:
                name = table.columns[at].name
                assert values[name] is None
                values[name] = before[name]
            self._insert(table, values)

    def _insert(self, table: SourceTable, row: Row) -> None:
        if not table.key:
            self.keyless.setdefault(table.id, []).append(row)
            return
        key = tuple(row[name] for name in table.key)
        held = self.keyed.setdefault(table.id, {})
        assert key not in held, f"inserted twice: {key}"
        held[key] = row

    def _remove(self, table: SourceTable, row: Row) -> Row:
        if not table.key:
            self.keyless[table.id].remove(row)
            return row
        key = tuple(row[name] for name in table.key)
        assert key in self.keyed.get(table.id, {}), f"not there: {key}"
        return self.keyed[table.id].pop(key)


def handed_over(endpoint: Endpoint, *names: str, replica: Replica | None = None, **options: Any) -> Tables:
    """Publication, slot and snapshot of tables; where their streams begin."""
    found: Tables = {}
    with HandOver(endpoint, SLOT, PUBLICATION, **options) as hand:
        session, tables = hand.begin(tables_of(endpoint, *names), 20)
        for table in tables:
            reading = session.read(Cut(table), 1000)
            rows = reading.reader.read_all()
            if replica is not None:
                replica.load(table, rows)
            found[table.id] = (table, hand.position(reading.position, table))
    return found


@contextmanager
def following(endpoint: Endpoint, tables: Mapping[str, tuple[SourceTable, Position]], **options: Any) -> Iterator[Any]:
    with PostgresStream(endpoint, SLOT, PUBLICATION, tables, **options) as stream:
        yield stream


def drained(
    stream: PostgresStream, source: PostgresSource, *, max_rows: int = 1000, confirm: bool = True, timeout_s: float = 20
) -> list[ChangeSet]:
    """All sets up to what the source has written now: marked by an UPDATE of a table that `following` knows."""
    with source.admin() as connection:
        row = connection.execute("SELECT pg_current_wal_lsn()").fetchone()
    assert row is not None
    end = int(row[0].split("/")[0], 16) << 32 | int(row[0].split("/")[1], 16)
    found: list[ChangeSet] = []
    deadline = time.monotonic() + timeout_s
    while stream.reached_lsn < end:
        assert time.monotonic() < deadline, "the stream does not come up to the source"
        changes = stream.next(max_rows, 0.05)
        if changes is not None:
            found.append(changes)
            if confirm:
                stream.confirm(changes.position)
    while (changes := stream.next(max_rows, 0)) is not None:
        found.append(changes)
        if confirm:
            stream.confirm(changes.position)
    return found


def rows_of(changes: Sequence[ChangeSet], table: SourceTable) -> list[Row]:
    return [row for one in changes if table.id in one.tables for row in one.tables[table.id].rows.to_pylist()]


def source_rows(endpoint: Endpoint, name: str) -> list[Row]:
    """A table as it is read at the end, by the reading of tables."""
    session = PostgresSession(endpoint)
    try:
        table = session.table(SourceName("public", name))
        return sorted(session.read(Cut(table), 10_000).reader.read_all().to_pylist(), key=repr)
    finally:
        session.close()


def staged_in(folder: Path) -> Sequence[Path]:
    return list(folder.iterdir())
