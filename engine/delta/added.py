"""The rows that a commit has added to a table, read from its data files: whoever had Spark write them learns so which
values Spark has made. What changed in a table otherwise is not told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.errors import FeatureNotSupported
from catalog.names import TableLocation
from engine.delta.errors import delta_errors
from engine.delta.rows import storage_schema
from engine.delta.snapshot import Snapshot, Snapshots


def check_readable(snapshot: Snapshot) -> None:
    """Whether `rows` would understand files that are added now. Raises FeatureNotSupported."""
    if snapshot.column_mapping:
        raise FeatureNotSupported("new rows of a table with column mapping cannot be returned")


def rows(snapshots: Snapshots, uri: str, version: int | None) -> pa.Table:
    """Those of files that `version` has and the version before has not, in the types in which they are stored; of no
    version there are none. Raises SqlError.
    """
    after = snapshots.latest(uri) if version is None else snapshots.at(TableLocation(uri, version))
    schema = storage_schema(after.fields)
    if version is None:
        return schema.empty_table()
    known = frozenset(snapshots.at(TableLocation(uri, version - 1)).files["path"].to_pylist())
    found = [
        _file(after, file, path, schema)
        for file, path in zip(after.files.to_pylist(), after.paths(), strict=True)
        if file["path"] not in known
    ]
    return pa.concat_tables([schema.empty_table(), *found])


def _file(snapshot: Snapshot, file: Mapping[str, Any], path: str, schema: pa.Schema) -> pa.Table:
    with delta_errors(), snapshot.storage.files(path).open(path, file["size_bytes"]) as opened:
        stored = pq.ParquetFile(opened).read()
    columns = []
    for item in schema:
        if item.name in snapshot.partition_by:
            value = pa.scalar(file[f"partition.{item.name}"], item.type)
            columns.append(pa.repeat(value, stored.num_rows))
        else:
            columns.append(stored[item.name].cast(item.type))
    return pa.table(columns, schema=schema)
