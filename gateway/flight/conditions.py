"""The filters of metadata commands as SQL conditions, their values bound as parameters. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Conditions:
    """What rows must fulfil, all of it: `texts` are SQL, `values` are those of $1, $2 ... in them."""

    texts: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)

    def equal(self, column: str, value: str | None) -> None:
        """None: any. An empty string is a name that nothing has: what is without a catalog or schema."""
        self._compare(column, "=", value)

    def like(self, column: str, pattern: str | None) -> None:
        """A pattern of LIKE: % and _ match, a backslash makes them ordinary. None: any."""
        self._compare(column, "LIKE", pattern)

    def where(self) -> str:
        return " AND ".join(f"({text})" for text in self.texts) or "true"

    def _compare(self, column: str, operator: str, value: str | None) -> None:
        if value is not None:
            self.values.append(value)
            self.texts.append(f"{column} {operator} ${len(self.values)}::pg_catalog.text")


def given(command: Any, name: str) -> str | None:
    """An optional field of a command; None if it is absent, which an empty string is not."""
    value: str | None = getattr(command, name) if command.HasField(name) else None
    return value
