"""Which image a column of PostgreSQL has in Delta, and by which expression it is asked for. How the values that come
are made into that image is `images`'.

The driver alone is silently wrong for much of this (arrays of two dimensions come flat, money as cents, oid signed,
time 24:00 as 00:00), so it is asked for types only that it reads faithfully. Everything else comes as the text that
the source itself prints, under settings of ours (`SETTINGS`), in a snapshot as in a stream of changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from catalog import types
from catalog.names import always_quote
from catalog.types import PgType

SETTINGS = ("DateStyle = 'ISO, MDY'", "IntervalStyle = 'postgres'", "TimeZone = 'UTC'", "bytea_output = 'hex'")
"""What text depends on; also extra_float_digits and lc_monetary, which are right by default (lc_monetary must be the
database's own: it says how many digits money has)."""
NO_DATE = "infinite, or outside of the years 1 to 9999"
NO_NUMBER = "NaN"
NO_LIST = "arrays of more than one dimension"
_MAX_DIGITS = 38

_AS_THEY_ARE = {16, 17, 20, 21, 23, 25, 114, 700, 701, 1042, 1043, 2950, 3802}
_TIMES = {1082, 1114, 1184}
_OID, _NUMERIC, _MONEY = 26, 1700, 790


@dataclass(frozen=True, slots=True)
class Image:
    """`cast`: what stands behind the column in the SELECT list ("" or "::..."); `array`: it is a list of values;
    `printed`: instead of by a cast, as the type's output function says. `lossy` as in SourceColumn.
    """

    type: PgType
    cast: str = ""
    lossy: str | None = None
    array: bool = False
    printed: bool = False

    def expression(self, column: str) -> str:
        """For the column of that name; an array of several dimensions gives NULL."""
        quoted = always_quote(column)
        if self.printed:
            return f"case when pg_catalog.num_nulls({quoted}) = 0 then pg_catalog.format('%s', {quoted}) end"
        value = quoted + self.cast
        return f"case when pg_catalog.array_ndims({quoted}) > 1 then null else {value} end" if self.array else value


@dataclass(frozen=True, slots=True)
class SourceType:
    """A row of pg_type. `element`: of a true array type, else 0; `base`, `typmod`, `dimensions`: of a domain;
    `own_text`: its cast to text is a function of its own, which may say something else than its output.
    """

    oid: int
    name: str
    category: str
    base: int
    typmod: int
    dimensions: int
    element: int
    own_text: bool


Types = Mapping[int, SourceType]
_TYPES = """
    with recursive wanted(oid) as (
        select unnest(%s::pg_catalog.oid[])
        union
        select other from wanted join pg_catalog.pg_type t using (oid),
            lateral (values (t.typbasetype), (t.typelem)) as via(other) where other <> 0
    )
    select t.oid::bigint, pg_catalog.format_type(t.oid, null), t.typcategory::text, t.typbasetype::bigint, t.typtypmod,
        t.typndims, (case when e.typarray = t.oid then t.typelem else 0 end)::bigint,
        exists (select from pg_catalog.pg_cast c where c.castsource = t.oid and c.casttarget = 25
            and c.castmethod = 'f' and c.castsource not in (18, 19))
    from wanted join pg_catalog.pg_type t using (oid) left join pg_catalog.pg_type e on e.oid = t.typelem
"""


def load_types(connection: psycopg.Connection[Any], oids: Sequence[int]) -> Types:
    """Those and what they are made of (base types of domains, elements of arrays). Raises psycopg.Error."""
    rows = connection.execute(_TYPES, [list(oids)]).fetchall()
    return {row[0]: SourceType(*row) for row in rows}


def image(source: Types, oid: int, typmod: int, dimensions: int, *, money_scale: int = 2) -> Image:
    """Of a column of type `oid`. `dimensions`: how many were declared; `money_scale`: digits after money's point."""
    own = source[oid]
    of, typmod, dimensions = _behind_domains(source, oid, typmod, dimensions)
    if not of.element:
        return _scalar(of, typmod, domain=own is not of, money_scale=money_scale)
    element, typmod, _ = _behind_domains(source, of.element, typmod, 0)
    if dimensions > 1 or element.element:
        return _text(f"arrays of {max(dimensions, 2)} dimensions")
    one = _scalar(element, typmod, domain=True, money_scale=money_scale)
    if one.printed:  # the array prints its elements as they print themselves
        return Image(types.array_of(one.type), "::pg_catalog.text::pg_catalog.text[]", one.lossy, array=True)
    # Deeper arrays are worth a word only when one is met: PostgreSQL lets any column hold them.
    return Image(types.array_of(one.type), _listed(one.cast), one.lossy, array=True)


def _behind_domains(source: Types, oid: int, typmod: int, dimensions: int) -> tuple[SourceType, int, int]:
    while (found := source[oid]).base:
        typmod = found.typmod if found.typmod != -1 else typmod
        dimensions = max(dimensions, found.dimensions)
        oid = found.base
    return found, typmod, dimensions


def _scalar(of: SourceType, typmod: int, *, domain: bool, money_scale: int) -> Image:
    if of.oid in _AS_THEY_ARE:
        cast = f"::pg_catalog.{types.BY_OID[of.oid].name}" if domain else ""
        return Image(PgType(of.oid, typmod if of.oid in (1042, 1043) else -1), cast)
    if of.oid in _TIMES:
        cast = f"::pg_catalog.{types.BY_OID[of.oid].name}" if domain else ""
        return Image(PgType(of.oid), cast, f"values that are {NO_DATE} become NULL")
    if of.oid == _OID:
        return Image(types.INT8, "::pg_catalog.int8")
    if of.oid == _MONEY:
        return Image(types.numeric(20, money_scale), "::pg_catalog.numeric::pg_catalog.text")
    if of.oid == _NUMERIC:
        return _numeric(typmod)
    return _text(None if of.category in ("S", "E", "Z") else f"type {of.name}", printed=of.own_text)


def _numeric(typmod: int) -> Image:
    shape = types.precision_scale(PgType(_NUMERIC, typmod))
    if shape is None:
        return _text("type numeric without a precision")
    precision, scale = shape
    digits = precision - min(scale, 0) if scale < 0 else max(precision, scale)
    if digits > _MAX_DIGITS:
        return _text(f"type numeric of more than {_MAX_DIGITS} digits")
    return Image(types.numeric(digits, max(scale, 0)), "::pg_catalog.text", f"values that are {NO_NUMBER} become NULL")


def _text(what: str | None, *, printed: bool = False) -> Image:
    lossy = None if what is None else f"{what} {'have' if what.startswith('arrays') else 'has'} no image in Delta: text"
    return Image(types.TEXT, "::pg_catalog.text", lossy, printed=printed)


def _listed(cast: str) -> str:
    """A cast of elements as one of the whole array, each step of it."""
    return "".join(f"::{step}[]" for step in cast.split("::") if step)
