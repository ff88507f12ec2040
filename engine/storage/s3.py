"""Files of an S3-compatible store, and the one place where the store's errors get their meaning."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO, cast

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from catalog.errors import SqlError
from engine.storage.errors import denied, refusal, unreachable
from engine.storage.files import FileInfo
from engine.storage.options import S3Options, store_arguments
from engine.storage.place import bucket_and_key

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

REMOVED_AT_ONCE = 1000
TAIL_BYTES = 64 << 10
"""What is read at the first look at a file's end: the footer of most Parquet files, in one request."""


class S3Files:
    """All buckets of a store. Keeps one client for each bucket."""

    at_once = 16

    def __init__(self, options: S3Options) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._stores: dict[str, S3Store] = {}

    def stat(self, folder: str, names: Sequence[str]) -> list[FileInfo | None]:
        """One file: one request for it. Several: a listing from the first to the last of them."""
        if not names:
            return []
        store, prefix = self._at(folder)
        prefix = prefix.rstrip("/") + "/"
        if len(names) == 1:
            return [self._head(store, prefix, names[0])]
        wanted, last = set(names), max(names)
        found: dict[str, FileInfo] = {}
        with store_errors():
            for meta in _listed(store, prefix, (prefix + min(names))[:-1]):
                name = meta["path"][len(prefix) :]
                if name in wanted:
                    found[name] = _info(meta, name)
                if name >= last:
                    break
        return [found.get(name) for name in names]

    def check(self, paths: Iterable[str]) -> None:
        """An object store has no links."""

    def check_tree(self, folder: str) -> None:
        """As `check`."""

    def list(self, folder: str) -> Iterator[FileInfo]:
        store, prefix = self._at(folder)
        prefix = prefix.rstrip("/") + "/"
        with store_errors():
            for meta in _listed(store, prefix, None):
                yield _info(meta, meta["path"][len(prefix) :])

    def open(self, path: str, size: int | None = None) -> BinaryIO:
        """Without a size the whole file is fetched: log entries are small."""
        store, key = self._at(path)
        if size is not None:
            return cast(BinaryIO, io.BufferedReader(RangedFile(self, path, size), TAIL_BYTES))
        with store_errors():
            return io.BytesIO(obstore.get(store, key).bytes().to_bytes())

    def remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            store, key = self._at(path)
            keys = [f"{key}{item.name}" for item in self.list(path)] if path.endswith("/") else [key]
            with store_errors():
                for start in range(0, len(keys), REMOVED_AT_ONCE):
                    try:
                        obstore.delete(store, keys[start : start + REMOVED_AT_ONCE])
                    except FileNotFoundError:
                        continue

    def read_range(self, path: str, start: int, length: int) -> bytes:
        """Bytes of a file; raises FileNotFoundError, or SqlError."""
        store, key = self._at(path)
        with store_errors():
            return obstore.get_range(store, key, start=start, length=length).to_bytes()

    def _at(self, place: str) -> tuple[S3Store, str]:
        bucket, key = bucket_and_key(place)
        with self._lock:
            store = self._stores.get(bucket)
            if store is None:
                store = self._stores[bucket] = S3Store(bucket, **store_arguments(self._options))
        return store, key

    @staticmethod
    def _head(store: S3Store, prefix: str, name: str) -> FileInfo | None:
        try:
            with store_errors():
                return _info(obstore.head(store, prefix + name), name)
        except FileNotFoundError:
            return None


class RangedFile(io.RawIOBase):
    """One object as a file: nothing is asked at opening, each read is a request for its range."""

    def __init__(self, files: S3Files, path: str, size: int) -> None:
        super().__init__()
        self._files, self._path, self._size = files, path, size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = start + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        length = min(len(view), self._size - self._position)
        if length <= 0:
            return 0
        view[:length] = self._files.read_range(self._path, self._position, length)
        self._position += length
        return length


@contextmanager
def store_errors() -> Iterator[None]:
    """obstore's errors as SqlErrors without their text, which names hosts and keys; FileNotFoundError passes."""
    try:
        yield
    except (SqlError, FileNotFoundError):
        raise
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise denied() from error
    except BaseError as error:
        raise refusal(str(error)) or unreachable() from error  # listing says "denied" in another way than the rest


def _listed(store: S3Store, prefix: str, after: str | None) -> Iterator[obstore.ObjectMeta]:
    for chunk in obstore.list(store, prefix=prefix, offset=after, chunk_size=1000):
        yield from chunk


def _info(meta: obstore.ObjectMeta, name: str) -> FileInfo:
    changed: datetime = meta["last_modified"]
    return FileInfo(name, int(meta["size"]), int(changed.timestamp() * 1_000_000_000), (meta["e_tag"], changed))
