"""Values of options of statements: how each kind is read from what was written, and printed so that it is read back.

Readers raise ValueError with what is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from catalog.clusters.tiers import memory_bytes, memory_text
from catalog.names import quote_literal
from engine.clusters.manifests import TOLERATION_EFFECTS
from engine.clusters.tenancy import SYSTEM_PRIORITY
from sql_extensions import cursor
from sql_extensions.cursor import OptionValue

_TOLERATION = re.compile(rf"[\w./-]+(=[\w.-]*)?(:({'|'.join(TOLERATION_EFFECTS)}))?")
_CONTROL_PLANE = "node-role.kubernetes.io/"
_PAIR = re.compile(r"\s*([\w./-]+)\s*=\s*([\w./-]*)\s*")


def text(value: OptionValue) -> str:
    if isinstance(value, bool):
        raise ValueError("text")
    return str(value)


def word(*allowed: str) -> Callable[[OptionValue], str]:
    def read(value: OptionValue) -> str:
        word = str(value).lower()
        if word not in allowed:
            raise ValueError(f"one of {', '.join(allowed)}")
        return word

    return read


def count(least: int) -> Callable[[OptionValue], int]:
    def read(value: OptionValue) -> int:
        number = float(value) if not isinstance(value, bool) else -1.0
        if number != int(number) or number < least or number > 1_000_000:
            raise ValueError(f"an integer, at least {least}")
        return int(number)

    return read


def number(value: OptionValue) -> float:
    number = float(value) if not isinstance(value, bool) else -1.0
    if not 0 < number < 1e9:
        raise ValueError("a positive number")
    return number


def memory(value: OptionValue) -> int:
    try:
        size = memory_bytes(str(value))
    except ValueError:
        size = 0
    if not 0 < size < 1 << 50:
        raise ValueError("an amount of memory such as '16Gi'")
    return size


def length_of_time(value: OptionValue) -> float | None:
    """Seconds, an interval, or never (None)."""
    if isinstance(value, bool):
        raise ValueError("seconds, an interval such as '10 minutes', or never")
    if isinstance(value, int | float):
        seconds = float(value)
    elif value.strip().lower() == "never":
        return None
    elif value.strip().isdigit():
        seconds = float(value)
    else:
        seconds = cursor.duration(value).total_seconds()
    if not 0 < seconds <= 100 * 366 * 86400:
        raise ValueError("a length of time above zero")
    return seconds


def truth(value: OptionValue) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word not in ("on", "off", "1", "0", "true", "false"):
        raise ValueError("true or false")
    return word in ("on", "1", "true")


def pairs(value: OptionValue) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in str(value).split(","):
        pair = _PAIR.fullmatch(part)
        if pair is None:
            raise ValueError("a list such as 'key=value, other=value'")
        found[pair[1]] = pair[2]
    return MappingProxyType(found)


def tolerations(value: OptionValue) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in str(value).split(","))
    if not all(_TOLERATION.fullmatch(part) for part in parts):
        raise ValueError("a list such as 'dedicated=spark:NoSchedule'")
    if any(part.startswith(_CONTROL_PLANE) for part in parts):
        raise ValueError("for nodes that are not those of Kubernetes itself")
    return parts


def priority(value: OptionValue) -> str:
    name = text(value)
    if name.startswith(SYSTEM_PRIORITY):  # its pods would push out those of Kubernetes, and of other tenants
        raise ValueError("a PriorityClass that is not Kubernetes' own")
    return name


def quoted(value: Any) -> str:
    return quote_literal(str(value))


def memory_quoted(size: int) -> str:
    return quoted(memory_text(size))


def seconds_text(value: float | None) -> str:
    """`never`, or an interval in quotes."""
    if value is None:
        return "never"
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if value % size == 0:
            count = int(value // size)
            return quote_literal(f"{count} {unit}{'' if count == 1 else 's'}")
    return quote_literal(f"{plain(value)} seconds")


def pairs_text(value: Mapping[str, str]) -> str:
    return quote_literal(", ".join(f"{key}={item}" for key, item in sorted(value.items())))


def list_text(value: tuple[str, ...]) -> str:
    return quote_literal(", ".join(value))


def plain(value: Any) -> str:
    """A number or truth value; numbers exactly."""
    if isinstance(value, bool):
        return str(value).lower()
    short = f"{value:g}" if isinstance(value, float) else str(value)
    return short if float(short) == value else repr(value)
