"""SQLAlchemy 2: Inspector, reflection, Core, DDL, transactions, by psycopg and asyncpg; compared with PostgreSQL."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tests.clients.sides import Pair, Side


@contextmanager
def engine_of(side: Side, user: str = "alice") -> Iterator[sa.Engine]:
    engine = sa.create_engine(side.url("psycopg", user))
    try:
        yield engine
    finally:
        engine.dispose()


def ask(pair: Pair, question: Callable[[sa.Engine], Any], user: str = "alice") -> tuple[Any, Any]:
    def one(side: Side) -> Any:
        with engine_of(side, user) as engine:
            return question(engine)

    return pair.ask(one)


def plain(value: Any) -> Any:
    """Comparable: types as their text, mappings as sorted pairs."""
    if isinstance(value, dict):
        return sorted(((str(key), plain(item)) for key, item in value.items()), key=str)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, sa.types.TypeEngine):
        return (
            f"{value!r} {value.compile(dialect=pg.dialect())}" if not isinstance(value, sa.types.NullType) else "NULL"
        )
    return value


SUBJECTS = (
    "columns",
    "pk_constraint",
    "foreign_keys",
    "unique_constraints",
    "check_constraints",
    "indexes",
    "table_comment",
    "table_options",
)


@pytest.mark.parametrize("user", ["alice", "bob"])
def test_the_inspector_sees_what_it_sees_on_postgres(pair: Pair, user: str) -> None:
    def question(engine: sa.Engine) -> Any:
        told: dict[str, Any] = {}
        with engine.connect() as connection:
            inspector = sa.inspect(connection)
            told["schemas"] = [
                name for name in inspector.get_schema_names() if name in ("shop", "public", "information_schema")
            ]
            told["tables"] = sorted(inspector.get_table_names("shop"))
            told["views"] = inspector.get_view_names("shop")
            told["others"] = [
                inspector.get_materialized_view_names("shop"),
                inspector.get_sequence_names("shop"),
                inspector.get_temp_table_names(),
            ]
            told["enums"] = inspector.get_enums("shop")
            told["default schema"] = inspector.default_schema_name
            for name in told["tables"] + told["views"]:
                for subject in SUBJECTS:
                    told[f"{name} {subject}"] = plain(getattr(inspector, f"get_{subject}")(name, "shop"))
                    several = getattr(inspector, f"get_multi_{subject}")(
                        schema="shop", kind=sa.engine.reflection.ObjectKind.ANY
                    )
                    told[f"multi {subject}"] = plain(several)
            told["definition"] = inspector.get_view_definition("revenue", "shop")
            told["has"] = [inspector.has_table(name, "shop") for name in ("orders", "revenue", "nothing", 'Odd "Name"')]
        return told

    ours, theirs = ask(pair, question, user)
    for subject, told in theirs.items():
        assert ours[subject] == told, subject
    assert ours.keys() == theirs.keys()


def test_reflection_of_a_schema(pair: Pair) -> None:
    def question(engine: sa.Engine) -> Any:
        metadata = sa.MetaData()
        metadata.reflect(engine, schema="shop", views=True)
        orders = metadata.tables["shop.orders"]
        with engine.connect() as connection:
            rows = connection.execute(
                sa.select(orders.c.id, orders.c.amount, orders.c.tags, orders.c.extra).order_by(orders.c.id)
            )
            joined = connection.execute(
                sa.select(metadata.tables["shop.customers"].c.name, sa.func.sum(orders.c.amount))
                .join_from(orders, metadata.tables["shop.customers"])
                .group_by(sa.text("1"))
                .order_by(sa.text("1"))
            )
            return (
                sorted(metadata.tables),
                [str(sa.schema.CreateTable(t)) for t in metadata.sorted_tables],
                rows.fetchall(),
                joined.fetchall(),
            )

    ours, theirs = ask(pair, question)
    assert ours == theirs


def tables_of(schema: str) -> sa.MetaData:
    metadata = sa.MetaData(schema=schema)
    sa.Table(
        "people",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False, comment="the key"),
        sa.Column("name", sa.String(40), nullable=False, unique=True),
        sa.Column("born", sa.Date, index=True),
        sa.Column("seen", sa.DateTime(timezone=True), server_default=sa.text("'2024-01-01 00:00:00+00'")),
        sa.Column("score", sa.Float(53)),
        sa.Column("balance", sa.Numeric(12, 2), sa.CheckConstraint("balance > -100", name="enough")),
        sa.Column("active", sa.Boolean, server_default=sa.true()),
        sa.Column("tags", pg.ARRAY(sa.Text)),
        sa.Column("extra", pg.JSONB),
        sa.Column("token", sa.Uuid),
        sa.Column("data", sa.LargeBinary),
        comment="All people",
    )
    sa.Table(
        "pets",
        metadata,
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("owner", sa.ForeignKey("people.id")),
        sa.Column("Mixed Case", sa.SmallInteger),
    )
    return metadata


def test_tables_made_filled_changed_and_dropped(pair: Pair, schema: str) -> None:
    def question(engine: sa.Engine) -> Any:
        told: list[Any] = []
        metadata = tables_of(schema)
        metadata.create_all(engine)
        metadata.create_all(engine)  # checks first
        people, pets = metadata.tables[f"{schema}.people"], metadata.tables[f"{schema}.pets"]
        with engine.begin() as connection:
            rows = [
                {
                    "id": n,
                    "name": f"n{n}",
                    "born": dt.date(2000, 1, n),
                    "balance": Decimal(n) / 4,
                    "tags": ["a", None],
                    "extra": {"n": [n]},
                    "score": n / 3,
                    "data": b"\x00",
                }
                for n in range(1, 21)
            ]
            connection.execute(people.insert(), rows)
            connection.execute(
                pets.insert().values(
                    [{"id": 1, "owner": 5, "Mixed Case": 3}, {"id": 2, "owner": None, "Mixed Case": None}]
                )
            )
            inserted = connection.execute(
                people.insert().values(id=99, name="last").returning(people.c.id, people.c.seen, people.c.active)
            )
            told.append(inserted.fetchall())
        with engine.connect() as connection:
            told.append(connection.execute(people.select().order_by(people.c.id)).fetchall())
            changed = connection.execute(
                people.update().where(people.c.id.in_([1, 2, 3])).values(balance=people.c.balance + 1)
            )
            told.append(changed.rowcount)
            told.append(connection.execute(sa.select(sa.func.sum(people.c.balance))).scalar())
            connection.rollback()
            told.append(connection.execute(sa.select(sa.func.sum(people.c.balance))).scalar())
            told.append(connection.execute(people.delete().where(people.c.name.like("n1%"))).rowcount)
            connection.commit()
            with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
                connection.execute(people.insert().values(id=100, name="poor", balance=-1000))
            told.append(connection.execute(sa.select(sa.func.count()).select_from(people)).scalar())
            query = (
                sa.select(
                    people.c.name,
                    pets.c["Mixed Case"],
                    sa.case((people.c.id > 5, "high"), else_="low"),
                    sa.func.row_number().over(order_by=people.c.id),
                )
                .join_from(people, pets, isouter=True)
                .where(people.c.born.between(dt.date(2000, 1, 1), dt.date(2000, 1, 9)) | people.c.tags.is_(None))
                .order_by(people.c.id)
                .limit(7)
                .offset(1)
            )
            told.append(connection.execute(query).fetchall())
            told.append(
                connection.execute(sa.union_all(sa.select(people.c.id), sa.select(pets.c.id)).order_by("id")).fetchall()
            )
            with_cte = sa.select(people.c.id).where(people.c.id > 15).cte("few")
            told.append(connection.execute(sa.select(sa.func.count(), sa.func.max(with_cte.c.id))).fetchall())
            told.append(
                connection.execute(
                    people.select().with_only_columns(people.c.extra["n"][0].astext).where(people.c.id == 20)
                ).fetchall()
            )
            connection.commit()
        inspector = sa.inspect(engine)
        for table in ("people", "pets"):
            told += [plain(getattr(inspector, f"get_{subject}")(table, schema)) for subject in SUBJECTS]
        metadata.drop_all(engine)
        told.append(sa.inspect(engine).get_table_names(schema))
        return told

    ours, theirs = ask(pair, question)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine == other


def test_streamed_results(pair: Pair) -> None:
    """yield_per makes a server-side cursor."""

    def question(engine: sa.Engine) -> Any:
        with engine.connect().execution_options(yield_per=700) as connection:
            result = connection.execute(sa.text("SELECT n, n % :by AS r FROM shop.numbers ORDER BY n"), {"by": 7})
            return [len(part) for part in result.partitions(700)], result.keys()

    ours, theirs = ask(pair, question)
    assert ours == theirs
    assert ours[0] == [700] * 7 + [100]


def test_isolation_levels_and_read_only(pair: Pair, schema: str) -> None:
    pair.run(f"CREATE TABLE {schema}.t (a int)")

    def question(engine: sa.Engine) -> Any:
        told: list[Any] = []
        for level in ("AUTOCOMMIT", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"):
            with engine.connect().execution_options(isolation_level=level) as connection:
                told.append(connection.execute(sa.text("SHOW transaction_isolation")).scalar())
                connection.execute(sa.text(f"INSERT INTO {schema}.t VALUES (1)"))
        with (
            engine.connect().execution_options(postgresql_readonly=True) as connection,
            pytest.raises(sa.exc.InternalError) as caught,
        ):
            connection.execute(sa.text(f"INSERT INTO {schema}.t VALUES (1)"))
        told.append(str(caught.value.orig))
        with engine.connect() as connection:
            told.append(connection.execute(sa.text(f"SELECT count(*) FROM {schema}.t")).scalar())
            told.append(connection.get_isolation_level())
        return told

    ours, theirs = ask(pair, question)
    assert ours == theirs


def test_asyncpg_as_driver(pair: Pair, schema: str) -> None:
    async def question(side: Side) -> Any:
        told: list[Any] = []
        engine = create_async_engine(side.url("asyncpg"), poolclass=NullPool)
        metadata = tables_of(schema)
        people = metadata.tables[f"{schema}.people"]
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
            await connection.execute(
                people.insert(), [{"id": n, "name": f"n{n}", "extra": {"n": n}, "tags": [str(n)]} for n in range(5)]
            )
            told.append(await connection.run_sync(lambda sync: plain(sa.inspect(sync).get_columns("people", schema))))
        async with engine.connect() as connection:
            told.append((await connection.execute(people.select().order_by(people.c.id))).fetchall())
            stream = await connection.stream(people.select().order_by(people.c.id).with_only_columns(people.c.id))
            told.append([row async for row in stream])
        async with engine.begin() as connection:
            await connection.run_sync(metadata.drop_all)
        await engine.dispose()
        return told

    ours, theirs = pair.ask(lambda side: asyncio.run(question(side)))
    assert ours == theirs
