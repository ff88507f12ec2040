"""Recognising: the string a client sent -> statements. Pure; after it, nothing asks what a text begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from catalog.errors import FeatureNotSupported, SqlError, SqlSyntaxError
from engine.base import Action
from engine.dialect.scanner import Token, TokenKind, split
from sql_extensions import registry
from sql_extensions.cursor import Cursor
from sql_extensions.redaction import conceal
from sql_extensions.registry import StatementSpec

_QUERY_HEADS = frozenset({"SELECT", "VALUES", "TABLE", "WITH", "("})
_WITH_VERBS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})
_POSTGRES_VERBS = frozenset(
    "ABORT ALTER ANALYZE ANALYSE BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMENT COMMIT COPY CREATE DEALLOCATE DECLARE "
    "DELETE DISCARD DO DROP END EXECUTE EXPLAIN FETCH GRANT IMPORT INSERT LISTEN LOAD LOCK MERGE MOVE NOTIFY PREPARE "
    "REASSIGN REFRESH REINDEX RELEASE RESET REVOKE ROLLBACK SAVEPOINT SECURITY SET SHOW START TRUNCATE UNLISTEN "
    "UPDATE VACUUM".split()
)
_CACHED_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as written, recognised, not yet bound.

    `offset` is how many characters of the string sent precede it. `spec` None means an ordinary query, whose `tree` is
    None here: it is parsed when it is planned. `tokens` index `source`, the whole string sent.
    """

    sql: str
    source: str
    offset: int
    tokens: tuple[Token, ...]
    spec: StatementSpec | None
    tree: Any

    @property
    def action(self) -> Action:
        return Action.READ if self.spec is None else self.spec.action


def recognise(sql: str) -> tuple[Statement, ...]:
    """The statements of a query string, none for an empty one.

    Raises SqlSyntaxError with a position, or FeatureNotSupported for statements of PostgreSQL that are not served.
    """
    try:
        return _recognise_cached(sql) if len(sql) <= _CACHED_CHARACTERS else _recognise(sql)
    except SqlError as error:
        conceal(error, sql)
        raise


def _recognise(sql: str) -> tuple[Statement, ...]:
    return tuple(_statement(sql, tokens) for tokens in split(sql))


_recognise_cached = lru_cache(maxsize=2048)(_recognise)


def recognise_tokens(sql: str, tokens: Sequence[Token]) -> Statement:
    """One statement inside another (EXPLAIN, PREPARE, DECLARE, COPY); `tokens` index `sql`."""
    return _statement(sql, tokens)


def _statement(sql: str, tokens: Sequence[Token]) -> Statement:
    text, offset = sql[tokens[0].start : tokens[-1].end], tokens[0].start
    head = _head(tokens)
    found = registry.match(head)
    if found is not None:
        spec, length = found
        cursor = Cursor(sql, tokens)
        if head is tokens:
            for _ in range(length):
                cursor.next()
        tree = spec.parse(cursor)
        cursor.end()
        return Statement(text, sql, offset, tuple(tokens), spec, tree)
    if (tokens[0].word or tokens[0].text) in _QUERY_HEADS:
        _refuse_inside(tokens)
        return Statement(text, sql, offset, tuple(tokens), None, None)
    return _refuse(sql, tokens)


def _head(tokens: Sequence[Token]) -> Sequence[Token]:
    """Where the words that name the statement stand: after the WITH list of a WITH ... INSERT, else at the start.

    SELECT ... INTO is named by its INTO.
    """
    if tokens[0].word not in ("WITH", "SELECT"):
        return tokens
    depth = 0
    for index, token in enumerate(tokens):
        if token.text == "(" and token.kind is TokenKind.PUNCTUATION:
            depth += 1
        elif token.text == ")" and token.kind is TokenKind.PUNCTUATION:
            depth -= 1
        elif depth == 0 and index:
            if token.word in _WITH_VERBS and tokens[0].word == "WITH" and _begins_statement(tokens, index):
                return tokens[index:]
            if token.word == "INTO":
                return [_select(tokens, index), token]
            if token.word == "FROM":
                return tokens
    return tokens


def _begins_statement(tokens: Sequence[Token], index: int) -> bool:
    """Whether the word is a verb, not a name: it follows the closing parenthesis of a common table expression."""
    return tokens[index - 1].text == ")"


def _select(tokens: Sequence[Token], index: int) -> Token:
    return next((token for token in reversed(tokens[:index]) if token.word == "SELECT"), tokens[0])


def _refuse_inside(tokens: Sequence[Token]) -> None:
    """`( SHOW ... )` in a query: 42601, with a hint at what can stand there (rule R5)."""
    for index, token in enumerate(tokens[1:], 1):
        if token.word in ("SHOW", "DESCRIBE", "DESC") and tokens[index - 1].text == "(":
            found = registry.match(tokens[index:])
            if found is not None and found[0].relation is not None:
                raise SqlSyntaxError(
                    f'syntax error at or near "{token.word}"',
                    position=token.start + 1,
                    hint=f"Write SELECT * FROM {found[0].relation} there.",
                )


def _refuse(sql: str, tokens: Sequence[Token]) -> Statement:
    first = tokens[0]
    if first.word in _POSTGRES_VERBS:
        words = [token.word for token in tokens[:2] if token.word]
        name = " ".join(words) if first.word in ("CREATE", "ALTER", "DROP", "IMPORT", "SECURITY") else first.word
        raise FeatureNotSupported(f"{name} is not supported", position=first.start + 1)
    near = sql[first.start : first.end]
    raise SqlSyntaxError(f'syntax error at or near "{near}"', position=first.start + 1)
