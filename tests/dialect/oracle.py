"""One statement on PostgreSQL and through the dialect on an engine, and the verdict on both."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import pq
from sqlglot import exp

from catalog.errors import SqlError
from catalog.names import TableName
from catalog.types import TIME, PgType
from engine import dialect
from engine.base import ArrowSource, DeltaSource, Dialect, Engine, Field, Query, TableRead
from gateway.pgwire.render.style import Style
from gateway.pgwire.rows import RowEncoder

Rows = list[tuple[str | None, ...]]


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows in text form, or a SQLSTATE with its message."""

    rows: Rows | None
    code: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    fields: tuple[Field, ...]
    params: tuple[PgType, ...]


class Rejected(Exception):
    """PostgreSQL does not accept the statement: there is nothing to compare."""


@dataclass(slots=True)
class Oracle:
    """Both sides over the same tables. `tables` maps names to Arrow tables, or Delta ones, with their
    PostgreSQL columns."""

    connection: psycopg.Connection[Any]
    engine: Engine
    tables: dict[str, tuple[Any, tuple[tuple[str, PgType], ...]]]
    time_zone: str = "UTC"
    target: Dialect = Dialect.DUCKDB

    def describe(self, sql: str) -> Described:
        pgconn = self.connection.pgconn
        result = pgconn.prepare(b"", sql.encode())
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise Rejected(f"{_code(result)}: {result.error_message.decode()}")
        found = pgconn.describe_prepared(b"")
        fields = tuple(
            Field((found.fname(i) or b"").decode(), PgType(found.ftype(i), found.fmod(i))) for i in range(found.nfields)
        )
        return Described(fields, tuple(PgType(found.param_type(i)) for i in range(found.nparams)))

    def postgres(self, params: Sequence[str | None] = ()) -> Answer:
        """Run what `describe` has prepared; parameters and rows as text."""
        result = self.connection.pgconn.exec_prepared(b"", [None if p is None else p.encode() for p in params])
        if result.status != pq.ExecStatus.TUPLES_OK:
            return Answer(None, _code(result), result.error_message.decode())
        rows: Rows = []
        for r in range(result.ntuples):
            values = (result.get_value(r, c) for c in range(result.nfields))
            rows.append(tuple(None if v is None else v.decode() for v in values))
        return Answer(rows)

    def ours(self, sql: str, described: Described, params: Sequence[object] = ()) -> Answer:
        """The same through the dialect and the engine."""
        try:
            text, reads = self.translate(sql, described)
        except SqlError as error:
            return Answer(None, error.code, error.message)
        return self.run(text, reads, described, params)

    def run(
        self, text: str, reads: tuple[TableRead, ...], described: Described, params: Sequence[object] = ()
    ) -> Answer:
        """A translated statement on the engine."""
        try:
            query = Query(text, described.fields, tuple(params), reads, self.time_zone)
            answer = self.engine.start(query).result()
            encoder = RowEncoder(described.fields, [0] * len(described.fields), Style(time_zone=self.time_zone))
            rows: Rows = []
            for batch in answer.reader:
                rows += _rows(bytes(encoder.encode(batch)))
            return Answer(rows)
        except SqlError as error:
            return Answer(None, error.code, f"{error.message} {error.detail or ''}")

    def translate(self, sql: str, described: Described) -> tuple[str, tuple[TableRead, ...]]:
        tree = dialect.parse(sql)
        reads: dict[str, TableRead] = {}
        ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
        for table in tree.find_all(exp.Table):
            name = table.name
            if not isinstance(table.this, exp.Identifier) or (name in ctes and not table.db) or name not in self.tables:
                continue
            view = f"t_{name}"
            arrow, columns = self.tables[name]
            reads[view] = self._read(view, name, arrow, columns)
            if table.args.get("alias") is None:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
            table.set("this", exp.to_identifier(view))
            table.set("db", None)
        relations = {view: self.tables[read.name.name][1] for view, read in reads.items()}
        text = dialect.translate(
            tree, relations, described.fields, described.params, self.session(), target=self.target
        )
        return text, tuple(reads.values())

    def _read(self, view: str, name: str, arrow: Any, columns: tuple[tuple[str, PgType], ...]) -> TableRead:
        if self.target is Dialect.SPARK and not isinstance(
            arrow, DeltaSource
        ):  # it holds no time of day: the dialect refuses such a column when it is read
            columns = tuple(c for c in columns if c[1].oid != TIME.oid)
            arrow = arrow.select([c[0] for c in columns])
        source = arrow if isinstance(arrow, DeltaSource) else ArrowSource(arrow)
        return TableRead(view, TableName("public", name), columns, source)

    def session(self) -> dialect.SessionConstants:
        row = self.connection.execute(
            "SELECT current_user, session_user, current_database(), current_schema, now(), version()"
        ).fetchone()
        assert row is not None
        now: datetime = row[4]
        return dialect.SessionConstants(row[0], row[1], row[2], row[3], ("public",), now, now, self.time_zone, row[5])


