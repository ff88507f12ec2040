"""Spark's tables of functions and operators, filled by `functions_*` and `operators`. See the package's docstring."""

from __future__ import annotations

from engine.dialect import functions
from engine.dialect.functions import Emissions
from engine.dialect.operators import OperatorEmissions

SCALARS = Emissions(functions.SCALARS)
AGGREGATES = Emissions(functions.AGGREGATES)
WINDOWS = Emissions(functions.WINDOWS)
OPERATORS = OperatorEmissions()
