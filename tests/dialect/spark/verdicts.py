"""Verdicts on many statements: PostgreSQL answers one after the other, Spark several at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from catalog.errors import SqlError
from tests.dialect.oracle import Answer, Oracle, Rejected, Verdict, weigh

AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Case:
    """A statement, where it comes from, and how it is weighed (see `oracle.weigh`)."""

    name: str
    sql: str
    approximate: bool = False
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    case: Case
    ours: Answer | Future[Answer]
    theirs: Answer


def verdicts(oracle: Oracle, cases: Iterable[Case]) -> Iterator[tuple[Case, Verdict]]:
    """In the order of the cases."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [_ask(oracle, pool, case) for case in cases]
        for one in asked:
            if isinstance(one, _Asked):
                ours = one.ours if isinstance(one.ours, Answer) else one.ours.result()
                case = one.case
                yield case, weigh(case.sql, one.theirs, ours, approximate=case.approximate, lenient=case.lenient)
            else:
                yield one


def _ask(oracle: Oracle, pool: ThreadPoolExecutor, case: Case) -> _Asked | tuple[Case, Verdict]:
    try:
        described = oracle.describe(case.sql)
    except Rejected as error:
        return case, Verdict("invalid", str(error))
    ours: Answer | Future[Answer]
    try:
        text, reads = oracle.translate(case.sql, described)
        ours = pool.submit(oracle.run, text, reads, described)
    except SqlError as error:
        ours = Answer(None, error.code, error.message)
    oracle.describe(case.sql)
    return _Asked(case, ours, oracle.postgres())
