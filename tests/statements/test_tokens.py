"""The lexer and the cursor against PostgreSQL's own scanner."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.errors import SqlError
from engine.dialect.scanner import TokenKind, split, tokenize
from sql_extensions.cursor import Cursor
from sql_extensions.statement import recognise

quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _answer(oracle: psycopg.Connection[Any], sql: str) -> tuple[object, ...]:
    """What PostgreSQL says to one statement: a value and a name, or an error without its position."""
    try:
        cursor = oracle.execute(sql.encode())
        row = cursor.fetchone() if cursor.description else None
        return ("ok", row, cursor.description[0].name if cursor.description else None)
    except psycopg.Error as error:
        return (error.sqlstate, error.diag.message_primary)


def _spaced(sql: str) -> str | None:
    """The same tokens with a blank between each; None if we cannot read it."""
    try:
        return " ".join(sql[token.start : token.end] for token in tokenize(sql))
    except SqlError:
        return None


PIECES = st.sampled_from(
    [
        *"+-*/<>=~!@#%^&|`?()[],.:",
        "::",
        ":=",
        "=>",
        "..",
        "<=",
        "!=",
        "--x\n",
        "/*a/*b*/c*/",
        " ",
        "\n",
        "\t",
        "1",
        "23",
        "1.5",
        "1e5",
        "1e",
        "0x1F",
        "0x",
        "1_000",
        "1__0",
        ".5",
        "5.",
        "$1",
        "$1a",
        "a",
        "é",
        "a$b",
        "_x",
        '"Q r"',
        '"a""b"',
        'U&"d\\0061t"',
        "'s'",
        "E'a\\'b'",
        "'a''b'",
        "$$d$$",
        "$t$ $$ $t$",
        "B'01'",
        "x'1F'",
        "n'x'",
        "'a'\n'b'",
        "e",
        "SELECT",
        "AS",
    ]
)


@quick
@given(st.lists(PIECES, min_size=1, max_size=6).map("".join))
def test_tokens_are_postgres_tokens(oracle: psycopg.Connection[Any], text: str) -> None:
    """Blanks between the tokens we see change nothing for PostgreSQL, and what we refuse it refuses."""
    sql = f"SELECT {text}"
    spaced = _spaced(sql)
    original = _answer(oracle, sql)
    if spaced is None:
        assert original[0] != "ok"
    else:
        assert original == _answer(oracle, spaced)


_CHARACTERS = st.text(st.sampled_from("ab'\"\\$&%uUx0159nr t\né😀;-/*"), max_size=12)
_STRINGS = st.one_of(
    _CHARACTERS.map(lambda text: "'" + text.replace("'", "''") + "'"),
    _CHARACTERS.map(lambda text: "E'" + text.replace("'", "\\'") + "'"),
    _CHARACTERS.map(lambda text: "e'" + text.replace("'", "''") + "'"),
    _CHARACTERS.map(lambda text: "U&'" + text.replace("'", "''") + "'"),
    _CHARACTERS.map(lambda text: "$$" + text.replace("$", "") + "$$"),
    _CHARACTERS.map(lambda text: "$té1$" + text + "$té1$"),
    _CHARACTERS.map(lambda text: "N'" + text.replace("'", "''") + "'"),
    st.tuples(_CHARACTERS, _CHARACTERS).map(
        lambda pair: "'" + pair[0].replace("'", "''") + "' -- c\n '" + pair[1].replace("'", "''") + "'"
    ),
    st.sampled_from(["E'\\x41\\u0041\\U0001F600\\101\\8'", "U&'\\0041\\+01F600\\\\'", "E'\\uD83D\\uDE00'"]),
)


@quick
@given(_STRINGS)
def test_string_values(oracle: psycopg.Connection[Any], literal: str) -> None:
    answer = _answer(oracle, f"SELECT {literal}")
    try:
        tokens = tokenize(literal)
    except SqlError as error:
        trips = answer[0] == "22021" and not literal.isascii()  # PostgreSQL, over the position of an error of its own
        assert answer == (error.code, error.message) or trips or str(answer[1]).startswith("syntax error at or near")
        return
    if answer[0] == "ok":
        assert [token.kind for token in tokens] == [TokenKind.STRING]
        assert answer[1] == (tokens[0].text,)


_NAMES = st.one_of(
    st.text(st.sampled_from("aBzÉé_$0"), min_size=1, max_size=70).filter(lambda text: text[0] not in "$0"),
    st.text(st.sampled_from('aB"é \\;'), min_size=1, max_size=70).map(lambda text: '"' + text.replace('"', '""') + '"'),
    st.sampled_from(['U&"d\\0061t\\+000061"', 'u&"é"', '"' + "é" * 40 + '"', "é" * 40, "a" * 63 + "é"]),
)


@quick
@given(_NAMES)
def test_identifiers(oracle: psycopg.Connection[Any], name: str) -> None:
    answer = _answer(oracle, f"SELECT 1 AS {name}")
    if answer[0] == "ok":
        assert [token.text for token in tokenize(name)] == [answer[2]]


SCRIPTS = st.lists(
    st.sampled_from(
        ["SELECT 1", "SELECT ';'", "SELECT $$;$$", 'SELECT 1 AS ";"', "", " ", "-- ;\n", "/* ; */", "SELECT E'\\';'"]
    ),
    max_size=6,
).map(";".join)


@quick
@given(SCRIPTS)
def test_statements_are_split_as_postgres_does(oracle: psycopg.Connection[Any], script: str) -> None:
    results = oracle.pgconn.exec_(script.encode())
    assert results.status in (psycopg.pq.ExecStatus.TUPLES_OK, psycopg.pq.ExecStatus.EMPTY_QUERY)
    cursor = oracle.execute(script.encode())
    count = 0
    while True:
        count += cursor.description is not None
        if not cursor.nextset():
            break
    assert len(split(script)) == count


@pytest.mark.parametrize(
    "sql",
    [
        "SET",
        "SET x",
        "SET x = ",
        "SET x = -- c",
        "SET x =; SELECT 1",
        "SET x = select",
        "BEGIN x",
        "BEGIN READ",
        "SELECT 1; SET x TO a b; SELECT 2",
        "SHOW a b",
        "SHOW",
        "RESET a, b",
        "SAVEPOINT",
        "SAVEPOINT 'x'",
        "RELEASE",
        "ROLLBACK TO",
        "ABORT TO x",
        "COMMIT AND",
        "DECLARE c FOR SELECT 1",
        "DECLARE c CURSOR FOR BEGIN",
        "DECLARE c CURSOR FOR INSERT INTO t VALUES (1)",
        "DECLARE c CURSOR FOR",
        "FETCH",
        "FETCH 3",
        "FETCH ABSOLUTE FROM c",
        "FETCH c d",
        "FETCH 99999999999 c",
        "MOVE ALL",
        "CLOSE",
        "PREPARE p AS BEGIN",
        "PREPARE p () AS SELECT 1",
        "PREPARE p (int AS SELECT 1",
        "EXECUTE p (",
        "EXECUTE p ()",
        "DEALLOCATE",
        "DISCARD",
        "DISCARD x",
        "LISTEN *",
        "UNLISTEN",
        "NOTIFY x, 1",
        "LOCK",
        "LOCK a IN MODE",
        "SET TRANSACTION",
        "SET TRANSACTION READ ONLY,",
        "SET TRANSACTION ISOLATION LEVEL FAST",
        "SET SESSION CHARACTERISTICS AS x",
        "SET CONSTRAINTS ALL",
        "SET ROLE",
        "SET ROLE DEFAULT",
        "SET TIME ZONE",
        "SET TIME ZONE INTERVAL '1' DAY",
        "SET NAMES 1",
        "SET x.y.z = 'a",
        'SET "x',
        "SET x = /* a",
        "SET x = $$a",
        "foo bar",
        "SET x = 1a",
        "SET x = 1abc",
        "SET x = 0xg",
        "SET x = 0x",
        "SET x = 1e+",
        "SET x = 1__0",
        "SET x = $1a",
        "SET x = U&'\\00'",
        "SET x = E'\\u00'",
    ],
)
def test_errors_and_positions(oracle: psycopg.Connection[Any], sql: str) -> None:
    with pytest.raises(SqlError) as ours:
        recognise(sql)
    with pytest.raises(psycopg.Error) as theirs:
        oracle.execute(sql.encode())
    diag = theirs.value.diag
    expected = (diag.sqlstate, diag.message_primary, int(diag.statement_position or 0))
    assert (ours.value.code, ours.value.message, ours.value.position) == expected


@pytest.mark.parametrize(
    ("sql", "names"),
    [("a.b.c", ("a", "b", "c")), ('"A".b', ("A", "b")), ("x", ("x",))],
)
def test_cursor_names(sql: str, names: tuple[str, ...]) -> None:
    cursor = Cursor(sql, tokenize(sql))
    assert cursor.qualified_name() == names
    assert cursor.at_end()


@quick
@given(st.text(max_size=40))
def test_the_lexer_fails_only_with_syntax_errors(text: str) -> None:
    try:
        tokens = tokenize(text)
    except SqlError as error:
        assert error.code in ("42601", "22025", "22021")
        return
    ends = 0
    for token in tokens:
        assert ends <= token.start < token.end <= len(text)
        ends = token.end
