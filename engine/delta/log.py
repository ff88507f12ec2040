"""A table's log as a history: its commits, their times, and which versions can still be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.errors import DataCorrupted, ObjectNotInPrerequisiteState, from_sqlstate
from catalog.names import TableLocation
from engine.delta.errors import delta_errors
from engine.delta.snapshot import Snapshot, Snapshots, log_folder, open_table
from engine.storage.files import FileInfo, Identity, read_each
from engine.storage.place import resolve
from engine.storage.recent import Recent
from engine.storage.storage import LOCAL, Storage

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


def commits(uri: str, limit: int | None = None, storage: Storage = LOCAL) -> list[Commit]:
    """The commits whose entries are still in the log, newest first."""
    open_table(uri, None, storage)
    entries = _commit_files(uri, storage)[:limit]
    contents = _contents(uri, entries, storage)
    found: list[Commit] = []
    for (version, entry), content in zip(entries, contents, strict=True):
        if content is not None:  # else removed by log clean-up in the meantime
            info: Mapping[str, Any] = next(_actions(content, "commitInfo", version), {})
            found.append(Commit(version, _time(entry, info), info))
    return found


def last_of_application(uri: str, application: str, storage: Storage = LOCAL) -> Commit | None:
    """The newest commit that carries a `txn` action of the application, among those whose entries are in the log."""
    entries = _commit_files(uri, storage)
    for (version, entry), content in zip(entries, _contents(uri, entries, storage), strict=True):
        if any(action.get("appId") == application for action in _actions(content or b"", "txn", version)):
            info: Mapping[str, Any] = next(_actions(content or b"", "commitInfo", version), {})
            return Commit(version, _time(entry, info), info)
    return None


def version_at(uri: str, moment: datetime, storage: Storage = LOCAL) -> int:
    """The latest version committed at or before `moment` (with time zone); 22008 before the first commit.

    A commit's time is the one its history shows. Clocks of writers may differ: a version is never taken to be older
    than the one before it.
    """
    open_table(uri, None, storage)
    known = _times(uri, list(reversed(_commit_files(uri, storage))), storage)
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


def oldest_readable(uri: str, storage: Storage = LOCAL) -> int:
    """The oldest version from which all versions up to the newest have all their files.

    Going back through the log, the first commit that removed a file which is no longer there is the limit.
    """
    root = storage.place(uri).rstrip("/") + "/"
    entries = _commit_files(uri, storage)
    contents = _contents(uri, entries, storage)
    oldest: int | None = None
    for (version, _), content in zip(entries, contents, strict=True):
        removed = [resolve(root, each["path"]) for each in _actions(content or b"", "remove", version)]
        if not _all_there(root, removed, storage):
            return version
        oldest = version
    if oldest is None:
        return int(open_table(uri, None, storage).version())
    return oldest if oldest == 0 else _oldest_with_checkpoint(uri, oldest, storage)


def oldest_with_time(uri: str, storage: Storage = LOCAL) -> tuple[int, datetime | None]:
    """`oldest_readable`, and when it was committed; None if its entry is no longer in the log."""
    oldest = oldest_readable(uri, storage)
    entries = [(version, entry) for version, entry in _commit_files(uri, storage) if version == oldest]
    return oldest, dict(_times(uri, entries, storage)).get(oldest)


def check_version(uri: str, version: int, relation: str, snapshots: Snapshots) -> None:
    """Raise unless the version exists (22023) and all its files are there (55000, naming the oldest readable one)."""
    require_files(snapshots.at(TableLocation(uri, version)), relation)


def require_files(snapshot: Snapshot, relation: str) -> None:
    """Raise ObjectNotInPrerequisiteState unless all data files of the snapshot are there."""
    if not _all_there(snapshot.root, snapshot.paths(), snapshot.storage):
        raise ObjectNotInPrerequisiteState(
            f"version {snapshot.version} of {relation} is no longer readable (files removed by VACUUM); "
            f"oldest is {oldest_readable(snapshot.uri, snapshot.storage)}"
        )


def _all_there(root: str, paths: Sequence[str], storage: Storage) -> bool:
    """Whether all files, most of them below `root`, exist."""
    inside = [path.removeprefix(root) for path in paths if path.startswith(root)]
    outside = [path for path in paths if not path.startswith(root)]
    with delta_errors():
        found = storage.files(root).stat(root, inside)
        for path in outside:
            folder, _, name = path.rpartition("/")
            found += storage.files(path).stat(folder, [name])
    return None not in found


def _commit_files(uri: str, storage: Storage) -> list[tuple[int, FileInfo]]:
    """The log's entries, newest first."""
    log = log_folder(storage.place(uri))
    with delta_errors():
        listed = [(match, item) for item in storage.files(log).list(log) if (match := _COMMIT.match(item.name))]
    return sorted(((int(match[1]), item) for match, item in listed), key=lambda entry: entry[0], reverse=True)


