"""Maintenance of Delta tables: VACUUM, OPTIMIZE, HISTORY, DETAIL, RESTORE. Parsing and rights are the callers'."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from catalog.errors import (
    FeatureNotSupported,
    InvalidParameterValue,
    SerializationFailure,
    UndefinedColumn,
)
from catalog.names import TableLocation
from catalog.types import BOOL, INT4, INT8, JSONB, TEXT, TIMESTAMPTZ, array_of, arrow_type
from engine.base import Field
from engine.delta.errors import delta_errors
from engine.delta.features import check_file_paths, check_partition_values, check_writable
from engine.delta.log import commits, oldest_with_time, protocol_of, require_files
from engine.delta.schema import read_fields
from engine.delta.snapshot import Snapshot, Snapshots, open_table
from engine.delta.table import CommitInfo, check_table_writable, noted_by_spark
from engine.storage.storage import LOCAL, Storage

DEFAULT_RETENTION = timedelta(days=7)
ATTEMPTS = 3
"""How often maintenance is tried when another writer commits in between."""

HISTORY = (
    Field("version", INT8),
    Field("timestamp", TIMESTAMPTZ),
    Field("userId", TEXT),
    Field("userName", TEXT),
    Field("operation", TEXT),
    Field("operationParameters", JSONB),
    Field("job", JSONB),
    Field("notebook", JSONB),
    Field("clusterId", TEXT),
    Field("readVersion", INT8),
    Field("isolationLevel", TEXT),
    Field("isBlindAppend", BOOL),
    Field("operationMetrics", JSONB),
    Field("userMetadata", TEXT),
    Field("engineInfo", TEXT),
)
"""The columns of DESCRIBE HISTORY; maps and structs as jsonb."""

DETAIL = (
    Field("format", TEXT),
    Field("id", TEXT),
    Field("name", TEXT),
    Field("description", TEXT),
    Field("location", TEXT),
    Field("createdAt", TIMESTAMPTZ),
    Field("lastModified", TIMESTAMPTZ),
    Field("partitionColumns", array_of(TEXT)),
    Field("clusteringColumns", array_of(TEXT)),
    Field("numFiles", INT8),
    Field("sizeInBytes", INT8),
    Field("properties", JSONB),
    Field("minReaderVersion", INT4),
    Field("minWriterVersion", INT4),
    Field("tableFeatures", array_of(TEXT)),
)
"""The columns of DESCRIBE DETAIL."""


@dataclass(frozen=True, slots=True)
class VacuumResult:
    """Files deleted (or, dry run, to be deleted) with their sizes, and how far time travel reaches now."""

    files: tuple[tuple[str, int], ...]
    bytes: int
    version: int
    oldest_version: int
    oldest_time: datetime | None
    unnamed: int = 0
    """Further files deleted, by a cluster, which tells only how many."""


@dataclass(frozen=True, slots=True)
class OptimizeResult:
    """How many files and bytes were rewritten, in how many partitions, and the version made."""

    files_added: int
    files_removed: int
    bytes_added: int
    bytes_removed: int
    partitions: int
    version: int


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """Delta's six figures, and the version made (the present one for a dry run)."""

    table_size_after_restore: int
    num_of_files_after_restore: int
    num_removed_files: int
    num_restored_files: int
    removed_files_size: int
    restored_files_size: int
    version: int


PartitionFilter = tuple[str, str, str | list[str]]
"""(column, operator, value or values); operators = != < <= > >= in, not in."""


