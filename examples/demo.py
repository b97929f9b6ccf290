"""The whole way once, on real data: register, trace, break, ask what is hit, roll back, report.

`make demo` runs it. It leaves a registry in ./demo-registry that `lineage-registry` can explore.
"""
# ruff: noqa: T201 - this program talks to a person

import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np
from digits_mlp import Array, Weights, accuracy, chances, fresh, train
from sklearn.datasets import load_digits

from lineage_registry import Registry, connect
from lineage_registry.reports import audit_html, audit_json

HOME = Path("demo-registry")
OUT = HOME / "out"
MARK = HOME / ".made-by-the-demo"
URL = "./demo-registry"
TEST = "datasets:/digits-test/1"
LICENCE = {"licence": "CC-BY-4.0"}
Data = dict[str, Array]


def main() -> None:
    """Run the demo in the current folder."""
    began = time.monotonic()
    clear()
    with connect(URL, actor="mira") as registry:
        prepare_data(registry)
        train_generations(registry)
        release(registry)
    with connect(URL, actor="nightly-job") as registry:
        break_it(registry)
    with connect(URL, actor="on-call") as registry:
        before = repair(registry)
        hand_over(registry)
    print(f"\nDone in {time.monotonic() - began:.0f} s. Try next:")
    print(NEXT.format(program=f"{program()} --url {HOME}", before=before, home=HOME))


# 1. Data


def prepare_data(registry: Registry) -> None:
    """Register the raw images, clean them, and cut them into slices."""
    say("1. Data: raw -> clean -> slices")
    registry.create_dataset(
        "digits-raw", owner="data team", description="Handwritten digits, 8 x 8 grey values"
    )
    with registry.run(run_id="import", params={"source": "sklearn.datasets.load_digits"}):
        found = load_digits()
        raw = {"images": found.data.astype(np.float32), "labels": found.target.astype(np.float32)}
        version = registry.register_dataset(
            "digits-raw",
            raw,
            tags=LICENCE,
            description="Optical Recognition of Handwritten Digits (UCI), test fold",
            params={"images": len(raw["images"])},
        )
    told(version.reference, f"{len(raw['images'])} images")

    with registry.run(run_id="clean") as run:
        raw = registry.load("datasets:/digits-raw/1")
        clean, dropped = cleaned(raw)
        run.log_params(duplicates=dropped, dead_pixels=64 - clean["images"].shape[1])
        version = registry.register_dataset("digits-clean", clean, parents=["digits-raw:1"])
    dead = 64 - clean["images"].shape[1]
    told(version.reference, f"{dropped} duplicates and {dead} dead pixels removed, values 0 to 1")

    with registry.run(run_id="split", params={"seed": 7, "test": 0.3}):
        clean = registry.load("datasets:/digits-clean/1")
        parts = slices(clean, seed=7)
        for name in ("digits-test", "digits-spring", "digits-summer"):
            part = parts[name]
            version = registry.register_dataset(name, part, parents=["digits-clean:1"])
            told(version.reference, f"{len(part['images'])} images")


def cleaned(raw: Data) -> tuple[Data, int]:
    """Return the images once each, without pixels that never change, scaled; and how many fell."""
    _, kept = np.unique(raw["images"], axis=0, return_index=True)
    kept.sort()
    images = raw["images"][kept]
    alive = images.std(axis=0) > 0
    scaled = np.ascontiguousarray(images[:, alive] / np.float32(16))
    return {"images": scaled, "labels": raw["labels"][kept]}, len(raw["images"]) - len(kept)


def slices(clean: Data, seed: int) -> dict[str, Data]:
    """Return a test set and three training slices that share no image."""
    order = np.random.default_rng(seed).permutation(len(clean["images"]))
    ends = [int(len(order) * share) for share in (0.3, 0.5, 0.75)]
    names = ("digits-test", "digits-spring", "digits-summer", "digits-autumn")
    return {
        name: {key: value[rows] for key, value in clean.items()}
        for name, rows in zip(names, np.split(order, ends), strict=True)
    }


# 2. Models


