"""What is known of a secret without its value, and where a new one's value is to come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from uuid import UUID


class SecretSource(Enum):
    """Where a secret's value is."""

    VALUE = "VALUE"
    """In the metadata store, sealed."""
    ENV = "ENV"
    FILE = "FILE"
    KUBERNETES = "KUBERNETES"


@dataclass(frozen=True, slots=True)
class Origin:
    """What AS or FROM says. `reference`: a variable's name, a path, `namespace/name`; `key`: that of KUBERNETES."""

    source: SecretSource
    reference: str | None = None
    key: str | None = None
    value: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        if self.source is SecretSource.KUBERNETES:
            return f"{self.reference} {self.key}"
        return self.reference or ""


@dataclass(frozen=True, slots=True)
class Secret:
    """`changed_at` is when it last got another value or origin. `origin` is without the value."""

    id: UUID
    name: str
    owner: str
    origin: Origin
    created_at: datetime
    changed_at: datetime
    comment: str | None = None
