"""The one place where DuckDB's exceptions become SqlErrors, by class before the first batch and by text mid-stream."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

import duckdb

from catalog.errors import (
    CardinalityViolation,
    DiskFull,
    DivisionByZero,
    FeatureNotSupported,
    InsufficientPrivilege,
    InternalError,
    InvalidDatetimeFormat,
    InvalidParameterValue,
    InvalidTextRepresentation,
    IoError,
    NumericValueOutOfRange,
    OutOfMemory,
    QueryCanceled,
    SnapshotTooOld,
    SqlError,
    from_sqlstate,
)

logger = logging.getLogger(__name__)

RAISE_PREFIX = "SQLSTATE "
"""Generated SQL may call error('SQLSTATE 22003: integer out of range') to raise exactly that."""

_PG_NAME = {
    "INT8": "smallint", "INT16": "smallint", "INT32": "integer", "INT64": "bigint", "INT128": "numeric",
    "TINYINT": "smallint", "SMALLINT": "smallint", "INTEGER": "integer", "BIGINT": "bigint", "HUGEINT": "numeric",
    "FLOAT": "real", "DOUBLE": "double precision", "BOOL": "boolean", "BOOLEAN": "boolean", "UUID": "uuid",
    "DATE": "date", "TIME": "time", "INTERVAL": "interval", "BLOB": "bytea",
    "TIMESTAMP": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
}  # fmt: skip
_PREFIX_OF: tuple[tuple[type[Exception], str], ...] = (
    (duckdb.InterruptException, "INTERRUPT Error"),
    (duckdb.OutOfMemoryException, "Out of Memory Error"),
    (duckdb.ConversionException, "Conversion Error"),
    (duckdb.OutOfRangeException, "Out of Range Error"),
    (duckdb.IOException, "IO Error"),
    (duckdb.PermissionException, "Permission Error"),
    (duckdb.FatalException, "FATAL Error"),
    (duckdb.InternalException, "INTERNAL Error"),
)
_RAISED = re.compile(RAISE_PREFIX + r"([0-9A-Z]{5}): (.*)", re.DOTALL)
_BAD_TEXT = re.compile(r"Could not convert string '(.*)' to ([A-Z0-9]+(?: WITH TIME ZONE)?)", re.DOTALL)
_BAD_DECIMAL = re.compile(r"Could not (?:convert|cast) (?:string|value) [\"'](.*)[\"'] to (DECIMAL)", re.DOTALL)
_BAD_FIELD = re.compile(r"invalid (date|time|timestamp) field format: \"(.*?)\"", re.DOTALL)
_FIELD_RANGE = re.compile(r"(?:date|time|timestamp) field value out of range: \"(.*?)\"", re.DOTALL)
_TYPE_RANGE = re.compile(r"destination type ([A-Z0-9]+)")
_TO_TYPE = re.compile(r"to type ([A-Z0-9]+)")
_OVERFLOW_OF = re.compile(r"of (INT8|INT16|INT32|INT64|INT128|HUGEINT|DECIMAL|FLOAT|DOUBLE)\b")
_PATH = re.compile(r"\"?(?:[a-z0-9]+://|/)[^\s'\",)]+\"?")
_NO_SPACE = re.compile(r"max_temp_directory_size|No space left|disk quota|failed to offload data", re.IGNORECASE)
_MISSING_FILE = re.compile(r"No files found|No such file|Cannot open file|does not exist", re.IGNORECASE)


def is_invalidated(error: BaseException) -> bool:
    """The whole instance must be opened anew: an INTERNAL or FATAL error has invalidated it."""
    text = str(error)
    return (
        isinstance(error, (duckdb.FatalException, duckdb.InternalException))
        or "database has been invalidated" in text
        or text.startswith(("INTERNAL Error", "FATAL Error"))
    )


def translate(error: Exception) -> SqlError:
    """The SqlError for whatever DuckDB or its Arrow reader raised. The text holds no path and no traceback."""
    if isinstance(error, SqlError):
        return error
    text = str(error)
    kind, _, rest = text.partition(": ")
    if not kind.endswith("Error"):
        kind = next((name for cls, name in _PREFIX_OF if isinstance(error, cls)), "")
        rest = text
    if (raised := _RAISED.search(rest)) is not None:
        return from_sqlstate(raised[1], _clean(raised[2]))
    handler = _HANDLERS.get(kind)
    mapped = handler(rest) if handler is not None else None
    if mapped is None:
        logger.error("unmapped error of DuckDB", exc_info=error)
        return InternalError(_clean(text))
    return mapped


def _interrupted(_: str) -> SqlError:
    return QueryCanceled("canceling statement due to user request")


def _memory(text: str) -> SqlError:
    if _NO_SPACE.search(text):
        return DiskFull("the tenant's space for temporary files is used up", detail=_clean(text))
    return OutOfMemory("out of memory", detail=_clean(text))


def _conversion(text: str) -> SqlError:
    if (match := _FIELD_RANGE.search(text)) is not None:
        return from_sqlstate("22008", f'date/time field value out of range: "{match[1]}"')
    if (match := _BAD_FIELD.search(text)) is not None:
        return InvalidDatetimeFormat(f'invalid input syntax for type {match[1]}: "{match[2]}"')
    if (match := _BAD_TEXT.search(text)) is not None:
        return _bad_text(match[1], match[2])
    if "Malformed JSON" in text:
        return InvalidTextRepresentation("invalid input syntax for type json")
    if "Failed to cast decimal value" in text:
        return NumericValueOutOfRange(f"{_PG_NAME.get((_TO_TYPE.findall(text) or [''])[0], 'value')} out of range")
    if (match := _BAD_DECIMAL.search(text)) is not None:
        return InvalidTextRepresentation(f'invalid input syntax for type numeric: "{match[1]}"')
    if "timestamp range" in text or "date range" in text.lower() or "time range" in text.lower():
        return from_sqlstate("22008", "timestamp out of range")
    if "DECIMAL" in text:
        return NumericValueOutOfRange("numeric field overflow")
    if (match := _TYPE_RANGE.search(text)) is not None:
        return NumericValueOutOfRange(f"{_PG_NAME.get(match[1], 'value')} out of range")
    if "blob" in text.lower() or "hex escape" in text.lower():
        return InvalidTextRepresentation("invalid input syntax for type bytea")
    if "out of range" in text:
        return NumericValueOutOfRange("value out of range")
    return InvalidTextRepresentation(_clean(text))


def _bad_text(value: str, duckdb_name: str) -> SqlError:
    pg_name = _PG_NAME.get(duckdb_name, duckdb_name.lower())
    if pg_name in ("smallint", "integer", "bigint") and re.fullmatch(r"\s*[+-]?\d+\s*", value):
        return NumericValueOutOfRange(f'value "{value}" is out of range for type {pg_name}')
    if pg_name in ("date", "time", "timestamp", "timestamp with time zone", "interval"):
        return InvalidDatetimeFormat(f'invalid input syntax for type {pg_name}: "{value}"')
    return InvalidTextRepresentation(f'invalid input syntax for type {pg_name}: "{value}"')


def _range(text: str) -> SqlError:
    lowered = text.lower()
    if "square root" in lowered:
        return from_sqlstate("2201F", "cannot take square root of a negative number")
    if "logarithm" in lowered:
        what = "zero" if "zero" in lowered else "a negative number"
        return from_sqlstate("2201E", f"cannot take logarithm of {what}")
    if "timestamp" in lowered or "date" in lowered or "interval" in lowered:
        return from_sqlstate("22008", "interval out of range" if "interval" in lowered else "timestamp out of range")
    match = _OVERFLOW_OF.search(text)
    if match is not None and match[1] in ("DECIMAL", "INT128", "HUGEINT"):
        return NumericValueOutOfRange("value overflows numeric format")
    if match is not None and match[1] in ("FLOAT", "DOUBLE"):
        return NumericValueOutOfRange("value out of range: overflow")
    return NumericValueOutOfRange(f"{_PG_NAME[match[1]]} out of range" if match is not None else "value out of range")


def _invalid_input(text: str) -> SqlError | None:
    if "Division by zero" in text or "division by zero" in text:
        return DivisionByZero("division by zero")
    if "More than one row returned by a subquery" in text:
        return CardinalityViolation("more than one row returned by a subquery used as an expression")
    if "registered as" in text:
        return _io(text)  # deltalake's reader, or rows at hand, failed inside DuckDB
    if "Values were not provided" in text or "database has been invalidated" in text:
        return None
    return InvalidParameterValue(_clean(text))


def _io(text: str) -> SqlError:
    if _NO_SPACE.search(text):
        return DiskFull("could not write to temporary file: no space left on device")
    if _MISSING_FILE.search(text):
        return SnapshotTooOld("a file of the table no longer exists", hint="Run the statement again.")
    if "registered as" in text:
        return IoError("input/output error while reading a table")
    return IoError(f"input/output error: {_clean(text)}")


def _denied(_: str) -> SqlError:
    return InsufficientPrivilege("access to files outside of the tenant's storage is not permitted")


def _unsupported(text: str) -> SqlError:
    return FeatureNotSupported("the embedded engine does not support this query", detail=_clean(text))


def _internal(_: str) -> None:
    return None


_HANDLERS: dict[str, Callable[[str], SqlError | None]] = {
    "INTERRUPT Error": _interrupted,
    "Out of Memory Error": _memory,
    "Conversion Error": _conversion,
    "Mismatch Type Error": _conversion,
    "Out of Range Error": _range,
    "Invalid Input Error": _invalid_input,
    "Invalid Type Error": _unsupported,
    "IO Error": _io,
    "Permission Error": _denied,
    "Not implemented Error": _unsupported,
    "Binder Error": _unsupported,
    "Catalog Error": _unsupported,
    "Parser Error": _unsupported,
    "Syntax Error": _unsupported,
    "Constraint Error": _conversion,
    "INTERNAL Error": _internal,
    "FATAL Error": _internal,
}


def _clean(text: str) -> str:
    """The first line, without paths, traces and advice about DuckDB's settings."""
    line = text.strip().splitlines()[0] if text.strip() else "unknown error"
    line = re.split(r" Use TRY\(| You might want to|, or SET | Stack Trace", line)[0]
    return _PATH.sub("<file>", line)[:300]
