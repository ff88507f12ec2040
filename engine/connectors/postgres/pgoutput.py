"""Messages of the plug-in pgoutput (protocol version 1) and the rows in them, cut by one walk over all at once.

No input or output and no catalog here: what values mean is `streamed_values`, which table they are of `relations`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import ProtocolViolation

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
BEGIN, COMMIT, RELATION, TRUNCATE = b"BCRT"
INSERT, UPDATE, DELETE = b"IUD"
_NULL, _UNCHANGED, _TEXT = b"nut"
_OLD_ROW, _OLD_KEY, _NEW_ROW = b"OKN"
_LONG_VALUES = 48
"""Mean length, in bytes, from which values are sliced one by one rather than gathered byte by byte."""


@dataclass(frozen=True, slots=True)
class Begin:
    """`commit_lsn` is where the transaction's commit is written; `xid` is of 32 bits."""

    commit_lsn: int
    xid: int


@dataclass(frozen=True, slots=True)
class RelationColumn:
    """`identity`: the column is part of the table's replica identity."""

    name: str
    type_oid: int
    typmod: int
    identity: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """A table's columns as they were when the changes behind the message were made. `identity` is relreplident."""

    oid: int
    schema: str
    table: str
    identity: str
    columns: tuple[RelationColumn, ...]


def parse_begin(message: bytes) -> Begin:
    commit_lsn, _, xid = struct.unpack_from("!QqI", message, 1)
    return Begin(commit_lsn, xid)


def parse_commit(message: bytes) -> int:
    """The position behind the transaction."""
    return int(struct.unpack_from("!BQQq", message, 1)[2])


def parse_truncate(message: bytes) -> tuple[int, ...]:
    """The oids of the tables emptied."""
    (count,) = struct.unpack_from("!i", message, 1)
    return struct.unpack_from(f"!{count}I", message, 6)


def parse_relation(message: bytes) -> Relation:
    """A table as its rows will be written from here on."""
    (oid,) = struct.unpack_from("!I", message, 1)
    schema, at = _text(message, 5)
    table, at = _text(message, at)
    identity, count = struct.unpack_from("!cH", message, at)
    at += 3
    columns = []
    for _ in range(count):
        flags = message[at]
        name, at = _text(message, at + 1)
        type_oid, typmod = struct.unpack_from("!Ii", message, at)
        at += 8
        columns.append(RelationColumn(name, type_oid, typmod, bool(flags & 1)))
    return Relation(oid, schema or "pg_catalog", table, identity.decode(), tuple(columns))


def _text(message: bytes, at: int) -> tuple[str, int]:
    end = message.index(0, at)
    return message[at:end].decode(), end + 1


@dataclass(frozen=True, slots=True)
class Cells:
    """Values in `data`: arrays of columns x rows. What `kinds` does not call text has no bytes."""

    data: Bytes
    kinds: npt.NDArray[np.uint8]
    starts: Places
    lengths: Places

    def take(self, rows: Places) -> Cells:
        return Cells(self.data, self.kinds[:, rows], self.starts[:, rows], self.lengths[:, rows])

    def unchanged(self) -> Flags:
        """Columns x rows: where the source sent no value because it did not change."""
        flags: Flags = self.kinds == _UNCHANGED
        return flags

    def column(self, number: int, present: Flags | None = None) -> pa.BinaryArray:
        """Text forms of a column; null where it is NULL, unchanged or not `present`."""
        valid = self.kinds[number] == _TEXT
        if present is not None:
            valid &= present
        return _gather(self.data, self.starts[number], np.where(valid, self.lengths[number], 0), valid)


@dataclass(frozen=True, slots=True)
class Rows:
    """What messages of one table come to, in order: an update that changes the key is two rows.

    `message`: which message each row is of. `ops`: INSERT, UPDATE, DELETE. `old`: for the second row of such a pair,
    the row of `cells` before it; else -1. `cells` of a DELETE are the old row, as far as it was sent.
    """

    message: Places
    ops: npt.NDArray[np.uint8]
    cells: Cells
    old: Places