def train_generations(registry: Registry) -> None:
    """Train a base model, two fine-tuned versions of it, and an ensemble of those two."""
    say("2. Models: base -> two fine-tuned versions -> an ensemble that needs both")
    registry.create_model("digits", owner="vision team", description="Reads one handwritten digit")
    registry.create_model(
        "digits-ensemble", owner="vision team", description="Averages two versions of digits"
    )
    fit(registry, "train-base", data="digits-spring:1", base=None, epochs=12, rate=0.03)
    fit(registry, "finetune-summer", data="digits-summer:1", base="digits:1", epochs=12, rate=0.03)
    fit(registry, "finetune-spring", data="digits-spring:1", base="digits:1", epochs=25, rate=0.05)
    combine(registry, "combine", members=("digits:2", "digits:3"))


def fit(
    registry: Registry, name: str, *, data: str, base: str | None, epochs: int, rate: float
) -> None:
    """Train from scratch, or on from `base`; register what comes out."""
    # Loaded before the run begins: inside its block it would count as training data.
    test = registry.load(TEST)
    settings = {"epochs": epochs, "rate": rate, "batch": 32, "seed": 11}
    with registry.run(run_id=name, params=settings, tested_on=[TEST]) as run:
        images = registry.load(f"datasets:/{data.replace(':', '/')}")
        weights = registry.load(base) if base else fresh(images["images"].shape[1], 32, seed=11)
        for epoch, loss in train(weights, images, epochs=epochs, rate=rate, seed=11):
            run.log_metrics({"loss": round(loss, 5)}, step=epoch)
        reached = accuracy(chances(weights, test["images"]), test["labels"])
        run.log_metrics({"accuracy": reached}, step=epochs)
        parents = [(base, "finetune")] if base else []
        version = run.log(weights, "digits", parents=parents, metrics={"accuracy": reached})
    origin = f"{base} + {data}" if base else data
    told(version.reference, f"accuracy {reached:.1%}  {origin}")


def combine(registry: Registry, name: str, *, members: tuple[str, str]) -> None:
    """Register an ensemble: how much each member counts, and that it needs them."""
    test = registry.load(TEST)
    with registry.run(run_id=name, params={"members": 2}, tested_on=[TEST]) as run:
        parts = [registry.load(member, role="ensemble-member") for member in members]
        share = np.array([0.5, 0.5], np.float32)
        reached = accuracy(mixed(parts, share, test["images"]), test["labels"])
        run.log_metrics({"accuracy": reached})
        version = run.log(
            {"share": share},
            "digits-ensemble",
            dependencies=[(member, "ensemble-member") for member in members],
            metrics={"accuracy": reached},
        )
    told(version.reference, f"accuracy {reached:.1%}  needs {' and '.join(members)}")


def mixed(members: list[Weights], share: Array, images: Array) -> Array:
    """Return what the members say together."""
    said = [part * chances(member, images) for part, member in zip(share, members, strict=True)]
    total: Array = np.sum(said, axis=0)
    return total


def served(registry: Registry) -> float:
    """Return the accuracy of what is in Production, loaded and verified as a service would."""
    version = registry.version("models:/digits-ensemble/Production")
    members = [registry.load(needed.reference) for needed in version.dependencies]
    test = registry.load(TEST)
    share = version.load()["share"]
    return accuracy(mixed(members, share, test["images"]), test["labels"])


# 3. Release


def release(registry: Registry) -> None:
    """Bring the ensemble into Production and let a service use it."""
    say("3. Release")
    registry.promote("digits-ensemble:1", "Production", reason="first release, tests passed")
    registry.deploy("digits-api", "digits-ensemble:1", environment="eu-west", owner="platform team")
    told("digits-ensemble:1", f"Production, served by digits-api, accuracy {served(registry):.1%}")


# 4. Break


def break_it(registry: Registry) -> None:
    """Do what a nightly job did: learn from mislabelled data and release it unseen."""
    say("4. At night a job trains on a new delivery, and releases the result unseen")
    with registry.run(run_id="delivery", params={"supplier": "labels-r-us"}):
        clean = registry.load("datasets:/digits-clean/1")
        autumn = slices(clean, seed=7)["digits-autumn"]
        # The supplier counts from one: 0 is labelled 1, and 9 is labelled 0.
        autumn["labels"] = (autumn["labels"] + 1) % 10
        version = registry.register_dataset("digits-autumn", autumn, parents=["digits-clean:1"])
    told(version.reference, f"{len(autumn['images'])} images, every label off by one")
    fit(registry, "finetune-autumn", data="digits-autumn:1", base="digits:2", epochs=12, rate=0.03)
    combine(registry, "combine-again", members=("digits:3", "digits:4"))
    registry.promote("digits-ensemble:2", "Production", reason="newest wins")
    registry.deploy("digits-api", "digits-ensemble:2", reason="newest wins")
    told("digits-ensemble:2", f"Production, served by digits-api, accuracy {served(registry):.1%}")