def vacuum(
    uri: str,
    *,
    commit: CommitInfo,
    retain: timedelta | None = None,
    dry_run: bool = False,
    force: bool = False,
    full: bool = True,
    keep_versions: Collection[int] = (),
    storage: Storage = LOCAL,
) -> VacuumResult:
    """Delete files that no version inside the retention needs.

    `full` also takes old files that the log never named, but not those of deletion vectors: deltalake cannot tell the
    living ones. Raises InvalidParameterValue for a retention below the table's unless `force`.
    """
    table, root = open_table(uri, None, storage), storage.place(uri).rstrip("/")
    with delta_errors():
        storage.files(root).check_tree(root)  # deltalake would list, and delete, what links lead to
        check_table_writable(table, read_fields(table.schema().to_json()))
        configured = retention(table.metadata().configuration)
        vectors = "deletionVectors" in (table.protocol().reader_features or ())
        check_file_paths(pa.table(table.get_add_actions(flatten=True)))
    wanted = configured if retain is None else retain
    check_retention(wanted, configured, force=force)

    def run(*, only_list: bool, unknown_files: bool) -> list[str]:
        with delta_errors():
            return table.vacuum(
                retention_hours=math.ceil(_hours(wanted)),
                dry_run=only_list,
                enforce_retention_duration=False,
                full=unknown_files,
                keep_versions=list(keep_versions) or None,
                commit_properties=commit.properties(),
            )

    found = _present(root, run(only_list=True, unknown_files=full), storage)
    if vectors:  # a full run of deltalake deletes the files of living vectors: what it may take is taken here
        found = {name: size for name, size in found.items() if not name.endswith(".bin")}
    if not dry_run:
        run(only_list=False, unknown_files=full and not vectors)
        with delta_errors():
            if vectors and full:
                storage.files(root).remove([f"{root}/{name}" for name in found])
            left = storage.files(root).stat(root, list(found))
        found = {name: size for (name, size), still in zip(found.items(), left, strict=True) if still is None}
    files = tuple(sorted(found.items()))
    return VacuumResult(files, sum(found.values()), int(table.version()), *oldest_with_time(uri, storage))


def optimize(
    uri: str,
    *,
    commit: CommitInfo,
    where: Sequence[PartitionFilter] = (),
    zorder_by: Sequence[str] = (),
    target_bytes: int | None = None,
    storage: Storage = LOCAL,
) -> OptimizeResult:
    """Rewrite small files as larger ones, optionally in Z-order. Tried again if another writer was faster (40001)."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _optimize_once(uri, commit, where, zorder_by, target_bytes, storage)
        except SerializationFailure:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _optimize_once(
    uri: str,
    commit: CommitInfo,
    where: Sequence[PartitionFilter],
    zorder_by: Sequence[str],
    target_bytes: int | None,
    storage: Storage,
) -> OptimizeResult:
    table, place = open_table(uri, None, storage), storage.place(uri)
    with delta_errors():
        fields = read_fields(table.schema().to_json())
        metadata = table.metadata()
        check_table_writable(table, fields)
        files = pa.table(table.get_add_actions(flatten=True))
        storage.files(place).check_tree(place)
        check_partition_values(fields, metadata.partition_columns, files)
        check_file_paths(files)
        _check_optimize(metadata.configuration, metadata.partition_columns, [f.name for f in fields], where, zorder_by)
        filters: Any = list(where) or None
        properties = commit.properties()
        if zorder_by:
            metrics = table.optimize.z_order(
                list(zorder_by), partition_filters=filters, target_size=target_bytes, commit_properties=properties
            )
        else:
            metrics = table.optimize.compact(
                partition_filters=filters, target_size=target_bytes, commit_properties=properties
            )
        return OptimizeResult(
            files_added=int(metrics["numFilesAdded"]),
            files_removed=int(metrics["numFilesRemoved"]),
            bytes_added=_total_size(metrics["filesAdded"]),
            bytes_removed=_total_size(metrics["filesRemoved"]),
            partitions=int(metrics["partitionsOptimized"]),
            version=int(table.version()),
        )


def _check_optimize(
    configuration: dict[str, str],
    partition_by: Sequence[str],
    columns: Sequence[str],
    where: Sequence[PartitionFilter],
    zorder_by: Sequence[str],
) -> None:
    if configuration.get("delta.columnMapping.mode", "none") != "none":
        raise FeatureNotSupported(
            "OPTIMIZE of a table with column mapping is not supported here", hint="Use a Spark cluster for this table."
        )
    for column in (*(item[0] for item in where), *zorder_by):
        if column not in columns:
            raise UndefinedColumn(f'column "{column}" does not exist')
    for column, _, _ in where:
        if column not in partition_by:
            raise FeatureNotSupported(f'OPTIMIZE can be limited by partition columns only, not by "{column}"')
    for column in zorder_by:
        if column in partition_by:
            raise InvalidParameterValue(f'cannot order by partition column "{column}"')


def history(uri: str, limit: int | None = None, storage: Storage = LOCAL) -> pa.Table:
    """The commits still in the log, newest first, with exactly Delta's columns."""
    rows = []
    for entry in commits(uri, limit, storage):
        info = noted_by_spark(entry.info)
        rows.append(
            {
                "version": entry.version,
                "timestamp": entry.time,
                "userId": info.get("userId"),
                "userName": info.get("userName"),
                "operation": info.get("operation"),
                "operationParameters": _json(_texts(_parameters(info.get("operationParameters")))),
                "job": _json(info.get("job")),
                "notebook": _json(info.get("notebook")),
                "clusterId": info.get("clusterId"),
                "readVersion": info.get("readVersion"),
                "isolationLevel": info.get("isolationLevel"),
                "isBlindAppend": info.get("isBlindAppend"),
                "operationMetrics": _json(_texts(info.get("operationMetrics"))),
                "userMetadata": info.get("userMetadata"),
                "engineInfo": info.get("engineInfo"),
            }
        )
    return pa.Table.from_pylist(rows, schema=arrow_schema(HISTORY))


