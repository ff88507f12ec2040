"""PostgreSQL's type lattice: categories, implicit casts, the common type of several, and overload resolution.

Source: pg_type, pg_cast and documentation chapter 10 of version 16. Knows nothing of DuckDB.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from catalog.types import (
    BOOL,
    BPCHAR,
    BY_OID,
    DATE,
    ELEMENT_OF,
    FLOAT4,
    FLOAT8,
    INT2,
    INT4,
    INT8,
    INTERVAL,
    NUMERIC,
    OID,
    TEXT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    UNKNOWN,
    VARCHAR,
    PgType,
)

ANYELEMENT, ANYARRAY, ANY = 2283, 2277, 2276
"""Pseudo-types in signatures: any type, any array, and any type at all (also unknown)."""
NAME = 19
TEXTS = frozenset({TEXT.oid, VARCHAR.oid, BPCHAR.oid, NAME, 18})
INTEGERS = (INT2.oid, INT4.oid, INT8.oid)
FLOATS = frozenset({FLOAT4.oid, FLOAT8.oid})
NUMBERS = frozenset({*INTEGERS, *FLOATS, NUMERIC.oid})
_CATEGORY = {
    **dict.fromkeys((*NUMBERS, OID.oid), "N"),
    **dict.fromkeys(TEXTS, "S"),
    **dict.fromkeys((DATE.oid, TIME.oid, TIMESTAMP.oid, TIMESTAMPTZ.oid, 1266), "D"),
    INTERVAL.oid: "T",
    BOOL.oid: "B",
    UNKNOWN.oid: "X",
}
_PREFERRED = frozenset({BOOL.oid, FLOAT8.oid, TEXT.oid, TIMESTAMPTZ.oid, INTERVAL.oid, OID.oid})
_IMPLICIT: dict[int, frozenset[int]] = {
    INT2.oid: frozenset({INT4.oid, INT8.oid, NUMERIC.oid, FLOAT4.oid, FLOAT8.oid, OID.oid}),
    INT4.oid: frozenset({INT8.oid, NUMERIC.oid, FLOAT4.oid, FLOAT8.oid, OID.oid}),
    INT8.oid: frozenset({NUMERIC.oid, FLOAT4.oid, FLOAT8.oid, OID.oid}),
    NUMERIC.oid: frozenset({FLOAT4.oid, FLOAT8.oid}),
    FLOAT4.oid: frozenset({FLOAT8.oid}),
    DATE.oid: frozenset({TIMESTAMP.oid, TIMESTAMPTZ.oid}),
    TIMESTAMP.oid: frozenset({TIMESTAMPTZ.oid}),
    TIME.oid: frozenset({INTERVAL.oid, 1266}),
    VARCHAR.oid: frozenset({TEXT.oid, BPCHAR.oid}),
    TEXT.oid: frozenset({BPCHAR.oid, VARCHAR.oid}),
    BPCHAR.oid: frozenset({TEXT.oid, VARCHAR.oid}),
    NAME: frozenset({TEXT.oid}),
    18: frozenset({TEXT.oid}),
}


def category(oid: int) -> str:
    """PostgreSQL's typcategory; U for what has none of its own."""
    return "A" if oid in ELEMENT_OF else _CATEGORY.get(oid, "U")


def is_preferred(oid: int) -> bool:
    return oid in _PREFERRED


def casts_implicitly(source: int, target: int) -> bool:
    if source in (target, UNKNOWN.oid) or target == ANY:
        return True
    if target == ANYELEMENT:
        return source != UNKNOWN.oid
    if target == ANYARRAY:
        return source in ELEMENT_OF
    if source in ELEMENT_OF and target in ELEMENT_OF:
        return casts_implicitly(ELEMENT_OF[source], ELEMENT_OF[target])
    return target in _IMPLICIT.get(source, frozenset())


def common_type(types: Sequence[PgType]) -> PgType | None:
    """The type of UNION, CASE, VALUES and the like (documentation 10.5); None if there is none."""
    if all(t == types[0] for t in types) and types[0].oid != UNKNOWN.oid:
        return types[0]
    known = [t for t in types if t.oid != UNKNOWN.oid]
    if not known:
        return TEXT
    chosen = known[0].oid
    for t in known[1:]:
        if t.oid == chosen:
            continue
        if category(t.oid) != category(chosen):
            return None
        if not is_preferred(chosen) and casts_implicitly(chosen, t.oid) and not casts_implicitly(t.oid, chosen):
            chosen = t.oid
    if not all(casts_implicitly(t.oid, chosen) for t in known):
        return None
    typmods = {t.typmod if t.oid == chosen else -1 for t in types}
    return PgType(chosen, typmods.pop() if len(typmods) == 1 else -1)


def common_number(left: int, right: int) -> int:
    """The type in which PostgreSQL computes or compares two numbers of these types."""
    if left == right:
        return left
    if left in FLOATS or right in FLOATS:
        return FLOAT8.oid
    if NUMERIC.oid in (left, right):
        return NUMERIC.oid
    return max(left, right, key=INTEGERS.index)


class Signature(Protocol):
    """Something with argument types to choose from."""

    @property
    def arguments(self) -> tuple[int, ...]: ...


Candidate = TypeVar("Candidate", bound=Signature)


def choose(candidates: Sequence[Candidate], types: Sequence[int]) -> Candidate | None:
    """PostgreSQL's func_select_candidate (documentation 10.3); None if nothing fits or it is ambiguous."""
    for candidate in candidates:
        if candidate.arguments == tuple(types):
            return candidate
    fitting = [c for c in candidates if all(map(casts_implicitly, types, c.arguments))]
    if len(fitting) <= 1:
        return fitting[0] if fitting else None
    exact = [
        sum(
            t == a or (a in (ANYELEMENT, ANYARRAY) and t != UNKNOWN.oid)
            for t, a in zip(types, c.arguments, strict=True)
        )
        for c in fitting
    ]
    fitting = [c for c, score in zip(fitting, exact, strict=True) if score == max(exact)]
    if len(fitting) == 1:
        return fitting[0]
    preferred = [
        sum(t == a or (t != UNKNOWN.oid and _prefers(t, a)) for t, a in zip(types, c.arguments, strict=True))
        for c in fitting
    ]
    fitting = [c for c, score in zip(fitting, preferred, strict=True) if score == max(preferred)]
    if len(fitting) == 1:
        return fitting[0]
    return _by_unknowns(fitting, types)


def _prefers(source: int, target: int) -> bool:
    return is_preferred(target) and category(source) == category(target)


def _by_unknowns(candidates: Sequence[Candidate], types: Sequence[int]) -> Candidate | None:
    for at, source in enumerate(types):
        if source != UNKNOWN.oid:
            continue
        categories = {category(c.arguments[at]) for c in candidates}
        wanted = "S" if "S" in categories else next(iter(categories)) if len(categories) == 1 else None
        if wanted is None:
            break
        kept = [c for c in candidates if category(c.arguments[at]) == wanted]
        best = [c for c in kept if is_preferred(c.arguments[at])]
        candidates = best or kept
    if len(candidates) == 1:
        return candidates[0]
    known = {t for t in types if t != UNKNOWN.oid}
    if len(known) == 1:
        same = known.pop()
        kept = [c for c in candidates if all(casts_implicitly(same, a) for a in c.arguments)]
        if len(kept) == 1:
            return kept[0]
    return None


def array_oid(element: int) -> int:
    """The array type over an element type; 0 if it has none."""
    return BY_OID[element].array_oid if element in BY_OID else 0
