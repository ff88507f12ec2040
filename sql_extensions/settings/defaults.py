"""What every setting is before anyone sets it: read once from a tenant's shadow, shared by its sessions."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from sql_extensions.settings.rules import OWN, WITHHELD

Start = tuple[tuple[str, str], ...]
"""Names and values as a client gave them when it connected, in order."""
STARTS_MAX = 200


@dataclass(frozen=True, slots=True)
class SettingDefault:
    """`name` in PostgreSQL's spelling, `value` as SHOW prints it."""

    name: str
    value: str
    description: str


class ReadsText(Protocol):
    def read_text(self, sql: str, params: tuple[str | None, ...] = ()) -> list[tuple[str | None, ...]]: ...


class SettingDefaults:
    """All settings by lower-case name. Safe for many threads; loaded on first use, for good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, SettingDefault] | None = None
        self._starts: dict[Start, Mapping[str, str]] = {}

    def load(self, server: ReadsText) -> Mapping[str, SettingDefault]:
        """By lower-case name, in SHOW ALL's order. Asks `server` the first time; raises SqlError then."""
        if self._rows is None:
            with self._lock:
                if self._rows is None:
                    self._rows = dict(_read(server))
        return self._rows

    def spelled(self, start: Start) -> Mapping[str, str] | None:
        """What a new session's settings become by `start`; None if no session has begun like this yet."""
        return self._starts.get(start)

    def remember(self, start: Start, spelled: Mapping[str, str]) -> None:
        """To be called only if what the settings become depends on nothing but `start`."""
        if len(self._starts) < STARTS_MAX:
            self._starts[start] = spelled


def _read(server: ReadsText) -> Iterator[tuple[str, SettingDefault]]:
    """A session's reset values, in display units: SHOW ALL would show what this session has set already."""
    rows = [
        SettingDefault(name or "", value or "", description or "")
        for name, value, description in server.read_text(
            "SELECT name, pg_catalog.current_setting(name, true), short_desc FROM pg_catalog.pg_settings"
        )
    ]
    rows += [SettingDefault(own.name, own.default, own.description) for own in OWN.values()]
    for row in sorted(rows, key=lambda row: row.name.lower()):
        shown = WITHHELD.get(row.name.lower())
        yield row.name.lower(), row if shown is None else SettingDefault(row.name, shown, row.description)
