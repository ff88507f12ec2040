"""Every statement of the corpus: the same rows, order, types, text and SQLSTATE as PostgreSQL, or a listed refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialect.oracle import Oracle, judge, statements

FOLDER = Path(__file__).parent / "corpus"
TOPICS = sorted(path.stem for path in FOLDER.glob("*.sql") if path.stem != "tpch")


@pytest.mark.parametrize("topic", TOPICS)
def test_topic(oracle: Oracle, topic: str) -> None:
    wrong = []
    for line, sql, marks in statements(FOLDER / f"{topic}.sql"):
        verdict = judge(oracle, sql, approximate="approximate" in marks)
        expected = ("refused",) if "refused" in marks else ("equal", "both fail")
        if verdict.kind not in expected:
            wrong.append(f"{topic}.sql:{line}: {verdict.kind}: {verdict.why}\n  {sql}")
    assert not wrong, "\n".join(wrong)


def test_times_in_a_zone_that_changes_its_clocks(oracle: Oracle) -> None:
    oracle.time_zone = "America/New_York"
    oracle.connection.execute("SET TimeZone = 'America/New_York'")
    try:
        test_topic(oracle, "times")
    finally:
        oracle.time_zone = "UTC"
        oracle.connection.execute("SET TimeZone = 'UTC'")


def test_the_corpus_is_large_enough() -> None:
    assert sum(1 for topic in TOPICS for _ in statements(FOLDER / f"{topic}.sql")) >= 400
