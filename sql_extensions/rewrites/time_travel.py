"""Time travel in a query: finds every spelling on the tokens, before any parser sees the text.

Two texts come out. PostgreSQL gets `shadow_sql`, which names the plain table; the engine's translator gets
`engine_sql`, which names it `"orders@#0"`, the number being an index into `specs`. Which version that is, is decided
in `sql_extensions.historic`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from catalog.errors import (
    FeatureNotSupported,
    InvalidParameterValue,
    SqlSyntaxError,
    UndefinedFunction,
    WrongObjectType,
)
from catalog.names import always_quote
from engine.dialect.scanner import Token, TokenKind, tokenize
from sql_extensions.cursor import Cursor
from sql_extensions.names import parse_name
from sql_extensions.rewrites import time_spec
from sql_extensions.rewrites.rewritten import Edit, Found, Rewritten, build
from sql_extensions.rewrites.time_spec import Time, TimeSpec

__all__ = ["Exists", "Rewritten", "rewrite", "spec_index", "suspected"]

Exists = Callable[[tuple[str, ...]], bool]
"""Whether a relation of this (one to three part) name exists."""
Unwritten = Callable[[tuple[str, ...]], TimeSpec | None]
"""The specification of a table that has none written: what the session's time means for it."""

_TRIGGER = re.compile(r"@|\bof\b|\bat\s*\(|time_travel|system_time|system_version", re.IGNORECASE)
_INDEXED = re.compile(r"(.*)@#(\d+)\Z", re.DOTALL)
_QUERY_WORDS = frozenset({"SELECT", "VALUES", "TABLE", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE"})
_FROM_ENDS = frozenset(
    """SELECT WHERE GROUP HAVING WINDOW ORDER LIMIT OFFSET FETCH FOR UNION INTERSECT EXCEPT RETURNING SET VALUES
    WHEN""".split()
)
_NOT_ALIAS = frozenset(
    """ALL ANALYSE ANALYZE AND ANY ARRAY AS ASC ASYMMETRIC BOTH CASE CAST CHECK COLLATE COLUMN CONSTRAINT CREATE CROSS
    CURRENT_DATE CURRENT_ROLE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEFAULT DEFERRABLE DESC DISTINCT DO ELSE END
    EXCEPT FALSE FETCH FOR FOREIGN FROM FULL GRANT GROUP HAVING IN INITIALLY INNER INTERSECT INTO IS ISNULL JOIN LATERAL
    LEADING LEFT LIKE LIMIT NATURAL NOT NOTNULL NULL OFFSET ON ONLY OR ORDER OUTER OVERLAPS OVERRIDING PLACING PRIMARY
    REFERENCES RETURNING RIGHT SELECT SET SIMILAR SOME SYMMETRIC TABLE TABLESAMPLE THEN TO TRAILING TRUE UNION UNIQUE
    USER USING VALUES VARIADIC WHEN WHERE WINDOW WITH""".split()
)


def rewrite(
    sql: str,
    tokens: Sequence[Token] | None = None,
    exists: Exists | None = None,
    unwritten: Unwritten | None = None,
) -> Rewritten:
    """Rewrite the statement whose `tokens` index `sql`, or the one in `sql`. Positions count in `sql`, from 1.

    `exists` decides whether `"orders@v3"` is a relation of that very name, which then wins. Raises SqlSyntaxError for a
    specification on the target of a write or given twice, WrongObjectType for one on something that is no table,
    FeatureNotSupported for ranges of versions.
    """
    start, end = (tokens[0].start, tokens[-1].end) if tokens else (0, len(sql))
    if unwritten is None and _TRIGGER.search(sql, start, end) is None:
        return build(sql, start, end, [], {})
    walk = _Walk(Cursor(sql, tokenize(sql) if tokens is None else tokens), exists, unwritten)
    walk.run()
    return build(sql, start, end, walk.found, {})


def suspected(sql: str) -> bool:
    """Whether a text may hold time travel: False proves that it has none."""
    return _TRIGGER.search(sql) is not None


def spec_index(name: str) -> tuple[str, int] | None:
    """`orders@#0` -> ("orders", 0): the table and the index into `specs`; None for any other name."""
    match = _INDEXED.match(name)
    return None if match is None else (match[1], int(match[2]))


@dataclass(slots=True)
class _Scope:
    """What is known inside one parenthesis, or of the whole statement."""

    opened_as_item: bool = False
    query: bool = False
    in_from: bool = False
    expecting: str = ""
    """A table comes next: "table", "target" (of a write) or "command" (TABLE t)."""
    verb: str = ""
    with_list: bool = False
    ctes: set[str] = field(default_factory=set)


class _Walk:
    """One pass over a statement's tokens, following FROM lists through nested queries."""

    def __init__(self, c: Cursor, exists: Exists | None, unwritten: Unwritten | None) -> None:
        self.c, self.exists, self.unwritten = c, exists, unwritten
        self.found: list[Found] = []
        self._scopes = [_Scope()]
        self._command: Token | None = None

    def run(self) -> None:
        while (token := self.c.peek()) is not None:
            scope = self._scopes[-1]
            if scope.expecting:
                expected, scope.expecting = scope.expecting, ""
                self._from_item(expected)
            elif token.kind is TokenKind.PUNCTUATION:
                self._punctuation(scope, token)
            elif token.kind in (TokenKind.WORD, TokenKind.QUOTED):
                self._word(scope, token)
            else:
                self.c.next()

    def _punctuation(self, scope: _Scope, token: Token) -> None:
        self.c.next()
        if token.text == "(":
            self._scopes.append(_Scope())
        elif token.text == ")" and len(self._scopes) > 1:
            if self._scopes.pop().opened_as_item and time_spec.begins(self.c):
                at = self._start_of_next()
                raise WrongObjectType("time travel is possible on tables only", position=at)
        elif token.text == "," and scope.in_from:
            scope.expecting = "table"

    def _word(self, scope: _Scope, token: Token) -> None:
        before, before_that = self.c.peek(-1), self.c.peek(-2)
        opens = before is None or (before.kind is TokenKind.PUNCTUATION and before.text in "()")
        word = token.word
        if scope.with_list and not scope.query and before is not None and before.text in ("with", "recursive", ","):
            scope.ctes.add(token.text)
            word = ""
        if before is not None and (before.text == "." or (before.word == "AS" and scope.query)):
            word = ""
        self._refuse_call_elsewhere(token, before, before_that)
        self.c.next()
        if word in _FROM_ENDS:
            scope.in_from = False
        if word in ("SELECT", "INSERT", "MERGE", "DELETE"):
            scope.query = True
            scope.verb = scope.verb or word
        elif word == "WITH" and opens:
            scope.with_list = True
        elif word == "TABLE" and (opens or _after_set_operation(before)):
            scope.query, scope.expecting, self._command = True, "command", token
        elif word == "UPDATE" and opens:
            scope.query, scope.expecting, scope.verb = True, "target", word
        elif _names_target(word, before):
            scope.expecting = "target"
        elif _opens_from(word, before, before_that, scope):
            scope.in_from, scope.expecting = True, "table"
        elif word == "JOIN" and scope.in_from:
            scope.expecting = "table"

    def _from_item(self, expected: str) -> None:
        lateral = self.c.peek()
        if not self.c.take("LATERAL"):
            lateral = None
        self.c.take("ONLY")
        first = self.c.peek()
        if first is None:
            return
        if first.text == "(" and first.kind is TokenKind.PUNCTUATION:
            self.c.next()
            inner = self.c.peek()
            nested = inner is not None and inner.word not in _QUERY_WORDS
            self._scopes.append(_Scope(True, query=nested, in_from=nested, expecting="table" if nested else ""))
            return
        if first.kind not in (TokenKind.WORD, TokenKind.QUOTED):
            self.c.next()
            return
        chain = [self.c.next()]
        while self.c.at(".") and (part := self.c.peek(1)) is not None:
            if part.kind not in (TokenKind.WORD, TokenKind.QUOTED):
                return
            self.c.next()
            chain.append(self.c.next())
        if self.c.at("(") and expected == "table":
            if _is_time_travel(chain):
                self._call(lateral or first)
            else:
                self.c.next()
                self._scopes.append(_Scope(True))
            return
        self._table(chain, expected)

    def _table(self, chain: list[Token], expected: str) -> None:
        """A table's name has been passed over: its specification and alias, in either order."""
        last = chain[-1]
        parts = tuple(token.text for token in chain)
        name, shown = parts[-1], parts[-1]
        time: Time | None = None
        edits: list[Edit] = []
        quoted = self._quoted_time(parts, last)
        if quoted is not None:
            name, time = quoted
        elif (found := time_spec.unquoted((self.c.peek(), self.c.peek(1)), last)) is not None:
            time = found
            self.c.next()
            edits.append(Edit(last.end, self.c.next().end, " "))
        time = self._following_time(time, edits)
        aliased = expected != "command" and self._alias()
        time = self._following_time(time, edits)
        if time is None:
            if expected != "target":
                self._session_time(chain, aliased)
            return
        base = (*parts[:-1], name)
        at = chain[0].start
        self._check(base, expected, time)
        alias = "" if aliased else f" AS {always_quote(shown)}"
        if self._command is not None and expected == "command":
            edits.append(Edit(self._command.start, self._command.end, "SELECT * FROM"))
        spec = _spec(base, time, at, current_columns=False)
        self.found.append(Found(spec, at, last.end, alias, quoted is not None, tuple(edits)))

    def _session_time(self, chain: list[Token], aliased: bool) -> None:
        """A table without a specification gets the session's, if there is one."""
        parts = tuple(token.text for token in chain)
        if self.unwritten is None or (len(parts) == 1 and any(parts[0] in scope.ctes for scope in self._scopes)):
            return
        spec = self.unwritten(parts)
        if spec is not None:
            alias = "" if aliased else f" AS {always_quote(parts[-1])}"
            self.found.append(Found(spec, chain[0].start, chain[-1].end, alias, False, ()))

    def _quoted_time(self, parts: tuple[str, ...], last: Token) -> tuple[str, Time] | None:
        """The base name and the time of a quoted "orders@v3"; None if it is an ordinary name."""
        if last.kind is not TokenKind.QUOTED or "@" not in last.text:
            return None
        name, _, text = last.text.rpartition("@")
        time = time_spec.named(name, text, last.start)
        if time is None or (self.exists is not None and self.exists(parts)):
            return None
        if self.exists is not None and not self.exists((*parts[:-1], name)):
            return None
        return name, time

    def _following_time(self, time: Time | None, edits: list[Edit]) -> Time | None:
        if not time_spec.begins(self.c):
            return time
        if time is not None:
            self.c.fail("one time specification for each table")
        before = self.c.peek(-1)
        found = time_spec.parse(self.c)
        after = self.c.peek(-1)
        if before is not None and after is not None:
            edits.append(Edit(before.end, after.end, " "))
        return found

    def _call(self, first: Token) -> None:
        """kadali.time_travel(...) in FROM; stands before its parenthesis."""
        self.c.expect("(")
        relation, at, current_columns = self._relation_argument()
        time: Time | None = None
        while self.c.take(","):
            time = self._named_argument(time)
        end = self.c.peek()
        self.c.expect(")")
        if time is None or end is None:
            raise InvalidParameterValue(
                "kadali.time_travel needs one of version, as_of and tag",
                hint="Write for example kadali.time_travel('sales.orders', version => 3).",
                position=first.start + 1,
            )
        if self.c.at("WITH", "ORDINALITY"):
            raise FeatureNotSupported("WITH ORDINALITY is not supported here", position=self._start_of_next())
        alias = "" if self._alias() else ' AS "time_travel"'
        self._check(relation, "table", time)
        spec = _spec(relation, time, at, current_columns=current_columns)
        self.found.append(Found(spec, first.start, end.end, alias, True, ()))

    def _relation_argument(self) -> tuple[tuple[str, ...], int, bool]:
        token = self.c.peek()
        if token is None:
            self.c.fail("the name of a table")
        if token.kind is TokenKind.STRING:
            self.c.next()
            return parse_name(token.text, position=token.start + 1), token.start, False
        if self.c.take("NULL", "::") or self.c.take("CAST", "(", "NULL", "AS"):
            cast = token.word == "CAST"
            name = self.c.qualified_name()
            if cast:
                self.c.expect(")")
            return name, token.start, True
        raise FeatureNotSupported(
            "the table of kadali.time_travel must be a string literal or NULL::table", position=token.start + 1
        )

    def _named_argument(self, before: Time | None) -> Time:
        token = self.c.peek()
        arrow = self.c.peek(1)
        if token is None or arrow is None or arrow.text not in ("=>", ":="):
            raise UndefinedFunction(
                "kadali.time_travel takes the time as a named argument",
                hint="Write version => n, as_of => 'time' or tag => 'name'.",
                position=self._start_of_next(),
            )
        if token.text not in ("version", "as_of", "tag"):
            raise UndefinedFunction(
                f'kadali.time_travel has no argument "{token.text}"',
                hint="Its arguments are version, as_of and tag.",
                position=token.start + 1,
            )
        if before is not None:
            self.c.fail("one of version, as_of and tag")
        self.c.next()
        self.c.next()
        return time_spec.argument(self.c, token.text)

    def _alias(self) -> bool:
        """Pass over an alias, with its columns, if there is one."""
        token = self.c.peek()
        if token is None or time_spec.begins(self.c):
            return False
        if self.c.take("AS"):
            self.c.name()
        elif token.kind is TokenKind.QUOTED or (token.word and token.word not in _NOT_ALIAS):
            self.c.next()
        else:
            return False
        if self.c.at("(") and not time_spec.begins(self.c):
            time_spec.group(self.c)
        return True

    def _check(self, relation: tuple[str, ...], expected: str, time: Time) -> None:
        if expected == "target":
            verb = self._scopes[-1].verb
            raise SqlSyntaxError(f"time travel is not possible on the target of {verb}", position=time.start + 1)
        if len(relation) == 1 and any(relation[0] in scope.ctes for scope in self._scopes):
            raise WrongObjectType(
                f'"{relation[0]}" is a common table expression, time travel is possible on tables only',
                position=time.start + 1,
            )

    def _refuse_call_elsewhere(self, token: Token, dot: Token | None, schema: Token | None) -> None:
        after = self.c.peek(1)
        if token.text != "time_travel" or after is None or after.text != "(":
            return
        if dot is not None and dot.text == "." and schema is not None and schema.text == "kadali":
            raise FeatureNotSupported(
                "kadali.time_travel can be called in FROM only",
                hint="Write SELECT ... FROM kadali.time_travel('table', version => n).",
                position=schema.start + 1,
            )

    def _start_of_next(self) -> int | None:
        token = self.c.peek()
        return None if token is None else token.start + 1


def _spec(relation: tuple[str, ...], time: Time, at: int, *, current_columns: bool) -> TimeSpec:
    return TimeSpec(
        relation, time.kind, time.value, time.text, at + 1, time.start + 1, current_columns, time.param_type
    )


def _is_time_travel(chain: list[Token]) -> bool:
    return [token.text.lower() for token in chain[-2:]] == ["kadali", "time_travel"]


def _names_target(word: str, before: Token | None) -> bool:
    """Whether the target of a write follows: INSERT INTO, MERGE INTO, DELETE FROM."""
    if before is None:
        return False
    return (word == "INTO" and before.word in ("INSERT", "MERGE")) or (word == "FROM" and before.word == "DELETE")


def _opens_from(word: str, before: Token | None, before_that: Token | None, scope: _Scope) -> bool:
    if word == "USING":
        return scope.verb in ("DELETE", "MERGE")
    return word == "FROM" and scope.query and not _is_distinct_from(before, before_that)


def _is_distinct_from(before: Token | None, before_that: Token | None) -> bool:
    if before is None or before.word != "DISTINCT" or before_that is None:
        return False
    return before_that.word in ("IS", "NOT")


def _after_set_operation(before: Token | None) -> bool:
    return before is not None and before.word in ("UNION", "INTERSECT", "EXCEPT", "ALL", "DISTINCT")
