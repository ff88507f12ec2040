"""One statement, one file: how the modules of `statements` become part of the language.

A module gives HEADS, SYNTAX, ACTION, `parse`, `run` and EXAMPLES, and may give COLUMNS (the Arrow schema of its rows)
or `describe` (where the columns depend on the statement), TRANSACTION, IN_FAILED and RELATION (what has the same rows
and can stand in FROM). Its docstring is its reference page.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from catalog.types import from_arrow
from engine.base import Action, Description, Field, Result
from engine.dialect.scanner import Token
from sql_extensions.cursor import Cursor

if TYPE_CHECKING:
    from sql_extensions.context import Context


HEAD_WORDS_MAX = 4


class TransactionRule(Enum):
    """What a statement does inside a transaction block."""

    TRANSACTIONAL = "takes part: undone by ROLLBACK"
    IMMEDIATE = "runs at once with a WARNING, unless the transaction has written: then 25001 (rule R7)"
    FREE = "has nothing to undo"


@dataclass(frozen=True, slots=True, eq=False)
class StatementSpec:
    """Grammar, handler, permission and documentation of one of our statements."""

    heads: tuple[tuple[str, ...], ...]
    syntax: str
    action: Action
    parse: Callable[[Cursor], Any]
    run: Callable[[Any, Context], Result]
    describe: Callable[[Any, Context], Description]
    transaction: TransactionRule
    in_failed: bool
    """Whether it may run in a failed transaction (ROLLBACK and its like)."""
    doc: str
    examples: Mapping[str, object]
    relation: str | None = None
    """What has the same rows and can stand in FROM."""


def fields_of(schema: pa.Schema) -> tuple[Field, ...]:
    """The columns of an Arrow schema as PostgreSQL describes them."""
    return tuple(Field(column.name, from_arrow(column.type)) for column in schema)


def specs() -> tuple[StatementSpec, ...]:
    """All statements, in the order of their first words."""
    return tuple(dict.fromkeys(spec for _, spec in sorted(_heads().items())))


def match(tokens: Sequence[Token]) -> tuple[StatementSpec, int] | None:
    """The statement that begins with these tokens, and how many words its head has; the longest head wins."""
    heads = _heads()
    words = tuple(token.word or token.text for token in tokens[:HEAD_WORDS_MAX])
    for length in range(len(words), 0, -1):
        spec = heads.get(words[:length])
        if spec is not None:
            return spec, length
    return None


def _spec(module: ModuleType) -> StatementSpec:
    if not module.__doc__:
        raise TypeError(f"{module.__name__} has no documentation")
    columns: pa.Schema | None = getattr(module, "COLUMNS", None)
    fixed = Description((), None if columns is None else fields_of(columns))

    def describe(_tree: object, _context: Context) -> Description:
        return fixed

    return StatementSpec(
        heads=module.HEADS,
        syntax=module.SYNTAX,
        action=module.ACTION,
        parse=module.parse,
        run=module.run,
        describe=getattr(module, "describe", describe),
        transaction=getattr(module, "TRANSACTION", TransactionRule.FREE),
        in_failed=getattr(module, "IN_FAILED", False),
        doc=module.__doc__,
        examples=module.EXAMPLES,
        relation=getattr(module, "RELATION", None),
    )


@cache
def _heads() -> dict[tuple[str, ...], StatementSpec]:
    """All modules of `statements`, loaded on first use (they import this one)."""
    from sql_extensions import statements

    heads: dict[tuple[str, ...], StatementSpec] = {}
    for info in pkgutil.iter_modules(statements.__path__):
        module = importlib.import_module(f"{statements.__name__}.{info.name}")
        spec = _spec(module)
        for head in spec.heads:
            if head in heads:
                raise TypeError(f"{' '.join(head)} is registered twice")
            heads[head] = spec
    return heads
