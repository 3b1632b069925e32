"""A real browser, and the reports in it: `make test-browser` brings Playwright, which drives Chromium."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from compliance.report.content import Content
from compliance.report.document import document
from tests.fakes import reports

CONTENTS = {
    "complete": reports.complete(),
    "failed": reports.failed(),
    "refused": reports.refused(),
    "folder": reports.folder(),
    "large": reports.large(500),
    **{f"hostile-{number}": reports.hostile(text) for number, text in enumerate(reports.HOSTILE)},
}
PHONE, DESK = 360, 1280

# A browser that is at nobody's service calls home, and root has no sandbox.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(("--no-sandbox",) if os.geteuid() == 0 else ()),
)


@dataclass
class Shown:
    """A page in the browser, and what the browser has said and asked for meanwhile."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", self._dismiss)
        self.page.on("request", lambda request: self.asked.append(request.url))

    def _dismiss(self, dialog: Dialog) -> None:
        self.said.append(dialog.message)
        dialog.dismiss()

    def evaluate(self, script: str) -> Any:
        return self.page.evaluate(script)


Show = Callable[..., Shown]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Show]:
    """Opens a report as a person does who has downloaded it."""
    with ExitStack() as stack:

        def show(content: str | Content, width: int = DESK, *, is_dark: bool = False) -> Shown:
            page = browser.new_page(
                viewport={"width": width, "height": 800}, color_scheme="dark" if is_dark else "light"
            )
            stack.callback(page.close)
            shown = Shown(page)
            file = tmp_path / "report.html"
            file.write_bytes(document(CONTENTS[content] if isinstance(content, str) else content))
            page.goto(file.as_uri())
            shown.asked.remove(file.as_uri())
            return shown

        yield show
