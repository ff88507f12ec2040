"""Files by their places: what every kind of storage can do with them, and how folders of this machine do it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol

Identity = tuple[object, object]
"""Tells two files apart that were at one place one after the other."""


@dataclass(frozen=True, slots=True)
class FileInfo:
    """`name` is relative to the folder that was asked about; `changed_ns` is since 1970."""

    name: str
    size: int
    changed_ns: int
    identity: Identity


class Files(Protocol):
    """Files of one storage. Blocking, safe for many threads; raises OSError, or SqlError."""

    at_once: int
    """How many are worth reading at the same time."""

    def stat(self, folder: str, names: Sequence[str]) -> list[FileInfo | None]:
        """What is known of each named file (in the folder or below it); None if there is none."""
        ...

    def list(self, folder: str) -> Iterator[FileInfo]:
        """All files in the folder and below it, in no order; none if there is no such folder."""
        ...

    def open(self, path: str, size: int | None = None) -> BinaryIO:
        """For reading at any offset; `size` if it is known. FileNotFoundError if there is none, now or at a read."""
        ...

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files, or, if a path ends in a slash, all below it. What is not there is no error."""
        ...


class LocalFiles:
    """Folders of this machine."""

    at_once = 1

    def stat(self, folder: str, names: Sequence[str]) -> list[FileInfo | None]:
        return [self._stat(folder, name) for name in names]

    def list(self, folder: str) -> Iterator[FileInfo]:
        for parent, _, names in os.walk(folder):
            below = os.path.relpath(parent, folder)
            for name in names:
                found = self._stat(folder, name if below == "." else f"{below}/{name}")
                if found is not None:
                    yield found

    def open(self, path: str, size: int | None = None) -> BinaryIO:
        return Path(path).open("rb")

    def remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            if not path.endswith("/"):
                Path(path).unlink(missing_ok=True)
                continue
            try:
                shutil.rmtree(path)
            except FileNotFoundError:
                continue

    @staticmethod
    def _stat(folder: str, name: str) -> FileInfo | None:
        try:
            status = Path(folder, name).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return FileInfo(name, status.st_size, status.st_mtime_ns, (status.st_ino, status.st_mtime_ns))


def read_each(files: Files, paths: Iterable[str]) -> Iterator[bytes | None]:
    """The content of each file, in order, read ahead where that pays; None for one that is not there."""
    if files.at_once == 1:
        yield from (_read(files, path) for path in paths)
        return
    pending: list[Future[bytes | None]] = []
    remaining = iter(paths)
    pool = ThreadPoolExecutor(files.at_once, "read-files")
    try:
        pending += [pool.submit(_read, files, path) for path in islice(remaining, files.at_once)]
        while pending:
            yield pending.pop(0).result()
            pending += [pool.submit(_read, files, path) for path in islice(remaining, 1)]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _read(files: Files, path: str) -> bytes | None:
    try:
        with files.open(path) as file:
            return file.read()
    except FileNotFoundError:
        return None
