"""Brings the store's tables to this program's version: at every start, one gateway at a time."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text

from catalog.errors import ConfigFileError
from catalog.store.tables import SCHEMA

HEAD = "0007"
"""The newest step in `migrations/versions`: a store that has it needs no Alembic at start."""
LOCK = 0x6B616461
"""Key of the advisory lock that lets only one gateway migrate."""


def upgrade(connection: Connection) -> None:
    """Run inside the caller's transaction. Raises ConfigFileError if the store belongs to a newer Kadali."""
    if _revision(connection) == HEAD:
        return
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = _revision(connection)
    if found is not None and found not in known:
        raise ConfigFileError(
            f"the metadata store has version {found}, which this program does not know",
            hint="It was written by a newer Kadali: start that one.",
        )
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    table = f"{SCHEMA}.alembic_version"
    if connection.execute(text("SELECT to_regclass(:table)"), {"table": table}).scalar() is None:
        return None
    found = connection.execute(text(f"SELECT version_num FROM {table}")).scalar()
    return None if found is None else str(found)
