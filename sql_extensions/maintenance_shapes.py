"""What VACUUM, OPTIMIZE and RESTORE are told and answer, for their statements, function twins and both engines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa

UNCOMMITTED_KEPT = timedelta(hours=24)
"""A file that no commit names may belong to a write under way: it is never deleted before it is as old as this."""
VACUUM_COLUMNS = pa.schema(
    [
        ("table", pa.string()),
        ("files_deleted", pa.int64()),
        ("bytes", pa.int64()),
        ("retain_from_version", pa.int64()),
        ("oldest_time_travel_left", pa.timestamp("us", tz="UTC")),
    ]
)
VACUUM_FILES = pa.schema([("table", pa.string()), ("path", pa.string()), ("bytes", pa.int64())])
"""The columns of a dry run: one row for each file."""
OPTIMIZE_COLUMNS = pa.schema(
    [
        ("table", pa.string()),
        ("files_added", pa.int64()),
        ("files_removed", pa.int64()),
        ("bytes_added", pa.int64()),
        ("bytes_removed", pa.int64()),
        ("delta_version", pa.int64()),
    ]
)
RESTORE_NAMES = (
    "table_size_after_restore",
    "num_of_files_after_restore",
    "num_removed_files",
    "num_restored_files",
    "removed_files_size",
    "restored_files_size",
)
RESTORE_COLUMNS = pa.schema([(name, pa.int64()) for name in RESTORE_NAMES])


@dataclass(frozen=True, slots=True)
class VacuumOptions:
    """`retain` None: the table's own retention."""

    full: bool = False
    lite: bool = False
    retain: timedelta | None = None
    dry_run: bool = False
    force: bool = False
