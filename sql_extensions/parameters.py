"""Parameters of the engine's SQL: only those it names, numbered without gaps, as DuckDB wants them.

Parameters of time specifications and of function twins have done their work before the engine is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from catalog.errors import FeatureNotSupported
from catalog.types import DATE, INTERVAL, TIMESTAMP, TIMESTAMPTZ, PgType, element
from engine.base import Param
from engine.values import python_value
from sql_extensions.settings import SessionSettings

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\d+)""")

_DATES = frozenset({DATE.oid, TIMESTAMP.oid, TIMESTAMPTZ.oid})
_ISO_DATE = re.compile(rb"\s*(?:\d{4,}-\d{1,2}-\d{1,2}|-?infinity\s*\Z)", re.IGNORECASE)


def value(param: Param, pg: PgType, settings: SessionSettings) -> object:
    """The parameter as the engine takes it, read under the session's settings.

    Raises as PostgreSQL's input functions, and FeatureNotSupported for text whose meaning depends on a DateStyle or
    IntervalStyle that the engine's input functions do not know.
    """
    if param.data is not None and not param.binary:
        kind = (element(pg) or pg).oid
        if kind in _DATES and "MDY" not in settings.date_style.upper() and not _ISO_DATE.match(param.data):
            raise FeatureNotSupported(
                f"a date as text in a parameter is not supported under DateStyle {settings.date_style}",
                hint="Write it as YYYY-MM-DD, or send it in binary.",
            )
        if kind == INTERVAL.oid and settings.interval_style == "sql_standard":
            raise FeatureNotSupported("an interval as text in a parameter is not supported under this IntervalStyle")
    return python_value(param, pg, time_zone=settings.time_zone)


def used_only(sql: str, params: Sequence[object]) -> tuple[str, tuple[object, ...]]:
    """`sql` and `params` without the parameters that `sql` does not name."""
    numbers = {int(match[1]) for match in _TOKEN.finditer(sql) if match[1] is not None}
    if len(numbers) == len(params):
        return sql, tuple(params)
    new = {old: index for index, old in enumerate(sorted(numbers), start=1)}

    def renumber(match: re.Match[str]) -> str:
        return match[0] if match[1] is None else f"${new[int(match[1])]}"

    return _TOKEN.sub(renumber, sql), tuple(params[old - 1] for old in sorted(numbers) if old <= len(params))
