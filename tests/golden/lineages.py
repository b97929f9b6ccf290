"""Lineage answers of many shapes, made without a registry; tests of exports share them."""

import random
from collections import Counter, defaultdict, deque
from datetime import UTC, datetime

from lineage_registry.domain.graph import Edge, EdgeKind, NodeKind
from lineage_registry.domain.lineage import Lineage, LineageNode

MV, DV, RUN = NodeKind.MODEL_VERSION, NodeKind.DATASET_VERSION, NodeKind.RUN
DEPLOYMENT = NodeKind.DEPLOYMENT

HOSTILE = (
    "</script><script>document.title='owned'</script>",
    'say "hi"; DROP TABLE nodes; --',
    "line\nbreak\r\n\ttab",
    "\u202egnp.exe right to left",
    "ctl\x00\x01\x08\x1b[31m\x7f\x85",
    "]] }} )) |#quot;| %%{init: {}}%% `md` <br/> & &amp; 'q'",
    "<!-- --> ]]> <![CDATA[ <b>",
    "back\\slash\\ \\N \\G \\",
    "\ud800 lone \udfff",
    "x" * 5_000,
    "模型-ไทย-عربي-🙂",
    "",
)


class Draft:
    """Nodes and edges on their way to an answer."""

    def __init__(self):
        self.nodes = []
        self.edges = []

    def node(self, reference, kind, **marks):
        self.nodes.append((reference, kind, marks))
        return len(self.nodes)

    def edge(self, effect, kind, cause, role="", declared=True):
        self.edges.append(Edge(effect, kind, cause, role, len(self.nodes), declared))

    def answer(self, start, direction="both", truncated=False):
        distance = self._distances(start)
        nodes = [
            LineageNode(number, reference, kind, distance.get(number, len(self.nodes)), **marks)
            for number, (reference, kind, marks) in enumerate(self.nodes, start=1)
        ]
        nodes.sort(key=lambda node: (node.distance, node.id))
        return Lineage(
            starts=[self.nodes[start - 1][0]] if self.nodes else [],
            direction=direction,
            nodes=nodes,
            edges=sorted(self.edges),
            depth_reached=max((node.distance for node in nodes), default=0),
            truncated=truncated,
            revision=42,
            as_of=datetime(2026, 11, 20, 9, 30, tzinfo=UTC) if nodes else None,
        )

    def _distances(self, start):
        near = defaultdict(list)
        for edge in self.edges:
            near[edge.source].append(edge.target)
            near[edge.target].append(edge.source)
        distance, queue = {start: 0}, deque([start])
        while queue:
            at = queue.popleft()
            for other in near[at]:
                if other not in distance:
                    distance[other] = distance[at] + 1
                    queue.append(other)
        return distance


def pipeline():
    """A real-looking project: raw data, clean data, a base, fine-tunes, an ensemble that serves."""
    draft = Draft()
    raw = draft.node("datasets:/digits-raw/1", DV)
    clean_run = draft.node("runs:/clean-01", RUN, title="clean", status="finished")
    clean = draft.node("datasets:/digits-clean/1", DV)
    draft.edge(clean, EdgeKind.GENERATED_BY, clean_run)
    draft.edge(clean_run, EdgeKind.USED, raw, "source")
    draft.edge(clean, EdgeKind.DERIVED_FROM, raw, "other")
    test = draft.node("datasets:/digits-test/2026-10", DV)
    train = draft.node("runs:/train-base", RUN, title="train base", status="finished")
    draft.edge(train, EdgeKind.USED, clean, "train")
    draft.edge(train, EdgeKind.USED, clean, "validation")
    draft.edge(train, EdgeKind.EVALUATED_ON, test, "test")
    parent = draft.node("models:/digits-classifier/1", MV, stage="Archived")
    draft.edge(parent, EdgeKind.GENERATED_BY, train)
    members = []
    for number, marks in ((2, {}), (3, {"status": "rolled_back"}), (4, {"stage": "Production"})):
        status = "failed" if number == 3 else "finished"
        run = draft.node(f"runs:/tune-{number}", RUN, title=f"fine-tune {number}", status=status)
        version = draft.node(f"models:/digits-classifier/{number}", MV, **marks)
        draft.edge(run, EdgeKind.USED, parent, "base")
        draft.edge(run, EdgeKind.USED, clean, "train", declared=number != 2)
        draft.edge(run, EdgeKind.EVALUATED_ON, test, "test")
        draft.edge(version, EdgeKind.GENERATED_BY, run)
        draft.edge(version, EdgeKind.DERIVED_FROM, parent, "finetune")
        parent = version
        members.append(version)
    scaler = draft.node("models:/feature-scaler/2.0.1", MV, stage="Staging", status="deleted")
    build = draft.node("runs:/ens", RUN, title="build the ensemble of all good members")
    ensemble = draft.node("models:/digits-ensemble/1", MV, stage="Production")
    draft.edge(ensemble, EdgeKind.GENERATED_BY, build)
    draft.edge(build, EdgeKind.CHILD_OF, train)
    for member in (members[0], members[2]):
        draft.edge(ensemble, EdgeKind.DEPENDS_ON, member, "ensemble-member")
        draft.edge(build, EdgeKind.USED, member, "base")
    draft.edge(ensemble, EdgeKind.DEPENDS_ON, scaler, "features")
    draft.edge(build, EdgeKind.READ_BACK, ensemble)
    serving = draft.node("deployments:/digits-eu-west", DEPLOYMENT)
    draft.edge(serving, EdgeKind.SERVES, ensemble)
    return draft.answer(ensemble)


