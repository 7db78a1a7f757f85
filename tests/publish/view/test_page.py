"""The page in Chromium: it filters, searches, labels and links; hostile text stays text; anyone can use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.tables.labels import read_labels
from tests.publish.view.browser import Tab, tab, violations
from tests.publish.view.folders import run_folder, small_run, viewer
from tests.publish.view.hostile import hostile_rows

RENDERED = """async (text) => {
    const box = document.createElement("div");
    box.append(...(await import("/view.js")).markdown(text));
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("page") / "run")


@pytest.fixture(scope="module")
def here(run: Path, browser: Any) -> Iterator[Tab]:
    with viewer(run) as address, tab(browser, address) as opened:
        opened.open()
        yield opened
        assert opened.wrong == []


def settled(here: Tab, words: str) -> None:
    here.page.wait_for_function("(words) => document.getElementById('status').innerText === words", arg=words)


def test_the_first_row_is_shown_whole(here: Tab) -> None:
    here.open()
    assert here.texts("#title") == ["run"]
    assert here.texts("#tabs button") == ["rows 60", "dropped 1"]
    assert here.texts("#row h2") == [
        "Question",
        "Response",
        "Answer and reference: the same text",
        "Verdicts",
        "Twin",
        "Measures",
        "All else",
    ]
    assert here.texts("#row .text strong") == ["row 0"]
    assert here.page.locator("#row math").count() == 1
    here.page.wait_for_selector("#row .sides mark")
    assert here.texts("#row .sides mark") == ["0 plus 0?", "1 plus 1?"] or len(here.texts("#row .sides mark")) == 2
    assert here.page.locator("#reasoning .text").count() == 0
    here.page.keyboard.press("r")
    here.page.wait_for_selector("#reasoning .text")
    assert here.texts("#reasoning .text")[0].startswith("so so")


def test_a_click_on_a_bar_filters_and_another_takes_it_back(here: Tab) -> None:
    here.open()
    here.page.get_by_role("button", name="incorrect 15").first.click()
    settled(here, "15 of 60 rows")
    assert set(here.texts("#rows .incorrect")) == {"incorrect"}
    here.page.locator(".histogram > i").last.click()
    here.page.wait_for_selector("#facets > button")
    here.page.get_by_role("button", name="Clear the filters").click()
    settled(here, "60 of 60 rows")


def test_keys_move_search_and_label(here: Tab, run: Path) -> None:
    here.open()
    here.page.wait_for_selector("#row .text strong:text('row 0')")
    here.page.keyboard.press("j")
    here.page.wait_for_selector("#row .text strong:text('row 1')")
    here.page.keyboard.press("k")
    here.page.wait_for_selector("#row .text strong:text('row 0')")
    here.page.keyboard.press("/")
    here.page.keyboard.type("ROW 42**")
    here.page.keyboard.press("Enter")
    here.page.wait_for_selector("#row .text strong:text('row 42')")
    here.page.keyboard.press("2")
    settled(here, "stored")
    here.page.keyboard.press("n")
    here.page.keyboard.type("the <sum> is wrong")
    here.page.keyboard.press("Escape")
    here.page.wait_for_selector("#rows .badge.bad")
    here.page.wait_for_function("() => document.activeElement === document.body")
    here.open()
    here.page.get_by_role("button", name="bad 1", exact=True).click()
    here.page.wait_for_selector("#row .text strong:text('row 42')")
    assert here.page.locator("#note").input_value() == "the <sum> is wrong"
    (labelled,) = read_labels(run.with_name("run.labels.jsonl")).values()
    assert (labelled.id, labelled.label, labelled.note) == (f"{42:016x}", "bad", "the <sum> is wrong")


def test_an_address_leads_to_its_row(here: Tab) -> None:
    here.open()
    here.page.get_by_role("button", name="dropped 1").click()
    here.page.wait_for_selector("#row td:text('near_dedup')")
    link = here.page.evaluate("location.href")
    here.open()
    here.page.goto(link)
    here.page.reload()
    here.page.wait_for_selector("#row td:text('near_dedup')")
    assert here.texts("#tabs [aria-current=page]") == ["dropped 1"]
    here.page.get_by_role("button", name="attempt 0").click()
    here.page.wait_for_selector("#row .text strong:text('row 2')")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("# A\n\nb *c* **d** `e` ~~f~~", "p.heading em strong code s"),
        ("- a\n- b\n  1. c\n\n> d\n\n---\n\n```\n*e*\n```", "ul ol li blockquote hr pre"),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", "table thead tbody"),
        ("[a](https://example.org) <https://example.org>", "a"),
        ("$\\frac{1}{2}$ \\(\\sqrt[3]{x}\\) $\\sum_{i=1}^n i^2$", "math mfrac mroot munderover msup"),
        ("\\[ \\begin{cases} 1 & x \\le 2 \\\\ \\text{if } y \\end{cases} \\]", "math mtable mtr mtd mtext"),
        ("$\\left(\\mathbb{R}^+\\right)$ $\\boxed{42}$ $\\hat{x}$", "math msup mrow.boxed mover"),
    ],
)
def test_markdown_and_latex_become_elements(here: Tab, text: str, names: str) -> None:
    missing = f"{names.split()}.filter((name) => !box.querySelector(name))"
    assert here.page.evaluate(f"{RENDERED} return {missing}; }}", text) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It costs $5 and $6.", "It costs $5 and $6."),
        ("snake_case_name, 2 * 3 * 4", "snake_case_name, 2 * 3 * 4"),
        ("$\\unknown{x}$", "\\unknown{x}"),
        ("a < b > c &amp; <b>d</b>", "a < b > c &amp; <b>d</b>"),
        ("[x](javascript:y)", "x (javascript:y)"),
        ("![x](http://example.org/p.png)", "x"),
        ("a\u202eb\u200b", "aU+202EbU+200B"),
    ],
)
def test_what_is_not_known_is_shown_as_it_is_written(here: Tab, text: str, shown: str) -> None:
    assert here.page.evaluate(f"{RENDERED} return box.textContent; }}", text) == shown


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings", [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}]
)
def test_anyone_can_use_it(here: Tab, browser: Any, settings: dict[str, Any]) -> None:
    with tab(browser, here.address, **settings) as opened:
        opened.open()
        assert violations(opened.page) == []
        assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_of_500_hostile_rows_nothing_executes(tmp_path: Path, browser: Any) -> None:
    run = run_folder(tmp_path / "run", hostile_rows())
    with viewer(run) as address, tab(browser, address) as opened:
        opened.open()
        here = opened.page
        num_pages = here.evaluate(VISIT_ALL)
        assert num_pages == 500
        assert here.evaluate("window.attacked") is None
        assert (
            here.locator("script, iframe, object, embed, form:not(#search), style, base, meta[http-equiv]").count() == 1
        )
        assert opened.wrong == []


VISIT_ALL = """async () => {
    const { openRow } = await import("/view.js");
    let shown = 0;
    for (let n = 0; n < 500; n += 1) {
        await openRow(n);
        document.querySelector("#row details").open = true;
        for (const each of document.querySelectorAll("#row summary, #row .text > button, #row .text a")) {
            each.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
            if (each.localName !== "a") each.click();
        }
        shown += document.querySelectorAll("#row h2").length > 3 ? 1 : 0;
        await new Promise((done) => setTimeout(done, 0));
    }
    return shown;
}"""
