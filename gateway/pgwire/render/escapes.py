"""Escaping by a table of 256 entries, a whole column at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gateway.pgwire.render.column import data_of, from_offsets, offsets_data

Runs = tuple[tuple[int, int], ...]
"""Ranges of bytes: (first, length - 1)."""


def runs(special: Iterable[int]) -> Runs:
    """The fewest ranges that hold exactly these bytes."""
    found: list[tuple[int, int]] = []
    for byte in sorted(set(special)):
        if found and byte == found[-1][0] + found[-1][1] + 1:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((byte, 0))
    return tuple(found)


def any_in(data: npt.NDArray[np.uint8], some: Runs) -> bool:
    """Whether any byte is in the ranges: a few comparisons over the whole run are quicker than a table look-up."""
    for first, more in some:
        hit = data == first if not more else data - np.uint8(first) <= more
        if hit.any():
            return True
    return False


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
        self._runs = runs(special)

    def one(self, value: bytes) -> bytes:
        """Escape one value."""
        if self._some.isdisjoint(value):
            return value
        return b"".join([self.entries[byte] for byte in value])

    def column(self, array: pa.Array) -> pa.BinaryArray:
        """Escape every value of a binary or string array; validity is not kept, escape null-free or mask after."""
        data = data_of(array)
        if not any_in(data, self._runs):
            return array
        special = self.special[data]
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
