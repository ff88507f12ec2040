"""Parameters of the engine's SQL: only those it names, numbered without gaps, as DuckDB wants them.

Parameters of time specifications and of function twins have done their work before the engine is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\d+)""")


def used_only(sql: str, params: Sequence[object]) -> tuple[str, tuple[object, ...]]:
    """`sql` and `params` without the parameters that `sql` does not name."""
    numbers = {int(match[1]) for match in _TOKEN.finditer(sql) if match[1] is not None}
    if len(numbers) == len(params):
        return sql, tuple(params)
    new = {old: index for index, old in enumerate(sorted(numbers), start=1)}

    def renumber(match: re.Match[str]) -> str:
        return match[0] if match[1] is None else f"${new[int(match[1])]}"

    return _TOKEN.sub(renumber, sql), tuple(params[old - 1] for old in sorted(numbers) if old <= len(params))
