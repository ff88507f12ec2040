"""kadali.tables: the Delta tables of the database that the user may read."""

from __future__ import annotations

import pyarrow as pa

from catalog.model import RelationKind
from sql_extensions.evaluation import read_text
from sql_extensions.session import Session

SCHEMA = pa.schema(
    [
        ("schema", pa.string()),
        ("name", pa.string()),
        ("owner", pa.string()),
        ("location", pa.string()),
        ("partition_by", pa.list_(pa.string())),
        ("version", pa.int64()),
        ("rows", pa.int64()),
        ("bytes", pa.int64()),
        ("files", pa.int64()),
        ("comment", pa.string()),
    ]
)
_READABLE = (
    "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind = 'r' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
    " AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')"
)


def rows(session: Session) -> pa.Table:
    """Sorted by name. Version and sizes are those of the last version this server has seen."""
    readable = set(read_text(session, _READABLE))
    found = [
        {
            "schema": name.schema,
            "name": name.name,
            "owner": relation.owner,
            "location": relation.location,
            "partition_by": list(relation.partition_by),
            "version": relation.statistics.version if relation.statistics else None,
            "rows": relation.statistics.rows if relation.statistics else None,
            "bytes": relation.statistics.bytes if relation.statistics else None,
            "files": relation.statistics.files if relation.statistics else None,
            "comment": relation.comment,
        }
        for name, relation in sorted(session.tenant.catalog.snapshot().relations.items())
        if relation.kind is RelationKind.TABLE and relation.pending is None and (name.schema, name.name) in readable
    ]
    return pa.Table.from_pylist(found, SCHEMA)
