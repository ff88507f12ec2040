"""Statements as they may be kept and shown: without the secrets in them. What is run is never changed."""

from __future__ import annotations

import re

from catalog.errors import SqlError
from engine.dialect.scanner import Token, scan

HIDDEN = "'***'"
_SUSPECT = re.compile(r"\btoken\b", re.IGNORECASE)
_CLUSTER = re.compile(r"\bcluster\b", re.IGNORECASE)


def redacted(sql: str) -> str:
    """The text with the values of option `token` of CLUSTER statements hidden; also where it could not be parsed."""
    if not _SUSPECT.search(sql) or not _CLUSTER.search(sql):
        return sql
    pieces: list[str] = []
    at, before, named = 0, 0, False
    try:
        for token in scan(sql, 0):
            if named and token.text != "=":
                pieces.append(sql[at : token.start] + HIDDEN)
                at, named = token.end, False
            elif not named:
                named = _names_token(token)
            before = token.end
    except SqlError:  # no end of a string can be found: nothing behind here can be told apart
        return "".join(pieces) + sql[at:before] + HIDDEN
    return "".join(pieces) + sql[at:]


def _names_token(token: Token) -> bool:
    return bool(token.word or token.text) and token.text.strip('"').lower() == "token"
