"""What a plan is, and where a session keeps its plans."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from catalog.model import Relation
from engine.base import Description, Field
from sql_extensions.rewrites.rewritten import Rewritten

if TYPE_CHECKING:
    from sql_extensions.twins import Twin

PLANS_KEPT = 200
TRANSLATIONS_KEPT = 4


@dataclass(frozen=True, slots=True)
class Read:
    """One relation the engine reads. `view` names it in the plan's SQL; `spec` is the time travel written for it."""

    view: str
    relation: Relation
    spec: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """How to run a query: on the shadow (`sql` None) or by the engine."""

    description: Description
    rewritten: Rewritten
    reads: tuple[Read, ...] = ()
    tree: exp.Expression | None = None
    """With relations replaced by view names; None: PostgreSQL answers."""
    twins: tuple[Twin, ...] = ()
    no_tables: bool = False
    translations: dict[object, str] = field(default_factory=dict, compare=False)
    """The engine's SQL by all that it depends on; never one that tells the time."""

    @property
    def fields(self) -> tuple[Field, ...]:
        return self.description.fields or ()


class PlanCache:
    """A session's plans, by text and everything that could change them."""

    def __init__(self) -> None:
        self._plans: OrderedDict[tuple[object, ...], Plan] = OrderedDict()

    def get(self, key: tuple[object, ...]) -> Plan | None:
        plan = self._plans.get(key)
        if plan is not None:
            self._plans.move_to_end(key)
        return plan

    def put(self, key: tuple[object, ...], plan: Plan) -> None:
        self._plans[key] = plan
        while len(self._plans) > PLANS_KEPT:
            self._plans.popitem(last=False)
