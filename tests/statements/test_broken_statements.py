"""Statements taken apart and put together wrongly: whatever the text, a grammar answers with an SqlError or a value."""

from __future__ import annotations

import random

import pytest

from catalog.errors import SqlError
from engine.dialect.scanner import tokenize
from sql_extensions.registry import specs
from sql_extensions.statement import recognise

MORE = (
    "UPDATE t SET (a, b) = ROW(1, DEFAULT) FROM u WHERE a IS DISTINCT FROM b RETURNING *",
    "INSERT INTO t (a) VALUES (1), ((2)) RETURNING *",
    "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
    "WITH x AS (SELECT 1) SELECT a INTO t FROM x",
    "COPY (SELECT 1) TO STDOUT (FORMAT csv, HEADER)",
    "CREATE TABLE t (a int, PRIMARY KEY (a)) PARTITIONED BY (a)",
    "CREATE VIEW v (a, b) AS SELECT 1, 2",
    "ALTER TABLE t ADD COLUMN a int, ALTER b SET NOT NULL",
)
ODD = ("(", ")", ",", "=", "::", "'x'", "1", '"q"', "$1", "ROW", "DEFAULT", ";", "SELECT", "INTO")


def _pieces(sql: str) -> list[str]:
    try:
        return [sql[token.start : token.end] for token in tokenize(sql)]
    except SqlError:
        return []


@pytest.mark.parametrize("seed", range(8))
def test_no_text_breaks_a_grammar(seed: int) -> None:
    chance = random.Random(seed)
    whole = [pieces for sql in (*MORE, *(sql for spec in specs() for sql in spec.examples)) if (pieces := _pieces(sql))]
    words = [word for pieces in whole for word in pieces] + list(ODD)
    for _ in range(1500):
        pieces = list(chance.choice(whole))
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(pieces) + 1)
            match chance.randrange(4):
                case 0:
                    del pieces[at : at + 1]
                case 1:
                    pieces.insert(at, chance.choice(words))
                case 2:
                    pieces[at : at + 1] = [chance.choice(words)]
                case _:
                    del pieces[at:]
        sql = " ".join(pieces)
        try:
            recognise(sql)
        except SqlError as error:
            assert error.position is None or 0 < error.position <= len(sql) + 1, sql
        except Exception as error:
            raise AssertionError(f"{error!r} for: {sql}") from error
