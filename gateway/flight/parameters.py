"""Parameters that clients bind: rows of Arrow batches as PostgreSQL's parameters, each in the binary form of its type,
or as text that reads the same under every setting where the statement's type is another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa

from catalog.errors import ConfigurationLimitExceeded, ProtocolViolation
from catalog.types import BYTEA, DATE, NUMERIC, TEXT, TIMESTAMP, TIMESTAMPTZ, UUID, PgType, element
from engine.base import Param
from gateway.flight.assigning import date_like, type_for
from gateway.flight.layout import checked, plain, plain_type
from gateway.pgwire.render.style import Style
from gateway.pgwire.render.table import renderer

ROWS_MAX = 100_000
"""Of one execution: more belong into bulk ingestion."""
_STYLE = Style(date_style="ISO, MDY", interval_style="iso_8601", time_zone="UTC")
_TEXTS = frozenset((TEXT.oid, 1042, 1043, 19))
_DATES = frozenset((DATE.oid, TIMESTAMP.oid, TIMESTAMPTZ.oid))

Row = tuple[Param, ...]


def natural_oids(schema: pa.Schema, param_oids: Sequence[int]) -> tuple[int, ...] | None:
    """Types to prepare a statement with once more, because a parameter is text only for want of knowledge (`SELECT $1`)
    and the client binds something else; None if there is none. Raises as `bound_rows` for the number of columns.
    """
    _check_number(len(schema), param_oids)
    found = [
        type_for(field.type).oid if oid == TEXT.oid and not pa.types.is_null(field.type) else oid
        for field, oid in zip(schema, param_oids, strict=True)
    ]
    return None if tuple(found) == tuple(param_oids) else tuple(found)


def bound_rows(batches: Iterable[pa.RecordBatch], param_oids: Sequence[int], time_zone: str) -> tuple[Row, ...]:
    """One tuple of parameters a row. `param_oids` are the statement's: the values are converted by its input rules.
    `time_zone` is the session's: of moments where local times are wanted, and the other way round.

    Raises ProtocolViolation (08P01) for the wrong number of columns, FeatureNotSupported (0A000) for Arrow types that
    PostgreSQL has no image of, DatetimeFieldOverflow (22008) for what it cannot hold exactly,
    ConfigurationLimitExceeded (53400) beyond ROWS_MAX.
    """
    rows: list[Row] = []
    for batch in batches:
        _check_number(batch.num_columns, param_oids)
        if len(rows) + batch.num_rows > ROWS_MAX:
            raise ConfigurationLimitExceeded(
                f"at most {ROWS_MAX} rows of parameters can be bound", hint="Use bulk ingestion."
            )
        sound = checked(batch)
        columns = [_params(column, oid, time_zone) for column, oid in zip(sound.columns, param_oids, strict=True)]
        rows.extend(zip(*columns, strict=True) if columns else [()] * batch.num_rows)
    return tuple(rows)


def _check_number(given: int, param_oids: Sequence[int]) -> None:
    if given != len(param_oids):
        raise ProtocolViolation(f"{given} parameters were bound, but the prepared statement requires {len(param_oids)}")


def _params(column: pa.Array, oid: int, time_zone: str) -> list[Param]:
    if pa.types.is_null(column.type):
        return [Param(oid, None)] * len(column)
    pg = _type_of(column.type, oid)
    array = plain(column)
    if pg.oid in _DATES and oid != pg.oid and oid not in _TEXTS:
        array, pg = date_like(array, oid, time_zone), PgType(oid)
    if pg.oid == TEXT.oid:
        return [Param(oid, cell) for cell in renderer(TEXT, array.type, _STYLE, binary=False).cells(array)]
    binary = pg.oid == oid
    cells = renderer(pg, array.type, _STYLE, binary=binary).cells(array)
    if pg.oid == 16 and oid in _TEXTS:
        cells = [None if cell is None else b"true" if cell == b"t" else b"false" for cell in cells]
    return [Param(oid, cell, binary) for cell in cells]


def _type_of(arrow: pa.DataType, oid: int) -> PgType:
    """The PostgreSQL type of the values: what the statement takes, if Arrow has one type for both."""
    pg, layout = type_for(arrow), plain_type(arrow)
    if pa.types.is_fixed_size_binary(layout) and layout.byte_width == 16 and oid in (UUID.oid, BYTEA.oid):
        return PgType(oid)
    inner = element(PgType(oid))
    if inner is not None and pa.types.is_list(layout) and element(pg) is not None:
        return PgType(oid) if element(pg) == inner else pg
    return PgType(pg.oid) if pg.oid == NUMERIC.oid else pg
