"""MERGE as queries: which rows are changed, what becomes of them, which are new. Grammar is in `statements.merge`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from catalog.errors import CardinalityViolation
from catalog.model import Column, Relation
from catalog.names import always_quote
from catalog.types import BPCHAR
from engine.base import Description, Result
from sql_extensions import assignment, dml, native_rows, tables
from sql_extensions.context import Context
from sql_extensions.merge_clauses import MADE_TWICE, MADE_TWICE_HINT, Kind, Merge, When

_NEW = "kadali_new"


def run(stmt: Merge, ctx: Context) -> Result:
    """Stage the new content. Raises CardinalityViolation (21000) where a row would be changed twice."""
    description = dml.describe(ctx)
    target = dml.target(ctx, stmt.table, stmt.table_at, "merge into")
    stmt = replace(stmt, whens=tuple(_own_values(target, when) for when in stmt.whens))
    done = native_rows.merge(ctx, target, stmt, description)
    if done is not None:
        return Result(f"MERGE {done}")
    shape = _Shape(stmt, target)
    changed = _changed(ctx, stmt, shape, description) if shape.changes else 0
    inserts = dml.rows_of(ctx, shape.inserts(), description).reader if shape.inserting else None
    if inserts is not None and changed and target.name in ctx.session.transaction.delta.changed:
        inserts = inserts.read_all().to_reader()  # the rows they come from are about to be replaced
    if changed:
        dml.replace(ctx, target, dml.rows_of(ctx, shape.content(), description).reader)
    inserted = 0 if inserts is None else dml.append(ctx, target, inserts)
    return Result(f"MERGE {changed + inserted}")


def _own_values(target: Relation, when: When) -> When:
    return replace(when, assignments=assignment.own_values(target, when.assignments))


def _changed(ctx: Context, stmt: Merge, shape: _Shape, description: Description) -> int:
    """How many rows are updated or deleted."""
    twice = f"{stmt.prefix}SELECT count(*) FROM {shape.target} WHERE ({shape.partners()}) > 1"
    if dml.count(ctx, twice, description):
        raise CardinalityViolation(MADE_TWICE, hint=MADE_TWICE_HINT)
    return dml.count(
        ctx, f"{stmt.prefix}SELECT count(*) FROM {shape.target} WHERE ({shape.partners()}) > 0", description
    )


class _Shape:
    """The parts of a MERGE's queries. Clauses have numbers, from 1: what a row meets first is what is done."""

    def __init__(self, stmt: Merge, relation: Relation) -> None:
        self._stmt, self._relation = stmt, relation
        self._own = always_quote(stmt.alias or relation.name.name)
        self.target = f"{relation.name}{tables.alias_text(stmt.alias)}"
        self._matched = [when for when in stmt.whens if when.matched]
        self._others = [when for when in stmt.whens if not when.matched]
        self._columns = {column.name: column for column in relation.columns}
        self.changes = any(when.kind is not Kind.NOTHING for when in self._matched)
        self.inserting = any(when.kind is Kind.INSERT for when in self._others)

    def partners(self) -> str:
        """A query for the number of source rows by which a target row is updated or deleted."""
        action = _case((when.condition, str(at)) for at, when in enumerate(self._matched, 1))
        acting = _numbers(self._matched, Kind.UPDATE, Kind.DELETE)
        return f"SELECT count(*) FROM {self._stmt.source} WHERE ({self._stmt.on}) AND {action} IN ({acting})"

    def content(self) -> str:
        """The rows that stay, with their new values."""
        acting = _numbers(self._matched, Kind.UPDATE, Kind.DELETE)
        action = _case((when.condition, str(at)) for at, when in enumerate(self._matched, 1))
        assigned = {name for when in self._matched for name, _ in when.assignments}
        values = [f"{self._new_value(name)} AS {_NEW}{n}" for n, name in enumerate(sorted(assigned))]
        partner = (
            f"SELECT * FROM (SELECT {', '.join([f'{action} AS {_NEW}_action', *values])} FROM {self._stmt.source} "
            f"WHERE {self._stmt.on}) AS {_NEW}_m WHERE {_NEW}_action IN ({acting}) LIMIT 1"
        )
        places = {name: f"{_NEW}.{_NEW}{n}" for n, name in enumerate(sorted(assigned))}
        listed = ", ".join(self._kept(column, places.get(column.name)) for column in self._relation.columns)
        staying = f"{_NEW}.{_NEW}_action IS NULL"
        if updating := _numbers(self._matched, Kind.UPDATE):
            staying += f" OR {_NEW}.{_NEW}_action IN ({updating})"
        return assignment.completed(
            self._relation,
            f"{self._stmt.prefix}SELECT {listed} FROM {self.target} "
            f"LEFT JOIN LATERAL ({partner}) AS {_NEW} ON true WHERE {staying}",
        )

    def inserts(self) -> str:
        """The rows that come in."""
        inserting = _numbers(self._others, Kind.INSERT)
        action = _case((when.condition, str(at)) for at, when in enumerate(self._others, 1))
        given = [assignment.texts_by_column(self._relation, when.columns, when.values) for when in self._others]
        listed = ", ".join(
            f"{self._inserted(column, given)} AS {always_quote(column.name)}" for column in self._relation.columns
        )
        return assignment.completed(
            self._relation,
            f"{self._stmt.prefix}SELECT {listed} FROM {self._stmt.source} "
            f"WHERE NOT EXISTS (SELECT 1 FROM {self.target} WHERE {self._stmt.on}) AND {action} IN ({inserting})",
        )

    def _kept(self, column: Column, new: str | None) -> str:
        name = always_quote(column.name)
        old = f"{self._own}.{name}"
        if column.type.oid == BPCHAR.oid:
            old = assignment.cast(old, column.type)
        if new is None:
            return f"{old} AS {name}"
        return f"CASE WHEN {_NEW}.{_NEW}_action IS NULL THEN {old} ELSE {new} END AS {name}"

    def _new_value(self, name: str) -> str:
        column = self._columns[name]
        old = assignment.cast(f"{self._own}.{always_quote(name)}", column.type)
        cases = []
        for when in self._matched:
            given = dict(when.assignments)
            cases.append((when.condition, assignment.value_of(column, given[name]) if name in given else old))
        return _case(cases)

    def _inserted(self, column: Column, given: Sequence[dict[str, str | None]]) -> str:
        return _case(
            (when.condition, assignment.value_of(column, texts.get(column.name)))
            for when, texts in zip(self._others, given, strict=True)
        )


def _case(branches: Iterable[tuple[str | None, str]]) -> str:
    return "CASE " + " ".join(f"WHEN ({condition or 'true'}) THEN {value}" for condition, value in branches) + " END"


def _numbers(whens: Sequence[When], *kinds: Kind) -> str:
    return ", ".join(str(at) for at, when in enumerate(whens, 1) if when.kind in kinds)
