"""A Delta snapshot as a DuckDB relation: SQL over the active files, and what must be registered for it to run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from catalog.errors import FeatureNotSupported, InsufficientPrivilege, InternalError
from catalog.names import always_quote, quote_literal
from engine.delta.errors import delta_errors
from engine.delta.schema import DeltaField
from engine.delta.snapshot import Snapshot, open_table
from engine.embedded.lake_files import LakeFile, Reading
from engine.storage.place import is_s3
from engine.storage.recent import Recent

_GLOB = re.compile(r"[*?\[\]{}]")
LEGS_MAX = 16
"""Up to this many partition tuples are one leg each; beyond, values are looked up by file name (25 times faster for
1000 partitions: the name is constant within a vector, and DuckDB prunes files by it)."""
_FILE = "kadali$file"
SCHEMAS_MAX = 32_768
"""Data files whose columns are remembered."""
FOOTERS_AT_ONCE = 16
FOOTERS_MAX = 1_000
"""Up to this many files of a leg, their footers are read (once) to see whether they hold what the table declares."""


@dataclass(frozen=True, slots=True)
class Scan:
    """`sql` selects all columns of the snapshot by their names, in their Delta types.

    `registered` are the relations it needs on the cursor, by name (Arrow tables, or streams that can be read again).
    """

    sql: str
    registered: Mapping[str, object] = field(default_factory=dict)


class RescannableScan:
    """deltalake's own reader as a relation DuckDB may scan any number of times: each scan opens it anew."""

    def __init__(self, table: DeltaTable, columns: Sequence[str]) -> None:
        self._table, self._columns = table, list(columns)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        with delta_errors():
            return self._table.scan(columns=self._columns).__arrow_c_stream__(requested_schema)


def scan(
    snapshot: Snapshot, columns: Sequence[str], tag: str, roots: Sequence[str], reading: Reading | None = None
) -> Scan:
    """The relation for `columns` of a snapshot. Its files of an object store, if it reads them, are added to `reading`.

    `tag` prefixes the names of what is registered and must be unique on the cursor. Raises InsufficientPrivilege for a
    log that points outside `roots`.
    """
    wanted = set(columns)
    fields = [item for item in snapshot.fields if item.name in wanted]
    check_distinct([item.name for item in fields])
    paths = snapshot.paths()
    _check_inside([snapshot.root, *paths], roots)
    snapshot.storage.files(snapshot.root).check(paths)
    if not paths:
        return Scan("SELECT " + _list(f"NULL::{f.duckdb} AS {always_quote(f.name)}" for f in fields) + " WHERE false")
    named = set(paths)
    odd = named != snapshot.file_uris or not snapshot.dead.keys() <= named or any(map(_GLOB.search, paths))
    if odd or (snapshot.column_mapping and any(item.nested for item in fields)):
        table = open_table(snapshot.uri, snapshot.version, snapshot.storage)
        select = _list(f"{always_quote(f.name)}::{f.duckdb} AS {always_quote(f.name)}" for f in fields)
        name = f"{tag}_scan"
        return Scan(
            f"SELECT {select} FROM {always_quote(name)}", {name: RescannableScan(table, [f.name for f in fields])}
        )
    return _file_scan(snapshot, fields, paths, tag, reading)


