"""The one place where a Spark driver's errors, which all come as gRPC statuses, become SqlErrors."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import grpc
from google.rpc import error_details_pb2, status_pb2

from catalog.errors import (
    BY_SQLSTATE,
    CannotConnectNow,
    CardinalityViolation,
    ConnectionFailure,
    DataException,
    DivisionByZero,
    FeatureNotSupported,
    InternalError,
    InvalidDatetimeFormat,
    InvalidTextRepresentation,
    IoError,
    NumericValueOutOfRange,
    OutOfMemory,
    ProgramLimitExceeded,
    QueryCanceled,
    SerializationFailure,
    SnapshotTooOld,
    SqlError,
    UndefinedTable,
    from_sqlstate,
)
from engine.storage.errors import denied, no_bucket, unreachable

logger = logging.getLogger(__name__)

CANCELED = "canceling statement due to user request"
_DETAILS = "grpc-status-details-bin"
_CUT = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
_CUT_TEXT = re.compile(r"RST_STREAM|Stream removed|Socket closed|Connection reset|GOAWAY|recvmsg", re.IGNORECASE)


class ResultTooLarge(ProgramLimitExceeded):
    """A result above `spark.driver.maxResultSize`: rows may have been delivered before it comes."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a driver says of an error. `code` is Spark's class ("DIVIDE_BY_ZERO"), empty if it has none; `text` is for
    people, with the class in front and the query behind.
    """

    status: grpc.StatusCode
    text: str
    code: str = ""
    sqlstate: str = ""
    error_id: str = ""
    classes: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def cut(self) -> bool:
        """The connection broke, not the query: its stream may be taken up again."""
        if self.code:
            return self.code == "INVALID_CURSOR.DISCONNECTED"
        return self.status in _CUT or bool(
            self.status in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN) and _CUT_TEXT.search(self.text)
        )

    @property
    def session_gone(self) -> bool:
        """The driver has no such session (any more), or was started anew."""
        return self.code in _SESSION_GONE

    @property
    def operation_gone(self) -> bool:
        return self.code in ("INVALID_HANDLE.OPERATION_NOT_FOUND", "INVALID_HANDLE.OPERATION_ABANDONED")


_SESSION_GONE = {f"INVALID_HANDLE.SESSION_{what}" for what in ("NOT_FOUND", "CLOSED", "CHANGED")}


def told(error: grpc.RpcError) -> Told:
    """The status, with what its details hold (google.rpc.ErrorInfo)."""
    call: grpc.Call = error  # type: ignore[assignment]  # grpc raises errors that are calls
    text = str(call.details() or "")
    for key, value in call.trailing_metadata() or ():
        if key != _DETAILS:
            continue
        for detail in status_pb2.Status.FromString(value).details:
            info = error_details_pb2.ErrorInfo()
            if detail.Unpack(info):
                data = info.metadata
                return Told(
                    call.code(),
                    text,
                    code=data.get("errorClass", ""),
                    sqlstate=data.get("sqlState", ""),
                    error_id=data.get("errorId", ""),
                    classes=data.get("classes", ""),
                    params=_params(data.get("messageParameters", "")),
                )
    return Told(call.code(), text)


def _params(text: str) -> Mapping[str, str]:
    try:
        found = json.loads(text) if text else {}
    except json.JSONDecodeError:  # the server cuts what is too long for a header
        found = {}
    return {str(key): str(value) for key, value in found.items()}


def translate(what: Told, *, own_text: str | None = None) -> SqlError:
    """The SqlError for an error of a statement. The text holds no path and no stack trace.

    `own_text`: the SQL was the client's own (not made by our dialect): its errors of analysis keep their SQLSTATE and
    get a position in that text; those of generated SQL are 0A000.
    """
    if (raised := _RAISED.search(what.text)) is not None:
        return from_sqlstate(raised[1], _clean(raised[2]))
    for pattern, make in _BY_TEXT:
        if pattern.search(what.text):
            return make()
    if "FileNotFoundException" in what.classes:
        return (
            UndefinedTable("there is no Delta table at the given location") if _LOG.search(what.text) else _file_gone()
        )
    if what.cut:
        return ConnectionFailure("the connection to the Spark driver was lost", hint=_RETRY)
    if what.status in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
        return ConnectionFailure("the Spark driver does not accept the cluster's token")
    if what.status is grpc.StatusCode.CANCELLED or what.code == "OPERATION_CANCELED":
        return QueryCanceled(CANCELED)
    if what.code.startswith("INVALID_HANDLE") or what.code.startswith("INVALID_CURSOR"):
        return ConnectionFailure("the Spark driver has lost the statement", hint=_RETRY)
    head = what.code.partition(".")[0]
    if (handler := _BY_CLASS.get(what.code) or _BY_CLASS.get(head)) is not None:
        return handler(what)
    code = _SQLSTATES.get(what.code) or _SQLSTATES.get(head) or what.sqlstate
    if code.startswith("42") and own_text is None and code != "42501":
        logger.info("Spark does not take a generated query: %s", what.text.splitlines()[:1])
        return FeatureNotSupported("Spark does not support this query", detail=_clean(what.text))
    if code in BY_SQLSTATE or code[:2] in ("0A", "21", "22", "23", "42", "53", "54"):
        position = _position(what.text, own_text) if own_text is not None else None
        return from_sqlstate(code, _clean(what.text), position=position)
    logger.error("unmapped error of Spark: %s (%s) %s", what.code, what.sqlstate, what.text[:2000])
    return InternalError(_clean(what.text))


def _file_gone() -> SqlError:
    return SnapshotTooOld("a file of the table no longer exists", hint="Run the statement again.")


_RETRY = "Run the statement again: it gets a new session of the cluster."
_RAISED = re.compile(r"SQLSTATE ([0-9A-Z]{5}): ((?:(?! SQLSTATE: [0-9A-Z]{5}\b)[^\n])*)")
_STOPPED = re.compile(
    r"stopped SparkContext|SparkContext (?:was|has been|is already) (?:shut down|stopped)|SparkContext was shut"
)
_RESULT_SIZE = re.compile(r"bigger than (?:local )?(?:spark\.driver\.)?maxResultSize")
_MEMORY = re.compile(r"OutOfMemoryError|SparkOutOfMemoryError|UNABLE_TO_ACQUIRE_MEMORY|ExitCode 52\b|exit code 137")
_DISK = re.compile(r"No space left on device")
_FILE_GONE = re.compile(
    r"FAILED_READ_FILE\.FILE_NOT_EXIST|FileNotFoundException|does not exist\. It is possible the underlying"
)
_LOG = re.compile(r"_delta_log does not exist")
_CONFLICT = re.compile(
    r"Concurrent(?:Append|Write|DeleteRead|DeleteDelete|Transaction|Modification)\w*Exception"
    r"|\[DELTA_(?:CONCURRENT_\w+|METADATA_CHANGED|PROTOCOL_CHANGED)\b"
)
_STORE_DENIED = re.compile(r"(?:S3|AwsService)Exception\b.{0,400}?\bStatus Code: 40[13]\b", re.DOTALL)
_NO_BUCKET = re.compile(r"UnknownStoreException|NoSuchBucket")
_STORE = re.compile(r"software\.amazon\.awssdk\.|\bAWS\w+Exception\b|\bS3Exception\b")
_WORKERS = re.compile(r"ExecutorLostFailure|Max number of executor failures|Initial job has not accepted any resources")
_BY_TEXT: tuple[tuple[re.Pattern[str], Callable[[], SqlError]], ...] = (
    (
        _RESULT_SIZE,
        lambda: ResultTooLarge(
            "the result is larger than the Spark driver may hold",
            hint="Run it again with the setting kadali.spark_result = staged.",
        ),
    ),
    (
        _STOPPED,
        lambda: CannotConnectNow("the Spark driver of the cluster is stopped", hint="It is restarted: try again soon."),
    ),
    (_DISK, lambda: from_sqlstate("53100", "no space left on a disk of the cluster")),
    (_MEMORY, lambda: OutOfMemory("out of memory on the cluster", hint="Use a larger size for the cluster.")),
    (_CONFLICT, lambda: SerializationFailure("could not serialize access due to concurrent update")),
    (_FILE_GONE, _file_gone),
    (_STORE_DENIED, denied),
    (_NO_BUCKET, no_bucket),
    (_STORE, unreachable),
    (_WORKERS, lambda: from_sqlstate("57P04", "workers of the cluster were lost while the query ran", hint=_RETRY)),
)
_SQLSTATES = {
    "CAST_INVALID_INPUT": "22P02",
    "DELTA_NEW_CHECK_CONSTRAINT_VIOLATION": "23514",
    "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES": "23514",
    "DELTA_NOT_NULL_CONSTRAINT_VIOLATED": "23502",
    "NOT_NULL_CONSTRAINT_VIOLATION": "23502",
    "NOT_NULL_ASSERT_VIOLATION": "23502",
    "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE": "21000",
    "MERGE_CARDINALITY_VIOLATION": "21000",
    "DELTA_VERSION_NOT_FOUND": "22023",
    "DELTA_TIMESTAMP_GREATER_THAN_COMMIT": "22023",
    "DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION": "22023",
    "DELTA_PATH_DOES_NOT_EXIST": "42P01",
    "DELTA_TABLE_NOT_FOUND": "42P01",
    "DELTA_MISSING_DELTA_TABLE": "42P01",
    "DELTA_EXCEED_CHAR_VARCHAR_LIMIT": "22001",
    "EXCEED_LIMIT_LENGTH": "22001",
    "UNSUPPORTED_FEATURE": "0A000",
    "PLAN_VALIDATION_FAILED_RULE_IN_BATCH": "0A000",  # an optimizer's fault: nothing was computed
    "DELTA_UNSUPPORTED_FEATURES_FOR_READ": "0A000",
    "DELTA_UNSUPPORTED_FEATURES_FOR_WRITE": "0A000",
}
_PG_NAME = {
    "TINYINT": "smallint", "SMALLINT": "smallint", "INT": "integer", "BIGINT": "bigint", "FLOAT": "real",
    "DOUBLE": "double precision", "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP_NTZ": "timestamp",
    "TIMESTAMP": "timestamp with time zone", "BINARY": "bytea", "STRING": "text",
}  # fmt: skip


def _pg_name(spark: str) -> str:
    bare = spark.strip('"')
    return "numeric" if bare.startswith("DECIMAL") else _PG_NAME.get(bare, bare.lower())


def _division(_: Told) -> SqlError:
    return DivisionByZero("division by zero")


def _bad_text(what: Told) -> SqlError:
    name = _pg_name(what.params.get("targetType", ""))
    value = what.params.get("expression", "").removeprefix("'").removesuffix("'")
    if name in ("smallint", "integer", "bigint") and re.fullmatch(r"\s*[+-]?\d+\s*", value):
        return NumericValueOutOfRange(f'value "{value}" is out of range for type {name}')
    if name in ("date", "timestamp", "timestamp with time zone"):
        if re.fullmatch(r"\s*\d{4}-\d\d-\d\d\b.*", value, re.DOTALL):
            return from_sqlstate("22008", f'date/time field value out of range: "{value}"')
        return InvalidDatetimeFormat(f'invalid input syntax for type {name}: "{value}"')
    return InvalidTextRepresentation(f'invalid input syntax for type {name}: "{value}"')


def _cast_overflow(what: Told) -> SqlError:
    name = _pg_name(what.params.get("targetType", ""))
    if name == "numeric":
        return NumericValueOutOfRange("numeric field overflow")
    return NumericValueOutOfRange(f"{name} out of range")


def _arithmetic(what: Told) -> SqlError:
    """Spark tells smallint by its operands ("2S"), long and integer only in some messages, and else no type at all."""
    message = what.params.get("message", "").lower()
    if what.params.get("value1", "").endswith("S"):
        return NumericValueOutOfRange("smallint out of range")
    for spark, name in (("long", "bigint"), ("integer", "integer"), ("short", "smallint")):
        if spark in message:
            return NumericValueOutOfRange(f"{name} out of range")
    return NumericValueOutOfRange("value out of range")


def _numeric(_: Told) -> SqlError:
    return NumericValueOutOfRange("numeric field overflow")


def _datetime_range(_: Told) -> SqlError:
    return from_sqlstate("22008", "timestamp out of range")


def _many_rows(_: Told) -> SqlError:
    return CardinalityViolation("more than one row returned by a subquery used as an expression")


def _raised(what: Told) -> SqlError:
    return DataException(_clean(what.params.get("errorMessage", "") or what.text))


def _missing_path(_: Told) -> SqlError:
    return IoError("a file or folder of the table does not exist")


_BY_CLASS: dict[str, Callable[[Told], SqlError]] = {
    "DIVIDE_BY_ZERO": _division,
    "REMAINDER_BY_ZERO": _division,
    "INTERVAL_DIVIDED_BY_ZERO": _division,
    "CAST_INVALID_INPUT": _bad_text,
    "CAST_OVERFLOW": _cast_overflow,
    "CAST_OVERFLOW_IN_TABLE_INSERT": _cast_overflow,
    "ARITHMETIC_OVERFLOW": _arithmetic,
    "BINARY_ARITHMETIC_OVERFLOW": _arithmetic,
    "NUMERIC_VALUE_OUT_OF_RANGE": _numeric,
    "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION": _numeric,
    "DATETIME_OVERFLOW": _datetime_range,
    "DATETIME_FIELD_OUT_OF_BOUNDS": _datetime_range,
    "SCALAR_SUBQUERY_TOO_MANY_ROWS": _many_rows,
    "USER_RAISED_EXCEPTION": _raised,
    "PATH_NOT_FOUND": _missing_path,
}

_LABEL = re.compile(r"^\s*\[[A-Z0-9_.]+\]\s*")
_STATE = re.compile(r"\s*SQLSTATE: [0-9A-Z]{5}.*", re.DOTALL)
_ADVICE = re.compile(
    r" (?:Use (?:the SQL function )?`|If necessary set |Correct the value as per|Verify the spelling).*", re.DOTALL
)
_PLACE = re.compile(r"[(;] ?line (\d+),? pos (\d+)")
_PATH = re.compile(r"(?:[a-z0-9]+:/+|(?<![\w.])/)(?=\w)[^\s'\",;)`\]]+")


def without_paths(text: str) -> str:
    """Text for a client: where tables are stored is not told."""
    return _PATH.sub("<file>", text)


def _clean(text: str) -> str:
    """The sentence alone: no class, SQLSTATE, plan, trace, path, nor advice about Spark's settings."""
    bare = _LABEL.sub("", _STATE.sub("", text.strip()))
    bare = _ADVICE.sub("", bare)
    lines = [line for line in bare.splitlines() if line.strip()]
    return without_paths(lines[0] if lines else "unknown error of Spark")[:300].strip()


def _position(text: str, sql: str) -> int | None:
    """From "line 2 pos 7" (from 1, from 0) to characters from 1."""
    match = _PLACE.search(text)
    if match is None:
        return None
    lines = sql.splitlines(keepends=True)
    line, column = int(match[1]), int(match[2])
    return sum(map(len, lines[: line - 1])) + column + 1 if line <= len(lines) else None
