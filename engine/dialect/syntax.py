"""How a target spells what is else the same in every SQL: types, names, texts, parameters, lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from catalog.types import PgType
from engine.dialect.value import Value


class Syntax(Protocol):
    """The spelling of one engine, and which clauses it has."""

    macros: bool
    """Whether `pg_` functions may be macros, which repeat their arguments."""
    distinct_on: bool
    """Whether SELECT DISTINCT ON is known; else it becomes row_number()."""
    materialized_words: bool
    """Whether WITH ... AS [NOT] MATERIALIZED is known."""
    unordered_numbers: bool
    """Whether row_number() OVER () counts rows as they come."""
    groups_keep_zeros: bool
    """Whether a group of -0 shows -0; else the key is shown by an aggregate."""
    sorts_anything: bool
    """Whether ORDER BY beside GROUP BY takes any expression; else sort keys become columns of a subquery."""
    total_of_nothing: bool
    """Whether ROLLUP, CUBE and the grouping set () give their row over no rows, as they should."""
    grouping_of_many: bool
    """Whether grouping() takes several arguments."""
    recursive_union: bool
    """Whether WITH RECURSIVE takes UNION besides UNION ALL."""
    three_valued_in: bool
    """Whether IN (subquery) is NULL where SQL says so wherever it stands; else only as a term of WHERE."""
    ordered_frames: bool
    """Whether GROUPS, EXCLUDE and RANGE with an offset are known in windows."""
    quantified_queries: bool
    """Whether op ANY | ALL (subquery) is known for other operators than = ANY and <> ALL."""

    sets_in_lists: bool
    """Whether set-returning functions may stand in a select list, several side by side; else `generator` gives rows."""

    def type_name(self, pg: PgType, shape: tuple[int, int] | None = None) -> str:
        """The engine's type of the inner form of a PostgreSQL type."""
        ...

    def string(self, text: str) -> str:
        """`text` as a literal, safe for any character."""
        ...

    def unpadded(self, sql: str) -> str:
        """A text without its trailing blanks."""
        ...

    def named(self, sql: str, name: str) -> str:
        """An item of a select list under a generated name."""
        ...

    def quote(self, name: str) -> str: ...

    def parameter(self, index: int, pg: PgType) -> Value:
        """Parameter $index in the inner form of `pg`."""
        ...

    def negative(self, sql: str) -> str:
        """A number with its sign turned round."""
        ...

    def listed(self, texts: Sequence[str]) -> str:
        """An array of expressions."""
        ...

    def mapped(self, sql: str, variable: str, body: str) -> str:
        """`body` for each element of an array."""
        ...

    def once(self, variable: str, source: str, body: str) -> str:
        """`body`, in which `variable` stands for `source`, computed once."""
        ...

    def quantified(self, sql: str, variable: str, test: str, *, every: bool) -> str:
        """Whether `test` holds for any (every) element of an array, with SQL's three values."""
        ...

    def sortable(self, array: str) -> str:
        """An array so that it sorts as PostgreSQL's: NULL elements last."""
        ...

    def row_count(self, word: str, v: Value) -> str:
        """A count of LIMIT or OFFSET (`word` in lower case) that is no constant; negative ones raise 2201W, 2201X."""
        ...

    def key(self, v: Value) -> str:
        """What to compare, order and group by, of a value that is neither numeric, json nor array."""
        ...

    def generator(self, sets: Sequence[str], *, numbered: bool) -> str:
        """The rows of set-returning functions side by side, each after its number from 0 if `numbered`."""
        ...
