"""The grammar of type names, and what each means: text to an `exp.DataType` that carries a PgType."""

from __future__ import annotations

from sqlglot import exp

from catalog.errors import InvalidParameterValue
from catalog.types import BPCHAR, BY_NAME, FLOAT4, FLOAT8, VARCHAR, VARHDRSZ, PgType, array_of, numeric
from engine.dialect.lexer import Kind
from engine.dialect.reader import Reader

_SYNONYMS = {
    "boolean": "bool",
    "smallint": "int2",
    "int": "int4",
    "integer": "int4",
    "bigint": "int8",
    "real": "float4",
    "dec": "numeric",
    "decimal": "numeric",
    "character": "bpchar",
    "char": "bpchar",
    "nchar": "bpchar",
}
_KEYWORD_TYPES = frozenset(_SYNONYMS) | {
    "varchar",
    "numeric",
    "float",
    "double",
    "time",
    "timestamp",
    "interval",
    "bit",
}
_DTYPES = {
    "bool": "BOOLEAN",
    "bytea": "VARBINARY",
    "char": "CHAR",
    "name": "NAME",
    "int8": "BIGINT",
    "int2": "SMALLINT",
    "int4": "INT",
    "text": "TEXT",
    "json": "JSON",
    "jsonb": "JSONB",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "bpchar": "CHAR",
    "varchar": "VARCHAR",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "interval": "INTERVAL",
    "timetz": "TIMETZ",
    "numeric": "DECIMAL",
    "uuid": "UUID",
}
_FIELDS = ("year", "month", "day", "hour", "minute", "second")


def starts_type(r: Reader) -> bool:
    """Whether the next word is one of the type names that are keywords."""
    if r.here.kind is not Kind.WORD:
        return False
    return r.here.text in _KEYWORD_TYPES and (r.here.text != "double" or r.ahead().text == "precision")


def type_name(r: Reader) -> exp.DataType:
    """A type with modifiers and array bounds."""
    node = _array(r, _simple(r))
    return node


def pg_type(node: exp.DataType) -> PgType | None:
    """The PgType of a parsed type; None for a type name that the table of types does not list."""
    found = node.meta.get("pg")
    return found if isinstance(found, PgType) else None


def build(pg: PgType | None, name: str) -> exp.DataType:
    """A DataType node for `pg`; `name` is what the user called it, for messages."""
    kind = _DTYPES.get(name)
    node = exp.DataType(this=exp.DType[kind]) if kind else exp.DataType(this=exp.DType.USERDEFINED, kind=name)
    node.meta["pg"] = pg
    node.meta["name"] = name
    return node


def _array(r: Reader, inner: exp.DataType) -> exp.DataType:
    bounds = False
    if r.words("array"):
        bounds = True
        if r.mark("["):
            r.take()
            r.expect_mark("]")
    while r.mark("["):
        bounds = True
        if r.here.kind is Kind.INTEGER:
            r.take()
        r.expect_mark("]")
    if not bounds:
        return inner
    base = pg_type(inner)
    node = exp.DataType(this=exp.DType.ARRAY, expressions=[inner], nested=True)
    node.meta["pg"] = array_of(base) if base is not None and base.oid in _HAS_ARRAY else None
    node.meta["name"] = f"{inner.meta.get('name')}[]"
    return node


_HAS_ARRAY = frozenset(row.oid for row in BY_NAME.values() if row.array_oid)


def _simple(r: Reader) -> exp.DataType:
    token = r.here
    if token.kind is Kind.QUOTED:
        return _generic(r)
    if token.kind is not Kind.WORD:
        r.fail()
    word = token.text
    if word == "double" and r.ahead().text == "precision":
        r.at += 2
        return build(FLOAT8, "float8")
    if word == "float":
        return _float(r)
    if word in ("time", "timestamp"):
        return _time(r)
    if word == "interval":
        r.take()
        return interval_type(r)
    if word in ("character", "char", "nchar", "varchar", "national"):
        return _character(r)
    if word == "bit":
        r.refuse("type bit")
    return _generic(r)


