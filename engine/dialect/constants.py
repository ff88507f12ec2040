"""How a target writes constants that its dialect shares with nobody: moments, intervals, bytes. Shared: all else."""

from __future__ import annotations

from typing import Protocol

from catalog.types import PgType
from engine.dialect.value import Value
from engine.values.intervals import Interval


class Constants(Protocol):
    """Each gives a Value; texts are checked already, in ISO form.

    Raises FeatureNotSupported for what the engine cannot hold.
    """

    def moment(self, text: str, pg: PgType) -> Value:
        """A date, time or timestamp: `2020-01-31`, `10:20:30.5`, `2020-01-31 10:20:30`, `infinity`."""
        ...

    def instant(self, stamp: str, zone: str) -> Value:
        """The timestamptz when the clocks of `zone` (an IANA name, or seconds east as `+3600`) show `stamp`."""
        ...

    def interval(self, found: Interval) -> Value: ...

    def encoded(self, text: str, pg: PgType) -> Value:
        """bytea from hexadecimal digits; uuid, json, jsonb from their canonical text."""
        ...
