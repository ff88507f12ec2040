"""Offsets of a time zone from UTC, for one instant and for a column; years beyond zoneinfo's by the 400-year cycle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.values.zones import zone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CYCLE_S = 146097 * 86400
_FIRST_S, _LAST_S = -62135510400, 253402214400  # a day inside the years 1 and 9999
_SCAN_FROM_S, _SCAN_TO_S, _SCAN_STEP_S = -6311433600, 4102444800, 3 * 86400  # the years 1770 to 2100


def offset_at(second: int, name: str) -> int:
    """Seconds east of UTC at a Unix second of any year PostgreSQL knows."""
    moment = _moment(second).astimezone(zone(name)).utcoffset() or timedelta()
    return moment.days * 86400 + moment.seconds


def abbreviation_at(second: int, name: str) -> str:
    """The zone's abbreviation at a Unix second."""
    return _moment(second).astimezone(zone(name)).tzname() or ""


def offsets_of(seconds: npt.NDArray[np.int64], name: str) -> npt.NDArray[np.int64]:
    """Seconds east of UTC for many Unix seconds."""
    starts, offsets = _transitions(name)
    found = offsets[np.searchsorted(starts, seconds, side="right")]
    late = seconds >= _SCAN_TO_S
    if late.any():
        found[late] = [offset_at(second, name) for second in seconds[late].tolist()]
    return found


def _moment(second: int) -> datetime:
    if second < _FIRST_S:
        second = _FIRST_S  # before any zone's first change: local mean time
    elif second > _LAST_S:
        second -= -(-(second - _LAST_S) // _CYCLE_S) * _CYCLE_S
    return _EPOCH + timedelta(seconds=second)


@lru_cache(maxsize=64)
def _transitions(name: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Unix seconds at which the offset changes up to 2100, and the offset before the first and from each on.

    Found by scanning: no zone changes twice within the step and comes back (a test scans every zone by the hour).
    """
    starts: list[int] = []
    offsets = [offset_at(_SCAN_FROM_S, name)]
    for second in range(_SCAN_FROM_S, _SCAN_TO_S, _SCAN_STEP_S):
        end = min(second + _SCAN_STEP_S, _SCAN_TO_S)
        low = second
        while offset_at(end, name) != offsets[-1]:
            high = end
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset_at(middle, name) == offsets[-1] else (low, middle)
            starts.append(high)
            offsets.append(offset_at(high, name))
            low = high
    return np.array(starts, np.int64), np.array(offsets, np.int64)
