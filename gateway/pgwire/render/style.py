"""The session settings that change how values are printed, and what their spellings mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from catalog.errors import InvalidParameterValue


class DateStyle(Enum):
    """The output half of DateStyle."""

    ISO = "iso"
    POSTGRES = "postgres"
    SQL = "sql"
    GERMAN = "german"


@dataclass(frozen=True, slots=True)
class Style:
    """Settings as the client reads them from ParameterStatus; defaults are PostgreSQL's.

    `time_zone` is an IANA name. Spellings are checked when a renderer needs them (22023).
    """

    date_style: str = "ISO, MDY"
    interval_style: str = "postgres"
    time_zone: str = "UTC"
    bytea_output: str = "hex"
    extra_float_digits: int = 1

    def dates(self) -> tuple[DateStyle, bool]:
        """The output style, and whether the day comes before the month (DMY)."""
        words = [word.strip().lower() for word in self.date_style.split(",")]
        try:
            kind = next((DateStyle(word) for word in words if word in _DATE_STYLES), DateStyle.ISO)
            if any(word not in _DATE_STYLES and word not in _ORDERS for word in words):
                raise ValueError(words)
        except ValueError:
            raise InvalidParameterValue(f'invalid value for parameter "DateStyle": "{self.date_style}"') from None
        return kind, any(word in ("dmy", "european", "euro") for word in words)


_DATE_STYLES = {style.value for style in DateStyle}
_ORDERS = {"mdy", "dmy", "ymd", "us", "noneuropean", "noneuro", "european", "euro"}
