"""The data folder: who may use it now. A server holds it for its lifetime; starting and stopping the embedded
metadata store is done by one process at a time.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from catalog.errors import ConfigFileError, ObjectInUse

POLL_S = 0.05
GLANCE_S = 0.5
"""A command that looks whether there is a server holds the lock for a moment; a server, for longer than this."""


class DataFolder:
    """`path` is made, private to the user, if it is missing. Raises ConfigFileError if it cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held: IO[str] | None = None
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (path / "server.lock").open("a+"):
                pass
        except OSError as error:
            raise ConfigFileError(
                f'could not use data directory "{path}": {error.strerror}',
                hint="Name another one with --data-dir.",
            ) from error

    def hold(self) -> None:
        """Until `release()` this process is the folder's server. Raises ObjectInUse if there is another."""
        lock = (self.path / "server.lock").open("r+")
        deadline = time.monotonic() + GLANCE_S
        while not _locked(lock, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                pid = lock.read().strip() or "unknown"
                lock.close()
                raise ObjectInUse(
                    f'data directory "{self.path}" is in use by a running server (pid {pid})',
                    hint="Stop that one first, or name another folder with --data-dir.",
                )
            time.sleep(POLL_S)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._held = lock

    def release(self) -> None:
        if self._held is not None:
            self._held.truncate(0)
            self._held.close()
            self._held = None

    def has_server(self) -> bool:
        """Whether some process holds the folder now."""
        with (self.path / "server.lock").open("r+") as lock:
            return not _locked(lock, fcntl.LOCK_SH)

    @contextmanager
    def turn(self, timeout_s: float) -> Iterator[None]:
        """One process at a time starts, stops or visits the embedded store. Raises ObjectInUse after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        with (self.path / "metadata.lock").open("a+") as lock:
            while not _locked(lock, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise ObjectInUse(
                        f'the metadata store in "{self.path}" is busy',
                        hint="Another kadali command is at work there; try again when it has ended.",
                    )
                time.sleep(POLL_S)
            yield


def _locked(file: IO[str], kind: int) -> bool:
    """Whether the lock could be had, without waiting."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
