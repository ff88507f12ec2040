"""Spark's rows of the function table: text and bytea."""

from __future__ import annotations

from catalog.types import BOOL, BPCHAR, BYTEA, INT4, INT8, NUMERIC, TEXT, UNKNOWN, PgType
from engine.dialect import patterns
from engine.dialect.functions import Call, Emit
from engine.dialect.lattice import ANY
from engine.dialect.regex import Rewritten, rewrite
from engine.dialect.spark.casts import CASTS
from engine.dialect.spark.syntax import string
from engine.dialect.spark.tables import SCALARS
from engine.dialect.value import Value, refuse, value

_TEXTS = PgType(1009)


def _loose_text(call: Call, v: Value) -> str:
    """concat's arguments: any type by its output; booleans as t and f; char(n) with its blanks."""
    if v.oid == BOOL.oid:
        return f"(CASE WHEN {v.sql} THEN 't' WHEN NOT {v.sql} THEN 'f' END)"
    if v.oid == BPCHAR.oid:
        return patterns.subject(call.context, v)
    if v.oid == UNKNOWN.oid:
        return call.context.cast(v, TEXT).sql
    return CASTS.text_sql(v, call.context.session)


def _concat(call: Call) -> Value:
    texts = ", ".join(_loose_text(call, a) for a in call.arguments)
    return value(f"concat_ws('', {texts})", TEXT)


def _concat_ws(call: Call) -> Value:
    texts = ", ".join(_loose_text(call, a) for a in call.arguments)
    return value(f"concat_ws({texts})", TEXT)


def _format(call: Call) -> Value:
    """format() with %s and %%."""
    template = call.arguments[0].literal
    if template is None:
        raise refuse("format() with a template that is not a literal")
    pieces = template.replace("%%", "\0").split("%s")
    if any("%" in piece for piece in pieces):
        raise refuse("format() with other places than %s")
    if len(pieces) > len(call.arguments):
        raise refuse("format() with too few arguments")
    parts = [string(pieces[0].replace("\0", "%"))]
    for argument, piece in zip(call.arguments[1:], pieces[1:], strict=False):
        parts += [f"coalesce({_loose_text(call, argument)}, '')", string(piece.replace("\0", "%"))]
    return value(f"concat({', '.join(parts)})", TEXT)


def _octets_bpchar(call: Call) -> Value:
    return value(f"octet_length({patterns.subject(call.context, call.arguments[0])})", INT4)


def _pattern(call: Call, *, insensitive: bool = False, safe: bool = True) -> Rewritten:
    """The second argument, a regular expression; `safe`: which match is found must not matter."""
    text = call.arguments[1].text
    if text is None:
        raise refuse("a regular expression that is not a literal")
    found = rewrite(text, insensitive=insensitive)
    if safe and not found.deterministic:
        raise refuse(f"{call.name} with a regular expression whose longest match is not its first")
    return found


def _flags(call: Call, index: int) -> tuple[bool, bool]:
    """(insensitive, global) of a flags argument."""
    if len(call.arguments) <= index:
        return False, False
    text = call.arguments[index].text
    if text is None or not set(text) <= set("gics"):
        raise refuse(f'the regular expression flags "{text}"' if text else "flags that are not a literal")
    return "i" in text and "c" not in text, "g" in text


def _nulls(call: Call, result: PgType) -> Value | None:
    """A NULL where an argument is one: patterns must be literals else."""
    if any(a.is_null for a in call.arguments):
        return call.context.cast(Value("NULL", UNKNOWN, is_null=True), result)
    return None


def _substring_regex(call: Call) -> Value:
    if (null := _nulls(call, TEXT)) is not None:
        return null
    found = _pattern(call)
    return value(f"pg_regex_find({call.sql(0)}, {string(found.text)}, {min(found.groups, 1)})", TEXT)


def _regexp_replace(call: Call) -> Value:
    if (null := _nulls(call, TEXT)) is not None:
        return null
    insensitive, every = _flags(call, 3)
    found = _pattern(call, insensitive=insensitive)
    shown = "true" if every else "false"
    return value(f"pg_regex_replace({call.sql(0)}, {string(found.text)}, {call.sql(2)}, {shown})", TEXT)


def _regexp_like(call: Call) -> Value:
    if (null := _nulls(call, BOOL)) is not None:
        return null
    insensitive, every = _flags(call, 2)
    if every:
        raise refuse("regexp_like with the g flag")
    found = _pattern(call, insensitive=insensitive, safe=False)
    return value(f"pg_regex_matches({call.sql(0)}, {string(found.text)})", BOOL)


def _regexp_count(call: Call) -> Value:
    if (null := _nulls(call, INT4)) is not None:
        return null
    return value(f"pg_regex_count({call.sql(0)}, {string(_pattern(call).text)})", INT4)


def _regexp_match(call: Call) -> Value:
    if (null := _nulls(call, _TEXTS)) is not None:
        return null
    insensitive, every = _flags(call, 2)
    found = _pattern(call, insensitive=insensitive)
    if every or found.groups > 1:
        raise refuse("regexp_match with this regular expression")
    return Value(f"pg_regex_match({call.sql(0)}, {string(found.text)})", _TEXTS)


def _regexp_split(call: Call) -> Value:
    if (null := _nulls(call, _TEXTS)) is not None:
        return null
    found = _pattern(call)
    if found.groups or not call.arguments[1].text:
        raise refuse("regexp_split_to_array with this regular expression")
    return Value(f"pg_regex_split({call.sql(0)}, {string(found.text)})", _TEXTS)


