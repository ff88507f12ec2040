"""time (24:00:00 is legal) and timetz, which arrives as text."""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gateway.pgwire.render.column import Body, Matrix, Rule, as_binary, big_endian, nulls, ragged, raw

_TO_US = {"s": 1_000_000, "ms": 1000, "us": 1}


def time_text() -> Rule:
    return Rule(clock, _time_column, _us_list)


def time_binary() -> Rule:
    pack = struct.Struct("!q").pack
    return Rule(pack, lambda array: big_endian(time_micros(array), ">i8"), _us_list)


def timetz_text() -> Rule:
    return Rule(lambda value: value, as_binary, lambda array: as_binary(array).to_pylist())


def timetz_binary() -> Rule:
    """int64 microseconds, int32 seconds west of UTC."""
    return Rule(_timetz_words)


def clock(us: int) -> bytes:
    """HH:MM:SS[.ffffff] of microseconds since midnight, without trailing zeros."""
    seconds, fraction = divmod(us, 1_000_000)
    text = b"%02d:%02d:%02d" % (seconds // 3600, seconds // 60 % 60, seconds % 60)
    return text + (b".%06d" % fraction).rstrip(b"0") if fraction else text


@lru_cache(maxsize=1)
def clock_table() -> Matrix:
    """HH:MM:SS of every second of a day, and 24:00:00: (86401, 8) bytes."""
    second = np.arange(86401)
    table = np.full((86401, 8), ord(":"), np.uint8)
    for at, value in ((0, second // 3600), (3, second // 60 % 60), (6, second % 60)):
        table[:, at], table[:, at + 1] = value // 10 + ord("0"), value % 10 + ord("0")
    return table


def time_micros(array: pa.Array) -> npt.NDArray[np.int64]:
    """Microseconds since midnight of a time column of any unit; 0 at NULL."""
    kind = array.type
    values = raw(array, np.int32 if pa.types.is_time32(kind) else np.int64).astype(np.int64)
    values = values // 1000 if kind.unit == "ns" else values * _TO_US[kind.unit]
    isnull = nulls(array)
    return values if isnull is None else np.where(isnull, 0, values)


def _us_list(array: pa.Array) -> list[int | None]:
    found: list[int | None] = time_micros(array).tolist()
    if array.null_count:
        return [value if ok else None for value, ok in zip(found, array.is_valid().to_pylist(), strict=True)]
    return found


def _time_column(array: pa.Array) -> Body:
    us = time_micros(array)
    seconds, fraction = np.divmod(us, 1_000_000)
    whole = clock_table().take(seconds, axis=0)
    if not fraction.any():
        return whole
    digits, keep = fractions(fraction)
    return ragged(
        np.concatenate([whole, digits], axis=1), np.concatenate([np.ones(whole.shape, np.bool_), keep], axis=1)
    )


def fractions(us: npt.NDArray[np.int64]) -> tuple[Matrix, npt.NDArray[np.bool_]]:
    """'.dddddd' of each fraction of a second, and which of the seven bytes are shown (no trailing zeros)."""
    digits = np.full((len(us), 7), ord("."), np.uint8)
    rest, shown = us, np.where(us == 0, 0, 7)
    zeros = us != 0
    for at in range(6, 0, -1):
        rest, last = np.divmod(rest, 10)
        digits[:, at] = last + ord("0")
        zeros &= last == 0
        shown -= zeros
    return digits, np.arange(7) < shown[:, None]


def _timetz_words(value: str) -> bytes:
    mark = max(value.rfind("+"), value.rfind("-"))
    hours, minutes, seconds = value[:mark].split(":")
    whole, _, part = seconds.partition(".")
    us = (int(hours) * 3600 + int(minutes) * 60 + int(whole)) * 1_000_000 + int(part.ljust(6, "0") or 0)
    east = sum(int(word) * scale for word, scale in zip(value[mark + 1 :].split(":"), (3600, 60, 1), strict=False))
    return struct.pack("!qi", us, east if value[mark] == "-" else -east)
