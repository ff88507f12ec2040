"""A table's log as a history: its commits, their times, and which versions can still be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from catalog.errors import DataCorrupted, ObjectNotInPrerequisiteState, from_sqlstate
from catalog.names import TableLocation
from engine.delta.errors import delta_errors
from engine.delta.snapshot import Snapshot, Snapshots, local_path, open_table, resolve

_COMMIT = re.compile(r"(\d{20})\.json\Z")
TIMES_KEPT = 100_000
"""Times of commits remembered, of all tables together."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Commit:
    """One entry of the log: `info` is its commitInfo action (empty if it has none)."""

    version: int
    time: datetime
    info: Mapping[str, Any]


def commits(uri: str, limit: int | None = None) -> list[Commit]:
    """The commits whose entries are still in the log, newest first."""
    open_table(uri)
    found: list[Commit] = []
    for version, path in _commit_files(uri):
        if limit is not None and len(found) >= limit:
            break
        info: Mapping[str, Any] = next(_actions(path, "commitInfo"), {})
        found.append(Commit(version, _time(path, info), info))
    return found


def version_at(uri: str, moment: datetime) -> int:
    """The latest version committed at or before `moment` (with time zone); 22008 before the first commit.

    A commit's time is the one its history shows. Clocks of writers may differ: a version is never taken to be older
    than the one before it.
    """
    open_table(uri)
    files = reversed(_commit_files(uri))
    known = [(version, time) for version, path in files if (time := _time_of(path)) is not None]
    latest: int | None = None
    so_far = _EPOCH
    for version, time in known:
        so_far = max(so_far, time)
        if so_far <= moment:
            latest = version
    if latest is None:
        first = known[0][1].isoformat(sep=" ", timespec="milliseconds") if known else "unknown"
        raise from_sqlstate(
            "22008", "the timestamp is before the table's first readable commit", detail=f"It was at {first}."
        )
    return latest


def oldest_readable(uri: str) -> int:
    """The oldest version from which all versions up to the newest have all their files.

    Going back through the log, the first commit that removed a file which is no longer there is the limit.
    """
    root = local_path(uri).rstrip("/") + "/"
    oldest: int | None = None
    for version, path in _commit_files(uri):
        for remove in _actions(path, "remove"):
            if not Path(resolve(root, remove["path"])).exists():
                return version
        oldest = version
    if oldest is None:
        return int(open_table(uri).version())
    return oldest if oldest == 0 else _oldest_with_checkpoint(uri, oldest)


def check_version(uri: str, version: int, relation: str, snapshots: Snapshots) -> None:
    """Raise unless the version exists (22023) and all its files are there (55000, naming the oldest readable one)."""
    require_files(snapshots.at(TableLocation(uri, version)), relation)


def require_files(snapshot: Snapshot, relation: str) -> None:
    """Raise ObjectNotInPrerequisiteState unless all data files of the snapshot are there."""
    if not all(Path(path).exists() for path in snapshot.paths()):
        raise ObjectNotInPrerequisiteState(
            f"version {snapshot.version} of {relation} is no longer readable (files removed by VACUUM); "
            f"oldest is {oldest_readable(snapshot.uri)}"
        )


def _commit_files(uri: str) -> list[tuple[int, Path]]:
    """Commit files, newest first."""
    log = Path(local_path(uri)) / "_delta_log"
    found = [(int(match[1]), path) for path in log.iterdir() if (match := _COMMIT.match(path.name)) is not None]
    return sorted(found, reverse=True)


def _actions(path: Path, kind: str) -> Iterator[Mapping[str, Any]]:
    """The actions of one kind in a commit file; a file removed by log clean-up in the meantime has none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        if f'"{kind}"' not in line:
            continue
        try:
            action = json.loads(line)
        except ValueError as error:
            raise DataCorrupted(f"commit {path.name} of the table's log is not valid JSON") from error
        if kind in action:
            yield action[kind]


def _time(path: Path, info: Mapping[str, Any]) -> datetime:
    """In-commit timestamp if the table keeps them, else what the writer noted, else the file's own time. To the ms."""
    noted = info.get("inCommitTimestamp", info.get("timestamp"))
    milliseconds = int(noted) if noted is not None else path.stat().st_mtime_ns // 1_000_000
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _time_of(path: Path) -> datetime | None:
    """The time of a commit file; None if log clean-up has just removed it. A log's entries never change: read once."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return _time_kept(path, status.st_ino, status.st_mtime_ns)


@lru_cache(maxsize=TIMES_KEPT)
def _time_kept(path: Path, _inode: int, _changed_ns: int) -> datetime:
    return _time(path, next(_actions(path, "commitInfo"), {}))


def _oldest_with_checkpoint(uri: str, oldest: int) -> int:
    """After log clean-up the entries begin late: versions before the oldest checkpoint cannot be put together."""
    log = Path(local_path(uri)) / "_delta_log"
    points = [int(path.name[:20]) for path in log.glob("*.checkpoint*") if path.name[:20].isdigit()]
    starts = [point for point in points if point >= oldest - 1]
    return min(starts, default=oldest)


def protocol_of(uri: str) -> tuple[int, int, tuple[str, ...]]:
    """Reader version, writer version, and the names of all table features."""
    table = open_table(uri)
    with delta_errors():
        protocol = table.protocol()
    features = dict.fromkeys([*(protocol.reader_features or ()), *(protocol.writer_features or ())])
    return protocol.min_reader_version, protocol.min_writer_version, tuple(sorted(features))
