"""The HTML page as a person meets it: in a real browser, with mouse and keys."""

import json
import os
import shutil
from xml.etree import ElementTree as ET

import pytest

from lineage_registry.exports import export
from tests.golden import lineages

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = [
    pytest.mark.xdist_group("chromium"),
    # Playwright's driver is a child process whose pipes close after the loop that reads them.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def _missing(reason):
    if os.environ.get("LINEAGE_REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser():
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("Playwright is not installed, so the HTML page is not tried in a browser")
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    if binary is None:
        _missing("no Chromium on this machine, so the HTML page is not tried in a browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=FLAGS)
        yield browser
        browser.close()


class Opened:
    """A page of an answer, and everything it complained about or asked for."""

    def __init__(self, browser, folder, answer, fragment="", **options):
        self.context = browser.new_context(viewport={"width": 1200, "height": 800}, **options)
        self.page = self.context.new_page()
        self.errors, self.requests = [], []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._said)
        self.page.on("request", lambda request: self.requests.append(request.url))
        file = folder / "lineage.html"
        file.write_bytes(export(answer, "html"))
        self.url = file.as_uri()
        self.page.goto(self.url + fragment)
        self.page.wait_for_function("document.getElementById('canvas').dataset.drawn > 0")

    def _said(self, line):
        if "getImageData" not in line.text:  # what colours() does
            self.errors.append(line.text)

    def settled(self):
        """Wait until the picture stands still."""
        self.page.wait_for_timeout(350)
        return self.page

    def colours(self):
        """Count the colours of the picture."""
        return self.page.evaluate(
            """() => {
              const c = document.getElementById('canvas');
              const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
              const n = {};
              for (let i = 0; i < d.length; i += 4) {
                const k = [d[i], d[i + 1], d[i + 2]].join();
                n[k] = (n[k] || 0) + 1;
              }
              return n;
            }"""
        )


@pytest.fixture
def opened(browser, tmp_path):
    pages = []

    def open_page(answer, fragment="", **options):
        options.setdefault("reduced_motion", "reduce")
        pages.append(Opened(browser, tmp_path, answer, fragment, **options))
        return pages[-1]

    yield open_page
    for page in pages:
        page.context.close()
        assert page.errors == []
        assert {url.split("#")[0] for url in page.requests if not url.startswith("blob:")} == {
            page.url
        }


def near(colours, wanted):
    """Count the pixels that are about of a colour: lines are smoothed."""
    return sum(
        count
        for colour, count in colours.items()
        if sum(abs(int(a) - b) for a, b in zip(colour.split(","), wanted, strict=True)) < 90
    )


def by_reference(answer, reference):
    return next(node for node in answer.nodes if node.reference == reference)


def test_the_page_draws_and_asks_for_nothing(opened):
    view = opened(lineages.pipeline())
    assert view.page.title() == "Lineage of models:/digits-ensemble/1"
    assert "revision 42" in view.page.inner_text("#facts")
    assert len(view.colours()) > 10


def test_a_click_selects_and_tells_ancestors_from_descendants(opened):
    answer = lineages.pipeline()
    view = opened(answer)
    node = by_reference(answer, "models:/digits-classifier/2")
    view.page.fill("#search", "digits-classifier:2")
    view.page.keyboard.press("Enter")
    page = view.settled()
    assert page.inner_text("#p-name") == "digits-classifier:2"
    box = page.locator("#canvas").bounding_box()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert not page.is_visible("#panel")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    panel = page.locator("#panel")
    panel.wait_for()
    assert page.evaluate("location.hash") == f"#node={node.id}"
    assert page.inner_text("#p-up-title") == "Causes (2)"
    facts = page.inner_text("#p-facts")
    assert "models:/digits-classifier/2" in facts
    view.settled()
    colours = view.colours()
    assert near(colours, (217, 72, 15)) > 100, "the hue of causes"
    assert near(colours, (11, 138, 131)) > 100, "the hue of effects"


def test_search_finds_by_key_and_esc_closes(opened):
    page = opened(lineages.pipeline()).page
    page.keyboard.press("/")
    page.keyboard.type("scaler staging")
    assert page.locator("#found button").all_inner_texts() == ["feature-scaler:2.0.1"]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.inner_text("#p-name") == "feature-scaler:2.0.1"
    assert "deleted" in page.inner_text("#p-marks")
    page.keyboard.press("Escape")
    assert not page.is_visible("#panel")
    assert page.evaluate("location.hash") == ""


def test_arrow_keys_follow_the_edges(opened):
    page = opened(lineages.chain(5)).page
    page.focus("#canvas")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#p-name") == "chain:5"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#p-name") == "chain:4"
    assert "chain:4" in page.inner_text("#status")


def test_a_deep_link_opens_its_node(opened):
    answer = lineages.pipeline()
    node = by_reference(answer, "deployments:/digits-eu-west")
    page = opened(answer, f"#node={node.id}").page
    assert page.inner_text("#p-name") == "digits-eu-west"
    assert page.inner_text("#p-kind") == "deployment"
    opened(answer, "#node=99999")


def test_the_table_holds_every_node_sorts_and_filters(opened):
    answer = lineages.pipeline()
    page = opened(answer).page
    page.click("#tab-table")
    assert page.locator("#rows tr").count() == len(answer.nodes)
    page.click("#columns button >> text=Reference")
    shown = page.locator("#rows td:first-child").all_inner_texts()
    assert shown == sorted(node.reference for node in answer.nodes)
    page.fill("#search", "run")
    page.locator("#rows td:first-child button").first.click()
    assert page.inner_text("#p-kind") == "run"


def test_drag_and_wheel_move_the_picture_and_fit_brings_it_back(opened):
    view = opened(lineages.pipeline())
    page = view.page
    page.click("#fit")
    page.mouse.move(600, 790)
    view.settled()
    fitted = view.colours()
    page.mouse.move(600, 500)
    page.mouse.wheel(0, -600)
    page.mouse.down()
    page.mouse.move(700, 450, steps=4)
    page.mouse.up()
    view.settled()
    assert view.colours() != fitted
    page.click("#fit")
    page.mouse.move(600, 790)
    view.settled()
    assert view.colours() == fitted


def test_the_saved_picture_is_xml_with_every_name(opened, tmp_path):
    answer = lineages.pipeline()
    page = opened(answer).page
    with page.expect_download() as waiting:
        page.click("#save")
    waiting.value.save_as(tmp_path / "saved.svg")
    root = ET.parse(tmp_path / "saved.svg").getroot()
    said = " ".join(element.text or "" for element in root.iter())
    for name in ("digits-raw:1", "digits-ensemble:1", "Production", "rolled back", "finetune"):
        assert name in said


def test_dark_and_light_follow_the_reader(opened):
    light = opened(lineages.pipeline(), color_scheme="light").colours()
    dark = opened(lineages.pipeline(), color_scheme="dark").colours()
    assert max(light, key=light.get) == "252,252,253"
    assert max(dark, key=dark.get) == "17,22,29"


def test_hostile_names_stay_text(opened):
    answer = lineages.hostile()
    view = opened(answer)
    page = view.page
    for node in answer.nodes:
        page.evaluate("id => { location.hash = `node=${id}`; }", node.id)
        page.wait_for_timeout(30)
        assert page.evaluate("document.querySelectorAll('script').length") == 2
    page.click("#tab-table")
    assert page.locator("#rows tr").count() == len(answer.nodes)
    page.fill("#search", "</script>")
    assert page.locator("#rows tr").count() == 1
    assert page.title().startswith("Lineage of models:/</script>")
    assert page.locator("script").count() == 2


def test_an_empty_answer_is_a_quiet_page(opened):
    page = opened(lineages.empty()).page
    assert "0 nodes" in page.inner_text("#facts")
    page.focus("#canvas")
    page.keyboard.press("ArrowLeft")
    page.click("#tab-table")
    assert page.locator("#rows tr").count() == 0


def test_five_thousand_nodes_stay_usable(opened):
    answer = lineages.chain_with_runs(2_500)
    assert len(export(answer, "html")) < 600_000
    view = opened(answer)
    frame = view.page.evaluate(
        """async () => {
          const begin = performance.now();
          document.getElementById('fit').click();
          const c = document.getElementById('canvas'), drawn = c.dataset.drawn;
          while (c.dataset.drawn === drawn) await new Promise(requestAnimationFrame);
          return performance.now() - begin;
        }"""
    )
    assert frame < 1_500
    view.page.fill("#search", "clf:1250")
    view.page.keyboard.press("Enter")
    assert view.page.inner_text("#p-name") == "clf:1250"
    facts = json.dumps(view.page.inner_text("#p-facts"))
    assert "2498" in facts


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_svg_picture_shows_in_a_browser(browser, tmp_path, scheme):
    file = tmp_path / "a.svg"
    file.write_bytes(export(lineages.pipeline(), "svg"))
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(file.as_uri())
    fill = page.evaluate("getComputedStyle(document.querySelector('.bg')).fill")
    assert fill == {"light": "rgb(252, 252, 253)", "dark": "rgb(17, 22, 29)"}[scheme]
    overflowing = page.evaluate(
        """() => [...document.querySelectorAll('g.n > text')].filter(text => {
          const card = text.parentNode.querySelector('use').getBBox();
          const box = text.getBBox();
          return box.x < card.x || box.x + box.width > card.x + card.width;
        }).map(text => text.textContent)"""
    )
    assert overflowing == []
    context.close()
