"""DuckDB's tables of functions, filled by `functions_*`."""

from __future__ import annotations

from engine.dialect import functions
from engine.dialect.functions import Emissions

SCALARS = Emissions(functions.SCALARS)
AGGREGATES = Emissions(functions.AGGREGATES)
WINDOWS = Emissions(functions.WINDOWS)
