"""The settings as options of a command, made from their declarations."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping
from pathlib import Path

from gateway.configuration import load
from gateway.declaration import Declaration
from gateway.settings import Settings, declarations

VISITING = ("data_dir", "catalog_url", "lake_root")
"""Settings that a command needs which only opens the metadata store."""


def add_settings(
    parser: argparse.ArgumentParser, only: Collection[str] | None = None, shown: Mapping[str, str] | None = None
) -> None:
    """All settings, or only the named ones, and --config; `shown` are defaults that differ for this command."""
    group = parser.add_argument_group(
        "settings", "The last one wins of: default, file named by --config, KADALI_* variable, option."
    )
    group.add_argument(
        "--config", metavar="FILE", type=Path, help="TOML file with settings by name, as in: pg_port = 5433"
    )
    for declared in declarations():
        if only is None or declared.name in only:
            group.add_argument(
                declared.option,
                dest=declared.name,
                metavar=declared.metavar,
                help=_help(declared, shown or {}).replace("%", "%%"),
            )


def settings_of(parsed: argparse.Namespace, defaults: Mapping[str, str] | None = None) -> Settings:
    """Raises ConfigFileError."""
    given = {declared.name: getattr(parsed, declared.name, None) for declared in declarations()}
    return load(given, config=parsed.config, defaults=defaults)


def _help(declared: Declaration, shown: Mapping[str, str]) -> str:
    text = shown.get(declared.name, declared.shown_default)
    default = f" (default: {text})" if text else ""
    return f"{declared.help}{default} [{declared.variable}]"
