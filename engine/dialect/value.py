"""A typed expression of the target: what every rule takes and gives. No rules here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from catalog.errors import FeatureNotSupported, InternalError
from catalog.types import BPCHAR, NUMERIC, UNKNOWN, PgType


@dataclass(frozen=True, slots=True)
class Value:
    """An expression in the target's SQL and its PostgreSQL type, in the dialect's inner form.

    Inner forms that differ from the type's plain form (VARCHAR is DuckDB's name, Spark's is STRING):
    numeric with `shape` (precision, scale): DECIMAL of that shape. The display scale is `scale`, or, where it
    varies by row, what the expression `scale_sql` tells (never more than `scale`).
    numeric without `shape`: VARCHAR with PostgreSQL's exact text (any number of digits, NaN, Infinity).
    char(n): VARCHAR without its trailing blanks; `width` is the padded width if all values have one.
    unknown: a string literal whose type is still open; `literal` is its text, None for NULL.
    """

    sql: str
    type: PgType
    shape: tuple[int, int] | None = None
    scale_sql: str | None = None
    uniform: bool = False
    """Of a numeric in text form: whether all its values have the same scale, so that equal numbers are equal texts."""
    width: int | None = None
    literal: str | None = None
    text: str | None = None
    """The text of a constant of a text type."""
    constant: str | None = None
    """The decimal digits of a number written as a constant, else None."""
    is_null: bool = False
    row: tuple[Value, ...] | None = None
    """The columns of a row value; `sql` is then empty."""
    srf: bool = False
    """Whether it gives a set of rows."""
    raw: str | None = None
    """Float arithmetic without its range checks, which `checks` lists: a larger expression checks once."""
    checks: tuple[str, ...] = ()
    inner: tuple[str, str] | None = None
    """Of a scalar subquery: its text and the name of its column."""

    @property
    def oid(self) -> int:
        return self.type.oid

    @property
    def scale(self) -> int:
        return self.decimal[1]

    @property
    def decimal(self) -> tuple[int, int]:
        """The shape of a numeric that is known to be held as DECIMAL."""
        if self.shape is None:
            raise InternalError("a numeric in text form where a DECIMAL is needed")
        return self.shape

    @property
    def is_exact_text(self) -> bool:
        """Whether it is a numeric in text form."""
        return self.type.oid == NUMERIC.oid and self.shape is None

    def with_sql(self, sql: str) -> Value:
        return replace(self, sql=sql, text=None, constant=None, raw=None, checks=(), inner=None)


def value(sql: str, pg: PgType) -> Value:
    """A Value in the plain form of its type (numeric(p,s) as DECIMAL(p,s))."""
    if pg.oid == NUMERIC.oid:
        raise InternalError("numeric needs a shape: use numbers.decimal or numbers.exact")
    return Value(sql, PgType(pg.oid) if pg.oid == BPCHAR.oid else pg)


def unknown(text: str | None, sql: str) -> Value:
    """A string literal (or NULL) without type; `sql` is how the engine writes it."""
    return Value(sql, UNKNOWN, literal=text, is_null=text is None)


class Unsupported(FeatureNotSupported):
    """A construct that a target cannot answer as PostgreSQL does; `named` says which target it is."""

    def __init__(self, construct: str, target: str = "by the embedded engine") -> None:
        super().__init__(f"{construct} is not supported {target}")
        self.construct = construct

    def named(self, target: str) -> Unsupported:
        return Unsupported(self.construct, target)


def refuse(construct: str) -> Unsupported:
    """The refusal of a construct that cannot be answered as PostgreSQL does."""
    return Unsupported(construct)