def _parameters(noted: object) -> object:
    """deltalake notes the whole schema, and where the table lies, for CREATE TABLE: neither belongs into a history."""
    if not isinstance(noted, dict) or "metadata" not in noted:
        return noted
    metadata = noted["metadata"]
    metadata = json.loads(metadata) if isinstance(metadata, str) else metadata
    shown = {key: value for key, value in noted.items() if key not in ("metadata", "protocol", "location")}
    return shown | {
        "partitionBy": json.dumps(metadata.get("partitionColumns", [])),
        "description": metadata.get("description"),
        "properties": json.dumps(metadata.get("configuration", {})),
    }


def detail(uri: str, name: str | None, storage: Storage = LOCAL) -> pa.Table:
    """One row with exactly Delta's columns; `name` is the table's name in the catalog."""
    table = open_table(uri, None, storage)
    with delta_errors():
        metadata = table.metadata()
        actions = pa.table(table.get_add_actions(flatten=True))
    reader, writer, features = protocol_of(uri, storage)
    newest = commits(uri, 1, storage)
    row = {
        "format": "delta",
        "id": str(metadata.id),
        "name": name,
        "description": metadata.description,
        "location": uri,
        "createdAt": datetime.fromtimestamp(metadata.created_time / 1000, UTC) if metadata.created_time else None,
        "lastModified": newest[0].time if newest else None,
        "partitionColumns": list(metadata.partition_columns),
        "clusteringColumns": [],
        "numFiles": actions.num_rows,
        "sizeInBytes": sum(actions["size_bytes"].to_pylist()),
        "properties": _json(dict(metadata.configuration)) or "{}",
        "minReaderVersion": reader,
        "minWriterVersion": writer,
        "tableFeatures": list(features),
    }
    return pa.Table.from_pylist([row], schema=arrow_schema(DETAIL))


