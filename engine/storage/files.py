"""Files by their places: what every kind of storage can do with them, and how folders of this machine do it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol

from catalog.errors import InsufficientPrivilege

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

    def check(self, paths: Iterable[str]) -> None:
        """Raises InsufficientPrivilege (42501) for a path of the lake that a symbolic link leads elsewhere."""
        ...

    def check_tree(self, folder: str) -> None:
        """The same for a folder and all that is in it."""
        ...


class LocalFiles:
    """Folders of this machine. In a tenant's folder of the `lake` no symbolic link is followed: Spark's pods write
    there, and what the server did over a link of theirs would be done with the server's rights.
    """

    at_once = 1

    def __init__(self, lake: str | None = None) -> None:
        self._lake = None if lake is None else lake.rstrip("/") + "/"

    def stat(self, folder: str, names: Sequence[str]) -> list[FileInfo | None]:
        self.check([folder])
        return [self._stat(folder, name) for name in names]

    def check(self, paths: Iterable[str]) -> None:
        lake = self._lake
        if lake is None:
            return
        plain: set[str] = set()
        for path in paths:
            if not path.startswith(lake):
                continue
            tenant, *parts = path[len(lake) :].split("/")
            at = lake + tenant  # made by the server; an administrator may have put it on another disk
            for part in parts:
                at = f"{at}/{part}" if part else at
                if at not in plain and _is_link(at):
                    raise _link(at)
                plain.add(at)

    def check_tree(self, folder: str) -> None:
        if self._lake is None or not folder.startswith(self._lake):
            return
        self.check([folder])
        for parent, folders, names in os.walk(folder):
            for name in (*folders, *names):
                if _is_link(f"{parent}/{name}"):
                    raise _link(f"{parent}/{name}")

    def list(self, folder: str) -> Iterator[FileInfo]:
        self.check([folder])
        for parent, _, names in os.walk(folder):
            below = os.path.relpath(parent, folder)
            for name in names:
                found = self._stat(folder, name if below == "." else f"{below}/{name}")
                if found is not None:
                    yield found

    def open(self, path: str, size: int | None = None) -> BinaryIO:
        self.check([path])
        return Path(path).open("rb")

    def remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            plain = path.rstrip("/")  # with a slash at its end a link is the folder that it leads to
            self.check([str(Path(plain).parent)])
            if not path.endswith("/") or _is_link(plain):
                Path(plain).unlink(missing_ok=True)
                continue
            try:
                shutil.rmtree(plain)
            except FileNotFoundError:
                continue

    def _stat(self, folder: str, name: str) -> FileInfo | None:
        path = Path(folder, name)
        try:
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode) and self._lake is None:
                status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return FileInfo(name, status.st_size, status.st_mtime_ns, (status.st_ino, status.st_mtime_ns))


def _is_link(path: str) -> bool:
    return os.path.islink(path)  # noqa: PTH114 - for each file of a table: without a Path for each


def _link(path: str) -> InsufficientPrivilege:
    return InsufficientPrivilege(
        "a symbolic link leads out of the table",
        detail=f"It is called {Path(path).name}.",
        hint="Links in tenants' folders are not followed. Remove it.",
    )


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