def _code(result: Any) -> str:
    return (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()


def _rows(data: bytes) -> Iterator[tuple[str | None, ...]]:
    at = 0
    while at < len(data):
        _, length, count = struct.unpack_from("!cih", data, at)
        end, pos = at + 1 + length, at + 7
        values: list[str | None] = []
        for _ in range(count):
            (size,) = struct.unpack_from("!i", data, pos)
            pos += 4
            values.append(None if size < 0 else data[pos : pos + size].decode())
            pos += max(size, 0)
        yield tuple(values)
        at = end


def sort_key(row: tuple[str | None, ...]) -> tuple[tuple[bool, str], ...]:
    return tuple((v is None, v or "") for v in row)


def close_enough(a: Rows, b: Rows) -> bool:
    """Equal but for the last digits of floating-point aggregates."""
    if len(a) != len(b):
        return False
    for x, y in zip(a, b, strict=True):
        for p, q in zip(x, y, strict=True):
            if p == q:
                continue
            try:
                u, v = float(p or "x"), float(q or "x")
            except ValueError:
                return False
            if abs(u - v) > 1e-12 * max(abs(u), abs(v)):
                return False
    return True


@dataclass(frozen=True, slots=True)
class Verdict:
    """`kind`: equal, refused, both fail, different, invalid."""

    kind: str
    why: str = ""


def fails_in_planning(oracle: Oracle, sql: str) -> bool:
    """PostgreSQL computes constants before it has a row: such an error comes even if no row is ever computed."""
    try:
        oracle.connection.execute(f"EXPLAIN {sql}".encode())
    except psycopg.Error:
        return True
    return False


def judge(oracle: Oracle, sql: str, *, approximate: bool = False, lenient: bool = False) -> Verdict:
    """`lenient`: of several errors another may come first, and -0 is 0 (min of both is either)."""
    try:
        described = oracle.describe(sql)
    except Rejected as error:
        return Verdict("invalid", str(error))
    ours = oracle.ours(sql, described)
    if ours.code == "0A000":
        return Verdict("refused", ours.message)
    oracle.describe(sql)
    return weigh(sql, oracle.postgres(), ours, approximate=approximate, lenient=lenient)


def weigh(sql: str, theirs: Answer, ours: Answer, *, approximate: bool = False, lenient: bool = False) -> Verdict:
    """The verdict on two answers."""
    if ours.code == "0A000":
        return Verdict("refused", ours.message)
    if theirs.code is not None or ours.code is not None:
        both = theirs.code is not None and ours.code is not None
        if theirs.code == ours.code or (lenient and both and theirs.code[:2] == ours.code[:2] == "22"):
            return Verdict("both fail", theirs.code or "")
        left, right = theirs.code or f"{theirs.rows!r:.300}", ours.code or f"{ours.rows!r:.300}"
        return Verdict("different", f"PostgreSQL: {left} {theirs.message}; here: {right} {ours.message}")
    assert ours.rows is not None
    assert theirs.rows is not None
    a, b = theirs.rows, ours.rows
    if lenient:
        a, b = ([tuple("0" if v == "-0" else v for v in row) for row in rows] for rows in (a, b))
    if not dialect.parse(sql).args.get("order"):
        a, b = sorted(a, key=sort_key), sorted(b, key=sort_key)
    if a == b or (approximate and close_enough(a, b)):
        return Verdict("equal")
    wrong = next(((x, y) for x, y in zip(a, b, strict=False) if x != y), (len(a), len(b)))
    return Verdict("different", f"PostgreSQL {wrong[0]!r:.400}; here {wrong[1]!r:.400}")


def statements(path: Path) -> Iterator[tuple[int, str, set[str]]]:
    """Line, text and marks (`refused`, `approximate`) of each statement of a corpus file."""
    marks: set[str] = set()
    lines: list[str] = []
    start = 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not lines and (not line.strip() or line.startswith("--")):
            if line.startswith("-- refused"):
                marks.add("refused")
            if line.startswith("-- approximate"):
                marks.add("approximate")
            continue
        start = start or number
        lines.append(line)
        if line.rstrip().endswith(";"):
            yield start, "\n".join(lines).rstrip().removesuffix(";"), marks
            lines, start, marks = [], 0, set()
