"""What nobody should send: refused with its documented error, and nothing is half-written."""

from collections.abc import Callable

import pytest

from lineage_registry.errors import (
    InputTooLargeError,
    InvalidInputError,
    InvalidNameError,
    InvalidReferenceError,
    InvalidVersionError,
    NotFoundError,
    RegistryError,
)
from lineage_registry.registry import Registry
from tests.behaviour.places import Place

NO_NAMES = {
    "nothing": "",
    "dots": "..",
    "a dot": ".",
    "a slash": "a/b",
    "an encoded slash": "a%2fb",
    "encoded twice": "%252e%252e",
    "a semicolon": "a;b",
    "NUL": "a\0b",
    "too long": "a" * 10_000,
    "one too long": "a" * 129,
    "a dot at the end": "a.",
    "a space at the end": "a ",
    "a newline at the end": "abc\n",
    "a space in front": " a",
    "a hyphen in front": "-a",
    "two dots": "a..b",
    "a colon": "a:b",
    "an at": "a@b",
    "a question mark": "a?b",
    "a backtick": "a`b",
    "an escaped backtick": "a\\u0060b",
    "a quote": "a'b",
    "Cypher": "x'}) MATCH (n) DETACH DELETE n //",
    "SQL": "x'; DROP TABLE event; --",
    "a Cyrillic a in Latin": "m\u0430del",
    "a fi ligature": "\ufb01le",
    "an override of direction": "abc\u202exyz",
    "a zero width space": "ab\u200bc",
    "a zero width joiner": "ab\u200dc",
    "an Arabic digit": "a\u0661",
    "a superscript": "a\u00b2",
    "a combining mark first": "\u0301a",
    "half a surrogate pair": "a\ud800",
    "an emoji": "model\U0001f600",
    "full width": "\uff41bc",
}
NO_VERSIONS = [
    "1.0",
    "01.0.0",
    "1.0.0+x",
    "v1.0.0",
    "0",
    "-1",
    "1" + "0" * 30,
    "\u00b2",
    "1 ",
    " 1",
    "1\n",
    "a/b",
    "a b",
    "",
    "@",
    "@latest",
    "@v1",
    "\u0661",
    "1;2",
    "a\0",
    "x" * 65,
    "\ud800",
]
NO_REFERENCES = [
    "",
    ":",
    "@",
    "/",
    "models:",
    "models:/",
    "models://m/1",
    "models:/m/",
    "models:/m/1/2",
    "models:/m/1@champion",
    "models:/m@",
    "m:1@champion",
    "m@champion:1",
    "m@a@b",
    "m:1:2",
    "m:",
    "files:/m/1",
    "Models:/m/1",
    "runs:/a/b",
    "runs:/r@x",
    "deployments:/d/1",
    "m:1?",
    "m:1?as_of",
    "m:1?as_of=",
    "m:1?as_of=x",
    "m:1?when=1",
    "m:1?as_of=1&x=2",
    "m:1?as_of=1?as_of=2",
    "http://example.com/m",
    "m" * 2_000,
    "a\0b:1",
    "m\ud800:1",
]


@pytest.fixture
def calm(place: Place) -> Place:
    """A registry with a model `m`; the test leaves it as it was."""
    place.registry.register("m", label="1.0.0")
    place.registry.register_dataset("m")
    return place


def refuse(place: Place, kinds: type[RegistryError], call: Callable[[], object], what: str) -> None:
    revision = place.revision
    with pytest.raises(kinds) as caught:
        raise AssertionError(f"taken: {what}: {call()!r}")
    assert caught.value.message, what
    assert caught.value.hint or caught.value.context, (what, caught.value)
    assert place.revision == revision, what


def test_no_name_that_breaks_the_rule_gets_in_anywhere(calm: Place) -> None:
    registry = calm.registry
    for what, name in NO_NAMES.items():
        for call in (
            lambda name=name: registry.create_model(name),
            lambda name=name: registry.create_dataset(name),
            lambda name=name: registry.register(name),
            lambda name=name: registry.register_dataset(name),
            lambda name=name: registry.update("m", new_name=name),
            lambda name=name: registry.deploy(name, "m:1"),
        ):
            refuse(calm, InvalidInputError, call, what)
    with pytest.raises(InvalidNameError):
        registry.create_model("a/b")
    calm.demand_sound()


def test_names_that_other_systems_fear_are_just_names(calm: Place) -> None:
    for name in (
        "CON",
        "nul",
        "0",
        "latest",
        "None",
        "null",
        "constructor",
        "a.b-c_d e",
        "A" * 128,
    ):
        assert calm.registry.register(name).name == name
        assert calm.registry.version(f"models:/{name}/1").name == name
    calm.demand_sound()


