"""Whether a Spark query calls functions of our library (docker/spark/java), which other drivers may lack."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|`(?:[^`]|``)*`|\bpg_\w+\(", re.DOTALL)


def needs_library(sql: str) -> bool:
    """`sql` is the dialect's own text for Spark."""
    return any(match.group().startswith("pg_") for match in _TOKEN.finditer(sql))
