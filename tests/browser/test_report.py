"""The report as a browser shows it: at a desk, on a phone, in the dark, on paper, and read aloud."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from threading import Thread

import pytest

from tests.browser.conftest import CONTENTS, DESK, PHONE, Show
from tests.fakes import reports

each_content = pytest.mark.parametrize("name", CONTENTS)
each_scheme = pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])

OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"

BEYOND = """() => [...document.querySelectorAll('body *')]
    .filter(each => !each.closest('thead, svg') && each.getBoundingClientRect().right > innerWidth + 1)
    .map(each => each.outerHTML.slice(0, 100))"""

# Of each text: how far its colour stands out from what is behind it [WCAG 2.2, 1.4.3].
FAINT = """() => {
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const rgb = colour => colour.match(/[\\d.]+/g).map(Number);
  const behind = each => {
    for (; each; each = each.parentElement) {
      const colour = rgb(getComputedStyle(each).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), faint = new Set();
  while (texts.nextNode()) {
    const each = texts.currentNode.parentElement;
    const [a, b] = [light(rgb(getComputedStyle(each).color)), light(behind(each))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.add(each.tagName + '.' + each.className + ' ' + texts.currentNode.data);
  }
  return [...faint];
}"""


@each_content
def test_it_is_shown_without_a_complaint_and_without_asking_anybody(show: Show, name: str) -> None:
    shown = show(name)
    shown.evaluate(OPEN_ALL)
    assert shown.said == []
    assert shown.asked == []
    assert shown.evaluate("document.compatMode") == "CSS1Compat"
    assert shown.evaluate("getComputedStyle(document.querySelector('.page')).maxWidth") == "1056px"


@each_content
def test_nothing_runs_over_the_edge_of_a_screen(show: Show, name: str) -> None:
    shown = show(name)
    shown.evaluate(OPEN_ALL)
    for width in (320, PHONE, 700, 768, 1000, DESK):
        shown.page.set_viewport_size({"width": width, "height": 800})
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert shown.evaluate(BEYOND) == []


@each_scheme
@pytest.mark.parametrize("name", ["complete", "failed", "folder"])
def test_every_text_stands_out_from_what_is_behind_it(show: Show, name: str, is_dark: bool) -> None:
    for width in (PHONE, DESK):
        assert show(name, width, is_dark=is_dark).evaluate(FAINT) == []


def test_in_the_dark_it_is_dark(show: Show) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    assert show("complete").evaluate(background) == "rgb(253, 252, 250)"
    assert show("complete", is_dark=True).evaluate(background) == "rgb(23, 22, 20)"


def test_on_paper_it_is_black_on_white_and_nothing_is_folded_up(show: Show) -> None:
    shown = show("large", is_dark=True)
    height = "document.querySelector('#audit details').getBoundingClientRect().height"
    assert shown.evaluate(height) < 100
    shown.page.emulate_media(media="print")
    assert shown.evaluate(height) > 500 * 10
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert shown.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert shown.evaluate(FAINT) == []


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_its_headlines_tell_what_is_below_them(show: Show, width: int) -> None:
    page = show("complete", width).page
    assert page.title() == "tweets/posts.txt: complete"
    assert page.evaluate("document.documentElement.lang") == "en"
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(each => Number(each.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.get_by_role("main").count() == 1
    for name in ("What X says", "What was checked", "Rejected lines", "How the time went", "Audit facts"):
        assert page.get_by_role("region", name=name, exact=True).count() == 1


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_its_tables_are_tables_to_those_who_hear_them_on_a_phone_too(show: Show, width: int) -> None:
    page = show("complete", width).page
    line = "Line 38" if width == PHONE else "38"
    for caption, columns, row in (
        ("By action", ["Action", "Chart", "Records", "Share"], "delete remove it"),
        ("Every line that was read", ["Lines", "Number", "Share"], "Accepted IDs, each counted once in its part"),
        ("Rejected lines, as they stand in the file", ["Line", "Reason", "Text"], line),
    ):
        table = page.get_by_role("table", name=caption)
        assert table.get_by_role("columnheader").all_inner_texts() == columns
        assert table.get_by_role("rowheader", name=row, exact=True).count() == 1
    cells = page.get_by_role("table", name="By action").get_by_role("row").nth(1).get_by_role("cell")
    assert cells.all_inner_texts()[-2:] == ["3,550", "71.2 %"]


def test_the_longer_bar_stands_for_more(show: Show) -> None:
    lengths = "['delete', 'rehydrate'].map(each => document.querySelector(`.action-${each}`).getBBox().width)"
    for width in (PHONE, DESK):
        delete, rehydrate = show("complete", width).evaluate(lengths)
        assert delete / rehydrate == pytest.approx(3_550 / 702, rel=0.01)


def test_the_parts_of_a_large_run_are_opened_with_the_keyboard(show: Show) -> None:
    page = show("large", PHONE).page
    assert page.evaluate("document.documentElement.scrollHeight") < 10_000
    summary = page.get_by_text("500 parts: checksums and X’s jobs")
    cell = page.get_by_text(f"{reports.RUN_ID}-p500-a1")
    assert not cell.is_visible()
    summary.focus()
    page.keyboard.press("Enter")
    assert cell.is_visible()


@pytest.mark.parametrize("text", reports.HOSTILE)
def test_what_others_have_written_is_text_to_the_browser(show: Show, text: str) -> None:
    shown = show(reports.hostile(text))
    harmless = show(reports.hostile("plain"))
    shape = "[...document.querySelectorAll('*')].map(each => each.tagName).join()"
    assert shown.evaluate(shape) == harmless.evaluate(shape)
    assert shown.evaluate("document.scripts.length") == 0
    assert shown.said == []
    headline = shown.page.get_by_role("heading", level=1).inner_text()
    assert headline.startswith("tweets/")


def test_a_text_that_runs_backwards_turns_nothing_around_it(show: Show) -> None:
    page = show(reports.hostile("invoice\u202etxt.exe")).page
    assert page.get_by_role("heading", level=1).inner_text() == "tweets/invoice⟨U+202E⟩txt.exe"
    page = show(reports.hostile("קובץ")).page
    order = """() => {
        const cell = document.querySelector('#audit tbody td:nth-of-type(5)'), box = cell.getBoundingClientRect();
        return [...cell.querySelectorAll('bdi')].map(each => each.getBoundingClientRect().left - box.left);
    }"""
    assert page.evaluate(order) == [0, 0]


def test_even_a_script_that_got_in_would_not_run_nor_fetch_anything(show: Show) -> None:
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    Thread(target=server.serve_forever, daemon=True).start()
    shown = show("complete")
    shown.evaluate(
        """() => {
            window.broken = [];
            document.addEventListener('securitypolicyviolation', event => broken.push(event.effectiveDirective));
            const add = (tag, about) => document.body.append(Object.assign(document.createElement(tag), about));
            add('script', {textContent: 'window.hasRun = true'});
            add('style', {textContent: 'body { display: none }'});
            add('img', {src: `http://127.0.0.1:${port}/image`});
            add('link', {rel: 'stylesheet', href: `http://127.0.0.1:${port}/style`});
            add('iframe', {src: `http://127.0.0.1:${port}/frame`});
            fetch(`http://127.0.0.1:${port}/fetch`).catch(() => {});
        }""".replace("${port}", str(server.server_port))
    )
    shown.page.wait_for_function("broken.length >= 6")
    server.shutdown()
    server.server_close()
    assert shown.evaluate("[...new Set(broken)].sort()") == [
        "connect-src",
        "frame-src",
        "img-src",
        "script-src-elem",
        "style-src-elem",
    ]
    assert shown.evaluate("[window.hasRun, getComputedStyle(document.body).display]") == [None, "block"]
    assert asked == []
