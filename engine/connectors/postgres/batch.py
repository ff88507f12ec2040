"""Changes that have come and were not given yet: as the source sent them, until many can be decoded at once."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from engine.connectors.model import SourceTable
from engine.connectors.postgres.change_rows import SEQS_PER_MESSAGE, change_rows
from engine.connectors.postgres.pgoutput import TRUNCATE, Bytes, Places, Relation
from engine.connectors.postgres.relations import Streamed, same_shape
from engine.connectors.postgres.reshaping import reshaped
from engine.connectors.postgres.staging import Staging

_BYTES_MAX, _MESSAGES_MAX = 32 << 20, 262_144
"""What a batch holds of messages."""
_OPEN_BYTES_MAX = 8 << 20
"""What it holds of the transaction that has not ended, and again of its rows once they are decoded."""
_CHUNK, _CHUNK_BYTES = 16_384, 4 << 20
"""Messages that are decoded at a time: so many, or of about so many bytes."""
_PADDING = 8


class Batch:
    """Transactions that have ended, then perhaps the beginning of one that has not. Only the former are given.

    Rows of a transaction that is too large for memory go to disk, in `folder`. `committed`: how many transactions have
    ended; `full`: no more should go in; `staged`: the batch is one transaction, part of it decoded.
    """

    def __init__(self, folder: Path | None) -> None:
        self._raw = bytearray()
        self._bases = array("q")
        self._seq = 0
        self._committed_messages = 0
        self._bytes_max = _OPEN_BYTES_MAX
        self.committed = 0
        self.full = self.staged = False
        self._staging = Staging(folder, _OPEN_BYTES_MAX)
        self._layouts: dict[int, tuple[Relation, Streamed]] = {}

    @property
    def rows(self) -> int:
        """Messages that are here, decoded ones counted as one."""
        return len(self._bases) + self.staged

    def add(self, frame: memoryview, header: int) -> None:
        """A message about a row; `header`: how many bytes of the frame are before it."""
        raw, bases = self._raw, self._bases
        bases.append(len(raw) + header)
        raw += frame
        if len(raw) >= self._bytes_max or len(bases) >= _MESSAGES_MAX:
            self.full = True

    def add_truncate(self, oid: int) -> None:
        self._bases.append(len(self._raw))
        self._raw += bytes([TRUNCATE]) + oid.to_bytes(4, "big")

    def commit(self) -> None:
        """What has come so far has ended."""
        self.committed += 1
        self._committed_messages = len(self._bases)
        self._bytes_max = min(len(self._raw) + _OPEN_BYTES_MAX, _BYTES_MAX)

    def layout(self, oid: int) -> SourceTable | None:
        """What the rows that come now of a table look like."""
        found = self._layouts.get(oid)
        return None if found is None else found[1].table

    def knows(self, relation: Relation) -> bool:
        found = self._layouts.get(relation.oid)
        return found is not None and found[0] == relation

    def blocks(self, oid: int) -> bool:
        """Whether transactions that have ended must be given before a table can get other columns."""
        return self.committed > 0 and bool((self._oids() == oid).any())

    def relate(self, relation: Relation, streamed: Streamed) -> None:
        """From here on rows of a table look like `streamed`; those of the same transaction before are made to.

        Raises ObjectNotInPrerequisiteState if they cannot be.
        """
        before, table = self.layout(relation.oid), streamed.table
        if before is not None and not same_shape(before, table):
            if (self._oids() == relation.oid).any():
                self.stage()
            rows = self._staging.rows(table.id)
            if rows is not None:
                self._staging.replace(table.id, reshaped(rows, before, table))
        self._layouts[relation.oid] = (relation, streamed)

    def stage(self) -> None:
        """Decode what is here, which is of one transaction, and make room."""
        for table, batch in self._decoded(len(self._bases)):
            self._staging.add(table.id, batch)
        self._forget(len(self._bases))
        self.staged = True

    def take(self) -> list[tuple[SourceTable, pa.Table]]:
        """The rows of the transactions that have ended, by table; they are no longer here."""
        tables = {layout.table.id: layout.table for _, layout in self._layouts.values()}
        if self.staged:
            self.stage()
            found = dict(self._staging.take())
            self.staged = False
        else:
            parts: dict[str, list[pa.RecordBatch]] = {}
            for table, batch in self._decoded(self._committed_messages):
                parts.setdefault(table.id, []).append(batch)
            found = {table: pa.Table.from_batches(batches) for table, batches in parts.items()}
            self._forget(self._committed_messages)
        self.committed = 0
        return [(tables[table], rows) for table, rows in found.items()]

    def clear(self) -> None:
        self._staging.clear()
        self._forget(len(self._bases))
        self.committed, self.staged = 0, False

    def _decoded(self, messages: int) -> Iterator[tuple[SourceTable, pa.RecordBatch]]:
        """The first `messages`, a chunk at a time, of the tables whose layout is known."""
        data, bases = self._copied(messages)
        step = min(_CHUNK, _CHUNK_BYTES * messages // len(data) + 1)
        for first in range(0, messages, step):
            chunk = bases[first : first + step]
            seqs = (self._seq + first + np.arange(len(chunk))) * SEQS_PER_MESSAGE
            oids = _oids_at(data, chunk)
            for oid in np.unique(oids).tolist():
                if oid in self._layouts:
                    own, layout = oids == oid, self._layouts[oid][1]
                    yield layout.table, change_rows(layout, data, chunk[own], seqs[own])

    def _copied(self, messages: int) -> tuple[Bytes, Places]:
        end = self._end(messages)
        bases = np.frombuffer(self._bases, np.int64)[:messages].copy() if messages else np.zeros(0, np.int64)
        return np.frombuffer(b"".join([memoryview(self._raw)[:end], bytes(_PADDING)]), np.uint8), bases

    def _oids(self) -> Any:
        data, bases = self._copied(len(self._bases))
        return _oids_at(data, bases)

    def _end(self, messages: int) -> int:
        """Where the first `messages` end. Between a message and the next there is no more than the next's header."""
        return len(self._raw) if messages == len(self._bases) else self._bases[messages]

    def _forget(self, messages: int) -> None:
        end = self._end(messages)
        rest = [base - end for base in self._bases[messages:]]
        del self._raw[:end]
        self._bases = array("q", rest)
        self._seq += messages
        self._committed_messages = 0
        self._bytes_max = _OPEN_BYTES_MAX
        self.full = len(self._raw) >= _OPEN_BYTES_MAX or len(rest) >= _MESSAGES_MAX


def _oids_at(data: Bytes, bases: Places) -> Any:
    oids = np.zeros(len(bases), np.int64)
    for byte in range(1, 5):
        oids = oids << 8 | data[bases + byte]
    return oids
