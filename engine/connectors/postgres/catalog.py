"""What a source's catalog says: its tables with columns and keys, and the columns of a query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg

from catalog.errors import DuplicateColumn, FeatureNotSupported, UndefinedTable, WrongObjectType
from engine.connectors.model import SourceColumn, SourceName, SourceTable
from engine.connectors.postgres.errors import source_error
from engine.connectors.postgres.select_list import Image, image, load_types

Connection = psycopg.Connection[Any]
_QUERY = "query\n"
"""How the id of a query's "table" begins; its SQL follows."""
_KINDS = {"i": "an index", "I": "an index", "S": "a sequence", "c": "a composite type", "t": "a TOAST table"}
_READABLE = "rpvmf"

_RELATIONS = """
    select c.oid::bigint, n.nspname, c.relname, c.relkind::text, size.tuples::bigint,
        case when size.tuples is not null then size.pages * size.block end
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace,
        lateral (
            select case when bool_and(leaf.reltuples >= 0) then sum(leaf.reltuples) end as tuples,
                sum(leaf.relpages + coalesce(toast.relpages, 0))::bigint as pages,
                current_setting('block_size')::bigint as block
            from (select c.oid as oid where c.relkind <> 'p'
                union all select relid from pg_catalog.pg_partition_tree(c.oid) where c.relkind = 'p' and isleaf) leaves
                join pg_catalog.pg_class leaf on leaf.oid = leaves.oid
                left join pg_catalog.pg_class toast on toast.oid = leaf.reltoastrelid
            where leaf.relkind in ('r', 'm')
        ) size
"""
_LISTED = """
    where c.relkind in ('r', 'p', 'm', 'f') and not c.relispartition and (n.nspname = %(schema)s or %(schema)s is null)
        and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass
            and d.objid = c.oid and d.deptype = 'e')
    order by n.nspname, c.relname
"""
_NAMED = """
    where c.relname = %(table)s and case when %(schema)s = '' then pg_catalog.pg_table_is_visible(c.oid)
        else n.nspname = %(schema)s end
"""
_COLUMNS = """
    select a.attrelid::bigint, a.attnum, a.attname, a.atttypid::bigint, a.atttypmod, a.attndims, a.attnotnull,
        pg_catalog.format_type(a.atttypid, a.atttypmod)
    from pg_catalog.pg_attribute a
    where a.attrelid = any(%s::pg_catalog.oid[]) and a.attnum > 0 and not a.attisdropped
    order by a.attrelid, a.attnum
"""
_KEYS = """
    select distinct on (i.indrelid) i.indrelid::bigint, k.names
    from pg_catalog.pg_index i, lateral (
        select array_agg(a.attname::text order by position) as names, bool_and(a.attnotnull) as filled
        from unnest(i.indkey::int2[]) with ordinality as k(number, position)
            join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
        where position <= i.indnkeyatts
    ) k
    where i.indrelid = any(%s::pg_catalog.oid[]) and i.indisunique and i.indimmediate and i.indisvalid and k.filled
        and i.indpred is null and i.indexprs is null
    order by i.indrelid, i.indisprimary desc, i.indisreplident desc, i.indnkeyatts, i.indexrelid
"""


def tables(connection: Connection, schema: str | None = None) -> list[SourceTable]:
    """Tables, partitioned ones without their partitions, materialized views and foreign tables, by name; not those of
    extensions. Views hold nothing of their own: they are read when they are named. Raises SqlError.
    """
    with asking(connection):
        found = connection.execute(_RELATIONS + _LISTED, {"schema": schema}).fetchall()
        return _described(connection, found)


def table(connection: Connection, name: SourceName) -> SourceTable:
    """Also a view or a partition; without a schema in `name`, what the source's search_path shows. Raises SqlError:
    42P01, 42809 for what has no rows.
    """
    with asking(connection):
        found = connection.execute(_RELATIONS + _NAMED, {"schema": name.schema, "table": name.table}).fetchall()
        if not found:
            raise UndefinedTable(f'relation "{name}" does not exist')
        kind = found[0][3]
        if kind not in _READABLE:
            raise WrongObjectType(f'"{name.table}" is {_KINDS.get(kind, "no table")}, it has no rows to read')
        return _described(connection, found)[0]


