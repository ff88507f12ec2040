"""UPDATE, DELETE and MERGE as Spark's own statements. What Spark has no faithful form for gives None: its rows are then
computed as a query, on the cluster, and written here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from catalog.errors import CardinalityViolation, FeatureNotSupported
from catalog.model import Relation
from catalog.types import PgType, char_length, element
from engine import dialect
from engine.base import Description, Dialect, RouteReason
from engine.clusters.routing import Need
from engine.spark.literals import quote_name, string_literal
from sql_extensions import assignment, native, planner, query, row_rules
from sql_extensions.constants import session_constants
from sql_extensions.context import Context
from sql_extensions.merge_clauses import MADE_TWICE, MADE_TWICE_HINT, Kind, Merge, When
from sql_extensions.set_list import Assignments

_TARGET, _SOURCE = "kadali_t", "kadali_s"
_Columns = Sequence[tuple[str, PgType]]


@dataclass(frozen=True, slots=True)
class _Expressions:
    """Translates PostgreSQL's expressions over some relations, by the names that the statement has for them."""

    ctx: Context
    description: Description
    relations: Mapping[str, tuple[str, _Columns]]
    """The first of them is the table that is changed, where it is among them."""

    @property
    def target(self) -> str:
        return next(iter(self.relations))

    def condition(self, text: str) -> str:
        return self.of(dialect.parse_expression(text), None)

    def value(self, text: str, pg: PgType) -> str:
        """In the form in which a column of type `pg` is stored; its length is no part of that."""
        return self.of(dialect.parse_expression(text), PgType(pg.oid) if char_length(pg) is not None else pg)

    def of(self, node: exp.Expression, to: PgType | None) -> str:
        """Raises FeatureNotSupported for subqueries, which Delta does not take."""
        if node.find(exp.Select, exp.Subquery, exp.Exists) is not None:
            raise FeatureNotSupported("a subquery in a statement of Spark's")
        types = [PgType(oid) for oid in self.description.param_oids]
        constants = session_constants(self.ctx)
        return dialect.translate_expression(node, self.relations, types, constants, target=Dialect.SPARK, to=to)


def update(
    ctx: Context,
    relation: Relation,
    alias: str | None,
    assignments: Assignments,
    where: str | None,
    description: Description,
) -> int | None:
    """UPDATE without FROM and RETURNING: the number of rows."""
    work = native.rewriting(ctx, relation)
    if work is None:
        return None
    values = _values(relation, assignments)
    try:
        own = _Expressions(ctx, description, {alias or relation.name.name: (_TARGET, planner.columns_of(relation))})
        listed = _set_list(own, relation, values)
        condition = "" if where is None else f" WHERE {own.condition(where)}"
    except FeatureNotSupported:
        return None
    sql = f"UPDATE {native.target(relation)} AS {_TARGET} SET {listed}{condition}"
    done = native.execute(ctx, work.cluster, relation, sql, query.param_values(ctx, description), charged=work.size)
    return done.affected


def delete(
    ctx: Context, relation: Relation, alias: str | None, where: str | None, description: Description
) -> int | None:
    """DELETE without USING and RETURNING: the number of rows."""
    work = native.rewriting(ctx, relation)
    if work is None:
        return None
    try:
        own = _Expressions(ctx, description, {alias or relation.name.name: (_TARGET, planner.columns_of(relation))})
        condition = "" if where is None else f" WHERE {own.condition(where)}"
    except FeatureNotSupported:
        return None
    sql = f"DELETE FROM {native.target(relation)} AS {_TARGET}{condition}"
    done = native.execute(ctx, work.cluster, relation, sql, query.param_values(ctx, description), charged=work.size)
    return done.affected


def merge(ctx: Context, relation: Relation, stmt: Merge, description: Description) -> int | None:
    """The number of rows inserted, updated and deleted."""
    work = native.rewriting(ctx, relation)
    if work is None or _deletes_whatever_matches(stmt.whens):
        return None
    generated = native.generated(ctx, f"{stmt.prefix}SELECT * FROM {stmt.source}")
    try:
        with query.without_positions():
            fields = query.describe(generated, description.param_oids).fields or ()
            names = [field.name for field in fields]
            if len(set(names)) < len(names):
                return None
            source = query.prepared(generated, description.param_oids, Need(RouteReason.DELTA_WRITE))
        if source.route.cluster != work.cluster:
            return None
        item = dialect.parse(f"SELECT * FROM {stmt.source}").args["from_"].this
        columns = [(field.name, field.type) for field in fields]
        both = _Expressions(
            ctx,
            description,
            {
                stmt.alias or relation.name.name: (_TARGET, planner.columns_of(relation)),
                item.alias_or_name: (_SOURCE, columns),
            },
        )
        new = _Expressions(ctx, description, {item.alias_or_name: (_SOURCE, columns)})
        whens = [*_matched(both, relation, stmt.whens), *_others(new, relation, stmt.whens)]
        condition = both.condition(stmt.on)
    except FeatureNotSupported:
        return None
    if not whens:
        return 0
    listed = ", ".join(f"{quote_name(f'c{n}')} AS {quote_name(name)}" for n, name in enumerate(names, 1))
    sql = (
        f"MERGE INTO {native.target(relation)} AS {_TARGET} "
        f"USING (SELECT {listed} FROM ({source.query.sql}) AS kadali_q) AS {_SOURCE} ON {condition} {' '.join(whens)}"
    )
    try:
        done = native.execute(
            ctx, work.cluster, relation, sql, source.query.params, source.query.tables, charged=work.size
        )
    except CardinalityViolation as error:
        raise CardinalityViolation(MADE_TWICE, hint=MADE_TWICE_HINT) from error
    return done.affected


