"""Changes folded to the last one of each key, by whole columns. Pure: no table is touched here.

A value that the source did not send comes from an earlier change of the same row, else from the target's row: the one
with the same key, or, where the key was changed, the one with the key before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import FeatureNotSupported, NotNullViolation
from engine.connectors.changes import DELETE, FROM_KEY, OP, TRUNCATE, UNCHANGED

Indexes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Folded:
    """`rows`: the last change of each key, the table's columns only. By row: `deleted`; `whole`, it has values and not
    only a key; by column and row: `kept`, the value is that of the target's row; `moved`: it is that of the target's
    row with the key in `moved_keys` (as many rows as `rows`). `truncated`: nothing that was in the target before is
    left.
    """

    rows: pa.Table
    deleted: Mask
    whole: Mask
    kept: Mapping[str, Mask]
    moved: Mapping[str, Mask]
    moved_keys: pa.Table
    truncated: bool


def fold(changes: pa.Table, columns: Sequence[str], key: Sequence[str], *, values_of_deleted: bool = False) -> Folded:
    """`changes`: rows as TableChanges has them, in order; `columns`: the table's, as UNCHANGED counts them.

    `values_of_deleted`: rows that came and went within these changes are told with their last values. Raises
    NotNullViolation for a NULL in a key.
    """
    truncates = _mask(pc.equal(changes[OP], TRUNCATE))
    truncated = bool(truncates.any())
    cut = int(np.count_nonzero(~truncates[: np.flatnonzero(truncates)[-1]])) if truncated else 0
    if truncated:
        changes = changes.filter(pa.array(~truncates))
        if not values_of_deleted:
            changes, cut = changes.slice(cut), 0
    deletes = _mask(pc.equal(changes[OP], DELETE))
    own, before, has_before = _codes(changes, key)
    last = last_of_each(own)
    deleted = deletes[last] | (last < cut)
    if values_of_deleted:
        last = _last_with_values(own, last, deletes)
    whole = ~deletes[last]
    rows = changes.select(list(columns))
    masks = _unchanged(changes)
    if not masks:
        none = rows.select(list(key)).slice(0, 0)
        return Folded(rows.take(pa.array(last)), deleted, whole, {}, {}, none, truncated)
    looked_up = np.where(has_before, before, own)
    touched = np.logical_or.reduce(list(masks.values()))
    previous = _previous(own, looked_up, deletes, touched)
    root = _chase(previous, np.ones(len(own), np.bool_))[last]
    kept, moved, taken = {}, {}, {}
    for index, mask in masks.items():
        origin = _chase(previous, mask)[last]
        unknown, same = mask[origin] & whole, looked_up[root] == own[last]
        taken[columns[index]] = origin
        kept[columns[index]], moved[columns[index]] = unknown & same, unknown & ~same
    arrays = [rows[name].take(pa.array(taken.get(name, last))) for name in columns]
    found = pa.table(arrays, schema=rows.schema)
    return Folded(found, deleted, whole, kept, moved, _keys(changes, key, root), truncated)


def last_of_each(codes: Indexes) -> Indexes:
    """Where each code comes last, ascending."""
    _, first = np.unique(codes[::-1], return_index=True)
    return np.sort(len(codes) - 1 - first)


def codes_of(columns: Sequence[pa.ChunkedArray]) -> Indexes:
    """A number for each row, equal for rows that are equal in all columns. Raises FeatureNotSupported."""
    codes = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        if pa.types.is_nested(column.type):
            raise FeatureNotSupported("a key of arrays is not supported by a sync")
        encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        numbers = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        codes = codes * (len(encoded.dictionary) + 1) + numbers
        if len(columns) > 1:
            _, codes = np.unique(codes, return_inverse=True)
    return codes


def check_key(rows: pa.Table, key: Sequence[str]) -> None:
    """Rows without a key would be added each time. Raises NotNullViolation."""
    for name in key:
        if rows[name].null_count:
            raise NotNullViolation(f'null value in column "{name}", which is in the key of the sync')


def _codes(changes: pa.Table, key: Sequence[str]) -> tuple[Indexes, Indexes, Mask]:
    """Of each row's key and of its key before, in one numbering; and which rows have one before."""
    check_key(changes, key)
    if FROM_KEY not in changes.column_names or changes[FROM_KEY].null_count == changes.num_rows:
        own = codes_of([changes[name] for name in key])
        return own, own, np.zeros(len(own), np.bool_)
    has_before = _mask(changes[FROM_KEY].is_valid())
    both = [
        pa.chunked_array([*changes[name].chunks, *_before(changes, name).cast(changes[name].type).chunks])
        for name in key
    ]
    codes = codes_of(both)
    return codes[: changes.num_rows], codes[changes.num_rows :], has_before


def _before(changes: pa.Table, name: str) -> pa.ChunkedArray:
    return pc.struct_field(changes[FROM_KEY], name)


def _last_with_values(own: Indexes, last: Indexes, deletes: Mask) -> Indexes:
    """For each key the last change that tells values; where there is none, the last."""
    if not len(own):
        return last
    holders = np.flatnonzero(~deletes)
    found = np.full(int(own.max()) + 1, -1)
    np.maximum.at(found, own[holders], holders)
    return np.where(found[own[last]] >= 0, found[own[last]], last)


def _keys(changes: pa.Table, key: Sequence[str], at: Indexes) -> pa.Table:
    """The keys under which the target has the rows at `at`."""
    columns = {}
    for name in key:
        own = changes[name]
        if FROM_KEY in changes.column_names:
            column = pc.if_else(changes[FROM_KEY].is_valid(), _before(changes, name).cast(own.type), own)
        else:
            column = own
        columns[name] = column.take(pa.array(at))
    return pa.table(columns)


def _unchanged(changes: pa.Table) -> dict[int, Mask]:
    """By column's index: in which rows the source did not send it."""
    if UNCHANGED not in changes.column_names or changes[UNCHANGED].null_count == changes.num_rows:
        return {}
    lists = changes[UNCHANGED].combine_chunks()
    if isinstance(lists, pa.ChunkedArray):
        lists = pa.concat_arrays(lists.chunks)
    parents = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    numbers = pc.list_flatten(lists).to_numpy(zero_copy_only=False)
    found = {}
    for index in np.unique(numbers):
        mask = np.zeros(changes.num_rows, np.bool_)
        mask[parents[numbers == index]] = True
        found[int(index)] = mask
    return found


def _previous(own: Indexes, looked_up: Indexes, deletes: Mask, touched: Mask) -> Indexes:
    """For each touched row: the row of these changes with what it was before; itself if there is none."""
    rows = len(own)
    holders = np.flatnonzero(~deletes)
    ordered = np.sort(own[holders] * (rows + 1) + holders)
    found = np.arange(rows)
    at = np.flatnonzero(touched)
    place = np.searchsorted(ordered, looked_up[at] * (rows + 1) + at) - 1
    usable = place >= 0
    candidates = ordered[np.maximum(place, 0)]
    usable &= candidates // (rows + 1) == looked_up[at]
    found[at[usable]] = (candidates % (rows + 1))[usable]
    return found


def _chase(previous: Indexes, follow: Mask) -> Indexes:
    """Where the chain of previous rows, gone along while `follow` holds, ends for each row."""
    found = np.where(follow, previous, np.arange(len(previous)))
    while True:
        further = found[found]
        if np.array_equal(further, found):
            return found
        found = further


def _mask(column: pa.ChunkedArray | pa.Array) -> Mask:
    array = column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()
    return np.asarray(array).astype(np.bool_)
