"""What the server is and can, for CommandGetSqlInfo: facts by Flight SQL's numbers, and their encoding. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from gateway.flight.messages import MESSAGE_BYTES_MAX, sql
from gateway.flight.sessions import PREPARED_MAX
from gateway.flight.sql_words import CONVERSIONS, DATETIME, KEYWORDS, NUMERIC, STRING, SYSTEM
from gateway.settings import Settings
from gateway.version import VERSION

_INT32_MAX = (1 << 31) - 1
_NAME_MAX = 63
"""Bytes of an identifier in PostgreSQL; longer ones are cut."""
_UNION = pa.dense_union(
    [
        pa.field("string_value", pa.string()),
        pa.field("bool_value", pa.bool_()),
        pa.field("bigint_value", pa.int64()),
        pa.field("int32_bitmask", pa.int32()),
        pa.field("string_list", pa.list_(pa.field("string_data", pa.string()))),
        pa.field("int32_to_int32_list_map", pa.map_(pa.int32(), pa.list_(pa.field("$data$", pa.int32())))),
    ]
)
SQL_INFO = pa.schema([pa.field("info_name", pa.uint32(), nullable=False), pa.field("value", _UNION)])


@dataclass(frozen=True, slots=True)
class Fact:
    """`kind` is the place of its type in the union."""

    kind: int
    value: object


def _string(value: str | None) -> Fact:
    return Fact(0, value)


def _bool(value: bool) -> Fact:
    return Fact(1, value)


def _long(value: int) -> Fact:
    return Fact(2, value)


def _int(value: int) -> Fact:
    return Fact(3, value)


def _bits(*values: int) -> Fact:
    return Fact(3, sum(1 << value for value in set(values)))


def _strings(values: Sequence[str]) -> Fact:
    return Fact(4, list(values))


def facts(settings: Settings) -> Mapping[int, Fact]:
    """By number, in order; without settings' influence but for limits."""
    timeout = _int(min(int(settings.flight_session_timeout * 1000), _INT32_MAX))
    return dict(
        sorted(
            {
                **_SERVER,
                **_SYNTAX,
                **_SUPPORT,
                **_LIMITS,
                **_TRANSACTIONS,
                sql.FLIGHT_SQL_SERVER_STATEMENT_TIMEOUT: timeout,
                sql.FLIGHT_SQL_SERVER_TRANSACTION_TIMEOUT: timeout,
                sql.SQL_MAX_CONNECTIONS: _long(settings.max_connections),
            }.items()
        )
    )


def encoded(known: Mapping[int, Fact], wanted: Sequence[int]) -> pa.RecordBatch:
    """The facts asked for, each once, in the order asked; all if none is. Numbers we do not know are left out."""
    numbers = list(known) if not wanted else [number for number in dict.fromkeys(wanted) if number in known]
    values: list[list[object]] = [[] for _ in _UNION]
    kinds, offsets = [], []
    for number in numbers:
        fact = known[number]
        kinds.append(fact.kind)
        offsets.append(len(values[fact.kind]))
        values[fact.kind].append(fact.value)
    children = [pa.array(column, field.type) for column, field in zip(values, _UNION, strict=True)]
    union = pa.UnionArray.from_dense(
        pa.array(kinds, pa.int8()), pa.array(offsets, pa.int32()), children, [field.name for field in _UNION]
    )
    return pa.RecordBatch.from_arrays([pa.array(numbers, pa.uint32()), union], schema=SQL_INFO)


