"""Words of the SQL dialect that CommandGetSqlInfo lists: keywords, functions by subject, conversions between types."""

from __future__ import annotations

from collections.abc import Mapping

from engine.dialect.keywords import COLUMN_NAME, RESERVED, TYPE_OR_FUNCTION
from gateway.flight.messages import sql

KEYWORDS = tuple(sorted(word.upper() for word in RESERVED | TYPE_OR_FUNCTION | COLUMN_NAME))
"""Those that may not be used everywhere as names."""
NUMERIC = tuple(
    """abs acos asin atan atan2 cbrt ceil ceiling cos cosh degrees div exp floor gcd lcm ln log log10 mod pi power
    radians random round scale sign sin sinh sqrt tan tanh trim_scale trunc""".split()
)
STRING = tuple(
    """ascii bit_length btrim char_length character_length chr concat concat_ws convert_from convert_to decode encode
    format initcap left length lower lpad ltrim md5 octet_length overlay position quote_literal regexp_count regexp_like
    regexp_match regexp_replace regexp_split_to_array repeat replace reverse right rpad rtrim sha256 split_part
    starts_with string_to_array strpos substr substring to_hex translate upper""".split()
)
DATETIME = tuple(
    """clock_timestamp current_date current_timestamp date_part date_trunc extract isfinite justify_days justify_hours
    justify_interval localtime localtimestamp make_date make_interval make_time make_timestamp now statement_timestamp
    timezone to_char to_date to_timestamp transaction_timestamp""".split()
)
SYSTEM = tuple("current_catalog current_database current_schema current_user session_user version".split())
"""Functions that work on tables, embedded. PostgreSQL's others do where no table of ours is read."""

_NUMBERS = (
    sql.SQL_CONVERT_BIGINT,
    sql.SQL_CONVERT_DECIMAL,
    sql.SQL_CONVERT_FLOAT,
    sql.SQL_CONVERT_INTEGER,
    sql.SQL_CONVERT_NUMERIC,
    sql.SQL_CONVERT_REAL,
    sql.SQL_CONVERT_SMALLINT,
)
_TEXTS = (sql.SQL_CONVERT_CHAR, sql.SQL_CONVERT_LONGVARCHAR, sql.SQL_CONVERT_VARCHAR)
_BYTES = (sql.SQL_CONVERT_BINARY, sql.SQL_CONVERT_LONGVARBINARY, sql.SQL_CONVERT_VARBINARY)
_INTERVALS = (sql.SQL_CONVERT_INTERVAL_DAY_TIME, sql.SQL_CONVERT_INTERVAL_YEAR_MONTH)
_BIT, _DATE, _TIME, _TIMESTAMP = (
    sql.SQL_CONVERT_BIT,
    sql.SQL_CONVERT_DATE,
    sql.SQL_CONVERT_TIME,
    sql.SQL_CONVERT_TIMESTAMP,
)


def _conversions() -> dict[int, list[int]]:
    found: dict[int, set[int]] = {number: {*_NUMBERS, *_TEXTS} for number in _NUMBERS}
    found[sql.SQL_CONVERT_INTEGER].add(_BIT)
    everything = {*_NUMBERS, *_TEXTS, *_BYTES, *_INTERVALS, _BIT, _DATE, _TIME, _TIMESTAMP}
    found |= {text: set(everything) for text in _TEXTS}
    found |= {one: {*_BYTES, *_TEXTS} for one in _BYTES}
    found |= {one: {*_INTERVALS, _TIME, *_TEXTS} for one in _INTERVALS}
    found[_BIT] = {_BIT, sql.SQL_CONVERT_INTEGER, *_TEXTS}
    found[_DATE] = {_DATE, _TIMESTAMP, *_TEXTS}
    found[_TIME] = {_TIME, *_INTERVALS, *_TEXTS}
    found[_TIMESTAMP] = {_TIMESTAMP, _DATE, _TIME, *_TEXTS}
    return {number: sorted(found[number]) for number in sorted(found)}


CONVERSIONS: Mapping[int, list[int]] = _conversions()
"""What CAST takes, by what: numbers of Flight SQL's SqlSupportsConvert."""
