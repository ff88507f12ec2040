"""Folders for temporary files, each owned by a living process: what a crash leaves behind can be told and removed."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from pathlib import Path

_LOCK = "owner.lock"


class StagingFolder:
    """A new folder under `parent`, locked as long as this object is open and the process lives."""

    def __init__(self, parent: Path, prefix: str) -> None:
        hidden = parent / f".{prefix}-{uuid.uuid4().hex}"
        hidden.mkdir(parents=True)
        self._lock = os.open(hidden / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path = hidden.rename(parent / hidden.name[1:])  # seen by `clean` only once it is locked

    def close(self) -> None:
        """Remove the folder with all it holds. May be called more than once."""
        if self._lock >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1


def clean(parent: Path, prefix: str) -> list[Path]:
    """Remove the folders whose owners are gone; returns them. Folders in use, also by other processes, stay."""
    removed = []
    for folder in sorted(parent.glob(f"{prefix}-*")):
        if _abandoned(folder / _LOCK):
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder)
    return removed


def _abandoned(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
