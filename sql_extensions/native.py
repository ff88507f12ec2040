"""Writes that a cluster carries out itself, as Spark's own statements on the Delta table, each one commit at once.

For statements that stand alone: in a transaction block rows are computed on the cluster and staged here, like all
others, until COMMIT. What PostgreSQL checks on assignment is checked inside the statement (`row_rules`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import pyarrow as pa

from catalog.errors import FeatureNotSupported
from catalog.model import Relation
from catalog.names import TableLocation
from engine.base import ArrowSource, Description, TableRead
from engine.delta import log
from engine.delta.rows import RowCaster
from engine.delta.schema import GENERATION_KEY, IDENTITY_KEY, DeltaField, read_fields
from engine.delta.snapshot import open_table
from engine.delta.table import noted_by_spark, spark_metadata
from engine.spark.literals import quote_name, string_literal
from engine.spark.relations import delta_table
from sql_extensions import constraints, needs, planner, query, row_rules, rows, tables
from sql_extensions.context import Context
from sql_extensions.statement import recognise

USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"
LOOKED_AT = 100
"""Commits looked at to find ours."""
_COMPUTED = (GENERATION_KEY, IDENTITY_KEY, "CURRENT_DEFAULT")
"""What Delta notes of columns that Spark fills where a row gives nothing for them."""


@dataclass(frozen=True, slots=True)
class Work:
    """Work on a table's files that a cluster does; `size` is that of the files, in bytes, if anybody asks for it."""

    cluster: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What Spark did: its answer, and the commit (`version` None: it made none, for there was nothing to do)."""

    rows: pa.Table | None
    version: int | None
    metrics: Mapping[str, str]

    def count(self, name: str) -> int:
        """A figure of the commit, else 0."""
        return int(self.metrics.get(name, 0))

    @property
    def inserted(self) -> int:
        """The rows that INSERT has added."""
        return self.count("numOutputRows")

    @property
    def affected(self) -> int:
        """The rows that UPDATE, DELETE or MERGE has changed."""
        if self.rows is None or "num_affected_rows" not in self.rows.column_names:
            raise TypeError("Spark tells how many rows are affected")
        (count,) = self.rows.column("num_affected_rows").to_pylist()
        return int(count)


def stands_alone(ctx: Context, *, created: bool = False) -> bool:
    """Whether a commit at once is what the statement would make anyway. `created`: it has made a table before."""
    transaction = ctx.session.transaction
    written = bool(transaction.delta.changed) if created else transaction.has_written
    return transaction.alone and not transaction.in_any_block and not written


def may_insert(ctx: Context, *, created: bool = False) -> bool:
    """Whether `insert` is worth asking."""
    return not ctx.session.compute.stays_embedded and stands_alone(ctx, created=created)


def rewriting(ctx: Context, relation: Relation) -> Work | None:
    """Where the cluster is to change the table's rows itself; None: rows are computed as queries, and staged here."""
    return work_on(ctx, relation) if stands_alone(ctx) else None


def work_on(ctx: Context, relation: Relation) -> Work | None:
    """Where work on the table's files goes to a cluster; None: it is done here."""
    call, need = ctx.call, needs.of_rewrite(ctx, relation)
    where = call.data_route or ctx.session.compute.route(call, need)
    if where.cluster is None:
        return None
    call.route = where
    return Work(where.cluster, need.bytes)


def insert(
    ctx: Context,
    relation: Relation,
    given: Sequence[str],
    rows_sql: Callable[[Relation], str],
    description: Description,
) -> Outcome | None:
    """Add rows on the cluster the statement goes to. None if it goes to none. Only where `may_insert`.

    `rows_sql` gives the query, in PostgreSQL's dialect, for all columns of the relation it is called with: those that
    Spark computes itself are left out of it unless they are `given`.
    """
    wanted = written_columns(ctx, relation, given)
    plain = generated(ctx, rows_sql(wanted))
    with query.without_positions():
        if planner.plan(plain, description.param_oids).tree is None:
            return _insert_values(ctx, wanted, plain, description)
        guarded = row_rules.guarded(wanted, rows_sql(wanted))
        if guarded is None:
            return None
        try:
            work = query.prepared(generated(ctx, guarded.sql), description.param_oids, needs.of_insert(ctx, relation))
        except FeatureNotSupported:
            if not guarded.messages:
                raise
            return None  # what Spark cannot check is checked here, or the query is refused there as well
        if work.route.cluster is None:
            return None
        names = [column.name for column in wanted.columns]
        listed = [quote_name(f"c{n}") for n in range(1, len(names) + 1)]
        if guarded.messages:
            listed[0] = refusing(listed[0], quote_name(f"c{len(names) + 1}"), guarded.messages)
        spark = work.query
        sql = f"{_insert_into(relation, names)} SELECT {', '.join(listed)} FROM ({spark.sql}) AS kadali_new"
        ctx.call.route = work.route
        ctx.session.compute.charge(ctx.call, work.size)
        return execute(ctx, work.route.cluster, relation, sql, spark.params, spark.tables)


def written_columns(ctx: Context, relation: Relation, given: Sequence[str]) -> Relation:
    """The relation without the columns that Spark computes itself, unless they are `given`."""
    fields = stored_fields(ctx, relation)
    computed = {item.name for item in fields if any(key in item.metadata for key in _COMPUTED)} - set(given)
    wanted = replace(relation, columns=tuple(c for c in relation.columns if c.name not in computed))
    if not wanted.columns:
        raise FeatureNotSupported("rows of nothing but identity values are not supported")
    return wanted


