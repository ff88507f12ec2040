# ruff: noqa: E501  (tables of cases)
"""PostgreSQL's lexical rules and precedence, where a general SQL parser goes wrong silently."""

from __future__ import annotations

import pytest
from sqlglot import exp

from catalog.errors import FeatureNotSupported, SqlError
from engine.dialect import parse
from engine.dialect.intervals import parse_interval
from engine.values.intervals import Interval


def value(sql: str) -> exp.Expression:
    node: exp.Expression = parse(f"SELECT {sql}").expressions[0]
    return node


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1_000", "1000"), ("0x1F", "31"), ("0b101", "5"), ("0o17", "15"), ("1.5e3", "1.5e3"), (".5", ".5"), ("5.", "5."),
        ("'it''s'", "it's"), (r"E'a\nb\x41\u00e9'", "a\nbAé"), (r"U&'d\0061t\+000061'", "data"), ("$$a'b$$", "a'b"),
        ("$x$ $$ $x$", " $$ "), ("'a'\n 'b'", "ab"), ("N'x'", "x"), (r"'a\b'", r"a\b"),
    ],
)  # fmt: skip
def test_literals(text: str, found: str) -> None:
    node = value(text)
    assert isinstance(node, exp.Literal) and node.name == found


@pytest.mark.parametrize(
    ("sql", "code", "position"),
    [
        ("SELECT 1 FROM", "42601", 14),
        ("SELECT 'a", "42601", 8),
        ('SELECT "a', "42601", 8),
        ("SELECT 1 + , 2", "42601", 12),
        ("SELECT 123abc", "42601", 8),
        ("SELECT a FROM t WHERE", "42601", 22),
        ("SELECT 1 1", "42601", 10),
        ("SELECT $1x", "42601", None),
        ("SELECT /* a", "42601", 8),
        ("SELECT a < b < c", "42601", 14),
        ("SELECT \"\"", "42601", 8),
        (r"SELECT E'\u0000'", "42601", 10),
    ],
)  # fmt: skip
def test_errors_have_a_position(sql: str, code: str, position: int | None) -> None:
    with pytest.raises(SqlError) as caught:
        tree = parse(sql)
        pytest.fail(repr(tree))
    assert caught.value.code == code
    if position is not None:
        assert caught.value.position == position


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("-2 ^ 2", "(-2) ^ 2"), ("a || b + c", "a || (b + c)"), ("a = b AND NOT c = d OR e", "((a = b) AND (NOT (c = d))) OR e"),
        ("-1::int2", "-(1::int2)"), ("a ~ b || c", "(a ~ b) || c"), ("2 ^ 3 ^ 2", "(2 ^ 3) ^ 2"), ("a < b IS NULL", "(a < b) IS NULL"),
        ("a BETWEEN b AND c AND d", "(a BETWEEN b AND c) AND d"), ("a IN (1) = b", None), ("NOT a IS NULL", "NOT (a IS NULL)"),
        ("a - b - c", "(a - b) - c"), ("a AT TIME ZONE b + c", "(a AT TIME ZONE b) + c"), ("@ -5", "@ (-5)"),
        ("a LIKE b || c", "a LIKE (b || c)"), ("x::int[]", "(x)::int[]"), ("a OR b AND c", "a OR (b AND c)"),
    ],
)  # fmt: skip
def test_precedence(text: str, same: str | None) -> None:
    if same is None:
        value(text)
        return

    def without(sql: str) -> str:
        node = value(sql)
        while (paren := next(iter(node.find_all(exp.Paren)), None)) is not None:
            if paren is node:
                node = paren.this
            else:
                paren.replace(paren.this)
        return repr(node)

    assert without(text) == without(same)


@pytest.mark.parametrize(
    "sql",
    ["SELECT b'101'", "SELECT x'1F'", "SELECT 1 FROM a FOR UPDATE", "SELECT 1 INTO t", "SELECT xmlparse(DOCUMENT 'a')"],
)
def test_refused_syntax(sql: str) -> None:
    with pytest.raises(FeatureNotSupported):
        parse(sql)


def test_functions_keep_their_names() -> None:
    for text in ("encode(x, 'hex')", "to_char(x, 'Dy DD')", "regexp_replace(a, 'b', 'c')", "date_trunc('month', x)"):
        node = value(text)
        assert isinstance(node, exp.Anonymous) and node.name == text.partition("(")[0]


def test_clauses_are_not_dropped() -> None:
    tree = parse("SELECT a FROM t ORDER BY a FETCH FIRST 2 ROWS WITH TIES")
    assert tree.args["limit"].args["limit_options"].args["with_ties"]
    window = parse("SELECT sum(a) OVER (ORDER BY b ROWS 1 PRECEDING EXCLUDE TIES) FROM t").find(exp.WindowSpec)
    assert window is not None and window.args["exclude"].name == "TIES"
    cast = value("x::timestamptz(3)")
    assert cast.args["to"].meta["pg"].typmod == 3


def test_a_parsed_tree_is_the_callers_own() -> None:
    first = parse("SELECT a FROM t")
    first.find(exp.Table).set("this", exp.to_identifier("changed"))
    assert parse("SELECT a FROM t").find(exp.Table).name == "t"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("3 weeks 04:30", (0, 21, 16_200_000_000)), ("4 hours ago", (0, 0, -14_400_000_000)), ("1 year 2 mons -3 days", (14, -3, 0)),
        ("P1Y2M3DT4H", (14, 3, 14_400_000_000)), ("1.5 months", (1, 15, 0)), ("-1 day +02:03", (0, -1, 7_380_000_000)),
        ("1-2", (14, 0, 0)), ("0.5 days", (0, 0, 43_200_000_000)), ("@ 1 minute", (0, 0, 60_000_000)), ("1:30", (0, 0, 5_400_000_000)),
    ],
)  # fmt: skip
def test_intervals(text: str, parts: tuple[int, int, int]) -> None:
    assert parse_interval(text) == Interval(*parts)


@pytest.mark.parametrize("text", ["", "x", "1 foo", "1 day 2 days x", "--1 day", "1 1 1"])
def test_bad_intervals(text: str) -> None:
    with pytest.raises(SqlError) as caught:
        parse_interval(text)
    assert caught.value.code == "22007"
