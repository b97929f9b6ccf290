"""Errors cross an entrance and come back as what they were."""

import json
import re
from pathlib import Path

import pytest

from lineage_registry import errors
from lineage_registry.errors import DeletedError, ModelNotFoundError, RegistryError
from lineage_registry.problems import ExitCode, codes, error_from, outcome, problem

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
ALL = sorted(codes().items())


def test_every_error_class_is_known_by_its_own_code():
    classes = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, RegistryError)
    ]
    assert len(codes()) == len(classes)


@pytest.mark.parametrize(("code", "kind"), ALL)
def test_an_error_survives_the_way_through_a_problem_document(code, kind):
    error = kind("what failed", hint="do this", name="resnet50", path=["a", "b"])
    document = json.loads(json.dumps(problem(error)))
    again = error_from(document)
    assert type(again) is kind
    assert (again.message, again.hint, again.context) == (error.message, error.hint, error.context)
    assert document["type"].endswith(f":{code}")
    assert 400 <= document["status"] < 600


@pytest.mark.parametrize(("code", "kind"), ALL)
def test_each_error_has_its_heading_with_status_and_exit_code(code, kind):
    status, exit_code = outcome(kind)
    sections = dict(
        re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    )
    assert f"HTTP {status:d}, exit code {exit_code:d}" in sections[code]


def test_the_page_names_no_error_that_is_gone():
    assert set(re.findall(r"^## (\S+)", PAGE.read_text(), re.MULTILINE)) == set(codes())


def test_places_of_wrong_fields_stand_at_the_top_of_the_document():
    places = [{"pointer": "/name", "detail": "too long"}]
    document = problem(errors.InvalidInputError("no", errors=places))
    assert document["errors"] == places
    assert "context" not in document
    assert error_from(document).context == {"errors": places}


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"status": 404, "code": "moon-not-found", "detail": "x"}, errors.NotFoundError),
        ({"status": 409}, errors.ConflictError),
        ({"status": 418}, RegistryError),
        ({}, RegistryError),
        ({"status": "404", "context": [1], "hint": 3}, RegistryError),
        (
            {"status": 404, "code": "not-found", "context": {"message": 1, "hint": 2, "self": 3}},
            errors.NotFoundError,
        ),
    ],
)
def test_a_document_of_a_stranger_becomes_the_nearest_error(document, kind):
    assert type(error_from(document)) is kind


@pytest.mark.parametrize(
    ("kind", "exit_code"),
    [
        (errors.InvalidNameError, ExitCode.USAGE),
        (ModelNotFoundError, ExitCode.NOT_FOUND),
        (DeletedError, ExitCode.NOT_FOUND),
        (errors.LineageCycleError, ExitCode.CONFLICT),
        (errors.DigestMismatchError, ExitCode.INTEGRITY),
        (errors.UnsafeArtifactError, ExitCode.UNSAFE_FILE),
        (errors.NotPermittedError, ExitCode.NOT_PERMITTED),
        (errors.BackendUnavailableError, ExitCode.RETRY_LATER),
        (RegistryError, ExitCode.UNEXPECTED),
    ],
)
def test_exit_codes_are_the_documented_ones(kind, exit_code):
    assert outcome(kind("x")).exit_code is exit_code
