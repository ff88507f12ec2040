"""One DuckDB instance of one tenant: configured, locked down, opened anew when an internal error has invalidated it."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

import duckdb

from catalog.errors import AdminShutdown
from catalog.names import quote_literal
from engine.delta.staging import StagingFolder, clean
from engine.dialect.duckdb.macros import register
from engine.embedded.guard import Checked
from engine.embedded.lake_files import REQUESTS_AT_ONCE, LakeFiles
from engine.storage.s3 import S3Files

logger = logging.getLogger(__name__)

_GLOBAL_SETTINGS = (
    "TimeZone = 'UTC'",
    "integer_division = true",
    "ieee_floating_point_ops = false",
    "parquet_metadata_cache = true",
    "autoinstall_known_extensions = false",
    "autoload_known_extensions = false",
    "allow_community_extensions = false",
    "python_enable_replacements = false",
)
_REMOTE_SETTINGS = (
    f"async_threads = {REQUESTS_AT_ONCE}",
    "validate_external_file_cache = 'NO_VALIDATION'",  # a data file of a table never changes
    "external_file_cache_spill = true",  # what does not fit into memory is kept on disk, not fetched again
)
_PREFIX = "duckdb"


@dataclass(frozen=True, slots=True)
class EmbeddedSettings:
    """What a tenant's instance may use. `roots` (folders, or s3:// places) hold its tables, `staging_dir` the rows of
    open transactions.

    `spill_dir` None: an operator that needs more than `memory_bytes` fails (53200) instead of using the disk.
    """

    roots: tuple[Path | str, ...]
    staging_dir: Path
    memory_bytes: int = 1 << 30
    threads: int = 2
    spill_dir: Path | None = None
    spill_bytes: int = 10 << 30
    batch_rows: int = 8192

    def readable(self) -> tuple[str, ...]:
        """Every folder the instance may read, without a slash at its end."""
        return tuple(str(folder).rstrip("/") for folder in (*self.roots, self.staging_dir))


class Instance:
    """Hands out cursors. Each carries the generation of the database it belongs to."""

    def __init__(self, settings: EmbeddedSettings, s3: S3Files | None = None) -> None:
        self.checked = Checked()
        self.lake = LakeFiles(s3) if s3 is not None else None
        self._settings = settings
        self._lock = threading.Lock()
        self._generation = 0
        self._database: duckdb.DuckDBPyConnection | None = None
        self._spill: StagingFolder | None = None
        self._closed = False

    def cursor(self) -> tuple[duckdb.DuckDBPyConnection, int]:
        with self._lock:
            if self._closed:
                raise AdminShutdown("the embedded engine is shutting down")
            if self._database is None:
                self._database = self._open()
            return self._database.cursor(), self._generation

    def invalidate(self, generation: int) -> None:
        """Drop the database of that generation; queries that still run on it end by themselves."""
        with self._lock:
            if generation != self._generation or self._database is None:
                return
            logger.error("the tenant's DuckDB instance was invalidated and is opened anew")
            self._generation += 1
            self._drop()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._drop()
        if self.lake is not None:
            self.lake.close()

    def _drop(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._spill is not None:
            self._spill.close()
            self._spill = None

    def _open(self) -> duckdb.DuckDBPyConnection:
        settings = self._settings
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{settings.memory_bytes}B",
            "threads": settings.threads,
            "temp_directory": "",
        }
        if settings.spill_dir is not None:
            self._spill = StagingFolder(settings.spill_dir, _PREFIX)
            config["temp_directory"] = str(self._spill.path)
        database = duckdb.connect(":memory:", config=config)
        if settings.spill_dir is not None:  # in `config` this setting is accepted and has no effect
            database.execute(f"SET GLOBAL max_temp_directory_size = '{settings.spill_bytes}B'")
        for setting in _GLOBAL_SETTINGS:
            database.execute("SET GLOBAL " + setting)
        if self.lake is not None:
            database.register_filesystem(self.lake)
            for setting in _REMOTE_SETTINGS:
                database.execute("SET GLOBAL " + setting)
        register(database)
        folders = ", ".join(quote_literal(folder + "/") for folder in settings.readable())
        database.execute(f"SET GLOBAL allowed_directories = [{folders}]")
        database.execute("SET GLOBAL enable_external_access = false")  # last: it freezes the folders
        return database


def clean_spill(spill_dir: Path) -> None:
    """At start-up: remove what instances of crashed processes left in the spill folder."""
    clean(spill_dir, _PREFIX)
