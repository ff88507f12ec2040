"""OPTIMIZE, VACUUM and RESTORE by the cluster a session is on, with the same answers as `maintenance` gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pyarrow as pa

from catalog.model import Relation
from engine.delta import log, maintain
from engine.delta.maintain import PartitionFilter, VacuumResult
from engine.delta.snapshot import open_table
from engine.spark.literals import quote_name, string_literal
from sql_extensions import native, tables
from sql_extensions.context import Context
from sql_extensions.maintenance_shapes import UNCOMMITTED_KEPT

_NO_CHECK = {
    "spark.databricks.delta.retentionDurationCheck.enabled": "false",  # the retention has been checked here
    "spark.databricks.delta.vacuum.logging.enabled": "true",  # its commits tell how much was deleted
}
_OPERATORS = {"!=": "<>", "in": "IN", "not in": "NOT IN"}


def optimize(
    ctx: Context, work: native.Work, relation: Relation, where: Sequence[PartitionFilter], zorder_by: Sequence[str]
) -> Mapping[str, object]:
    """One row in the shape of OPTIMIZE_COLUMNS."""
    sql = f"OPTIMIZE {native.target(relation)}"
    if where:
        sql += " WHERE " + " AND ".join(map(_condition, where))
    if zorder_by:
        sql += f" ZORDER BY ({', '.join(map(quote_name, zorder_by))})"
    done = native.execute(ctx, work.cluster, relation, sql, charged=work.size)
    version = done.version
    if version is None:
        version = ctx.session.tenant.engine.snapshots.latest_version(tables.location_of(relation))
    return {
        "table": str(relation.name),
        "files_added": done.count("numAddedFiles"),
        "files_removed": done.count("numRemovedFiles"),
        "bytes_added": done.count("numAddedBytes"),
        "bytes_removed": done.count("numRemovedBytes"),
        "delta_version": version,
    }


def restore(ctx: Context, work: native.Work, relation: Relation, version: int) -> pa.Table:
    """Delta's own six figures."""
    done = native.execute(
        ctx, work.cluster, relation, f"RESTORE TABLE {native.target(relation)} TO VERSION AS OF {version}"
    )
    if done.rows is None:
        raise TypeError("RESTORE answers with a row")
    return done.rows


def vacuum(
    ctx: Context, work: native.Work, relation: Relation, retain: timedelta | None, *, lite: bool, force: bool
) -> VacuumResult:
    """Delete files. For a short retention in two passes: what no commit names is kept for UNCOMMITTED_KEPT."""
    uri, storage = tables.location_of(relation), ctx.session.tenant.engine.snapshots.storage
    configured = maintain.retention(open_table(uri, None, storage).metadata().configuration)
    wanted = configured if retain is None else retain
    maintain.check_retention(wanted, configured, force=force)
    passes = [(wanted, lite)]
    if not lite and wanted < UNCOMMITTED_KEPT:
        passes = [(wanted, True), (UNCOMMITTED_KEPT, False)]
    count = size = version = 0
    for kept, named_only in passes:
        hours = kept / timedelta(hours=1)
        sql = f"VACUUM {native.target(relation)}{' LITE' if named_only else ''} RETAIN {hours:.6f} HOURS"
        done = native.execute(ctx, work.cluster, relation, sql, settings=_NO_CHECK)
        deleted = done.count("numDeletedFiles")
        count, version = count + deleted, done.version or version
        size += int(str(_begun(ctx, uri, done.version).get("sizeOfDataToDelete", 0))) if deleted else 0
    return VacuumResult((), size, version, *log.oldest_with_time(uri, storage), unnamed=count)


def _begun(ctx: Context, uri: str, ended: int | None) -> Mapping[str, object]:
    """What VACUUM START, the commit before its end, noted."""
    if ended is None:
        return {}
    storage = ctx.session.tenant.engine.snapshots.storage
    for entry in log.commits(uri, native.LOOKED_AT, storage):
        if entry.version < ended and entry.info.get("operation") == "VACUUM START":
            metrics = entry.info.get("operationMetrics")
            return metrics if isinstance(metrics, Mapping) else {}
    return {}


def _condition(item: PartitionFilter) -> str:
    column, operator, value = item
    symbol = _OPERATORS.get(operator, operator)
    if isinstance(value, str):
        return f"{quote_name(column)} {symbol} {string_literal(value)}"
    return f"{quote_name(column)} {symbol} ({', '.join(map(string_literal, value))})"
