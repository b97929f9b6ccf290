"""Runs from a shell: what they are given, what they load."""


def inputs_of(scene, run):
    found = scene("run", "show", run, "--json").answer["inputs"]
    return [(one["reference"], one["role"], one["edge"]) for one in found]


def test_a_parameter_is_what_it_looks_like_unless_json_says_what_it_is(scene):
    given = ("-p", "lr=3e-4", "-p", "on=true", "-p", "opt=adam", "-p", 'id:="0042"')
    found = scene("run", "start", *given, "-p", "n:=2", "-p", "off:=false", "--json").answer
    assert found["params"] == {
        "lr": 3e-4,
        "on": True,
        "opt": "adam",
        "id": "0042",
        "n": 2,
        "off": False,
    }


def test_the_environment_is_found_unless_it_is_given(scene):
    def environment(*options):
        return scene("run", "start", *options, "--json").answer["environment"]

    assert environment()["python"]
    given = ("--environment", "seed=7", "--environment", 'python:="3.10"')
    assert environment(*given) == {"seed": 7, "python": "3.10"}
    assert environment("--no-environment") == {}


def test_what_a_run_downloads_becomes_its_input(scene, somewhere):
    scene("run", "start", "tune", "--id", "tune")
    assert scene("download", "base:1", "out", "--run", "tune").code == 0
    assert scene("download", "digits", "data", "--run", "runs:/tune").code == 2
    assert scene("download", "datasets:/digits/1", "data", "--run", "tune").code == 0
    assert scene("download", "base:1", "out", "--run", "tune", "--role", "teacher").code == 0
    assert (somewhere / "out" / "weights.bin").stat().st_size == 10_240
    assert inputs_of(scene, "tune") == [
        ("datasets:/digits/1", "train", "USED"),
        ("models:/base/1", "base", "USED"),
        ("models:/base/1", "teacher", "USED"),
    ]


def test_what_comes_from_the_run_itself_is_refused_unless_it_was_loaded(scene):
    scene("run", "start", "tune", "--id", "tune")
    scene("register", "weights.bin", "-n", "tuned", "--run", "tune")
    assert scene("run", "use", "tune", "--uses", "tuned:1").code == 4
    assert scene("run", "use", "tune", "--uses", "tuned:1", "--loaded").code == 0
    assert inputs_of(scene, "tune") == [("models:/tuned/1", "", "READ_BACK")]
    assert scene("download", "tuned:1", "out", "--run", "tune").code == 0


def test_test_data_has_a_role(scene):
    scene("run", "start", "check", "--id", "check", "--tested-on", "digits:1:=holdout")
    scene("run", "use", "check", "--tested-on", "digits:1")
    assert inputs_of(scene, "check") == [
        ("datasets:/digits/1", "holdout", "EVALUATED_ON"),
        ("datasets:/digits/1", "test", "EVALUATED_ON"),
    ]
