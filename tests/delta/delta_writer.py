"""A process that appends to a table for ever and prints each number once its commit is acknowledged."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa

from catalog.names import TableName
from engine.delta.snapshot import Snapshots
from engine.delta.table import CommitInfo
from engine.delta.transaction import DeltaTransaction


def main() -> None:
    uri, staging, first, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    snapshots, name = Snapshots(), TableName("public", "t")
    for number in range(first, first + count):
        transaction = DeltaTransaction(staging, snapshots, CommitInfo("writer"), memory_bytes=0)
        rows = pa.record_batch({"id": pa.array([number], pa.int64())})
        transaction.append(name, uri, rows.schema, [rows])
        transaction.commit()
        print(number, flush=True)


if __name__ == "__main__":
    main()
