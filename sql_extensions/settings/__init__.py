"""The settings of one session: PostgreSQL's, and our own dotted ones."""

from __future__ import annotations

from sql_extensions.settings.defaults import SettingDefaults
from sql_extensions.settings.session import Reset, SessionSettings, SettingsServer
from sql_extensions.settings.set_config import SetConfigCalls, find_calls
from sql_extensions.settings.startup import parse_options

__all__ = [
    "Reset",
    "SessionSettings",
    "SetConfigCalls",
    "SettingDefaults",
    "SettingsServer",
    "find_calls",
    "parse_options",
]
