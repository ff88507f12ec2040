"""What is fixed for one statement: who asks, where and when."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from catalog.errors import InvalidParameterValue


@dataclass(frozen=True, slots=True)
class SessionConstants:
    """Values of the session's functions. Times are aware datetimes; `time_zone` is an IANA name."""

    current_user: str
    session_user: str
    current_database: str
    current_schema: str | None
    search_path: tuple[str, ...]
    transaction_time: datetime
    statement_time: datetime
    time_zone: str = "UTC"
    version: str = "PostgreSQL 16"
    date_style: str = "ISO, MDY"
    interval_style: str = "postgres"
    bytea_output: str = "hex"
    extra_float_digits: int = 1

    def local_time(self, moment: datetime) -> datetime:
        """`moment` on the session's clock, without zone. Raises InvalidParameterValue for an unknown zone."""
        try:
            return moment.astimezone(ZoneInfo(self.time_zone)).replace(tzinfo=None)
        except (ZoneInfoNotFoundError, ValueError):
            raise InvalidParameterValue(f'invalid value for parameter "TimeZone": "{self.time_zone}"') from None

    def without_times(self) -> tuple[object, ...]:
        """All else: two statements with equal ones differ in nothing but their times."""
        return tuple(getattr(self, item.name) for item in fields(self) if item.name not in _TIMES)


_TIMES = frozenset({"transaction_time", "statement_time"})


class WatchedConstants(SessionConstants):
    """Notes whether a translation has read a time: its SQL then holds for one statement only."""

    __slots__ = ("times_read",)
    times_read: bool

    @classmethod
    def of(cls, constants: SessionConstants) -> WatchedConstants:
        watched = cls(**{item.name: getattr(constants, item.name) for item in fields(constants)})
        object.__setattr__(watched, "times_read", False)
        return watched

    def __getattribute__(self, name: str) -> Any:
        if name in _TIMES:
            object.__setattr__(self, "times_read", True)
        return object.__getattribute__(self, name)
