"""The stack below a stage or alias: whatever happens, a rollback goes to what was there before."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lineage_registry.domain import catalog, lifecycle, registration
from lineage_registry.domain.references import Reference, Selector, SelectorKind, Space
from lineage_registry.domain.registration import NewVersion
from lineage_registry.domain.resolution import resolve
from lineage_registry.domain.view import GraphView
from lineage_registry.errors import NothingToRollBackToError
from lineage_registry.graph.sqlite.store import SqliteGraphStore
from lineage_registry.ports.graph import Decide, GraphStore, Request

VERSIONS = 5
NUMBERS = st.integers(1, VERSIONS)
STAGES = st.sampled_from(["Production", "Staging"])
MODEL = Reference(Space.MODELS, "m")
ADA = Request("ada")


def version(number: int) -> Reference:
    return MODEL._replace(selector=Selector(SelectorKind.NUMBER, str(number)))


class Pointers(RuleBasedStateMachine):
    """Stages and an alias of one model against plain lists.

    A pointer is a list of versions, the one below first. A rollback drops the top and everything
    on it that is deleted; a vacated pointer still has its list, but names nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.store: GraphStore = SqliteGraphStore.in_memory()
        self.stacks: dict[str, list[int]] = {
            "stage/Production": [],
            "stage/Staging": [],
            "alias/best": [],
        }
        self.vacant = dict.fromkeys(self.stacks, True)
        self.deleted: set[int] = set()

    def do(self, decide: Decide) -> None:
        self.store.transact(decide, ADA)

    def found(self, view: GraphView, number: int):
        return resolve(view, version(number), deleted=True)

    def vacate(self, pointer: str, number: int) -> None:
        if not self.vacant[pointer] and self.stacks[pointer][-1] == number:
            self.vacant[pointer] = True

    def push(self, pointer: str, number: int) -> None:
        if self.vacant[pointer] or self.stacks[pointer][-1] != number:
            self.stacks[pointer].append(number)
            self.vacant[pointer] = False

    @initialize()
    def versions(self) -> None:
        for _ in range(VERSIONS):
            self.do(lambda view: registration.register(view, NewVersion(Space.MODELS, "m")))

    @rule(number=NUMBERS, stage=STAGES, archive=st.booleans())
    def promote(self, number: int, stage: str, archive: bool) -> None:
        if number in self.deleted:
            return
        self.do(
            lambda view: lifecycle.move_stage(
                view, self.found(view, number), stage, archive=archive
            )
        )
        for other in ("stage/Production", "stage/Staging"):
            if other != f"stage/{stage}":
                self.vacate(other, number)
        self.push(f"stage/{stage}", number)

    @rule(number=NUMBERS)
    def leave(self, number: int) -> None:
        if number in self.deleted:
            return
        self.do(
            lambda view: lifecycle.move_stage(view, self.found(view, number), "None", archive=True)
        )
        for pointer in ("stage/Production", "stage/Staging"):
            self.vacate(pointer, number)

    @rule(number=NUMBERS)
    def set_alias(self, number: int) -> None:
        if number not in self.deleted:
            self.do(lambda view: lifecycle.set_alias(view, self.found(view, number), "best"))
            self.push("alias/best", number)

    @rule()
    def remove_alias(self) -> None:
        if not self.vacant["alias/best"]:
            self.do(lambda view: lifecycle.remove_alias(view, resolve(view, MODEL), "best"))
            self.vacant["alias/best"] = True

    @rule(number=NUMBERS)
    def delete(self, number: int) -> None:
        if number not in self.deleted:
            self.do(
                lambda view: catalog.delete(
                    view, self.found(view, number), force=True, reason="why"
                )
            )
            self.deleted.add(number)
            for pointer in self.stacks:
                self.vacate(pointer, number)

    @rule(number=NUMBERS)
    def restore(self, number: int) -> None:
        self.do(lambda view: catalog.restore(view, self.found(view, number)))
        self.deleted.discard(number)

    @rule(pointer=st.sampled_from(["stage/Production", "stage/Staging", "alias/best"]))
    def roll_back(self, pointer: str) -> None:
        stack = list(self.stacks[pointer])
        left = None if self.vacant[pointer] else stack.pop()
        while stack and (stack[-1] in self.deleted or stack[-1] == left):
            stack.pop()

        def decide(view: GraphView) -> Iterator:  # type: ignore[type-arg]
            return lifecycle.roll_back(view, resolve(view, MODEL), pointer, reason="why")

        if not stack:
            with pytest.raises(NothingToRollBackToError):
                self.do(decide)
            return
        self.do(decide)
        self.stacks[pointer] = stack
        self.vacant[pointer] = False
        if pointer.startswith("stage/"):
            for other in ("stage/Production", "stage/Staging"):
                if other != pointer:
                    self.vacate(other, stack[-1])

    @invariant()
    def every_pointer_names_the_top_of_its_stack(self) -> None:
        with self.store.view() as view:
            if view.revision < VERSIONS:
                return
            model = resolve(view, MODEL).node
            held = view.nodes([model])[model].values
            ids = {number: self.found(view, number).node for number in range(1, VERSIONS + 1)}
            for pointer, stack in self.stacks.items():
                expected = None if self.vacant[pointer] else ids[stack[-1]]
                assert held.get(pointer) == expected, pointer
                if expected is not None and pointer.startswith("stage/"):
                    stage = view.values([(expected, "stage")])[expected, "stage"]
                    assert stage == pointer.removeprefix("stage/")

    def teardown(self) -> None:
        self.store.close()


Pointers.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestPointers = Pointers.TestCase
