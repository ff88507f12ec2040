"""Input functions of date, time, timetz, timestamp and timestamptz, as integers of PostgreSQL's resolution.

Days and microseconds count from 1970-01-01; infinities are the integers' extremes (as DuckDB exports them).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from catalog.errors import (
    DatetimeFieldOverflow,
    FeatureNotSupported,
    InvalidDatetimeFormat,
    InvalidParameterValue,
)
from engine.values.scalars import SPACE
from engine.values.zones import zone as named_zone

DAYS_INFINITE, US_INFINITE = 2**31 - 1, 2**63 - 1
DAY_US = 86_400_000_000
DAYS_MIN, DAYS_END = -2440588, 2145042906  # 4714-11-24 BC, 5874898-01-01
US_MIN, US_END = -210866803200000000, US_INFINITE
"""4714-11-24 BC; int64 counted from 1970 ends in the year 294247, PostgreSQL's in 294276."""
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH_NAMES = (
    dict(
        zip(
            "january february march april may june july august september october november december".split(),
            range(1, 13),
            strict=True,
        )
    )
    | {name: at for at, name in enumerate(_MONTHS, 1)}
    | {"sept": 9}
)
_WEEKDAYS = frozenset(
    "sun sunday mon monday tue tues tuesday wed weds wednesday thu thur thurs thursday fri friday sat saturday".split()
)
_ABBREVIATIONS = {
    "z": 0, "zulu": 0, "utc": 0, "ut": 0, "gmt": 0, "uct": 0, "wet": 0, "cet": 1, "met": 1, "eet": 2, "msk": 3,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "bst": 1, "cest": 2,
    "eest": 3, "west": 1, "jst": 9, "kst": 9,
}  # fmt: skip
"""Hours east, of PostgreSQL's Default set of abbreviations: those that mean the same everywhere."""
_CLOCK_WORDS = frozenset(("now", "today", "tomorrow", "yesterday"))

_TOKEN = re.compile(
    r"(?P<time>\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d*)?)?)"
    r"|(?P<dashed>\d+-\d{1,2}-\d+|\d+/\d+/\d+|\d+\.\d{1,2}\.\d+|\d+-[a-z]+-\d+|[a-z]{3,9}-\d+-\d+|\d{4,}\.\d{3}(?!\d))"
    r"|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<zone>[a-z_]+(?:/[a-z_0-9+-]+)+)"
    r"|(?P<julian>j\d+)"
    r"|(?P<word>[a-z]+)"
    r"|(?P<offset>[+-]\d{1,2}(?::\d{1,2}(?::\d{1,2})?)?(?!\d)|[+-]\d{3,6})"
    r"|(?P<blank>[\s,]+)"
)


@dataclass(slots=True)
class _Parts:
    """What a text has told so far. `zone` is seconds east, or an IANA zone to ask once the date is known."""

    day: tuple[int, int, int] | None = None
    time_us: int | None = None
    zone: int | tzinfo | None = None
    bc: bool = False
    special: str | None = None


def parse_date(text: str) -> int:
    """Days since 1970."""
    parts = _parse(text, "date")
    if parts.special is not None:
        return {"infinity": DAYS_INFINITE, "-infinity": -DAYS_INFINITE, "epoch": 0}[parts.special]
    day = _days(parts, text, "date")
    if not DAYS_MIN <= day < DAYS_END:
        raise DatetimeFieldOverflow(f'date out of range: "{text}"')
    return day


def parse_timestamp(text: str, precision: int = -1) -> int:
    """timestamp without time zone, us since 1970; a zone in the text is ignored. `precision` is the typmod."""
    parts = _parse(text, "timestamp")
    return _instant(parts, text, 0, precision, "timestamp")


def parse_timestamptz(text: str, time_zone: str = "UTC", precision: int = -1) -> int:
    """us since 1970 UTC; `time_zone` (IANA) holds where the text names no zone."""
    parts = _parse(text, "timestamp with time zone")
    if parts.special is not None:
        return _instant(parts, text, 0, precision, "timestamp")
    zone = parts.zone if parts.zone is not None else named_zone(time_zone)
    day = _days(parts, text, "timestamp with time zone")
    east = zone if isinstance(zone, int) else _local_offset(day, parts.time_us or 0, zone)
    return _instant(parts, text, east, precision, "timestamp")


