"""Where Spark goes its own way: each statement has PostgreSQL's answer, or is one of the few that are refused."""

from __future__ import annotations

from pathlib import Path

from tests.dialect.oracle import Oracle, statements
from tests.dialect.spark.verdicts import Case, verdicts

TRAPS = Path(__file__).parent / "traps.sql"


def test_traps(spark_oracle: Oracle) -> None:
    marked = [(Case(f"traps.sql:{line}", sql), marks) for line, sql, marks in statements(TRAPS)]
    wrong = []
    for (case, marks), (_, verdict) in zip(marked, verdicts(spark_oracle, [c for c, _ in marked]), strict=True):
        expected = ("refused",) if "refused" in marks else ("equal", "both fail")
        if verdict.kind not in expected:
            wrong.append(f"{case.name}: {verdict.kind}: {verdict.why}\n  {case.sql}")
    assert not wrong, "\n".join(wrong)
