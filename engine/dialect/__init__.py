"""The PostgreSQL dialect: parsing clients' queries and rewriting them for DuckDB, so that it answers as PostgreSQL."""

from engine.dialect.duckdb.macros import register
from engine.dialect.parser import parse, parse_expression
from engine.dialect.predicate import simple_predicate
from engine.dialect.session import SessionConstants
from engine.dialect.translation import translate

__all__ = ["SessionConstants", "parse", "parse_expression", "register", "simple_predicate", "translate"]
