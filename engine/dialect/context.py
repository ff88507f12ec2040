"""What a translation carries along: the session, parameters, relations, and a supply of names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catalog.types import PgType
from engine.dialect.casts import cast
from engine.dialect.session import SessionConstants
from engine.dialect.value import Value


@dataclass(slots=True)
class Context:
    """One translation. `wide` computes every DECIMAL in 38 digits (slower, fewer overflows)."""

    session: SessionConstants
    relations: Mapping[str, Sequence[tuple[str, PgType]]]
    params: Sequence[PgType]
    wide: bool = False
    aliases: int = field(default=0)

    def alias(self) -> str:
        """A new name for a FROM item."""
        self.aliases += 1
        return f"r{self.aliases}"

    def cast(self, v: Value, to: PgType, *, explicit: bool = False) -> Value:
        return cast(v, to, self.session, explicit=explicit)
