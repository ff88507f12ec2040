"""What a query needs of an engine: how much it reads, after the files that its conditions rule out, and what only Spark
can read. Figures are estimates from the tables' logs; no data file is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from catalog.errors import FeatureNotSupported
from catalog.model import Relation
from engine.base import DeltaSource, RouteReason, Source, StagedSource, TableRead
from engine.clusters.routing import Need
from engine.delta.features import check_writable
from engine.delta.snapshot import Snapshot
from sql_extensions.context import Context
from sql_extensions.plan import Plan
from sql_extensions.tables import location_of

_CONDITIONS_MAX = 50
_KEEPS: dict[type[exp.Expression], tuple[str, ...]] = {
    exp.EQ: ("min<=", "max>="),
    exp.LT: ("min<",),
    exp.LTE: ("min<=",),
    exp.GT: ("max>",),
    exp.GTE: ("max>=",),
}
"""Which bounds a file must have for a comparison of a column with a literal to hold in it."""
_MIRRORED: dict[type[exp.Expression], type[exp.Expression]] = {
    exp.EQ: exp.EQ,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
}
_COMPARE = {"<=": pc.less_equal, ">=": pc.greater_equal, "<": pc.less, ">": pc.greater}


def of(context: Context, plan: Plan, reads: Sequence[TableRead], usual: RouteReason = RouteReason.DELTA_READ) -> Need:
    """What the planned query needs. Where nobody asks for the figures, none are made."""
    if not context.session.compute.measures:
        return Need(usual)
    total, only_spark = 0, False
    for read in reads:
        try:
            total += _read_bytes(context, plan, read)
        except FeatureNotSupported:
            only_spark = True
    return Need(usual, total, only_spark)


def of_rewrite(context: Context, relation: Relation) -> Need:
    """What changing rows of a table needs: its bytes, and an engine that may write it."""
    if not context.session.compute.measures:
        return Need(RouteReason.DELTA_WRITE)
    snapshot = _writable(context, relation)
    if snapshot is None:
        return Need(RouteReason.DELTA_WRITE, only_spark=True)
    return Need(RouteReason.DELTA_WRITE, _sum(snapshot.files["size_bytes"]))


def of_insert(context: Context, relation: Relation) -> Need:
    """What adding rows to a table needs, whatever computing them does."""
    if not context.session.compute.measures:
        return Need(RouteReason.DELTA_WRITE)
    return Need(RouteReason.DELTA_WRITE, 0, only_spark=_writable(context, relation) is None)


def writable_here(context: Context, relation: Relation) -> bool:
    """Whether the gateway itself may write the table."""
    return _writable(context, relation) is not None


def _writable(context: Context, relation: Relation) -> Snapshot | None:
    """The newest version; None if only Spark may write the table."""
    try:
        snapshot = context.session.tenant.engine.snapshots.latest(location_of(relation))
        check_writable(snapshot.min_writer, snapshot.writer_features, snapshot.configuration, snapshot.fields)
    except FeatureNotSupported:
        return None
    return snapshot


def _read_bytes(context: Context, plan: Plan, read: TableRead) -> int:
    snapshot = _snapshot(context, read.source)
    if snapshot is None or not snapshot.files.num_rows:
        return 0
    files = snapshot.files
    if plan.tree is not None:
        files = _pruned(files, list(_conditions(plan.tree, read)))
    return int(_sum(files["size_bytes"]) * _share(plan, read, snapshot))


def _snapshot(context: Context, source: Source) -> Snapshot | None:
    """Raises FeatureNotSupported for a table that the embedded engine cannot read."""
    base = source.base if isinstance(source, StagedSource) else source
    return context.session.tenant.engine.snapshots.at(base.location) if isinstance(base, DeltaSource) else None


def _share(plan: Plan, read: TableRead, snapshot: Snapshot) -> float:
    """The part of the table's columns that the query names, each counted alike."""
    if plan.tree is None or any(not isinstance(star.parent, exp.Func) for star in plan.tree.find_all(exp.Star)):
        return 1.0
    named = {column.name for column in plan.tree.find_all(exp.Column)}
    own = [name for name, _ in read.columns]
    aliases = {table.alias_or_name for table in plan.tree.find_all(exp.Table) if table.name == read.view}
    if named & aliases:  # a whole row
        return 1.0
    return max(1, sum(name in named for name in own)) / max(1, len(own))


def _conditions(tree: exp.Expression, read: TableRead) -> Iterator[exp.Expression]:
    """Conditions that every row of the table must meet that counts; none if the query reads it more than once."""
    tables = [table for table in tree.find_all(exp.Table) if table.name == read.view]
    if len(tables) != 1:
        return
    (table,) = tables
    select = table.parent_select
    where = None if select is None else select.args.get("where")
    if where is None:
        return
    for part in list(_parts(where.this))[:_CONDITIONS_MAX]:
        if all(column.table in ("", table.alias_or_name) for column in part.find_all(exp.Column)):
            yield part


def _parts(node: exp.Expression) -> Iterator[exp.Expression]:
    if isinstance(node, exp.Paren):
        yield from _parts(node.this)
    elif isinstance(node, exp.And):
        yield from _parts(node.this)
        yield from _parts(node.expression)
    elif isinstance(node, exp.Between) and not node.args.get("symmetric"):
        yield exp.GTE(this=node.this.copy(), expression=node.args["low"].copy())
        yield exp.LTE(this=node.this.copy(), expression=node.args["high"].copy())
    else:
        yield node


def _pruned(files: pa.Table, conditions: Sequence[exp.Expression]) -> pa.Table:
    """The files that may hold rows meeting all conditions. What is not understood rules out nothing."""
    for condition in conditions:
        keep = _may_hold(files, condition)
        if keep is not None:
            files = files.filter(pc.fill_null(keep, True))
    return files


def _may_hold(files: pa.Table, condition: exp.Expression) -> pa.Array | None:
    kind = type(condition)
    if kind not in _KEEPS:
        return None
    column, value = condition.this, condition.expression
    if not isinstance(column, exp.Column):
        column, value, kind = value, column, _MIRRORED[kind]
    text = _literal(value)
    if not isinstance(column, exp.Column) or text is None:
        return None
    keep: pa.Array | None = None
    for bound in _KEEPS[kind]:
        held = _compared(files, column.name, bound[:3], bound[3:], text)
        if held is not None:
            keep = held if keep is None else pc.and_kleene(keep, held)
    return keep


def _compared(files: pa.Table, name: str, which: str, symbol: str, text: str) -> pa.Array | None:
    for column in (f"partition.{name}", f"{which}.{name}"):
        if column in files.column_names:
            values = files[column]
            try:
                return _COMPARE[symbol](values, pa.scalar(text).cast(values.type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                return None
    return None


def _literal(node: exp.Expression) -> str | None:
    while isinstance(node, exp.Paren | exp.Cast):
        node = node.this
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return f"-{node.this.name}"
    return node.name if isinstance(node, exp.Literal) else None


def _sum(sizes: pa.ChunkedArray) -> int:
    return int(pc.sum(sizes).as_py() or 0)
