"""Show which time the session reads.

    SHOW TIME TRAVEL

One row with table NULL and the timestamp if all tables are read as of a time; one row for each table if versions were
named; no row if the session reads the present. Columns: table, version, timestamp, tag.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from engine.base import Action, Result
from sql_extensions import as_of, maintenance
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor

HEADS = (("SHOW", "TIME", "TRAVEL"),)
SYNTAX = "SHOW TIME TRAVEL"
ACTION = Action.SESSION
COLUMNS = pa.schema(
    [
        ("table", pa.string()),
        ("version", pa.int64()),
        ("timestamp", pa.timestamp("us", tz="UTC")),
        ("tag", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class ShowTimeTravel:
    """No options."""


def parse(c: Cursor) -> ShowTimeTravel:
    return ShowTimeTravel()


EXAMPLES: dict[str, object] = {
    "SHOW TIME TRAVEL": ShowTimeTravel(),
    "SHOW TIME TRAVEL OFF": "42601 at 18",
}


def run(stmt: ShowTimeTravel, ctx: Context) -> Result:
    value = ctx.session.settings.as_of
    rows: list[dict[str, object]] = []
    if value is not None:
        versions = as_of.versions_in(value)
        if versions is None:
            rows.append({"timestamp": datetime.fromisoformat(value)})
        else:
            rows += [{"table": str(name), "version": version} for name, version in versions.items()]
    return maintenance.rows_result("SHOW", pa.Table.from_pylist(rows, COLUMNS))
