"""A cursor over tokens with the refusals and error positions every grammar rule needs. Builds no tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from sqlglot import exp

from catalog.errors import FeatureNotSupported, SqlSyntaxError
from engine.dialect.keywords import RESERVED, TYPE_OR_FUNCTION
from engine.dialect.lexer import Kind, Token, tokenise

_NOT_COLUMN = RESERVED | TYPE_OR_FUNCTION


class Reader:
    """The tokens of one statement and the place reached; `query` is the rule for a nested query."""

    def __init__(self, sql: str, query: Callable[[Reader], exp.Expression]) -> None:
        self.sql = sql
        self.tokens = tokenise(sql)
        self.at = 0
        self.depth = 0
        self.query = query

    @property
    def here(self) -> Token:
        return self.tokens[self.at]

    def ahead(self, count: int = 1) -> Token:
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def take(self) -> Token:
        token = self.tokens[self.at]
        if token.kind is not Kind.END:
            self.at += 1
        return token

    def is_word(self, *words: str) -> bool:
        return self.here.kind is Kind.WORD and self.here.text in words

    def is_mark(self, *marks: str) -> bool:
        return self.here.kind is Kind.PUNCTUATION and self.here.text in marks

    def is_operator(self, *operators: str) -> bool:
        return self.here.kind is Kind.OPERATOR and self.here.text in operators

    def words(self, *words: str) -> bool:
        """Take this run of words if it comes next."""
        for offset, word in enumerate(words):
            token = self.ahead(offset)
            if token.kind is not Kind.WORD or token.text != word:
                return False
        self.at += len(words)
        return True

    def any_word(self, *words: str) -> str | None:
        return self.take().text if self.is_word(*words) else None

    def mark(self, mark: str) -> bool:
        if self.is_mark(mark):
            self.at += 1
            return True
        return False

    def operator(self, operator: str) -> bool:
        if self.is_operator(operator):
            self.at += 1
            return True
        return False

    def expect_words(self, *words: str) -> None:
        for word in words:
            if not self.words(word):
                self.fail()

    def expect_mark(self, mark: str) -> None:
        if not self.mark(mark):
            self.fail()

    def fail(self, token: Token | None = None) -> NoReturn:
        """PostgreSQL's syntax error at `token` (default: the next one)."""
        token = token or self.here
        if token.kind is Kind.END:
            raise SqlSyntaxError("syntax error at end of input", position=len(self.sql) + 1)
        written = self.sql[token.start : token.end]
        raise SqlSyntaxError(f'syntax error at or near "{written}"', position=token.start + 1)

    def refuse(self, construct: str, token: Token | None = None) -> NoReturn:
        raise FeatureNotSupported(f"{construct} is not supported", position=(token or self.here).start + 1)

    def is_name(self) -> bool:
        """Whether the next token can name a column or table."""
        token = self.here
        return token.kind is Kind.QUOTED or (token.kind is Kind.WORD and token.text not in _NOT_COLUMN)

    def name(self) -> exp.Identifier:
        """A column or table name."""
        if not self.is_name():
            self.fail()
        return self.identifier(self.take())

    def label(self) -> exp.Identifier:
        """A name after AS or a dot: keywords are welcome."""
        if self.here.kind not in (Kind.WORD, Kind.QUOTED):
            self.fail()
        return self.identifier(self.take())

    def identifier(self, token: Token) -> exp.Identifier:
        node = exp.Identifier(this=token.text, quoted=token.kind is Kind.QUOTED)
        node.meta["start"] = token.start
        return node

    def names(self) -> list[exp.Identifier]:
        """`( name, ... )`"""
        self.expect_mark("(")
        names = [self.name()]
        while self.mark(","):
            names.append(self.name())
        self.expect_mark(")")
        return names

    def enter(self) -> None:
        """Count one level of nesting; PostgreSQL's own limit is its stack."""
        self.depth += 1
        if self.depth > 150:
            raise FeatureNotSupported("statements nested deeper than 150 levels are not supported", code="54001")

    def leave(self) -> None:
        self.depth -= 1
