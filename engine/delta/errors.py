"""The one place where deltalake's exceptions become SqlErrors."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from deltalake.exceptions import (
    CommitFailedError,
    DeltaError,
    DeltaProtocolError,
    SchemaMismatchError,
    TableNotFoundError,
)

from catalog.errors import (
    CardinalityViolation,
    CheckViolation,
    DataCorrupted,
    DatatypeMismatch,
    DiskFull,
    DivisionByZero,
    FeatureNotSupported,
    InternalError,
    InvalidParameterValue,
    InvalidTextRepresentation,
    IoError,
    NotNullViolation,
    NumericValueOutOfRange,
    SerializationFailure,
    SnapshotTooOld,
    SqlError,
    UndefinedTable,
    sql_error_in,
)
from engine.storage.errors import refusal, unreachable

logger = logging.getLogger(__name__)

_CLUSTER_HINT = "Run the statement on a Spark cluster."
_PATH = re.compile(r"(?:[a-z0-9]+://|/)[^\s'\",)]+")
_NO_SPACE = re.compile(r"no space left|os error 28\b|disk quota|os error 122\b|file too large", re.IGNORECASE)
_NOT_NULL = re.compile(r"[Ii]nvariant|NOT NULL|non-nullable|not nullable")
_FEATURES = re.compile(
    r"[Uu]nsupported (?:table )?features?|[Ww]riter features?|[Rr]eader features?|Feature '\w+' is not supported"
    r"|not supported for write operation|Kernel error: Unsupported"
)
_VANISHED = re.compile(r"No such file or directory|not found|os error 2\b", re.IGNORECASE)
_CORRUPT = re.compile(
    r"Invalid protocol action|No table metadata|Json error|Invalid JSON|found gap|[Cc]orrupt|[Mm]alformed"
    r"|EOF while parsing|[Ii]nvalid [Pp]arquet|Parquet error|magic bytes|Arrow error: EOF|less than footer"
)
_NO_STORE = re.compile(r"Generic S3 error|error sending request|Connection refused|operation timed out")
_PROPERTY = re.compile(r"Error parsing property '([^']*)'")
_INVALID_ROWS = re.compile(r"failed validation check|violates|[Cc]onstraint")


_COMPUTING: tuple[tuple[str, type[SqlError], str], ...] = (
    ("Divide by zero", DivisionByZero, "division by zero"),
    ("Overflow happened", NumericValueOutOfRange, "value out of range"),
    ("Cast error", InvalidTextRepresentation, ""),
)


@contextmanager
def delta_errors() -> Iterator[None]:
    """Map what deltalake raises inside the block; SqlErrors pass unchanged.

    A panic of the Rust side is a BaseException of its own (`pyo3_runtime.PanicException`): caught here by name, so that
    it ends one statement and not the worker thread. The caller must drop the handle it used.
    """
    try:
        yield
    except SqlError:
        raise
    except (DeltaError, OSError) as error:
        raise translate(error) from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            logger.error("deltalake panicked", exc_info=error)
            raise InternalError("deltalake panicked") from error
        if isinstance(error, Exception) and _is_foreign(error):
            raise translate(error) from error
        raise


def translate(error: Exception) -> SqlError:
    """The SqlError for an exception of deltalake or of a reader it was pulling rows from."""
    own = sql_error_in(error)
    if own is not None:
        return own
    text = str(error)
    if _NO_SPACE.search(text):
        return DiskFull("could not write to the table: no space left on device")
    if (refused := refusal(text)) is not None:
        return refused
    if _NO_STORE.search(text):
        return unreachable()
    if isinstance(error, TableNotFoundError):
        return UndefinedTable("the Delta table does not exist at its location")
    if "matched a target row with multiple source rows" in text.lower() or "multiple source rows" in text:
        return CardinalityViolation("MERGE command cannot affect row a second time")
    if _FEATURES.search(text) and not _CORRUPT.search(text):
        return FeatureNotSupported(
            f"the table uses a Delta feature that is not supported here: {_clean(text)}", hint=_CLUSTER_HINT
        )
    if _CORRUPT.search(text):
        return DataCorrupted(f"the table's log or a data file cannot be read: {_clean(text)}")
    if isinstance(error, DeltaProtocolError) or _INVALID_ROWS.search(text):
        return _constraint(text)
    if isinstance(error, CommitFailedError):
        return SerializationFailure("could not serialize access due to concurrent update", detail=_clean(text))
    if isinstance(error, SchemaMismatchError):
        return DatatypeMismatch(f"rows do not have the table's columns: {_clean(text)}")
    return _storage(error, text)


def _storage(error: Exception, text: str) -> SqlError:
    if isinstance(error, FileNotFoundError) or _VANISHED.search(text):
        return SnapshotTooOld("a file of the table no longer exists", hint="Run the statement again.")
    if isinstance(error, OSError) or "(os error " in text or "object store" in text.lower():
        return IoError(f"input/output error on a Delta table: {_clean(text)}")
    if (match := _PROPERTY.search(text)) is not None:
        return InvalidParameterValue(f'invalid table property or value of it: "{match[1]}"')
    for words, error_class, message in _COMPUTING:
        if words in text:
            return error_class(message or _clean(text))
    if isinstance(error, ValueError):
        return InvalidParameterValue(_clean(text))
    logger.error("unmapped error of deltalake", exc_info=error)
    return InternalError(_clean(text))


def _constraint(text: str) -> SqlError:
    """deltalake tells neither the constraint's name nor the column; its preview of rows is not passed on."""
    if _NOT_NULL.search(text):
        return NotNullViolation("null value violates a not-null constraint of the table")
    return CheckViolation("new row violates a check constraint of the table")


def _is_foreign(error: Exception) -> bool:
    """Not a bug of ours (KeyError and the like). DataFusion's errors arrive as plain Exception."""
    return type(error).__module__.startswith(("deltalake", "_internal", "pyarrow")) or type(error) in (
        Exception,
        ValueError,
    )


def _clean(text: str) -> str:
    """One line without file paths."""
    first = text.strip().splitlines()[0] if text.strip() else "unknown error"
    return _PATH.sub("<path>", first)[:300]
