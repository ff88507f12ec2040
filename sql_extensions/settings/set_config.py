"""Calls of set_config() in a query: the one way, besides SET, in which a client changes settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.dialect.scanner import Token, TokenKind
from sql_extensions.settings.rules import TRUE_WORDS, check_own_prefix


@dataclass(frozen=True, slots=True)
class SetConfigCalls:
    """`names` are the settings named by a literal, `local` those of them that are set for the transaction only.

    `sql` is the query to send to the shadow, which knows no transaction of the client's: there, `true` for is_local is
    written `null`, which means false (and is as long, so that positions stay).
    """

    names: tuple[str, ...]
    local: frozenset[str]
    sql: str


def find_calls(sql: str, tokens: Sequence[Token], offset: int) -> SetConfigCalls | None:
    """The calls in the statement `sql`, whose tokens are counted from `offset` characters before it; None: none."""
    names: list[str] = []
    local: set[str] = set()
    pieces, sent = [], 0
    found = False
    for at, token in enumerate(tokens):
        if token.word != "SET_CONFIG" and not (token.kind is TokenKind.QUOTED and token.text == "set_config"):
            continue
        arguments = _arguments(tokens, at + 1)
        if arguments is None:
            continue
        found = True
        name = arguments[0][0] if arguments and len(arguments[0]) == 1 else None
        if name is None or name.kind is not TokenKind.STRING:
            continue
        check_own_prefix(name.text)
        names.append(name.text)
        if len(arguments) == 3 and _is_true(arguments[2]):
            local.add(name.text.lower())
            start, end = arguments[2][0].start - offset, arguments[2][0].end - offset
            pieces.append(sql[sent:start] + "null".ljust(end - start))
            sent = end
    return SetConfigCalls(tuple(names), frozenset(local), "".join(pieces) + sql[sent:]) if found else None


def _is_true(argument: Sequence[Token]) -> bool:
    if len(argument) != 1:
        return False
    return argument[0].word == "TRUE" or (
        argument[0].kind is TokenKind.STRING and argument[0].text.lower() in TRUE_WORDS
    )


def _arguments(tokens: Sequence[Token], at: int) -> list[list[Token]] | None:
    """The tokens of each argument of a call whose parenthesis stands at `at`."""
    if at >= len(tokens) or tokens[at].text != "(" or tokens[at].kind is not TokenKind.PUNCTUATION:
        return None
    arguments: list[list[Token]] = [[]]
    depth = 0
    for token in tokens[at + 1 :]:
        if token.kind is TokenKind.PUNCTUATION:
            if token.text in "([":
                depth += 1
            elif token.text in ")]":
                if depth == 0:
                    return arguments
                depth -= 1
            elif token.text == "," and depth == 0:
                arguments.append([])
                continue
        arguments[-1].append(token)
    return None
