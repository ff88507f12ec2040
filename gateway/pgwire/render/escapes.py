"""Escaping by a table of 256 entries, a whole column at a time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from gateway.pgwire.render.column import data_of, from_offsets, offsets_data


class EscapeTable:
    """What stands for each byte. Bytes not named stand for themselves."""

    def __init__(self, special: Mapping[int, bytes]) -> None:
        self.entries = [special.get(byte, bytes([byte])) for byte in range(256)]
        width = max(len(entry) for entry in self.entries)
        self.widths = np.array([len(entry) for entry in self.entries], np.int64)
        padded = b"".join(entry.ljust(width, b"\0") for entry in self.entries)
        self.table = np.frombuffer(padded, np.uint8).reshape(256, width)
        self.special = np.array([byte in special for byte in range(256)], np.bool_)
        self._some = frozenset(special)

    def one(self, value: bytes) -> bytes:
        """Escape one value."""
        if self._some.isdisjoint(value):
            return value
        return b"".join([self.entries[byte] for byte in value])

    def column(self, array: pa.Array) -> pa.BinaryArray:
        """Escape every value of a binary or string array; validity is not kept, escape null-free or mask after."""
        data = data_of(array)
        special = self.special[data]
        if not special.any():
            return array
        offsets, _ = offsets_data(array)
        widths = self.widths[data]
        ends = np.zeros(len(data) + 1, np.int64)
        np.cumsum(widths, out=ends[1:])
        starts = ends[:-1]
        out = np.empty(ends[-1], np.uint8)
        out[starts] = self.table[data, 0]
        at = np.flatnonzero(special)
        for k in range(1, self.table.shape[1]):
            at = at[widths[at] > k]
            out[starts[at] + k] = self.table[data[at], k]
        return from_offsets(ends[offsets - offsets[0]], out)


JSON = EscapeTable(
    {byte: b"\\u%04x" % byte for byte in range(32)}
    | {ord(char): f"\\{name}".encode() for char, name in zip('"\\\b\f\n\r\t', '"\\bfnrt', strict=True)}
)
QUOTED = EscapeTable({ord('"'): b'\\"', ord("\\"): b"\\\\"})
"""Inside the double quotes of an array element."""
