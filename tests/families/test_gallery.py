"""The pages of families in docs/ are what their code gives, so that the reading list is of the words that are used."""

from __future__ import annotations

from pathlib import Path

import pytest

from open_thoughts_gen.families.kit.family import schemes_of
from tests.gallery import FOLDER, kit_families, scheme_page

SCHEMES = [(name, scheme) for name, family in kit_families().items() for scheme in schemes_of(family.home)]


@pytest.mark.slow
@pytest.mark.parametrize(("family", "name"), SCHEMES)
def test_the_page_of_a_scheme_is_up_to_date(family: str, name: str) -> None:
    written = (FOLDER / family / f"{name}.md").read_text("utf-8")
    assert written == scheme_page(schemes_of(kit_families()[family].home)[name]), f"python -m tests.gallery {family}"


@pytest.mark.parametrize(("family", "name"), SCHEMES)
def test_each_question_is_shown_as_a_row_asks_it(family: str, name: str) -> None:
    page = (FOLDER / family / f"{name}.md").read_text("utf-8")
    table = page.partition("\n## Questions\n\n")[2].partition("\n\n")[0].splitlines()[2:]
    rows = [line.strip("| ").split(" | ") for line in table]
    assert [row[0] for row in rows] == [f"`{ask}`" for ask in schemes_of(kit_families()[family].home)[name].asks]
    assert all(len(row) == 5 and len(row[1].split()) > 2 and row[1][-1] in ".?!)" for row in rows), rows
    assert not any("`" in row[2] for row in rows), "every kind of answer has its words in tests/gallery.py"


@pytest.mark.parametrize("family", kit_families())
def test_the_page_of_a_family_lists_its_schemes_and_no_page_is_left_over(family: str) -> None:
    schemes = schemes_of(kit_families()[family].home)
    assert {path.stem for path in (FOLDER / family).glob("*.md")} == set(schemes)
    page = (FOLDER / f"{family}.md").read_text("utf-8")
    assert all(f"[{name}]({family}/{name}.md)" in page for name in schemes)
    assert Path(f"{family}.md") not in {path for path in FOLDER.glob("*") if path.is_dir()}
