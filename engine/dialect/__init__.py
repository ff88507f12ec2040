"""The PostgreSQL dialect: parsing clients' SQL and rewriting it for DuckDB."""

from engine.dialect.duckdb import translate
from engine.dialect.parser import parse
from engine.dialect.session import SessionConstants

__all__ = ["SessionConstants", "parse", "translate"]