def restore(
    uri: str,
    version: int,
    relation: str,
    snapshots: Snapshots,
    *,
    commit: CommitInfo,
    dry_run: bool = False,
    expected: int | None = None,
) -> RestoreResult:
    """Make the content and schema of `version` current again, as a new commit.

    Raises InvalidParameterValue for a version that does not exist, ObjectNotInPrerequisiteState if VACUUM has removed
    files it needs, SerializationFailure if others commit meanwhile or the newest version is not the `expected` one.
    """
    present = snapshots.latest(uri)
    if expected is not None and present.version != expected:
        raise SerializationFailure("could not serialize access due to concurrent update")
    check_writable(present.min_writer, present.writer_features, present.configuration, present.fields)
    wanted = snapshots.at(TableLocation(uri, version))
    check_partition_values(wanted.fields, wanted.partition_by, wanted.files)
    check_file_paths(present.files)
    check_file_paths(wanted.files)
    before, after = _sizes(present), _sizes(wanted)
    restored = {key: size for key, size in after.items() if key not in before}
    removed = {key: size for key, size in before.items() if key not in after}
    require_files(wanted, relation)
    made = present.version
    if not dry_run and version != present.version:
        table = open_table(uri, present.version, snapshots.storage)
        with delta_errors():
            table.restore(version, commit_properties=commit.properties())
            made = int(table.version())
    return RestoreResult(
        table_size_after_restore=sum(after.values()),
        num_of_files_after_restore=len(after),
        num_removed_files=len(removed),
        num_restored_files=len(restored),
        removed_files_size=sum(removed.values()),
        restored_files_size=sum(restored.values()),
        version=made,
    )


def arrow_schema(fields: Sequence[Field]) -> pa.Schema:
    """The canonical Arrow schema of a result's fields."""
    return pa.schema([(item.name, arrow_type(item.type)) for item in fields])


def _sizes(snapshot: Snapshot) -> dict[tuple[str, bytes], int]:
    """Sizes of a version's files. The same file with other deleted rows is another one, as in Delta's own figures."""
    keys = [(path, snapshot.dead[path].tobytes() if path in snapshot.dead else b"") for path in snapshot.paths()]
    return dict(zip(keys, snapshot.files["size_bytes"].to_pylist(), strict=True))


def check_retention(wanted: timedelta, configured: timedelta, *, force: bool) -> None:
    """Raises InvalidParameterValue for a retention below the table's, unless `force`, and for a negative one."""
    if wanted < configured and not force:
        raise InvalidParameterValue(
            f"a retention of {_hours(wanted):g} hours is below the table's {_hours(configured):g} hours",
            hint="Add FORCE to delete files that running queries and time travel may need.",
        )
    if wanted < timedelta(0):
        raise InvalidParameterValue("the retention must not be negative")


def retention(configuration: Mapping[str, str]) -> timedelta:
    """delta.deletedFileRetentionDuration ("interval 7 days", "168 hours"), or its default."""
    text = configuration.get("delta.deletedFileRetentionDuration")
    if text is None:
        return DEFAULT_RETENTION
    words = text.lower().removeprefix("interval").split()
    units = {"week": 7 * 24, "day": 24, "hour": 1, "minute": 1 / 60, "second": 1 / 3600}
    if len(words) == 2 and words[0].isdigit() and words[1].rstrip("s") in units:
        return timedelta(hours=int(words[0]) * units[words[1].rstrip("s")])
    raise InvalidParameterValue(f'invalid value of delta.deletedFileRetentionDuration: "{text}"')


def _hours(span: timedelta) -> float:
    return span / timedelta(hours=1)


def _present(root: str, listed: Sequence[str], storage: Storage) -> dict[str, int]:
    """The sizes of listed files that are there. deltalake lists files gone already too, with and without encoding."""
    names = [text.removeprefix(root + "/") for text in listed]
    names = [name for name in names if "://" not in name and not name.startswith("/")]
    decoded = [unquote(name) for name in names]
    with delta_errors():
        states = storage.files(root).stat(root, [*names, *decoded])
    found = {}
    for first, second in zip(states[: len(names)], states[len(names) :], strict=True):
        state = first or second
        if state is not None:
            found[state.name] = state.size
    return found


def _total_size(metric: object) -> int:
    values = json.loads(metric) if isinstance(metric, str) else metric
    return int(values["totalSize"]) if isinstance(values, dict) else 0


def _texts(values: object) -> object:
    """A map of strings, as Delta's history has it, whatever the writer put there."""
    if not isinstance(values, dict):
        return None
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