def _is_count(v: Value) -> bool:
    return v.constant is not None and v.constant.isdigit()


def _substring(call: Call) -> Value:
    """substring by position. Constants in the usual range need no checks."""
    start, rest = call.arguments[1], call.arguments[2:]
    arguments = ", ".join(a.sql for a in call.arguments)
    if all(_is_count(v) for v in call.arguments[1:]) and start.constant != "0":
        return value(f"substring({arguments})", TEXT)
    return value(f"{'pg_substring_for' if rest else 'pg_substring'}({arguments})", TEXT)


def _end(name: str) -> Emit:
    """left and right."""

    def emit(call: Call) -> Value:
        native = name if _is_count(call.arguments[1]) else f"pg_{name}"
        return value(f"{native}({call.sql(0)}, {call.sql(1)})", TEXT)

    return emit


def _to_char(call: Call) -> Value:
    text = CASTS.text_sql(call.arguments[0], call.context.session)
    return value(f"pg_to_char_numeric({text}, {call.sql(1)})", TEXT)


def _register_texts() -> None:
    s, t, i = SCALARS, TEXT, INT4
    for name in ("lower", "upper", "initcap", "reverse", "quote_literal"):
        s.plain(name, [t], t, f"pg_{name}({{0}})")
    for name in ("length", "char_length", "character_length"):
        s.plain(name, [t], i, "char_length({0})")
        s.add(name, [BPCHAR], lambda c: value(f"char_length({c.sql(0)})", INT4))
    s.plain("length", [BYTEA], i, "octet_length({0})")
    s.plain("octet_length", [t], i, "octet_length({0})")
    s.plain("octet_length", [BYTEA], i, "octet_length({0})")
    s.add("octet_length", [BPCHAR], _octets_bpchar)
    s.plain("bit_length", [t], i, "bit_length({0})")
    for name in ("substring", "substr"):
        s.add(name, [t, i], _substring)
        s.add(name, [t, i, i], _substring)
    s.add("substring", [t, t], _substring_regex)
    s.add("left", [t, i], _end("left"))
    s.add("right", [t, i], _end("right"))
    for name, spark in (("ltrim", "ltrim"), ("rtrim", "rtrim"), ("btrim", "trim")):
        s.plain(name, [t], t, f"{spark}({{0}})")
        s.plain(name, [t, t], t, f"pg_{name}({{0}}, {{1}})")
    for name in ("lpad", "rpad"):
        s.plain(name, [t, i], t, f"pg_{name}({{0}}, {{1}}, ' ')")
        s.plain(name, [t, i, t], t, f"pg_{name}({{0}}, {{1}}, {{2}})")
    s.plain("repeat", [t, i], t, "pg_repeat({0}, {1})")
    s.plain("replace", [t, t, t], t, "pg_replace({0}, {1}, {2})")
    s.plain("translate", [t, t, t], t, "pg_translate({0}, {1}, {2})")
    for name in ("position", "strpos"):
        s.plain(name, [t, t], i, "pg_strpos({0}, {1})")
    s.plain("starts_with", [t, t], BOOL, "startswith({0}, {1})")
    s.plain("split_part", [t, t, i], t, "pg_split_part({0}, {1}, {2})")
    s.plain("ascii", [t], i, "pg_ascii({0})")
    s.plain("chr", [i], t, "pg_chr({0})")
    s.plain("overlay", [t, t, i], t, "pg_overlay({0}, {1}, {2})")
    s.plain("overlay", [t, t, i, i], t, "pg_overlay({0}, {1}, {2}, {3})")
    s.add("concat", [ANY], _concat, variadic=True)
    s.add("concat_ws", [TEXT, ANY], _concat_ws, variadic=True)
    s.add("format", [ANY], _format, variadic=True)


def _register_rest() -> None:
    s, t = SCALARS, TEXT
    s.plain("md5", [t], t, "md5(CAST({0} AS BINARY))")
    s.plain("md5", [BYTEA], t, "md5({0})")
    s.plain("sha256", [BYTEA], BYTEA, "pg_sha256({0})")
    s.plain("to_hex", [INT4], t, "pg_to_hex(CAST({0} AS BIGINT), 32)")
    s.plain("to_hex", [INT8], t, "pg_to_hex({0}, 64)")
    s.add("regexp_replace", [t, t, t], _regexp_replace)
    s.add("regexp_replace", [t, t, t, t], _regexp_replace)
    s.add("regexp_like", [t, t], _regexp_like)
    s.add("regexp_like", [t, t, t], _regexp_like)
    s.add("regexp_count", [t, t], _regexp_count)
    s.add("regexp_match", [t, t], _regexp_match)
    s.add("regexp_match", [t, t, t], _regexp_match)
    s.add("regexp_split_to_array", [t, t], _regexp_split)
    s.plain("encode", [BYTEA, t], t, "pg_encode({0}, {1})")
    s.plain("decode", [t, t], BYTEA, "pg_decode({0}, {1})")
    s.plain("convert_to", [t, t], BYTEA, "pg_convert_to({0}, {1})")
    s.plain("convert_from", [BYTEA, t], t, "pg_convert_from({0}, {1})")
    for pg in (NUMERIC, INT4, INT8):
        s.add("to_char", [pg, t], _to_char)


_register_texts()
_register_rest()