def chain(count):
    draft = Draft()
    for number in range(1, count + 1):
        draft.node(f"models:/chain/{number}", MV)
        if number > 1:
            draft.edge(number, EdgeKind.DERIVED_FROM, number - 1, "finetune")
    return draft.answer(count, "upstream")


def chain_with_runs(count):
    """Each generation made by a run from the one before: two ways to every parent."""
    draft = Draft()
    parent = draft.node("models:/clf/1", MV)
    for number in range(2, count + 1):
        run = draft.node(f"runs:/r{number}", RUN)
        version = draft.node(f"models:/clf/{number}", MV)
        draft.edge(run, EdgeKind.USED, parent, "base")
        draft.edge(version, EdgeKind.GENERATED_BY, run)
        draft.edge(version, EdgeKind.DERIVED_FROM, parent, "finetune")
        parent = version
    return draft.answer(parent, "upstream")


def star(count):
    draft = Draft()
    hub = draft.node("datasets:/hub/1", DV)
    for number in range(count):
        draft.edge(draft.node(f"runs:/r{number}", RUN), EdgeKind.USED, hub, "train")
    return draft.answer(hub, "downstream")


def users(count, runs=False):
    """A base in Production, and as many models that are each fine-tuned from it once."""
    draft = Draft()
    base = draft.node("models:/base/1", MV, stage="Production")
    for number in range(count):
        version = draft.node(f"models:/user-{number:03d}/1", MV)
        draft.edge(version, EdgeKind.DERIVED_FROM, base, "finetune")
        if runs:
            run = draft.node(f"runs:/tune-{number:03d}", RUN)
            draft.edge(run, EdgeKind.USED, base, "base")
            draft.edge(version, EdgeKind.GENERATED_BY, run)
    return draft.answer(base)


def scattered(count):
    """Versions of many models, each by a run from chance data and a chance version before it."""
    dice, draft = random.Random(7), Draft()
    data = [draft.node(f"datasets:/corpus-{i % 40}/{i // 40 + 1}", DV) for i in range(count // 10)]
    names, made = Counter(), []
    while len(draft.nodes) < count - 1:
        run = draft.node(f"runs:/{dice.getrandbits(64):016x}", RUN, title="tune", status="finished")
        name = f"team-{dice.randrange(9)}-model-{dice.randrange(count // 8)}"
        names[name] += 1
        stage = dice.choice([None] * 8 + ["Production", "Staging", "Archived"])
        version = draft.node(f"models:/{name}/{names[name]}", MV, stage=stage)
        draft.edge(version, EdgeKind.GENERATED_BY, run)
        for cause in dice.sample(data, dice.randint(1, 2)):
            draft.edge(run, EdgeKind.USED, cause, "train")
        if made and dice.random() < 0.7:
            parent = dice.choice(made[-400:])
            draft.edge(run, EdgeKind.USED, parent, "base")
            draft.edge(version, EdgeKind.DERIVED_FROM, parent, "finetune")
        made.append(version)
    return draft.answer(data[0])


def lattice(layers, width=3):
    draft = Draft()
    before = []
    for layer in range(1, layers + 1):
        row = [draft.node(f"models:/lattice-{name}/{layer}", MV) for name in "abcdefgh"[:width]]
        for version in row:
            for parent in before:
                draft.edge(version, EdgeKind.DERIVED_FROM, parent, "merged")
        before = row
    return draft.answer(before[0], "upstream")


def families(count):
    """A dataset and as many models, each from it by a run and needing the one before: no twins."""
    draft = Draft()
    data = draft.node("datasets:/data/1", DV)
    before = None
    for number in range(count):
        version = draft.node(f"models:/m{number}/1", MV)
        run = draft.node(f"runs:/r{number}", RUN)
        draft.edge(run, EdgeKind.USED, data, "train")
        draft.edge(version, EdgeKind.GENERATED_BY, run)
        if before is not None:
            draft.edge(version, EdgeKind.DEPENDS_ON, before, "tokenizer")
        before = version
    return draft.answer(data, "downstream")


def hostile():
    """Names that no registry would take, in every place that holds text."""
    draft = Draft()
    numbers = [
        draft.node(f"models:/{name}/{i}", MV, stage=name[:40], status=name[:40], title=name)
        for i, name in enumerate(HOSTILE)
    ]
    for number, name in zip(numbers[1:], HOSTILE[1:], strict=True):
        draft.edge(number, EdgeKind.DEPENDS_ON, numbers[0], name)
        draft.edge(number, EdgeKind.DERIVED_FROM, numbers[0], name)
    return draft.answer(numbers[0])


def empty():
    return Draft().answer(1)
