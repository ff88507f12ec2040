"""A Delta table's schema: Delta types <-> Arrow, DuckDB and PostgreSQL types, and field metadata. No file access."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from catalog.errors import FeatureNotSupported
from catalog.model import Column
from catalog.names import always_quote
from catalog.types import (
    BY_OID,
    PgType,
    array_of,
    char_length,
    format_type,
    from_arrow,
    numeric,
    storage_type,
)

PG_TYPE_KEY = "kadali.type"
"""Field metadata that keeps the PostgreSQL type (as format_type prints it) with the table."""
SPARK_CHAR_KEY = "__CHAR_VARCHAR_TYPE_STRING"
"""Field metadata in which Spark keeps varchar(n) and char(n)."""
IDENTITY_KEY = "delta.identity.start"
"""Field metadata by which Delta knows an identity column."""
GENERATION_KEY = "delta.generationExpression"
"""Field metadata with the expression of a generated column, in Spark's SQL."""
PHYSICAL_NAME_KEY = "delta.columnMapping.physicalName"

DeltaType = str | Mapping[str, Any]
"""A type as the log's JSON has it: a name, or an object for array, map and struct."""

_ARROW = {
    "string": pa.string(),
    "long": pa.int64(),
    "integer": pa.int32(),
    "short": pa.int16(),
    "byte": pa.int8(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "timestamp_ntz": pa.timestamp("us"),
    "void": pa.null(),
}
_DUCKDB = {
    "string": "VARCHAR",
    "long": "BIGINT",
    "integer": "INTEGER",
    "short": "SMALLINT",
    "byte": "TINYINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "binary": "BLOB",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
    "timestamp_ntz": "TIMESTAMP",
    "void": "INTEGER",
}
_NAME_OF = {arrow: name for name, arrow in _ARROW.items()}
_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)\Z")
_CHAR = re.compile(r"(varchar|char)\((\d+)\)\Z")
_MODIFIED = re.compile(r"([^(]+?)(?:\((\d+)(?:,(-?\d+))?\))?((?: with(?:out)? time zone)?)\Z")


@dataclass(frozen=True, slots=True)
class DeltaField:
    """One top-level column: `stored` is its name in the data files (differs under column mapping)."""

    name: str
    stored: str
    type: DeltaType
    nullable: bool
    pg: PgType
    metadata: Mapping[str, Any]

    @property
    def arrow(self) -> pa.DataType:
        return arrow_of(self.type)

    @property
    def duckdb(self) -> str:
        return duckdb_of(self.type)

    @property
    def nested(self) -> bool:
        """Holds a struct somewhere, whose own fields have physical names under column mapping."""
        return "struct" in json.dumps(self.type)


def read_fields(schema_json: str) -> tuple[DeltaField, ...]:
    """The columns of a schema string of the log."""
    return tuple(_field(item) for item in json.loads(schema_json)["fields"])


