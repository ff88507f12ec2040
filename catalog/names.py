"""Names of tables and how they are written: quoting follows PostgreSQL's `quote_ident`."""

from __future__ import annotations

import re
from dataclasses import dataclass

NAMEDATALEN = 64
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*\Z")


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    """A table, view or function name, resolved: `schema` is never empty."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{quote_ident(self.schema)}.{quote_ident(self.name)}"


@dataclass(frozen=True, slots=True)
class TableLocation:
    """Where a Delta table is, and which version of it is meant; `version` None is the latest."""

    uri: str
    version: int | None = None


def quote_ident(name: str) -> str:
    """`name` as SQL text: bare if it is a plain lower-case word, else in double quotes.

    Unlike PostgreSQL's function, keywords are not known here: use `always_quote` in generated SQL.
    """
    return name if _PLAIN.match(name) else always_quote(name)


def always_quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """`text` as a standard-conforming string literal."""
    return "'" + text.replace("'", "''") + "'"


def fold(identifier: str) -> str:
    """An unquoted identifier as PostgreSQL stores it: ASCII letters to lower case."""
    return "".join(c.lower() if "A" <= c <= "Z" else c for c in identifier)
