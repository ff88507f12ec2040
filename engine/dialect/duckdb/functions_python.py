"""Functions that DuckDB calls in Python: exact numeric, input of text, patterns of to_char. Values arrive in columns.

An error is raised as text that carries its SQLSTATE, as `SQLSTATE 22012: division by zero`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from catalog.errors import InternalError, SqlError
from engine.dialect import (
    float_text,
    interval_math,
    json_text,
    number_format,
    numeric_math,
    numeric_text,
    text_functions,
    time_format,
    time_text,
)


class Parts(list[int]):
    """The result type of functions that give [months, days, microseconds]."""


_DUCK = {
    Parts: "BIGINT[]",
    str: "VARCHAR",
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    bytes: "BLOB",
    list: "VARCHAR[]",
}
_ARROW = {
    Parts: pa.list_(pa.int64()),
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    bytes: pa.binary(),
    list: pa.list_(pa.string()),
}


def tagged(error: SqlError) -> str:
    """The text by which the embedded engine recognises the error."""
    return f"SQLSTATE {error.code}: {error.message}"


_Apply = Callable[..., pa.Array]


class TaggedError(Exception):
    """An SqlError on its way through DuckDB."""


def _columns(function: Callable[..., Any], count: int, result: type) -> Callable[..., pa.Array]:
    """`function` of single values as a function of Arrow columns; NULL in, NULL out."""
    arrow = _ARROW[result]

    def apply(*columns: pa.ChunkedArray) -> pa.Array:
        lists = [c.to_pylist() for c in columns]
        try:
            if len(lists) == 1:
                out = [None if x is None else function(x) for x in lists[0]]
            else:
                out = [None if None in row else function(*row) for row in zip(*lists, strict=True)]
        except SqlError as error:
            raise TaggedError(tagged(error)) from None
        except (ValueError, ArithmeticError) as error:
            raise TaggedError(tagged(InternalError(f"{function}: {error}"))) from error
        return pa.array(out, arrow)

    return _ARITIES[count](apply)


def _of_one(f: _Apply) -> _Apply:
    def one(a: pa.ChunkedArray) -> pa.Array:
        return f(a)

    return one


def _of_two(f: _Apply) -> _Apply:
    def two(a: pa.ChunkedArray, b: pa.ChunkedArray) -> pa.Array:
        return f(a, b)

    return two


def _of_three(f: _Apply) -> _Apply:
    def three(a: pa.ChunkedArray, b: pa.ChunkedArray, c: pa.ChunkedArray) -> pa.Array:
        return f(a, b, c)

    return three


def _of_four(f: _Apply) -> _Apply:
    def four(a: pa.ChunkedArray, b: pa.ChunkedArray, c: pa.ChunkedArray, d: pa.ChunkedArray) -> pa.Array:
        return f(a, b, c, d)

    return four


# DuckDB reads the number of parameters off the signature.
_ARITIES: dict[int, Callable[[_Apply], _Apply]] = {
    1: _of_one,
    2: _of_two,
    3: _of_three,
    4: _of_four,
}


def _text(function: Callable[..., Decimal | None]) -> Callable[..., str | None]:
    """A function of Decimals (and plain integers) as one of texts."""

    def apply(*arguments: str | int) -> str | None:
        found = function(*(Decimal(a) if isinstance(a, str) else a for a in arguments))
        return None if found is None else numeric_text.format_decimal(found)

    return apply


def _listed(function: Callable[[list[Decimal]], Decimal]) -> Callable[[list[str | None]], str | None]:
    """An aggregate over a list of texts; NULL elements do not count."""

    def apply(items: list[str | None]) -> str | None:
        present = [Decimal(i) for i in items if i is not None]
        return numeric_text.format_decimal(function(present)) if present else None

    return apply


def _greatest(items: list[Decimal]) -> Decimal:
    return max(items, key=numeric_text.sort_key)


def _least(items: list[Decimal]) -> Decimal:
    return min(items, key=numeric_text.sort_key)


def _variance_list(items: list[str | None], kind: str) -> str | None:
    present = [Decimal(i) for i in items if i is not None]
    if not present:
        return None
    squares = numeric_math.total([numeric_text.multiply(x, x) for x in present])
    found = numeric_math.variance(len(present), numeric_math.total(present), squares, kind)
    return None if found is None else numeric_text.format_decimal(found)


def _variance(count: int, total: str, squares: str, kind: str) -> str | None:
    found = numeric_math.variance(count, Decimal(total), Decimal(squares), kind)
    return None if found is None else numeric_text.format_decimal(found)


def _display(text: str, scale: int) -> str:
    """Cut trailing zeros down to `scale` digits after the point."""
    return numeric_text.format_decimal(numeric_text.truncated(Decimal(text), scale))


def _typed(text: str, precision: int, scale: int) -> str:
    found = numeric_text.typed(Decimal(text), precision, scale)
    return numeric_text.format_decimal(found)


_F = tuple[str, Callable[..., Any], tuple[type, ...], type]
_FUNCTIONS: Sequence[_F] = (
    ("pg_numeric_add", _text(numeric_text.add), (str, str), str),
    ("pg_numeric_sub", _text(numeric_text.subtract), (str, str), str),
    ("pg_numeric_mul", _text(numeric_text.multiply), (str, str), str),
    ("pg_numeric_div", _text(numeric_text.divide), (str, str), str),
    ("pg_numeric_div_trunc", _text(numeric_math.truncated_division), (str, str), str),
    ("pg_numeric_mod", _text(numeric_text.modulo), (str, str), str),
    ("pg_numeric_neg", _text(Decimal.copy_negate), (str,), str),
    ("pg_numeric_abs", _text(Decimal.copy_abs), (str,), str),
    ("pg_numeric_sign", _text(numeric_text.sign), (str,), str),
    ("pg_numeric_ceil", _text(numeric_text.ceiling), (str,), str),
    ("pg_numeric_floor", _text(numeric_text.floor_), (str,), str),
    ("pg_numeric_round", _text(numeric_text.rounded), (str, int), str),
    ("pg_numeric_trunc", _text(numeric_text.truncated), (str, int), str),
    ("pg_numeric_typed", _typed, (str, int, int), str),
    ("pg_numeric_key", lambda x: numeric_text.sort_key(Decimal(x)), (str,), str),
    ("pg_numeric_display_text", _display, (str, int), str),
    ("pg_numeric_power", _text(numeric_math.power), (str, str), str),
    ("pg_numeric_sqrt", _text(numeric_math.square_root), (str,), str),
    ("pg_numeric_exp", _text(numeric_math.exponential), (str,), str),
    ("pg_numeric_ln", _text(numeric_math.natural_logarithm), (str,), str),
    ("pg_numeric_log10", _text(lambda x: numeric_math.logarithm(Decimal(10), x)), (str,), str),
    ("pg_numeric_log", _text(numeric_math.logarithm), (str, str), str),
    ("pg_numeric_avg", _text(numeric_math.average), (str, int), str),
    ("pg_numeric_sum", _listed(numeric_math.total), (list,), str),
    ("pg_numeric_min", _listed(_least), (list,), str),
    ("pg_numeric_max", _listed(_greatest), (list,), str),
    ("pg_numeric_greatest", _listed(_greatest), (list,), str),
    ("pg_numeric_least", _listed(_least), (list,), str),
    ("pg_numeric_variance", _variance, (int, str, str, str), str),
    ("pg_numeric_variance_list", _variance_list, (list, str), str),
    ("pg_numeric_scale_of", lambda x: numeric_text.scale_of(Decimal(x)), (str,), int),
    ("pg_numeric_ceil_at", lambda x, s: numeric_text.threshold(x, s, "ROUND_CEILING"), (str, int), str),
    ("pg_numeric_floor_at", lambda x, s: numeric_text.threshold(x, s, "ROUND_FLOOR"), (str, int), str),
    ("pg_numeric_trim_scale", _text(numeric_text.trimmed), (str,), str),
    ("pg_numeric_in_slow", numeric_text.read, (str,), str),
    ("pg_numeric_float8", numeric_text.to_float, (str,), float),
    ("pg_float8_numeric", float_text.float8_numeric, (float,), str),
    ("pg_float4_numeric_of", float_text.float4_numeric, (float,), str),
    ("pg_float8_text_slow", float_text.float8_text, (float,), str),
    ("pg_float4_text_of", float_text.float4_text, (float,), str),
    ("pg_float8_in", float_text.float8_in, (str,), float),
    ("pg_float4_in_of", float_text.float4_in, (str,), float),
    ("pg_int_in_slow", text_functions.int_in, (str, str), int),
    ("pg_bool_in", text_functions.bool_in, (str,), bool),
    ("pg_uuid_text_in", text_functions.uuid_in, (str,), str),
    ("pg_bytea_in", text_functions.bytea_in, (str,), bytes),
    ("pg_json_text_in", json_text.json_in, (str,), str),
    ("pg_jsonb_text_in", json_text.jsonb_in, (str,), str),
    ("pg_json_field", json_text.field, (str, str), str),
    ("pg_json_item", json_text.item, (str, int), str),
    ("pg_json_field_text", json_text.field_text, (str, str), str),
    ("pg_json_item_text", json_text.item_text, (str, int), str),
    ("pg_json_path", json_text.path, (str, list), str),
    ("pg_json_path_text", json_text.path_text, (str, list), str),
    ("pg_json_typeof", json_text.type_of, (str,), str),
    ("pg_json_array_length", json_text.array_length, (str,), int),
    ("pg_jsonb_has_key", json_text.has_key, (str, str), bool),
    ("pg_jsonb_contains", json_text.contains, (str, str), bool),
    ("pg_to_char_numeric", number_format.to_char, (str, str), str),
    ("pg_array_text", text_functions.array_text, (list,), str),
    ("pg_initcap", text_functions.initcap, (str,), str),
    ("pg_decode", text_functions.decode, (str, str), bytes),
    ("pg_encode", text_functions.encode, (bytes, str), str),
    ("pg_convert_to", text_functions.convert_to, (str, str), bytes),
    ("pg_convert_from", text_functions.convert_from, (bytes, str), str),
    ("pg_quote_literal", text_functions.quote_literal, (str,), str),
    ("pg_translate", text_functions.translate, (str, str, str), str),
    ("pg_trim_set", text_functions.trim_set, (str, str, str), str),
    ("pg_pad", text_functions.pad, (str, int, str, bool), str),
    ("pg_reverse", text_functions.reverse, (str,), str),
    ("pg_split_part", text_functions.split_part, (str, str, int), str),
    ("pg_overlay", text_functions.overlay, (str, str, int, int), str),
    ("pg_date_text_in", time_text.date_in, (str,), str),
    ("pg_timestamp_text_in", time_text.timestamp_in, (str,), str),
    ("pg_time_text_in", time_text.time_in, (str,), str),
    ("pg_interval_parts_in", interval_math.read, (str,), Parts),
    ("pg_interval_mul_parts", interval_math.multiply, (int, int, int, float), Parts),
    ("pg_interval_div_parts", interval_math.divide, (int, int, int, float), Parts),
    ("pg_interval_parts_text", interval_math.text, (int, int, int), str),
    ("pg_justify_parts", interval_math.justify, (int, int, int, int), Parts),
    ("pg_age_parts", interval_math.age, (str, str), Parts),
    ("pg_shift_left", interval_math.shift_left, (int, int, int), int),
    ("pg_shift_right", interval_math.shift_right, (int, int, int), int),
    ("pg_to_hex", interval_math.to_hex, (int, int), str),
    ("pg_to_char_parts", time_format.to_char, (str, str), str),
    ("pg_to_date_text", time_format.to_date, (str, str), str),
    ("pg_to_timestamp_parts", time_format.to_timestamp, (str, str), str),
)


def register_python(connection: duckdb.DuckDBPyConnection) -> None:
    """Create every function in the in-memory database, where all cursors see it."""
    for name, function, arguments, result in _FUNCTIONS:
        connection.create_function(
            name,
            _columns(function, len(arguments), result),
            [_DUCK[a] for a in arguments],
            _DUCK[result],
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )
