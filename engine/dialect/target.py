"""What an engine must bring so that the one compiler writes for it. No rules of PostgreSQL here.

The grammar, scopes, type lattice, overload resolution and the walk over clauses are shared. Whatever becomes text of an
engine hangs off `Context.target`: `engine.dialect.duckdb` and `engine.dialect.spark` each make one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.base import Dialect
from engine.dialect.casts import Casts
from engine.dialect.constants import Constants
from engine.dialect.literals import Forms
from engine.dialect.numbers import Numbers
from engine.dialect.syntax import Syntax
from engine.dialect.value import Value

if TYPE_CHECKING:
    from engine.dialect.arrays import Arrays
    from engine.dialect.context import Context
    from engine.dialect.functions import Emissions
    from engine.dialect.operators import OperatorEmissions
    from engine.dialect.patterns import Patterns


class Operands(Protocol):
    """Operators outside the table. A module satisfies it."""

    def concatenate(self, context: Context, left: Value, right: Value) -> Value: ...


@dataclass(frozen=True, slots=True)
class Target:
    """One engine. `where` ends the messages of refusals: "... is not supported by the embedded engine"."""

    dialect: Dialect
    where: str
    forms: Forms
    casts: Casts
    arrays: Arrays
    patterns: Patterns
    operands: Operands
    operators: OperatorEmissions
    emissions: Mapping[str, Emissions]
    """What it writes for functions: "scalar", "aggregate", "window"."""

    @property
    def syntax(self) -> Syntax:
        return self.forms.syntax

    @property
    def constants(self) -> Constants:
        return self.forms.constants

    @property
    def numbers(self) -> Numbers:
        return self.forms.numbers
