"""A source's changes applied to a target: folded to the last of each key, then one commit that also takes the step."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from catalog.errors import FeatureNotSupported, ObjectNotInPrerequisiteState
from engine.connectors.changes import DELETE, INSERT, OP, TRUNCATE, TableChanges
from engine.sync.fold import Folded, Indexes, Mask, fold
from engine.sync.merging import Merged, cast_rows, merge
from engine.sync.position import Step
from engine.sync.target import Deletes, Target, fields_in, prepare, read_rows
from engine.sync.write import Counts, Outcome, TargetRows, already, append, overwrite, take


def apply_changes(target: Target, changes: TableChanges, step: Step) -> Outcome:
    """Bring the target to where the source was at the step's position. May be repeated: a step is taken once.

    Columns follow the source's first, in a commit of their own. Raises SqlError: 42804 for columns that the rule does
    not let change, 55000 for updates and deletes of a table without a key, 40001 after several conflicts.
    """
    if (done := already(target, step)) is not None:
        return done
    evolution = prepare(target, changes.table)
    if not changes.table.key:
        return take(target, step, evolution, lambda table: _append(table, target, changes, step))
    return take(target, step, evolution, lambda table: _merge(table, target, changes, step))


def _merge(table: DeltaTable, target: Target, changes: TableChanges, step: Step) -> Counts:
    rows, source = changes.rows, changes.table
    if target.deletes is Deletes.IGNORE:
        rows = rows.filter(pc.invert(pc.is_in(rows[OP], pa.array([DELETE, TRUNCATE]))))
    if not rows.num_rows:
        return Counts()
    columns = [column.name for column in source.columns]
    folded = fold(rows, columns, source.key, values_of_deleted=target.deletes is Deletes.SOFT)
    cast = TargetRows(target, table, fields_in(table), folded.rows.schema, relaxed=True)
    stored = _with_moved(table, target, folded, cast_rows(cast, folded.rows))
    if folded.truncated and target.deletes is Deletes.APPLY:
        return _replace(table, target, stored, folded.deleted, step)
    kept = {name: mask for name, mask in folded.kept.items() if name in stored.column_names}
    merged = Merged(stored, source.key, folded.deleted, folded.whole, kept, folded.truncated)
    return merge(table, target, merged, step)


def _replace(table: DeltaTable, target: Target, stored: pa.Table, deleted: Mask, step: Step) -> Counts:
    """After a TRUNCATE what came later is all there is."""
    found = _rows_before(table)
    live = stored.filter(pa.array(~deleted))
    whole = TargetRows(target, table, fields_in(table), live.schema)
    overwrite(table, target, (whole(batch) for batch in live.to_batches()), step)
    return Counts(live.num_rows, found)


def _append(table: DeltaTable, target: Target, changes: TableChanges, step: Step) -> Counts:
    """A table without a key: rows can be added, and all be taken away."""
    rows, ops = changes.rows, changes.rows[OP]
    if target.deletes is Deletes.IGNORE:
        rows = rows.filter(pc.invert(pc.is_in(ops, pa.array([DELETE, TRUNCATE]))))
    others = pc.unique(rows[OP]).to_pylist()
    if set(others) - {INSERT, TRUNCATE}:
        raise ObjectNotInPrerequisiteState(
            f'updates and deletes cannot be applied to "{target.relation}": its source has no key',
            hint="Give the source's table a primary key, or sync it by snapshots.",
        )
    truncates = np.flatnonzero(np.asarray(pc.equal(rows[OP], TRUNCATE).to_numpy()).astype(np.bool_))
    if len(truncates) and target.deletes is Deletes.SOFT:
        raise FeatureNotSupported("a TRUNCATE of a table without a key cannot be kept as soft deletes")
    if len(truncates):
        rows = rows.slice(int(truncates[-1]) + 1)
    values = rows.select([column.name for column in changes.table.columns])
    cast = TargetRows(target, table, fields_in(table), values.schema)
    batches = (cast(batch) for batch in values.to_batches() if batch.num_rows)
    if len(truncates):
        deleted = _rows_before(table)
        overwrite(table, target, batches, step)
        return Counts(cast.count, deleted)
    if values.num_rows:
        append(table, target, batches, step)
    return Counts(cast.count)


def _with_moved(table: DeltaTable, target: Target, folded: Folded, stored: pa.Table) -> pa.Table:
    """With the values of rows whose key has changed, as the target has them under the key before."""
    moved = {name: mask for name, mask in folded.moved.items() if mask.any() and name in stored.column_names}
    if not moved:
        return stored
    wanted = np.flatnonzero(np.logical_or.reduce(list(moved.values())))
    cast = TargetRows(target, table, fields_in(table), folded.moved_keys.schema, relaxed=True)
    keys = cast_rows(cast, folded.moved_keys.take(pa.array(wanted)))
    places, found = _looked_up(table, keys, list(moved))
    at_row = np.full(stored.num_rows, -1)
    at_row[wanted[places]] = np.arange(len(places))
    for name, mask in moved.items():
        index = np.where(mask, stored.num_rows + at_row, np.arange(stored.num_rows))
        missing = mask & (at_row < 0)
        both = pa.chunked_array([*stored[name].chunks, *found[name].chunks], stored.schema.field(name).type)
        taken = both.take(pa.array(index, mask=missing))
        stored = stored.set_column(stored.column_names.index(name), stored.schema.field(name), taken)
    return stored


def _looked_up(table: DeltaTable, keys: pa.Table, columns: list[str]) -> tuple[Indexes, pa.Table]:
    """The target's rows with one of the keys: at which row of `keys`, and the columns' values."""
    names = keys.column_names
    wanted = keys.append_column("__place", pa.array(np.arange(keys.num_rows)))
    fields = {item.name: item.arrow for item in fields_in(table)}
    places, parts = [np.empty(0, np.int64)], []
    for batch in read_rows(table, [*names, *(name for name in columns if name not in names)]):
        here = pa.table({name: batch.column(name) for name in names})
        here = here.append_column("__row", pa.array(np.arange(batch.num_rows)))
        hits = here.join(wanted, names, join_type="inner")
        places.append(hits["__place"].to_numpy())
        part = batch.take(hits["__row"].combine_chunks())
        parts.append(pa.table({name: part.column(name) for name in columns}))
    schema = pa.schema([(name, fields[name]) for name in columns])
    return np.concatenate(places), pa.concat_tables([schema.empty_table(), *parts])


def _rows_before(table: DeltaTable) -> int:
    return sum(count or 0 for count in pa.table(table.get_add_actions(flatten=True))["num_records"].to_pylist())
