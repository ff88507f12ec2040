"""PostgreSQL 16's keywords by category, as pg_get_keywords() lists them. Unreserved ones need no list."""

from __future__ import annotations

RESERVED = frozenset(
    """all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
    current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc
    distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral
    leading limit localtime localtimestamp not null offset on only or order placing primary references returning select
    session_user some symmetric system_user table then to trailing true union unique user using variadic when where
    window with""".split()
)
"""May name nothing but a column label after AS."""

TYPE_OR_FUNCTION = frozenset(
    """authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join left like
    natural notnull outer overlaps right similar tablesample verbose""".split()
)
"""May name a type or a function, not a column or table."""

COLUMN_NAME = frozenset(
    """between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping inout int
    integer interval json_array json_arrayagg json_object json_objectagg least national nchar none normalize nullif
    numeric out overlay position precision real row setof smallint substring time timestamp treat trim values varchar
    xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize
    xmltable""".split()
)
"""May name a column or table, not a function or type."""

NOT_BARE_LABELS = frozenset(
    """array as char character create day except fetch filter for from grant group having hour intersect into isnull
    limit minute month notnull offset on order over overlaps precision returning second to union varying where window
    with within without year""".split()
)
"""Cannot be a column label unless AS is written."""
