"""Values come by the stream as they come when the table is read, of every type."""

from __future__ import annotations

from engine.connectors.changes import INSERT, OP
from engine.connectors.model import Cut, SourceName
from engine.connectors.postgres.reading import PostgresSession
from tests.connectors.conftest import PostgresSource
from tests.connectors.following import drained, following, handed_over
from tests.connectors.test_postgres_types import fill


def test_every_type_comes_as_it_is_read(postgres_source: PostgresSource) -> None:
    source = postgres_source
    with source.admin() as connection:
        fill(connection)
    # What the source's own settings are must not matter.
    source.execute(
        *(
            f"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {setting}', current_database()); END $$"
            for setting in (
                "datestyle = ''German''",
                "timezone = ''Asia/Tokyo''",
                "intervalstyle = ''iso_8601''",
                "bytea_output = ''escape''",
                "extra_float_digits = -5",
            )
        ),
        "CREATE TABLE streamed (LIKE every)",
        "ALTER TABLE streamed REPLICA IDENTITY FULL",
    )
    tables = handed_over(source.endpoint, "streamed")
    ((table, _),) = tables.values()
    with following(source.endpoint, tables) as stream:
        source.execute("INSERT INTO streamed SELECT * FROM every")
        (found,) = drained(stream, source)
    session = PostgresSession(source.endpoint)
    try:
        now = session.table(SourceName("public", "streamed"))
        read = session.read(Cut(now), 1000).reader.read_all().sort_by("id")
    finally:
        session.close()
    assert not found.schema_changed
    told = found.tables[table.id]
    assert told.table.columns == now.columns
    assert set(told.rows.column(OP).to_pylist()) == {INSERT}
    rows = told.rows.sort_by("id")
    assert [rows.schema.field(name).type for name in read.column_names] == read.schema.types
    differing = {
        f"{column.name} {column.source_type}": (
            rows.column(column.name).to_pylist(),
            read.column(column.name).to_pylist(),
        )
        for column in now.columns
        if repr(rows.column(column.name).to_pylist()) != repr(read.column(column.name).to_pylist())
    }
    assert differing == {}
