"""Time zones by the names a session may set: IANA names, and POSIX forms of a fixed offset."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from catalog.errors import InvalidParameterValue

_POSIX = re.compile(r"(?:<([^<>]+)>|([A-Za-z]{3,}))([+-]?)(\d{1,2})(?::(\d{2}))?(?::(\d{2}))?")


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo:
    """The zone called `name`; a POSIX offset (<+05>-05, GMT-05:30) counts westward. Raises 22023."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    match = _POSIX.fullmatch(name)
    if match is None or int(match[4]) > 24:
        raise InvalidParameterValue(f'invalid value for parameter "TimeZone": "{name}"')
    west = timedelta(hours=int(match[4]), minutes=int(match[5] or 0), seconds=int(match[6] or 0))
    return timezone(west if match[3] == "-" else -west, match[1] or match[2])
