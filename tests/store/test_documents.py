"""Model values survive the way into the store's JSON and back."""

from __future__ import annotations

import json
import string
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from catalog.model import Column, DefaultAcl, Relation, RelationKind, Schema, Statistics
from catalog.names import TableName
from catalog.store.documents import default_acl_document, default_acl_from, schema_document, schema_from
from catalog.store.lake import Lake
from catalog.store.rows import relation_of, relation_row
from catalog.types import PgType

words = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1, max_size=12)
some = st.lists(words, max_size=3).map(tuple)
oids = st.integers(0, 2**32 - 1)
columns = st.builds(
    Column,
    name=words,
    type=st.builds(PgType, oids, st.integers(-1, 2**31 - 1)),
    nullable=st.booleans(),
    default=st.none() | words,
    comment=st.none() | words,
    acl=some,
)
counts = st.integers(0, 2**62)
relations = st.builds(
    Relation,
    name=st.builds(TableName, words, words),
    kind=st.sampled_from(RelationKind),
    owner=words,
    columns=st.lists(columns, max_size=4).map(tuple),
    location=st.none() | st.text(string.printable, min_size=1) | words.map("/lake/".__add__),
    partition_by=some,
    comment=st.none() | words,
    constraints=st.lists(st.tuples(words, words), max_size=3).map(tuple),
    indexes=some,
    query=st.none() | words,
    search_path=some,
    acl=st.none() | some,
    statistics=st.none() | st.builds(Statistics, counts, counts, counts, counts),
    pending=st.none() | words,
)


@given(relations)
def test_relations(relation: Relation) -> None:
    lake = Lake("/lake")
    row = relation_row(relation, lake)
    assert relation_of(row | {"document": json.loads(json.dumps(row["document"]))}, lake) == relation


@given(st.builds(Schema, words, words, st.none() | words, st.none() | some))
def test_schemas(schema: Schema) -> None:
    assert schema_from(schema.name, json.loads(json.dumps(schema_document(schema)))) == schema


@given(st.builds(DefaultAcl, words, st.none() | words, st.sampled_from("rSfTn"), some))
def test_default_privileges(default: DefaultAcl) -> None:
    assert default_acl_from(json.loads(json.dumps(default_acl_document(default)))) == default


def test_every_field_of_a_relation_is_kept() -> None:
    """A field added to the model and forgotten in the documents would come back with its default."""
    filled = Relation(
        name=TableName("s", "t"),
        kind=RelationKind.VIEW,
        owner="o",
        columns=(Column("c", PgType(23), False, "1", "comment", ("a=r/o",)),),
        location="/elsewhere/t",
        partition_by=("c",),
        comment="comment",
        constraints=(("t_pkey", "PRIMARY KEY (c)"),),
        indexes=("CREATE INDEX",),
        query="SELECT 1",
        search_path=("s",),
        acl=("a=r/o",),
        statistics=Statistics(1, 2, 3, 4),
        pending="tx",
    )
    empty = Relation(TableName("", ""), RelationKind.TABLE, "", ())
    for name in Relation.__dataclass_fields__:
        assert getattr(filled, name) != getattr(empty, name), f"give {name} a value in this test"
    assert relation_of(relation_row(filled, Lake("/lake")), Lake("/lake")) == filled


def test_locations_move_with_the_lake() -> None:
    relation = Relation(TableName("s", "t"), RelationKind.TABLE, "o", (), location="/old/lake/a/b")
    row = relation_row(relation, Lake("/old/lake"))
    assert relation_of(row, Lake("/new/place/")) == replace(relation, location="/new/place/a/b")
