"""A disk that takes no more: writes fail cleanly, nothing half written becomes visible, nothing is left behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from catalog.model import Column
from catalog.types import TEXT
from engine.delta.table import create
from tests.delta.delta_fixtures import COMMIT

_PROGRAM = """
import os, resource, signal, sys
from pathlib import Path
import pyarrow as pa
from catalog.errors import SqlError
from catalog.names import TableName
from engine.delta.snapshot import Snapshots
from engine.delta.table import CommitInfo
from engine.delta.transaction import DeltaTransaction

uri, staging, memory_bytes = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
rows = pa.record_batch({"s": [os.urandom(500).hex() for _ in range(2000)]})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
transaction = DeltaTransaction(staging, Snapshots(), CommitInfo("x"), memory_bytes=memory_bytes)
try:
    transaction.append(TableName("s", "t"), uri, rows.schema, [rows])
    transaction.commit()
except SqlError as error:
    print(error.code, error.message)
finally:
    transaction.rollback()
"""


@pytest.mark.parametrize("memory_bytes", [8 << 20, 1000], ids=["at commit", "while staging"])
def test_no_space(tmp_path: Path, memory_bytes: int) -> None:
    """The limit on file size stands in for a full disk."""
    uri, staging = str(tmp_path / "t"), tmp_path / "staging"
    staging.mkdir()
    create(uri, [Column("s", TEXT)], commit=COMMIT)
    command = [sys.executable, "-c", _PROGRAM, uri, str(staging), str(memory_bytes)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2], check=False
    )
    assert done.stdout.startswith("53100"), done.stderr
    assert str(tmp_path) not in done.stdout
    assert list(staging.iterdir()) == []
    assert DeltaTable(uri).version() == 0
    assert pa.table(DeltaTable(uri).scan()).num_rows == 0