# 5. Repair


def repair(registry: Registry) -> int:
    """Find out what the bad delivery reached, and go back; return the revision before."""
    say("5. On call: what did the bad delivery reach?")
    bad = "datasets:/digits-autumn/1"
    show_impact(registry, bad)
    planned = registry.rollback("digits-ensemble", dry_run=True)
    told("rollback --dry-run", f"{planned.left} -> {planned.restored}")
    before = registry.status().revision
    registry.rollback("digits-ensemble", reason="trained on digits-autumn:1, labels off by one")
    registry.deploy("digits-api", "models:/digits-ensemble/Production", reason="rolled back")
    registry.update_version(bad, tags={"quarantine": "labels off by one"})
    told("rollback", f"Production is {planned.restored}, accuracy {served(registry):.1%}")
    then = registry.version("models:/digits-ensemble/Production", as_of=before)
    told("history", f"as of revision {before} Production still reads {then.reference}")
    show_impact(registry, bad)
    return before


def show_impact(registry: Registry, reference: str) -> None:
    """Print what relies on something."""
    hit = registry.impact(reference)
    told("impact", f"{hit.total} things come from {reference}")
    told("", f"in Production: {', '.join(hit.production) or 'nothing'}")
    told("", f"deployments:   {', '.join(hit.deployments) or 'none'}")
    told("", f"owners:        {', '.join(hit.owners) or 'none'}")


# 6. Report


def hand_over(registry: Registry) -> None:
    """Print where Production comes from; write the audit report and the graph."""
    say("6. Where does Production come from?")
    print(registry.ancestors("models:/digits-ensemble/Production").tree())
    OUT.mkdir()
    report = registry.audit_report("models:/digits-ensemble/Production")
    (OUT / "audit.json").write_text(audit_json(report), encoding="utf-8")
    (OUT / "audit.html").write_text(audit_html(report), encoding="utf-8")
    everything = registry.descendants("datasets:/digits-raw/1")
    for name in ("lineage.svg", "lineage.mmd", "lineage.html"):
        everything.export(OUT / name)
    checked = registry.validate(bytes=True)
    say("7. Written")
    for name, about in FILES.items():
        told(str(OUT / name), about)
    verdict = "all is well" if checked.ok else f"{len(checked.findings)} findings"
    told("validate", f"{checked.events} events, {checked.blobs} files read again: {verdict}")


FILES = {
    "audit.html": "audit report of what is in Production, to read or print",
    "audit.json": "the same for programs",
    "lineage.html": "everything that comes from the raw images, to walk through in a browser",
    "lineage.svg": "the same as a picture",
    "lineage.mmd": "the same as Mermaid, for a README",
}
NEXT = """
  {program} lineage digits-ensemble:1
  {program} history digits-ensemble
  {program} impact datasets:/digits-autumn/1 --as-of {before}
  {program} events digits-ensemble:2
  {program} report digits-ensemble:2 -o {home}/out/rolled-back.html
"""


def program() -> str:
    """Return what to type for the command line here."""
    name = "lineage-registry"
    beside = Path(sys.executable).with_name(name)
    found = shutil.which(name)
    if found and Path(found).samefile(beside):
        return name
    return os.path.relpath(beside) if beside.is_relative_to(Path.cwd()) else str(beside)


def clear() -> None:
    """Remove what an earlier demo left, and nothing else."""
    if HOME.is_symlink() or (HOME.exists() and not MARK.is_file()):
        sys.exit(f"{HOME} was not made by this demo; move it away first")
    if HOME.exists():
        shutil.rmtree(HOME)
    HOME.mkdir()
    MARK.write_text("examples/demo.py removes this folder when it runs again\n", encoding="utf-8")


def say(title: str) -> None:
    """Print the title of a step."""
    print(f"\n{title}\n{'-' * len(title)}")


def told(what: str, about: str) -> None:
    """Print one line of a step."""
    print(f"  {what:<31} {about}")


if __name__ == "__main__":
    main()