def parse_time(text: str, precision: int = -1) -> int:
    """us since midnight; 24:00:00 is legal."""
    parts = _parse(text, "time")
    if parts.time_us is None or parts.special is not None:
        raise _invalid("time", text)
    return round_us(parts.time_us, precision)


def parse_timetz(text: str, time_zone: str = "UTC", precision: int = -1) -> str:
    """PostgreSQL's own text of the value, as kept in Arrow."""
    parts = _parse(text, "time with time zone")
    if parts.time_us is None or parts.special is not None:
        raise _invalid("time with time zone", text)
    zone = parts.zone
    if zone is None:
        zone = named_zone(time_zone)
    if isinstance(zone, timezone):
        zone = int(zone.utcoffset(None).total_seconds())
    if isinstance(zone, tzinfo):
        if parts.day is None and str(zone) not in ("UTC", "Etc/UTC", "GMT"):
            raise FeatureNotSupported("time with time zone needs a numeric zone offset here")
        zone = 0 if parts.day is None else _local_offset(_days(parts, text, "time"), parts.time_us, zone)
    return timetz_text(round_us(parts.time_us, precision), zone)


def timetz_text(us: int, east: int) -> str:
    """timetz_out; `east` in seconds."""
    size = abs(east)
    zone = f"{'-' if east < 0 else '+'}{size // 3600:02}"
    if size % 3600:
        zone += f":{size // 60 % 60:02}"
    if size % 60:
        zone += f":{size % 60:02}"
    return time_text(us) + zone


