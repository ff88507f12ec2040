"""The settings of one session: PostgreSQL's, and our own dotted ones."""

from __future__ import annotations

from sql_extensions.settings.defaults import SettingDefaults
from sql_extensions.settings.session import Reset, SessionSettings, SettingsServer
from sql_extensions.settings.startup import parse_options

__all__ = ["Reset", "SessionSettings", "SettingDefaults", "SettingsServer", "parse_options"]
