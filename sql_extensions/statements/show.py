"""Show the value of a setting, or all settings.

    SHOW search_path
    SHOW ALL

The answer has one row and one column named after the setting; `SHOW ALL` has the columns name, setting, description.
Names that nobody knows are refused with 42704.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from catalog.types import TEXT
from engine.base import Action, ArrowRows, Description, Field, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.setting_values import setting_name

HEADS = (("SHOW",),)
SYNTAX = "SHOW { name | TIME ZONE | TRANSACTION ISOLATION LEVEL | SESSION AUTHORIZATION | ALL }"
ACTION = Action.SESSION
_ALL = ("name", "setting", "description")


@dataclass(frozen=True, slots=True)
class Show:
    name: str | None
    """None: all."""


def parse(c: Cursor) -> Show:
    if c.take("ALL"):
        return Show(None)
    for words, name in _SPELLED_OUT:
        if c.take(*words):
            return Show(name)
    return Show(setting_name(c))


_SPELLED_OUT = (
    (("TIME", "ZONE"), "timezone"),
    (("TRANSACTION", "ISOLATION", "LEVEL"), "transaction_isolation"),
    (("SESSION", "AUTHORIZATION"), "session_authorization"),
)


def describe(stmt: Show, ctx: Context) -> Description:
    names = _ALL if stmt.name is None else (ctx.session.settings.show(stmt.name)[0],)
    return Description((), tuple(Field(name, TEXT) for name in names))


def run(stmt: Show, ctx: Context) -> Result:
    names: tuple[str, ...] = _ALL
    rows: list[tuple[str, ...]] = []
    if stmt.name is None:
        rows = [(row.name, row.value, row.description) for row in ctx.session.settings.show_all()]
    else:
        name, value = ctx.session.settings.show(stmt.name)
        names, rows = (name,), [(value,)]
    schema = pa.schema([(name, pa.string()) for name in names])
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    batch = pa.RecordBatch.from_arrays(columns, schema=schema)
    fields = tuple(Field(name, TEXT) for name in names)
    return Result("SHOW", ArrowRows(fields, pa.RecordBatchReader.from_batches(schema, [batch])))


EXAMPLES: dict[str, object] = {
    "SHOW search_path": Show("search_path"),
    "SHOW ALL": Show(None),
    "SHOW TIME ZONE": Show("timezone"),
    "SHOW TRANSACTION ISOLATION LEVEL": Show("transaction_isolation"),
    "SHOW kadali.cluster": Show("kadali.cluster"),
    "SHOW": "42601 at 5",
    "SHOW a b": "42601 at 8",
}
