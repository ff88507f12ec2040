"""From a query's text to a plan: described by PostgreSQL, its relations resolved, translated for the engine.

A plan holds nothing of one execution (no versions, no parameters), so it is kept and used again while the text, the
search path and the catalog stay the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from catalog.errors import FeatureNotSupported, UndefinedFunction, UndefinedTable
from catalog.model import CatalogSnapshot, Relation
from catalog.names import TableName
from catalog.types import PgType
from engine import dialect
from engine.base import Description, Dialect
from engine.dialect.session import WatchedConstants
from sql_extensions import historic, twins, views
from sql_extensions.constants import session_constants
from sql_extensions.context import Context
from sql_extensions.plan import TRANSLATIONS_KEPT, Plan, Read
from sql_extensions.references import Reference, ReferenceKind, touches
from sql_extensions.rewrites import time_travel
from sql_extensions.rewrites.rewritten import Rewritten
from sql_extensions.shadowing import describe_on_shadow, positions

_CLOCKS = frozenset(
    "NOW CURRENT_TIMESTAMP CURRENT_DATE CURRENT_TIME LOCALTIMESTAMP LOCALTIME TRANSACTION_TIMESTAMP".split()
)


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
    state, path = session.tenant.definitions(), session.settings.search_path
    snapshot = session.tenant.catalog.snapshot()  # after `state`: a plan must not seem newer than it is

    def key(oids: Sequence[int]) -> tuple[object, ...]:
        return context.statement.sql, tuple(oids), path, state, fixes_time(context), context.rights_checked

    present = session.settings.as_of is None
    known = session.plans.get(key(param_oids)) if present else None
    if known is None:
        known = make(context, param_oids, snapshot)
        if known.rewritten.specs or not present:
            return known  # which version is meant, and so which columns, is asked anew each time
        session.plans.put(key(param_oids), known)
        session.plans.put(key(known.description.param_oids), known)
    return known


def rewritten(context: Context) -> Rewritten:
    """`context.statement` without its time travel, in the texts for PostgreSQL and for the engine."""
    snapshot = context.session.tenant.catalog.snapshot()
    statement, path = context.statement, context.session.settings.search_path

    def exists(parts: tuple[str, ...]) -> bool:
        schemas = (parts[-2],) if len(parts) > 1 else path
        return any(TableName(schema, parts[-1]) in snapshot.relations for schema in schemas)

    found = time_travel.rewrite(statement.source, statement.tokens, exists, historic.unwritten(context))
    return historic.shaped(context, found, historic.relations_of(context.session, found)) if found.specs else found


def _param_oids(text: Rewritten, given: Sequence[int]) -> list[int]:
    """The client's types, and those of parameters that stand only in time travel, which PostgreSQL does not see."""
    oids = list(given)
    for number, pg in text.params:
        oids.extend([0] * (number - len(oids)))
        oids[number - 1] = oids[number - 1] or pg.oid
    return oids


def _make_whole(context: Context, param_oids: Sequence[int], snapshot: CatalogSnapshot) -> Plan:
    text = rewritten(context)
    with positions(text):
        description = describe_on_shadow(context.session, text.shadow_sql, _param_oids(text, param_oids))
        context.session.shadow.check_rights(text.shadow_sql, description.param_oids)
    return Plan(description, text)


def _make(context: Context, param_oids: Sequence[int], snapshot: CatalogSnapshot) -> Plan:
    session = context.session
    text = rewritten(context)
    with positions(text):
        description = describe_on_shadow(session, text.shadow_sql, _param_oids(text, param_oids))
    if not touches(context.statement.tokens, session.tenant.names.of(snapshot)) and not fixes_time(context):
        return Plan(description, text, no_tables=True)
    with positions(text):
        tree = dialect.parse(text.engine_sql)
    tree, found = views.expand(tree, snapshot, session.settings.search_path)
    called = twins.find(tree)
    description = twins.described(description, called)
    ours = [reference for reference in found if reference.kind is ReferenceKind.DELTA]
    virtual = [reference for reference in found if reference.kind is ReferenceKind.KADALI]
    if not ours and not virtual and not called:
        fixed = Plan(description, text, tree=tree, no_tables=True)
        return fixed if not found and _translates(context, fixed) else Plan(description, text, no_tables=not found)
    _refuse_mixed(found)
    if not context.rights_checked:
        with positions(text):
            session.shadow.check_rights(twins.for_rights(text.shadow_sql, called), description.param_oids)
    _name_without_schema(tree, found)
    prefix = _unused_prefix(tree)
    reads = _replace(ours, prefix)
    tree, replaced = twins.replace(tree, virtual, called, f"{prefix}k")
    return Plan(description, text, tuple(reads), tree, tuple(replaced))


