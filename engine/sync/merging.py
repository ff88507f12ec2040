"""Rows merged into a target by key, in one commit: those of a reader, and what `changes` has folded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable

from catalog.errors import InvalidParameterValue, NotNullViolation
from catalog.names import always_quote
from engine.connectors.model import SourceTable
from engine.delta.errors import delta_errors
from engine.delta.rows import storage_schema
from engine.delta.spilled import Spill, mapped
from engine.delta.staging import StagingFolder
from engine.sync.fold import Indexes, Mask, check_key, codes_of, last_of_each
from engine.sync.position import Step, properties
from engine.sync.target import STAGING_PREFIX, Deletes, Target, fields_in, prepare, read_rows, staged
from engine.sync.write import Counts, Outcome, TargetRows, already, check_rewritable, overwrite, take

MEMORY_BYTES = 64 << 20
"""Rows of a reader kept in memory before they go to a file."""
MERGE_BYTES = 128 << 20
"""Rows given to one MERGE, which needs about four times as much memory."""
PIECE_ROWS = 65_536
_NOW = "arrow_cast('{}', 'Timestamp(Microsecond, Some(\"UTC\"))')"


@dataclass(frozen=True, slots=True)
class Merged:
    """Rows as the target stores them, one for each key. Those that are not `whole` name only the key of a row that is
    `deleted`. `kept`: by column, in which rows the target's value stays. `truncated`: all other rows are deleted.
    """

    rows: pa.Table
    key: Sequence[str]
    deleted: Mask
    whole: Mask
    kept: Mapping[str, Mask] = field(default_factory=dict)
    truncated: bool = False


def merge_rows(
    target: Target,
    source: SourceTable,
    key: Sequence[str],
    reader: pa.RecordBatchReader,
    step: Step,
) -> Outcome:
    """Rows with a new key are added, others take the place of the one with their key; of several the last counts.

    What the source no longer has stays. Raises NotNullViolation for a
    NULL in the key, InvalidParameterValue (22023) for a key that is not among the columns.
    """
    _check_columns(key, reader.schema.names)
    if (done := already(target, step)) is not None:
        return done
    evolution = prepare(target, source)
    folder = StagingFolder(target.staging_dir, STAGING_PREFIX)
    try:
        incoming = _collected(reader, folder.path)

        def write(table: DeltaTable) -> Counts:
            _check_columns(key, [item.name for item in fields_in(table)])
            if not incoming.num_rows:
                return Counts()
            check_key(incoming, key)
            last = last_of_each(codes_of([incoming[name] for name in key]))
            if incoming.nbytes > MERGE_BYTES and _covers(table, target, incoming):
                return _rewrite(table, target, incoming, last, key, step)
            chosen = incoming if len(last) == incoming.num_rows else incoming.take(pa.array(last))
            rows = cast_rows(TargetRows(target, table, fields_in(table), incoming.schema), chosen)
            none = np.zeros(rows.num_rows, np.bool_)
            return merge(table, target, Merged(rows, key, none, ~none), step)

        return take(target, step, evolution, write)
    finally:
        folder.close()


def cast_rows(rows: TargetRows, table: pa.Table) -> pa.Table:
    """The columns that the target has, as it stores them."""
    batches = [rows.given(batch) for batch in table.to_batches()]
    return pa.Table.from_batches(batches) if batches else rows.none()


def merge(table: DeltaTable, target: Target, merged: Merged, step: Step) -> Counts:
    """One MERGE through the given handle; no commit if it has no effect. Raises SqlError, 40001 for a conflict."""
    soft = target.deletes is Deletes.SOFT
    names = merged.rows.column_names
    _check_not_null(table, target, merged)
    if not merged.rows.num_rows and not (merged.truncated and soft):
        return Counts()
    check_rewritable(table)
    now = datetime.now(UTC)
    on = " AND ".join(f"t.{always_quote(name)} = s.s{names.index(name)}" for name in merged.key)
    updates = {always_quote(name): _value(merged, name, at) for at, name in enumerate(names) if name not in merged.key}
    inserts = {always_quote(name): f"s.s{at}" for at, name in enumerate(names)}
    mark = always_quote(target.soft_column)
    if soft:
        updates[mark] = inserts[mark] = "s.at"
    with delta_errors():
        merger = table.merge(
            _source(merged, now),
            on,
            source_alias="s",
            target_alias="t",
            streamed_exec=False,  # lets it skip files by the range of the keys
            commit_properties=properties(target.commit, step),
        )
        if not merged.whole.all():
            gone = "NOT s.whole"
            if soft:
                merger = merger.when_matched_update({mark: "s.at"}, f"{gone} AND t.{mark} IS NULL")
            else:
                merger = merger.when_matched_delete(gone)
        if updates:
            merger = merger.when_matched_update(updates, "s.whole")
        merger = merger.when_not_matched_insert(inserts, "s.whole")
        if merged.truncated and soft:
            at = _NOW.format(now.strftime("%Y-%m-%dT%H:%M:%S.%f"))
            merger = merger.when_not_matched_by_source_update({mark: at}, f"t.{mark} IS NULL")
        metrics = merger.execute()
    written = int(np.count_nonzero(merged.whole & ~merged.deleted))
    deleted = int(np.count_nonzero(merged.deleted)) if soft else int(metrics["num_target_rows_deleted"])
    return Counts(written, deleted)


def _covers(table: DeltaTable, target: Target, incoming: pa.Table) -> bool:
    """Whether the rows tell all of the target's columns: then nothing of a row that they replace is needed."""
    own = {column.name for column in target.added}
    return {item.name for item in fields_in(table)} - own <= set(incoming.column_names)


