"""How a setting of the server is declared: what `settings.py` says of each, and how users meet it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from gateway.units import Unit, parse_value

ENV_PREFIX = "KADALI_"


@dataclass(frozen=True, slots=True)
class Declaration:
    """One setting as users meet it. `shown_default` is the default as one would write it; bounds are inclusive."""

    name: str
    unit: Unit
    default: Any
    shown_default: str
    help: str
    metavar: str
    minimum: float | None = None
    maximum: float | None = None
    choices: type[Enum] | None = None
    secret: bool = False

    @property
    def option(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return ENV_PREFIX + self.name.upper()


def setting(
    unit: Unit,
    default: str | None,
    text: str,
    *,
    metavar: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    choices: type[Enum] | None = None,
    secret: bool = False,
) -> Any:
    """A field with its declaration. `default` is written as a user would write it; None: not set."""
    shown = metavar or (",".join(choice.value for choice in choices) if choices else unit.value.upper())
    facts: dict[str, Any] = {
        "metavar": shown,
        "minimum": minimum,
        "maximum": maximum,
        "choices": choices,
        "secret": secret,
    }
    facts |= {"unit": unit, "help": text, "shown_default": default}
    value = None if default is None else parse_value(default, unit, choices)
    return field(default=value, metadata=facts, repr=not secret)
