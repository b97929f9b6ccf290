"""Names and numbers over time: no reference ever means two things."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lineage_registry.domain import catalog, registration
from lineage_registry.domain.references import Reference, Selector, SelectorKind, Space
from lineage_registry.domain.registration import NewVersion
from lineage_registry.domain.resolution import references_of, resolve
from lineage_registry.domain.view import GraphView
from lineage_registry.errors import AlreadyExistsError, DeletedError, NotFoundError
from lineage_registry.graph.sqlite.store import SqliteGraphStore
from lineage_registry.ports.graph import Decide, GraphStore, Request

NAMES = st.sampled_from(["a", "A", "b", "c"])
SPACES = st.sampled_from([Space.MODELS, Space.DATASETS])
ADA = Request("ada")
REFUSALS = (AlreadyExistsError, NotFoundError)


class Names(RuleBasedStateMachine):
    """Creates, renames, deletes and restores at random, and remembers what was ever given out."""

    def __init__(self) -> None:
        super().__init__()
        self.store: GraphStore = SqliteGraphStore.in_memory()
        self.given: dict[tuple[Space, str, int], int] = {}
        self.printed: dict[str, int] = {}

    def do(self, decide: Decide) -> bool:
        before = self.store.head()
        try:
            self.store.transact(decide, ADA)
        except REFUSALS:
            assert self.store.head() == before
            return False
        return True

    @rule(space=SPACES, name=NAMES)
    def create(self, space: Space, name: str) -> None:
        with self.store.view() as view:
            taken = self.holder(view, space, name)
        made = self.do(lambda view: catalog.create_family(view, space, name))
        assert made is not taken

    @rule(space=SPACES, name=NAMES)
    def register(self, space: Space, name: str) -> None:
        made: list[int] = []

        def decide(view: GraphView):
            made.append((yield from registration.register(view, NewVersion(space, name))))

        if self.do(decide):
            node = made[-1]
            with self.store.view() as view:
                number = int(view.nodes([node])[node].facts["number"])
                written = references_of(view, [node])[node]
            key = (space, name.lower(), number)
            assert self.given.setdefault(key, node) == node
            assert self.printed.setdefault(written.lower(), node) == node

    @rule(space=SPACES, name=NAMES, other=NAMES)
    def rename(self, space: Space, name: str, other: str) -> None:
        self.do(lambda view: catalog.rename(view, resolve(view, Reference(space, name)), other))

    @rule(space=SPACES, name=NAMES)
    def delete(self, space: Space, name: str) -> None:
        self.do(
            lambda view: catalog.delete(
                view, resolve(view, Reference(space, name)), force=False, reason=None
            )
        )

    @rule(space=SPACES, name=NAMES)
    def restore(self, space: Space, name: str) -> None:
        self.do(
            lambda view: catalog.restore(view, resolve(view, Reference(space, name), deleted=True))
        )

    def holder(self, view: GraphView, space: Space, name: str) -> bool:
        """Tell whether somebody who is there goes by this very name."""
        try:
            found = resolve(view, Reference(space, name))
        except (NotFoundError, DeletedError):
            return False
        return str(view.nodes([found.node])[found.node].values["name"]).lower() == name.lower()

    @invariant()
    def a_reference_means_what_it_always_meant_or_nothing(self) -> None:
        with self.store.view() as view:
            for (space, name, number), node in self.given.items():
                selector = Selector(SelectorKind.NUMBER, str(number))
                try:
                    found = resolve(view, Reference(space, name, selector), deleted=True)
                except NotFoundError:
                    continue
                assert found.node == node

    @invariant()
    def what_is_printed_finds_the_thing_again(self) -> None:
        with self.store.view() as view:
            nodes = set(self.given.values())
            for node, written in references_of(view, nodes).items():
                space, _, rest = written.partition(":/")
                name, _, number = rest.partition("/")
                selector = Selector(SelectorKind.NUMBER, number)
                try:
                    found = resolve(view, Reference(Space(space), name, selector), deleted=True)
                except NotFoundError:  # it was deleted, and its name taken since
                    owner = view.nodes([node])[node].owner
                    assert (owner, "deleted") in view.values([(owner, "deleted")])
                    continue
                assert found.node == node

    def teardown(self) -> None:
        self.store.close()


Names.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestNames = Names.TestCase