def check_distinct(names: Sequence[str]) -> None:
    """DuckDB's names ignore case: refuse columns that differ in nothing else."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise FeatureNotSupported(
                f'columns "{other}" and "{name}" differ only in case, which the embedded engine does not support'
            )


def _file_scan(
    snapshot: Snapshot, fields: Sequence[DeltaField], paths: Sequence[str], tag: str, reading: Reading | None
) -> Scan:
    """Legs over plain files by partition tuple; one leg for each file with a deletion vector."""
    literals = _partition_literals(snapshot, fields)
    legs: dict[tuple[str, ...], list[str]] = {}
    cut: list[tuple[str, tuple[str, ...]]] = []
    for path, values in zip(paths, literals, strict=True):
        if path in snapshot.dead:
            cut.append((path, values))
        else:
            legs.setdefault(values, []).append(path)
    names = [item.name for item in fields if item.name in snapshot.partition_by]
    remote = _remote(snapshot, paths)
    if remote:
        if reading is None:
            raise InternalError("the embedded engine has no way to the object store")
        reading.add(remote)
    footers = _Footers(reading if remote else None)
    if len(legs) > LEGS_MAX:
        sql = [_lookup_leg(fields, names, legs, footers)]
    else:
        sql = [
            _plain_leg(fields, dict(zip(names, values, strict=True)), files, footers) for values, files in legs.items()
        ]
    registered: dict[str, object] = {}
    if cut:
        name = f"{tag}_dead"
        registered[name] = _dead_table(snapshot, [path for path, _ in cut])
        sql += _cut_legs(fields, names, cut, name, footers)
    return Scan(" UNION ALL ".join(sql), registered)


def _remote(snapshot: Snapshot, paths: Sequence[str]) -> Mapping[str, LakeFile]:
    sizes, times = snapshot.files["size_bytes"].to_pylist(), snapshot.files["modification_time"].to_pylist()
    return {
        path: LakeFile(size, datetime.fromtimestamp(changed / 1000, UTC))
        for path, size, changed in zip(paths, sizes, times, strict=True)
        if is_s3(path)
    }


Parts = Mapping[str, str]
"""The partition values of one leg, as SQL by column name."""


def _lookup_leg(
    fields: Sequence[DeltaField], names: Sequence[str], legs: Mapping[tuple[str, ...], list[str]], footers: _Footers
) -> str:
    """All files of many partition tuples: each partition column is a constant map from file name to value."""
    files = [(path, values) for values, paths in legs.items() for path in paths]
    parts = _lookups(names, files)
    return _plain_leg(fields, parts, [path for path, _ in files], footers, f", filename={quote_literal(_FILE)}")


def _lookups(names: Sequence[str], files: Sequence[tuple[str, tuple[str, ...]]]) -> Parts:
    keys = _list(quote_literal(path) for path, _ in files)
    return {
        name: f"map_extract_value(MAP([{keys}], [{_list(values[i] for _, values in files)}]), {always_quote(_FILE)})"
        for i, name in enumerate(names)
    }


def _plain_leg(
    fields: Sequence[DeltaField], parts: Parts, files: Sequence[str], footers: _Footers, options: str = ""
) -> str:
    """Files that hold the columns as declared are read as they are: DuckDB then knows their statistics, without which
    its joins take up to three times as long. Else a map renames, fills columns that old files lack, and casts.
    """
    stored = [item for item in fields if item.name not in parts]
    listed = _list(map(quote_literal, files))
    if _as_declared(stored, files, footers):
        select = _list(
            f"{parts.get(item.name) or always_quote(item.stored)} AS {always_quote(item.name)}" for item in fields
        )
        return f"SELECT {select or '1'} FROM read_parquet([{listed}], hive_partitioning=false{options})"
    select = _list(
        f"{parts[item.name]} AS {always_quote(item.name)}" if item.name in parts else always_quote(item.name)
        for item in fields
    )
    schema = _list(
        f"{quote_literal(item.stored)}: {{name: {quote_literal(item.name)}, type: {quote_literal(item.duckdb)}, "
        "default_value: NULL}"
        for item in stored
    )
    return f"SELECT {select} FROM read_parquet([{listed}], schema=MAP{{{schema}}}{options})"


def _as_declared(fields: Sequence[DeltaField], files: Sequence[str], footers: _Footers) -> bool:
    """Whether every file has every column, in the table's type."""
    if len(files) > FOOTERS_MAX:
        return not fields
    wanted = [(item.stored, item.arrow) for item in fields]
    return all(_holds(stored, wanted) for stored in {id(each): each for each in footers.of(files)}.values())


def _holds(stored: Mapping[str, pa.DataType], wanted: Sequence[tuple[str, pa.DataType]]) -> bool:
    if len({name.lower() for name in stored}) < len(stored):
        return False  # DuckDB, whose names ignore case, would rename one
    return all(name in stored and stored[name] == kind for name, kind in wanted)


def _cut_legs(
    fields: Sequence[DeltaField],
    names: Sequence[str],
    cut: Sequence[tuple[str, tuple[str, ...]]],
    dead: str,
    footers: _Footers,
) -> list[str]:
    """Files without their deleted rows: aliases instead of the map, NULL for a column that files lack.

    One leg a file; if they are many, one for all, which looks values up by file name.
    """
    if len(cut) <= LEGS_MAX:
        return [
            _cut_leg(
                fields,
                dict(zip(names, values, strict=True)),
                f"[{quote_literal(path)}]",
                frozenset(stored),
                f"ANTI JOIN (SELECT r FROM {always_quote(dead)} WHERE f = {quote_literal(path)}) x "
                "ON x.r = f.file_row_number",
            )
            for (path, values), stored in zip(cut, footers.of([path for path, _ in cut]), strict=True)
        ]
    parts = _lookups(names, cut)
    present = frozenset[str]().union(*footers.of([path for path, _ in cut]))
    files = f"[{_list(quote_literal(path) for path, _ in cut)}], union_by_name=true, filename={quote_literal(_FILE)}"
    join = f"ANTI JOIN {always_quote(dead)} x ON x.f = f.{always_quote(_FILE)} AND x.r = f.file_row_number"
    return [_cut_leg(fields, parts, files, present, join)]