def query(connection: Connection, sql: str) -> SourceTable:
    """The columns that a query gives. Raises SqlError, 42701 if two have one name."""
    text = sql.strip().rstrip(";")
    with asking(connection):
        oids, names = _answer(connection, f"select * from ({text}\n) as q")
        if len({*names}) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise DuplicateColumn(f'column name "{twice}" appears twice in the query')
        images = _images(connection, [(oid, typmod, 0) for oid, typmod in oids])
        kinds = connection.execute(
            "select pg_catalog.format_type(oid, typmod) from unnest(%s::oid[], %s::int[]) with ordinality"
            " as t(oid, typmod, n) order by n",
            [[oid for oid, _ in oids], [typmod for _, typmod in oids]],
        ).fetchall()
    columns = tuple(
        SourceColumn(name, one.type, True, kind, number, one.lossy)
        for number, (name, one, (kind,)) in enumerate(zip(names, images, kinds, strict=True), 1)
    )
    return SourceTable(SourceName("", "query"), _QUERY + text, columns)


def query_of(source: SourceTable) -> str | None:
    """The SQL of what `query` gave; None for a table."""
    return source.id.removeprefix(_QUERY) if source.id.startswith(_QUERY) else None


def images_of(connection: Connection, source: SourceTable) -> dict[str, Image]:
    """By column, as the source has them now (a table may have changed since `source` was asked for)."""
    with asking(connection):
        sql = query_of(source)
        if sql is not None:
            oids, names = _answer(connection, f"select * from ({sql}\n) as q")
            return dict(zip(names, _images(connection, [(*pair, 0) for pair in oids]), strict=True))
        rows = connection.execute(_COLUMNS, [[int(source.id)]]).fetchall()
        return dict(zip((row[2] for row in rows), _images(connection, [row[3:6] for row in rows]), strict=True))


@contextmanager
def asking(connection: Connection) -> Iterator[None]:
    """Questions to the source that leave its transaction alive if they fail, with SqlError."""
    try:
        with connection.transaction(force_rollback=True):  # locks of what was only looked at go too
            yield
    except psycopg.Error as error:
        raise source_error(error) from error


def _described(connection: Connection, relations: Sequence[Sequence[Any]]) -> list[SourceTable]:
    oids = [row[0] for row in relations]
    rows = connection.execute(_COLUMNS, [oids]).fetchall()
    columns: dict[int, list[SourceColumn]] = defaultdict(list)
    for row, one in zip(rows, _images(connection, [row[3:6] for row in rows]), strict=True):
        columns[row[0]].append(SourceColumn(row[2], one.type, not row[6], row[7], row[1], one.lossy))
    keys = {row[0]: tuple(row[1]) for row in connection.execute(_KEYS, [oids]).fetchall()}
    return [
        SourceTable(SourceName(schema, name), str(oid), tuple(columns[oid]), keys.get(oid, ()), rows_estimate, size)
        for oid, schema, name, _, rows_estimate, size in relations
    ]


def _images(connection: Connection, wanted: Sequence[Sequence[int]]) -> list[Image]:
    """Of (type, typmod, dimensions) each."""
    source = load_types(connection, sorted({oid for oid, _, _ in wanted}))
    scale = 2
    if any(oid in (790, 791) or source[oid].base for oid, _, _ in wanted):
        row = connection.execute("select pg_catalog.scale(0::pg_catalog.money::pg_catalog.numeric)").fetchone()
        scale = int(row[0]) if row is not None else scale
    return [image(source, oid, typmod, dimensions, money_scale=scale) for oid, typmod, dimensions in wanted]


def _answer(connection: Connection, sql: str) -> tuple[list[tuple[int, int]], list[str]]:
    """(type, typmod) and name of each column of a SELECT, of which no row is made."""
    # binary: the extended protocol, which takes one statement only.
    answer = connection.execute(f"{sql} limit 0".encode(), binary=True).pgresult
    if answer is None or answer.nfields == 0:
        raise FeatureNotSupported("the query gives no columns")
    encoding = connection.info.encoding
    names = [cast(bytes, answer.fname(i)).decode(encoding) for i in range(answer.nfields)]
    return [(answer.ftype(i), answer.fmod(i)) for i in range(answer.nfields)], names
