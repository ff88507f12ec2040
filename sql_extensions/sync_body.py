"""What a SYNC FROM statement says, as data, and its grammar: where from, which tables, where to, and how."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from catalog.connections.model import ConnectorKind
from catalog.errors import FeatureNotSupported, InvalidParameterValue, SqlSyntaxError
from engine.sync.evolution import OnSchemaChange
from sql_extensions import maintenance, tables
from sql_extensions.cursor import Cursor, OptionValue
from sql_extensions.names import Name

SYNTAX = """SYNC FROM POSTGRES { CONNECTION name | 'uri' }
    { TABLE source [ AS target ] | TABLES ( source [ AS target ] [, ...] )
    | SCHEMA name [, ...] [ EXCEPT ( source [, ...] ) ] | ALL TABLES [ EXCEPT ( source [, ...] ) ]
    | QUERY 'select ...' }
    [ INTO { target | SCHEMA target_schema } ]
    [ COLUMNS ( column [ AS name ] [, ...] ) | EXCEPT COLUMNS ( column [, ...] ) ] [ WHERE predicate ]
    [ MODE { SNAPSHOT | APPEND | { INCREMENTAL [ ON column ] | MERGE } [ KEY ( column [, ...] ) ] } ]
    [ ON SCHEMA CHANGE { EVOLVE | IGNORE | FAIL } ] [ PARTITION BY ( column [, ...] ) ]
    [ WITH ( batch_rows = n ) ] [ DRY RUN ]"""
BATCH_ROWS = 65_536
_OPTIONS = ("batch_rows",)
_AFTER_WHERE = (
    *(("MODE",), ("ON", "SCHEMA", "CHANGE"), ("DELETES",), ("PARTITION", "BY"), ("WITH", "("), ("DRY", "RUN")),
    *(("NOWAIT",), ("WAIT",)),
)
_ORDER = (
    "[ INTO ... ] [ COLUMNS ... ] [ WHERE ... ] [ MODE ... ] [ ON SCHEMA CHANGE ... ] [ PARTITION BY ... ]"
    " [ WITH ( ... ) ] [ DRY RUN ] in this order, or the end"
)


class Mode(Enum):
    """How rows come; the value is what is shown."""

    SNAPSHOT = "snapshot"
    APPEND = "append"
    INCREMENTAL = "incremental"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A table of the source, its name as written, and the target's; None: of the same name."""

    source: tuple[str, ...]
    target: Name | None = None


@dataclass(frozen=True, slots=True)
class SyncBody:
    """One of `connection` and `uri`; one of `tables`, `schemas`, `every`, `query`. `mode` None: what fits."""

    kind: ConnectorKind
    connection: str | None = None
    uri: str | None = field(default=None, repr=False)
    tables: tuple[Wanted, ...] = ()
    schemas: tuple[str, ...] = ()
    every: bool = False
    excluded: tuple[tuple[str, ...], ...] = ()
    query: str | None = None
    into: Name | None = None
    into_schema: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    """Names at the source and here."""
    except_columns: tuple[str, ...] = ()
    where: str | None = None
    mode: Mode | None = None
    cursor: str | None = None
    key: tuple[str, ...] = ()
    on_schema_change: OnSchemaChange = OnSchemaChange.EVOLVE
    partition_by: tuple[str, ...] = ()
    options: Mapping[str, OptionValue] = field(default_factory=lambda: MappingProxyType({}))
    dry_run: bool = False

    @property
    def batch_rows(self) -> int:
        return int(self.options.get("batch_rows", BATCH_ROWS))


def parse(c: Cursor) -> SyncBody:
    """All behind SYNC FROM. Raises SqlSyntaxError, InvalidParameterValue, FeatureNotSupported, with positions."""
    kind = _kind(c)
    told: dict[str, object] = {"connection": c.identifier()} if c.take("CONNECTION") else {"uri": c.string()}
    told |= _what(c)
    if c.take("INTO"):
        told |= {"into_schema": c.name()} if c.take("SCHEMA") else {"into": tables.take_name(c)}
    if c.take("EXCEPT", "COLUMNS"):
        told["except_columns"] = c.in_parentheses(lambda: c.comma_list(c.name))
    elif c.take("COLUMNS"):
        told["columns"] = c.in_parentheses(lambda: c.comma_list(lambda: _column(c)))
    if c.take("WHERE"):
        told["where"] = _condition(c)
    told |= _mode(c)
    if c.take("ON", "SCHEMA", "CHANGE"):
        told["on_schema_change"] = OnSchemaChange(c.one_of("EVOLVE", "IGNORE", "FAIL").lower())
    position = c.here()
    if c.take("DELETES"):
        raise FeatureNotSupported("DELETES needs MODE CDC, which is not supported", position=position)
    if c.take("PARTITION", "BY"):
        told["partition_by"] = c.in_parentheses(lambda: c.comma_list(c.name))
    if c.take("WITH"):
        told["options"] = _options(c)
    told["dry_run"] = c.take("DRY", "RUN")
    maintenance.take_wait(c)
    if not c.at_end():
        c.fail(_ORDER)
    body = SyncBody(kind, **told)  # type: ignore[arg-type]
    if body.into is not None and (len(body.tables) != 1 and body.query is None):
        raise SqlSyntaxError("INTO names one table, but several are read", hint="Write INTO SCHEMA name.")
    if body.query is not None and body.into is None:
        raise SqlSyntaxError("a query needs INTO table", position=c.here())
    return body


