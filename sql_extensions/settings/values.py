"""What settings mean to the rest of the program: values in types of its own, read on every statement."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from sql_extensions.settings import rules

_SEVERITIES = ("debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error")


class SettingValues(ABC):
    """Typed readings of a session's settings; `_value` gives the text in force by lower-case name."""

    @abstractmethod
    def _value(self, key: str) -> str | None: ...

    @property
    def time_zone(self) -> str:
        return self._value("timezone") or "UTC"

    @property
    def date_style(self) -> str:
        """Output style and field order: "ISO, MDY"."""
        return self._value("datestyle") or ""

    @property
    def interval_style(self) -> str:
        return self._value("intervalstyle") or ""

    @property
    def bytea_output(self) -> str:
        return self._value("bytea_output") or ""

    @property
    def extra_float_digits(self) -> int:
        return int(self._value("extra_float_digits") or 1)

    @property
    def application_name(self) -> str:
        return self._value("application_name") or ""

    @property
    def statement_timeout_s(self) -> float | None:
        return rules.seconds(self._value("statement_timeout") or "0")

    @property
    def lock_timeout_s(self) -> float | None:
        return rules.seconds(self._value("lock_timeout") or "0")

    @property
    def idle_in_transaction_timeout_s(self) -> float | None:
        return rules.seconds(self._value("idle_in_transaction_session_timeout") or "0")

    @property
    def idle_session_timeout_s(self) -> float | None:
        return rules.seconds(self._value("idle_session_timeout") or "0")

    @property
    def transaction_isolation(self) -> str:
        """Of the transaction under way: "read committed", "repeatable read", ..."""
        return self._value("transaction_isolation") or ""

    @property
    def transaction_read_only(self) -> bool:
        """Whether the transaction under way may not write (25006); outside a block the default counts."""
        return self._value("transaction_read_only") == "on"

    @property
    def as_of(self) -> str | None:
        """kadali.as_of: the time or tag all reads are pinned to; None for now."""
        return self._value("kadali.as_of") or None

    @property
    def cluster(self) -> str:
        return self._value("kadali.cluster") or "default"

    @property
    def sizing(self) -> Mapping[str, str]:
        """kadali.worker_memory and its like, where they are set, by name without the prefix."""
        found = {name: self._value(f"kadali.{name}") or "" for name in rules.SIZING}
        return {name: value for name, value in found.items() if value}

    @property
    def flight_numeric(self) -> str:
        """kadali.flight_numeric: auto, text or float8."""
        return self._value("kadali.flight_numeric") or "auto"

    @property
    def spark_result(self) -> str:
        """kadali.spark_result: auto, stream or staged."""
        return self._value("kadali.spark_result") or "auto"

    def wants_notice(self, severity: str) -> bool:
        """Whether client_min_messages lets a NOTICE, WARNING, ... pass; INFO always does."""
        word, least = severity.lower(), self._value("client_min_messages") or "notice"
        if word not in _SEVERITIES or least not in _SEVERITIES:
            return True
        return _SEVERITIES.index(word) >= _SEVERITIES.index(least)