def _rewrite(
    table: DeltaTable, target: Target, incoming: pa.Table, last: Indexes, key: Sequence[str], step: Step
) -> Counts:
    """The whole table anew, a piece at a time: a MERGE holds all rows that it is given in memory."""
    check_rewritable(table)
    fields = fields_in(table)
    names = [item.name for item in fields]
    chosen = np.zeros(incoming.num_rows, np.bool_)
    chosen[last] = True
    narrow = incoming.select(list(key))
    keys = cast_rows(TargetRows(target, table, fields, narrow.schema, relaxed=True), narrow)
    cast = TargetRows(target, table, fields, incoming.schema)

    def old() -> Iterator[pa.RecordBatch]:
        for piece in _pieces(read_rows(table, names)):
            both = [pa.chunked_array([*piece[name].chunks, *keys[name].chunks]) for name in key]
            codes = codes_of(both)
            stays = ~np.isin(codes[: piece.num_rows], codes[piece.num_rows :])
            yield from piece.filter(pa.array(stays)).to_batches()

    def new() -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in incoming.to_batches(max_chunksize=PIECE_ROWS):
            wanted = batch.filter(pa.array(chosen[start : start + batch.num_rows]))
            start += batch.num_rows
            if wanted.num_rows:
                yield cast(wanted)

    with staged(target, storage_schema(fields), old()) as rows:
        overwrite(table, target, chain(rows, new()), step)
    return Counts(len(last))


def _pieces(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Some batches at a time, so many that it pays to look for all keys among their rows."""
    waiting: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        waiting.append(batch)
        size += batch.nbytes
        if size > MEMORY_BYTES:
            yield pa.Table.from_batches(waiting)
            waiting, size = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)


def _value(merged: Merged, name: str, at: int) -> str:
    kept = merged.kept.get(name)
    if kept is None or not kept.any():
        return f"s.s{at}"
    return f"CASE WHEN s.k{at} THEN t.{always_quote(name)} ELSE s.s{at} END"


def _source(merged: Merged, now: datetime) -> pa.Table:
    """Under names of our own: a column s<n> for each, k<n> where it may be kept; whole, at."""
    columns: dict[str, pa.Array | pa.ChunkedArray] = {}
    for at, (name, column) in enumerate(zip(merged.rows.column_names, merged.rows.columns, strict=True)):
        columns[f"s{at}"] = column
        kept = merged.kept.get(name)
        if kept is not None and kept.any():
            columns[f"k{at}"] = pa.array(kept)
    columns["whole"] = pa.array(merged.whole)
    moments = np.full(merged.rows.num_rows, np.datetime64(now.replace(tzinfo=None), "us"))
    columns["at"] = pa.array(moments, pa.timestamp("us"), mask=~merged.deleted).cast(pa.timestamp("us", tz="UTC"))
    return pa.table(columns)


def _check_not_null(table: DeltaTable, target: Target, merged: Merged) -> None:
    """Of the rows that are written, in PostgreSQL's words: deltalake does not tell the column."""
    for item in fields_in(table):
        if item.nullable or item.name not in merged.rows.column_names or not merged.rows[item.name].null_count:
            continue
        nulls = np.asarray(merged.rows[item.name].is_null().to_numpy()).astype(np.bool_)
        if (nulls & merged.whole & ~merged.kept.get(item.name, np.zeros(len(nulls), np.bool_))).any():
            raise NotNullViolation(
                f'null value in column "{item.name}" of relation "{target.relation}" violates not-null constraint'
            )


def _collected(reader: pa.RecordBatchReader, folder: Path) -> pa.Table:
    """All rows: in memory while they are few, else on disk, where they are read in place."""
    batches: list[pa.RecordBatch] = []
    spill, size = Spill(lambda: str(folder / "rows.arrow")), 0
    try:
        for batch in reader:
            batches.append(batch)
            size += batch.nbytes
            if size > MEMORY_BYTES:
                spill.write(batches, reader.schema)
                batches, size = [], 0
        files = spill.close()
    except BaseException:
        spill.discard()
        raise
    rest = pa.Table.from_batches(batches, reader.schema)
    return pa.concat_tables([*(mapped(path) for path in files), rest])


def _check_columns(key: Sequence[str], names: Sequence[str]) -> None:
    if not key:
        raise InvalidParameterValue("rows can only be merged by a key")
    for name in key:
        if name not in names:
            raise InvalidParameterValue(f'column "{name}" of the key is not among the columns')
