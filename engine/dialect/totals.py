"""The grand total of ROLLUP, CUBE and () over no rows, for targets whose grouping sets give nothing there.

PostgreSQL gives the row of the empty grouping set even if the input is empty. It is written as a second SELECT, to be
added with UNION ALL: over one row if there is no input and none else, every column NULL, every aggregate over no rows.
"""

from __future__ import annotations

from sqlglot import exp

from engine.dialect.context import Context
from engine.dialect.scope import Column, Relation, Scope, outer
from engine.dialect.value import Value, refuse


def empty_sets(group: exp.Group) -> int:
    """How many grouping sets of GROUP BY are empty."""
    count = 1
    for item in group.expressions:
        count *= _empties(item)
    return count


def _empties(node: exp.Expression) -> int:
    if isinstance(node, exp.Rollup | exp.Cube):
        return 1
    if isinstance(node, exp.GroupingSets):
        return sum(_empties(item) for item in node.expressions)
    return int(isinstance(node, exp.Tuple) and not node.expressions)


def scope_of_nothing(context: Context, scope: Scope) -> Scope:
    """The same names, every column NULL."""
    made: dict[int, Value] = {}

    def nothing(v: Value) -> Value:
        if id(v) not in made:
            null = f"CAST(NULL AS {context.target.syntax.type_name(v.type, v.shape)})" if v.sql else ""
            made[id(v)] = outer(v, null, "CAST(NULL AS INTEGER)" if v.scale_sql else None)
        return made[id(v)]

    found = Scope(scope.parent, scope.ctes, windows=scope.windows)
    for relation in scope.relations:
        columns = tuple(Column(c.name, nothing(c.value)) for c in relation.columns)
        found.relations.append(Relation(relation.alias, columns, relation.scalar))
    found.merged = {name: nothing(v) for name, v in scope.merged.items()}
    found.hidden = [nothing(v) for v in scope.hidden]
    return found


def check_total(node: exp.Select, count: int) -> None:
    """Raises FeatureNotSupported where the row is not to be had this way."""
    if count > 1:
        raise refuse("GROUP BY with several empty grouping sets")
    order = node.args.get("order")
    if any(e is not None and e.find(exp.Window) for e in (*node.expressions, order)):
        raise refuse("window functions with an empty grouping set")
    if node.args.get("distinct") is not None:
        raise refuse("SELECT DISTINCT with an empty grouping set")
    if all(isinstance(item, exp.Tuple) for item in node.args["group"].expressions):
        raise refuse("GROUP BY ()")


def tail_of_nothing(context: Context, tail: str, having: str | None) -> str:
    """FROM and HAVING of the second SELECT; `tail` is FROM and WHERE of the first."""
    more = f" AND {having}" if having is not None else ""
    source = f"(SELECT 1 AS one WHERE NOT EXISTS (SELECT 1{tail}))"
    return f" FROM {source} AS {context.alias()} HAVING count(*) > 0{more}"
