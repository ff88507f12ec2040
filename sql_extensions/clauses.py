"""Cutting a statement's tokens at its clauses: what stands between keywords outside parentheses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.dialect.scanner import Token, TokenKind

_OPEN, _CLOSE = frozenset("(["), frozenset(")]")


def top_level(tokens: Sequence[Token]) -> Iterator[tuple[int, Token]]:
    """The tokens outside all parentheses and CASE ... END, with their index."""
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind is TokenKind.PUNCTUATION and token.text in _OPEN:
            depth += 1
        elif token.kind is TokenKind.PUNCTUATION and token.text in _CLOSE:
            depth -= 1
        elif token.word == "CASE":
            depth += 1
        elif token.word == "END" and depth:
            depth -= 1
        elif depth == 0:
            yield index, token


def find(tokens: Sequence[Token], *words: str, start: int = 0) -> int | None:
    """The index, from `start` on, of the first of `words` at the top level."""
    for index, token in top_level(tokens):
        if index >= start and token.word in words:
            return index
    return None


def cut(tokens: Sequence[Token], words: Sequence[str]) -> dict[str, Sequence[Token]]:
    """The tokens of each clause by its opening word; "" is what precedes the first. In the order of `words`."""
    marks: list[tuple[str, int]] = []
    after = 0
    for index, token in top_level(tokens):
        if token.word in words and words.index(token.word) >= after:
            if token.word == "FROM" and index and tokens[index - 1].word == "DISTINCT":
                continue
            marks.append((token.word, index))
            after = words.index(token.word) + 1
    ends = [index for _, index in marks[1:]] + [len(tokens)] * bool(marks)
    clauses: dict[str, Sequence[Token]] = {"": tokens[: marks[0][1]] if marks else tokens}
    for (word, index), end in zip(marks, ends, strict=True):
        clauses[word] = tokens[index + 1 : end]
    return clauses


def comma_parts(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """The parts between the commas at the top level."""
    parts: list[Sequence[Token]] = []
    begin = 0
    for index, token in top_level(tokens):
        if token.kind is TokenKind.PUNCTUATION and token.text == ",":
            parts.append(tokens[begin:index])
            begin = index + 1
    parts.append(tokens[begin:])
    return parts


def matching(tokens: Sequence[Token], opening: int) -> int | None:
    """The index of the parenthesis that closes the one at `opening`; None if it stays open."""
    depth = 0
    for index in range(opening, len(tokens)):
        if tokens[index].kind is TokenKind.PUNCTUATION:
            depth += (tokens[index].text == "(") - (tokens[index].text == ")")
            if depth == 0:
                return index
    return None


def text(sql: str, tokens: Sequence[Token]) -> str:
    """The source from the first to the last of these tokens, as written."""
    return sql[tokens[0].start : tokens[-1].end] if tokens else ""
