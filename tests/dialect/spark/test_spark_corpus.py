"""Every statement of the embedded engine's corpus on Spark: PostgreSQL's answer, or a refusal that `refused.txt` lists.

`KADALI_RECORD_REFUSALS=1` writes the list anew: a diff of it shows what is newly refused or answered.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.dialect.oracle import Oracle, statements
from tests.dialect.spark.verdicts import Case, verdicts

CORPUS = Path(__file__).parents[1] / "corpus"
TOPICS = sorted(path.stem for path in CORPUS.glob("*.sql") if path.stem != "tpch")
REFUSED = Path(__file__).parent / "refused.txt"


def _one_line(sql: str) -> str:
    return " ".join(sql.split())


def _listed(topic: str) -> set[str]:
    lines = REFUSED.read_text().splitlines() if REFUSED.exists() else []
    return {line.removeprefix(f"{topic}: ") for line in lines if line.startswith(f"{topic}: ")}


def _record(topic: str, refused: set[str]) -> None:
    kept = [line for line in REFUSED.read_text().splitlines() if not line.startswith(f"{topic}: ")]
    REFUSED.write_text("\n".join(sorted([*kept, *(f"{topic}: {sql}" for sql in refused)])) + "\n")


def _cases(topic: str) -> list[Case]:
    return [
        Case(f"{topic}.sql:{line}", sql, approximate="approximate" in marks)
        for line, sql, marks in statements(CORPUS / f"{topic}.sql")
    ]


def _check(oracle: Oracle, topic: str, *, record: bool = False) -> None:
    wrong, refused = [], {}
    for case, verdict in verdicts(oracle, _cases(topic)):
        if verdict.kind == "refused":
            refused[_one_line(case.sql)] = verdict.why
        elif verdict.kind not in ("equal", "both fail"):
            wrong.append(f"{case.name}: {verdict.kind}: {verdict.why}\n  {case.sql}")
    assert not wrong, "\n".join(wrong)
    if record and os.environ.get("KADALI_RECORD_REFUSALS"):
        _record(topic, set(refused))
    listed = _listed(topic)
    new = [f"newly refused: {sql}\n  {why}" for sql, why in refused.items() if sql not in listed]
    gone = [f"answered now: {sql}" for sql in sorted(listed - refused.keys())]
    assert not new + gone, "\n".join(new + gone)


@pytest.mark.parametrize("topic", TOPICS)
def test_topic(spark_oracle: Oracle, topic: str) -> None:
    _check(spark_oracle, topic, record=True)


def test_times_in_a_zone_that_changes_its_clocks(spark_oracle: Oracle) -> None:
    spark_oracle.time_zone = "America/New_York"
    spark_oracle.connection.execute("SET TimeZone = 'America/New_York'")
    try:
        _check(spark_oracle, "times")
    finally:
        spark_oracle.time_zone = "UTC"
        spark_oracle.connection.execute("SET TimeZone = 'UTC'")


def test_refusals_are_the_exception() -> None:
    """Most of the corpus runs on Spark."""
    total = sum(1 for topic in TOPICS for _ in statements(CORPUS / f"{topic}.sql"))
    assert len(REFUSED.read_text().splitlines()) < total // 5
