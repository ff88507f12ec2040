"""Publications at a source: made over tables whose changes can be told by row, and never over others.

A published table without replica identity can no longer be updated or deleted from by the source's own clients (55000):
such a table is refused here before the source is touched. For the same reason publications name tables, not schemas.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from catalog.errors import ObjectNotInPrerequisiteState, SqlError, UndefinedObject, UndefinedTable
from catalog.names import always_quote
from engine.connectors.model import SourceName, SourceTable
from engine.connectors.postgres.errors import source_error

Connection = psycopg.Connection[TupleRow]


def make_publication(connection: Connection, publication: str, tables: Sequence[SourceTable]) -> None:
    """All changes of `tables`, those of partitions as their table's. To be made before the slot.

    Raises 55000 for a table without replica identity, 42710 if there is such a publication, 42501 without CREATE on the
    database or for tables of another owner, 42P01 for tables that have gone.
    """
    check_identities(connection, tables)
    _execute(
        connection,
        f"CREATE PUBLICATION {always_quote(publication)} FOR TABLE {_listed(connection, tables)} "
        "WITH (publish_via_partition_root = true)",
    )


def add_tables(connection: Connection, publication: str, tables: Sequence[SourceTable]) -> list[SourceTable]:
    """Publish `tables` as well; those that were not. Raises as `make_publication`, 42704 without such a publication."""
    check_identities(connection, tables)
    published = published_tables(connection, publication)
    missing = [table for table in tables if table.id not in published]
    if missing:
        _execute(connection, f"ALTER PUBLICATION {always_quote(publication)} ADD TABLE {_listed(connection, missing)}")
    return missing


def remove_tables(connection: Connection, publication: str, tables: Sequence[SourceTable]) -> None:
    """What is not published, or has gone, is no error. The last table of a publication can be removed as well."""
    published = published_tables(connection, publication)
    names = [published[table.id] for table in tables if table.id in published]
    if names:
        listed = ", ".join(_quoted(name) for name in names)
        _execute(connection, f"ALTER PUBLICATION {always_quote(publication)} DROP TABLE {listed}")


def drop_publication(connection: Connection, publication: str) -> None:
    """No error if there is none."""
    _execute(connection, f"DROP PUBLICATION IF EXISTS {always_quote(publication)}")


def publication_exists(connection: Connection, publication: str) -> bool:
    return bool(_rows(connection, "SELECT FROM pg_catalog.pg_publication WHERE pubname = %s", [publication]))


def published_tables(connection: Connection, publication: str) -> dict[str, SourceName]:
    """By id (the oid as text), however they come to be published. Raises 42704 if there is no such publication."""
    rows = _rows(connection, _PUBLISHED, [publication])
    if not rows:
        raise UndefinedObject(f'publication "{publication}" does not exist')
    return {row[0]: SourceName(row[1], row[2]) for row in rows if row[0] is not None}


_PUBLISHED = """
SELECT c.oid::text, n.nspname, c.relname
FROM pg_catalog.pg_publication p
LEFT JOIN LATERAL pg_catalog.pg_get_publication_tables(p.pubname) t ON true
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.relid
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE p.pubname = %s
"""


def check_publication(connection: Connection, publication: str, tables: Sequence[SourceTable]) -> None:
    """That a publication which others made tells every change of `tables`, and whole rows.

    Raises 42704 if it does not exist; 55000, with the command that mends it, for what it leaves out.
    """
    check_identities(connection, tables)
    rows = _rows(connection, _OPTIONS, [publication])
    if not rows:
        raise UndefinedObject(f'publication "{publication}" does not exist')
    name = always_quote(publication)
    if not rows[0][0]:
        raise _unfit(
            f'publication "{publication}" does not publish all changes',
            f"ALTER PUBLICATION {name} SET (publish = 'insert, update, delete, truncate')",
        )
    if not rows[0][1]:
        raise _unfit(
            f'publication "{publication}" publishes partitions rather than their table',
            f"ALTER PUBLICATION {name} SET (publish_via_partition_root = true)",
        )
    narrowing = _NARROWED if connection.info.server_version >= _NARROWING_SINCE else _PUBLISHED_WHOLE
    found = {row[0]: row[1] for row in _rows(connection, narrowing, [publication])}
    for table in tables:
        narrowed = found.get(table.id)
        if narrowed is None:
            raise _unfit(
                f'publication "{publication}" does not publish table "{table.name}"',
                f"ALTER PUBLICATION {name} ADD TABLE {_quoted(table.name)}",
            )
        if narrowed:
            raise _unfit(
                f'publication "{publication}" publishes only some rows or columns of table "{table.name}"',
                f"ALTER PUBLICATION {name} DROP TABLE {_quoted(table.name)}; "
                f"ALTER PUBLICATION {name} ADD TABLE {_quoted(table.name)}",
            )


_OPTIONS = """
SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate,
       pubviaroot OR NOT EXISTS (SELECT FROM pg_catalog.pg_get_publication_tables(pubname) t
                                 JOIN pg_catalog.pg_class c ON c.oid = t.relid WHERE c.relispartition)
