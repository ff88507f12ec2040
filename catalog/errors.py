"""The one tree of errors a client can see. Each class carries its SQLSTATE; wording follows PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Subject:
    """What an error is about, in fields that programs read."""

    schema: str
    table: str
    column: str | None = None
    constraint: str | None = None


class SqlError(Exception):
    """An error to report to the client.

    `position` counts characters, from 1, in the whole string the client sent; None when there is none.
    `context` is PostgreSQL's CONTEXT field (field W), e.g. the line of a COPY.
    """

    sqlstate: ClassVar[str] = "XX000"
    severity: ClassVar[str] = "ERROR"

    def __init__(
        self,
        message: str,
        *,
        detail: str | None = None,
        hint: str | None = None,
        position: int | None = None,
        context: str | None = None,
        code: str | None = None,
        subject: Subject | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.hint = hint
        self.position = position
        self.context = context
        self.subject = subject
        self.code = code or self.sqlstate
        """The SQLSTATE sent: the class's own, or PostgreSQL's exact code where an engine told one."""

    def __init_subclass__(cls, *, sqlstate: str | None = None, severity: str | None = None) -> None:
        if sqlstate is not None:
            cls.sqlstate = sqlstate
            BY_SQLSTATE.setdefault(sqlstate, cls)
        if severity is not None:
            cls.severity = severity


BY_SQLSTATE: dict[str, type[SqlError]] = {}
"""The class of each SQLSTATE, for errors that arrive as a code (from PostgreSQL)."""


def from_sqlstate(
    code: str,
    message: str,
    *,
    detail: str | None = None,
    hint: str | None = None,
    position: int | None = None,
    context: str | None = None,
) -> SqlError:
    """The error for a SQLSTATE told by another server; an unlisted code keeps its own value in `.code`."""
    error_class = BY_SQLSTATE.get(code, SqlError)
    return error_class(message, detail=detail, hint=hint, position=position, context=context, code=code)


def sql_error_in(error: BaseException) -> SqlError | None:
    """The SqlError behind an exception of a library that called back into our code (a reader, a generator)."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, SqlError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


class InternalError(SqlError, sqlstate="XX000"):
    """A bug of ours. The text goes to the log; the client sees only "internal error"."""


# Class 08: connection
class ProtocolViolation(SqlError, sqlstate="08P01"): ...


class ConnectionFailure(SqlError, sqlstate="08006"): ...


class CannotConnect(SqlError, sqlstate="08001"): ...


# Class 0A
class FeatureNotSupported(SqlError, sqlstate="0A000"): ...


# Class 21, 22: data
class CardinalityViolation(SqlError, sqlstate="21000"): ...


class DataException(SqlError, sqlstate="22000"): ...


class StringDataRightTruncation(SqlError, sqlstate="22001"): ...


class NumericValueOutOfRange(SqlError, sqlstate="22003"): ...


class InvalidDatetimeFormat(SqlError, sqlstate="22007"): ...


class DatetimeFieldOverflow(SqlError, sqlstate="22008"): ...


class DivisionByZero(SqlError, sqlstate="22012"): ...


class InvalidParameterValue(SqlError, sqlstate="22023"): ...


class InvalidTextRepresentation(SqlError, sqlstate="22P02"): ...


class InvalidBinaryRepresentation(SqlError, sqlstate="22P03"): ...


class BadCopyFileFormat(SqlError, sqlstate="22P04"): ...


class CharacterNotInRepertoire(SqlError, sqlstate="22021"): ...


# Class 23: constraints
class NotNullViolation(SqlError, sqlstate="23502"): ...


class UniqueViolation(SqlError, sqlstate="23505"): ...


class CheckViolation(SqlError, sqlstate="23514"): ...


# Class 24, 25, 26, 34: states
class InvalidCursorState(SqlError, sqlstate="24000"): ...


class ActiveSqlTransaction(SqlError, sqlstate="25001"): ...


