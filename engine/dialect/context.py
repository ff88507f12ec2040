"""What a translation carries along: the session, parameters, relations, and a supply of names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from catalog.types import PgType
from engine.dialect.session import SessionConstants
from engine.dialect.target import Target
from engine.dialect.value import Value

_HEAVY = re.compile(r"\bSELECT\b|\brandom\(\)|\bgen_random_uuid\(\)")


def _is_heavy(sql: str) -> bool:
    """Whether it holds a subquery, or a function that answers anew at each place it stands."""
    return _HEAVY.search(sql) is not None


@dataclass(slots=True)
class Context:
    """One translation. `wide_sums`: compute also the terms of sums in 38 digits."""

    target: Target
    session: SessionConstants
    relations: Mapping[str, Sequence[tuple[str, PgType]]]
    params: Sequence[PgType]
    wide_sums: bool = False
    wide: bool = True
    """Whether products of decimals are computed in 38 digits here: not in the arguments of sum and avg."""
    no_rows: bool = False
    """Whether aggregates are to be written over no rows: see `totals`."""
    aliases: int = field(default=0)

    def alias(self) -> str:
        """A new name for a FROM item."""
        self.aliases += 1
        return f"r{self.aliases}"

    def once(self, arguments: Sequence[Value], emit: Callable[[list[Value]], Value]) -> Value:
        """`emit` of the arguments, where subqueries and random() among them are computed once however often they stand.

        Macros and checks repeat their arguments; a lambda gives such an argument a name.
        """
        found = emit(list(arguments))
        named = list(arguments)
        bound: list[tuple[str, str]] = []
        for i, v in enumerate(arguments):
            if v.row is None and v.inner is None and not _is_heavy(v.sql):
                continue
            if _is_heavy(v.sql) and self._repeats(found.sql, v.sql):
                self.aliases += 1
                bound.append((f"pg_v{self.aliases}", v.sql))
                named[i] = v.with_sql(bound[-1][0])
        if not bound or found.srf:
            return found
        found = emit(named)
        once = self.target.syntax.once
        sql, scale_sql = found.sql, found.scale_sql
        for name, source in bound:
            sql = once(name, source, sql)
            scale_sql = once(name, source, scale_sql) if scale_sql else None
        return replace(found.with_sql(sql), scale_sql=scale_sql)

    def _repeats(self, sql: str, part: str) -> bool:
        macros = self.target.syntax.macros and "pg_" in sql.replace(part, "")
        return sql.count(part) > 1 or macros

    def cast(self, v: Value, to: PgType, *, explicit: bool = False) -> Value:
        return self.target.casts.cast(v, to, self.session, explicit=explicit)
