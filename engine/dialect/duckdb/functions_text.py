"""Rows of the function table: text and bytea."""

from __future__ import annotations

from catalog.types import BOOL, BYTEA, INT4, INT8, NUMERIC, TEXT, PgType
from engine.dialect import patterns
from engine.dialect.duckdb.casts import CASTS
from engine.dialect.duckdb.syntax import string
from engine.dialect.duckdb.tables import SCALARS
from engine.dialect.functions import Call, Emit
from engine.dialect.lattice import ANY
from engine.dialect.regex import rewrite
from engine.dialect.value import Value, refuse, value


def _concat(call: Call) -> Value:
    texts = [_loose_text(call, a) for a in call.arguments]
    return value(f"concat({', '.join(texts)})", TEXT)


def _concat_ws(call: Call) -> Value:
    texts = [_loose_text(call, a) for a in call.arguments]
    return value(f"concat_ws({', '.join(texts)})", TEXT)


def _loose_text(call: Call, v: Value) -> str:
    """concat's arguments: any type by its output; booleans as t and f; char(n) with its blanks."""
    if v.oid == BOOL.oid:
        return f"(CASE WHEN {v.sql} THEN 't' WHEN NOT {v.sql} THEN 'f' END)"
    if v.oid == 1042:
        return patterns.subject(call.context, v)
    if v.oid == 705:
        return call.context.cast(v, TEXT).sql
    return CASTS.text_sql(v, call.context.session)


def _format(call: Call) -> Value:
    template = call.arguments[0].literal
    if template is None:
        raise refuse("format() with a template that is not a literal")
    parts: list[str] = []
    at, used = 0, 0
    text = ""
    while at < len(template):
        if template[at] != "%":
            text += template[at]
            at += 1
            continue
        kind = template[at + 1 : at + 2]
        if kind == "%":
            text += "%"
        elif kind == "s":
            used += 1
            if used >= len(call.arguments):
                raise refuse("format() with too few arguments")
            parts += [string(text), f"coalesce({_loose_text(call, call.arguments[used])}, '')"]
            text = ""
        else:
            raise refuse(f"format() with %{kind}")
        at += 2
    parts.append(string(text))
    return value(f"({' || '.join(parts)})", TEXT)


def _length_bpchar(call: Call) -> Value:
    return value(f"CAST(length({call.sql(0)}) AS INTEGER)", INT4)


def _padded(call: Call) -> str:
    return patterns.subject(call.context, call.arguments[0])


def _octets_bpchar(call: Call) -> Value:
    return value(f"CAST(strlen({_padded(call)}) AS INTEGER)", INT4)


def _substring_regex(call: Call) -> Value:
    if call.arguments[1].is_null or call.arguments[0].is_null:
        return value("CAST(NULL AS VARCHAR)", TEXT)
    found = rewrite(_pattern(call, 1))
    if not found.deterministic:
        raise refuse("substring with a regular expression whose longest match is not its first")
    group = min(found.groups, 1)
    return value(f"pg_regex_find({call.sql(0)}, {string(found.text)}, {group})", TEXT)


def _pattern(call: Call, index: int) -> str:
    """The text of a literal argument (after its coercion to text)."""
    v = call.arguments[index]
    sql = v.sql
    if not (len(sql) >= 2 and sql[0] == "'" and sql[-1] == "'" and "'" not in sql[1:-1].replace("''", "")):
        raise refuse("a regular expression that is not a literal")
    return sql[1:-1].replace("''", "'")


def _flags(call: Call, index: int) -> tuple[bool, bool]:
    """(insensitive, global) of a flags argument."""
    if len(call.arguments) <= index:
        return False, False
    text = _pattern(call, index)
    if not set(text) <= set("gics"):
        raise refuse(f'the regular expression flags "{text}"')
    return "i" in text and "c" not in text, "g" in text


