"""How the values of settings are written: numbers, sizes ("2GB"), times ("30s", "7d"), choices, switches, paths."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Any


class Unit(Enum):
    """What a value is a number of, or else its kind."""

    COUNT = "number"
    BYTES = "size"
    SECONDS = "time"
    TEXT = "text"
    PATH = "path"
    PLACE = "path or s3:// URL"
    CHOICE = "choice"
    SWITCH = "on,off"


_BYTES = {"": 1, "B": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_SWITCH = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}
_BUCKET_AND_PREFIX = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*/?\Z", re.ASCII)
_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*\Z", re.ASCII)


def parse_value(text: str, unit: Unit, choices: type[Enum] | None = None) -> Any:
    """The value written as `text`. Raises ValueError with what would be right, as half a sentence."""
    if choices is not None:
        return _choice(text, choices)
    match unit:
        case Unit.COUNT:
            if not re.fullmatch(r"\d{1,18}", text.strip(), re.ASCII):
                raise ValueError("a whole number is expected")
            return int(text)
        case Unit.BYTES:
            return int(_scaled(text, _BYTES, "a size is expected, with a unit B, kB, MB, GB or TB, as in 2GB"))
        case Unit.SECONDS:
            return _scaled(text, _SECONDS, "a time is expected, with a unit ms, s, min, h or d, as in 30s")
        case Unit.SWITCH:
            if text.strip().lower() not in _SWITCH:
                raise ValueError("on or off is expected")
            return _SWITCH[text.strip().lower()]
    if not text.strip() or "\0" in text:
        raise ValueError("it must not be empty")
    if unit is Unit.PLACE:
        return _place(text)
    return Path(text) if unit is Unit.PATH else text


def _place(text: str) -> Path | str:
    """A folder of this machine, or s3://bucket/prefix."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        return Path(text)
    if scheme != "s3" or _BUCKET_AND_PREFIX.match(rest) is None:
        raise ValueError("a folder is expected, or a URL as in s3://bucket/prefix with plain letters, digits and -_.")
    return text.rstrip("/")


def _choice(text: str, choices: type[Enum]) -> Enum:
    for choice in choices:
        if choice.value == text.strip().lower():
            return choice
    raise ValueError("one of " + ", ".join(str(choice.value) for choice in choices) + " is expected")


def _scaled(text: str, units: dict[str, Any], expected: str) -> float:
    found = _NUMBER.match(text)
    scales = {unit.lower(): scale for unit, scale in units.items()}
    if found is not None and float(found[1]) == 0 and not found[2]:
        return 0.0
    if found is None or found[2].lower() not in scales:
        raise ValueError(expected)
    return float(found[1]) * float(scales[found[2].lower()])
