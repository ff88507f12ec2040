"""The value of kadali.as_of: a moment for all tables, or versions of some; and what it means for one table.

Canonical forms are `2026-01-31 22:59:59+00` and `"sales"."orders"@v3, "sales"."items"@v7`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from catalog.errors import FeatureNotSupported, SqlError, UndefinedObject
from catalog.model import Relation
from catalog.names import TableName, always_quote
from catalog.types import PgType
from sql_extensions.rewrites.time_spec import SpecKind, TimeSpec, ValueKind

ReadText = Callable[[str, tuple[str | None, ...]], list[tuple[str | None, ...]]]

_VERSIONS = re.compile(r'"(?:[^"]|"")*"\."(?:[^"]|"")*"@v\d+(?:, "(?:[^"]|"")*"\."(?:[^"]|"")*"@v\d+)*\Z')
_VERSION = re.compile(r'"((?:[^"]|"")*)"\."((?:[^"]|"")*)"@v(\d+)')
_RELATIVE = re.compile(r"\s*[-+]")
_MOMENT = (
    "SELECT pg_catalog.to_char(({})::pg_catalog.timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'"
)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def canonical(value: str, read_text: ReadText) -> str:
    """What SET kadali.as_of stores: relative times ('yesterday', '-1 day') are settled here, once.

    Raises InvalidParameterValue's cousins of PostgreSQL for a bad time (22007, 22008), UndefinedObject (42704) for text
    that is no time and so can only be the name of a snapshot.
    """
    if not value.strip():
        return ""
    if _VERSIONS.match(value) is not None:
        return value
    moment = "pg_catalog.now() + $1::pg_catalog.interval" if _RELATIVE.match(value) else "$1::pg_catalog.text"
    try:
        [(text,)] = read_text(_MOMENT.format(moment), (value,))
    except SqlError as error:
        if error.code in ("22007", "42704") and re.match(r"\s*[A-Za-z_]\w*\s*\Z", value):
            raise UndefinedObject(f'snapshot "{value}" does not exist') from error
        raise
    return text or ""


def of_versions(versions: dict[TableName, int]) -> str:
    """The canonical value for versions of some tables."""
    return ", ".join(
        f"{always_quote(name.schema)}.{always_quote(name.name)}@v{version}" for name, version in versions.items()
    )


def versions_in(value: str) -> dict[TableName, int] | None:
    """The versions a canonical value names; None if it is a moment."""
    if _VERSIONS.match(value) is None:
        return None
    return {
        TableName(schema.replace('""', '"'), name.replace('""', '"')): int(version)
        for schema, name, version in _VERSION.findall(value)
    }


def spec_for(value: str, relation: Relation) -> TimeSpec | None:
    """What a canonical value means for one table; None: it is read as it is now."""
    name = (relation.name.schema, relation.name.name)
    versions = versions_in(value)
    if versions is None:
        return TimeSpec(name, SpecKind.TIMESTAMP, ValueKind.LITERAL, value)
    version = versions.get(relation.name)
    return None if version is None else TimeSpec(name, SpecKind.VERSION, ValueKind.LITERAL, str(version))


def binary_text(pg: PgType, data: bytes) -> str:
    """A binary parameter as PostgreSQL's text: integers, text, dates and timestamps (UTC)."""
    if pg.oid in (20, 21, 23):
        return str(int.from_bytes(data, "big", signed=True))
    if pg.oid in (25, 1043, 705, 19):
        return data.decode()
    if pg.oid == 1082:
        return str((_EPOCH + timedelta(days=struct.unpack("!i", data)[0])).date())
    if pg.oid in (1114, 1184):
        moment = _EPOCH + timedelta(microseconds=struct.unpack("!q", data)[0])
        return moment.strftime("%Y-%m-%d %H:%M:%S.%f") + ("+00" if pg.oid == 1184 else "")
    raise FeatureNotSupported("a time travel parameter must be an integer, a text, a date or a timestamp")
