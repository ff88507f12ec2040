"""PostgreSQL's text and binary values, read into Arrow arrays and Python values by PostgreSQL's input rules.

Writing values for a client is `gateway.pgwire.render`'s.
"""

from engine.values.binary import arrow_from_binary
from engine.values.params import python_value, sql_literal
from engine.values.text import arrow_from_text

__all__ = ["arrow_from_binary", "arrow_from_text", "python_value", "sql_literal"]