FROM pg_catalog.pg_publication WHERE pubname = %s
"""
_NARROWING_SINCE = 150000
_PUBLISHED_WHOLE = "SELECT t.relid::text, false FROM pg_catalog.pg_get_publication_tables(%s) t"
_NARROWED = """
SELECT t.relid::text, t.qual IS NOT NULL OR EXISTS (
           SELECT FROM pg_catalog.pg_attribute a
           WHERE a.attrelid = t.relid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
             AND t.attrs IS NOT NULL AND a.attnum <> ALL (t.attrs::smallint[]))
FROM pg_catalog.pg_get_publication_tables(%s) t
"""


def check_identities(connection: Connection, tables: Iterable[SourceTable]) -> None:
    """That each of `tables`, and each of its partitions, has a replica identity: 55000 with what gives it one."""
    wanted = list(tables)
    rows = _rows(connection, _IDENTITIES, [[int(table.id) for table in wanted]])
    there = {row[0] for row in rows}
    for table in wanted:
        if table.id not in there:
            raise UndefinedTable(f'relation "{table.name}" does not exist at the source')
    for _, schema, relation, has_identity in rows:
        if not has_identity:
            name = SourceName(schema, relation)
            raise ObjectNotInPrerequisiteState(
                f'table "{name}" has no replica identity, so its changes cannot be told by row',
                detail="If it were published, the source itself could no longer UPDATE or DELETE its rows.",
                hint=f"At the source: ALTER TABLE {_quoted(name)} ADD PRIMARY KEY (...), "
                f"or ALTER TABLE {_quoted(name)} REPLICA IDENTITY FULL.",
            )


_IDENTITIES = """
WITH RECURSIVE family(root, oid) AS (
    SELECT c.oid, c.oid FROM pg_catalog.pg_class c WHERE c.oid = ANY (%s::oid[])
    UNION ALL
    SELECT f.root, i.inhrelid FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
)
SELECT f.root::text, n.nspname, c.relname,
       c.relreplident = 'f' OR c.relreplident IN ('d', 'i') AND EXISTS (
           SELECT FROM pg_catalog.pg_index x
           WHERE x.indrelid = c.oid AND x.indisvalid AND x.indimmediate
             AND CASE c.relreplident WHEN 'd' THEN x.indisprimary ELSE x.indisreplident END)
FROM family f JOIN pg_catalog.pg_class c ON c.oid = f.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
ORDER BY f.root, c.oid
"""


def _unfit(problem: str, command: str) -> SqlError:
    return ObjectNotInPrerequisiteState(problem, hint=f"At the source: {command}")


def _quoted(name: SourceName) -> str:
    return f"{always_quote(name.schema)}.{always_quote(name.table)}"


def _listed(connection: Connection, tables: Sequence[SourceTable]) -> str:
    """The tables as they are called now, whatever they were called when they were looked up."""
    rows = _rows(connection, _NAMES, [[int(table.id) for table in tables]])
    if len(rows) != len({table.id for table in tables}):
        raise UndefinedTable("a table to publish has been dropped at the source")
    # Inheritance is not partitioning: children that are tables of their own are not published with their parent.
    return ", ".join(f"ONLY {always_quote(row[0])}.{always_quote(row[1])}" for row in rows)


_NAMES = """
SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY (%s::oid[]) ORDER BY c.oid
"""


def _rows(connection: Connection, sql: str, values: Sequence[Any]) -> list[TupleRow]:
    try:
        return connection.execute(sql, values).fetchall()
    except psycopg.Error as error:
        raise source_error(error) from error


def _execute(connection: Connection, sql: str) -> None:
    try:
        connection.execute(sql)
    except psycopg.Error as error:
        told = source_error(error)
        if told.code == "42501":
            told.hint = told.hint or (
                "A publication needs CREATE on the source's database and ownership of the tables; or let their owner "
                "make it, and name it in PUBLICATION."
            )
        raise told from error
