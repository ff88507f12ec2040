"""The metadata commands of Flight SQL: which there are, their exact schemas, and the queries that answer them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from gateway.flight.messages import sql
from gateway.flight.statements import Request, Statements

Message = Any


@dataclass(frozen=True, slots=True)
class Metadata:
    """One command: `schema` of its answer, and the answer."""

    schema: Callable[[Message], pa.Schema]
    table: Callable[[Request, Message, Statements], pa.Table]


_TABLE_TYPES = pa.schema([pa.field("table_type", pa.string(), nullable=False)])

METADATA: Mapping[type, Metadata] = {
    sql.CommandGetTableTypes: Metadata(
        lambda command: _TABLE_TYPES,
        lambda request, command, statements: pa.table({"table_type": ["TABLE", "VIEW"]}, schema=_TABLE_TYPES),
    ),
}
