"""Constants of a session: whether a translation has read a time, and so holds for one statement only."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlglot

from catalog.types import INT8, TIMESTAMPTZ, PgType
from engine import dialect
from engine.base import Field
from engine.dialect.session import SessionConstants, WatchedConstants


def _constants(year: int = 2026) -> SessionConstants:
    moment = datetime(year, 1, 2, tzinfo=UTC)
    return SessionConstants("ann", "ann", "shop", None, (), moment, moment)


@pytest.mark.parametrize(
    ("sql", "pg", "reads"),
    [
        ("SELECT a FROM v", INT8, False),
        ("SELECT now() FROM v", TIMESTAMPTZ, True),
        ("SELECT 'now'::timestamptz FROM v", TIMESTAMPTZ, True),
        ("SELECT a FROM v WHERE now() > '2020-01-01'::timestamptz", INT8, True),
    ],
)
def test_times_are_noted(sql: str, pg: PgType, reads: bool) -> None:
    watched = WatchedConstants.of(_constants())
    tree: sqlglot.exp.Expression = dialect.parse(sql)
    plain = dialect.translate(tree, {"v": [("a", INT8)]}, [Field("c", pg)], [], _constants())
    assert dialect.translate(tree, {"v": [("a", INT8)]}, [Field("c", pg)], [], watched) == plain
    assert watched.times_read is reads


def test_equal_but_for_times() -> None:
    assert _constants(2020).without_times() == _constants(2021).without_times()
    assert _constants() != _constants(2020)
