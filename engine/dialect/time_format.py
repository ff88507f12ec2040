"""to_char, to_date and to_timestamp by format patterns (documentation table 9.26); patterns not listed are refused."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from catalog.errors import DatetimeFieldOverflow, FeatureNotSupported, InvalidDatetimeFormat

_TOKENS = re.compile(
    r'"((?:[^"\\]|\\.)*)"|(FM|fm)?(HH24|HH12|HH|IW|IDDD|ID|MI|SSSSS|SSSS|SS|MS|US|FF[1-6]|AM|PM|A\.M\.|P\.M\.'
    r"|YYYY|YYY|YY|Y,YYY|Y|IYYY|IYY|IY|I"
    r"|MONTH|MON|MM|DAY|DY|DDD|DD|D|WW|W|CC"
    r"|J|Q|RM|BC|AD|B\.C\.|A\.D\.|TZH|TZM|TZ|OF|TM|SP)"
    r"(TH|th)?",
    re.IGNORECASE,
)
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _refuse(pattern: str) -> FeatureNotSupported:
    return FeatureNotSupported(f'the format pattern "{pattern}" is not supported by the embedded engine')


def _cased(word: str, pattern: str, width: int) -> str:
    cased = word.upper() if pattern.isupper() else word.lower() if pattern.islower() else word
    return cased.ljust(width)


def to_char(stamp: str, template: str) -> str:
    """`stamp` is an ISO timestamp with six digits of fraction, years 1 to 9999."""
    moment = datetime.fromisoformat(stamp)
    out, at = [], 0
    while at < len(template):
        match = _TOKENS.match(template, at)
        if match is None:
            c = template[at]
            if c == "\\" and template[at + 1 : at + 2] == '"':
                out.append('"')
                at += 2
                continue
            out.append(c)
            at += 1
            continue
        at = match.end()
        if match.group(1) is not None:
            out.append(re.sub(r"\\(.)", r"\1", match.group(1)))
            continue
        text = _part(moment, match.group(3), filled=match.group(2) is None)
        if suffix := match.group(4):
            text += _ordinal(text, upper=suffix.isupper())
        out.append(text)
    return "".join(out)


def _ordinal(text: str, *, upper: bool) -> str:
    digits = re.sub(r"\D", "", text)
    if not digits:
        return ""
    last = int(digits[-1])
    teens = len(digits) > 1 and digits[-2] == "1"
    found = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(last, "th")
    return found.upper() if upper else found


def _part(moment: datetime, pattern: str, *, filled: bool) -> str:
    if pattern.upper() in ("MONTH", "MON", "DAY", "DY"):
        return _name(moment, pattern, filled=filled)
    key = pattern.upper()
    if key in ("AM", "PM", "A.M.", "P.M."):
        found = "PM" if moment.hour >= 12 else "AM"
        found = f"{found[0]}.M." if "." in key else found
        return found if pattern.isupper() else found.lower()
    if key in ("BC", "AD"):
        return "AD" if pattern.isupper() else "ad"
    iso_year, iso_week, iso_day = moment.isocalendar()
    hour12 = moment.hour % 12 or 12
    day_of_year = moment.timetuple().tm_yday
    numbers: dict[str, tuple[int, int]] = {
        "HH24": (moment.hour, 2), "HH12": (hour12, 2), "HH": (hour12, 2), "MI": (moment.minute, 2),
        "SS": (moment.second, 2), "MS": (moment.microsecond // 1000, 3), "US": (moment.microsecond, 6),
        "SSSS": (moment.hour * 3600 + moment.minute * 60 + moment.second, 0),
        "SSSSS": (moment.hour * 3600 + moment.minute * 60 + moment.second, 0),
        "YYYY": (moment.year, 4), "YYY": (moment.year % 1000, 3), "YY": (moment.year % 100, 2),
        "Y": (moment.year % 10, 1),
        "IYYY": (iso_year, 4), "IYY": (iso_year % 1000, 3), "IY": (iso_year % 100, 2), "I": (iso_year % 10, 1),
        "MM": (moment.month, 2), "DD": (moment.day, 2), "DDD": (day_of_year, 3), "D": (moment.isoweekday() % 7 + 1, 1),
        "ID": (iso_day, 1), "WW": ((day_of_year - 1) // 7 + 1, 2), "W": ((moment.day - 1) // 7 + 1, 1),
        "IW": (iso_week, 2), "CC": ((moment.year - 1) // 100 + 1, 2), "Q": ((moment.month - 1) // 3 + 1, 1),
        "J": (moment.toordinal() + 1721425, 0), "IDDD": ((iso_week - 1) * 7 + iso_day, 3),
    }  # fmt: skip
    if key.startswith("FF"):
        return f"{moment.microsecond:06}"[: int(key[2])]
    if key not in numbers:
        raise _refuse(pattern)
    number, width = numbers[key]
    return f"{number:0{width}}" if filled and width else str(number)


def _name(moment: datetime, pattern: str, *, filled: bool) -> str:
    key = pattern.upper()
    full = _MONTHS[moment.month - 1] if key.startswith("MON") else _DAYS[moment.weekday()]
    short = key in ("MON", "DY")
    width = 9 if filled and not short else 0
    shown = pattern if pattern.isupper() or pattern.islower() else "Mixed"
    if pattern[:1].isupper() and not pattern[1:].islower() and not pattern.isupper():
        raise _refuse(pattern)
    return _cased(full[:3] if short else full, shown, width)


_INPUT = {
    "YYYY": (r"([+-]?\d{1,4})", "year"), "MM": (r"(\d{1,2})", "month"), "DD": (r"(\d{1,2})", "day"),
    "HH24": (r"(\d{1,2})", "hour"), "MI": (r"(\d{1,2})", "minute"), "SS": (r"(\d{1,2})", "second"),
    "MON": (r"([A-Za-z]{3})", "mon"), "MONTH": (r"([A-Za-z]+)", "mon"),
    "US": (r"(\d{1,6})", "us"), "MS": (r"(\d{1,3})", "ms"),
}  # fmt: skip


def _read(text: str, template: str) -> datetime:
    pattern, fields, at = "", [], 0
    while at < len(template):
        match = _TOKENS.match(template, at)
        if match is None:
            c = template[at]
            if c.isalnum():
                raise _refuse(template)
            pattern += r"[^A-Za-z0-9]"
            at += 1
            continue
        at = match.end()
        key = (match.group(3) or "").upper()
        if match.group(1) is not None or match.group(2) or match.group(4) or key not in _INPUT:
            raise _refuse(template)
        part, field = _INPUT[key]
        follows = _TOKENS.match(template, at)
        if follows is not None and part.startswith(r"(\d{1,"):
            part = part.replace("{1,", "{").replace("{1}", "{1}")
        if follows is not None and field == "year":
            part = r"(\d{4})"
        pattern += part
        fields.append(field)
    found = re.match(rf"\s*{pattern}\s*\Z", text)
    if found is None:
        raise FeatureNotSupported(f'text "{text}" for the format "{template}" is not supported by the embedded engine')
    return _assembled(dict(zip(fields, found.groups(), strict=True)), text)


def _assembled(parts: dict[str, str], text: str) -> datetime:
    month = parts.get("month", "1")
    if "mon" in parts:
        names = [m[:3].lower() for m in _MONTHS]
        name = parts["mon"].lower()
        if name[:3] not in names or (len(name) > 3 and name not in [m.lower() for m in _MONTHS]):
            raise InvalidDatetimeFormat(f'invalid value "{parts["mon"]}" for "MON"')
        month = str(names.index(name[:3]) + 1)
    micros = (
        int(parts["us"].ljust(6, "0"))
        if "us" in parts
        else int(parts["ms"].ljust(3, "0")) * 1000
        if "ms" in parts
        else 0
    )
    try:
        return datetime(
            int(parts.get("year", "1")), int(month), int(parts.get("day", "1")), int(parts.get("hour", "0")),
            int(parts.get("minute", "0")), int(parts.get("second", "0")), micros,
        )  # fmt: skip
    except ValueError:
        raise DatetimeFieldOverflow(f'date/time field value out of range: "{text}"') from None


def to_date(text: str, template: str) -> str:
    return f"{_read(text, template):%Y-%m-%d}".rjust(10, "0")


def to_timestamp(text: str, template: str) -> str:
    found = _read(text, template) + timedelta(0)
    return found.isoformat(sep=" ")
