"""The settings as options of a command, made from their declarations."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path

from gateway.settings import Declaration, Settings, declarations, load

VISITING = ("data_dir", "catalog_url", "lake_root")
"""Settings that a command needs which only opens the metadata store."""


def add_settings(parser: argparse.ArgumentParser, only: Collection[str] | None = None) -> None:
    """All settings, or only the named ones, and --config."""
    group = parser.add_argument_group(
        "settings", "The last one wins of: default, file named by --config, KADALI_* variable, option."
    )
    group.add_argument(
        "--config", metavar="FILE", type=Path, help="TOML file with settings by name, as in: pg_port = 5433"
    )
    for declared in declarations():
        if only is None or declared.name in only:
            group.add_argument(
                declared.option, dest=declared.name, metavar=declared.metavar, help=_help(declared).replace("%", "%%")
            )


def settings_of(parsed: argparse.Namespace) -> Settings:
    """Raises ConfigFileError."""
    given = {declared.name: getattr(parsed, declared.name, None) for declared in declarations()}
    return load(given, config=parsed.config)


def _help(declared: Declaration) -> str:
    default = f" (default: {declared.shown_default})" if declared.shown_default else ""
    return f"{declared.help}{default} [{declared.variable}]"
