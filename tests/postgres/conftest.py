"""Folders for servers: short paths (socket limit), private or open to other users."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def private_dir() -> Iterator[Path]:
    """0700, owned by us: no other uid can reach what is in it."""
    folder = Path(tempfile.mkdtemp(prefix="kt-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def open_dir(private_dir: Path) -> Path:
    """0755: another uid may pass through."""
    private_dir.chmod(0o755)
    return private_dir
