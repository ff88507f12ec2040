"""Running the command `kadali` as a user does: a process of its own, no settings from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

TIMEOUT_S = 120


class Run(Protocol):
    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]: ...


def clean_environment(home: Path) -> dict[str, str]:
    """The test's own environment without any of ours, and with an empty home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KADALI_", "XDG_", "PG"))}
    return kept | {"HOME": str(home), "COLUMNS": "100"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short enough a path for sockets, and removed at the end."""
    made = Path(tempfile.mkdtemp(prefix="kc-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def kadali(folder: Path) -> Run:
    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gateway", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            env=clean_environment(folder),
            cwd=folder,
            check=False,
        )

    return run
