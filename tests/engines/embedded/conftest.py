"""An embedded engine over a temporary folder, with little memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.embedded.engine import EmbeddedEngine
from engine.embedded.instance import EmbeddedSettings


@pytest.fixture
def settings(tmp_path: Path) -> EmbeddedSettings:
    for name in ("tables", "staging"):
        (tmp_path / name).mkdir()
    return EmbeddedSettings(roots=(tmp_path / "tables",), staging_dir=tmp_path / "staging", memory_bytes=256 << 20)


@pytest.fixture
def engine(settings: EmbeddedSettings) -> Iterator[EmbeddedEngine]:
    built = EmbeddedEngine(settings)
    yield built
    built.close()