def write_schema(columns: Sequence[Column], notes: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """The schema string for new `columns`; raises FeatureNotSupported for types that Delta lacks.

    `notes`: further metadata of fields, by name.
    """
    fields = [write_field(column) for column in columns]
    for item in fields:
        item["metadata"].update((notes or {}).get(item["name"], {}))
    return json.dumps({"type": "struct", "fields": fields})


def write_field(column: Column) -> dict[str, Any]:
    """A column as the log's JSON has it. Raises FeatureNotSupported for a type that Delta lacks."""
    metadata: dict[str, Any] = {PG_TYPE_KEY: format_type(column.type)}
    length = char_length(column.type)
    if length is not None:
        metadata[SPARK_CHAR_KEY] = f"{'char' if column.type.oid == 1042 else 'varchar'}({length})"
    if column.comment is not None:
        metadata["comment"] = column.comment
    if column.identity is not None:
        metadata[IDENTITY_KEY] = column.identity.start
        metadata["delta.identity.step"] = column.identity.step
        metadata["delta.identity.allowExplicitInsert"] = True  # OVERRIDING SYSTEM VALUE; the catalog knows the rest
    delta_type = delta_of(storage_type(column.type))
    return {"name": column.name, "type": delta_type, "nullable": column.nullable, "metadata": metadata}


def delta_of(arrow: pa.DataType) -> DeltaType:
    """The log's form of a storage type."""
    if pa.types.is_decimal(arrow):
        return f"decimal({arrow.precision},{arrow.scale})"
    if pa.types.is_list(arrow):
        return {"type": "array", "elementType": delta_of(arrow.value_type), "containsNull": True}
    return _NAME_OF[arrow]


def arrow_of(delta: DeltaType) -> pa.DataType:
    """The Arrow type of a stored column; raises FeatureNotSupported for types we do not read (variant)."""
    if isinstance(delta, str):
        if (match := _DECIMAL.match(delta)) is not None:
            return pa.decimal128(int(match[1]), int(match[2]))
        if delta == "decimal":
            return pa.decimal128(10, 0)
        if delta in _ARROW:
            return _ARROW[delta]
        raise FeatureNotSupported(f'Delta type "{delta}" is not supported by the embedded engine')
    kind = delta["type"]
    if kind == "array":
        return pa.list_(arrow_of(delta["elementType"]))
    if kind == "map":
        return pa.map_(arrow_of(delta["keyType"]), arrow_of(delta["valueType"]))
    return pa.struct([(item["name"], arrow_of(item["type"])) for item in delta["fields"]])


def duckdb_of(delta: DeltaType) -> str:
    """The DuckDB type of a stored column."""
    if isinstance(delta, str):
        if (match := _DECIMAL.match(delta)) is not None:
            return f"DECIMAL({match[1]},{match[2]})"
        if delta == "decimal":
            return "DECIMAL(10,0)"
        if delta in _DUCKDB:
            return _DUCKDB[delta]
        raise FeatureNotSupported(f'Delta type "{delta}" is not supported by the embedded engine')
    kind = delta["type"]
    if kind == "array":
        return duckdb_of(delta["elementType"]) + "[]"
    if kind == "map":
        return f"MAP({duckdb_of(delta['keyType'])}, {duckdb_of(delta['valueType'])})"
    members = ", ".join(f"{always_quote(item['name'])} {duckdb_of(item['type'])}" for item in delta["fields"])
    return f"STRUCT({members})"


def parse_type(text: str) -> PgType | None:
    """The inverse of `format_type`; None for what it does not print."""
    if text.endswith("[]"):
        inner = parse_type(text[:-2])
        return array_of(inner) if inner is not None else None
    match = _MODIFIED.match(text)
    if match is None:
        return None
    name, first, second, suffix = match.groups()
    oid = _BY_SQL_NAME.get(name + suffix)
    if oid is None or first is None:
        return PgType(oid) if oid is not None else None
    if oid == 1700:
        return numeric(int(first), int(second or 0))
    return PgType(oid, int(first) + (4 if oid in (1042, 1043) else 0))


_BY_SQL_NAME = {info.sql_name: oid for oid, info in BY_OID.items()} | {"bpchar": 1042}


def _field(item: Mapping[str, Any]) -> DeltaField:
    metadata: Mapping[str, Any] = item.get("metadata") or {}
    delta = item["type"]
    stored = str(metadata.get(PHYSICAL_NAME_KEY, item["name"]))
    return DeltaField(item["name"], stored, delta, bool(item["nullable"]), _pg_type(delta, metadata), metadata)


def _pg_type(delta: DeltaType, metadata: Mapping[str, Any]) -> PgType:
    """What we noted at creation if it still fits what is stored, else what the stored type means."""
    if isinstance(delta, str) and delta not in _ARROW and not delta.startswith("decimal"):
        return PgType(25)
    stored = arrow_of(delta) if not _has_variant(delta) else pa.string()
    noted = parse_type(str(metadata.get(PG_TYPE_KEY, "")))
    if noted is not None and storage_type(noted) == stored:
        return noted
    match = _CHAR.match(str(metadata.get(SPARK_CHAR_KEY, "")))
    if match is not None and pa.types.is_string(stored):
        return PgType(1042 if match[1] == "char" else 1043, int(match[2]) + 4)
    return from_arrow(stored)


def _has_variant(delta: DeltaType) -> bool:
    return '"variant"' in json.dumps(delta)
