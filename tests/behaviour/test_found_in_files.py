"""What was found in files stays with their version, and what they say of themselves is a hint."""

from tests.behaviour.places import Place
from tests.corpus import huggingface_files, onnx_files, tensor_files
from tests.corpus.cases import Files

CARD = """---
license: apache-2.0
base_model: gpt2
base_model_relation: finetune
datasets: [glue]
---
"""


def written(place: Place, files: Files, name: str = "model") -> str:
    for path, data in files.items():
        place.file(f"{name}/{path}").write_bytes(data)
    return str(place.folder / "files" / name)


def test_what_was_found_is_kept_with_the_version(place: Place) -> None:
    made = place.registry.register("net", written(place, {"m.onnx": onnx_files.quantised()}))
    facts = place.registry.version(made.reference).facts
    assert facts["quantization"] == "int8, 8 bits"
    assert (facts["parameters"], facts["scales"]) == (16, 2)
    assert facts["inputs"] == "x float32[batch, 4]"
    assert facts["outputs"] == "y float32[batch, 4]"
    assert facts["opsets"] == "ai.onnx 20"
    place.demand_sound()


def test_hints_of_a_card_are_facts_and_no_edges(place: Place) -> None:
    registry = place.registry
    base = registry.register("gpt2")
    files = huggingface_files.folder(README__md=CARD.encode())
    made = registry.register("tuned", written(place, files))
    assert made.facts["architecture"] == "GPT2LMHeadModel"
    assert made.facts["licence_hint"] == "apache-2.0"
    assert made.facts["base_model_hint"] == "gpt2 (finetune)"
    assert made.facts["dataset_hint"] == "glue"
    assert made.licence is None
    assert made.parents == []
    lineage = registry.descendants(base.reference)
    assert [node.reference for node in lineage.nodes] == [base.reference]
    place.demand_sound()


def test_own_code_and_odd_names_are_told(place: Place) -> None:
    registry = place.registry
    files = huggingface_files.NEEDS_TRUST["auto_map"]
    made = registry.register("brings-code", written(place, files, "code"))
    assert made.facts["verdict"] == "needs-trust"
    assert "modeling_mine.Mine" in str(made.facts["custom_code"])
    lying = {"model.safetensors": tensor_files.gguf_file()}
    made = registry.register("lying", written(place, lying, "lying"))
    assert made.format == "gguf"
    assert "is gguf by its content" in str(made.facts["warnings"])


def test_a_long_list_of_inputs_is_cut(place: Place) -> None:
    names = [f"input{n}" for n in range(200)]
    data = onnx_files.model(onnx_files.node("Relu", ["input0"]), inputs=names)
    made = place.registry.register("wide", written(place, {"m.onnx": data}))
    assert len(str(made.facts["inputs"])) == 1_000
