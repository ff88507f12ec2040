# ruff: noqa: E501  (tables of cases)
"""Random statements, typed so that PostgreSQL accepts most of them. The seed decides everything."""

from __future__ import annotations

import random

COLUMNS = {
    "people p": {
        "int4": ["p.id", "p.boss"], "int2": ["p.age"], "int8": ["p.big"], "numeric": ["p.balance", "p.amount"], "float8": ["p.score"],
        "float4": ["p.ratio"], "text": ["p.name", "p.nick"], "bpchar": ["p.code"], "bool": ["p.active"], "date": ["p.born"],
        "timestamp": ["p.seen"], "timestamptz": ["p.logged"], "time": ["p.wake"], "ints": ["p.nums"], "texts": ["p.tags"],
    },
    "sales s": {
        "int4": ["s.id", "s.person", "s.qty"], "numeric": ["s.price", "s.discount"], "float8": ["s.weight"], "text": ["s.item"],
        "bpchar": ["s.region"], "date": ["s.sold"], "timestamp": ["s.at"],
    },
}  # fmt: skip
LITERALS = {
    "int4": ["0", "1", "2", "-3", "7", "100", "32767", "2147483647"],
    "int2": ["1::int2", "3::int2", "-2::int2"],
    "int8": ["5::int8", "3000000000", "-1::int8"],
    "numeric": ["0.5", "1.50", "-2.25", "3.0", "100.001", "0.1", "1e3", "0.000001"],
    "float8": ["0.5::float8", "1e10::float8", "-2.5::float8", "3::float8", "'NaN'::float8"],
    "float4": ["1.1::float4", "2::float4"],
    "text": ["'a'", "''", "'Ann'", "'zoë'", "'x y'", "'B'", "' pad '"],
    "bpchar": ["'ab'::char(5)", "'eu'::char(4)"],
    "bool": ["true", "false", "NULL::bool"],
    "date": ["date '2020-02-29'", "date '1999-12-31'", "date '2023-06-15'"],
    "timestamp": ["timestamp '2020-01-31 10:20:30.5'", "timestamp '2000-02-29'"],
    "timestamptz": ["timestamptz '2020-03-29 01:30:00+00'"],
    "time": ["time '10:20:30'", "time '23:59:59.5'"],
    "interval": ["interval '1 day'", "interval '1 month -2 days 03:04:05.6'", "interval '90 minutes'", "interval '-1 year'"],
    "ints": ["ARRAY[1, 2, 3]", "'{}'::int[]", "ARRAY[5, NULL]"],
    "texts": ["ARRAY['a', 'b']", "ARRAY['x', NULL]"],
}  # fmt: skip
# Result type -> templates with the types of their operands.
RULES: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "int4": [
        ("({} + {})", ("int4", "int4")), ("({} - {})", ("int4", "int2")), ("({} * {})", ("int4", "int4")), ("({} / {})", ("int4", "int4")),
        ("({} % {})", ("int4", "int4")), ("-{}", ("int4",)), ("abs({})", ("int4",)), ("length({})", ("text",)), ("length({})", ("bpchar",)),
        ("{}::int4", ("numeric",)), ("{}::int4", ("float8",)), ("{}::int4", ("bool",)), ("({} - {})", ("date", "date")), ("coalesce({}, {})", ("int4", "int4")),
        ("greatest({}, {})", ("int4", "int4")), ("CASE WHEN {} THEN {} ELSE {} END", ("bool", "int4", "int4")), ("nullif({}, {})", ("int4", "int4")),
        ("strpos({}, {})", ("text", "text")), ("ascii({})", ("text",)), ("cardinality({})", ("ints",)), ("{}[{}]", ("ints", "int4")), ("({} & {})", ("int4", "int4")),
        ("array_length({}, 1)", ("texts",)), ("octet_length({})", ("text",)), ("array_position({}, {})", ("ints", "int4")),
    ],
    "int2": [("({} + {})", ("int2", "int2")), ("({} * {})", ("int2", "int2")), ("({} / {})", ("int2", "int2")), ("{}::int2", ("int4",)), ("abs({})", ("int2",))],
    "int8": [("({} + {})", ("int8", "int4")), ("({} * {})", ("int8", "int8")), ("({} - {})", ("int4", "int8")), ("{}::int8", ("numeric",)), ("({} / {})", ("int8", "int4"))],
    "numeric": [
        ("({} + {})", ("numeric", "numeric")), ("({} - {})", ("numeric", "int4")), ("({} * {})", ("numeric", "numeric")), ("({} / {})", ("numeric", "numeric")),
        ("({} / {})", ("int4", "numeric")), ("({} % {})", ("numeric", "numeric")), ("round({}, 2)", ("numeric",)), ("round({})", ("numeric",)), ("trunc({}, 1)", ("numeric",)),
        ("ceil({})", ("numeric",)), ("floor({})", ("numeric",)), ("abs({})", ("numeric",)), ("-{}", ("numeric",)), ("{}::numeric", ("int4",)), ("{}::numeric(10,3)", ("numeric",)),
        ("coalesce({}, {})", ("numeric", "numeric")), ("coalesce({}, {})", ("numeric", "int4")), ("CASE WHEN {} THEN {} ELSE {} END", ("bool", "numeric", "int4")),
        ("greatest({}, {})", ("numeric", "numeric")), ("least({}, {})", ("numeric", "int4")), ("sign({})", ("numeric",)), ("extract(epoch FROM {})", ("interval",)),
        ("extract(second FROM {})", ("timestamp",)), ("extract(year FROM {})", ("date",)), ("{}::numeric", ("float8",)), ("sqrt(abs({}))", ("numeric",)), ("nullif({}, {})", ("numeric", "numeric")),
        ("mod({}, {})", ("numeric", "numeric")), ("div({}, {})", ("numeric", "numeric")), ("trim_scale({})", ("numeric",)),
    ],
    "float8": [
        ("({} + {})", ("float8", "float8")), ("({} * {})", ("float8", "int4")), ("({} / {})", ("float8", "float8")), ("({} - {})", ("float8", "numeric")),
        ("{}::float8", ("numeric",)), ("{}::float8", ("int4",)), ("round({})", ("float8",)), ("floor({})", ("float8",)), ("abs({})", ("float8",)), ("({} + {})", ("float4", "float8")),
        ("CASE WHEN {} THEN {} ELSE {} END", ("bool", "float8", "int4")), ("trunc({})", ("float8",)), ("sign({})", ("float8",)), ("date_part('day', {})", ("timestamp",)),
    ],
    "float4": [("({} + {})", ("float4", "float4")), ("({} * {})", ("float4", "float4")), ("{}::float4", ("numeric",)), ("-{}", ("float4",))],
    "text": [
        ("({} || {})", ("text", "text")), ("({} || {})", ("text", "int4")), ("({} || {})", ("text", "numeric")), ("upper({})", ("text",)), ("lower({})", ("text",)), ("trim({})", ("text",)),
        ("substring({}, {}, 2)", ("text", "int4")), ("left({}, 2)", ("text",)), ("right({}, 2)", ("text",)), ("replace({}, {}, {})", ("text", "text", "text")),
        ("{}::text", ("int8",)), ("{}::text", ("numeric",)), ("{}::text", ("float8",)), ("{}::text", ("float4",)), ("{}::text", ("date",)), ("{}::text", ("timestamp",)), ("{}::text", ("interval",)),
        ("{}::text", ("bool",)), ("{}::text", ("bpchar",)), ("coalesce({}, {})", ("text", "text")), ("CASE WHEN {} THEN {} ELSE {} END", ("bool", "text", "text")), ("concat({}, {})", ("text", "float8")),
        ("reverse({})", ("text",)), ("split_part({}, 'n', 2)", ("text",)), ("lpad({}, 4, 'xy')", ("text",)), ("{}::text", ("ints",)), ("initcap({})", ("text",)), ("md5({})", ("text",)),
        ("{}[{}]", ("texts", "int4")), ("array_to_string({}, ',')", ("texts",)), ("{}::varchar(3)", ("text",)), ("to_char({}, 'YYYY-MM-DD HH24:MI:SS')", ("timestamp",)), ("{}::text", ("timestamptz",)),
    ],
    "bpchar": [("{}::char(3)", ("text",)), ("CASE WHEN {} THEN {} ELSE {} END", ("bool", "bpchar", "bpchar"))],
    "bool": [
        ("({} = {})", ("int4", "int4")), ("({} < {})", ("numeric", "numeric")), ("({} >= {})", ("numeric", "int4")), ("({} <> {})", ("text", "text")), ("({} < {})", ("text", "text")),
        ("({} > {})", ("float8", "numeric")), ("({} = {})", ("bpchar", "text")), ("({} <= {})", ("date", "timestamp")), ("({} AND {})", ("bool", "bool")), ("({} OR {})", ("bool", "bool")),
        ("(NOT {})", ("bool",)), ("({} IS NULL)", ("numeric",)), ("({} IS DISTINCT FROM {})", ("int4", "int4")), ("({} LIKE 'A%')", ("text",)), ("({} ILIKE '%N%')", ("text",)), ("({} ~ '^[a-m]')", ("text",)),
        ("({} BETWEEN {} AND {})", ("int4", "int4", "int4")), ("({} IN ({}, {}))", ("numeric", "numeric", "int4")), ("({} IS TRUE)", ("bool",)), ("({} = ANY ({}))", ("int4", "ints")), ("({} > {})", ("interval", "interval")),
        ("({} @> {})", ("ints", "ints")), ("(({}, {}) < ({}, {}))", ("int4", "text", "int4", "text")), ("({} = {})", ("float8", "float8")), ("({} < {})", ("timestamptz", "timestamp")), ("({} = {})", ("texts", "texts")),
        ("({} > {})", ("time", "time")),
    ],
    "date": [("({} + {})", ("date", "int2")), ("{}::date", ("timestamp",)), ("({} - {})", ("date", "int2")), ("greatest({}, {})", ("date", "date")), ("{}::date", ("timestamptz",))],
    "timestamp": [
        ("({} + {})", ("timestamp", "interval")), ("({} - {})", ("date", "interval")), ("date_trunc('month', {})", ("timestamp",)), ("{}::timestamp", ("date",)), ("{}::timestamp(0)", ("timestamp",)),
        ("({} + {})", ("date", "time")), ("date_trunc('hour', {})", ("timestamp",)), ("({} AT TIME ZONE 'Asia/Kolkata')", ("timestamptz",)), ("coalesce({}, {})", ("timestamp", "timestamp")),
    ],
    "timestamptz": [("({} + {})", ("timestamptz", "interval")), ("({} AT TIME ZONE 'America/New_York')", ("timestamp",)), ("date_trunc('day', {})", ("timestamptz",))],
    "time": [("({} + {})", ("time", "interval")), ("{}::time", ("timestamp",))],
    "interval": [
        ("({} + {})", ("interval", "interval")), ("({} * {})", ("interval", "int2")), ("({} - {})", ("timestamp", "timestamp")), ("(-{})", ("interval",)), ("({} / 3)", ("interval",)), ("age({}, {})", ("timestamp", "timestamp")),
        ("({} - {})", ("time", "time")), ("justify_interval({})", ("interval",)), ("({} * 0.5)", ("interval",)), ("({} - {})", ("timestamptz", "timestamptz")),
    ],
    "ints": [("({} || {})", ("ints", "int4")), ("{}[1:2]", ("ints",)), ("array_remove({}, {})", ("ints", "int4")), ("({} || {})", ("ints", "ints"))],
    "texts": [("({} || {})", ("texts", "text")), ("string_to_array({}, ' ')", ("text",)), ("{}[2:]", ("texts",))],
}  # fmt: skip
AGGREGATES = {
    "int8": ["count({int4})", "count(*)", "sum({int4})", "count(DISTINCT {text})"],
    "numeric": ["sum({numeric})", "avg({numeric})", "avg({int4})", "sum({int8})", "min({numeric})", "max({numeric})", "var_pop({int4})", "stddev({numeric})", "round(avg({numeric}), 2)"],
    "text": ["min({text})", "max({text})", "string_agg({text}, ',' ORDER BY {key})"],
    "date": ["min({date})", "max({date})"],
    "bool": ["bool_and({bool})", "bool_or({bool})"],
    "ints": ["array_agg({int4} ORDER BY {key})"],
    "float8": ["max({float8})", "min({float8})"],
}  # fmt: skip


