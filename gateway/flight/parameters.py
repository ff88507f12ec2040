"""Parameters that clients bind: rows of Arrow batches as PostgreSQL's parameters, each in the text form of its type."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from catalog.errors import ConfigurationLimitExceeded, ProtocolViolation
from catalog.types import TEXT, from_arrow
from engine.base import Param
from gateway.pgwire.render.style import Style
from gateway.pgwire.render.table import renderer

ROWS_MAX = 100_000
"""Of one execution: more belong into bulk ingestion."""

Row = tuple[Param, ...]


def bound_rows(batches: Iterable[pa.RecordBatch], param_oids: tuple[int, ...], style: Style) -> tuple[Row, ...]:
    """One tuple of parameters a row. `param_oids` are the statement's: the values are converted by its input rules.

    Raises ProtocolViolation (08P01) for the wrong number of columns, FeatureNotSupported (0A000) for Arrow types that
    PostgreSQL has no image of, ConfigurationLimitExceeded (53400) beyond ROWS_MAX.
    """
    rows: list[Row] = []
    for batch in batches:
        if batch.num_columns != len(param_oids):
            raise ProtocolViolation(
                f"{batch.num_columns} parameters were bound, but the prepared statement requires {len(param_oids)}"
            )
        if len(rows) + batch.num_rows > ROWS_MAX:
            raise ConfigurationLimitExceeded(
                f"at most {ROWS_MAX} rows of parameters can be bound", hint="Use bulk ingestion."
            )
        columns = [_params(column, oid, style) for column, oid in zip(batch.columns, param_oids, strict=True)]
        rows.extend(zip(*columns, strict=True) if columns else [()] * batch.num_rows)
    return tuple(rows)


def _params(column: pa.Array, oid: int, style: Style) -> list[Param]:
    if pa.types.is_null(column.type):
        return [Param(oid, None)] * len(column)
    pg = from_arrow(column.type)
    cells = renderer(TEXT if pg.oid == TEXT.oid else pg, column.type, style, binary=False).cells(column)
    return [Param(oid, cell) for cell in cells]
