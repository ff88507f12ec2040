"""Cuts the text and CSV streams of COPY FROM into lines and fields, a block at a time. Values are read elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from catalog.errors import BadCopyFileFormat
from engine.values.copy_options import CopyOptions

Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
_CR, _LF, _BACKSLASH, _DOT = 13, 10, 92, 46
_NAMES = {_CR: ("carriage return", "\\r"), _LF: ("newline", "\\n")}


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines cut into fields, as written (escapes and quotes still in them).

    `fields` holds all fields of all lines in order; `ends[i]` is the number of fields up to and with line i; `text(i)`
    gives the raw bytes of line i; `newlines[i]` counts the lines up to and with line i as PostgreSQL numbers them.
    `error` is what is wrong behind the last line, on the line numbered `error_line` more than those before the block;
    `error_text` is that line if it has been read whole.
    """

    fields: pa.BinaryArray
    ends: npt.NDArray[np.int64]
    newlines: npt.NDArray[np.int64]
    text: Callable[[int], bytes]
    done: bool
    used: int
    error: BadCopyFileFormat | None
    error_line: int
    error_text: bytes | None


def marks(data: Bytes, options: CopyOptions) -> tuple[Bools, Bools]:
    """(bytes that count as structure, bytes that a backslash makes the start of an escape).

    Text: bytes not escaped by a backslash. CSV: bytes outside quotes; the second is all False.
    """
    if options.csv:
        return _outside_quotes(data, options), np.zeros(len(data), np.bool_)
    slashes = data == _BACKSLASH
    if not slashes.any():
        return np.ones(len(data), np.bool_), slashes
    at = np.arange(len(data))
    starts = slashes & ~np.concatenate([[False], slashes[:-1]])
    run_start = np.maximum.accumulate(np.where(starts, at, 0))
    escapers = slashes & ((at - run_start) % 2 == 0)
    free = np.ones(len(data), np.bool_)
    free[1:] = ~escapers[:-1]
    return free, escapers


def _outside_quotes(data: Bytes, options: CopyOptions) -> Bools:
    quote, escape = ord(options.quote_text), ord(options.escape_text)
    toggles = data == quote
    if quote != escape:
        toggles = np.zeros(len(data), np.bool_)
        inside, escaping, before = False, False, -2
        for at in np.flatnonzero((data == quote) | (data == escape)).tolist():
            escaping, before = escaping and before == at - 1, at
            if data[at] == escape:
                escaping = inside and not escaping
            elif not escaping:
                toggles[at] = True
                inside = not inside
            else:
                escaping = False
    # Counted modulo 256, which keeps the parity and is quick.
    outside: Bools = (np.cumsum(toggles, dtype=np.uint8) & 1 == 0) & ~toggles
    return outside


def _closed_quotes(data: Bytes, options: CopyOptions) -> bool:
    """Whether no quote is open at the end."""
    quote = np.flatnonzero(data == ord(options.quote_text))
    if not len(quote):
        return True
    return bool(_outside_quotes(np.append(data, np.uint8(_LF)), options)[-1])


def unescape(field: bytes) -> bytes:
    """A field of the text format: \\b \\f \\n \\r \\t \\v, octal, \\x and hex digits; others are themselves."""
    out, at, size = bytearray(), 0, len(field)
    while at < size:
        byte = field[at]
        at += 1
        if byte != _BACKSLASH:
            out.append(byte)
            continue
        if at == size:
            break
        byte = field[at]
        at += 1
        if byte in b"01234567":
            end = at
            while end < size and end < at + 2 and field[end] in b"01234567":
                end += 1
            out.append(int(field[at - 1 : end], 8) & 0xFF)
            at = end
        elif byte == ord("x") and at < size and field[at] in b"0123456789abcdefABCDEF":
            end = at + 1
            if end < size and field[end] in b"0123456789abcdefABCDEF":
                end += 1
            out.append(int(field[at:end], 16))
            at = end
        else:
            out.append(_LETTERS.get(byte, byte))
    return bytes(out)


_LETTERS = {ord(name): ord(char) for name, char in zip("bfnrtv", "\b\f\n\r\t\v", strict=True)}


