"""The folder of one embedded server: who owns what in it, its lock, its cluster, its socket.

    cluster/     PostgreSQL's own, the server user's     socket/      the same, unless the path would be too long
    lock         held by the process that owns the folder, for its lifetime
    boot         the machine's boot a disposable cluster belongs to
    socket.path  where the socket is, if not in socket/

Where the server runs as another user, that user owns `cluster` and `socket` and cannot change anything else: what we
read and delete as root is never of its choosing.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from catalog.postgres import identity
from catalog.postgres.binaries import EmbeddedPostgresError

PORT = 5432
SOCKET_PATH_MAX = 103 if sys.platform == "darwin" else 107
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_OURS = frozenset({"boot", "cluster", "cluster.new", "lock", "socket", "socket.path"})
_log = logging.getLogger("kadali.postgres")


class DataFolder:
    """Claimed between `claim` and `release`. All methods raise EmbeddedPostgresError."""

    def __init__(self, path: Path, *, durable: bool) -> None:
        self.path = path.absolute()
        self.cluster = self.path / "cluster"
        self.durable = durable
        self._run_as: identity.RunAs = identity.Direct()
        self._lock: IO[str] | None = None

    @property
    def claimed(self) -> bool:
        return self._lock is not None

    def make_parents(self) -> None:
        """Before permissions are looked at. Refuses a folder with files that are not ours."""
        if self.path.exists() and (rest := {entry.name for entry in self.path.iterdir()} - _OURS):
            raise EmbeddedPostgresError(
                f'the data directory "{self.path}" holds foreign files: {", ".join(sorted(rest)[:3])}',
                hint="Name an empty or missing directory.",
            )
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def claim(self, run_as: identity.RunAs) -> None:
        """Make the folder if it is missing and lock it against other processes."""
        self._run_as = run_as
        self.path.mkdir(mode=0o700, exist_ok=True)
        self.path.chmod(0o711 if isinstance(run_as, identity.Drop) else 0o700)
        lock = (self.path / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise EmbeddedPostgresError(
                f'the data directory "{self.path}" is in use by another process',
                hint="Each process needs a data directory of its own.",
            ) from None
        self._lock = lock

    def release(self) -> None:
        self._drop_socket()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def make_cluster(self, seed: Path | None, initdb: Callable[[Path], None]) -> None:
        """A whole cluster, by renaming a finished one: a copy of `seed`, or what `initdb` makes in an empty folder."""
        half_made = self.path / "cluster.new"
        shutil.rmtree(half_made, ignore_errors=True)
        if not self.durable:
            self._forget_before_reboot()
        if (self.cluster / "PG_VERSION").exists() and (self.cluster / "global" / "pg_control").exists():
            return
        if self.cluster.exists():
            if self.durable:
                raise EmbeddedPostgresError(
                    f'the directory "{self.cluster}" is not a whole PostgreSQL cluster',
                    hint="Restore it from a backup, or remove it to begin anew.",
                )
            shutil.rmtree(self.cluster)
        if seed is None:
            half_made.mkdir(mode=0o700)
            self._give(half_made)
            initdb(half_made)
        else:
            shutil.copytree(seed, half_made, symlinks=True)
            half_made.chmod(0o700)
            for path in (*half_made.rglob("*"), half_made):
                self._give(path)
        half_made.rename(self.cluster)
        if self.durable:
            _sync_folder(self.path)

    def make_socket(self) -> Path:
        """`socket/`, or a private folder under the system's temporary one if that path is too long."""
        self._drop_socket()
        folder = self.path / "socket"
        if _socket_path_bytes(folder) > SOCKET_PATH_MAX:
            folder = Path(tempfile.mkdtemp(prefix="kadali-"))
            (self.path / "socket.path").write_text(str(folder))
            if _socket_path_bytes(folder) > SOCKET_PATH_MAX:
                raise EmbeddedPostgresError(
                    f'the socket path below "{folder}" is longer than {SOCKET_PATH_MAX} bytes',
                    hint="Choose a shorter data directory, or set TMPDIR to a shorter path.",
                )
        else:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
        self._give(folder)
        return folder

    def _give(self, path: Path) -> None:
        if isinstance(self._run_as, identity.Drop):
            os.chown(path, self._run_as.uid, self._run_as.gid, follow_symlinks=False)

    def _forget_before_reboot(self) -> None:
        """What was written without fsync may be torn after a crash of the machine: a cluster lives for one boot."""
        record = self.path / "boot"
        now = _BOOT_ID.read_text() if _BOOT_ID.exists() else ""
        if self.cluster.exists() and (record.read_text() if record.exists() else "") != now:
            _log.warning("the machine was started since PostgreSQL in %s was made: it is made anew", self.path)
            shutil.rmtree(self.cluster)
        record.write_text(now)

    def _drop_socket(self) -> None:
        record = self.path / "socket.path"
        if record.exists():
            shutil.rmtree(record.read_text(), ignore_errors=True)
            record.unlink()


def _socket_path_bytes(folder: Path) -> int:
    return len(os.fsencode(folder / f".s.PGSQL.{PORT}"))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