_SERVER = {
    sql.FLIGHT_SQL_SERVER_NAME: _string("Kadali"),
    sql.FLIGHT_SQL_SERVER_VERSION: _string(VERSION),
    sql.FLIGHT_SQL_SERVER_ARROW_VERSION: _string(pa.__version__),
    sql.FLIGHT_SQL_SERVER_READ_ONLY: _bool(False),
    sql.FLIGHT_SQL_SERVER_SQL: _bool(True),
    sql.FLIGHT_SQL_SERVER_SUBSTRAIT: _bool(False),
    sql.FLIGHT_SQL_SERVER_SUBSTRAIT_MIN_VERSION: _string(None),
    sql.FLIGHT_SQL_SERVER_SUBSTRAIT_MAX_VERSION: _string(None),
    sql.FLIGHT_SQL_SERVER_TRANSACTION: _int(sql.SQL_SUPPORTED_TRANSACTION_SAVEPOINT),
    sql.FLIGHT_SQL_SERVER_CANCEL: _bool(True),
    sql.FLIGHT_SQL_SERVER_BULK_INGESTION: _bool(True),
    sql.FLIGHT_SQL_SERVER_INGEST_TRANSACTIONS_SUPPORTED: _bool(True),
}
_SYNTAX = {
    sql.SQL_DDL_CATALOG: _bool(False),
    sql.SQL_DDL_SCHEMA: _bool(True),
    sql.SQL_DDL_TABLE: _bool(True),
    sql.SQL_IDENTIFIER_CASE: _int(sql.SQL_CASE_SENSITIVITY_LOWERCASE),
    sql.SQL_IDENTIFIER_QUOTE_CHAR: _string('"'),
    sql.SQL_QUOTED_IDENTIFIER_CASE: _int(sql.SQL_CASE_SENSITIVITY_UNKNOWN),  # kept as written: there is no number
    sql.SQL_ALL_TABLES_ARE_SELECTABLE: _bool(False),
    sql.SQL_NULL_ORDERING: _int(sql.SQL_NULLS_SORTED_HIGH),
    sql.SQL_KEYWORDS: _strings(KEYWORDS),
    sql.SQL_NUMERIC_FUNCTIONS: _strings(NUMERIC),
    sql.SQL_STRING_FUNCTIONS: _strings(STRING),
    sql.SQL_SYSTEM_FUNCTIONS: _strings(SYSTEM),
    sql.SQL_DATETIME_FUNCTIONS: _strings(DATETIME),
    sql.SQL_SEARCH_STRING_ESCAPE: _string("\\"),
    sql.SQL_EXTRA_NAME_CHARACTERS: _string("$"),
    sql.SQL_SCHEMA_TERM: _string("schema"),
    sql.SQL_PROCEDURE_TERM: _string("function"),
    sql.SQL_CATALOG_TERM: _string("database"),
    sql.SQL_CATALOG_AT_START: _bool(True),
}
_SUPPORT = {
    sql.SQL_SUPPORTS_COLUMN_ALIASING: _bool(True),
    sql.SQL_NULL_PLUS_NULL_IS_NULL: _bool(True),
    sql.SQL_SUPPORTS_CONVERT: Fact(5, list(CONVERSIONS.items())),
    sql.SQL_SUPPORTS_TABLE_CORRELATION_NAMES: _bool(True),
    sql.SQL_SUPPORTS_DIFFERENT_TABLE_CORRELATION_NAMES: _bool(False),  # an alias may be the name of a table
    sql.SQL_SUPPORTS_EXPRESSIONS_IN_ORDER_BY: _bool(True),
    sql.SQL_SUPPORTS_ORDER_BY_UNRELATED: _bool(True),
    sql.SQL_SUPPORTED_GROUP_BY: _bits(sql.SQL_GROUP_BY_UNRELATED, sql.SQL_GROUP_BY_BEYOND_SELECT),
    sql.SQL_SUPPORTS_LIKE_ESCAPE_CLAUSE: _bool(True),
    sql.SQL_SUPPORTS_NON_NULLABLE_COLUMNS: _bool(True),
    sql.SQL_SUPPORTED_GRAMMAR: _bits(sql.SQL_MINIMUM_GRAMMAR),
    sql.SQL_ANSI92_SUPPORTED_LEVEL: _bits(sql.ANSI92_ENTRY_SQL),
    sql.SQL_SUPPORTS_INTEGRITY_ENHANCEMENT_FACILITY: _bool(False),  # keys are declared, not enforced
    sql.SQL_OUTER_JOINS_SUPPORT_LEVEL: _int(sql.SQL_FULL_OUTER_JOINS),
    sql.SQL_SCHEMAS_SUPPORTED_ACTIONS: _bits(
        sql.SQL_ELEMENT_IN_PROCEDURE_CALLS,
        sql.SQL_ELEMENT_IN_INDEX_DEFINITIONS,
        sql.SQL_ELEMENT_IN_PRIVILEGE_DEFINITIONS,
    ),
    sql.SQL_CATALOGS_SUPPORTED_ACTIONS: _bits(),
    sql.SQL_SUPPORTED_POSITIONED_COMMANDS: _bits(),
    sql.SQL_SELECT_FOR_UPDATE_SUPPORTED: _bool(False),
    sql.SQL_STORED_PROCEDURES_SUPPORTED: _bool(False),
    sql.SQL_SUPPORTED_SUBQUERIES: _bits(
        sql.SQL_SUBQUERIES_IN_COMPARISONS,
        sql.SQL_SUBQUERIES_IN_EXISTS,
        sql.SQL_SUBQUERIES_IN_INS,
        sql.SQL_SUBQUERIES_IN_QUANTIFIEDS,
    ),
    sql.SQL_CORRELATED_SUBQUERIES_SUPPORTED: _bool(True),
    sql.SQL_SUPPORTED_UNIONS: _bits(sql.SQL_UNION, sql.SQL_UNION_ALL),
    sql.SQL_SUPPORTED_RESULT_SET_TYPES: _bits(sql.SQL_RESULT_SET_TYPE_FORWARD_ONLY),
    sql.SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_UNSPECIFIED: _bits(),
    sql.SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_FORWARD_ONLY: _bits(sql.SQL_RESULT_SET_CONCURRENCY_READ_ONLY),
    sql.SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_SENSITIVE: _bits(),
    sql.SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_INSENSITIVE: _bits(),
    sql.SQL_BATCH_UPDATES_SUPPORTED: _bool(True),
    sql.SQL_NAMED_PARAMETERS_SUPPORTED: _bool(False),
    sql.SQL_LOCATORS_UPDATE_COPY: _bool(True),
    sql.SQL_STORED_FUNCTIONS_USING_CALL_SYNTAX_SUPPORTED: _bool(False),
}
_LIMITS = {
    sql.SQL_MAX_BINARY_LITERAL_LENGTH: _long(0),
    sql.SQL_MAX_CHAR_LITERAL_LENGTH: _long(0),
    sql.SQL_MAX_COLUMN_NAME_LENGTH: _long(_NAME_MAX),
    sql.SQL_MAX_COLUMNS_IN_GROUP_BY: _long(0),
    sql.SQL_MAX_COLUMNS_IN_INDEX: _long(32),
    sql.SQL_MAX_COLUMNS_IN_ORDER_BY: _long(0),
    sql.SQL_MAX_COLUMNS_IN_SELECT: _long(1664),
    sql.SQL_MAX_COLUMNS_IN_TABLE: _long(1600),
    sql.SQL_MAX_CURSOR_NAME_LENGTH: _long(_NAME_MAX),
    sql.SQL_MAX_INDEX_LENGTH: _long(0),
    sql.SQL_DB_SCHEMA_NAME_LENGTH: _long(_NAME_MAX),
    sql.SQL_MAX_PROCEDURE_NAME_LENGTH: _long(_NAME_MAX),
    sql.SQL_MAX_CATALOG_NAME_LENGTH: _long(_NAME_MAX),
    sql.SQL_MAX_ROW_SIZE: _long(0),
    sql.SQL_MAX_ROW_SIZE_INCLUDES_BLOBS: _bool(False),
    sql.SQL_MAX_STATEMENT_LENGTH: _long(MESSAGE_BYTES_MAX),
    sql.SQL_MAX_STATEMENTS: _long(PREPARED_MAX),
    sql.SQL_MAX_TABLE_NAME_LENGTH: _long(_NAME_MAX),
    sql.SQL_MAX_TABLES_IN_SELECT: _long(0),
    sql.SQL_MAX_USERNAME_LENGTH: _long(_NAME_MAX),
}
"""As PostgreSQL 16 has them; 0: without a limit of their own."""
_TRANSACTIONS = {
    sql.SQL_TRANSACTIONS_SUPPORTED: _bool(True),
    sql.SQL_DEFAULT_TRANSACTION_ISOLATION: _long(sql.SQL_TRANSACTION_READ_COMMITTED),  # as int32 JDBC's driver fails
    sql.SQL_SUPPORTED_TRANSACTIONS_ISOLATION_LEVELS: _bits(
        sql.SQL_TRANSACTION_READ_UNCOMMITTED, sql.SQL_TRANSACTION_READ_COMMITTED, sql.SQL_TRANSACTION_REPEATABLE_READ
    ),  # SERIALIZABLE is accepted, but no more than that is promised
    sql.SQL_DATA_DEFINITION_CAUSES_TRANSACTION_COMMIT: _bool(False),
    sql.SQL_DATA_DEFINITIONS_IN_TRANSACTIONS_IGNORED: _bool(False),
    sql.SQL_SAVEPOINTS_SUPPORTED: _bool(True),
}
