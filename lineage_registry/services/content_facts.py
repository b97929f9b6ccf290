"""What an inspection found, as facts of a version: short, flat, and what files say is a hint."""

from collections.abc import Iterator

from lineage_registry.domain.digests import Manifest
from lineage_registry.domain.format_lines import origin_line, ports_line, quantization_line
from lineage_registry.domain.formats import Inspection
from lineage_registry.domain.graph import Scalar

_MAX_FACT = 1_000


def facts_of(inspection: Inspection, manifest: Manifest) -> dict[str, Scalar]:
    """Return what is kept of an inspection for good.

    What the files say of their licence, their base models and their data nobody has checked: these
    facts are called hints, and none of them makes an edge.
    """
    facts: dict[str, Scalar] = {
        "format": inspection.format,
        "size": manifest.size,
        "files": len(manifest.files),
        "verdict": inspection.verdict.value,
        "policy": inspection.policy,
    }
    for name in ("tensors", "parameters", "buffers", "scales"):
        if (count := getattr(inspection, name)) is not None:
            facts[name] = count
    facts.update({name: text[:_MAX_FACT] for name, text in _texts(inspection) if text})
    return facts


def _texts(found: Inspection) -> Iterator[tuple[str, str]]:
    common = sorted(found.dtypes.items(), key=lambda item: (-item[1], item[0]))
    yield "reasons", "; ".join(found.reasons)
    yield "warnings", "; ".join(found.warnings)
    yield "kind", found.kind if found.kind not in {None, found.format} else ""
    yield "dtypes", ", ".join(name for name, _ in common)
    yield "architecture", found.architecture or ""
    yield "quantization", quantization_line(found.quantization)
    yield "producer", found.producer or ""
    yield "tokenizer", found.tokenizer or ""
    yield "inputs", ports_line(found.inputs)
    yield "outputs", ports_line(found.outputs)
    yield "opsets", ", ".join(f"{name} {version}" for name, version in found.opsets.items())
    yield "custom_code", "; ".join(found.custom_code)
    yield "licence_hint", found.licence or ""
    yield "base_model_hint", ", ".join(map(origin_line, found.base_models))
    yield "dataset_hint", ", ".join(found.datasets)
