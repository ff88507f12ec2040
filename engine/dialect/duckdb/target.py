"""The embedded engine as a target."""

from __future__ import annotations

from engine.base import Dialect
from engine.dialect.duckdb import (  # noqa: F401  (functions_* fill the tables)
    functions_aggregates,
    functions_arrays,
    functions_json,
    functions_numbers,
    functions_text,
    functions_times,
    operators,
)
from engine.dialect.duckdb.arrays import ARRAYS
from engine.dialect.duckdb.casts import CASTS
from engine.dialect.duckdb.forms import FORMS
from engine.dialect.duckdb.operators import OPERATORS
from engine.dialect.duckdb.patterns import PATTERNS
from engine.dialect.duckdb.tables import AGGREGATES, SCALARS, WINDOWS
from engine.dialect.target import Target

DUCKDB = Target(
    Dialect.DUCKDB,
    "by the embedded engine",
    FORMS,
    casts=CASTS,
    arrays=ARRAYS,
    patterns=PATTERNS,
    operands=operators,
    operators=OPERATORS,
    emissions={"scalar": SCALARS, "aggregate": AGGREGATES, "window": WINDOWS},
)
