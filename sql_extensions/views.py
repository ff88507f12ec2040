"""Views: their queries take their place in the tree of the query that reads them."""

from __future__ import annotations

from sqlglot import exp

from catalog.errors import FeatureNotSupported, ProgramLimitExceeded
from catalog.model import CatalogSnapshot, Relation
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
