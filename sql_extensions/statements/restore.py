"""Make an earlier version of a Delta table current again.

    RESTORE TABLE sales.orders TO VERSION AS OF 3
    RESTORE sales.orders TO TIMESTAMP AS OF '2026-01-31 12:00' DRY RUN

It is a new commit: nothing is lost, and it can be undone by another RESTORE. The table gets the columns of that version
too. A version that does not exist is 22023; one whose files VACUUM has removed is 55000. Only the table's owner and
administrators may do it. One row holds Delta's six figures: table_size_after_restore, num_of_files_after_restore,
num_removed_files, num_restored_files, removed_files_size, restored_files_size. DRY RUN computes them and changes
nothing.

As a function: `SELECT * FROM kadali.restore('sales.orders', version => 3)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.types import TEXT
from engine.base import Action, Description, Result
from sql_extensions import historic, maintenance, maintenance_shapes, tables
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.names import Name
from sql_extensions.registry import TransactionRule, fields_of
from sql_extensions.rewrites import time_spec
from sql_extensions.rewrites.time_spec import SpecKind, TimeSpec, ValueKind

HEADS = (("RESTORE",),)
SYNTAX = "RESTORE [ TABLE ] table TO { VERSION | TIMESTAMP } AS OF value [ DRY RUN ]"
ACTION = Action.MAINTAIN
TRANSACTION = TransactionRule.IMMEDIATE


@dataclass(frozen=True, slots=True)
class Restore:
    """To what `kind` and `value` mean, as in time travel; `text` is what was written."""

    table: Name
    kind: SpecKind
    value: ValueKind
    text: str
    dry_run: bool = False
    param_oid: int | None = None


def parse(c: Cursor) -> Restore:
    if c.at("TABLE") and not c.at("TABLE", "TO"):
        c.take("TABLE")
    table = tables.take_name(c)
    c.expect("TO")
    if not (c.at("VERSION", "AS", "OF") or c.at("TIMESTAMP", "AS", "OF")):
        c.fail("VERSION AS OF or TIMESTAMP AS OF")
    time = time_spec.parse(c)
    dry_run = c.take("DRY", "RUN")
    oid = None if time.param_type is None else time.param_type.oid
    return Restore(table, time.kind, time.value, time.text, dry_run, oid)


_T = Name(("t",))
EXAMPLES: dict[str, object] = {
    "RESTORE TABLE sales.orders TO VERSION AS OF 3": Restore(
        Name(("sales", "orders")), SpecKind.VERSION, ValueKind.LITERAL, "3"
    ),
    "RESTORE t TO TIMESTAMP AS OF now() - interval '1 day' DRY RUN": Restore(
        _T, SpecKind.TIMESTAMP, ValueKind.EXPRESSION, "now() - interval '1 day'", dry_run=True
    ),
    "RESTORE t TO VERSION AS OF $1": Restore(_T, SpecKind.VERSION, ValueKind.PARAMETER, "1", param_oid=20),
    'RESTORE "table" TO VERSION AS OF 1': Restore(Name(("table",)), SpecKind.VERSION, ValueKind.LITERAL, "1"),
    "RESTORE t TO 3": "42601 at 14",
    "RESTORE t VERSION AS OF 3": "42601 at 11",
    "RESTORE t TO VERSION AS OF 3 DRY": "42601 at 30",
}


def describe(stmt: Restore, ctx: Context) -> Description:
    return Description(_params(stmt, ctx.call.param_oids), fields_of(maintenance_shapes.RESTORE_COLUMNS))


def _params(stmt: Restore, given: Sequence[int]) -> tuple[int, ...]:
    """The client's types; where it gave none: what the value is, and text for numbers left out."""
    if stmt.param_oid is None:
        return tuple(given)
    number = int(stmt.text)
    wanted = [*(TEXT.oid for _ in range(number - 1)), stmt.param_oid]
    return tuple((given[n] if n < len(given) else 0) or oid for n, oid in enumerate(wanted))


def run(stmt: Restore, ctx: Context) -> Result:
    relation = maintenance.owned(ctx, stmt.table)
    spec = TimeSpec(stmt.table.parts, stmt.kind, stmt.value, stmt.text, stmt.table.position)
    version = historic.resolve(ctx, relation, spec)
    return maintenance.rows_result("RESTORE", maintenance.restore(ctx, relation, version, dry_run=stmt.dry_run))
