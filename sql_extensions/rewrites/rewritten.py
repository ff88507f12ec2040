"""A statement whose text has been edited twice: for PostgreSQL and for the engine, with the way back for positions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.names import always_quote
from catalog.types import PgType, format_type
from sql_extensions.rewrites.time_spec import TimeSpec


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A statement without its time specifications; `specs` is empty if it had none."""

    shadow_sql: str
    """Valid PostgreSQL: for Describe, EXPLAIN and rights."""
    engine_sql: str
    specs: tuple[TimeSpec, ...]
    params: tuple[tuple[int, PgType], ...]
    """Parameters that stand in specifications, and so not in `shadow_sql`: their type unless the client gave one."""
    _starts: tuple[int, ...]
    _origins: tuple[tuple[int, bool], ...]
    _source: tuple[str, int, int, tuple[Found, ...]]

    @property
    def source(self) -> str:
        """The whole string the client sent."""
        return self._source[0]

    def position(self, shadow_position: int) -> int:
        """Where a character of `shadow_sql` (counted from 1) stands in the string the client sent (from 1)."""
        at = shadow_position - 1
        index = max(bisect_right(self._starts, at) - 1, 0)
        origin, verbatim = self._origins[index]
        return origin + (at - self._starts[index] if verbatim else 0) + 1

    def shaped(self, shapes: Mapping[int, Sequence[tuple[str, PgType]]]) -> Rewritten:
        """The same, but `shadow_sql` has rows of these columns in the place of the tables of some specifications.

        For versions whose columns are not the table's current ones; the rights on those tables must be checked apart.
        """
        sql, start, end, found = self._source
        return build(sql, start, end, list(found), shapes)


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters `start` to `end` of the source become `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """A table with a specification: `[start, end)` is its name (or call), `alias` what must be written behind it."""

    spec: TimeSpec
    start: int
    end: int
    alias: str
    """` AS "name"`, or empty if the statement has an alias of its own."""
    renamed: bool
    """PostgreSQL needs another text than the one written."""
    others: tuple[Edit, ...]

    def shadow_edits(self, shape: Sequence[tuple[str, PgType]] | None) -> list[Edit]:
        if shape is not None:
            columns = ", ".join(f"NULL::{format_type(pg)} AS {always_quote(name)}" for name, pg in shape)
            return [*self.others, Edit(self.start, self.end, f"(SELECT {columns}){self.alias}")]
        if not self.renamed:
            return list(self.others)
        plain = ".".join(always_quote(part) for part in self.spec.relation)
        return [*self.others, Edit(self.start, self.end, plain + self.alias)]

    def engine_edits(self, index: int) -> list[Edit]:
        relation = self.spec.relation
        name = ".".join(always_quote(part) for part in (*relation[:-1], f"{relation[-1]}@#{index}"))
        return [*self.others, Edit(self.start, self.end, name + self.alias)]


def build(
    sql: str, start: int, end: int, found: list[Found], shapes: Mapping[int, Sequence[tuple[str, PgType]]]
) -> Rewritten:
    """`sql[start:end]` with each of `found` written for PostgreSQL and for the engine; `shapes` by index."""
    shadow = [edit for index, one in enumerate(found) for edit in one.shadow_edits(shapes.get(index))]
    engine = [edit for index, one in enumerate(found) for edit in one.engine_edits(index)]
    shadow_sql, starts, origins = _apply(sql, start, end, shadow)
    engine_sql, _, _ = _apply(sql, start, end, engine)
    specs = tuple(one.spec for one in found)
    params = {int(spec.text): spec.param_type for spec in specs if spec.param_type is not None}
    source = (sql, start, end, tuple(found))
    return Rewritten(shadow_sql, engine_sql, specs, tuple(sorted(params.items())), starts, origins, source)


def _apply(
    sql: str, start: int, end: int, edits: list[Edit]
) -> tuple[str, tuple[int, ...], tuple[tuple[int, bool], ...]]:
    """The text with the edits made, and for each of its pieces where it begins, its origin, and if it is verbatim."""
    pieces: list[str] = []
    starts: list[int] = []
    origins: list[tuple[int, bool]] = []
    length, at = 0, start
    for edit in sorted(edits, key=lambda edit: edit.start):
        for text, origin, verbatim in ((sql[at : edit.start], at, True), (edit.text, edit.start, False)):
            pieces.append(text)
            starts.append(length)
            origins.append((origin, verbatim))
            length += len(text)
        at = edit.end
    pieces.append(sql[at:end])
    starts.append(length)
    origins.append((at, True))
    return "".join(pieces), tuple(starts), tuple(origins)
