"""How DuckDB writes constants, names and numbers, in one place."""

from __future__ import annotations

from engine.dialect.duckdb.constants import DuckConstants
from engine.dialect.duckdb.numbers import NUMBERS
from engine.dialect.duckdb.syntax import DuckSyntax
from engine.dialect.literals import Forms

FORMS = Forms(DuckSyntax(), DuckConstants(), NUMBERS)
