"""Arrow schemas as clients of Flight SQL see them: the canonical types, uuid and json as Arrow's extension types, and
each column's SQL type in Flight SQL's metadata keys. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from catalog.types import JSON, JSONB, NUMERIC, UUID, PgType, arrow_type, element, format_type, precision_scale
from engine.base import Field
from engine.delta.rows import map_list
from gateway.pgwire.render.style import Style
from gateway.pgwire.render.table import renderer

_KEY = "ARROW:FLIGHT:SQL:"
_JSON_OIDS = (JSON.oid, JSONB.oid)


def schema_of(fields: Sequence[Field], given: pa.Schema | None = None, numeric: str = "auto") -> pa.Schema:
    """The schema of an answer. `given` is that of the engine's rows: bare numeric may come as decimal or string.
    `numeric` is kadali.flight_numeric: what the client wants for it instead.
    """
    types = [arrow_type(field.type) for field in fields] if given is None else given.types
    if numeric != "auto":
        wanted = pa.string() if numeric == "text" else pa.float64()
        types = [_numeric(arrow, wanted) if _is_bare(f.type) else arrow for f, arrow in zip(fields, types, strict=True)]
    return pa.schema([_field(field, arrow) for field, arrow in zip(fields, types, strict=True)])


def parameter_schema(types: Sequence[PgType]) -> pa.Schema:
    """The parameters of a prepared statement, named by their place: $1, $2 ..."""
    return schema_of([Field(f"${number}", pg) for number, pg in enumerate(types, 1)])


def shown(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The engine's batch with the schema the client was told; no data is copied, but bare numeric if need be."""
    columns = [_shown(column, field.type) for field, column in zip(schema, batch.columns, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def serialized(schema: pa.Schema) -> bytes:
    """As the messages of Flight SQL carry schemas: an encapsulated IPC message."""
    data: bytes = schema.serialize().to_pybytes()
    return data


def _shown(column: pa.Array, told: pa.DataType) -> pa.Array:
    if column.type.equals(told) or isinstance(column, pa.ExtensionArray):
        return column
    if isinstance(told, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(told, column)
    if pa.types.is_list(told):
        return map_list(column, told, lambda values: _shown(values, told.value_type))
    if pa.types.is_string(told):
        cells = renderer(NUMERIC, column.type, Style(), binary=False).cells(column)
        return pa.array(cells, pa.binary()).cast(told)
    return column.cast(told, safe=False)


def _is_bare(pg: PgType) -> bool:
    """numeric without precision, or an array of it."""
    kind = element(pg) or pg
    return kind.oid == NUMERIC.oid and precision_scale(kind) is None


def _numeric(arrow: pa.DataType, wanted: pa.DataType) -> pa.DataType:
    return pa.list_(_numeric(arrow.value_type, wanted)) if pa.types.is_list(arrow) else wanted


def _field(field: Field, arrow: pa.DataType) -> pa.Field:
    pg = field.type
    metadata = {f"{_KEY}TYPE_NAME": format_type(pg)}
    if pg.oid == NUMERIC.oid and (shape := precision_scale(pg)) is not None:
        metadata |= {f"{_KEY}PRECISION": str(shape[0]), f"{_KEY}SCALE": str(shape[1])}
    return pa.field(field.name, _extension(pg, arrow), metadata=metadata)


def _extension(pg: PgType, arrow: pa.DataType) -> pa.DataType:
    if element(pg) is not None:
        return arrow  # elements keep their storage type: few clients read extension types inside lists
    if pg.oid == UUID.oid and arrow == pa.binary(16):
        return pa.uuid()
    if pg.oid in _JSON_OIDS and arrow == pa.string():
        return pa.json_(pa.string())
    return arrow