def cut_rows(data: Bytes, base: Places, columns: int, key: Sequence[int]) -> Rows:
    """INSERT, UPDATE and DELETE of one table of so many `columns`, which begin at `base`; `key`: indexes of its key's.

    `data` has eight bytes more than its messages. Without a key every update is a pair. Raises ProtocolViolation.
    """
    kind, tag = data[base], data[base + 5]
    first, ends = _walk(data, base + 6, columns)
    two = np.flatnonzero((kind == UPDATE) & (tag != _NEW_ROW))
    cells, changed = first, np.zeros(len(base), np.bool_)
    newest = np.arange(len(base))
    if len(two):
        if (data[ends[two]] != _NEW_ROW).any():
            raise ProtocolViolation("an update of the source has no new row")
        second, _ = _walk(data, ends[two] + 1, columns)
        before = first.take(two)
        second = _filled(second, before, data[base[two] + 5] == _OLD_ROW, key)
        changed[two] = _key_changes(before, second, key)
        newest[two] = len(base) + np.arange(len(two))
        cells = _joined(first, second)
    message = np.repeat(np.arange(len(base)), 1 + changed)
    later = np.zeros(len(message), np.bool_)
    later[1:] = message[1:] == message[:-1]
    earlier = np.zeros(len(message), np.bool_)
    earlier[:-1] = later[1:]
    ops = kind[message].copy()
    ops[earlier], ops[later] = DELETE, INSERT
    source = np.where(ops == DELETE, message, newest[message])
    old = np.where(later, np.arange(len(message)) - 1, -1)
    return Rows(message, ops, cells.take(source), old)


def _walk(data: Bytes, at: Places, columns: int) -> tuple[Cells, Places]:
    """The values of the rows that begin at `at`, and where each row ends."""
    if ((data[at].astype(np.int64) << 8 | data[at + 1]) != columns).any():
        raise ProtocolViolation("a row of the source has other columns than its table")
    kinds = np.empty((columns, len(at)), np.uint8)
    starts = np.empty((columns, len(at)), np.int64)
    lengths = np.zeros((columns, len(at)), np.int64)
    at = at + 2
    for column in range(columns):
        kind = data[at]
        text = kind == _TEXT
        if not (text | (kind == _NULL) | (kind == _UNCHANGED)).all():
            raise ProtocolViolation("a row of the source has a value of an unknown kind")
        size = data[at + 1].astype(np.int64)
        for byte in (2, 3, 4):
            size = size << 8 | data[at + byte]
        kinds[column] = kind
        starts[column] = np.where(text, at + 5, at + 1)
        lengths[column] = np.where(text, size, 0)
        at = starts[column] + lengths[column]
        if len(at) and at.max() > len(data) - 8:
            raise ProtocolViolation("a row of the source ends too early")
    return Cells(data, kinds, starts, lengths), at


def _filled(new: Cells, old: Cells, whole: Flags, key: Sequence[int]) -> Cells:
    """What is unchanged in the new row has the old one's value, where that was sent: all if `whole`, else the key."""
    known = np.zeros(new.kinds.shape, np.bool_)
    known[list(key), :] = True
    known |= whole
    copied = known & new.unchanged()
    return Cells(
        new.data,
        np.where(copied, old.kinds, new.kinds),
        np.where(copied, old.starts, new.starts),
        np.where(copied, old.lengths, new.lengths),
    )


def _key_changes(old: Cells, new: Cells, key: Sequence[int]) -> Flags:
    count = old.kinds.shape[1]
    if not key:
        return np.ones(count, np.bool_)
    changed = np.zeros(count, np.bool_)
    for column in key:
        changed |= old.kinds[column] != new.kinds[column]
        same = pc.equal(old.column(column), new.column(column))
        changed |= ~pc.fill_null(same, True).to_numpy(zero_copy_only=False)
    return changed


def _joined(first: Cells, second: Cells) -> Cells:
    return Cells(
        first.data,
        np.concatenate([first.kinds, second.kinds], axis=1),
        np.concatenate([first.starts, second.starts], axis=1),
        np.concatenate([first.lengths, second.lengths], axis=1),
    )


def _gather(data: Bytes, starts: Places, lengths: Places, valid: Flags) -> pa.BinaryArray:
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    if total > _LONG_VALUES * len(lengths):
        view = memoryview(data)  # type: ignore[arg-type]  # an array is a buffer
        pairs = zip(starts.tolist(), (starts + lengths).tolist(), valid.tolist(), strict=True)
        return pa.array([view[start:end].tobytes() if there else None for start, end, there in pairs], pa.binary())
    index = np.repeat(starts - (ends - lengths), lengths) + np.arange(total)
    offsets = np.zeros(len(lengths) + 1, np.int32)
    offsets[1:] = ends
    mask = None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
    buffers = [mask, pa.py_buffer(offsets), pa.py_buffer(data[index])]
    return pa.Array.from_buffers(pa.binary(), len(lengths), buffers)
