"""Whatever the tokens, rewriting ends with a result or an error for the client, and positions stay inside the text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import SqlError
from sql_extensions.rewrites.time_travel import rewrite

WORDS = """SELECT FROM JOIN WHERE WITH AS t s. "t@v1" t@v3 VERSION TIMESTAMP AS OF FOR SYSTEM_TIME AT ( ) , 3 'x' $1 =>
version kadali.time_travel( kadali . time_travel NULL :: now() - interval ON USING UNION TABLE UPDATE DELETE INSERT INTO
MERGE SET LATERAL ONLY o CAST DISTINCT IS BETWEEN ; TO [ ] * @ date""".split()


@given(st.lists(st.sampled_from(WORDS), max_size=25))
@settings(max_examples=1500, deadline=None)
def test_any_tokens(words: list[str]) -> None:
    sql = " ".join(words)
    try:
        got = rewrite(sql)
    except SqlError as error:
        assert error.position is None or 1 <= error.position <= len(sql) + 1
        return
    for position in range(1, len(got.shadow_sql) + 2):
        assert 1 <= got.position(position) <= len(sql) + 1
    if not got.specs:
        assert got.shadow_sql == got.engine_sql == sql
