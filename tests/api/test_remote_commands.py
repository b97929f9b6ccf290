"""A registry over HTTP answers as the same registry does here, also over bad connections."""

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lineage_registry import connect
from lineage_registry.api import create_app
from lineage_registry.errors import (
    AlreadyExistsError,
    BackendError,
    BackendUnavailableError,
    ConflictError,
    DatasetNotFoundError,
    InputIncompleteError,
    InvalidInputError,
    InvalidQueryError,
    InvalidReferenceError,
    LineageCycleError,
    ModelNotFoundError,
    NotAuthenticatedError,
    RegistryError,
    StaleWriteError,
)
from lineage_registry.ports.commands import (
    AddDependency,
    Commands,
    Context,
    CreateFamily,
    DeleteVersion,
    GetAuditReport,
    GetCommonAncestors,
    GetFamily,
    GetFiles,
    GetHistory,
    GetHotList,
    GetImpact,
    GetLineage,
    GetMetricHistory,
    GetNeighbours,
    GetOrder,
    GetPaths,
    GetRebuildPlan,
    GetRoots,
    GetRun,
    GetSiblings,
    GetStages,
    GetStatus,
    GetSubgraph,
    GetVersion,
    ListEvents,
    ListFamilies,
    ListOrphans,
    ListRuns,
    ListUnused,
    ListVersions,
    LogMetrics,
    MoveStage,
    RegisterVersion,
    RollBack,
    SearchVersions,
    SetAlias,
    StartRun,
    UpdateFamily,
    Validate,
)
from lineage_registry.remote import HttpCommands
from tests.api.conftest import ADA, TOKEN, registry, running, serving


