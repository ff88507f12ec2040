"""From a query's text to a plan: described by PostgreSQL, its relations resolved, translated for the engine.

A plan holds nothing of one execution (no versions, no parameters), so it is kept and used again while the text, the
search path and the catalog stay the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from catalog.errors import FeatureNotSupported, UndefinedTable
from catalog.model import CatalogSnapshot, Relation
from catalog.names import TableName
from catalog.types import PgType
from engine import dialect
from engine.base import Description, Field
from sql_extensions import twins, views
from sql_extensions.context import Context
from sql_extensions.plan import Plan, Read
from sql_extensions.references import Reference, ReferenceKind, touches
from sql_extensions.rewrites import time_travel
from sql_extensions.rewrites.time_travel import Rewritten
from sql_extensions.shadowing import describe_on_shadow, positions

def plan(context: Context, param_oids: Sequence[int]) -> Plan:
    """The plan of `context.statement`, an ordinary query. Checks rights. Raises SqlError."""
    return _kept(context, param_oids, _make)


def describe_whole(context: Context, param_oids: Sequence[int]) -> Description:
    """The description of a statement that PostgreSQL understands but does not run; checks rights."""
    return _kept(context, param_oids, _make_whole).description


def _kept(
    context: Context, param_oids: Sequence[int], make: Callable[[Context, Sequence[int], CatalogSnapshot], Plan]
) -> Plan:
    session = context.session
    snapshot = session.tenant.catalog.snapshot()

    def key(oids: Sequence[int]) -> tuple[object, ...]:
        return context.statement.sql, tuple(oids), session.settings.search_path, snapshot.definitions_seq

    known = session.plans.get(key(param_oids))
    if known is None:
        known = make(context, param_oids, snapshot)
        session.plans.put(key(param_oids), known)
        session.plans.put(key(known.description.param_oids), known)
    return known


def _rewrite(context: Context, snapshot: CatalogSnapshot) -> Rewritten:
    statement, path = context.statement, context.session.settings.search_path

    def exists(parts: tuple[str, ...]) -> bool:
        schemas = (parts[-2],) if len(parts) > 1 else path
        return any(TableName(schema, parts[-1]) in snapshot.relations for schema in schemas)

    return time_travel.rewrite(statement.source, statement.tokens, exists)


def _make_whole(context: Context, param_oids: Sequence[int], snapshot: CatalogSnapshot) -> Plan:
    rewritten = _rewrite(context, snapshot)
    with positions(rewritten):
        description = describe_on_shadow(context.session, rewritten.shadow_sql, param_oids)
        context.session.shadow.check_rights(rewritten.shadow_sql)
    return Plan(description, rewritten)


def _make(context: Context, param_oids: Sequence[int], snapshot: CatalogSnapshot) -> Plan:
    session = context.session
    rewritten = _rewrite(context, snapshot)
    with positions(rewritten):
        description = describe_on_shadow(session, rewritten.shadow_sql, param_oids)
    if not touches(context.statement.tokens, session.tenant.names.of(snapshot)):
        return Plan(description, rewritten, no_tables=True)
    with positions(rewritten):
        tree = dialect.parse(rewritten.engine_sql)
    tree, found = views.expand(tree, snapshot, session.settings.search_path)
    called = twins.find(tree)
    ours = [reference for reference in found if reference.kind is ReferenceKind.DELTA]
    virtual = [reference for reference in found if reference.kind is ReferenceKind.KADALI]
    if not ours and not virtual and not called:
        return Plan(description, rewritten, no_tables=not found)
    _refuse_mixed(found)
    with positions(rewritten):
        session.shadow.check_rights(rewritten.shadow_sql)
    reads = _replace(ours)
    tree, replaced = twins.replace(tree, virtual, called)
    return Plan(description, rewritten, tuple(reads), tree, tuple(replaced))


def _refuse_mixed(found: Sequence[Reference]) -> None:
    for reference in found:
        if reference.kind is ReferenceKind.SYSTEM:
            raise FeatureNotSupported(
                f'a query cannot read catalog relation "{reference.name.name}" together with tables',
                hint="Run two queries, or put the catalog part into a temporary table.",
            )
        if reference.kind is ReferenceKind.UNKNOWN:
            raise UndefinedTable(f'relation "{reference.name.name}" does not exist')


def _replace(found: Sequence[Reference]) -> list[Read]:
    """Put a unique view name in the place of each Delta table; the same table at the same spec shares one."""
    reads: dict[tuple[TableName, int | None], Read] = {}
    for reference in found:
        if reference.relation is None:
            raise TypeError("a Delta reference has its relation")
        key = (reference.name, reference.spec)
        read = reads.setdefault(key, Read(f"r{len(reads)}", reference.relation, reference.spec))
        _rename(reference.node, read.view)
    return list(reads.values())


def _rename(node: exp.Table, view: str) -> None:
    if node.args.get("alias") is None:
        name = node.name.rpartition("@#")[0] or node.name
        node.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
    node.set("this", exp.to_identifier(view))
    node.set("db", None)
    node.set("catalog", None)


def columns_of(relation: Relation) -> tuple[tuple[str, PgType], ...]:
    return tuple((column.name, column.type) for column in relation.columns)


def translated(
    plan: Plan,
    columns: Mapping[str, Sequence[tuple[str, PgType]]],
    constants: dialect.SessionConstants,
) -> str:
    """The plan's SQL for the embedded engine. `columns` are those of each view, by its name."""
    if plan.tree is None:
        raise TypeError("PostgreSQL answers this plan")
    params = [PgType(oid) for oid in plan.description.param_oids]
    return dialect.translate(plan.tree, columns, plan.fields, params, constants)