def _regexp_replace(call: Call) -> Value:
    insensitive, every = _flags(call, 3)
    found = rewrite(_pattern(call, 1), insensitive=insensitive)
    if not found.deterministic:
        raise refuse("regexp_replace with a regular expression whose longest match is not its first")
    if every and found.empty and _pattern(call, 1):
        raise refuse("regexp_replace of all matches of a regular expression that may match nothing")
    replacement = _pattern(call, 2)
    if "\\&" in replacement:
        replacement = replacement.replace("\\&", "\\0")
    option = ", 'g'" if every else ""
    return value(
        f"regexp_replace({call.sql(0)}, {string(found.text)}, {string(replacement)}{option})",
        TEXT,
    )


def _regexp_like(call: Call) -> Value:
    insensitive, _ = _flags(call, 2)
    found = rewrite(_pattern(call, 1), insensitive=insensitive)
    return value(f"regexp_matches({call.sql(0)}, {string(found.text)})", BOOL)


def _regexp_count(call: Call) -> Value:
    found = rewrite(_pattern(call, 1))
    if not found.deterministic:
        raise refuse("regexp_count with a regular expression whose longest match is not its first")
    if found.empty:
        raise refuse("regexp_count with a regular expression that may match nothing")
    return value(f"CAST(len(regexp_extract_all({call.sql(0)}, {string(found.text)})) AS INTEGER)", INT4)


def _regexp_match(call: Call) -> Value:
    insensitive, every = _flags(call, 2)
    if every:
        raise refuse("regexp_match with the g flag")
    found = rewrite(_pattern(call, 1), insensitive=insensitive)
    if not found.deterministic or found.groups > 1:
        raise refuse("regexp_match with this regular expression")
    return Value(f"pg_regex_match({call.sql(0)}, {string(found.text)}, {found.groups})", PgType(1009))


def _regexp_split(call: Call) -> Value:
    found = rewrite(_pattern(call, 1))
    if not found.deterministic or found.groups:
        raise refuse("regexp_split_to_array with this regular expression")
    if found.empty:
        raise refuse("regexp_split_to_array with a regular expression that may match nothing")
    return Value(f"regexp_split_to_array({call.sql(0)}, {string(found.text)})", PgType(1009))


def _to_hex(template: str) -> Emit:
    return lambda c: value(template.format(c.sql(0)), TEXT)


def _encode(call: Call) -> Value:
    return value(f"pg_encode({call.sql(0)}, {call.sql(1)})", TEXT)


def _substring(call: Call) -> Value:
    """substring by position. Constants in the usual range need no checks."""
    start, rest = call.arguments[1], call.arguments[2:]
    constants = [a.constant for a in call.arguments[1:]]
    if all(c is not None and c.isdigit() for c in constants) and start.constant != "0":
        return value(f"substring({', '.join([call.sql(0), *(c for c in constants if c is not None)])})", TEXT)
    name = "pg_substring_for" if rest else "pg_substring"
    return value(f"{name}({', '.join(a.sql for a in call.arguments)})", TEXT)


def _end(name: str) -> Emit:
    """left and right."""

    def emit(call: Call) -> Value:
        count = call.arguments[1].constant
        if count is not None and count.isdigit() and count != "0":
            return value(f"{name}({call.sql(0)}, {count})", TEXT)
        return value(f"pg_{name}({call.sql(0)}, {call.sql(1)})", TEXT)

    return emit