def unquote(field: bytes, options: CopyOptions) -> bytes:
    """A field of the CSV format: quotes may open and close anywhere, doubled (or escaped) inside they stand for one."""
    quote, escape = ord(options.quote_text), ord(options.escape_text)
    out, at, inside = bytearray(), 0, False
    while at < len(field):
        byte = field[at]
        at += 1
        if not inside:
            if byte == quote:
                inside = True
            else:
                out.append(byte)
        elif byte == escape and at < len(field) and field[at] in (quote, escape):
            out.append(field[at])
            at += 1
        elif byte == quote:
            inside = False
        else:
            out.append(byte)
    return bytes(out)


def _binary(offsets: npt.NDArray[np.int64], data: Bytes) -> pa.BinaryArray:
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(offsets) - 1, buffers)


class Splitter:
    """Remembers the newline style of the stream, which its first line settles."""

    def __init__(self, options: CopyOptions) -> None:
        self.options = options
        self.newline: bytes | None = None

    def split(self, block: bytes, *, last: bool) -> Lines:
        """All whole lines of the block; `used` tells how far they reach. With `last`, the rest is a line as well."""
        options = self.options
        data = np.frombuffer(block, np.uint8)
        free, escapers = marks(data, options)
        new = self.newline is None
        if new:
            self._settle(data, free, last=last)
        stop, done, error = self._end_marker(data, free, escapers, last=last)
        if stop is not None:
            data, free = data[:stop], free[:stop]
        ends, dropped, bad = self._line_ends(data, free, last=last and stop is None)
        if bad is not None:
            where, problem = bad
            error, done = problem, False
            ends = ends & (np.arange(len(data)) < where)
        used = int(np.flatnonzero(ends)[-1]) + 1 if ends.any() else 0
        counted = self._counted(data, free, ends, first_is_new=new)
        error_text = None
        if error is None and last and options.csv and used < len(data) and not _closed_quotes(data, options):
            error, error_text = BadCopyFileFormat("unterminated CSV quoted field"), data[used:].tobytes()
        behind = len(counted) if bad is None else int(np.searchsorted(counted, bad[0], side="right"))
        newlines = np.searchsorted(counted, np.flatnonzero(ends), side="right")
        if error is None and (last or done) and used < len(data):
            data, free, ends, dropped = self._closed(data, free, ends, dropped)
            used = len(data)
            newlines = np.append(newlines, behind + 1)
        fields, counts, text = self._cut(data[:used], free[:used], ends[:used], dropped[:used])
        return Lines(fields, counts, newlines, text, done, used, error, behind + 1, error_text)

    def _counted(self, data: Bytes, free: Bools, ends: Bools, *, first_is_new: bool) -> npt.NDArray[np.int64]:
        """Where PostgreSQL counts a line: in quotes it counts \\n only once it knows that lines end so."""
        if not self.options.csv or free.all():
            return np.flatnonzero(ends)
        inside = (data == (_LF if self.newline == b"\n" else _CR)) & ~free
        if first_is_new:
            first = int(np.argmax(ends)) if ends.any() else len(data)
            inside[:first] = ((data == _CR) & ~free)[:first]
        return np.flatnonzero(ends | inside)

    def _closed(self, data: Bytes, free: Bools, ends: Bools, dropped: Bools) -> tuple[Any, ...]:
        """The data with a newline put after a last line that has none."""
        block = data.tobytes() + b"\n"
        true, false = np.ones(1, np.bool_), np.zeros(1, np.bool_)
        parts = ((free, true), (ends, true), (dropped, false))
        free, ends, dropped = (np.concatenate(part) for part in parts)
        return np.frombuffer(block, np.uint8), free, ends, dropped

    def _settle(self, data: Bytes, free: Bools, *, last: bool) -> None:
        found = np.flatnonzero(((data == _LF) | (data == _CR)) & free)
        if not len(found):
            return
        first = int(found[0])
        if data[first] == _LF:
            self.newline = b"\n"
        elif first + 1 < len(data):
            self.newline = b"\r\n" if data[first + 1] == _LF else b"\r"
        elif last:
            self.newline = b"\r"

    def _line_ends(
        self, data: Bytes, free: Bools, *, last: bool
    ) -> tuple[Bools, Bools, tuple[int, BadCopyFileFormat] | None]:
        """(where lines end, bytes that belong to the newline before that, the first stray newline byte)."""
        returns, feeds = (data == _CR) & free, (data == _LF) & free
        none = np.zeros(len(data), np.bool_)
        if self.newline is None:
            return none, none, None
        if self.newline == b"\n":
            return feeds, none, self._stray(returns, _CR)
        if self.newline == b"\r":
            return returns, none, self._stray(feeds, _LF)
        paired = feeds.copy()
        paired[:1] = False
        paired[1:] &= returns[:-1]
        before = np.zeros(len(data), np.bool_)
        before[:-1] = paired[1:]
        lonely = returns & ~before
        lonely[-1:] &= last  # its newline may come with the next block
        strays = [each for each in (self._stray(feeds & ~paired, _LF), self._stray(lonely, _CR)) if each]
        return paired, before, min(strays, key=lambda each: each[0], default=None)

    def _stray(self, where: Bools, byte: int) -> tuple[int, BadCopyFileFormat] | None:
        if not where.any():
            return None
        name, escape = _NAMES[byte]
        if self.options.csv:
            message, hint = f"unquoted {name} found in data", f"Use quoted CSV field to represent {name}."
        else:
            message, hint = f"literal {name} found in data", f'Use "{escape}" to represent {name}.'
        return int(np.flatnonzero(where)[0]), BadCopyFileFormat(message, hint=hint)

    def _end_marker(
        self, data: Bytes, free: Bools, escapers: Bools, *, last: bool
    ) -> tuple[int | None, bool, BadCopyFileFormat | None]:
        """(where the data stops because of \\., whether it ends the copy, the error of a corrupt one)."""
        slashes = escapers if not self.options.csv else (data == _BACKSLASH) & free
        dots = np.flatnonzero(slashes[:-1] & (data[1:] == _DOT))
        for at in dots.tolist():
            at_start = at == 0 or (data[at - 1] in (_LF, _CR) and bool(free[at - 1]))
            after = data[at + 2 : at + 2 + len(self.newline or b"\n")]
            if self.options.csv and not at_start:
                continue
            if not len(after) and not last:
                return at, False, None  # wait for what follows it
            follows = after.tobytes()
            if follows[:1] in (b"\n", b"\r") and (self.newline is None or self.newline.startswith(follows)):
                return at, True, None
            if self.newline == b"\r\n" and follows[:1] == b"\r" and len(follows) == 1 and not last:
                return at, False, None  # wait for its newline
            if self.options.csv and follows[:1] not in (b"\n", b"\r"):
                continue
            problem = "does not match previous newline style" if follows[:1] in (b"\n", b"\r") else "corrupt"
            return at, False, BadCopyFileFormat(f"end-of-copy marker {problem}")
        return None, False, None

    def _cut(
        self, data: Bytes, free: Bools, ends: Bools, dropped: Bools
    ) -> tuple[pa.BinaryArray, npt.NDArray[np.int64], Callable[[int], bytes]]:
        """(fields, number of fields up to and with each line, raw bytes of a line)."""
        delimiters = (data == ord(self.options.delimiter_text)) & free
        structure = delimiters | ends
        kept = ~(structure | dropped)
        cuts = np.flatnonzero(structure)
        sizes = cuts - np.arange(len(cuts))  # bytes kept before each cut
        if dropped.any():
            sizes -= np.searchsorted(np.flatnonzero(dropped), cuts)
        offsets = np.concatenate([np.zeros(1, np.int64), sizes])
        fields = _binary(offsets, data[kept])
        is_end = ends[cuts]
        line_cuts = cuts[is_end]

        def text(line: int) -> bytes:
            start = int(line_cuts[line - 1]) + 1 if line else 0
            end = int(line_cuts[line])
            return data[start : end - int(end > start and dropped[end - 1])].tobytes()

        return fields, np.flatnonzero(is_end) + 1, text
