"""Logs and data files of Delta tables, written by hand as the protocol describes them."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def write_log(root: Path, version: int, actions: Sequence[Mapping[str, object]]) -> None:
    log = root / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"commitInfo": {"timestamp": 1_700_000_000_000 + version, "operation": "WRITE"}})]
    lines += [json.dumps(action) for action in actions]
    (log / f"{version:020d}.json").write_text("\n".join(lines) + "\n")


def write_parquet(path: Path, columns: Mapping[str, object], ids: Mapping[str, int] | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(dict(columns))
    if ids:
        marked = [item.with_metadata({b"PARQUET:field_id": str(ids[item.name]).encode()}) for item in table.schema]
        table = table.cast(pa.schema(marked))
    pq.write_table(table, path)


def protocol(reader: Sequence[str], writer: Sequence[str]) -> dict[str, object]:
    return {
        "protocol": {
            "minReaderVersion": 3,
            "minWriterVersion": 7,
            "readerFeatures": list(reader),
            "writerFeatures": list(writer),
        }
    }


def metadata(
    fields: Sequence[Mapping[str, object]],
    partition_by: Sequence[str] = (),
    configuration: Mapping[str, str] | None = None,
) -> dict[str, object]:
    return {
        "metaData": {
            "id": "11111111-2222-3333-4444-555555555555",
            "format": {"provider": "parquet", "options": {}},
            "schemaString": json.dumps({"type": "struct", "fields": list(fields)}),
            "partitionColumns": list(partition_by),
            "configuration": dict(configuration or {}),
            "createdTime": 1_700_000_000_000,
        }
    }


def field(name: str, delta_type: object, mapped: tuple[int, str] | None = None) -> dict[str, object]:
    extra: dict[str, object] = {}
    if mapped is not None:
        extra = {"delta.columnMapping.id": mapped[0], "delta.columnMapping.physicalName": mapped[1]}
    return {"name": name, "type": delta_type, "nullable": True, "metadata": extra}


def add(
    root: Path,
    path: str,
    rows: int,
    partition: Mapping[str, str | None] | None = None,
    deletion_vector: Mapping[str, object] | None = None,
) -> dict[str, object]:
    action: dict[str, object] = {
        "path": path,
        "partitionValues": dict(partition or {}),
        "size": (root / path).stat().st_size,
        "modificationTime": 1_700_000_000_000,
        "dataChange": True,
        "stats": json.dumps({"numRecords": rows}),
    }
    if deletion_vector is not None:
        action["deletionVector"] = dict(deletion_vector)
    return {"add": action}


def bitmap(rows: Sequence[int]) -> bytes:
    """A RoaringBitmapArray in portable form with one array container (Delta protocol, deletion vector format)."""
    values = sorted(rows)
    container = struct.pack("<IIHHI", 12346, 1, 0, len(values) - 1, 16)
    container += b"".join(struct.pack("<H", value) for value in values)
    return struct.pack("<IQI", 1681511377, 1, 0) + container


def z85(data: bytes) -> str:
    """Base85 in ZeroMQ's alphabet, as Delta writes inline vectors."""
    ours = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
    theirs = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    padded = data + b"\0" * (-len(data) % 4)
    return base64.b85encode(padded).translate(bytes.maketrans(ours, theirs)).decode()
