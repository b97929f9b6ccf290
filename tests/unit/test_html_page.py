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
        self.page.wait_for_selector("#canvas[data-drawn], #table:not([hidden])", state="attached")

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
    assert page.evaluate("location.hash") == "#search=scaler+staging"
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    assert page.input_value("#search") == ""
    page.wait_for_timeout(400)  # what is typed goes into the link a moment later
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


def test_a_folded_chain_opens_by_a_click_and_closes_again(opened):
    view = opened(lineages.chain(200))
    page = view.page
    assert page.inner_text("#groups") == "Open all"
    page.focus("#canvas")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#p-name") == "chain:200"
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#p-name") == "199 versions of chain"
    assert page.inner_text("#p-up-title") == "Nodes (199)"
    view.settled()
    box = page.locator("#canvas").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(*middle)
    assert page.evaluate("location.hash") == "#node=g1&open=all"
    page.mouse.move(5, 300)
    opened_up = view.settled() and view.colours()
    assert near(opened_up, (59, 111, 212)) > 3_000, "the cards of the chain"
    page.focus("#canvas")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#node=g1"
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    assert page.inner_text("#p-name") == "chain:199"
    assert "One of" in page.inner_text("#p-facts")
    page.click("#p-group button")
    assert page.inner_text("#p-name") == "199 versions of chain"
    assert page.inner_text("#p-group") == "Open this group"


def test_an_open_group_closes_by_a_click_on_its_head(opened):
    view = opened(lineages.users(300), "#open=all")
    page = view.page
    page.click("#fit")
    view.settled()
    whole = view.colours()
    box = page.locator("#canvas").bounding_box()
    # The head is the topmost part of the frame, which is as tall as the drawing.
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + 28 + 10)
    assert page.inner_text("#p-name") == "300 model versions"
    assert page.evaluate("location.hash") == "#node=g2"
    page.click("#groups")
    page.keyboard.press("Escape")
    page.click("#fit")
    page.mouse.move(5, 300)
    view.settled()
    assert view.colours() == whole


def test_a_link_restores_selection_search_groups_and_tab(opened):
    answer = lineages.users(8, runs=True)
    node = by_reference(answer, "models:/user-003/1")
    first = opened(answer).page
    first.fill("#search", "user-003")
    first.keyboard.press("Enter")
    link = first.evaluate("location.hash")
    assert link == f"#node={node.id}&search=user-003&open=2"
    again = opened(answer, link).page
    assert again.inner_text("#p-name") == "user-003:1"
    assert again.input_value("#search") == "user-003"
    assert again.inner_text("#groups") == "Open all", "the runs are still folded"
    again.click("#tab-table")
    assert again.locator("#rows tr").count() == 1
    table = opened(answer, again.evaluate("location.hash")).page
    assert table.is_visible("#table")
    assert not table.is_visible("#graph")


def test_neighbours_are_links_and_every_fact_is_there(opened):
    answer = lineages.pipeline()
    node = by_reference(answer, "models:/digits-classifier/4")
    page = opened(answer, f"#node={node.id}").page
    facts = page.inner_text("#p-facts")
    for fact in (node.reference, str(node.id), str(node.distance), "Production"):
        assert fact in facts
    item = page.locator("#p-up li", has_text="finetune")
    assert "derived from (finetune), since revision" in item.get_attribute("title")
    item.locator("button").click()
    assert page.inner_text("#p-name") == "digits-classifier:3"
    assert "rolled back" in page.inner_text("#p-marks")


def test_what_the_answer_leaves_out_is_shown(opened):
    whole = lineages.chain(3)
    cut = whole.model_copy(
        update={
            "truncated": True,
            "truncated_by": "limit",
            "omitted": {lineages.MV: 1_200, lineages.RUN: 1, lineages.DV: 0},
            "has_more": {1: 7},
        }
    )
    page = opened(cut, "#node=1").page
    assert "cut by its limit" in page.inner_text("#facts")
    assert "left out: 1,200 model versions, 1 run" in page.inner_text("#facts")
    assert "7 neighbours beyond this answer" in page.inner_text("#p-facts")
    page.click("#tab-table")
    assert page.locator("#columns th").last.inner_text() == "Left out"
    with page.expect_download() as waiting:
        page.click("#save")
    assert "+7 left out" in waiting.value.path().read_text()


def test_the_switch_goes_over_what_the_system_says(opened):
    view = opened(lineages.pipeline(), color_scheme="dark")
    for wanted, colour in (("light", "252,252,253"), ("dark", "17,22,29"), ("auto", "17,22,29")):
        view.page.click("#theme")
        assert wanted in view.page.inner_text("#theme")
        view.settled()
        shown = view.colours()
        assert max(shown, key=shown.get) == colour


def test_print_has_the_whole_picture_in_light(opened):
    page = opened(lineages.chain(200), "#open=all", color_scheme="dark").page
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    names = page.locator("#paper svg text").all_text_contents()
    assert {"chain:1", "chain:100", "chain:200"} <= set(names)
    assert not page.is_visible("#canvas")
    assert not page.is_visible("#search")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(252, 252, 253)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#paper svg").count() == 0
    assert page.inner_text("#title") == "Lineage of models:/chain/200, upstream"


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
    for name in ("digits-raw:1", "run clean-01", "Production", "rolled back", "finetune"):
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


# Draws a frame per step and gives how long each took, in milliseconds.
_STEPS = """async () => {
  const c = document.getElementById('canvas'), search = document.getElementById('search');
  c.setPointerCapture = () => {};
  const frame = () => new Promise(requestAnimationFrame);
  const timed = async (act) => {
    const begin = performance.now(), drawn = c.dataset.drawn;
    act();
    while (c.dataset.drawn === drawn) await frame();
    return performance.now() - begin;
  };
  const times = async (count, act) => {
    const all = [];
    for (let i = 1; i <= count; i++) all.push(await timed(() => act(i)));
    return all.sort((a, b) => a - b)[count >> 1];
  };
  const at = (type, i) => c.dispatchEvent(new PointerEvent(type,
    { pointerId: 1, clientX: 600 + 5 * i, clientY: 400 + 3 * i, bubbles: true }));
  const turn = (i) => c.dispatchEvent(new WheelEvent('wheel',
    { deltaY: i % 20 < 10 ? -60 : 60, clientX: 600, clientY: 400, cancelable: true }));
  const type = (i) => {
    search.value = 'model'.slice(0, i);
    search.dispatchEvent(new Event('input'));
  };
  const fit = await timed(() => document.getElementById('fit').click());
  at('pointerdown', 0);
  const pan = await times(21, (i) => at('pointermove', i));
  at('pointercancel', 0);
  return { fit, pan, zoom: await times(21, turn), key: await times(5, type) };
}"""


@pytest.mark.parametrize("shape", ["chain", "scattered"])
def test_five_thousand_nodes_stay_usable(opened, shape):
    answer = lineages.scattered(5_000) if shape == "scattered" else lineages.chain_with_runs(2_500)
    assert len(export(answer, "html")) < 600_000
    view = opened(answer, "#open=all")
    took = view.page.evaluate(_STEPS)
    assert took["fit"] < 1_500
    # A quiet machine needs a tenth of these.
    assert took["pan"] < 200, took
    assert took["zoom"] < 200, took
    assert took["key"] < 500, took
    if shape == "chain":
        view.page.fill("#search", "clf:1250")
        view.page.keyboard.press("Enter")
        assert view.page.inner_text("#p-name") == "clf:1250"
        assert "2498" in json.dumps(view.page.inner_text("#p-facts"))


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
