"""What a model card says, in the words of this registry."""

import pytest

from lineage_registry.domain.licence_table import parse_licence
from lineage_registry.domain.model_cards import Result, derivation_of, licence_of, metrics_of
from lineage_registry.domain.names import parse_key
from lineage_registry.domain.references import Space
from lineage_registry.errors import InvalidInputError
from lineage_registry.ports.hub import Repository, named_repository, repository_of


@pytest.mark.parametrize(
    ("said", "licence"),
    [
        (["apache-2.0"], "Apache-2.0"),
        (["MIT"], "MIT"),
        (["gpl-3.0"], "GPL-3.0-only"),
        (["cc-by-nc-4.0"], "CC-BY-NC-4.0"),
        (["llama3.1"], "llama3.1"),
        (["openrail++"], "openrail++"),
        (["odc-by"], "ODC-By-1.0"),
        (["wtfpl"], "WTFPL"),
        (["other"], "LicenseRef-other"),
        (["none"], "LicenseRef-none"),
        (["LicenseRef-acme"], "LicenseRef-acme"),
        (["Acme (tm) licence, v2"], "LicenseRef-Acme-tm-licence-v2"),
        (["\u2603"], "LicenseRef-unnamed"),
        (["mit", "apache-2.0", "mit"], "MIT AND Apache-2.0"),
        ([], None),
    ],
)
def test_licences_are_spdx_or_a_name_of_their_own(said, licence):
    assert licence_of(said) == licence
    for one in [] if licence is None else licence.split(" AND "):
        assert parse_licence(one) == one


def test_relations_are_kinds_of_derivation():
    said = ["finetune", "Adapter", "quantized", "merge", "something", None]
    told = ["finetune", "adapter", "quantized", "merged", "other", "other"]
    assert [derivation_of(one).value for one in said] == told


def test_results_are_metrics_by_data():
    results = [
        Result("acc", "0.5", "GLUE", "sst2", "test"),
        Result("acc", "0.6", "GLUE", "cola", "test"),
        Result("acc", "0.7", "GLUE", "cola", "test"),
        Result("loss", "1e-3"),
        Result("f1", "nan", "GLUE"),
        Result("f1", "high", "GLUE"),
        Result("", "0.5", "GLUE"),
        Result("wer/\u2603", "3", "Common Voice (en)" * 9),
    ]
    found = metrics_of(results)
    assert found.pop("wer/Common Voice -en-Common Voice -en-Common") == 3
    assert found == {"acc/GLUE": 0.5, "acc/GLUE/cola/test": 0.6, "loss": 0.001}
    assert all(parse_key(key) for key in metrics_of(results))


@pytest.mark.parametrize(
    ("text", "repository", "revision"),
    [
        ("acme/net", "hf://acme/net", None),
        ("acme/net@v1.0", "hf://acme/net", "v1.0"),
        ("hf://gpt2", "hf://gpt2", None),
        ("hf://datasets/acme/forms@main", "hf://datasets/acme/forms", "main"),
    ],
)
def test_repositories_are_read(text, repository, revision):
    found, said = repository_of(text, Space.MODELS)
    assert (str(found), said) == (repository, revision)


@pytest.mark.parametrize("text", ["", "a/b/c", "../x", "/etc", "a b", "acme/x--y", "acme/", "a@"])
def test_what_is_no_repository_is_refused(text):
    with pytest.raises(InvalidInputError):
        repository_of(text, Space.MODELS)


def test_what_a_card_names():
    model, data = Space.MODELS, Space.DATASETS
    page = "https://huggingface.co/"
    assert named_repository(f"{page}acme/net/", model) == Repository(model, "acme/net")
    assert named_repository(f"{page}datasets/glue", data) == Repository(data, "glue")
    assert named_repository("./checkpoint-500", model) is None
    assert Repository(model, "acme/net").name == "acme--net"
    assert Repository(data, "glue").name == "hf--glue"