def time_text(us: int) -> str:
    """HH:MM:SS[.ffffff] without trailing zeros."""
    seconds, fraction = divmod(us, 1_000_000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return text + f".{fraction:06}".rstrip("0") if fraction else text


def round_us(us: int, precision: int) -> int:
    """Round to `precision` decimals of a second (-1: leave), half away from zero."""
    if not 0 <= precision < 6:
        return us
    unit: int = 10 ** (6 - precision)
    size = (abs(us) + unit // 2) // unit * unit
    return size if us >= 0 else -size


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970 of an astronomical year (0 is 1 BC); raises ValueError for a day that is not."""
    cycle, year_of_cycle = divmod(year - 1, 400)
    return date(year_of_cycle + 1, month, day).toordinal() - 719163 + cycle * 146097


def civil(day: int) -> tuple[int, int, int]:
    """(astronomical year, month, day of month) of a day since 1970."""
    cycle, day_of_cycle = divmod(day + 719162, 146097)
    near = date.fromordinal(day_of_cycle + 1)
    return near.year + 400 * cycle, near.month, near.day


def _invalid(name: str, text: str) -> InvalidDatetimeFormat:
    return InvalidDatetimeFormat(f'invalid input syntax for type {name}: "{text}"')


def _overflow(text: str, *, order: bool = False) -> DatetimeFieldOverflow:
    hint = 'Perhaps you need a different "datestyle" setting.' if order else None
    return DatetimeFieldOverflow(f'date/time field value out of range: "{text}"', hint=hint)


def _instant(parts: _Parts, text: str, east: int, precision: int, name: str) -> int:
    if parts.special is not None:
        return {"infinity": US_INFINITE, "-infinity": -US_INFINITE, "epoch": 0}[parts.special]
    day = _days(parts, text, name)
    us = round_us(day * DAY_US + (parts.time_us or 0) - east * 1_000_000, precision)
    if not US_MIN <= us < US_END:
        raise DatetimeFieldOverflow(f'timestamp out of range: "{text}"')
    return us


def _days(parts: _Parts, text: str, name: str) -> int:
    if parts.day is None:
        raise _invalid(name, text)
    year, month, day = parts.day
    if year == 0 and parts.bc:
        raise _overflow(text)
    if year == 0:
        raise _overflow(text)
    if parts.bc:
        year = 1 - year
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        raise _overflow(text, order=True)
    try:
        return days_from_civil(year, month, day)
    except ValueError:
        raise _overflow(text) from None


def _local_offset(day: int, time_us: int, zone: tzinfo) -> int:
    """Seconds east at a local time; in a gap the offset before it holds, in an overlap standard time (the later)."""
    ordinal = day + 719163
    shift = 0
    if not 2 <= ordinal <= 3652058:
        cycles = (ordinal - 1) // 146097
        shift = cycles if ordinal < 2 else cycles - 20
        ordinal -= shift * 146097
    base = datetime.fromordinal(ordinal) + timedelta(microseconds=time_us)
    first = base.replace(tzinfo=zone, fold=0).utcoffset() or timedelta()
    second = base.replace(tzinfo=zone, fold=1).utcoffset() or timedelta()
    chosen = first
    if (
        second != first
        and base.replace(tzinfo=zone, fold=0).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == base
    ):
        chosen = second  # both exist: an overlap
    return chosen.days * 86400 + chosen.seconds


def _parse(text: str, name: str) -> _Parts:
    body = text.strip(SPACE).lower()
    parts = _Parts()
    if body in ("epoch", "infinity", "-infinity", "+infinity"):
        parts.special = body.lstrip("+")
        return parts
    if body in _CLOCK_WORDS:
        raise FeatureNotSupported(f'the date/time value "{body}" is not supported here')
    body = re.sub(r"(?<=\d)t(?=\d)", " ", body)
    _Reader(text, name, parts).read(body)
    return parts


class _Reader:
    """Reads the tokens of one text into its parts."""

    def __init__(self, text: str, name: str, parts: _Parts) -> None:
        self.text, self.name, self.parts = text, name, parts
        self.loose: list[int | str] = []  # day and year numbers, and a month's name, in the order met

    def read(self, body: str) -> None:
        at = 0
        while at < len(body):
            match = _TOKEN.match(body, at)
            if match is None:
                raise _invalid(self.name, self.text)
            at = match.end()
            kind = match.lastgroup or ""
            if kind != "blank":
                getattr(self, f"_{kind}")(match[0])
        if self.loose:
            self._spelled()

    def _time(self, word: str) -> None:
        if self.parts.time_us is not None:
            raise _invalid(self.name, self.text)
        words = word.split(":")
        hour, minute = int(words[0]), int(words[1])
        whole, _, fraction = (words[2] if len(words) > 2 else "0").partition(".")
        us = round(float("0." + fraction) * 1_000_000) if fraction else 0
        second = int(whole)
        total = (hour * 3600 + minute * 60 + second) * 1_000_000 + us
        if hour > 24 or minute > 59 or second > 60 or total > DAY_US:
            raise _overflow(self.text)
        self.parts.time_us = total

    def _dashed(self, word: str) -> None:
        if self.parts.day is not None:
            raise _invalid(self.name, self.text)
        if re.fullmatch(r"\d{4,}\.\d{3}", word):
            year, doy = (int(each) for each in word.split("."))
            day = date.fromordinal(date(2000 + year % 400, 1, 1).toordinal() + doy - 1)
            self.parts.day = (year, day.month, day.day)
            return
        first, second, third = re.split(r"[-/.]", word)
        if second.isalpha() or first.isalpha():
            month = _MONTH_NAMES.get(second if second.isalpha() else first)
            other = first if second.isalpha() else second
            if month is None:
                raise _invalid(self.name, self.text)
            spelled, number = (other, third) if len(other) > 2 else (third, other)
            self.parts.day = (_year(spelled), month, int(number))
        elif len(first) >= 3:
            self.parts.day = (int(first), int(second), int(third))
        else:
            self.parts.day = (_year(third), int(first), int(second))

    def _number(self, word: str) -> None:
        if "." in word:
            if self.parts.day is None and len(word.partition(".")[0]) != 6:
                raise _invalid(self.name, self.text)
            self._packed_time(word)
        elif self.parts.day is None and not self.loose and len(word) == 8:
            self.parts.day = (int(word[:4]), int(word[4:6]), int(word[6:]))
        elif self.parts.day is None and not self.loose and len(word) == 6 and self.name not in _TIMES:
            self.parts.day = (_year(word[:2]), int(word[2:4]), int(word[4:]))
        elif (self.parts.day is not None or self.name in _TIMES) and len(word) in (4, 6) and self.parts.time_us is None:
            self._packed_time(word)
        else:
            self.loose.append(int(word) if len(word) < 3 else word)

    def _packed_time(self, word: str) -> None:
        whole, dot, fraction = word.partition(".")
        shown = f"{whole[:2]}:{whole[2:4]}:{whole[4:6] or '00'}{dot}{fraction}"
        self._time(shown)

    def _julian(self, word: str) -> None:
        if self.parts.day is not None:
            raise _invalid(self.name, self.text)
        year, month, day = civil(int(word[1:]) - 2440588)
        self.parts.bc = year <= 0
        self.parts.day = (year if year > 0 else 1 - year, month, day)

    def _zone(self, word: str) -> None:
        try:
            self.parts.zone = ZoneInfo("/".join(_title(each) for each in word.split("/")))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InvalidParameterValue(f'time zone "{word}" not recognized') from None

    def _word(self, word: str) -> None:
        if word in ("am", "pm") and self.parts.time_us is not None:
            hour = self.parts.time_us // 3_600_000_000
            if hour > 12:
                raise _overflow(self.text)
            self.parts.time_us += (12 if word == "pm" else 0) * 3_600_000_000 - (hour == 12) * 12 * 3_600_000_000
        elif word in ("bc", "ad"):
            self.parts.bc = word == "bc"
        elif word in _MONTH_NAMES:
            self.loose.append(word)
        elif word == "allballs" and self.parts.time_us is None:
            self.parts.time_us, self.parts.zone = 0, 0
        elif word in _ABBREVIATIONS and (self.parts.time_us is not None or self.parts.day is not None):
            self.parts.zone = _ABBREVIATIONS[word] * 3600
        elif word not in _WEEKDAYS and word not in ("t", "at", "on"):
            raise _invalid(self.name, self.text)

    def _offset(self, word: str) -> None:
        if self.parts.zone is not None or (self.parts.day is None and self.parts.time_us is None):
            raise _invalid(self.name, self.text)
        body = word[1:]
        words = body.split(":")
        if len(words) == 1 and len(body) > 2:
            words = [body[:-4] or "0", body[-4:-2], body[-2:]] if len(body) > 4 else [body[:-2], body[-2:]]
        hour, minute, second = (*(int(word) for word in words), 0, 0)[:3]
        if hour > 15 or minute > 59 or second > 59:
            raise InvalidDatetimeFormat(f'time zone displacement out of range: "{self.text}"', code="22009")
        east = hour * 3600 + minute * 60 + second
        self.parts.zone = -east if word[0] == "-" else east

    def _spelled(self) -> None:
        """A month's name with a day and a year in any order: Jan 8, 1999; 8 January 1999."""
        names = [each for each in self.loose if isinstance(each, str) and each in _MONTH_NAMES]
        numbers = [each for each in self.loose if not (isinstance(each, str) and each in _MONTH_NAMES)]
        if self.parts.day is not None or len(names) != 1 or len(numbers) != 2:
            raise _invalid(self.name, self.text)
        day, year = (numbers[1], numbers[0]) if isinstance(numbers[0], str) else (numbers[0], numbers[1])
        self.parts.day = (_year(str(year)), _MONTH_NAMES[names[0]], int(day))


_TIMES = frozenset(("time", "time with time zone"))


def _year(word: str) -> int:
    year = int(word)
    return year if len(word) > 2 else year + (2000 if year < 70 else 1900)


def _title(word: str) -> str:
    return "_".join(part.capitalize() for part in word.split("_")) if word not in ("utc", "gmt") else word.upper()
