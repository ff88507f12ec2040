"""Cuts the binary stream of COPY FROM into rows of values. Values are read elsewhere."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from catalog.errors import BadCopyFileFormat, SqlError

_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_FIXED_HEADER = len(_SIGNATURE) + 8
_COUNT, _SIZE = struct.Struct("!h"), struct.Struct("!i")


@dataclass(slots=True)
class Read:
    """What a block held: values by column, bytes used, the error after the last whole row and its column."""

    columns: list[list[bytes | None]]
    rows: int = 0
    used: int = 0
    error: SqlError | None = None
    at: int | None = field(default=None)


class _InvalidSize(Exception):
    """A field of negative size."""


class TupleReader:
    """Reads rows of `width` fields; remembers what of the stream has gone by."""

    def __init__(self, width: int) -> None:
        self.width, self.rows = width, 0
        self.started = self._ended = False

    def read(self, block: bytes, *, last: bool) -> Read:
        """All whole rows of the block. With `last`, anything left over is an error."""
        read = Read([[] for _ in range(self.width)])
        try:
            if not self.started and not self._start(block, read, last=last):
                return read
            self._rows(block, read, last=last)
        except BadCopyFileFormat as error:
            read.error = error
        self.rows += read.rows
        return read

    def _start(self, block: bytes, read: Read, *, last: bool) -> bool:
        """Pass the header; False if it is not all there yet."""
        if not _SIGNATURE.startswith(block[: len(_SIGNATURE)]) or (last and len(block) < len(_SIGNATURE)):
            raise BadCopyFileFormat("COPY file signature not recognized")
        if len(block) < _FIXED_HEADER:
            if last:
                missing = "flags" if len(block) < len(_SIGNATURE) + 4 else "length"
                raise BadCopyFileFormat(f"invalid COPY file header (missing {missing})")
            return False
        flags, extension = struct.unpack_from("!ii", block, len(_SIGNATURE))
        if flags & (1 << 16):
            raise BadCopyFileFormat("invalid COPY file header (WITH OIDS)")
        if flags & ~0xFFFF:
            raise BadCopyFileFormat("unrecognized critical flags in COPY file header")
        if extension < 0:
            raise BadCopyFileFormat("invalid COPY file header (missing length)")
        if len(block) < _FIXED_HEADER + extension:
            if last:
                raise BadCopyFileFormat("invalid COPY file header (wrong length)")
            return False
        self.started = True
        read.used = _FIXED_HEADER + extension
        return True

    def _rows(self, block: bytes, read: Read, *, last: bool) -> None:
        size, at, width, cells = len(block), read.used, self.width, list[bytes | None]()
        rows = whole = 0  # complete rows, and their cells
        try:
            while at + 2 <= size and not self._ended:
                (count,) = _COUNT.unpack_from(block, at)
                if count == -1:
                    self._ended = True
                    read.used = at + 2
                    break
                if count != width:
                    raise BadCopyFileFormat(f"row field count is {count}, expected {width}")
                end = self._row(block, at + 2, cells)
                if end < 0:
                    if last:
                        read.at = len(cells) - whole
                        raise BadCopyFileFormat("unexpected EOF in COPY data")
                    break
                at = read.used = end
                whole = len(cells)
                rows += 1
        except _InvalidSize:
            read.at = len(cells) - whole
            raise BadCopyFileFormat("invalid field size") from None
        finally:
            read.rows = rows
            read.columns = [cells[column:whole:width] for column in range(width)]
        if self._ended and read.used < size:
            raise BadCopyFileFormat("received copy data after EOF marker")

    def _row(self, block: bytes, at: int, cells: list[bytes | None]) -> int:
        """Append one row's cells; where it ends, or -1 if the block ends before it does."""
        unpack, size, append = _SIZE.unpack_from, len(block), cells.append
        for _ in range(self.width):
            start = at + 4
            if start > size:
                return -1
            (length,) = unpack(block, at)
            if length < 0:
                if length != -1:
                    raise _InvalidSize
                append(None)
                at = start
                continue
            at = start + length
            if at > size:
                return -1
            append(block[start:at])
        return at