def _cut_leg(fields: Sequence[DeltaField], parts: Parts, files: str, present: frozenset[str], without_dead: str) -> str:
    def expression(item: DeltaField) -> str:
        if item.name in parts:
            return parts[item.name]
        if item.stored not in present:
            return f"NULL::{item.duckdb}"
        return f"CAST(f.{always_quote(item.stored)} AS {item.duckdb})"

    select = _list(f"{expression(item)} AS {always_quote(item.name)}" for item in fields) or "1"
    return f"SELECT {select} FROM read_parquet({files}, file_row_number=true, hive_partitioning=false) f {without_dead}"


Stored = Mapping[str, pa.DataType]
"""The columns a data file has."""

_STORED: Recent[str, Stored] = Recent(SCHEMAS_MAX)
"""By place. Data files never change, and no two have the same name."""


@dataclass(frozen=True, slots=True)
class _Footers:
    """What data files say of themselves, at their ends; `reading`: they are in an object store."""

    reading: Reading | None

    def of(self, files: Sequence[str]) -> list[Stored]:
        """The columns each file has; those of an object store are asked for at the same time."""
        found = {path: stored for path in files if (stored := _STORED.get(path)) is not None}
        missing = [path for path in files if path not in found]
        if len(missing) > 1 and self.reading is not None:
            with ThreadPoolExecutor(min(FOOTERS_AT_ONCE, len(missing)), "read-footers") as pool:
                read = list(pool.map(self._read, missing))
        else:
            read = [self._read(path) for path in missing]
        for path, stored in zip(missing, read, strict=True):
            _STORED.put(path, stored)
            found[path] = stored
        return [found[path] for path in files]

    def _read(self, path: str) -> Stored:
        if self.reading is not None:
            with self.reading.open(path) as file:
                schema = pq.read_schema(file)
        else:
            with delta_errors():
                schema = pq.read_schema(path)
        return _shared(tuple(zip(schema.names, schema.types, strict=True)))


@lru_cache(maxsize=256)
def _shared(columns: tuple[tuple[str, pa.DataType], ...]) -> Mapping[str, pa.DataType]:
    """One object for all files of the same columns."""
    return dict(columns)


def _dead_table(snapshot: Snapshot, paths: Sequence[str]) -> pa.Table:
    """(f: file, r: row number) of all deleted rows."""
    rows = [snapshot.dead[path] for path in paths]
    numbers = np.repeat(np.arange(len(rows), dtype=np.int32), [len(item) for item in rows])
    files = pa.DictionaryArray.from_arrays(numbers, pa.array(paths, pa.string()))
    return pa.table({"f": files.dictionary_decode(), "r": np.concatenate(rows)})


def _partition_literals(snapshot: Snapshot, fields: Sequence[DeltaField]) -> list[tuple[str, ...]]:
    """Per file, the wanted partition columns as SQL. They come from the log, never from the path."""
    columns = []
    for item in fields:
        if item.name not in snapshot.partition_by:
            continue
        column = snapshot.files.column(f"partition.{item.name}")
        columns.append([_literal(value, item) for value in _texts(column)])
    return list(zip(*columns, strict=True)) if columns else [()] * snapshot.files.num_rows


def _texts(column: pa.ChunkedArray) -> list[str | None]:
    if pa.types.is_binary(column.type):
        hexed = [None if v is None else "".join(f"\\x{b:02X}" for b in v) for v in column.to_pylist()]
        return hexed
    if pa.types.is_floating(column.type):
        return [None if v is None else repr(v) for v in column.to_pylist()]
    texts: list[str | None] = column.cast(pa.string()).to_pylist()
    return texts


def _literal(text: str | None, item: DeltaField) -> str:
    return f"NULL::{item.duckdb}" if text is None else f"CAST({quote_literal(text)} AS {item.duckdb})"


def _check_inside(paths: Sequence[str], roots: Sequence[str]) -> None:
    """A log may name files anywhere: it must not lead out of the tenant's folders."""
    allowed = tuple(root + "/" for root in roots)
    for path in paths:
        if not path.startswith(allowed) or "/../" in path:
            raise InsufficientPrivilege("the table's log names a file outside of the tenant's storage")


def _list(items: Iterable[str]) -> str:
    return ", ".join(items)