@pytest.fixture
def story(served):
    """A small registry, written over HTTP."""
    return tell(served)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The same for questions, which change nothing."""
    with registry(tmp_path_factory.mktemp("told")) as parts, serving(parts) as served:
        yield tell(served)


def tell(served):
    run = served.remote.run
    run(CreateFamily(space="datasets", name="Zürich zoo.2", tags={"a b": "ü/&=?#"}), ADA)
    run(RegisterVersion(space="datasets", name="Zürich zoo.2", label="2026-10"), ADA)
    run(StartRun(run_id="r.1", params={"lr": 1e-3, "big": 2**62, "on": True}), ADA)
    run(LogMetrics(run_id="r.1", metrics={"val/loss": float("nan"), "acc": 0.5}, step=3), ADA)
    for _ in range(3):
        run(RegisterVersion(space="models", name="net", run="runs:/r.1"), ADA)
    for version in ("1", "2"):
        run(MoveStage(name="net", version=version, stage="Production", reason="ü"), ADA)
    run(SetAlias(space="models", name="net", alias="best", version="2"), ADA)
    return served


@pytest.mark.parametrize(
    "question",
    [
        GetFamily(space="datasets", name="Zürich zoo.2"),
        GetFamily(space="models", name="net", as_of=3),
        ListFamilies(space="models", limit=1, tag=[]),
        ListFamilies(space="datasets", tag=["a b=ü/&=?#"]),
        GetVersion(space="models", name="net", version="@best"),
        GetVersion(space="datasets", name="Zürich zoo.2", version="2026-10"),
        GetVersion(space="models", name="net", version="Production", as_of=None),
        GetVersion(space="models", name="net", version="nowhere"),
        GetVersion(space="models", name="net", version=".."),
        GetVersion(space="models", name="net", version="."),
        GetVersion(space="models", name="net", version=""),
        GetVersion(space="models", name="net", version="a/b"),
        GetVersion(space="models", name="net", version="1%2f"),
        GetVersion(space="models", name="net", version="\0"),
        ListVersions(space="models", name="net", limit=2),
        SearchVersions(space="models", stage="Production"),
        GetFiles(space="models", name="net", version="1"),
        GetRun(run_id="r.1"),
        ListRuns(metric=["acc>=0.5"], param=["on=true"]),
        GetMetricHistory(run_id="r.1", key="val/loss"),
        GetHistory(space="models", name="net", stage="Production"),
        GetStages(),
        GetLineage(start=["net:2", "net:3"], direction="both"),
        GetLineage(start=["net:2"], edge_kinds=[], node_kinds=["run"]),
        GetLineage(start=["net:2?as_of=4"]),
        GetLineage(start=["net:2"], as_of="2026-01-01"),
        GetLineage(start=["x:y:z"]),
        GetSiblings(of="net:2"),
        GetNeighbours(of="net:2"),
        GetPaths(source="net:2", target="runs:/r.1"),
        GetCommonAncestors(start=["net:2", "net:3"]),
        GetRebuildPlan(start=["datasets:/Zürich zoo.2"], cost=True),
        GetHotList(transitive=True),
        ListOrphans(),
        ListUnused(kind="run", limit=1),
        GetRoots(start=["net:2"], edge_kinds=[]),
        GetOrder(start=["net"], direction="none"),
        GetSubgraph(start=["net", "runs:/r.1"]),
        GetImpact(start=["datasets:/Zürich zoo.2"]),
        ListEvents(type=["stage.moved"], newest_first=True),
        ListEvents(cursor="nonsense"),
        GetStatus(),
        Validate(bytes=True),
        GetFamily(space="models", name="nobody"),
    ],
    ids=lambda question: type(question).__name__,
)
def test_the_same_question_has_the_same_answer_on_both_sides(told, question):
    assert _outcome(told.remote, question) == _outcome(told.commands, question)


def _outcome(commands, question):
    try:
        return commands.run(question, ADA)
    except RegistryError as error:
        return type(error), error.message, error.hint, error.context


def test_a_report_is_the_same_but_for_the_moment_it_was_made(story):
    question = GetAuditReport(of="net:2")
    here, there = (side.run(question, ADA) for side in (story.commands, story.remote))
    assert there.model_copy(update={"generated_at": here.generated_at}) == here


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (CreateFamily(space="models", name="NET"), AlreadyExistsError),
        (GetFamily(space="models", name="nobody"), ModelNotFoundError),
        (GetFamily(space="datasets", name="nobody"), DatasetNotFoundError),
        (AddDependency(name="net", version="1", on="net:1"), LineageCycleError),
        (RollBack(name="net", stage="Staging"), RegistryError),
        (DeleteVersion(space="models", name="net", version="2"), ConflictError),
        (DeleteVersion(space="models", name="net", version=".."), InvalidReferenceError),
        (ListFamilies(space="models", cursor="x"), InvalidQueryError),
    ],
)
def test_errors_are_the_ones_that_were_raised_there(story, command, kind):
    with pytest.raises(kind) as caught:
        story.remote.run(command, ADA)
    with pytest.raises(type(caught.value)) as direct:
        story.commands.run(command, ADA)
    assert caught.value.message == direct.value.message
    assert caught.value.hint == direct.value.hint


def test_who_asks_and_their_conditions_arrive(served):
    made = served.remote.run(CreateFamily(space="models", name="a"), Context("Zoë O'Neil"))
    assert made.created_by == "Zoë O'Neil"
    change = UpdateFamily(space="models", name="a", description="x")
    served.remote.run(change, Context("ada", if_match=made.revision))
    with pytest.raises(StaleWriteError):
        served.remote.run(
            UpdateFamily(space="models", name="a", description="y"),
            Context("ada", if_match=made.revision),
        )
    with pytest.raises(InvalidInputError):
        served.remote.run(change, Context("a\nb"))


def test_a_token_opens_the_door(parts):
    with running(create_app(*parts, api_keys={TOKEN: "ada"})) as url:
        with contextlib.closing(HttpCommands(url, token=TOKEN)) as known:
            made = known.run(CreateFamily(space="models", name="a"), Context("mallory"))
            assert made.created_by == "ada"
        for token, said in ((None, "is needed"), ("wrong", "is no API key of the server")):
            stranger = HttpCommands(url, token=token)
            with contextlib.closing(stranger), pytest.raises(NotAuthenticatedError) as caught:
                stranger.run(GetStatus(), ADA)
            assert said in caught.value.message
            assert "LINEAGE_REGISTRY_API_TOKEN" in (caught.value.hint or "")


@pytest.mark.parametrize("tail", ["", "/", "/api/v1", "/api/v1/"])
def test_the_address_of_the_api_is_that_of_the_server(parts, tmp_path, tail):
    file = tmp_path / "rows.csv"
    file.write_bytes(b"a\n1\n2")
    with running(create_app(*parts)) as url, connect(url + tail, actor="ada") as registry:
        made = registry.register_dataset("d", file)
        assert [file.size for file in registry.files(made.reference).files] == [5]


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "http://", "registry", "http://a b", "http://[x", "http://a:b"]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(InvalidInputError):
        HttpCommands(url)


def test_a_server_that_is_not_there_is_unavailable():
    commands = HttpCommands("http://127.0.0.1:9")
    with contextlib.closing(commands), pytest.raises(BackendUnavailableError, match="cannot reach"):
        commands.run(GetStatus(), ADA)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"a": "valid"}'[:-1],
        b"HTTP/1.1 500 Oops\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 302 Found\r\nLocation: http://evil/\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
    ],
)
def test_an_answer_of_something_else_is_a_clear_error(answer):
    with speaking(answer) as url:
        commands = HttpCommands(url)
        with contextlib.closing(commands), pytest.raises(BackendError):
            commands.run(GetStatus(), ADA)


@contextlib.contextmanager
def speaking(answer):
    """A server that says the same to everybody."""

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


class Proxy:
    """Passes bytes on; loses the requests or the answers of the first connections."""

    def __init__(self, url, *, lose_requests=0, lose_answers=0):
        self._target = ("127.0.0.1", int(url.rpartition(":")[2]))
        self.lose_requests, self.lose_answers = lose_requests, lose_answers
        self.connections = 0

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                with connection:
                    self._pass_on(connection)

    def _pass_on(self, client):
        request = client.recv(65536)
        if self.lose_requests:
            self.lose_requests -= 1
            return
        with socket.create_connection(self._target) as server:
            server.sendall(request)
            forth = threading.Thread(target=_pump, args=(client, server))
            forth.start()
            answer = server.recv(65536)  # it is done, whatever the client hears of it
            while answer and not self.lose_answers:
                client.sendall(answer)
                answer = server.recv(65536)
            if answer:
                self.lose_answers -= 1
            client.shutdown(socket.SHUT_RDWR)
            forth.join(10)


def _pump(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("lost", [{"lose_requests": 2}, {"lose_answers": 2}])
def test_a_write_whose_connection_breaks_is_done_once(served, lost):
    proxy = Proxy(served.url, **lost)
    with proxy as url, contextlib.closing(HttpCommands(url)) as commands:
        made = commands.run(RegisterVersion(space="models", name="net"), ADA)
    assert proxy.connections == 3
    assert made.number == 1
    everything = ListVersions(space="models", name="net")
    assert [version.number for version in served.commands.run(everything, ADA).items] == [1]


def test_a_connection_that_never_holds_is_told_in_the_end(served):
    proxy = Proxy(served.url, lose_answers=99)
    with proxy as url:
        commands = HttpCommands(url)
        with contextlib.closing(commands), pytest.raises(BackendUnavailableError):
            commands.run(CreateFamily(space="models", name="net"), ADA)
    assert proxy.connections == 4
    assert len(served.commands.run(ListFamilies(space="models"), ADA).items) == 1


@pytest.mark.parametrize(
    ("error", "pause"),
    [(BackendUnavailableError("busy"), 1), (InputIncompleteError("too slow"), 0)],
)
def test_a_server_that_is_busy_or_lost_patience_is_asked_again(parts, error, pause):
    class Busy(Commands):
        refusals = 2

        def run(self, command, context):
            if isinstance(command, CreateFamily) and self.refusals:
                self.refusals -= 1
                raise error
            return parts[0].run(command, context)

        def export_log(self, command):
            raise AssertionError

        def import_log(self, copy, progress=None):
            raise AssertionError

        def close(self):
            pass

    app = create_app(Busy(), parts[1])
    with running(app) as url, contextlib.closing(HttpCommands(url)) as commands:
        started = time.monotonic()
        assert commands.run(CreateFamily(space="models", name="a"), ADA).name == "a"
        assert time.monotonic() - started > pause  # as Retry-After asked


def test_sixty_four_clients_get_the_numbers_without_gap_or_twin(served):
    start = threading.Barrier(64)

    def register(_):
        with contextlib.closing(HttpCommands(served.url)) as commands:
            start.wait()
            return commands.run(RegisterVersion(space="models", name="net"), ADA).number

    with ThreadPoolExecutor(64) as pool:
        numbers = list(pool.map(register, range(64)))
    assert sorted(numbers) == list(range(1, 65))


def test_one_of_sixty_four_clients_gets_the_label(served):
    start = threading.Barrier(64)
    command = RegisterVersion(space="models", name="net", label="1.0.0")

    def register(_):
        start.wait()
        try:
            return served.remote.run(command, ADA).number
        except AlreadyExistsError:
            return None

    with ThreadPoolExecutor(64) as pool:
        won = [number for number in pool.map(register, range(64)) if number is not None]
    assert won == [1]
    assert served.commands.run(GetFamily(space="models", name="net"), ADA).latest == 1


def test_two_promotions_and_a_rollback_at_once_leave_one_holder(story):
    commands = [
        MoveStage(name="net", version="1", stage="Production"),
        MoveStage(name="net", version="3", stage="Production"),
        RollBack(name="net", stage="Production"),
    ]
    before = len(story.commands.run(ListEvents(limit=1000), ADA).items)
    start = threading.Barrier(3)

    def move(command):
        start.wait()
        return story.remote.run(command, ADA)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(move, commands))
    holders = SearchVersions(space="models", stage="Production")
    assert len(story.commands.run(holders, ADA).items) == 1
    # Where the rollback comes first and brings version 1 back, promoting that changes nothing.
    assert len(story.commands.run(ListEvents(limit=1000), ADA).items) - before in {2, 3}
