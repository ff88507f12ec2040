"""How Spark writes constants, names and numbers, in one place."""

from __future__ import annotations

from engine.dialect.literals import Forms
from engine.dialect.spark.constants import SparkConstants
from engine.dialect.spark.numbers import NUMBERS
from engine.dialect.spark.syntax import SparkSyntax

FORMS = Forms(SparkSyntax(), SparkConstants(), NUMBERS)
