"""One page that holds its rows: small, for each run, the same bytes each time, and inert whatever the rows say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.cli.main import main
from open_thoughts_gen.publish.folder import write_run
from open_thoughts_gen.publish.view.report import EMBEDDED, report, run_report
from tests.publish.finished import finished, recipe, samples
from tests.publish.view.browser import tab, violations
from tests.publish.view.folders import run_folder, small_run
from tests.publish.view.hostile import hostile_rows


def rows_in(page: str) -> dict[str, object]:
    match = re.search(f'<script type="application/json" id="{EMBEDDED}">(.*?)</script>', page, re.DOTALL)
    assert match
    embedded: dict[str, object] = json.loads(match[1])
    return embedded


def test_every_run_has_one_and_the_dataset_is_as_before(tmp_path: Path) -> None:
    write_run(recipe(), finished(samples(60)), tmp_path / "a", command="run", timings={})
    page = (tmp_path / "a" / "report.html").read_text("utf-8")
    counts = json.loads((tmp_path / "a" / "run.json").read_text("utf-8"))["counts"]
    assert page == run_report("cases", tmp_path / "a", counts)
    embedded = rows_in(page)
    tables, account = embedded["tables"], embedded["account"]
    assert isinstance(tables, dict)
    assert {name: len(rows) for name, rows in tables.items()} == {"rows": 50, "dropped": 10}
    assert embedded["remark"] == "This page holds the first 50 of 60 rows."
    assert isinstance(account, dict)
    assert account["counts"]["kept"] == 60
    assert len(page) < 1_000_000
    assert not re.search(r"(?:src|href)=\"?(?!data:)[^\" >]", page.partition("</head>")[0].partition("<style>")[0])
    assert not list((tmp_path / "a" / "dataset").rglob("*.html"))


def test_a_page_is_small_whatever_the_rows(tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run", hostile_rows(120))
    files = sorted((run / "dataset" / "data").glob("*.parquet"), reverse=True)
    page = report("rows", {"rows": files}, num_rows=120, max_bytes=300_000)
    assert len(page) < 500_000
    assert "This page holds the first" in page
    assert len(re.findall("<script", page)) == 2
    assert page.count("</script>") == 2


@pytest.mark.slow
def test_the_page_shows_its_rows_from_a_file(tmp_path: Path, browser: Any) -> None:
    file = tmp_path / "rows.html"
    assert main(["view", str(small_run(tmp_path / "run")), "--html", str(file), "-n", "40"]) == 0
    with tab(browser, file.as_uri(), color_scheme="dark") as here:
        here.open()
        assert here.texts("#tabs button") == ["rows 40", "dropped 1"]
        assert here.page.locator("#row math").count() == 1
        here.page.get_by_role("button", name="incorrect 10").first.click()
        here.page.wait_for_function("document.getElementById('status').innerText === '10 of 40 rows'")
        here.page.locator("#text").fill("row 6**")
        here.page.keyboard.press("Enter")
        here.page.wait_for_function("document.getElementById('status').innerText === '1 of 40 rows'")
        assert here.page.locator("#note").count() == 0
        assert violations(here.page) == []
        assert here.wrong == []


@pytest.mark.slow
def test_hostile_rows_are_inert_in_a_file(tmp_path: Path, browser: Any) -> None:
    file = tmp_path / "rows.html"
    run = run_folder(tmp_path / "run", hostile_rows(60))
    assert main(["view", str(run), "--html", str(file)]) == 0
    with tab(browser, file.as_uri()) as here:
        here.open()
        for _ in range(45):
            here.page.keyboard.press("j")
        assert here.page.evaluate("window.attacked") is None
        assert here.page.locator("#row script, iframe, object, embed, base").count() == 0
        assert here.wrong == []