def _generic(r: Reader) -> exp.DataType:
    token = r.take()
    if token.kind not in (Kind.QUOTED, Kind.WORD):
        r.fail(token)
    name = token.text
    while r.mark("."):
        token = r.take()
        if name != "pg_catalog":
            r.refuse(f"type {name}.{token.text}", token)
        name = token.text
    if token.kind is Kind.WORD:
        name = _SYNONYMS.get(name, name)
    if token.kind is Kind.QUOTED and name == "char":
        return build(PgType(18), "char")
    info = BY_NAME.get(name)
    arguments = _modifiers(r)
    if info is None or (name == "char" and token.kind is Kind.WORD):
        return build(None, name)
    if name == "numeric" and arguments:
        return build(_numeric(arguments), name)
    if name in ("varchar", "bpchar") and arguments:
        return build(PgType(info.oid, arguments[0] + VARHDRSZ), name)
    if name in ("timestamptz", "timetz", "time", "timestamp", "interval") and arguments:
        return build(PgType(info.oid, min(arguments[0], 6)), name)
    if arguments:
        r.refuse(f"a modifier for type {name}", token)
    return build(PgType(info.oid), name)


def _numeric(arguments: list[int]) -> PgType:
    precision, scale = arguments[0], arguments[1] if len(arguments) > 1 else 0
    if not 1 <= precision <= 1000:
        raise InvalidParameterValue(f"NUMERIC precision {precision} must be between 1 and 1000")
    if not -1000 <= scale <= 1000:
        raise InvalidParameterValue(f"NUMERIC scale {scale} must be between -1000 and 1000")
    return numeric(precision, scale)


def _modifiers(r: Reader) -> list[int]:
    if not r.mark("("):
        return []
    values = [_integer(r)]
    while r.mark(","):
        values.append(_integer(r))
    r.expect_mark(")")
    return values


def _integer(r: Reader) -> int:
    sign = -1 if r.operator("-") else 1
    token = r.take()
    if token.kind is not Kind.INTEGER:
        r.fail(token)
    return sign * int(token.text)


def _float(r: Reader) -> exp.DataType:
    r.take()
    arguments = _modifiers(r)
    if arguments and not 1 <= arguments[0] <= 53:
        word = "at least 1 bit" if arguments[0] < 1 else "less than 54 bits"
        raise InvalidParameterValue(f"precision for type float must be {word}")
    small = bool(arguments) and arguments[0] <= 24
    return build(FLOAT4 if small else FLOAT8, "float4" if small else "float8")


def _time(r: Reader) -> exp.DataType:
    base = r.take().text
    arguments = _modifiers(r)
    zoned = r.words("with", "time", "zone")
    if not zoned:
        r.words("without", "time", "zone")
    name = base + "tz" if zoned else base
    return build(PgType(BY_NAME[name].oid, min(arguments[0], 6) if arguments else -1), name)


def _character(r: Reader) -> exp.DataType:
    r.words("national")
    word = r.take().text
    varying = word == "varchar" or r.words("varying")
    arguments = _modifiers(r)
    if arguments and arguments[0] < 1:
        shown = "varchar" if varying else "char"
        raise InvalidParameterValue(f"length for type {shown} must be at least 1")
    if varying:
        return build(PgType(VARCHAR.oid, arguments[0] + VARHDRSZ if arguments else -1), "varchar")
    return build(PgType(BPCHAR.oid, (arguments[0] if arguments else 1) + VARHDRSZ), "bpchar")


def interval_type(r: Reader) -> exp.DataType:
    """What may follow the word INTERVAL: a precision, or fields such as DAY TO SECOND(3)."""
    node = build(PgType(BY_NAME["interval"].oid), "interval")
    if arguments := _modifiers(r):
        node.meta["precision"] = min(arguments[0], 6)
        return node
    if (first := r.any_word(*_FIELDS)) is None:
        return node
    last = first
    if r.words("to"):
        if (found := r.any_word(*_FIELDS)) is None:
            r.fail()
        last = found
    node.meta["fields"] = (first, last)
    if last == "second" and (arguments := _modifiers(r)):
        node.meta["precision"] = min(arguments[0], 6)
    return node
