"""Which type holds the values of two: what a column becomes whose type has changed at the source."""

from __future__ import annotations

import pyarrow as pa

from catalog.types import TEXT, PgType, array_of, char_length, element, numeric, storage_type

_DIGITS = {pa.int16(): 5, pa.int32(): 10, pa.int64(): 19}
_EXACT_IN_DOUBLE = (pa.int16(), pa.int32(), pa.float32())
_PRECISION_MAX = 38


def common_type(have: PgType, come: PgType) -> PgType | None:
    """The narrowest type that loses no value of either; `have` itself if it takes all that comes. None: there is none.

    Numbers become text if nothing else fits, as PostgreSQL writes them; other types never do, since their text depends
    on settings.
    """
    if have == come:
        return have
    of, coming = element(have), element(come)
    if of is not None or coming is not None:
        inner = common_type(of, coming) if of is not None and coming is not None else None
        return None if inner is None else array_of(inner)
    stored, incoming = storage_type(have), storage_type(come)
    if pa.types.is_string(stored) and pa.types.is_string(incoming):
        return _common_text(have, come)
    if stored.equals(incoming) or _fits(incoming, stored):
        return have
    if _fits(stored, incoming):
        return come
    if pa.types.is_decimal(stored) and pa.types.is_decimal(incoming):
        scale = max(stored.scale, incoming.scale)
        whole = max(stored.precision - stored.scale, incoming.precision - incoming.scale)
        return numeric(whole + scale, scale) if whole + scale <= _PRECISION_MAX else None
    return None


def _common_text(have: PgType, come: PgType) -> PgType:
    """Of two types that are both stored as text."""
    if have == TEXT or have.oid != come.oid:
        return have if have == TEXT else TEXT
    limit, coming = char_length(have), char_length(come)
    return have if limit is None or (coming is not None and coming <= limit) else come


def _fits(narrow: pa.DataType, wide: pa.DataType) -> bool:
    """Whether each value of one stored type is a value of the other."""
    if narrow in _DIGITS:
        if pa.types.is_decimal(wide):
            return bool(wide.precision - wide.scale >= _DIGITS[narrow])
        if wide in _DIGITS:
            return _DIGITS[wide] >= _DIGITS[narrow]
    if narrow in _EXACT_IN_DOUBLE and wide == pa.float64():
        return True
    if pa.types.is_decimal(narrow) and pa.types.is_decimal(wide):
        return bool(wide.scale >= narrow.scale and wide.precision - wide.scale >= narrow.precision - narrow.scale)
    if pa.types.is_date(narrow):
        return bool(wide.equals(pa.timestamp("us")))
    return bool(pa.types.is_string(wide) and (narrow in _DIGITS or pa.types.is_decimal(narrow)))
