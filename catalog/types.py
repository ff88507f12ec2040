"""The one table of types: PostgreSQL <-> Arrow <-> Delta <-> DuckDB. Nothing else maps types.

A column's *PostgreSQL type* decides what a client sees; its *canonical Arrow type* (`arrow_type`) is what an engine
must deliver for it. Values of bare `numeric` may come as decimal (one scale for the column) or as string (each value in
PostgreSQL's text form with its own scale, as division and avg give).
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from catalog.errors import FeatureNotSupported

VARHDRSZ = 4


@dataclass(frozen=True, slots=True)
class PgType:
    """A PostgreSQL type: `oid` and `typmod` (-1: none) as in RowDescription."""

    oid: int
    typmod: int = -1


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """One row of the table. `size` is typlen; `sql_name` is what format_type prints without modifier."""

    oid: int
    name: str
    sql_name: str
    array_oid: int
    size: int
    arrow: pa.DataType | None
    duckdb: str | None


_UTC_US = pa.timestamp("us", tz="UTC")
_ROWS = (
    TypeInfo(16, "bool", "boolean", 1000, 1, pa.bool_(), "BOOLEAN"),
    TypeInfo(17, "bytea", "bytea", 1001, -1, pa.binary(), "BLOB"),
    TypeInfo(18, "char", '"char"', 1002, 1, pa.string(), "VARCHAR"),
    TypeInfo(19, "name", "name", 1003, 64, pa.string(), "VARCHAR"),
    TypeInfo(20, "int8", "bigint", 1016, 8, pa.int64(), "BIGINT"),
    TypeInfo(21, "int2", "smallint", 1005, 2, pa.int16(), "SMALLINT"),
    TypeInfo(23, "int4", "integer", 1007, 4, pa.int32(), "INTEGER"),
    TypeInfo(25, "text", "text", 1009, -1, pa.string(), "VARCHAR"),
    TypeInfo(26, "oid", "oid", 1028, 4, pa.int64(), "BIGINT"),
    TypeInfo(114, "json", "json", 199, -1, pa.string(), "JSON"),
    TypeInfo(700, "float4", "real", 1021, 4, pa.float32(), "FLOAT"),
    TypeInfo(701, "float8", "double precision", 1022, 8, pa.float64(), "DOUBLE"),
    TypeInfo(705, "unknown", "unknown", 0, -2, pa.string(), "VARCHAR"),
    TypeInfo(1042, "bpchar", "character", 1014, -1, pa.string(), "VARCHAR"),
    TypeInfo(1043, "varchar", "character varying", 1015, -1, pa.string(), "VARCHAR"),
    TypeInfo(1082, "date", "date", 1182, 4, pa.date32(), "DATE"),
    TypeInfo(1083, "time", "time without time zone", 1183, 8, pa.time64("us"), "TIME"),
    TypeInfo(1114, "timestamp", "timestamp without time zone", 1115, 8, pa.timestamp("us"), "TIMESTAMP"),
    TypeInfo(1184, "timestamptz", "timestamp with time zone", 1185, 8, _UTC_US, "TIMESTAMPTZ"),
    TypeInfo(1186, "interval", "interval", 1187, 16, pa.month_day_nano_interval(), "INTERVAL"),
    TypeInfo(1266, "timetz", "time with time zone", 1270, 12, pa.string(), None),
    TypeInfo(1700, "numeric", "numeric", 1231, -1, None, "DECIMAL"),
    TypeInfo(2950, "uuid", "uuid", 2951, 16, pa.binary(16), "UUID"),
    TypeInfo(3802, "jsonb", "jsonb", 3807, -1, pa.string(), "JSON"),
)
BY_OID: dict[int, TypeInfo] = {row.oid: row for row in _ROWS}
BY_NAME: dict[str, TypeInfo] = {row.name: row for row in _ROWS}
ELEMENT_OF: dict[int, int] = {row.array_oid: row.oid for row in _ROWS if row.array_oid}
"""Element type OID by array type OID."""

BOOL, BYTEA, INT8, INT2, INT4, TEXT = (PgType(oid) for oid in (16, 17, 20, 21, 23, 25))
OID, JSON, FLOAT4, FLOAT8, UNKNOWN = (PgType(oid) for oid in (26, 114, 700, 701, 705))
BPCHAR, VARCHAR, DATE, TIME, TIMESTAMP = (PgType(oid) for oid in (1042, 1043, 1082, 1083, 1114))
TIMESTAMPTZ, INTERVAL, NUMERIC, UUID, JSONB = (PgType(oid) for oid in (1184, 1186, 1700, 2950, 3802))


def numeric(precision: int, scale: int) -> PgType:
    """numeric(precision, scale); typmod as PostgreSQL packs it since 15 (11-bit signed scale)."""
    return PgType(1700, ((precision << 16) | (scale & 0x7FF)) + VARHDRSZ)


def varchar(length: int) -> PgType:
    """varchar(length), length in characters."""
    return PgType(1043, length + VARHDRSZ)


def precision_scale(pg: PgType) -> tuple[int, int] | None:
    """(precision, scale) of numeric(p,s); None for bare numeric."""
    if pg.typmod < VARHDRSZ:
        return None
    packed = pg.typmod - VARHDRSZ
    return packed >> 16, ((packed & 0x7FF) ^ 1024) - 1024


def char_length(pg: PgType) -> int | None:
    """n of varchar(n) or char(n), in characters; None without a limit."""
    return pg.typmod - VARHDRSZ if pg.oid in (1042, 1043) and pg.typmod >= VARHDRSZ else None


def element(pg: PgType) -> PgType | None:
    """The element type of an array type (the typmod belongs to the elements); None if not an array."""
    oid = ELEMENT_OF.get(pg.oid)
    return None if oid is None else PgType(oid, pg.typmod)


def array_of(pg: PgType) -> PgType:
    """The array type over `pg`."""
    return PgType(BY_OID[pg.oid].array_oid, pg.typmod)


def arrow_type(pg: PgType) -> pa.DataType:
    """The canonical Arrow type of a PostgreSQL type; bare numeric and types we do not know are string."""
    if (of := element(pg)) is not None:
        return pa.list_(arrow_type(of))
    if pg.oid == NUMERIC.oid:
        shape = precision_scale(pg)
        if shape is None:
            return pa.string()
        precision, scale = shape
        if scale < 0:
            precision, scale = precision - scale, 0
        precision = max(precision, scale)
        return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(min(precision, 76), scale)
    info = BY_OID.get(pg.oid)
    return info.arrow if info is not None and info.arrow is not None else pa.string()


def duckdb_type(pg: PgType) -> str:
    """The DuckDB type to cast to; raises FeatureNotSupported where DuckDB has none."""
    if (of := element(pg)) is not None:
        return duckdb_type(of) + "[]"
    if pg.oid == NUMERIC.oid:
        shape = precision_scale(pg)
        if shape is None:
            return "DECIMAL(38,18)"
        precision, scale = shape
        if precision > 38 or scale < 0 or scale > precision:
            raise FeatureNotSupported(f"type {format_type(pg)} is not supported by the embedded engine")
        return f"DECIMAL({precision},{scale})"
    info = BY_OID.get(pg.oid)
    if info is None or info.duckdb is None:
        raise FeatureNotSupported(f"type {format_type(pg)} is not supported by the embedded engine")
    return info.duckdb


def spark_type(pg: PgType) -> str:
    """The Spark type of a relation's column; raises FeatureNotSupported where Spark has none (time, interval).

    uuid, json and jsonb are STRING, as they are stored; bare numeric is DECIMAL(38,18). TIMESTAMP alone would mean
    either kind, by the setting spark.sql.timestampType.
    """
    if (of := element(pg)) is not None:
        return f"ARRAY<{spark_type(of)}>"
    if pg.oid == NUMERIC.oid:
        precision, scale = precision_scale(pg) or (38, 18)
        if precision <= 38 and 0 <= scale <= precision:
            return f"DECIMAL({precision},{scale})"
    elif pg.oid in _SPARK:
        return _SPARK[pg.oid]
    raise FeatureNotSupported(f"type {format_type(pg)} is not supported on Spark")


_SPARK = {
    **dict.fromkeys((18, 19, 25, 114, 705, 1042, 1043, 2950, 3802), "STRING"),
    **{16: "BOOLEAN", 17: "BINARY", 20: "BIGINT", 21: "SMALLINT", 23: "INT", 26: "BIGINT", 700: "FLOAT", 701: "DOUBLE"},
    **{1082: "DATE", 1114: "TIMESTAMP_NTZ", 1184: "TIMESTAMP_LTZ"},
}


def storage_type(pg: PgType) -> pa.DataType:
    """The Arrow type a column is stored as in Delta; raises FeatureNotSupported for types Delta lacks.

    uuid, json and jsonb are stored as string (their PostgreSQL type is kept in the catalog and in the field's
    metadata); bare numeric as decimal(38,18), as Spark's users expect of an unconstrained decimal.
    """
    if (of := element(pg)) is not None:
        return pa.list_(storage_type(of))
    if pg.oid == NUMERIC.oid:
        if precision_scale(pg) is None:
            return pa.decimal128(38, 18)
        wanted = arrow_type(pg)
        if not pa.types.is_decimal128(wanted):
            raise FeatureNotSupported(f"type {format_type(pg)} cannot be stored: Delta holds at most 38 digits")
        return wanted
    if pg.oid in (TIME.oid, INTERVAL.oid, 1266) or pg.oid not in BY_OID:
        raise FeatureNotSupported(
            f"type {format_type(pg)} cannot be stored in a Delta table", hint="Store it as text, or as a number."
        )
    return pa.string() if pg.oid == UUID.oid else arrow_type(pg)


def from_arrow(arrow: pa.DataType) -> PgType:
    """The PostgreSQL type of an Arrow or Delta column that no catalog describes (wire.md section 3)."""
    t = pa.types
    if isinstance(arrow, pa.BaseExtensionType):
        return UUID if arrow.extension_name == "arrow.uuid" else from_arrow(arrow.storage_type)
    if t.is_dictionary(arrow):
        return from_arrow(arrow.value_type)
    if t.is_decimal(arrow):
        return numeric(arrow.precision, arrow.scale)
    if t.is_timestamp(arrow):
        return TIMESTAMPTZ if arrow.tz else TIMESTAMP
    if t.is_fixed_size_binary(arrow):
        return UUID if arrow.byte_width == 16 else BYTEA
    if t.is_list(arrow) or t.is_large_list(arrow) or t.is_fixed_size_list(arrow) or t.is_list_view(arrow):
        inner = from_arrow(arrow.value_type)
        return array_of(inner) if inner.oid in BY_OID and inner.oid not in (JSON.oid, JSONB.oid) else JSON
    for test, pg in _ARROW_TESTS:
        if test(arrow):
            return pg
    return TEXT


_ARROW_TESTS = (
    (pa.types.is_boolean, BOOL),
    (pa.types.is_int8, INT2),
    (pa.types.is_int16, INT2),
    (pa.types.is_uint8, INT2),
    (pa.types.is_int32, INT4),
    (pa.types.is_uint16, INT4),
    (pa.types.is_int64, INT8),
    (pa.types.is_uint32, INT8),
    (pa.types.is_uint64, numeric(20, 0)),
    (pa.types.is_float16, FLOAT4),
    (pa.types.is_float32, FLOAT4),
    (pa.types.is_float64, FLOAT8),
    (pa.types.is_date, DATE),
    (pa.types.is_time, TIME),
    (pa.types.is_interval, INTERVAL),
    (pa.types.is_duration, INTERVAL),
    (pa.types.is_binary, BYTEA),
    (pa.types.is_large_binary, BYTEA),
    (pa.types.is_binary_view, BYTEA),
    (pa.types.is_struct, JSON),
    (pa.types.is_map, JSONB),
)


def format_type(pg: PgType) -> str:
    """What PostgreSQL's format_type(oid, typmod) prints."""
    if (of := element(pg)) is not None:
        return format_type(of) + "[]"
    info = BY_OID.get(pg.oid)
    if info is None:
        return f"type {pg.oid}"
    if pg.typmod < 0:
        return "bpchar" if pg.oid == BPCHAR.oid else info.sql_name  # "character" alone means character(1)
    if pg.oid == NUMERIC.oid:
        precision, scale = precision_scale(pg) or (0, 0)
        return f"numeric({precision},{scale})"
    if (length := char_length(pg)) is not None:
        return f"{info.sql_name}({length})"
    if pg.oid in (1083, 1114, 1184, 1266):
        head, _, tail = info.sql_name.partition(" ")
        return f"{head}({pg.typmod}) {tail}"
    return info.sql_name


def sent_size(pg: PgType) -> int:
    """typlen, as RowDescription carries it; -1 for variable length and unknown types."""
    info = BY_OID.get(pg.oid)
    return info.size if info is not None else -1