def fixes_time(context: Context) -> bool:
    """Whether the statement asks for the time in a transaction block, where now() stands still.

    PostgreSQL answers each statement in a transaction of its own, so the embedded engine must answer, if it can.
    """
    if not context.session.transaction.in_any_block:
        return False
    return any(token.word in _CLOCKS for token in context.statement.tokens)


def _translates(context: Context, plan: Plan) -> bool:
    try:
        translated(plan, {}, session_constants(context))
    except (FeatureNotSupported, UndefinedFunction):
        return False
    return True


def _refuse_mixed(found: Sequence[Reference]) -> None:
    for reference in found:
        if reference.kind is ReferenceKind.SYSTEM:
            raise FeatureNotSupported(
                f'a query cannot read catalog relation "{reference.name.name}" together with tables',
                hint="Run two queries, or put the catalog part into a temporary table.",
            )
        if reference.kind is ReferenceKind.UNKNOWN:
            raise UndefinedTable(f'relation "{reference.name.name}" does not exist')


def _name_without_schema(tree: exp.Expression, found: Sequence[Reference]) -> None:
    """`sales.orders.id` becomes `orders.id`: PostgreSQL has found the table, which then has no alias.

    Two tables of the same name in different schemas get aliases that tell them apart.
    """
    bare = [reference.node for reference in found if reference.node.args.get("alias") is None]
    schemas: dict[str, set[str]] = {}
    for reference in found:
        if reference.node.args.get("alias") is None:
            schemas.setdefault(_shown_name(reference.node), set()).add(reference.name.schema)
    for column in list(tree.find_all(exp.Column)):
        if not column.db:
            continue
        name = column.table
        if len(schemas.get(name, ())) > 1:
            name = f"{column.db}.{name}"
        column.set("table", exp.to_identifier(name, quoted=True))
        column.set("db", None)
        column.set("catalog", None)
    for node in bare:
        name = _shown_name(node)
        if len(schemas[name]) > 1 and node.db:
            node.set("alias", exp.TableAlias(this=exp.to_identifier(f"{node.db}.{name}", quoted=True)))


def _shown_name(node: exp.Table) -> str:
    return node.name.rpartition("@#")[0] or node.name


def _unused_prefix(tree: exp.Expression) -> str:
    """The beginning of no name in the query: a common table expression would else hide a view of the same name."""
    names = {identifier.name for identifier in tree.find_all(exp.Identifier)}
    prefix = "kadali_r"
    while any(name.startswith(prefix) for name in names):
        prefix += "_"
    return prefix


def _replace(found: Sequence[Reference], prefix: str) -> list[Read]:
    """Put a unique view name in the place of each Delta table; the same table at the same spec shares one."""
    reads: dict[tuple[TableName, int | None], Read] = {}
    for reference in found:
        if reference.relation is None:
            raise TypeError("a Delta reference has its relation")
        key = (reference.name, reference.spec)
        read = reads.setdefault(key, Read(f"{prefix}{len(reads)}", reference.relation, reference.spec))
        _rename(reference.node, read.view)
    return list(reads.values())


def _rename(node: exp.Table, view: str) -> None:
    if node.args.get("alias") is None:
        node.set("alias", exp.TableAlias(this=exp.to_identifier(_shown_name(node), quoted=True)))
    node.set("this", exp.to_identifier(view))
    node.set("db", None)
    node.set("catalog", None)


def columns_of(relation: Relation) -> tuple[tuple[str, PgType], ...]:
    return tuple((column.name, column.type) for column in relation.columns)


def translated(
    plan: Plan,
    columns: Mapping[str, Sequence[tuple[str, PgType]]],
    constants: dialect.SessionConstants,
    *,
    wide_decimals: bool = False,
    target: Dialect = Dialect.DUCKDB,
) -> str:
    """The plan's SQL for an engine. `columns` are those of each view, by its name."""
    if plan.tree is None:
        raise TypeError("PostgreSQL answers this plan")
    shown = tuple((view, tuple(of)) for view, of in columns.items())
    key = shown, constants.without_times(), wide_decimals, target
    known = plan.translations.get(key)
    if known is not None:
        return known
    params = [PgType(oid) for oid in plan.description.param_oids]
    watched = WatchedConstants.of(constants)
    sql = dialect.translate(
        plan.tree, columns, plan.fields, params, watched, target=target, wide_decimals=wide_decimals
    )
    if not watched.times_read and len(plan.translations) < TRANSLATIONS_KEPT:
        plan.translations[key] = sql
    return sql