def insert_rows(ctx: Context, relation: Relation, reader: pa.RecordBatchReader) -> Outcome | None:
    """Add rows that are at hand on the cluster the statement goes to. None if it goes to none. Only where `may_insert`.

    `relation` has the columns of the rows, in their order: `written_columns`.
    """
    where = ctx.session.compute.route(ctx.call, needs.of_insert(ctx, relation))
    if where.cluster is None:
        return None
    by_name = {item.name: item for item in stored_fields(ctx, relation)}
    ours = [by_name[column.name] for column in relation.columns]
    caster = RowCaster(relation.name.name, ours, relation.partition_by, reader.schema)
    checked = constraints.checked(ctx, relation, reader)
    sent = rows.at_hand(pa.RecordBatchReader.from_batches(caster.schema, map(caster, checked)))
    read = TableRead("kadali_rows", relation.name, planner.columns_of(relation), ArrowSource(sent))
    names = [column.name for column in relation.columns]
    ctx.call.route = where
    sql = f"{_insert_into(relation, names)} SELECT {', '.join(map(quote_name, names))} FROM kadali_rows"
    return execute(ctx, where.cluster, relation, sql, (), (read,))


def execute(
    ctx: Context,
    cluster: str,
    relation: Relation,
    sql: str,
    params: Sequence[object] = (),
    reads: Sequence[TableRead] = (),
    *,
    settings: Mapping[str, str] | None = None,
    charged: int | None = None,
) -> Outcome:
    """Run a statement of Spark's that changes the table; the catalog's statistics follow. Raises SqlError.

    `charged`: bytes of the table itself that it reads, which count.
    """
    session = ctx.session
    session.compute.charge(ctx.call, charged)
    uri = tables.location_of(relation)
    snapshots = session.tenant.engine.snapshots
    before = snapshots.latest_version(uri)
    rows = command(ctx, cluster, sql, params, reads, settings=settings)
    version, metrics = _commit_of(ctx.call.id, before, log.commits(uri, LOOKED_AT, snapshots.storage))
    if version is not None:
        with suppress(FeatureNotSupported):  # of a table that only Spark reads nobody here counts the rows
            tables.refresh(session.tenant, relation, at_once=True)
    return Outcome(rows, version, metrics)


def command(
    ctx: Context,
    cluster: str,
    sql: str,
    params: Sequence[object] = (),
    reads: Sequence[TableRead] = (),
    *,
    settings: Mapping[str, str] | None = None,
) -> pa.Table | None:
    """Run a statement of Spark's, whose commits tell who has made them for which query: its answer. Raises SqlError."""
    call, session = ctx.call, ctx.session
    engine = session.compute.cluster_engine(call, cluster)
    engine.session.configure({USER_METADATA: spark_metadata(ctx.commit), **(settings or {})})
    prepared = engine.prepare(sql, params, tables=reads, time_zone=session.settings.time_zone)
    call.on_cancel(prepared.cancel)
    call.check_canceled()
    return prepared.run().rows


def stored_fields(ctx: Context, relation: Relation) -> tuple[DeltaField, ...]:
    """The columns as the table's log has them, also of tables that only Spark can read."""
    storage = ctx.session.tenant.engine.snapshots.storage
    return tuple(read_fields(open_table(tables.location_of(relation), None, storage).schema().to_json()))


def generated(ctx: Context, sql: str) -> Context:
    """For a query made from the statement, whose rights have been checked as a whole."""
    return Context(ctx.call, ctx.session, recognise(sql)[0], rights_checked=True)


def target(relation: Relation) -> str:
    """The table, at its newest version, in Spark's SQL."""
    return delta_table(TableLocation(tables.location_of(relation)))


def refusing(value: str, broken: str, messages: Sequence[str]) -> str:
    """The value, or the error of the rule whose number `broken` is."""
    cases = " ".join(f"WHEN {n} THEN {string_literal(text)}" for n, text in enumerate(messages, 1))
    return f"CASE WHEN {broken} IS NULL THEN {value} ELSE raise_error(CASE {broken} {cases} END) END"


def _insert_into(relation: Relation, names: Sequence[str]) -> str:
    return f"INSERT INTO {target(relation)} ({', '.join(map(quote_name, names))})"


def _insert_values(ctx: Context, relation: Relation, plain: Context, description: Description) -> Outcome | None:
    """Rows that read no table: PostgreSQL has computed them, they are checked here and go to the cluster."""
    if ctx.session.compute.route(ctx.call, needs.of_insert(ctx, relation)).cluster is None:
        return None
    return insert_rows(ctx, relation, query.run_arrow(plain, description.param_oids, {}).reader)


def _commit_of(call_id: str, before: int, commits: Sequence[log.Commit]) -> tuple[int | None, Mapping[str, str]]:
    """The newest commit that notes this call."""
    for commit in commits:
        if commit.version <= before:
            break
        if noted_by_spark(commit.info).get("queryId") == call_id:
            metrics = commit.info.get("operationMetrics") or {}
            return commit.version, {str(key): str(value) for key, value in metrics.items()}
    return None, {}
