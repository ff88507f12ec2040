"""Inner forms of numeric: shapes of DECIMAL arithmetic, display scales, and the way to exact text.

Rules of scale and precision follow PostgreSQL's numeric.c:
+ and - keep the larger scale, * adds them; division and what
builds on it gives each value its own scale and is computed on exact text by the functions of `numeric_functions`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

from catalog.types import INT2, INT4, INT8, NUMERIC, PgType, numeric, precision_scale
from engine.dialect.value import Value, refuse

PRECISION_MAX = 38
_INT_DIGITS = {INT2.oid: 5, INT4.oid: 10, INT8.oid: 19}
_WHOLE_MIN = 18


def decimal(sql: str, precision: int, scale: int, scale_sql: str | None = None) -> Value:
    """A bare numeric held as DECIMAL(precision, scale)."""
    return Value(sql, NUMERIC, shape=(precision, scale), scale_sql=scale_sql)


def exact(sql: str) -> Value:
    """A bare numeric held as exact text."""
    return Value(sql, NUMERIC)


def column_shape(pg: PgType) -> tuple[int, int] | None:
    """The DECIMAL shape in which a numeric column is stored; None when DuckDB has none."""
    precision, scale = precision_scale(pg) or (PRECISION_MAX, 18)
    if precision > PRECISION_MAX or not 0 <= scale <= precision:
        return None
    return precision, scale


def literal(digits: str) -> Value:
    """A numeric constant such as 1.50 or 1e3, with the scale PostgreSQL gives it."""
    mantissa, _, exponent = digits.lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    power = int(exponent or "0")
    if abs(power) > 1000:
        raise refuse(f"the number {digits}")
    scale = max(len(fraction) - power, 0)
    number = int((whole + fraction) or "0")
    shift = power - len(fraction) + scale
    number *= 10**shift if shift > 0 else 1
    text = str(number)
    if scale:
        text = text.rjust(scale + 1, "0")
        text = f"{text[:-scale]}.{text[-scale:]}"
    precision = max(len(str(number)), scale + 1)
    if precision > PRECISION_MAX:
        return replace(exact(f"'{text}'"), constant=text)
    return replace(decimal(f"CAST('{text}' AS DECIMAL({precision},{scale}))", precision, scale), constant=text)


def from_integer(v: Value) -> Value:
    """An integer as numeric of scale 0."""
    if v.constant is not None and v.constant.lstrip("-").isdigit():
        digits = max(len(v.constant.lstrip("-")), 1)
        return replace(decimal(f"CAST({v.sql} AS DECIMAL({digits},0))", digits, 0), constant=v.constant)
    digits = _INT_DIGITS[v.oid]
    return decimal(f"CAST({v.sql} AS DECIMAL({digits},0))", digits, 0)


def rescale(v: Value, precision: int, scale: int) -> str:
    """The DECIMAL of `v` with another shape; scale must not shrink."""
    return v.sql if v.shape == (precision, scale) else f"CAST({v.sql} AS DECIMAL({precision},{scale}))"


def _scale_of(v: Value) -> str:
    return v.scale_sql if v.scale_sql is not None else str(v.scale)


def _joint_scale(left: Value, right: Value, joiner: str) -> str | None:
    if left.scale_sql is None and right.scale_sql is None:
        return None
    if joiner == "+":
        return f"({_scale_of(left)} + {_scale_of(right)})"
    return f"greatest({_scale_of(left)}, {_scale_of(right)})"


def _uniform(*operands: Value) -> bool:
    """Whether sums and products of them have one scale for all rows."""
    return all(v.uniform if v.shape is None else v.scale_sql is None for v in operands)


def _overflows(left: Value, right: Value) -> bool:
    """Whether 38 digits are too few: for two constants exactly, else when less than 18 are left before the point."""
    if left.decimal[0] + right.decimal[0] <= PRECISION_MAX:
        return False
    return bool(left.constant and right.constant) or PRECISION_MAX - left.scale - right.scale < _WHOLE_MIN


def negate(v: Value) -> Value:
    if v.shape is None:
        return exact(f"pg_numeric_neg({v.sql})")
    constant = None if v.constant is None else ("-" + v.constant).replace("--", "")
    return replace(v, sql=f"(-{v.sql})", constant=constant)


def absolute(v: Value) -> Value:
    return exact(f"pg_numeric_abs({v.sql})") if v.shape is None else bare(v.with_sql(f"abs({v.sql})"))


def sign(v: Value) -> Value:
    """-1, 0 or 1 as numeric."""
    if v.shape is None:
        return exact(f"pg_numeric_sign({v.sql})")
    return decimal(f"CAST(sign({v.sql}) AS DECIMAL(1,0))", 1, 0)


def typed(v: Value, precision: int, scale: int) -> Value:
    """numeric(precision, scale): rounded half away from zero, an error where it does not fit."""
    target = numeric(precision, scale)
    if v.shape is not None:
        if v.shape == (precision, scale) and v.scale_sql is None:
            return replace(v, type=target)
        sql = f"CAST({v.sql} AS DECIMAL({precision},{scale}))"
    else:
        sql = f"CAST(pg_numeric_typed({v.sql}, {precision}, {scale}) AS DECIMAL({precision},{scale}))"
    return Value(sql, target, shape=(precision, scale))


def bare(v: Value) -> Value:
    """The same numeric without its typmod."""
    return replace(v, type=NUMERIC)


class Numbers(ABC):
    """What depends on how the target writes and computes numbers: texts, floats, and the width of arithmetic."""

    @abstractmethod
    def plain_text(self, sql: str, shape: tuple[int, int]) -> str:
        """The digits of a DECIMAL of that shape as text, without exponent and with a digit before the point."""

    @abstractmethod
    def display(self, sql: str, shape: tuple[int, int], scale_sql: str) -> str:
        """The text of a DECIMAL whose display scale is what `scale_sql` tells."""

    @abstractmethod
    def to_float(self, v: Value) -> str:
        """As double precision, correctly rounded."""

    @abstractmethod
    def operands(self, left: Value, right: Value, wanted: int, scale: int, *, wide: bool) -> tuple[int, str, str]:
        """The precision of a sum or product of `wanted` digits, and the operands so that the target computes in it."""

    def text_of(self, v: Value) -> str:
        """PostgreSQL's text of a numeric, as an expression."""
        if v.shape is None:
            return v.sql
        if v.scale_sql is not None:
            return self.display(v.sql, v.decimal, v.scale_sql)
        return self.plain_text(v.sql, v.decimal)

    def to_exact(self, v: Value) -> Value:
        return v if v.shape is None else exact(self.text_of(v))

    def fixed(self, v: Value) -> Value:
        """`v` with a constant display scale: itself, or exact text where it varies by row."""
        return v if v.scale_sql is None else exact(self.text_of(v))

    def add(self, left: Value, right: Value, operator: str, *, wide: bool) -> Value:
        """left + right or left - right."""
        if left.shape is None or right.shape is None:
            name = "pg_numeric_add" if operator == "+" else "pg_numeric_sub"
            return replace(exact(f"{name}({self.text_of(left)}, {self.text_of(right)})"), uniform=_uniform(left, right))
        scale = max(left.scale, right.scale)
        whole = max(left.shape[0] - left.scale, right.shape[0] - right.scale)
        wanted = whole + scale + 1
        if whole + scale > PRECISION_MAX or (wanted > PRECISION_MAX and left.constant and right.constant):
            return self.add(self.to_exact(left), self.to_exact(right), operator, wide=wide)
        precision, a, b = self.operands(left, right, wanted, scale, wide=wide)
        sql = f"({a} {operator} {b})"
        return decimal(sql, precision, scale, _joint_scale(left, right, "max"))

    def multiply(self, left: Value, right: Value, *, wide: bool) -> Value:
        if (
            left.shape is None
            or right.shape is None
            or left.scale + right.scale > PRECISION_MAX
            or _overflows(left, right)
        ):
            return replace(
                exact(f"pg_numeric_mul({self.text_of(left)}, {self.text_of(right)})"), uniform=_uniform(left, right)
            )
        scale = left.scale + right.scale
        precision, a, b = self.operands(left, right, left.shape[0] + right.shape[0], scale, wide=wide)
        return decimal(f"({a} * {b})", precision, scale, _joint_scale(left, right, "+"))

    def divide(self, left: Value, right: Value) -> Value:
        return exact(f"pg_numeric_div({self.text_of(left)}, {self.text_of(right)})")

    def modulo(self, left: Value, right: Value) -> Value:
        return exact(f"pg_numeric_mod({self.text_of(left)}, {self.text_of(right)})")

    def unify(self, values: list[Value]) -> list[Value]:
        """The numerics in one inner form: a DECIMAL if 38 digits hold it (scales then vary by row), else text."""
        live = [v for v in values if not v.is_null]
        if any(v.shape is None for v in live) or not live:
            return [v if v.is_null else self.to_exact(v) for v in values]
        shapes = [v.shape for v in live if v.shape is not None]
        scale = max(s for _, s in shapes)
        precision = max(p - s for p, s in shapes) + scale
        if precision > PRECISION_MAX:
            return [v if v.is_null else self.to_exact(v) for v in values]
        varies = any(v.scale_sql is not None or v.scale != scale for v in live)
        unified = []
        for v in values:
            if v.is_null:
                unified.append(Value("NULL", NUMERIC, (precision, scale), "NULL" if varies else None, is_null=True))
                continue
            unified.append(
                Value(rescale(v, precision, scale), NUMERIC, (precision, scale), _scale_of(v) if varies else None)
            )
        return unified

    def comparable(self, left: Value, right: Value) -> tuple[str, str]:
        """Two expressions that compare as the two numerics do."""
        if left.shape is None or right.shape is None:
            return f"pg_numeric_key({self.text_of(left)})", f"pg_numeric_key({self.text_of(right)})"
        scale = max(left.scale, right.scale)
        if max(left.shape[0] - left.scale, right.shape[0] - right.scale) + scale > PRECISION_MAX:
            return self.comparable(self.to_exact(left), self.to_exact(right))
        return left.sql, right.sql
