"""The SQL types for CommandGetXdbcTypeInfo: names as columns' metadata has them, numbers of XDBC. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from gateway.flight.messages import sql

TYPE_INFO = pa.schema(
    [
        pa.field("type_name", pa.string(), nullable=False),
        pa.field("data_type", pa.int32(), nullable=False),
        pa.field("column_size", pa.int32()),
        pa.field("literal_prefix", pa.string()),
        pa.field("literal_suffix", pa.string()),
        pa.field("create_params", pa.list_(pa.field("item", pa.string(), nullable=False))),
        pa.field("nullable", pa.int32(), nullable=False),
        pa.field("case_sensitive", pa.bool_(), nullable=False),
        pa.field("searchable", pa.int32(), nullable=False),
        pa.field("unsigned_attribute", pa.bool_()),
        pa.field("fixed_prec_scale", pa.bool_(), nullable=False),
        pa.field("auto_increment", pa.bool_()),
        pa.field("local_type_name", pa.string()),
        pa.field("minimum_scale", pa.int32()),
        pa.field("maximum_scale", pa.int32()),
        pa.field("sql_data_type", pa.int32(), nullable=False),
        pa.field("datetime_subcode", pa.int32()),
        pa.field("num_prec_radix", pa.int32()),
        pa.field("interval_precision", pa.int32()),
    ]
)


@dataclass(frozen=True, slots=True)
class _Type:
    """One row. `size` is the column size, `radix` that of numbers, `scales` the least and greatest scale."""

    name: str
    data_type: int
    size: int | None = None
    quoted: bool = True
    params: tuple[str, ...] | None = None
    cased: bool = False
    searchable: int = sql.SEARCHABLE_BASIC
    radix: int | None = None
    scales: tuple[int | None, int | None] = (None, None)
    sql_type: int | None = None
    """If it is another than `data_type`: the generic one of dates, times and intervals."""
    subcode: int | None = None

    def row(self) -> dict[str, object]:
        quote = "'" if self.quoted else None
        number = None if self.radix is None else False
        return {
            "type_name": self.name,
            "data_type": self.data_type,
            "column_size": self.size,
            "literal_prefix": quote,
            "literal_suffix": quote,
            "create_params": self.params,
            "nullable": sql.NULLABILITY_NULLABLE,
            "case_sensitive": self.cased,
            "searchable": self.searchable,
            "unsigned_attribute": number,
            "fixed_prec_scale": False,
            "auto_increment": number,
            "local_type_name": None,
            "minimum_scale": self.scales[0],
            "maximum_scale": self.scales[1],
            "sql_data_type": self.data_type if self.sql_type is None else self.sql_type,
            "datetime_subcode": self.subcode,
            "num_prec_radix": self.radix,
            "interval_precision": None,
        }


def _number(
    name: str, data_type: int, size: int, radix: int = 10, scales: tuple[int | None, int | None] = (0, 0)
) -> _Type:
    return _Type(name, data_type, size, quoted=False, radix=radix, scales=scales)


def _text(name: str, size: int | None, *params: str) -> _Type:
    data_type = sql.XDBC_CHAR if name == "character" else sql.XDBC_VARCHAR
    return _Type(name, data_type, size, params=params or None, cased=True, searchable=sql.SEARCHABLE_FULL)


def _moment(name: str, data_type: int, size: int, subcode: int, fraction: bool = True) -> _Type:
    params, scales = (("precision",), (0, 6)) if fraction else (None, (None, None))
    return _Type(name, data_type, size, True, params, scales=scales, sql_type=sql.XDBC_DATETIME, subcode=subcode)


_CHARACTERS_MAX = 10_485_760
"""n of char(n) and varchar(n)."""
_TYPES = (
    _Type("boolean", sql.XDBC_BIT, 1, quoted=False),
    _number("bigint", sql.XDBC_BIGINT, 19),
    _Type("bytea", sql.XDBC_VARBINARY),
    _Type("json", sql.XDBC_UNKNOWN_TYPE, cased=True, searchable=sql.SEARCHABLE_NONE),
    _Type("jsonb", sql.XDBC_UNKNOWN_TYPE, cased=True),
    _Type("uuid", sql.XDBC_UNKNOWN_TYPE, 36),
    _text("character", _CHARACTERS_MAX, "length"),
    _Type("numeric", sql.XDBC_NUMERIC, 38, False, ("precision", "scale"), radix=10, scales=(0, 38)),
    _number("integer", sql.XDBC_INTEGER, 10),
    _number("smallint", sql.XDBC_SMALLINT, 5),
    _number("real", sql.XDBC_REAL, 24, 2, (None, None)),
    _number("double precision", sql.XDBC_DOUBLE, 53, 2, (None, None)),
    _Type("interval", sql.XDBC_INTERVAL, 49, scales=(0, 6), subcode=sql.XDBC_SUBCODE_UNKNOWN),
    _text("character varying", _CHARACTERS_MAX, "length"),
    _text("text", None),
    _moment("date", sql.XDBC_DATE, 13, sql.XDBC_SUBCODE_DATE, fraction=False),
    _moment("time without time zone", sql.XDBC_TIME, 15, sql.XDBC_SUBCODE_TIME),
    _moment("timestamp without time zone", sql.XDBC_TIMESTAMP, 29, sql.XDBC_SUBCODE_TIMESTAMP),
    _moment("timestamp with time zone", sql.XDBC_TIMESTAMP, 35, sql.XDBC_SUBCODE_TIMESTAMP_WITH_TIMEZONE),
)
"""Types that JDBC and ODBC have no number for are XDBC_UNKNOWN_TYPE."""


def type_info(data_type: int | None) -> pa.RecordBatch:
    """By number, then name; all, or those with one number."""
    found = [one for one in _TYPES if data_type is None or one.data_type == data_type]
    found.sort(key=lambda one: (one.data_type, one.name))
    return pa.RecordBatch.from_pylist([one.row() for one in found], schema=TYPE_INFO)
