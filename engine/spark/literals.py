"""Bound values as Spark literals, put into the SQL by the gateway: Delta's parser loses parameters."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from catalog.errors import FeatureNotSupported, InternalError

_PLACE = re.compile("\x00([0-9]+)\x00")
_ESCAPED = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z", "\x00": "\\0"}


def inline(sql: str, params: Sequence[object]) -> str:
    """`sql` with each NUL n NUL replaced by the literal of `params[n - 1]`. PostgreSQL's text never holds a NUL."""
    if "\x00" not in sql:
        return sql

    def value(match: re.Match[str]) -> str:
        number = int(match[1])
        if not 1 <= number <= len(params):
            raise InternalError(f"the query has no parameter ${number}")
        return literal(params[number - 1])

    done = _PLACE.sub(value, sql)
    if "\x00" in done:
        raise InternalError("a placeholder of a parameter is broken")
    return done


def literal(value: object) -> str:
    """A value as `engine.values.params.python_value` makes it, as one Spark literal; safe next to any operator.

    Text is STRING; whole numbers are INT or BIGINT by their size, DECIMAL beyond; UUID is STRING as in storage.
    Raises FeatureNotSupported for time, interval and what Spark cannot hold.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return _whole(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, str):
        return string_literal(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"X'{bytes(value).hex()}'"
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return f"DATE'{value.isoformat()}'"
    if isinstance(value, UUID):
        return string_literal(str(value))
    if isinstance(value, list | tuple):
        return f"array({', '.join(map(literal, value))})"
    raise FeatureNotSupported(
        f"parameters of type {_NAMES.get(type(value).__name__, 'this type')} are not supported on Spark"
    )


def string_literal(text: str) -> str:
    """Text as a Spark string constant (backslashes are escapes in it, unless a session says otherwise: ours do not)."""
    return "'" + "".join(_ESCAPED.get(c, c) for c in text) + "'"


def quote_name(name: str) -> str:
    """A name in Spark's backticks."""
    return "`" + name.replace("`", "``") + "`"


_NAMES = {"time": "time", "timedelta": "interval", "IntervalValue": "interval"}


def _whole(value: int) -> str:
    if -(1 << 31) <= value < 1 << 31:
        shown = str(value)
    elif -(1 << 63) <= value < 1 << 63:
        shown = f"{value}L"
    else:
        return _decimal(Decimal(value))
    return f"({shown})" if value < 0 else shown


def _float(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        name = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return f"CAST('{name}' AS DOUBLE)"
    return f"({value!r}D)" if math.copysign(1, value) < 0 else f"{value!r}D"


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise FeatureNotSupported(f"numeric {str(value).lower()} is not supported on Spark")
    text = format(value, "f")
    digits = len(text.lstrip("-").replace(".", "").lstrip("0"))
    scale = len(text.partition(".")[2])
    if max(digits, scale) > 38:
        raise FeatureNotSupported("numeric values of more than 38 digits are not supported on Spark")
    return f"({text}BD)" if text.startswith("-") else f"{text}BD"


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        return f"TIMESTAMP_NTZ'{value.isoformat(sep=' ')}'"
    return f"TIMESTAMP_LTZ'{value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ')}+00:00'"
