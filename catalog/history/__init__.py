"""The history of queries: every statement that came in, also refused ones, with when, who, where and how it ended."""

from catalog.history.history import QueryHistory
from catalog.history.record import QUERIES_SCHEMA, QueryRecord, QueryState

__all__ = ["QUERIES_SCHEMA", "QueryHistory", "QueryRecord", "QueryState"]
