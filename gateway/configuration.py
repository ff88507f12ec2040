"""Settings in force, from all that may set them: defaults, a TOML file, the environment, the command line."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalog.errors import ConfigFileError
from gateway.declaration import Declaration
from gateway.settings import Settings, declarations
from gateway.units import parse_value


def load(
    options: Mapping[str, str | None],
    *,
    config: Path | None = None,
    environment: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
) -> Settings:
    """Defaults, then the TOML file, then KADALI_* variables, then `options` (by setting name): the last one wins.

    `defaults` are those of a command that differ from ours. Raises ConfigFileError, naming the setting, where it was
    set, and what would be right.
    """
    environment = os.environ if environment is None else environment
    known = {declared.name: declared for declared in declarations()}
    values = {name: _parsed(known[name], text, "default") for name, text in (defaults or {}).items()}
    if config is not None:
        values |= _from_file(config)
    for declared in known.values():
        if (text := environment.get(declared.variable)) is not None:
            values[declared.name] = _parsed(declared, text, declared.variable)
        if (option := options.get(declared.name)) is not None:
            values[declared.name] = _parsed(declared, option, declared.option)
    settings = Settings(**values)
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise ConfigFileError("settings tls_cert and tls_key go together", hint="Set both, or none.")
    return settings


def _from_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            found = tomllib.load(file)
    except OSError as error:
        raise ConfigFileError(f'could not open configuration file "{path}": {error.strerror}') from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigFileError(f'configuration file "{path}" is not valid TOML', detail=str(error)) from error
    known = {declared.name: declared for declared in declarations()}
    values = {}
    for name, value in found.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f'Perhaps you meant "{near[0]}".' if near else "The settings are listed by: kadali serve --help"
            raise ConfigFileError(
                f'unrecognized configuration parameter "{name}"', detail=f'In file "{path}".', hint=hint
            )
        if not isinstance(value, str | int | float):
            raise ConfigFileError(
                f'invalid value for parameter "{name}"',
                detail=f'In file "{path}".',
                hint="A string or a number is expected.",
            )
        written = ("on" if value else "off") if isinstance(value, bool) else str(value)
        values[name] = _parsed(known[name], written, f'file "{path}"')
    return values


def _parsed(declared: Declaration, text: str, where: str) -> Any:
    try:
        value = parse_value(text, declared.unit, declared.choices)
        low, high = declared.minimum, declared.maximum
        if low is not None and high is not None and not low <= value <= high:
            raise ValueError(f"{value} is outside the valid range ({low:.15g} .. {high:.15g})")
        if isinstance(value, Path):
            value = value.expanduser().absolute()
    except (ValueError, RuntimeError) as error:  # RuntimeError: the home of a user that there is not
        raise ConfigFileError(
            f'invalid value for parameter "{declared.name}": "{"***" if declared.secret else text}"',
            detail=f"Set by {where}.",
            hint=f"{str(error).rstrip('.')}.",
        ) from error
    return value
