"""Sources made up in tests: their tables, rows and changes, and what a target holds in the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from catalog.types import INT8, TEXT, PgType, arrow_type
from engine.connectors.changes import FROM_KEY, OP, SEQ, UNCHANGED, TableChanges
from engine.connectors.model import SourceColumn, SourceName, SourceTable
from engine.delta.table import CommitInfo
from engine.sync.position import Step
from engine.sync.target import Target

Row = Mapping[str, Any]
SYNC = "sync:tests"


def column(name: str, kind: PgType = TEXT, number: int = 0, *, nullable: bool = True) -> SourceColumn:
    return SourceColumn(name, kind, nullable, "as it is", number)


def table(*columns: SourceColumn, key: Sequence[str] = ("id",), id_: str = "16384") -> SourceTable:
    """Columns without a number get their place."""
    numbered = tuple(
        SourceColumn(each.name, each.type, each.nullable, each.source_type, each.number or place)
        for place, each in enumerate(columns, 1)
    )
    return SourceTable(SourceName("public", "t"), id_, numbered, tuple(key))


PLAIN = table(column("id", INT8, nullable=False), column("name"), column("n", INT8))


def schema_of(source: SourceTable) -> pa.Schema:
    return pa.schema([(each.name, arrow_type(each.type)) for each in source.columns])


def reader(source: SourceTable, rows: Iterable[Row], batch_rows: int = 1000) -> pa.RecordBatchReader:
    found = pa.Table.from_pylist([dict(row) for row in rows], schema_of(source))
    return pa.RecordBatchReader.from_batches(found.schema, found.to_batches(batch_rows))


def changes(source: SourceTable, events: Sequence[tuple[str, Row]]) -> TableChanges:
    """Events are (op, row); a row may have UNCHANGED and FROM_KEY."""
    schema = schema_of(source)
    key = pa.struct([schema.field(name) for name in source.key])
    whole = [pa.field(SEQ, pa.int64()), pa.field(OP, pa.string()), *schema, pa.field(UNCHANGED, pa.list_(pa.int16()))]
    if source.key:
        whole.append(pa.field(FROM_KEY, key))
    rows = [{SEQ: seq, OP: op, **row} for seq, (op, row) in enumerate(events)]
    return TableChanges(source, pa.Table.from_pylist(rows, pa.schema(whole)))


def step(number: int) -> Step:
    return Step(SYNC, number, {"lsn": number})


def target(folder: Path, **rules: Any) -> Target:
    return Target(str(folder / "target"), "t", CommitInfo("alice", "q_1"), folder / "staging", **rules)


def rows_of(where: Target, *order: str) -> list[dict[str, Any]]:
    found = DeltaTable(where.uri, storage_options=where.storage.delta(where.uri)).to_pyarrow_table()
    return found.sort_by([(name, "ascending") for name in order or ("id",)]).to_pylist()


def log_version(where: Target) -> int:
    return int(DeltaTable(where.uri, storage_options=where.storage.delta(where.uri)).version())
