"""Spark as a target."""

from __future__ import annotations

from engine.base import Dialect
from engine.dialect.spark import (  # noqa: F401  (functions_* fill the tables)
    functions_aggregates,
    functions_arrays,
    functions_json,
    functions_numbers,
    functions_text,
    functions_times,
    operators,
)
from engine.dialect.spark.arrays import ARRAYS
from engine.dialect.spark.casts import CASTS
from engine.dialect.spark.forms import FORMS
from engine.dialect.spark.patterns import PATTERNS
from engine.dialect.spark.tables import AGGREGATES, OPERATORS, SCALARS, WINDOWS
from engine.dialect.target import Target

SPARK = Target(
    Dialect.SPARK,
    "on Spark",
    FORMS,
    casts=CASTS,
    arrays=ARRAYS,
    patterns=PATTERNS,
    operands=operators,
    operators=OPERATORS,
    emissions={"scalar": SCALARS, "aggregate": AGGREGATES, "window": WINDOWS},
)
