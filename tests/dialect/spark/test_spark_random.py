"""Random typed expressions in whole statements on Spark: equal to PostgreSQL's answer, or refused, never different."""

from __future__ import annotations

import os

import pytest

from tests.dialect.generator import Generator
from tests.dialect.oracle import Oracle, fails_in_planning
from tests.dialect.spark.verdicts import Case, verdicts

STATEMENTS = int(os.environ.get("KADALI_RANDOM_STATEMENTS", "80"))


@pytest.mark.parametrize("seed", [21])
def test_statements(spark_oracle: Oracle, seed: int) -> None:
    generator = Generator(seed)
    cases = [Case(f"{seed}:{i}", generator.statement(), lenient=True) for i in range(STATEMENTS)]
    counts: dict[str, int] = {}
    wrong = []
    for case, verdict in verdicts(spark_oracle, cases):
        if verdict.kind == "different" and fails_in_planning(spark_oracle, case.sql):
            continue  # a constant that fails: docs/design/dialect.md, Departures
        counts[verdict.kind] = counts.get(verdict.kind, 0) + 1
        if verdict.kind == "different":
            wrong.append(f"{case.sql}\n  {verdict.why}")
    assert not wrong, "\n".join(wrong)
    assert counts.get("equal", 0) > STATEMENTS // 4, counts
