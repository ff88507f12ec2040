"""Tables as their changes come: what the log says of a table's columns, completed by the source's catalog of today.

The log tells names and types, not numbers, and the catalog may be ahead of it; generated columns are not in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from catalog.errors import ObjectNotInPrerequisiteState, UndefinedTable
from catalog.types import TEXT
from engine.connectors.model import SourceColumn, SourceName, SourceTable
from engine.connectors.postgres.errors import source_error
from engine.connectors.postgres.pgoutput import Relation
from engine.connectors.postgres.replication import RESYNC
from engine.connectors.postgres.select_list import Image, image, load_types

Connection = psycopg.Connection[Any]
_FULL = "f"
_DROPPED = Image(TEXT, lossy="the type has been dropped at the source: text")


def as_streamed(connection: Connection, tables: Sequence[SourceTable]) -> list[SourceTable]:
    """`tables` as the stream will give them: without generated columns, the key being what a DELETE tells.

    Raises 42P01 for a table that has gone.
    """
    found = _rows(connection, _SHAPES, [[int(table.id) for table in tables]])
    shapes = {row[0]: (set(row[1]), tuple(row[2] or ()), row[3]) for row in found}
    given = []
    for table in tables:
        if table.id not in shapes:
            raise UndefinedTable(f'relation "{table.name}" does not exist at the source')
        generated, identity, kind = shapes[table.id]
        columns = tuple(column for column in table.columns if column.number not in generated)
        names = {column.name for column in columns}
        key = identity if kind != _FULL else table.key if names.issuperset(table.key) else ()
        ordered = tuple(column.name for column in columns if column.name in key)
        given.append(replace(table, columns=columns, key=ordered))
    return given


_SHAPES = """
SELECT c.oid::text,
       ARRAY(SELECT a.attnum::int FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> ''),
       (SELECT array_agg(a.attname::text ORDER BY a.attnum)
        FROM pg_catalog.pg_index x JOIN pg_catalog.pg_attribute a
             ON a.attrelid = c.oid AND a.attnum = ANY ((x.indkey::smallint[])[0:x.indnkeyatts - 1])
        WHERE x.indrelid = c.oid AND x.indisvalid AND x.indimmediate
          AND CASE c.relreplident WHEN 'd' THEN x.indisprimary WHEN 'i' THEN x.indisreplident END),
       c.relreplident::text
