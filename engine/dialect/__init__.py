"""The PostgreSQL dialect: parsing clients' queries and rewriting them for engines, which then answer as it."""

from engine.dialect.duckdb.macros import register
from engine.dialect.parser import parse, parse_expression
from engine.dialect.predicate import simple_predicate
from engine.dialect.session import SessionConstants
from engine.dialect.spark.library import needs_library
from engine.dialect.translation import translate, translate_expression

__all__ = [
    "SessionConstants",
    "needs_library",
    "parse",
    "parse_expression",
    "register",
    "simple_predicate",
    "translate",
    "translate_expression",
]