def test_signs_that_are_letters_by_another_code_are_those_letters(registry: Registry) -> None:
    assert registry.create_model("\u212aelvin").name == "Kelvin"
    assert registry.create_model("cafe\u0301").name == "caf\u00e9"
    assert registry.model("CAF\u00c9").name == "caf\u00e9"


def test_no_version_that_is_none_is_taken_for_one(calm: Place) -> None:
    registry = calm.registry
    for text in NO_VERSIONS:
        refuse(
            calm, InvalidInputError, lambda text=text: registry.version(f"models:/m/{text}"), text
        )
        refuse(calm, InvalidInputError, lambda text=text: registry.register("m", label=text), text)
    with pytest.raises(InvalidVersionError):
        registry.register("m", label="1.0.0+x")
    with pytest.raises(InvalidVersionError):
        registry.register("m", label="latest")
    assert registry.version("m:v1").number == 1
    calm.demand_sound()


def test_a_dataset_version_that_is_none_is_refused_too(calm: Place) -> None:
    registry = calm.registry
    for text in ("01.0.0", "1.0", "1.0.0+x", "0", "a/b", "", "a\0", "\ud800", "1" + "0" * 30):
        refuse(
            calm,
            InvalidInputError,
            lambda text=text: registry.version(f"datasets:/m/{text}"),
            ascii(text),
        )


def everything_that_takes_a_reference(registry: Registry) -> list[Callable[[str], object]]:
    return [
        registry.version,
        registry.files,
        registry.load,
        lambda text: registry.download(text, "/nonexistent"),
        registry.ancestors,
        registry.descendants,
        registry.impact,
        registry.siblings,
        registry.neighbours,
        registry.roots,
        registry.leaves,
        registry.order,
        registry.subgraph,
        lambda text: registry.common_ancestors("m:1", text),
        lambda text: registry.paths(text, "m:1"),
        lambda text: registry.paths("m:1", text),
        lambda text: registry.ancestors("m:1", stop_at=[text]),
        lambda text: list(registry.events(subject=text)),
        registry.audit_report,
        lambda text: registry.promote(text, "Production"),
        lambda text: registry.set_alias(text, "champion"),
        lambda text: registry.update_version(text, tags={"a": "b"}),
        lambda text: registry.log_version_metrics(text, {"a": 1.0}),
        registry.delete_version,
        registry.restore_version,
        lambda text: registry.add_dependency(text, "m:1"),
        lambda text: registry.add_dependency("m:1", text),
        lambda text: registry.remove_dependency("m:1", text),
        lambda text: registry.deploy("shop", text),
        lambda text: registry.register("new", parents=[text]),
        lambda text: registry.register("new", dependencies=[text]),
        lambda text: registry.register("new", datasets=[text]),
        lambda text: registry.register("new", tested_on=[text]),
        lambda text: registry.register("new", siblings=[text]),
        lambda text: registry.run("new", inputs=[text]),
    ]


def test_no_reference_that_cannot_be_read_is_taken_anywhere(calm: Place) -> None:
    calls = everything_that_takes_a_reference(calm.registry)
    for text in NO_REFERENCES:
        # Each text meets a few of the calls, and each call many of the texts.
        start = len(text) % 5
        for call in calls[start::5]:
            refuse(calm, RegistryError, lambda call=call, text=text: call(text), ascii(text[:40]))
    calm.demand_sound()


def test_what_cannot_be_read_is_an_invalid_reference_or_name(calm: Place) -> None:
    for text in NO_REFERENCES:
        with pytest.raises((InvalidReferenceError, InvalidNameError)):
            calm.registry.version(text)


def test_unknown_and_deleted_things_are_not_found_anywhere(calm: Place) -> None:
    registry = calm.registry
    registry.register("gone")
    registry.register("gone")
    registry.delete_version("gone:2")
    for call in everything_that_takes_a_reference(registry):
        for text in ("nobody:1", "models:/m/7", "m@nobody", "models:/m/Production"):
            refuse(calm, NotFoundError, lambda call=call, text=text: call(text), text)
    for call in everything_that_takes_a_reference(registry):
        revision = calm.revision
        try:
            call("models:/gone/2")
        except (NotFoundError, InvalidInputError):
            assert calm.revision == revision
        else:
            registry.delete_version("gone:2")
    calm.demand_sound()