def _register() -> None:
    s = SCALARS
    t, i = TEXT, INT4
    s.plain("lower", [t], t, "pg_lower({0})")
    s.plain("upper", [t], t, "pg_upper({0})")
    s.plain("initcap", [t], t, "pg_initcap({0})")
    s.add("length", [PgType(1042)], _length_bpchar)
    s.add("char_length", [PgType(1042)], _length_bpchar)
    s.add("character_length", [PgType(1042)], _length_bpchar)
    for name in ("length", "char_length", "character_length"):
        s.plain(name, [t], i, "CAST(length({0}) AS INTEGER)")
    s.plain("length", [BYTEA], i, "CAST(octet_length({0}) AS INTEGER)")
    s.plain("octet_length", [t], i, "CAST(strlen({0}) AS INTEGER)")
    s.plain("octet_length", [BYTEA], i, "CAST(octet_length({0}) AS INTEGER)")
    s.add("octet_length", [PgType(1042)], _octets_bpchar)
    s.plain("bit_length", [t], i, "CAST(strlen({0}) * 8 AS INTEGER)")
    for name in ("substring", "substr"):
        s.add(name, [t, i], _substring)
        s.add(name, [t, i, i], _substring)
    s.add("substring", [t, t], _substring_regex)
    s.add("left", [t, i], _end("left"))
    s.add("right", [t, i], _end("right"))
    for name in ("ltrim", "rtrim", "btrim"):
        duck = "trim" if name == "btrim" else name
        s.plain(name, [t], t, f"{duck}({{0}}, ' ')")
        s.plain(name, [t, t], t, f"pg_{name}({{0}}, {{1}})")
    s.plain("lpad", [t, i], t, "pg_lpad({0}, {1}, ' ')")
    s.plain("lpad", [t, i, t], t, "pg_lpad({0}, {1}, {2})")
    s.plain("rpad", [t, i], t, "pg_rpad({0}, {1}, ' ')")
    s.plain("rpad", [t, i, t], t, "pg_rpad({0}, {1}, {2})")
    s.plain("repeat", [t, i], t, "repeat({0}, greatest({1}, 0))")
    s.plain("replace", [t, t, t], t, "pg_replace({0}, {1}, {2})")
    s.plain("reverse", [t], t, "pg_reverse({0})")
    s.plain("translate", [t, t, t], t, "pg_translate({0}, {1}, {2})")
    for name in ("position", "strpos"):
        s.plain(name, [t, t], i, "CAST(pg_strpos({0}, {1}) AS INTEGER)")
    s.plain("starts_with", [t, t], BOOL, "starts_with({0}, {1})")
    s.plain("split_part", [t, t, i], t, "pg_split_part({0}, {1}, {2})")
    s.plain("ascii", [t], i, "pg_ascii({0})")
    s.plain("chr", [i], t, "pg_chr({0})")


def _register_more() -> None:
    s = SCALARS
    t, i = TEXT, INT4
    s.plain("md5", [t], t, "md5({0})")
    s.plain("md5", [BYTEA], t, "md5({0})")
    s.plain("sha256", [BYTEA], BYTEA, "from_hex(sha256({0}))")
    s.plain("overlay", [t, t, i], t, "pg_overlay({0}, {1}, {2}, length({1}))")
    s.plain("overlay", [t, t, i, i], t, "pg_overlay({0}, {1}, {2}, {3})")
    s.plain("quote_literal", [t], t, "pg_quote_literal({0})")
    s.add("to_hex", [INT4], _to_hex("lower(pg_to_hex({0}, 32))"))
    s.add("to_hex", [INT8], _to_hex("lower(pg_to_hex({0}, 64))"))
    s.add("concat", [ANY], _concat, variadic=True)
    s.add("concat_ws", [TEXT, ANY], _concat_ws, variadic=True)
    s.add("format", [ANY], _format, variadic=True)
    s.add("regexp_replace", [t, t, t], _regexp_replace)
    s.add("regexp_replace", [t, t, t, t], _regexp_replace)
    s.add("regexp_like", [t, t], _regexp_like)
    s.add("regexp_like", [t, t, t], _regexp_like)
    s.add("regexp_count", [t, t], _regexp_count)
    s.add("regexp_match", [t, t], _regexp_match)
    s.add("regexp_match", [t, t, t], _regexp_match)
    s.add("regexp_split_to_array", [t, t], _regexp_split)
    s.add("encode", [BYTEA, t], _encode)
    s.plain("decode", [t, t], BYTEA, "pg_decode({0}, {1})")
    s.plain("convert_to", [t, t], BYTEA, "pg_convert_to({0}, {1})")
    s.plain("convert_from", [BYTEA, t], t, "pg_convert_from({0}, {1})")
    s.add("to_char", [NUMERIC, t], _to_char)
    for pg in (INT4, INT8):
        s.add("to_char", [pg, t], _to_char)


def _to_char(call: Call) -> Value:
    return value(f"pg_to_char_numeric({CASTS.text_sql(call.arguments[0], call.context.session)}, {call.sql(1)})", TEXT)


_register()
_register_more()
