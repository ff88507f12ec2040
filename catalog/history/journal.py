"""What the history has not yet written to the store, in a file: it outlives this process if that is killed."""

from __future__ import annotations

import os
from pathlib import Path


class Journal:
    """Lines appended to `folder/current`; `turn()` sets them aside until they are in the store. One owner at a time.

    Nothing is flushed to the disk itself: the lines survive the process, not the machine.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._current = folder / "current"
        self._aside = folder / "aside"
        self._handle = self._open()

    def append(self, line: str) -> None:
        """Raises OSError. A line cut short by a full disk is ended, so that it spoils no other."""
        data = line.encode() + b"\n"
        if os.write(self._handle, data) < len(data):
            os.write(self._handle, b"\n")

    def turn(self) -> None:
        """Set the current lines aside; what was aside before must be in the store by now."""
        self._current.replace(self._aside)
        handle = self._open()
        os.close(self._handle)
        self._handle = handle

    def written(self) -> None:
        """What is aside is in the store."""
        self._aside.unlink(missing_ok=True)

    def left_over(self) -> list[str]:
        """Whole lines that an earlier owner could not write, oldest first."""
        lines: list[str] = []
        for path in (self._aside, self._current):
            if path.exists():
                lines += [line for line in path.read_text(errors="replace").split("\n")[:-1] if line]
        return lines

    def clear(self) -> None:
        self._aside.unlink(missing_ok=True)
        os.ftruncate(self._handle, 0)

    def close(self) -> None:
        os.close(self._handle)

    def _open(self) -> int:
        return os.open(self._current, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