def test_texts_and_keys_that_no_store_keeps_are_refused(calm: Place) -> None:
    registry = calm.registry
    for text in ("a\0b", "a\ud800", "\udfff"):
        for call in (
            lambda text=text: registry.create_model("x", description=text),
            lambda text=text: registry.create_model("x", owner=text),
            lambda text=text: registry.create_model("x", tags={"a": text}),
            lambda text=text: registry.update("m", description=text),
            lambda text=text: registry.update_version("m:1", tags={"a": text}),
            lambda text=text: registry.register("x", params={"a": text}),
            lambda text=text: registry.run(text),
            lambda text=text: registry.promote("m:1", "Staging", reason=text),
            lambda text=text: registry.create_model("x", key=text),
        ):
            refuse(calm, InvalidInputError, call, ascii(text))
    for key in ("", " a", "a ", "a=b", "a`b", "a\nb", "é", "a'", "x" * 129, "$a", "a\\u0060"):
        for call in (
            lambda key=key: registry.create_model("x", tags={key: "1"}),
            lambda key=key: registry.update("m", tags={key: None}),
            lambda key=key: registry.register("x", params={key: 1}),
            lambda key=key: registry.register("x", metrics={key: 1.0}),
        ):
            refuse(calm, InvalidInputError, call, ascii(key))
    calm.demand_sound()


def test_numbers_that_no_store_keeps_are_refused(calm: Place) -> None:
    registry = calm.registry
    for number in (2**63, -(2**63) - 1, 10**30):
        refuse(
            calm, InvalidInputError, lambda n=number: registry.register("x", params={"a": n}), ""
        )
    for metric in ("fast", "nan", "1e400", None):
        refuse(
            calm,
            InvalidInputError,
            lambda metric=metric: registry.register("x", metrics={"a": metric}),
            str(metric),
        )
    edges = {"low": -(2**63), "high": 2**63 - 1, "small": 5e-324, "big": 1.7976931348623157e308}
    assert registry.register("x", params=edges).params == edges
    kept = registry.register(
        "x", params={"a": float("inf"), "b": -0.0, "c": True, "d": 1, "e": "1"}
    )
    assert kept.params == {"a": "Infinity", "b": 0.0, "c": True, "d": 1, "e": "1"}
    assert [type(value) for value in kept.params.values()] == [str, float, bool, int, str]
    calm.demand_sound()


def test_too_much_at_once_is_refused(calm: Place) -> None:
    registry = calm.registry
    for call in (
        lambda: registry.create_model("x", description="a" * 300_000),
        lambda: registry.register("x", tags={f"k{i}": "v" * 1000 for i in range(300)}),
    ):
        refuse(calm, InvalidInputError, call, "")
    with pytest.raises(InputTooLargeError):
        registry.register("x", tags={f"k{i}": "v" * 1000 for i in range(300)})
    refuse(
        calm, InvalidInputError, lambda: registry.create_model("x", reason="r" * 2_001), "reason"
    )
    refuse(calm, InvalidInputError, lambda: registry.create_model("x", key="k" * 10_000), "key")
    calm.demand_sound()


def test_values_that_look_like_queries_are_values(calm: Place) -> None:
    registry = calm.registry
    attacks = [
        "x'}) MATCH (n) DETACH DELETE n //",
        "' OR 1=1 --",
        "$value",
        "`) DETACH DELETE (n",
        "\\u0060",
        "%_",
        "*",
        '"; DROP TABLE event; --',
    ]
    for number, text in enumerate(attacks, start=1):
        made = registry.register("target", description=text, tags={"t": text}, params={"p": text})
        assert (made.description, made.tags, made.params) == (text, {"t": text}, {"p": text})
        assert [one.number for one in registry.search(text=text)] == [number]
        assert [one.number for one in registry.search(tag=[f"t={text}"])] == [number]
        registry.update("m", owner=text)
        assert [one.name for one in registry.models(owner=text)] == ["m"]
        assert list(registry.models(text=text)) == []
        assert list(registry.events(by=text)) == []
        assert list(registry.events(type=[text])) == []

        def staged(text: str = text) -> list[object]:
            return list(registry.versions("target", stage=text))

        # A stage is one of a few words; a list for another word would only look empty.
        refuse(calm, NotFoundError, staged, text)
    assert len(list(registry.versions("target"))) == len(attacks)
    calm.demand_sound()


def test_cursors_that_nobody_gave_out_are_refused(calm: Place) -> None:
    from lineage_registry.ports.commands import Context, ListEvents, ListFamilies, build

    commands = calm.registry.sender.commands
    for cursor in ("x", "", "0", "-1", "9" * 40, "a" * 501, "1.2.3", "\ud800", "MTIz"):
        for command, fields in ((ListFamilies, {"space": "models"}), (ListEvents, {})):

            def ask(command=command, fields=fields, cursor=cursor) -> None:
                commands.run(build(command, {**fields, "cursor": cursor}), Context("ada"))

            refuse(calm, InvalidInputError, ask, ascii(cursor))


def test_fields_that_do_not_exist_are_refused(calm: Place) -> None:
    registry = calm.registry
    for call in (
        lambda: list(registry.models(colour="red")),
        lambda: list(registry.versions("m", stagee="x")),
        lambda: registry.ancestors("m:1", dept=3),
        lambda: list(registry.search("fish")),
        lambda: list(registry.models(limit="many")),
    ):
        with pytest.raises((InvalidInputError, TypeError)):
            call()