def _kind(c: Cursor) -> ConnectorKind:
    position = c.here()
    word = c.name()
    if word not in ("postgres", "postgresql"):
        raise FeatureNotSupported(f"SYNC FROM {word.upper()} is not supported", position=position)
    return ConnectorKind.POSTGRES


def _what(c: Cursor) -> dict[str, object]:
    if c.take("TABLES"):
        return {"tables": c.in_parentheses(lambda: c.comma_list(lambda: _wanted(c)))}
    if c.take("TABLE"):
        return {"tables": (_wanted(c),)}
    if c.take("SCHEMA"):
        return {"schemas": c.comma_list(c.name), "excluded": _excluded(c)}
    if c.take("ALL", "TABLES"):
        return {"every": True, "excluded": _excluded(c)}
    if c.take("QUERY"):
        return {"query": c.string()}
    c.fail("TABLE, TABLES, SCHEMA, ALL TABLES or QUERY")


def _wanted(c: Cursor) -> Wanted:
    source = c.qualified_name()
    return Wanted(source, tables.take_name(c) if c.take("AS") else None)


def _excluded(c: Cursor) -> tuple[tuple[str, ...], ...]:
    if c.at("EXCEPT", "COLUMNS") or not c.take("EXCEPT"):
        return ()
    return c.in_parentheses(lambda: c.comma_list(c.qualified_name))


def _column(c: Cursor) -> tuple[str, str]:
    name = c.name()
    new = c.name() if c.take("AS") else name
    if not (c.at(",") or c.at(")")):
        raise FeatureNotSupported("types of columns are the source's", position=c.here(), hint="Cast in a QUERY.")
    return name, new


def _condition(c: Cursor) -> str:
    """SQL of the source's, up to the next clause outside parentheses."""
    first, last, depth = c.peek(), None, 0
    while not c.at_end() and (depth or not any(c.at(*words) for words in _AFTER_WHERE)):
        last = c.next()
        depth += {"(": 1, ")": -1}.get(last.text, 0)
    if first is None or last is None:
        c.fail("a condition")
    return c.sql[first.start : last.end]


def _mode(c: Cursor) -> dict[str, object]:
    if not c.take("MODE"):
        return {}
    position = c.here()
    if c.take("CDC"):
        raise FeatureNotSupported(
            "MODE CDC is not supported",
            position=position,
            hint="MODE INCREMENTAL reads what is new, but sees no deletes.",
        )
    mode = Mode(c.one_of("SNAPSHOT", "APPEND", "INCREMENTAL", "MERGE").lower())
    told: dict[str, object] = {"mode": mode}
    if mode is Mode.INCREMENTAL and c.take("ON"):
        told["cursor"] = c.name()
    if mode in (Mode.INCREMENTAL, Mode.MERGE) and c.take("KEY"):
        told["key"] = c.in_parentheses(lambda: c.comma_list(c.name))
    return told


def _options(c: Cursor) -> Mapping[str, OptionValue]:
    found: dict[str, OptionValue] = {}

    def one() -> None:
        at = c.here()
        key = c.name()
        c.expect("=")
        if key in found:
            raise SqlSyntaxError(f'option "{key}" is given twice', position=at)
        if key not in _OPTIONS:
            near = difflib.get_close_matches(key, _OPTIONS, 1, 0.5)
            hint = f'Did you mean "{near[0]}"?' if near else f"Options are {', '.join(_OPTIONS)}."
            raise InvalidParameterValue(f'unrecognized option "{key}" of SYNC', hint=hint, position=at)
        value = c.option_value()
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
            raise InvalidParameterValue(
                f'invalid value for option "{key}": {value}', hint="It is an integer, 1 to 1000000.", position=at
            )
        found[key] = value

    c.in_parentheses(lambda: c.comma_list(one))
    return MappingProxyType(found)
