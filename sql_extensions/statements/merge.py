"""Insert, change and remove rows of a table by comparing it with others.

    MERGE INTO sales.customers c USING sales.changes n ON n.id = c.id
        WHEN MATCHED AND n.gone THEN DELETE
        WHEN MATCHED THEN UPDATE SET name = n.name
        WHEN NOT MATCHED THEN INSERT (id, name) VALUES (n.id, n.name)

As in PostgreSQL: of the clauses the first whose condition holds decides what is done with a row; a row that would be
changed twice is an error (21000). WHEN NOT MATCHED BY SOURCE, of later versions, is not supported. All of it is one
Delta commit, at the end of the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from catalog.errors import FeatureNotSupported
from engine.base import Action, Description, Result
from engine.dialect.scanner import Token
from sql_extensions import clauses, dml, merging, set_list
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.marking import refuse_volatile
from sql_extensions.merge_clauses import Kind, Merge, When
from sql_extensions.registry import TransactionRule

HEADS = (("MERGE",),)
SYNTAX = """[ WITH query_name AS ( ... ) [, ...] ]
MERGE INTO table [ [ AS ] alias ] USING { table | ( query ) } [ [ AS ] alias ] ON condition
    { WHEN MATCHED [ AND condition ] THEN
        { UPDATE SET { column = { expression | DEFAULT } } [, ...] | DELETE | DO NOTHING }
    | WHEN NOT MATCHED [ AND condition ] THEN
        { INSERT [ ( column [, ...] ) ] { VALUES ( { expression | DEFAULT } [, ...] ) | DEFAULT VALUES } | DO NOTHING }
    } [ ... ]"""
ACTION = Action.WRITE
TRANSACTION = TransactionRule.TRANSACTIONAL


def parse(c: Cursor) -> Merge:
    prefix = dml.take_prefix(c, "MERGE")
    c.expect("INTO")
    table_at, table, alias = dml.target_name(c, "USING")
    c.expect("USING")
    tokens = c.rest()
    on = clauses.find(tokens, "ON")
    if on is None or on == 0:
        dml.syntax_error(c.sql, tokens[0] if on == 0 else None)
    for _, token in clauses.top_level(tokens[:on]):
        if token.word == "JOIN" or token.text == ",":
            raise FeatureNotSupported(
                "MERGE with several sources is not supported",
                hint="Join them in a query: USING ( SELECT ... ) AS alias.",
                position=token.start + 1,
            )
    whens = [index for index, token in clauses.top_level(tokens) if token.word == "WHEN"]
    if not whens or whens[0] == on + 1:
        dml.syntax_error(c.sql, tokens[whens[0]] if whens else None)
    condition = tokens[on + 1 : whens[0]]
    refuse_volatile(condition, "MERGE")
    ends = [*whens[1:], len(tokens)]
    return Merge(
        prefix,
        table,
        table_at,
        alias,
        clauses.text(c.sql, tokens[:on]),
        clauses.text(c.sql, condition),
        tuple(_when(c.sql, tokens[start:end]) for start, end in zip(whens, ends, strict=True)),
    )


EXAMPLES: dict[str, object] = {
    "MERGE INTO s.t AS x USING u ON x.a = u.a WHEN MATCHED AND u.b THEN DELETE WHEN MATCHED THEN DO NOTHING": Merge(
        "",
        ("s", "t"),
        12,
        "x",
        "u",
        "x.a = u.a",
        (When(True, "u.b", Kind.DELETE), When(True, None, Kind.NOTHING)),
    ),
    "MERGE INTO t USING (SELECT 1 AS a) v ON t.a = v.a WHEN MATCHED THEN UPDATE SET b = 2, c = DEFAULT": Merge(
        "",
        ("t",),
        12,
        None,
        "(SELECT 1 AS a) v",
        "t.a = v.a",
        (When(True, None, Kind.UPDATE, assignments=(("b", "2"), ("c", None))),),
    ),
    "MERGE INTO t USING u ON t.a = u.a WHEN NOT MATCHED THEN INSERT (a, b) VALUES (u.a, DEFAULT)": Merge(
        "",
        ("t",),
        12,
        None,
        "u",
        "t.a = u.a",
        (When(False, None, Kind.INSERT, columns=("a", "b"), values=("u.a", None)),),
    ),
    "MERGE INTO t USING u WHEN MATCHED THEN DELETE": "42601 at 46",
    "MERGE INTO t USING u ON true": "42601 at 29",
    "MERGE INTO t USING u ON true WHEN MATCHED THEN INSERT DEFAULT VALUES": "42601 at 48",
    "MERGE INTO t USING u ON true WHEN NOT MATCHED BY SOURCE THEN DELETE": "0A000 at 47",
    "MERGE INTO t USING u JOIN v ON true ON true WHEN MATCHED THEN DELETE": "0A000 at 22",
}


def describe(stmt: Merge, ctx: Context) -> Description:
    return dml.describe(ctx)


def run(stmt: Merge, ctx: Context) -> Result:
    return merging.run(stmt, ctx)


def _when(sql: str, tokens: Sequence[Token]) -> When:
    """One clause, from its WHEN on."""
    c = Cursor(sql, tokens)
    c.expect("WHEN")
    matched = not c.take("NOT")
    c.expect("MATCHED")
    if c.at("BY"):
        raise FeatureNotSupported("WHEN NOT MATCHED BY ... is not supported", position=c.here())
    condition = None
    then = clauses.find(tokens, "THEN")
    if then is None:
        c.rest()
        c.fail("THEN")
    if c.take("AND"):
        part = c.upto(then)
        refuse_volatile(part, "MERGE")
        condition = clauses.text(sql, part)
    c.expect("THEN")
    if c.take("DO"):
        c.expect("NOTHING")
        c.end()
        return When(matched, condition, Kind.NOTHING)
    if matched and c.take("DELETE"):
        c.end()
        return When(matched, condition, Kind.DELETE)
    if matched:
        c.expect("UPDATE", "SET")
        return When(matched, condition, Kind.UPDATE, assignments=set_list.parse(sql, c.rest(), "MERGE"))
    return _insert(c, condition)


def _insert(c: Cursor, condition: str | None) -> When:
    c.expect("INSERT")
    columns = c.in_parentheses(lambda: c.comma_list(c.name)) if c.at("(") else None
    if c.take("OVERRIDING"):
        raise FeatureNotSupported("identity columns are not supported", position=c.here())
    if c.take("DEFAULT", "VALUES"):
        c.end()
        return When(False, condition, Kind.INSERT, columns=columns)
    c.expect("VALUES")
    tokens = c.rest()
    if len(tokens) < 3 or tokens[0].text != "(" or clauses.matching(tokens, 0) != len(tokens) - 1:
        dml.syntax_error(c.sql, tokens[0] if tokens else None)
    values = tuple(set_list.value(c.sql, part) for part in clauses.comma_parts(tokens[1:-1]))
    return When(False, condition, Kind.INSERT, columns=columns, values=values)
