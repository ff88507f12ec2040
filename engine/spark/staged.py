"""Results too large for the driver: written by Spark as Parquet to a folder, streamed from there, deleted."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from catalog.errors import IoError, SqlError
from engine.spark.proto import base_pb2 as connect
from engine.spark.proto import commands_pb2 as commands
from engine.spark.proto import relations_pb2 as relations
from engine.storage.files import Files, LocalFiles
from engine.storage.options import CONNECT_TIMEOUT_S, S3Options

logger = logging.getLogger(__name__)

PREFIX = "result-"
LEFT_AFTER_S = 24 * 3600.0
"""A folder this old belongs to a gateway that died."""
BATCH_ROWS = 8192
DELETE_AGAIN_S = 5.0


_WRITE = {"mapreduce.fileoutputcommitter.algorithm.version": "2"}
"""A task puts its file in place itself, instead of all being moved at the end, which object stores do by copying: the
folder is read only if all has gone well.
"""


@dataclass(frozen=True, slots=True)
class Staging:
    """A folder that the cluster writes and the gateway reads: `uri` as Spark calls it (a path, or s3a://...), and
    `path` on `filesystem` as the gateway does.
    """

    uri: str
    path: str
    filesystem: pafs.FileSystem = field(default_factory=pafs.LocalFileSystem)
    files: Files | None = None
    """What tells whether a file is what it seems, where a cluster might have made a link."""


def local_staging(folder: Path, lake: Path | None = None) -> Staging:
    """A folder of this machine that the cluster sees at the same path; `lake` as for LocalFiles."""
    return Staging(str(folder), str(folder), files=LocalFiles(None if lake is None else str(lake)))


def s3_staging(url: str, options: S3Options) -> Staging:
    """A folder of an object store, `s3://bucket/key`, for which the driver has keys of its own."""
    endpoint = None if options.endpoint is None else urlsplit(options.endpoint)
    store = pafs.S3FileSystem(
        access_key=options.access_key_id,
        secret_key=options.secret_access_key,
        session_token=options.session_token,
        region=options.region,
        scheme="https" if endpoint is None else endpoint.scheme,
        endpoint_override=None if endpoint is None else endpoint.netloc,
        force_virtual_addressing=not options.in_path,
        request_timeout=options.timeout_s,
        connect_timeout=CONNECT_TIMEOUT_S,
    )
    path = url.removeprefix("s3://")
    return Staging(f"s3a://{path}", path, store)


class StagedResult:
    """One result's own folder. `close` deletes it, also when it was never written; safe to call again."""

    def __init__(self, staging: Staging) -> None:
        self._staging, self._name = staging, f"{PREFIX}{uuid.uuid4().hex}"
        self._closed = False

    def plan(self, query: relations.Relation, width: int) -> connect.Plan:
        """The query as a write. Columns are renamed by number: Parquet has no two columns of one name."""
        renamed = relations.Relation(
            to_df=relations.ToDF(input=query, column_names=[f"c{i}" for i in range(width)]),
        )
        write = commands.WriteOperation(
            input=renamed,
            source="parquet",
            path=f"{self._staging.uri.rstrip('/')}/{self._name}",
            mode=commands.WriteOperation.SAVE_MODE_ERROR_IF_EXISTS,
            options=_WRITE,
        )
        return connect.Plan(command=commands.Command(write_operation=write))

    def batches(self) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """The rows in the query's order: Spark numbers the files by partition, and a sort makes ranges of them."""
        with _readable():
            found = _listed(self._staging, self._path)
        files = sorted(info.path for info in found if info.base_name.startswith("part-") and info.is_file)
        if not files:
            raise IoError("the staged result is not where Spark has written it")
        with _readable(), self._open(files[0]) as file:
            schema = file.schema_arrow
        return schema, self._stream(files)

    def close(self, *, whole: bool = True) -> None:
        """`whole` False: the query did not end by itself, and tasks that die late may still write: deleted once more
        after some seconds.
        """
        if self._closed:
            return
        self._closed = True
        _delete(self._staging, self._path)
        if not whole:
            again = threading.Timer(DELETE_AGAIN_S, _delete, (self._staging, self._path))
            again.daemon = True
            again.start()

    @property
    def _path(self) -> str:
        return f"{self._staging.path.rstrip('/')}/{self._name}"

    def _open(self, path: str) -> pq.ParquetFile:
        if self._staging.files is not None:
            self._staging.files.check([path])
        return pq.ParquetFile(self._staging.filesystem.open_input_file(path), pre_buffer=False)

    def _stream(self, files: list[str]) -> Iterator[pa.RecordBatch]:
        for path in files:
            with _readable(), self._open(path) as file:
                yield from file.iter_batches(BATCH_ROWS, use_threads=False)


@contextmanager
def _readable() -> Iterator[None]:
    """Errors of the storage without their text, which names hosts and keys."""
    try:
        yield
    except OSError as error:
        raise IoError("a staged result could not be read") from error


def sweep(staging: Staging, older_than_s: float = LEFT_AFTER_S) -> int:
    """Delete results that nobody has deleted; how many there were."""
    try:
        return _sweep(staging, older_than_s)
    except OSError as error:  # the next one does
        logger.warning("old staged results could not be looked for: %s", type(error).__name__)
        return 0


def _sweep(staging: Staging, older_than_s: float) -> int:
    before = datetime.now(UTC) - timedelta(seconds=older_than_s)
    old = [info.path for info in _listed(staging, staging.path) if info.base_name.startswith(PREFIX)]
    old = [path for path in old if _touched(staging, path) < before]
    for path in old:
        _delete(staging, path)
    return len(old)


def _listed(staging: Staging, path: str, *, recursive: bool = False) -> list[pafs.FileInfo]:
    if staging.files is not None:
        staging.files.check([path])
    selector = pafs.FileSelector(path, allow_not_found=True, recursive=recursive)
    return list(staging.filesystem.get_file_info(selector))


def _touched(staging: Staging, path: str) -> datetime:
    """When something was written there last. Object stores know the time of files only."""
    times = [info.mtime for info in _listed(staging, path, recursive=True) if info.mtime is not None]
    own = staging.filesystem.get_file_info(path).mtime
    return max([*times, *([own] if own is not None else [])], default=datetime.now(UTC))


def _delete(staging: Staging, path: str) -> None:
    try:
        if staging.files is not None:
            staging.files.check([path])
        staging.filesystem.delete_dir(path)
    except FileNotFoundError:
        return
    except (OSError, SqlError) as error:  # left to `sweep`
        logger.warning("a staged result could not be deleted: %s", error)