def _deletes_whatever_matches(whens: Sequence[When]) -> bool:
    """Delta lets such a MERGE find a row twice, PostgreSQL does not."""
    matched = [when for when in whens if when.matched]
    return len(matched) == 1 and matched[0].kind is Kind.DELETE and matched[0].condition is None


def _matched(own: _Expressions, relation: Relation, whens: Sequence[When]) -> list[str]:
    clauses = []
    for when, condition in _conditions(own, [when for when in whens if when.matched]):
        if when.kind is Kind.DELETE:
            clauses.append(f"WHEN MATCHED{condition} THEN DELETE")
        elif when.kind is Kind.UPDATE:
            listed = _set_list(own, relation, _values(relation, when.assignments))
            clauses.append(f"WHEN MATCHED{condition} THEN UPDATE SET {listed}")
    return clauses


def _others(own: _Expressions, relation: Relation, whens: Sequence[When]) -> list[str]:
    clauses = []
    for when, condition in _conditions(own, [when for when in whens if not when.matched]):
        if when.kind is Kind.NOTHING:
            continue
        given = assignment.texts_by_column(relation, when.columns, when.values)
        values = {
            column.name: assignment.value_of(column, given.get(column.name))
            for column in relation.columns
            if column.generated is None and (column.identity is None or given.get(column.name) is not None)
        }
        if not values:
            raise FeatureNotSupported("rows of nothing but identity values are not supported")
        new = _new_values(own, relation, values)
        names = ", ".join(map(quote_name, new))
        clauses.append(f"WHEN NOT MATCHED{condition} THEN INSERT ({names}) VALUES ({', '.join(new.values())})")
    return clauses


def _conditions(own: _Expressions, whens: Sequence[When]) -> list[tuple[When, str]]:
    """Each clause with its condition. Delta knows no DO NOTHING: clauses behind it exclude what it takes."""
    found: list[tuple[When, str]] = []
    excluded: list[str] = []
    for when in whens:
        parts = [*excluded, *([] if when.condition is None else [f"({when.condition})"])]
        found.append((when, f" AND {own.condition(' AND '.join(parts))}" if parts else ""))
        if when.kind is Kind.NOTHING:
            if when.condition is None:
                break
            excluded.append(f"(({when.condition}) IS NOT TRUE)")
        elif when.condition is None:
            break
    return found


def _values(relation: Relation, assignments: Assignments) -> dict[str, str]:
    """PostgreSQL's texts of the new values, by column."""
    given = dict(assignments)
    return {item.name: assignment.value_of(item, given[item.name]) for item in relation.columns if item.name in given}


def _set_list(own: _Expressions, relation: Relation, values: Mapping[str, str]) -> str:
    new = _new_values(own, relation, values)
    return ", ".join(f"{quote_name(name)} = {value}" for name, value in new.items())


def _new_values(own: _Expressions, relation: Relation, values: Mapping[str, str]) -> dict[str, str]:
    """The new values in Spark's SQL, by column; the first raises the error of a rule that the new row breaks.

    `values` are PostgreSQL's texts; columns without one keep what they have.
    """
    columns = {column.name: column for column in relation.columns}
    if not values:
        raise FeatureNotSupported("an UPDATE of nothing but generated columns is not supported")
    rules: list[tuple[str, str]] = []
    for name, text in values.items():
        inner = element(columns[name].type)
        if inner is not None and char_length(inner) is not None:
            raise FeatureNotSupported("arrays of texts of limited length are checked here")
        if char_length(columns[name].type) is not None:
            condition, message = row_rules.length_rule(columns[name], f"({text})")
            rules.append((own.condition(condition), message))
    changed = {name: dialect.parse_expression(text) for name, text in values.items()}
    for column in relation.columns:
        if column.generated is not None:
            stored = {
                name: dialect.parse_expression(row_rules.fitting(columns[name], f"({text})"))
                for name, text in values.items()
            }
            text = assignment.cast(column.generated, column.type)
            changed[column.name] = _with_values(dialect.parse_expression(text), stored, own.target)
    for condition, message in row_rules.rules(relation, tuple(changed)):
        tree = dialect.parse_expression(condition)
        if any(column.name in changed for column in tree.find_all(exp.Column)):
            rules.append((own.of(_with_values(tree, changed, own.target), None), message))
    new = {
        name: own.value(row_rules.fitting(columns[name], f"({text})"), columns[name].type)
        for name, text in values.items()
    }
    new |= {name: own.of(tree, columns[name].type) for name, tree in changed.items() if name not in values}
    first = next(iter(new))
    cases = " ".join(f"WHEN {broken} THEN raise_error({string_literal(message)})" for broken, message in rules)
    if cases:
        new[first] = f"CASE {cases} ELSE {new[first]} END"
    return new


def _with_values(tree: exp.Expression, values: Mapping[str, exp.Expression], table: str) -> exp.Expression:
    """An expression on the new row of `table`: columns are what they are set to, the others are named as its own."""

    def replaced(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Column):
            return node
        if node.name in values:
            return exp.Paren(this=values[node.name].copy())
        return exp.Column(this=node.this.copy(), table=exp.to_identifier(table, quoted=True))

    return tree.transform(replaced)
