"""The object store as DuckDB sees it: a read-only filesystem of just the files that the statements under way read.

DuckDB keeps what it fetched in its own cache of external files, within its memory limit. What the files are, comes from
the table's log, so no request asks for it.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from fsspec import AbstractFileSystem

from catalog.errors import SqlError
from engine.embedded.errors import RAISE_PREFIX
from engine.storage.recent import Recent
from engine.storage.s3 import S3Files

REQUESTS_AT_ONCE = 32
TAIL_BYTES, TAILS_KEPT = 64 << 10, 256
"""Ends of files are kept: first we look at a footer, then DuckDB does."""


@dataclass(frozen=True, slots=True)
class LakeFile:
    """What the log says of a data file."""

    size: int
    modified: datetime


class LakeReadError(OSError):
    """A read failed. DuckDB passes on the text alone: it says which SqlError is meant, as `embedded.errors` knows."""

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(f"{RAISE_PREFIX}{sqlstate}: {message}")


class Reading:
    """The files one statement reads. `close` it when the statement has ended."""

    def __init__(self, lake: LakeFiles) -> None:
        self._lake = lake
        self.files: dict[str, LakeFile] = {}
        self.canceled: Future[None] = Future()

    def add(self, files: Mapping[str, LakeFile]) -> None:
        """From now on DuckDB finds these files, by their places."""
        self.files.update(files)
        self._lake.enter(self, files)

    def open(self, path: str) -> pa.NativeFile:
        """One of the files, for a look of our own that ends as DuckDB's reads do. Raises LakeReadError."""
        return pa.PythonFile(self._lake.open(path), mode="r")

    def cancel(self) -> None:
        """Reads that wait for the store end now. From any thread, any number of times."""
        self._lake.cancel(self)

    def close(self) -> None:
        """Any number of times."""
        self._lake.leave(self)


class LakeFiles(AbstractFileSystem):  # type: ignore[misc]
    """fsspec's form, as DuckDB asks for it; called in DuckDB's threads. Anything but reading is refused."""

    cachable = False
    protocol = "s3"

    def __init__(self, files: S3Files) -> None:
        super().__init__()
        self._files = files
        self._lock = threading.Lock()
        self._readings: dict[str, list[Reading]] = {}
        self._tails: Recent[str, tuple[int, bytes]] = Recent(TAILS_KEPT)
        self._requests = ThreadPoolExecutor(REQUESTS_AT_ONCE, "lake-read")

    def reading(self) -> Reading:
        return Reading(self)

    def close(self) -> None:
        """Requests under way end by themselves, at their time limit at the latest."""
        self._requests.shutdown(wait=False, cancel_futures=True)

    def enter(self, reading: Reading, files: Mapping[str, LakeFile]) -> None:
        with self._lock:
            for path in files:
                self._readings.setdefault(path, []).append(reading)

    def cancel(self, reading: Reading) -> None:
        with self._lock:
            if not reading.canceled.done():
                reading.canceled.set_result(None)

    def leave(self, reading: Reading) -> None:
        with self._lock:
            for path in reading.files:
                left = [each for each in self._readings.get(path, ()) if each is not reading]
                if left:
                    self._readings[path] = left
                else:
                    self._readings.pop(path, None)

    def read(self, path: str, start: int, length: int) -> bytes:
        """Bytes of a file. Raises LakeReadError, also when all statements that read it have been canceled."""
        tail = self._tails.get(path)
        if tail is not None and start >= tail[0]:
            return tail[1][start - tail[0] : start - tail[0] + length]
        data = self._fetch(path, start, length)
        known = self._known(path)
        if known is not None and start + length == known.size and length <= TAIL_BYTES:
            self._tails.put(path, (start, data))
        return data

    def _fetch(self, path: str, start: int, length: int) -> bytes:
        request = self._requests.submit(self._files.read_range, path, start, length)
        while True:
            with self._lock:
                canceled = [each.canceled for each in self._readings.get(path, ())]
            open_ends = [each for each in canceled if not each.done()]
            if not open_ends and not request.done():
                request.cancel()
                raise LakeReadError("57014", "canceling statement due to user request")
            ends: list[Future[Any]] = [request, *open_ends]
            wait(ends, return_when=FIRST_COMPLETED)
            if request.done():
                return self._result(request)

    @staticmethod
    def _result(request: Future[bytes]) -> bytes:
        try:
            return request.result()
        except FileNotFoundError as error:
            raise LakeReadError("72000", "a file of the table no longer exists") from error
        except SqlError as error:
            raise LakeReadError(error.sqlstate, error.message) from error

    def _known(self, path: str) -> LakeFile | None:
        with self._lock:
            readings = self._readings.get(path)
            return readings[0].files[path] if readings else None

    def _file(self, path: str) -> LakeFile:
        known = self._known(path)
        if known is None:
            raise LakeReadError("42501", "access to files outside of the tenant's storage is not permitted")
        return known

    # What DuckDB calls, with fsspec's signatures.

    def open(self, path: str, mode: str = "rb", **_: Any) -> LakeHandle:
        if mode != "rb":
            raise LakeReadError("42501", "files of the lake cannot be written")
        return LakeHandle(self, path, self._file(path).size)

    def size(self, path: str) -> int:
        return self._file(path).size

    def modified(self, path: str) -> datetime:
        return self._file(path).modified

    def exists(self, path: str, **_: Any) -> bool:
        return self._known(path) is not None

    def isfile(self, path: str) -> bool:
        return self._known(path) is not None

    def isdir(self, path: str) -> bool:
        return False

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        return {"name": path, "size": self._file(path).size, "type": "file"}

    def glob(self, path: str, **_: Any) -> list[str]:
        return [path] if self._known(path) is not None else []

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        return []


class LakeHandle:
    """An open file: no request at opening, one for each read."""

    __slots__ = ("_lake", "_path", "_position", "_size", "closed", "mode")

    def __init__(self, lake: LakeFiles, path: str, size: int) -> None:
        self._lake, self._path, self._size = lake, path, size
        self._position = 0
        self.closed = False
        self.mode = "rb"

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence] + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, length: int = -1) -> bytes:
        left = max(self._size - self._position, 0)
        length = left if length < 0 else min(length, left)
        if not length:
            return b""
        data = self._lake.read(self._path, self._position, length)
        self._position += len(data)
        return data

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True
