"""Which relations a query names, and what they are: Delta tables, views, `kadali` relations, PostgreSQL's catalog."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from catalog.errors import FeatureNotSupported
from catalog.model import CatalogSnapshot, Relation, RelationKind
from catalog.names import TableName
from engine.dialect.scanner import Token, TokenKind
from sql_extensions.system_relations import SYSTEM_RELATIONS

KADALI_SCHEMA = "kadali"
SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema"})
OWN_FUNCTIONS = frozenset({"pg_cancel_backend", "pg_terminate_backend"})
"""Functions of PostgreSQL that concern our sessions, not the shadow's: never forwarded."""


class ReferenceKind(Enum):
    DELTA = "Delta table"
    VIEW = "view"
    KADALI = "kadali relation"
    SYSTEM = "catalog relation"
    UNKNOWN = "not found"


@dataclass(frozen=True, slots=True)
class Reference:
    """One place in a query that names a relation. `name` is resolved; for UNKNOWN as written."""

    node: exp.Table
    kind: ReferenceKind
    name: TableName
    relation: Relation | None = None
    spec: int | None = None
    """Which time travel spec of the statement applies (see rewrites/time_travel.py); None: none written."""


class NameSet:
    """The bare names a statement must contain to touch anything but PostgreSQL's own catalog."""

    def __init__(self) -> None:
        self._seq = -1
        self._names: frozenset[str] = frozenset()

    def of(self, snapshot: CatalogSnapshot) -> frozenset[str]:
        """Names of all tables and views of the snapshot, computed once for each state of the catalog."""
        if self._seq != snapshot.seq or not self._names:
            self._names = frozenset(name.name for name in snapshot.relations) | OWN_FUNCTIONS | {KADALI_SCHEMA}
            self._seq = snapshot.seq
        return self._names


def touches(tokens: Sequence[Token], names: frozenset[str]) -> bool:
    """Whether any identifier of the statement is one of `names`: False proves that no table of ours is read."""
    kinds = (TokenKind.WORD, TokenKind.QUOTED)
    return any(
        token.kind in kinds and (token.text in names or ("@" in token.text and token.text.rpartition("@")[0] in names))
        for token in tokens
    )


def references(tree: exp.Expression, snapshot: CatalogSnapshot, search_path: Iterable[str]) -> list[Reference]:
    """Every base relation the query names, in no particular order; common table expressions are not relations."""
    found: dict[int, Reference] = {}
    for scope in traverse_scope(tree):
        for source in scope.sources.values():
            if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
                found.setdefault(id(source), _resolve(source, snapshot, tuple(search_path)))
    _check_complete(tree, found)
    return list(found.values())


def _check_complete(tree: exp.Expression, found: dict[int, Reference]) -> None:
    """Every table node is a known relation or the name of a common table expression: nothing slips through."""
    named = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    for node in tree.find_all(exp.Table):
        if isinstance(node.this, exp.Identifier) and id(node) not in found and (node.db or node.name not in named):
            raise FeatureNotSupported(f'relation "{node.name}" stands in a place that is not supported')


def _resolve(node: exp.Table, snapshot: CatalogSnapshot, search_path: tuple[str, ...]) -> Reference:
    name, spec = _split_spec(node.name)
    if node.db:
        schema = node.db
        if schema in SYSTEM_SCHEMAS:
            return Reference(node, ReferenceKind.SYSTEM, TableName(schema, name))
        return _known(node, TableName(schema, name), snapshot, spec)
    for schema in search_path if "pg_catalog" in search_path else ("pg_catalog", *search_path):
        if schema in SYSTEM_RELATIONS:
            if name in SYSTEM_RELATIONS[schema]:
                return Reference(node, ReferenceKind.SYSTEM, TableName(schema, name))
            continue
        reference = _known(node, TableName(schema, name), snapshot, spec)
        if reference.kind is not ReferenceKind.UNKNOWN:
            return reference
    if name.startswith("pg_"):
        return Reference(node, ReferenceKind.SYSTEM, TableName("pg_catalog", name))
    return Reference(node, ReferenceKind.UNKNOWN, TableName(search_path[0] if search_path else "", name))


def _known(node: exp.Table, name: TableName, snapshot: CatalogSnapshot, spec: int | None) -> Reference:
    relation = snapshot.relations.get(name)
    if relation is not None:
        kind = ReferenceKind.VIEW if relation.kind is RelationKind.VIEW else ReferenceKind.DELTA
        return Reference(node, kind, name, relation, spec)
    if name.schema == KADALI_SCHEMA:
        return Reference(node, ReferenceKind.KADALI, name, None, spec)
    return Reference(node, ReferenceKind.UNKNOWN, name)


def _split_spec(name: str) -> tuple[str, int | None]:
    """`orders@#0` (what the time travel rewrite writes) -> ("orders", 0)."""
    base, mark, index = name.rpartition("@#")
    return (base, int(index)) if mark and index.isdigit() else (name, None)
