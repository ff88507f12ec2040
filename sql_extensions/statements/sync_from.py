"""Copy tables of another system into Delta tables, and keep them in step.

    SYNC FROM POSTGRES CONNECTION crm TABLE public.orders INTO sales.orders
    SYNC FROM POSTGRES CONNECTION crm TABLE public.orders INTO sales.orders MODE INCREMENTAL ON updated_at KEY (id)
    SYNC FROM POSTGRES CONNECTION crm ALL TABLES EXCEPT (audit) INTO SCHEMA crm
    SYNC FROM POSTGRES 'postgresql://reader@db.example.org/crm' QUERY 'SELECT a, b FROM t' INTO sales.t MODE SNAPSHOT

All tables are read as of one moment of the source. Each goes into its target in one commit, which also notes how far
the source has been read: after a crash the same statement goes on, without loss and without doubles. A target that is
missing is created; the user must own one that exists.

MODE SNAPSHOT replaces the target's rows, APPEND adds what is read, MERGE puts rows in the place of those with the same
key. INCREMENTAL reads only rows that transactions have written since the last time, whatever their column says, and
merges them by key (the source's primary key, unless KEY names another); deletes at the source are not seen. Without
MODE the first time is a snapshot, then it is INCREMENTAL where there is a key. WHERE is in the source's own SQL.

ON SCHEMA CHANGE EVOLVE, the default, lets the target's columns follow the source's; IGNORE keeps them; FAIL refuses a
change (42804). DRY RUN connects, compares, and writes nothing. One row tells of each table; of several the statement
fails only if all have failed. A URI is for administrators of the database; a connection also for its owner.
"""

from __future__ import annotations

from catalog.connections.model import ConnectorKind
from engine.base import Action, Result
from engine.sync.evolution import OnSchemaChange
from sql_extensions import maintenance, sync_body, syncing
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.names import Name
from sql_extensions.registry import TransactionRule
from sql_extensions.sync_body import Mode, SyncBody, Wanted

HEADS = (("SYNC", "FROM"),)
SYNTAX = sync_body.SYNTAX
ACTION = Action.WRITE
TRANSACTION = TransactionRule.IMMEDIATE
COLUMNS = syncing.COLUMNS


def parse(c: Cursor) -> SyncBody:
    return sync_body.parse(c)


_POSTGRES = ConnectorKind.POSTGRES
_T = (Wanted(("t",)),)
EXAMPLES: dict[str, object] = {
    "SYNC FROM POSTGRES CONNECTION crm TABLE public.orders INTO sales.orders": SyncBody(
        _POSTGRES, "crm", tables=(Wanted(("public", "orders")),), into=Name(("sales", "orders"))
    ),
    "SYNC FROM POSTGRES 'postgresql://u@h/d' TABLES (a, s.b AS c) INTO SCHEMA x": SyncBody(
        _POSTGRES,
        uri="postgresql://u@h/d",
        tables=(Wanted(("a",)), Wanted(("s", "b"), Name(("c",)))),
        into_schema="x",
    ),
    "SYNC FROM POSTGRES CONNECTION c TABLE t MODE INCREMENTAL ON at KEY (a, b) ON SCHEMA CHANGE FAIL": SyncBody(
        _POSTGRES,
        "c",
        tables=_T,
        mode=Mode.INCREMENTAL,
        cursor="at",
        key=("a", "b"),
        on_schema_change=OnSchemaChange.FAIL,
    ),
    "SYNC FROM POSTGRES CONNECTION c TABLE t COLUMNS (a, b AS d) WHERE (mode = 1) AND x < 'WITH' MODE APPEND": SyncBody(
        _POSTGRES,
        "c",
        tables=_T,
        columns=(("a", "a"), ("b", "d")),
        where="(mode = 1) AND x < 'WITH'",
        mode=Mode.APPEND,
    ),
    "SYNC FROM POSTGRES CONNECTION c SCHEMA a, b EXCEPT (a.x) EXCEPT COLUMNS (y) DRY RUN": SyncBody(
        _POSTGRES, "c", schemas=("a", "b"), excluded=(("a", "x"),), except_columns=("y",), dry_run=True
    ),
    "SYNC FROM POSTGRES CONNECTION c ALL TABLES PARTITION BY (day) WITH (batch_rows = 1000) WAIT": SyncBody(
        _POSTGRES, "c", every=True, partition_by=("day",), options={"batch_rows": 1000}
    ),
    "SYNC FROM POSTGRES CONNECTION c QUERY 'SELECT 1 AS a' INTO q MODE SNAPSHOT": SyncBody(
        _POSTGRES, "c", query="SELECT 1 AS a", into=Name(("q",)), mode=Mode.SNAPSHOT
    ),
    "SYNC FROM ORACLE CONNECTION c TABLE t": "0A000 at 11",
    "SYNC FROM POSTGRES CONNECTION c": "42601 at 32",
    "SYNC FROM POSTGRES TABLE t": "42601 at 20",
    "SYNC FROM POSTGRES CONNECTION c TABLE t MODE CDC": "0A000 at 46",
    "SYNC FROM POSTGRES CONNECTION c TABLE t DELETES SOFT": "0A000 at 41",
    "SYNC FROM POSTGRES CONNECTION c TABLE t MODE APPEND WHERE a = 1": "42601 at 53",
    "SYNC FROM POSTGRES CONNECTION c TABLE t WITH (batch_row = 1)": "22023 at 47",
    "SYNC FROM POSTGRES CONNECTION c TABLE t WITH (batch_rows = 0)": "22023 at 47",
    "SYNC FROM POSTGRES CONNECTION c TABLE t NOWAIT": "0A000 at 41",
}


def run(stmt: SyncBody, ctx: Context) -> Result:
    return maintenance.rows_result("SYNC", syncing.run(ctx, stmt))