def _contents(uri: str, entries: Sequence[tuple[int, FileInfo]], storage: Storage) -> Iterator[bytes | None]:
    log = log_folder(storage.place(uri))
    with delta_errors():
        yield from read_each(storage.files(log), (f"{log}/{item.name}" for _, item in entries))


def _actions(content: bytes, kind: str, version: int) -> Iterator[Mapping[str, Any]]:
    """The actions of one kind in an entry of the log."""
    mark = f'"{kind}"'.encode()
    for line in content.splitlines():
        if mark not in line:
            continue
        try:
            action = json.loads(line)
        except ValueError as error:
            raise DataCorrupted(f"commit {version:020d}.json of the table's log is not valid JSON") from error
        if kind in action:
            yield action[kind]


def _time(entry: FileInfo, info: Mapping[str, Any]) -> datetime:
    """In-commit timestamp if the table keeps them, else what the writer noted, else the file's own time. To the ms."""
    noted = info.get("inCommitTimestamp", info.get("timestamp"))
    milliseconds = int(noted) if noted is not None else entry.changed_ns // 1_000_000
    return _EPOCH + timedelta(milliseconds=milliseconds)


_TIMES: Recent[tuple[str, int, Identity], datetime] = Recent(TIMES_KEPT)


def _times(uri: str, entries: Sequence[tuple[int, FileInfo]], storage: Storage) -> list[tuple[int, datetime]]:
    """The times of commits that are still there. A log's entries never change: each is read once."""
    place = storage.place(uri)
    keys = [(place, version, entry.identity) for version, entry in entries]
    unknown = [at for at, key in enumerate(keys) if _TIMES.get(key) is None]
    for at, content in zip(unknown, _contents(uri, [entries[at] for at in unknown], storage), strict=True):
        if content is not None:
            version, entry = entries[at]
            _TIMES.put(keys[at], _time(entry, next(_actions(content, "commitInfo", version), {})))
    return [(key[1], time) for key in keys if (time := _TIMES.get(key)) is not None]


def _oldest_with_checkpoint(uri: str, oldest: int, storage: Storage) -> int:
    """After log clean-up the entries begin late: versions before the oldest checkpoint cannot be put together."""
    log = log_folder(storage.place(uri))
    with delta_errors():
        names = [item.name for item in storage.files(log).list(log) if ".checkpoint" in item.name]
    starts = [int(name[:20]) for name in names if name[:20].isdigit() and int(name[:20]) >= oldest - 1]
    return min(starts, default=oldest)


def protocol_of(uri: str, storage: Storage = LOCAL) -> tuple[int, int, tuple[str, ...]]:
    """Reader version, writer version, and the names of all table features."""
    table = open_table(uri, None, storage)
    with delta_errors():
        protocol = table.protocol()
    features = dict.fromkeys([*(protocol.reader_features or ()), *(protocol.writer_features or ())])
    return protocol.min_reader_version, protocol.min_writer_version, tuple(sorted(features))