class Generator:
    """A stream of statements."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.source = "people p"

    def expression(self, kind: str, depth: int) -> str:
        own = COLUMNS[self.source].get(kind, [])
        if depth <= 0 or (self.random.random() < 0.15 and own):
            pool = own * 3 + LITERALS[kind] if own else LITERALS[kind]
            return self.random.choice(pool)
        template, operands = self.random.choice(RULES.get(kind) or [("{}", (kind,))])
        made = [self.expression(o, depth - 1) for o in operands]
        if template.startswith("{}[") and made[0][:1] not in "(":
            made[0] = f"({made[0]})"
        if template.startswith("{}::") and not made[0].startswith(("(", "p.", "s.")):
            made[0] = f"({made[0]})"
        if template == "-{}":
            made[0] = f"({made[0]})"
        return template.format(*made)

    def statement(self) -> str:
        self.source = self.random.choice(list(COLUMNS))
        key = "p.id" if self.source == "people p" else "s.id"
        kinds = [k for k in RULES if k != "bpchar"]
        where = f" WHERE {self.expression('bool', 2)}" if self.random.random() < 0.5 else ""
        roll = self.random.random()
        if roll < 0.55:
            items = ", ".join(self.expression(self.random.choice(kinds), self.random.randint(1, 3)) for _ in range(2))
            return f"SELECT {key}, {items} FROM {self.source}{where} ORDER BY {key}"
        if roll < 0.8:
            group = self.expression(self.random.choice(["int4", "bool", "text", "date"]), 1)
            items = ", ".join(self._aggregate(key) for _ in range(2))
            return f"SELECT {group}, {items} FROM {self.source}{where} GROUP BY {group} ORDER BY 1"
        kind = self.random.choice(["int4", "text", "numeric", "float8", "date", "timestamp", "interval"])
        sort = self.expression(kind, 2)
        order = self.random.choice(["", " DESC", " NULLS FIRST", " DESC NULLS LAST"])
        if roll < 0.9:
            return f"SELECT {key} FROM {self.source}{where} ORDER BY {sort}{order}, {key} LIMIT 7"
        function = self.random.choice(
            [
                "row_number()",
                "rank()",
                f"sum({self.expression('int4', 1)})",
                f"lag({self.expression('text', 1)})",
                f"avg({self.expression('numeric', 1)})",
            ]
        )
        return f"SELECT {key}, {function} OVER (ORDER BY {sort}{order}, {key}) FROM {self.source}{where} ORDER BY {key}"

    def _aggregate(self, key: str) -> str:
        template = self.random.choice(self.random.choice(list(AGGREGATES.values())))
        kind = next((k for k in RULES if f"{{{k}}}" in template), None)
        made = {kind: self.expression(kind, 1)} if kind else {}
        return template.format(**made, key=key)
