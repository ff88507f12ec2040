"""Result formats per column over libpq, which knows one format for all columns of a result."""

from __future__ import annotations

from collections.abc import Sequence

_SAME_IN_BOTH = frozenset({18, 19, 25, 114, 142, 705, 1042, 1043, 2275})
"""Types whose text and binary forms are the same bytes: names, strings, json, xml."""


def one_format(sql: str, type_oids: Sequence[int], binary: Sequence[bool]) -> tuple[str, bool]:
    """(text, format to ask for) that give column i in binary or text as `binary[i]` says.

    Where formats really differ, the statement is wrapped: binary for all, the text columns made text by their types'
    own output functions. The wrapped columns have other names and origins, and only a SELECT can be wrapped.
    """
    matters = [oid not in _SAME_IN_BOTH for oid in type_oids]
    differing = {wanted for wanted, matter in zip(binary, matters, strict=True) if matter}
    if len(differing) <= 1:
        return sql, True in differing
    names = [f"c{number}" for number in range(len(type_oids))]
    shown = [
        f"CASE WHEN {name} IS DISTINCT FROM NULL THEN format('%s', {name}) END" if matter and not wanted else name
        for name, wanted, matter in zip(names, binary, matters, strict=True)
    ]
    body = sql.rstrip().removesuffix(";")
    return f"SELECT {', '.join(shown)} FROM (\n{body}\n) AS kadali_formats ({', '.join(names)})", True
