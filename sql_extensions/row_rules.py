"""PostgreSQL's rules for a row on its way into a table, as SQL: lengths, NOT NULL, CHECK, for engines to hold rows
against while they write. Rows that pass through the gateway are checked there (`constraints`, engine.delta.rows).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.model import Column, Relation
from catalog.names import always_quote
from catalog.types import BPCHAR, char_length, element, format_type
from sql_extensions import constraints

_LONG, _BROKEN = "kadali_long", "kadali_broken"
_TEXTS = (25, 1042, 1043)


@dataclass(frozen=True, slots=True)
class Guarded:
    """`sql` has one column more than the rows, if there are `messages`: the number, from 1, of the message that a row
    deserves; NULL for a good one. A message is "SQLSTATE 23502: null value ...".
    """

    sql: str
    messages: tuple[str, ...] = ()


def guarded(relation: Relation, sql: str, extra: Sequence[str] = ()) -> Guarded | None:
    """The rows of a query for all columns of the relation, as they may be stored. None where no SQL says it.

    `extra` are further columns of the query, which come between those and the number.
    """
    columns = relation.columns
    if any((of := element(item.type)) is not None and char_length(of) is not None for item in columns):
        return None
    long = [length_rule(item) for item in columns if char_length(item.type) is not None]
    others = rules(relation)
    if not long and not others:
        return Guarded(sql)
    passed = [always_quote(name) for name in extra]
    fitted = ", ".join([*(f"{fitting(column)} AS {always_quote(column.name)}" for column in columns), *passed])
    inner = f"SELECT {fitted}, {_numbered([rule for rule, _ in long], 1)} AS {_LONG} FROM ({sql}) AS kadali_rows"
    names = ", ".join([*(always_quote(column.name) for column in columns), *passed])
    unfit = _numbered([rule for rule, _ in others], len(long) + 1)
    outer = (
        f"SELECT {names}, CASE WHEN {_LONG} IS NOT NULL THEN {_LONG} ELSE {unfit} END AS {_BROKEN} "
        f"FROM ({inner}) AS {always_quote(relation.name.name)}"
    )
    return Guarded(outer, tuple(message for _, message in (*long, *others)))


def rules(relation: Relation, names: Sequence[str] | None = None) -> list[tuple[str, str]]:
    """(condition that breaks it, message) for each rule but those of length: of the columns `names`, if given, and
    every CHECK.
    """
    checks = sorted(constraints.checks_of(relation))
    return [
        *_empty_partitions(relation, names),
        *_required(relation, names),
        *((f"NOT ({condition})", _broken(relation, name)) for name, condition in checks),
    ]


def length_rule(column: Column, value: str | None = None) -> tuple[str, str]:
    """The same for the length of the column's value (or of `value`), for a column that has one."""
    text, length = value or always_quote(column.name), char_length(column.type)
    message = _state("22001", f"value too long for type {format_type(column.type)}")
    return f"char_length(rtrim({text}, ' ')) > {length}", message


def fitting(column: Column, value: str | None = None) -> str:
    """The column's value (or `value`), cut to its length and padded, as it is stored; not too long otherwise."""
    text, length = value or always_quote(column.name), char_length(column.type)
    if length is None:
        return text
    if column.type.oid == BPCHAR.oid:
        return f"CASE WHEN char_length({text}) <> {length} THEN rpad(left({text}, {length}), {length}) ELSE {text} END"
    return f"CASE WHEN char_length({text}) > {length} THEN left({text}, {length}) ELSE {text} END"


def _required(relation: Relation, names: Sequence[str] | None) -> list[tuple[str, str]]:
    return [
        (
            f"{always_quote(column.name)} IS NULL",
            _state(
                "23502",
                f'null value in column "{column.name}" of relation "{relation.name.name}" violates not-null constraint',
            ),
        )
        for column in relation.columns
        if not column.nullable and (names is None or column.name in names)
    ]


def _empty_partitions(relation: Relation, names: Sequence[str] | None) -> list[tuple[str, str]]:
    """An empty text in a partition column, which Delta cannot tell from NULL."""
    return [
        (
            f"{always_quote(column.name)} = ''",
            _state("0A000", f'an empty string cannot be stored in partition column "{column.name}"'),
        )
        for column in relation.columns
        if column.name in relation.partition_by
        and column.type.oid in _TEXTS
        and (names is None or column.name in names)
    ]


def _broken(relation: Relation, constraint: str) -> str:
    return _state("23514", f'new row for relation "{relation.name.name}" violates check constraint "{constraint}"')


def _numbered(conditions: Sequence[str], first: int) -> str:
    """The number of the first condition that holds."""
    if not conditions:
        return "NULL::integer"
    return "CASE " + " ".join(f"WHEN {rule} THEN {n}" for n, rule in enumerate(conditions, first)) + " END"


def _state(code: str, message: str) -> str:
    return f"SQLSTATE {code}: {message}"
