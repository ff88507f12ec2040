"""Views: their queries take their place in the tree of the query that reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from sqlglot import exp

from catalog.errors import FeatureNotSupported, ProgramLimitExceeded, SqlError
from catalog.model import CatalogSnapshot, Relation, RelationKind
from catalog.names import TableName
from engine.dialect import parse
from sql_extensions.references import Reference, ReferenceKind, references

NESTED_MAX = 32


def expand(
    tree: exp.Expression, snapshot: CatalogSnapshot, search_path: tuple[str, ...]
) -> tuple[exp.Expression, list[Reference]]:
    """`tree` with every view replaced by its query, and the references that are left (no VIEW among them).

    Changes `tree`. Raises ProgramLimitExceeded for views nested deeper than NESTED_MAX.
    """
    return tree, _expand(tree, snapshot, search_path, NESTED_MAX)


def check_meaning(before: CatalogSnapshot, changed: Iterable[Relation], gone: Iterable[TableName]) -> None:
    """Refuse a change of definitions after which a view's text would name other relations than it does now.

    PostgreSQL binds a view to relations, and checks rights on those; here its text is resolved anew when it is read.
    The two must not part, or a view would read a table that nobody asked about. `gone`: names dropped or given up.
    """
    new = {item.name: item for item in changed}
    left = set(gone) - new.keys()
    relations = {name: item for name, item in before.relations.items() if name not in left} | new
    moved = {name.name for name in left | (new.keys() - before.relations.keys())}
    if not moved:
        return
    after = replace(before, relations=relations)
    for view in before.relations.values():
        kept = relations.get(view.name)
        if view.kind is not RelationKind.VIEW or kept is None or view.query is None or view.name in new:
            continue
        if moved & _named(view.query) and _meaning(view, before) != _meaning(view, after):
            raise FeatureNotSupported(
                f'view "{view.name.name}" depends on the names that this statement changes',
                hint=f"Drop view {view.name} first, and create it again afterwards.",
            )


def _meaning(view: Relation, snapshot: CatalogSnapshot) -> Mapping[tuple[str, str], TableName]:
    found = references(_query_of(view), snapshot, view.search_path)
    return {(item.node.db, item.node.name): item.name for item in found}


@lru_cache(maxsize=4096)
def _named(query: str) -> frozenset[str]:
    """The bare names of the relations in a view's text; none if it cannot be parsed, and so not be read either."""
    try:
        return frozenset(table.name for table in parse(query).find_all(exp.Table))
    except SqlError:
        return frozenset()


def _expand(
    tree: exp.Expression, snapshot: CatalogSnapshot, search_path: tuple[str, ...], depth: int
) -> list[Reference]:
    left: list[Reference] = []
    for reference in references(tree, snapshot, search_path):
        if reference.kind is not ReferenceKind.VIEW or reference.relation is None:
            left.append(reference)
            continue
        if depth == 0:
            raise ProgramLimitExceeded(f"views are nested more than {NESTED_MAX} deep")
        if reference.spec is not None:
            raise FeatureNotSupported(
                f'time travel on view "{reference.name.name}" is not supported',
                hint="Set the time for the session: TIME TRAVEL TO TIMESTAMP '...'",
            )
        body = _query_of(reference.relation)
        left.extend(_expand(body, snapshot, reference.relation.search_path, depth - 1))
        reference.node.replace(_subquery(reference.node, body))
    return left


def _query_of(view: Relation) -> exp.Expression:
    if view.query is None:
        raise FeatureNotSupported(f'view "{view.name.name}" has no query')
    return parse(view.query)


def _subquery(node: exp.Table, body: exp.Expression) -> exp.Subquery:
    alias = node.args.get("alias")
    if alias is None:
        alias = exp.TableAlias(this=exp.to_identifier(node.name, quoted=True))
    subquery = exp.Subquery(this=body, alias=alias.copy())
    for part in ("joins", "laterals", "pivots"):
        if node.args.get(part):
            subquery.set(part, node.args[part])
    return subquery
