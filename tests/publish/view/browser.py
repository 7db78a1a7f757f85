"""Debian's Chromium, driven by Playwright; tests that need it are skipped where there is none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""


@dataclass
class Tab:
    """A page of the browser, with what went wrong in it: errors of scripts, dialogs, requests to elsewhere."""

    page: Any
    address: str
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Watch what happens."""
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("dialog", self._dismiss)
        self.page.on("console", lambda line: self.wrong.append(line.text) if line.type == "error" else None)
        self.page.on("request", lambda request: self.wrong.append(request.url) if self._is_elsewhere(request) else None)
        self.page.on("popup", lambda popup: self.wrong.append(f"window: {popup.url}"))

    def _dismiss(self, dialog: Any) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _is_elsewhere(self, request: Any) -> bool:
        return not request.url.startswith((self.address.partition("/#")[0], "data:"))

    def open(self, fragment: str = "") -> None:
        """Open the page as a new one, and wait until its filters, which come last, are there."""
        self.page.goto("about:blank")  # or one that is open would stay, with its rows, until others come
        self.page.goto(f"{self.address}{fragment}")
        self.page.wait_for_selector("#facets fieldset", state="attached")

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all elements that a selector matches."""
        return [text.strip() for text in self.page.locator(selector).all_inner_texts()]


@contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser, or skip the test."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("needs Chromium")
    with sync_api.sync_playwright() as playwright:
        # The sandbox of Chromium does not start for root, as whom containers run.
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@contextmanager
def tab(browser: Any, address: str, **settings: Any) -> Iterator[Tab]:
    """Open a tab with settings and storage of its own."""
    with browser.new_context(**({"viewport": {"width": 1400, "height": 900}} | settings)) as context:
        context.set_default_timeout(60_000)
        yield Tab(context.new_page(), address)


def violations(page: Any) -> list[str]:
    """Return what axe-core finds wrong with a page, each as its rule and the first element."""
    axe = pytest.importorskip("axe_core_python.sync_playwright").Axe()
    source = axe.axe_script if hasattr(axe, "axe_script") else ""
    assert source, "axe-core-python has changed"
    session = page.context.new_cdp_session(page)  # scripts of the debugger are no part of the page and its policy
    session.send("Runtime.evaluate", {"expression": source})
    expression = "axe.run().then((results) => JSON.stringify(results.violations.map((v) => [v.id, v.nodes[0].html])))"
    answer = session.send("Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True})
    return [f"{rule}: {html}" for rule, html in json.loads(answer["result"]["value"])]
