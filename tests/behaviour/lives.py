"""Random lives of a registry: whatever people do to one, drawn from a seed."""

import random
from collections.abc import Callable

from lineage_registry.errors import RegistryError
from lineage_registry.registry import Registry

STAGES = ("None", "Staging", "Production", "Archived")


class Life:
    """Does random things to a registry; what is refused is left undone.

    Attributes:
        deletable: References of models, datasets, versions and deployments.
    """

    def __init__(self, registry: Registry, seed: int) -> None:
        self._registry = registry
        self._random = random.Random(seed)
        self._models: list[str] = []
        self._data: list[str] = []
        self._runs: list[str] = []
        self._names: list[str] = []
        self._deployed: list[str] = []
        for begin in (self._register_data, self._register, self._run, self._deploy):
            begin()

    @property
    def versions(self) -> list[str]:
        """Versions of models and datasets."""
        return [*self._models, *self._data]

    @property
    def models(self) -> list[str]:
        """Versions of models."""
        return self._models

    @property
    def runs(self) -> list[str]:
        """Runs."""
        return self._runs

    @property
    def deletable(self) -> list[str]:
        """References of models, datasets, versions and deployments."""
        families = sorted({reference.rpartition("/")[0] for reference in self.versions})
        return [*self.versions, *families, *self._deployed]

    def live(self, steps: int) -> None:
        """Do so many things."""
        for _ in range(steps):
            doings: list[Callable[[], object]] = [self._register] * 4 + [self._register_data] * 2
            if self._models:
                doings += [self._run, self._depend, self._undepend, self._stage, self._roll_back]
                doings += [self._taint]
                doings += [self._describe, self._deploy, self._delete, self._restore, self._rename]
            try:
                self._random.choice(doings)()
            except RegistryError:
                continue

    def delete(self, reference: str) -> None:
        """Delete whatever it is."""
        space, _, name = reference.partition(":/")
        if space == "deployments":
            self._registry.delete_deployment(name)
        elif "/" in name:
            self._registry.delete_version(reference)
        else:
            self._registry.delete(reference)

    def _some(self, among: list[str], most: int = 2) -> list[str]:
        return self._random.sample(among, min(len(among), self._random.randrange(most + 1)))

    def _one(self, among: list[str]) -> str:
        return self._random.choice(among)

    def _register(self) -> None:
        parents = [(one, "finetune") for one in self._some(self._models)]
        made = self._registry.register(
            self._random.choice("abc"),
            parents=parents,
            datasets=self._some(self._data),
            dependencies=self._some(self._models, 1),
            run=self._one([*self._runs, ""]) or None,
            params={"lr": self._random.random(), "seed": 1},
            metrics={"acc": self._random.random()},
        )
        self._models.append(made.reference)

    def _register_data(self) -> None:
        made = self._registry.register_dataset(
            self._random.choice("de"), parents=self._some(self._data, 1)
        )
        self._data.append(made.reference)

    def _run(self) -> None:
        run = self._registry.run("train", inputs=self._some([*self._data, *self._models]))
        self._runs.append(run.reference)
        run.log_metrics({"loss": self._random.random()})
        if self._random.random() < 0.5:
            run.finish()

    def _depend(self) -> None:
        self._registry.add_dependency(self._one(self._models), self._one(self.versions), "part")

    def _undepend(self) -> None:
        version = self._registry.version(self._one(self._models))
        for one in version.dependencies:
            self._registry.remove_dependency(version.reference, one.reference, one.role)

    def _stage(self) -> None:
        self._registry.promote(self._one(self._models), self._random.choice(STAGES))
        self._registry.set_alias(self._one(self._models), "best")

    def _roll_back(self) -> None:
        self._registry.rollback(self._random.choice("abc"))

    def _describe(self) -> None:
        self._registry.update_version(self._one(self.versions), tags={"k": str(len(self._models))})

    def _deploy(self) -> None:
        name = self._random.choice(["web", "batch"])
        self._registry.deploy(name, self._one(self._models), owner="ops")
        self._deployed = sorted({*self._deployed, f"deployments:/{name}"})

    def _taint(self) -> None:
        severity = self._random.choice(["info", "warning", "critical"])
        self._registry.taint(self._one(self.versions), "leak", severity=severity, reason="found")

    def _delete(self) -> None:
        self._registry.delete_version(self._one(self.versions), force=True, reason="bad")

    def _restore(self) -> None:
        self._registry.restore_version(self._one(self.versions))

    def _rename(self) -> None:
        name = self._random.choice("abc")
        self._registry.update(name, new_name=f"{name}-{len(self._models)}")
