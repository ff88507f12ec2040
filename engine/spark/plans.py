"""What Spark thinks of a query before it runs: its plan as text, and how large it expects the result to be."""

from __future__ import annotations

import re

from engine.spark.errors import without_paths
from engine.spark.proto import base_pb2 as connect
from engine.spark.relations import Bound
from engine.spark.session import ConnectSession

_Explain = connect.AnalyzePlanRequest.Explain
_STATISTICS = re.compile(r"Statistics\(sizeInBytes=([0-9.E+]+) ([KMGTPE]i)?B")
_UNITS = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


def explain(session: ConnectSession, bound: Bound, time_zone: str) -> str:
    """Spark's physical plan as text, without paths; raises SqlError."""
    return without_paths(_explained(session, bound, time_zone, _Explain.EXPLAIN_MODE_FORMATTED)).strip()


def estimate(session: ConnectSession, bound: Bound, time_zone: str) -> int:
    """Spark's estimate of the result in bytes: above the truth for most plans, far above for joins."""
    text = _explained(session, bound, time_zone, _Explain.EXPLAIN_MODE_COST)
    match = _STATISTICS.search(text)
    return int(float(match[1]) * 1024 ** _UNITS.index(match[2] or "")) if match is not None else 0


def _explained(session: ConnectSession, bound: Bound, time_zone: str, mode: _Explain.ExplainMode) -> str:
    request = connect.AnalyzePlanRequest(explain=_Explain(plan=bound.plan(), explain_mode=mode))
    return session.analyze(request, time_zone).explain.explain_string
