"""The shadow's own bookkeeping: for each object, the version it was last written at and a digest of what was written.

Also what every writer to a shadow does first: take the lock, name things in full.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, LiteralString

import psycopg

from catalog.model import Relation
from catalog.names import TableName, always_quote

LOCK = 0x6B616461
"""Advisory lock that everything that writes to a shadow holds."""
_LOCK_TIMEOUT = "10s"

State = Mapping[str, tuple[int, str | None]]
"""(version, digest) by key; digest None: dropped at that version."""


@contextmanager
def writing(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """A transaction that holds the write lock (55P03 after some seconds) under an empty search_path."""
    with connection.transaction():
        connection.execute(
            f"SET LOCAL search_path = ''; SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}';"
            f" SELECT pg_advisory_xact_lock({LOCK})".encode()
        )
        yield


@contextmanager
def alone(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Hold the write lock over several transactions."""
    connection.execute(f"SET lock_timeout = '{_LOCK_TIMEOUT}'; SELECT pg_advisory_lock({LOCK})".encode())
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute(f"SELECT pg_advisory_unlock({LOCK})".encode())


def read(connection: psycopg.Connection[Any], names: Sequence[TableName] | None = None) -> State:
    """Of everything, or of some relations."""
    sql: LiteralString = "SELECT object, version, digest FROM kadali_internal.state"
    if names is None:
        rows = connection.execute(sql).fetchall()
    else:
        rows = connection.execute(sql + " WHERE object = ANY(%s)", [[key(name) for name in names]]).fetchall()
    return {key: (version, digest) for key, version, digest in rows}


def record(connection: psycopg.Connection[Any], seq: int, relations: Sequence[Relation], *, whole: bool = True) -> None:
    """Note that `relations` stand as told at `seq`; not `whole`: something is missing, to be tried again."""
    connection.execute(
        "INSERT INTO kadali_internal.state"
        " SELECT key, %s, digest, kadali_internal.fingerprint(to_regclass(substr(key, 3))::oid)"
        " FROM unnest(%s::text[], %s::text[]) t (key, digest)"
        " ON CONFLICT (object) DO UPDATE"
        " SET version = excluded.version, digest = excluded.digest, fingerprint = excluded.fingerprint",
        [seq, [key(item.name) for item in relations], [digest(item) + ("" if whole else "!") for item in relations]],
    )


def record_dropped(connection: psycopg.Connection[Any], seq: int, keys: Sequence[str]) -> None:
    connection.execute(
        "INSERT INTO kadali_internal.state SELECT key, %s, NULL, NULL FROM unnest(%s::text[]) t (key)"
        " ON CONFLICT (object) DO UPDATE SET version = excluded.version, digest = NULL, fingerprint = NULL",
        [seq, list(keys)],
    )


def record_value(connection: psycopg.Connection[Any], seq: int, object_key: str, value: object) -> None:
    """Note anything that is not a relation."""
    connection.execute(
        "INSERT INTO kadali_internal.state VALUES (%s, %s, %s)"
        " ON CONFLICT (object) DO UPDATE SET version = excluded.version, digest = excluded.digest",
        [object_key, seq, value_digest(value)],
    )


def oids_of(connection: psycopg.Connection[Any], names: Iterable[TableName]) -> dict[TableName, int]:
    """OIDs of the relations that exist."""
    wanted = list(names)
    if not wanted:
        return {}
    rows = connection.execute(
        "SELECT n.nspname, c.relname, c.oid FROM unnest(%s::text[], %s::text[]) t (schema, name)"
        " JOIN pg_namespace n ON n.nspname = t.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name",
        [[name.schema for name in wanted], [name.name for name in wanted]],
    ).fetchall()
    return {TableName(schema, name): oid for schema, name, oid in rows}


def key(name: TableName) -> str:
    """Of a relation: "r:" and its quoted name, which `to_regclass` reads."""
    return f"r:{always_quote(name.schema)}.{always_quote(name.name)}"


def name_of(relation_key: str) -> TableName:
    schema, name = relation_key[3:-1].split('"."', 1)
    return TableName(schema.replace('""', '"'), name.replace('""', '"'))


def schema_key(name: str) -> str:
    return f"s:{name}"


def digest(relation: Relation) -> str:
    """Of what a shell shows: without statistics and where the data are."""
    shown = replace(relation, statistics=None, location=None, partition_by=(), pending=None)
    return value_digest(shown)


def value_digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:32]