FROM pg_catalog.pg_class c WHERE c.oid = ANY (%s::oid[])
"""


@dataclass(frozen=True, slots=True)
class Streamed:
    """A table as its changes come. `delimiters`: by column, what is between elements if it is an array."""

    table: SourceTable
    delimiters: tuple[str, ...]


def described(connection: Connection, relation: Relation, before: SourceTable | None) -> Streamed:
    """The table of a relation message. `before` is what was known of it. Raises 55000 if its columns cannot be told."""
    attributes = [_Attribute(*row) for row in _rows(connection, _ATTRIBUTES, [relation.oid])]
    numbers = _numbers(relation, attributes, before)
    by_number = {attribute.number: attribute for attribute in attributes}
    pairs = [(column.type_oid, column.typmod) for column in relation.columns]
    dimensions = [by_number[number].dimensions if number in by_number else 0 for number in numbers]
    images, names, delimiters = _images(connection, pairs, dimensions)
    columns = tuple(
        SourceColumn(
            column.name,
            shape.type,
            not (number in by_number and by_number[number].not_null),
            name,
            number,
            shape.lossy,
        )
        for column, shape, name, number in zip(relation.columns, images, names, numbers, strict=True)
    )
    key = tuple(column.name for column in relation.columns if column.identity)
    if relation.identity == _FULL:
        key = _full_key(connection, relation, numbers)
    table = SourceTable(SourceName(relation.schema, relation.table), str(relation.oid), columns, key)
    return Streamed(table, delimiters)


def same_shape(one: SourceTable, other: SourceTable) -> bool:
    """Whether rows of the one are rows of the other."""
    return one.key == other.key and [(c.number, c.name, c.type) for c in one.columns] == [
        (c.number, c.name, c.type) for c in other.columns
    ]


@dataclass(frozen=True, slots=True)
class _Attribute:
    number: int
    name: str
    dimensions: int
    not_null: bool
    dropped: bool


_ATTRIBUTES = """
SELECT attnum::int, attname, attndims::int, attnotnull, attisdropped FROM pg_catalog.pg_attribute
WHERE attrelid = %s AND attnum > 0 AND attgenerated = '' ORDER BY attnum
"""


def _numbers(relation: Relation, attributes: Sequence[_Attribute], before: SourceTable | None) -> list[int]:
    """Each column's number. Columns come in the order of their numbers; a name that the catalog or we know tells which,
    as far as that leaves the others in order.
    """
    today = {attribute.name: attribute.number for attribute in attributes if not attribute.dropped}
    known = {column.name: column.number for column in before.columns} if before is not None else {}
    options = [
        [number for number in (today.get(column.name), known.get(column.name)) if number is not None]
        for column in relation.columns
    ]
    chosen: list[int] = []
    last, free = 0, [attribute.number for attribute in attributes]
    for at, own in enumerate(options):
        below = min((max(later) for later in options[at + 1 :] if later), default=2**15)
        candidates = own or [number for number in free if number not in today.values()] + free
        fitting = [number for number in candidates if last < number < below]
        if not fitting:
            raise ObjectNotInPrerequisiteState(
                f'the columns of table "{relation.schema}.{relation.table}" have changed more than the log tells',
                hint=RESYNC,
            )
        last = fitting[0]
        chosen.append(last)
    return chosen


def _images(
    connection: Connection, pairs: Sequence[tuple[int, int]], dimensions: Sequence[int]
) -> tuple[list[Image], list[str], tuple[str, ...]]:
    """What columns of (type, typmod) become, the types' names and delimiters."""
    oids, typmods = [oid for oid, _ in pairs], [typmod for _, typmod in pairs]
    names = _rows(connection, _TYPE_NAMES, [oids, typmods])
    scale = int(_rows(connection, "SELECT pg_catalog.scale(0::money::numeric)", [])[0][0])
    try:
        types = load_types(connection, sorted(set(oids)))
    except psycopg.Error as error:
        raise source_error(error) from error
    images = [
        image(types, oid, typmod, count, money_scale=scale) if oid in types else _DROPPED
        for (oid, typmod), count in zip(pairs, dimensions, strict=True)
    ]
    return images, [row[0] for row in names], tuple(row[1] for row in names)


_TYPE_NAMES = """
SELECT pg_catalog.format_type(w.oid, w.typmod), coalesce(t.typdelim::text, ',')
FROM unnest(%s::oid[], %s::int[]) WITH ORDINALITY AS w(oid, typmod, n) LEFT JOIN pg_catalog.pg_type t ON t.oid = w.oid
ORDER BY w.n
"""


def _full_key(connection: Connection, relation: Relation, numbers: Sequence[int]) -> tuple[str, ...]:
    """The key of a table whose whole old rows are told: the catalog's, where the log has all its columns."""
    names = dict(zip(numbers, (column.name for column in relation.columns), strict=True))
    for (found,) in _rows(connection, _UNIQUE, [relation.oid]):
        if names.keys() >= set(found):
            return tuple(names[number] for number in sorted(found))
    return ()


_UNIQUE = """
SELECT (x.indkey::smallint[])[0:x.indnkeyatts - 1]::int[] FROM pg_catalog.pg_index x
WHERE x.indrelid = %s AND x.indisunique AND x.indimmediate AND x.indisvalid AND x.indpred IS NULL AND x.indexprs IS NULL
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = x.indrelid AND NOT a.attnotnull
                  AND a.attnum = ANY ((x.indkey::smallint[])[0:x.indnkeyatts - 1]))
ORDER BY x.indisprimary DESC, x.indisreplident DESC, x.indnkeyatts, x.indexrelid
"""


def _rows(connection: Connection, sql: str, values: Sequence[Any]) -> list[Any]:
    try:
        return connection.execute(sql, values).fetchall()
    except psycopg.Error as error:
        raise source_error(error) from error
