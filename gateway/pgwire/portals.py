"""The names of the extended protocol: prepared statements and portals of one session. Pure; `session` runs them.

Messages are PostgreSQL's. Prepared statements share their name space with SQL's PREPARE; the unnamed one is ours alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.errors import (
    CharacterNotInRepertoire,
    DuplicateCursor,
    DuplicatePreparedStatement,
    FeatureNotSupported,
    InvalidBinaryRepresentation,
    InvalidCursorName,
    InvalidParameterValue,
    InvalidSqlStatementName,
    ProtocolViolation,
)
from catalog.types import BPCHAR, TEXT, UNKNOWN, VARCHAR, PgType
from engine.base import Field, Param
from engine.values.binary import parse_binary
from engine.values.text import parse_string
from gateway.pgwire.execution import Execution, spread
from gateway.pgwire.messages import Bind, decode_text
from sql_extensions.session import Prepared, Session

_TEXTS = frozenset(pg.oid for pg in (TEXT, VARCHAR, BPCHAR, UNKNOWN))


@dataclass(frozen=True, slots=True)
class ParsedStatement:
    """A prepared statement with what is needed to prepare it anew: the text sent and the parameter types given."""

    prepared: Prepared
    sql: str
    param_oids: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class Portal:
    """A statement with its parameters; `execution` once it has been run."""

    name: str
    parsed: ParsedStatement
    params: tuple[Param, ...]
    formats: tuple[int, ...]
    execution: Execution | None = None

    @property
    def fields(self) -> tuple[Field, ...] | None:
        return self.parsed.prepared.description.fields


class StatementNames:
    """Prepared statements by name."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._unnamed: ParsedStatement | None = None
        self._named: dict[str, ParsedStatement] = {}

    def add(self, name: str, parsed: ParsedStatement) -> None:
        """Raises DuplicatePreparedStatement (42P05); the unnamed one is replaced."""
        if not name:
            self._unnamed = parsed
            return
        if name in self._session.prepared:
            raise DuplicatePreparedStatement(f'prepared statement "{name}" already exists')
        self.replace(name, parsed)

    def replace(self, name: str, parsed: ParsedStatement) -> None:
        if not name:
            self._unnamed = parsed
            return
        self._session.prepared[name] = parsed.prepared
        self._named[name] = parsed

    def find(self, name: str) -> ParsedStatement:
        """Raises InvalidSqlStatementName (26000)."""
        if not name:
            if self._unnamed is None:
                raise InvalidSqlStatementName("unnamed prepared statement does not exist")
            return self._unnamed
        prepared = self._session.prepared.get(name)
        if prepared is None:
            self._named.pop(name, None)
            raise InvalidSqlStatementName(f'prepared statement "{name}" does not exist')
        parsed = self._named.get(name)
        if parsed is not None and parsed.prepared is prepared:
            return parsed
        text = "" if prepared.statement is None else prepared.statement.sql
        return ParsedStatement(prepared, text, prepared.description.param_oids)

    def drop(self, name: str) -> None:
        """Close: no error if there is none."""
        if name:
            self._session.prepared.pop(name, None)
            self._named.pop(name, None)
        else:
            self._unnamed = None

    def prune(self) -> None:
        """Forget the texts of statements that SQL has deallocated."""
        if len(self._named) > len(self._session.prepared):
            self._named = {name: parsed for name, parsed in self._named.items() if name in self._session.prepared}


class PortalNames:
    """Portals by name; DECLAREd cursors share the name space."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._portals: dict[str, Portal] = {}

    def __len__(self) -> int:
        return len(self._portals)

    def check_free(self, name: str) -> None:
        """Raises DuplicateCursor (42P03)."""
        if name and (name in self._portals or name in self._session.cursors):
            raise DuplicateCursor(f'cursor "{name}" already exists')

    def add(self, portal: Portal) -> Portal | None:
        """The unnamed portal replaces, and gives back, the one before."""
        old = self._portals.get(portal.name)
        self._portals[portal.name] = portal
        return old

    def find(self, name: str) -> Portal:
        """Raises InvalidCursorName (34000)."""
        portal = self._portals.get(name)
        if portal is None:
            raise InvalidCursorName(f'portal "{name}" does not exist')
        return portal

    def drop(self, name: str) -> Portal | None:
        return self._portals.pop(name, None)

    def take_all(self) -> list[Portal]:
        """All portals, which are then forgotten: the transaction is over."""
        portals = list(self._portals.values())
        self._portals.clear()
        return portals


def bind_params(bind: Bind, parsed: ParsedStatement, time_zone: str) -> tuple[Param, ...]:
    """The parameters of Bind, each a value of its type.

    Raises ProtocolViolation (08P01), InvalidParameterValue (22023), and what the types' input functions raise.
    """
    given, wanted = len(bind.params), parsed.prepared.description.param_oids
    if len(bind.param_formats) > 1 and len(bind.param_formats) != given:
        raise ProtocolViolation(f"bind message has {len(bind.param_formats)} parameter formats but {given} parameters")
    if given != len(wanted):
        raise ProtocolViolation(
            f"bind message supplies {given} parameters, but prepared statement "
            f'"{bind.statement}" requires {len(wanted)}'
        )
    check_formats(bind.param_formats)
    formats = spread(bind.param_formats, given)
    params = tuple(Param(oid, data, code == 1) for oid, data, code in zip(wanted, bind.params, formats, strict=True))
    for number, param in enumerate(params, 1):
        if param.data is not None:
            _check_value(number, param.data, PgType(param.type_oid), param.binary, time_zone)
    return params


def check_formats(formats: Sequence[int]) -> None:
    """Raises InvalidParameterValue for a code that is neither 0 nor 1."""
    for code in formats:
        if code not in (0, 1):
            raise InvalidParameterValue(f"unsupported format code: {code}")


def check_result_formats(formats: Sequence[int], fields: Sequence[Field] | None) -> None:
    """Raises ProtocolViolation unless there are none, one, or one for each column."""
    check_formats(formats)
    if fields is not None and len(formats) > 1 and len(formats) != len(fields):
        raise ProtocolViolation(f"bind message has {len(formats)} result formats but query has {len(fields)} columns")


def _check_value(number: int, data: bytes, pg: PgType, binary: bool, time_zone: str) -> None:
    """Raises what PostgreSQL's input or receive function would; types we do not read are left to it."""
    try:
        if binary:
            parse_binary(data, pg)
            return
        text = decode_text(data)
        if "\0" in text:
            raise CharacterNotInRepertoire('invalid byte sequence for encoding "UTF8": 0x00')
        if pg.oid not in _TEXTS:
            parse_string(text, pg, time_zone)
    except FeatureNotSupported:
        return
    except InvalidBinaryRepresentation as error:
        if error.message != "incorrect binary data format":
            raise
        raise InvalidBinaryRepresentation(f"{error.message} in bind parameter {number}") from error