class ReadOnlySqlTransaction(SqlError, sqlstate="25006"): ...


class NoActiveSqlTransaction(SqlError, sqlstate="25P01"): ...


class InFailedSqlTransaction(SqlError, sqlstate="25P02"): ...


class InvalidSqlStatementName(SqlError, sqlstate="26000"): ...


class InvalidCursorName(SqlError, sqlstate="34000"): ...


class InvalidSavepoint(SqlError, sqlstate="3B001"): ...


# Class 28: authorization
class InvalidAuthorization(SqlError, sqlstate="28000"): ...


class InvalidPassword(SqlError, sqlstate="28P01"): ...


class DependentObjectsStillExist(SqlError, sqlstate="2BP01"): ...


# Class 3D, 3F, 40
class InvalidCatalogName(SqlError, sqlstate="3D000"): ...


class InvalidSchemaName(SqlError, sqlstate="3F000"): ...


class SerializationFailure(SqlError, sqlstate="40001"): ...


# Class 42: syntax and names
class SqlSyntaxError(SqlError, sqlstate="42601"): ...


class InsufficientPrivilege(SqlError, sqlstate="42501"): ...


class InvalidName(SqlError, sqlstate="42602"): ...


class UndefinedColumn(SqlError, sqlstate="42703"): ...


class InvalidColumnReference(SqlError, sqlstate="42P10"): ...


class UndefinedObject(SqlError, sqlstate="42704"): ...


class DuplicateColumn(SqlError, sqlstate="42701"): ...


class DuplicateObject(SqlError, sqlstate="42710"): ...


class DatatypeMismatch(SqlError, sqlstate="42804"): ...


class WrongObjectType(SqlError, sqlstate="42809"): ...


class UndefinedFunction(SqlError, sqlstate="42883"): ...


class ReservedName(SqlError, sqlstate="42939"): ...


class UndefinedTable(SqlError, sqlstate="42P01"): ...


class UndefinedParameter(SqlError, sqlstate="42P02"): ...


class DuplicateCursor(SqlError, sqlstate="42P03"): ...


class DuplicateDatabase(SqlError, sqlstate="42P04"): ...


class DuplicatePreparedStatement(SqlError, sqlstate="42P05"): ...


class DuplicateSchema(SqlError, sqlstate="42P06"): ...


class DuplicateTable(SqlError, sqlstate="42P07"): ...


class InvalidCursorDefinition(SqlError, sqlstate="42P11"): ...


class InvalidTableDefinition(SqlError, sqlstate="42P16"): ...


class IndeterminateDatatype(SqlError, sqlstate="42P18"): ...


# Class 53, 54, 55, 57, 58, 72
class InsufficientResources(SqlError, sqlstate="53000"): ...


class DiskFull(SqlError, sqlstate="53100"): ...


class OutOfMemory(SqlError, sqlstate="53200"): ...


class TooManyConnections(SqlError, sqlstate="53300"): ...


class ConfigurationLimitExceeded(SqlError, sqlstate="53400"): ...


class ProgramLimitExceeded(SqlError, sqlstate="54000"): ...


class ObjectNotInPrerequisiteState(SqlError, sqlstate="55000"): ...


class ObjectInUse(SqlError, sqlstate="55006"): ...


class CantChangeRuntimeParam(SqlError, sqlstate="55P02"): ...


class QueryCanceled(SqlError, sqlstate="57014"): ...


class AdminShutdown(SqlError, sqlstate="57P01", severity="FATAL"): ...


class CannotConnectNow(SqlError, sqlstate="57P03"): ...


class IoError(SqlError, sqlstate="58030"): ...


class SnapshotTooOld(SqlError, sqlstate="72000"): ...


class ConfigFileError(SqlError, sqlstate="F0000"): ...


# Class XX
class DataCorrupted(SqlError, sqlstate="XX001"): ...
