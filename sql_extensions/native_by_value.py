"""UPDATE and DELETE whose conditions need a query, on tables that only Spark writes: a MERGE on all values of a row.

Rows that are alike in all columns meet the same conditions and become the same, so they need not be told apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from catalog.errors import FeatureNotSupported
from catalog.model import Relation
from catalog.names import always_quote
from catalog.types import BPCHAR, FLOAT4, FLOAT8
from engine.base import Description, RouteReason
from engine.clusters.routing import Need
from engine.spark.literals import quote_name
from sql_extensions import assignment, native, needs, query, row_rules
from sql_extensions.context import Context

_OLD = "kadali_old"
_TARGET, _SOURCE = "kadali_t", "kadali_s"


def update(
    ctx: Context,
    relation: Relation,
    alias: str | None,
    assigned: Sequence[str],
    new: tuple[str, str, str],
    description: Description,
) -> int | None:
    """The number of rows; None if it is not for Spark alone. `new`: WITH list and SELECT, all columns with their new
    values, and the rest of a query for the rows to change.
    """
    work = _work(ctx, relation)
    if work is None:
        return None
    select, content, rest = new
    old = _old(relation, alias)
    keys = ", ".join(column for column, _ in old)
    listed = ", ".join(f"{column} AS {name}" for column, name in old)
    changed = f"{select} DISTINCT ON ({keys}) {content}, {listed} {rest}"
    names = [name for _, name in old]
    rules = row_rules.guarded(relation, assignment.completed(relation, changed, names), names)
    if rules is None:
        return None
    width = len(relation.columns)
    values = {
        column.name: f"{_SOURCE}.c{n}"
        for n, column in enumerate(relation.columns, 1)
        if column.name in assigned or column.generated is not None
    }
    if rules.messages:
        first = next(iter(values))
        values[first] = native.refusing(values[first], f"{_SOURCE}.c{2 * width + 1}", rules.messages)
    action = "UPDATE SET " + ", ".join(f"{quote_name(name)} = {value}" for name, value in values.items())
    return _merge(ctx, work, relation, rules.sql, width + 1, action, description)


def delete(
    ctx: Context, relation: Relation, alias: str | None, gone: tuple[str, str], description: Description
) -> int | None:
    """The number of rows; None if it is not for Spark alone. `gone`: WITH list and SELECT, and the rest of a query for
    the rows to remove.
    """
    work = _work(ctx, relation)
    if work is None:
        return None
    select, rest = gone
    listed = ", ".join(f"{column} AS {name}" for column, name in _old(relation, alias))
    return _merge(ctx, work, relation, f"{select} DISTINCT {listed} {rest}", 1, "DELETE", description)


def _work(ctx: Context, relation: Relation) -> native.Work | None:
    work = native.rewriting(ctx, relation)
    return None if work is None or needs.writable_here(ctx, relation) else work


def _old(relation: Relation, alias: str | None) -> list[tuple[str, str]]:
    """Each column as it is, in PostgreSQL's SQL, and a name for it; char(n) without its padding, as text."""
    own = always_quote(alias or relation.name.name)
    found = []
    for number, column in enumerate(relation.columns):
        value = f"{own}.{always_quote(column.name)}"
        found.append((f"CAST({value} AS text)" if column.type.oid == BPCHAR.oid else value, f"{_OLD}{number}"))
    return found


def _merge(
    ctx: Context, work: native.Work, relation: Relation, sql: str, first: int, action: str, description: Description
) -> int:
    """`sql` gives the old values from its column `first` on."""
    if any(column.type.oid in (FLOAT4.oid, FLOAT8.oid) for column in relation.columns):
        raise FeatureNotSupported(
            "this condition is not supported on Spark for a table with columns of floating point numbers",
            hint="Compare columns of the table with constants.",
        )
    with query.without_positions():
        rows = query.prepared(native.generated(ctx, sql), description.param_oids, Need(RouteReason.DELTA_WRITE))
    if rows.route.cluster != work.cluster:
        raise FeatureNotSupported("this condition is not supported on Spark")
    same = " AND ".join(_same(column.name, column.type.oid, n) for n, column in enumerate(relation.columns, first))
    merge = (
        f"MERGE INTO {native.target(relation)} AS {_TARGET} USING ({rows.query.sql}) AS {_SOURCE} ON {same} "
        f"WHEN MATCHED THEN {action}"
    )
    done = native.execute(ctx, work.cluster, relation, merge, rows.query.params, rows.query.tables, charged=work.size)
    return done.affected


def _same(name: str, oid: int, number: int) -> str:
    mine, theirs = f"{_TARGET}.{quote_name(name)}", f"{_SOURCE}.c{number}"
    if oid == BPCHAR.oid:  # other writers store char(n) without its padding
        mine = f"rtrim({mine})"
    return f"{mine} <=> {theirs}"
