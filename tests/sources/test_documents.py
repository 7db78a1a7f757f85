"""Passages of documents: reading order, what is removed, where a passage stands, files that are broken or hostile."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.documents import Documents
from open_thoughts_gen.sources.documents.blocks import TextBlock, Unreadable, chunks
from open_thoughts_gen.sources.documents.markup import markdown_blocks, text_blocks
from open_thoughts_gen.sources.documents.office import docx_blocks, epub_blocks
from open_thoughts_gen.sources.documents.pdf import pdf_blocks
from open_thoughts_gen.types import DropReason, Question
from tests.sources.document_set import CASES, misread
from tests.sources.written_files import Put, column, write_docx, write_epub, write_pdf

LEFT = [
    "The mill by the river has three doors, and",
    "each of them opens to the north, which is",
    "where the wind comes from in winter. That",
    "was thought a mistake of the builder, until",
    "the flood of that year came from the south.",
]
RIGHT = [
    "Since then nobody has laughed at the mill,",
    "and two barns have been built in the same",
    "manner. The village has voted on it twice,",
    "and the second vote was taken outdoors, in",
    "the rain, so that everybody might hear it.",
]


def test_at_least_28_of_30_documents_are_read_right_in_reading_order(tmp_path: Path) -> None:
    assert len(CASES) == 30
    assert len(names := misread(tmp_path)) <= 2, names


def texts(path: Path) -> list[str]:
    return [block.text for block in pdf_blocks(path) if isinstance(block, TextBlock)]


def interleaved(left: list[str], right: list[str], top: float) -> list[Put]:
    """Return two columns, drawn row by row across both."""
    pairs = zip(column(left, 60, top), column(right, 320, top), strict=True)
    return [put for pair in pairs for put in pair]


def test_two_columns_are_read_one_after_the_other_however_they_were_drawn(tmp_path: Path) -> None:
    wanted = " ".join([*LEFT, *RIGHT])
    in_order = [*column(LEFT, 60, 700), *column(RIGHT, 320, 700)]
    for drawn in (in_order, in_order[::-1], interleaved(LEFT, RIGHT, 700)):
        assert " ".join(texts(write_pdf(tmp_path / "a.pdf", [drawn]))) == wanted


def test_a_title_and_a_paragraph_across_both_columns_stay_where_they_are(tmp_path: Path) -> None:
    across = [
        "An introduction that runs over the whole width of the page, as the one of a report often does, so that its",
        "lines cross the gutter of the columns below and have to be read before either of them.",
    ]
    page = [(150, 780, 20, "The Mill and the Flood"), *column(across, 60, 740), *interleaved(LEFT, RIGHT, 690)]
    blocks = [block for block in pdf_blocks(write_pdf(tmp_path / "a.pdf", [page])) if isinstance(block, TextBlock)]
    assert (blocks[0].kind, blocks[0].text, blocks[0].level) == ("heading", "The Mill and the Flood", 1)
    assert " ".join(block.text for block in blocks[1:]) == " ".join([*across, *LEFT, *RIGHT])


def test_a_table_is_read_row_by_row(tmp_path: Path) -> None:
    rows = [
        ("Door", "Kept", "Since"),
        ("East door", "shut", "1902"),
        ("West door", "open", "1911"),
        ("Gate", "shut", "1920"),
    ]
    page = [
        (left, 700 - 14 * i, 10, cell)
        for i, row in enumerate(rows)
        for left, cell in zip((60, 220, 380), row, strict=True)
    ]
    assert " ".join(texts(write_pdf(tmp_path / "a.pdf", [page]))) == " ".join(" ".join(row) for row in rows)


def test_running_heads_and_page_numbers_go_and_hyphens_are_joined(tmp_path: Path) -> None:
    things = ("apples", "barley", "candles", "damsons", "eels")
    pages = []
    for number, thing in enumerate(things, 1):
        body = [f"The miller wrote of {thing} that the flood-", f"water had left the {thing} dry. Then"]
        body += [f"he went to bed, and dreamt of {thing} all", f"night, if one may believe his {thing}."]
        head, foot = (60, 800, 8, f"Annals of the Mill, part {number}"), (290, 30, 8, str(number))
        pages.append([head, *column(body, 60, 700), foot])
    found = texts(write_pdf(tmp_path / "a.pdf", pages))
    assert found == [
        f"The miller wrote of {thing} that the floodwater had left the {thing} dry. Then he went to bed, and dreamt of "
        f"{thing} all night, if one may believe his {thing}."
        for thing in things
    ]


def test_paragraphs_end_at_a_gap_and_go_on_over_a_page(tmp_path: Path) -> None:
    first = [*column(LEFT[:2], 60, 700), *column(LEFT[2:4], 60, 660)]
    found = texts(
        write_pdf(tmp_path / "a.pdf", [first, column(["and this is how it went on after the page."], 60, 700)])
    )
    assert found == [" ".join(LEFT[:2]), f"{' '.join(LEFT[2:4])} and this is how it went on after the page."]


def test_a_page_without_text_is_reported_and_the_others_are_read(tmp_path: Path) -> None:
    blocks = list(pdf_blocks(write_pdf(tmp_path / "a.pdf", [column(LEFT, 60, 700), [], column(RIGHT, 60, 700)])))
    (unread,) = [each for each in blocks if isinstance(each, Unreadable)]
    assert (unread.where, "scan" in unread.why) == ("page 2", True)
    assert [each.page for each in blocks if isinstance(each, TextBlock)] == [1, 3]


def test_word_files_have_headings_by_style_in_any_language_and_tables(tmp_path: Path) -> None:
    path = write_docx(
        tmp_path / "a.docx",
        [("berschrift1", "The mill"), ("", "It has three doors & a gate."), ("berschrift2", "Winter"), ("", "Shut.")],
        [[["door", "kept"], ["east", "shut | barred"]]],
    )
    assert list(docx_blocks(path)) == [
        TextBlock("The mill", "heading", 1),
        TextBlock("It has three doors & a gate."),
        TextBlock("Winter", "heading", 2),
        TextBlock("Shut."),
        TextBlock("| door | kept |\n| --- | --- |\n| east | shut \\| barred |", "table"),
    ]


def test_a_book_is_read_in_the_order_of_its_spine(tmp_path: Path) -> None:
    chapters = {
        "b.xhtml": "<head><title>x</title></head><body><h1>One</h1><div>Bare text.<p>A <i>first</i> line.</p></div>",
        "a.xhtml": "<body><h1>Two</h1><ul><li>an item</li></ul><pre>x = 1</pre><script>alert(1)</script></body>",
    }
    path = write_epub(tmp_path / "a.epub", chapters)
    assert [block.text for block in epub_blocks(path) if isinstance(block, TextBlock)] == [
        "One", "Bare text.", "A first line.", "Two", "- an item", "```\nx = 1\n```",
    ]  # fmt: skip


def test_markdown_keeps_listings_and_tables_whole() -> None:
    text = (
        "# One\nA line\nthat goes on.\n\n```python\n# no heading\n\nx = 1\n```\n| a |\n| - |\nAfter.\n\n## Two ##\nEnd."
    )
    assert list(markdown_blocks(text)) == [
        TextBlock("One", "heading", 1),
        TextBlock("A line that goes on."),
        TextBlock("```python\n# no heading\n\nx = 1\n```", "code"),
        TextBlock("| a |\n| - |", "table"),
        TextBlock("After."),
        TextBlock("Two", "heading", 2),
        TextBlock("End."),
    ]
    assert [block.text for block in text_blocks("One\nline.\n\n\n Two. ")] == ["One line.", "Two."]


def test_chunks_keep_to_sections_and_say_where_they_stand() -> None:
    words = "word " * 30
    blocks = [
        TextBlock("One", "heading", 1, 1), TextBlock(words, page=1), TextBlock(words, page=2),
        TextBlock("Deep", "heading", 3, 2), TextBlock(words, page=3), TextBlock("Two", "heading", 1, 4),
        TextBlock("short", page=4), TextBlock("Three", "heading", 1, 4), TextBlock(words, page=5),
    ]  # fmt: skip
    found = list(chunks(blocks, max_words=40, min_words=20))
    assert [(each.headings, each.pages) for each in found] == [
        (("One",), (1, 1)), (("One",), (2, 2)), (("One", "Deep"), (3, 3)), (("Two",), (4, 5)),
    ]  # fmt: skip
    assert found[3].text.split()[:2] == ["short", "Three"]


def questions(folder: Path, **settings: Any) -> list[Question | DropReason]:
    written = {"min_words": 5, "max_words": 200, **settings}
    return list(Documents.model_validate(written).fresh(Context(folder=folder)).questions())


def test_passages_of_a_folder_of_many_kinds(tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf", [column(LEFT, 60, 700), []])
    write_docx(tmp_path / "b.docx", [("berschrift1", "The mill"), ("", " ".join(RIGHT))])
    (tmp_path / "c.html").write_text(
        f"<html><body><nav>Home | About</nav><article><h1>Mill</h1><p>{' '.join(LEFT)}</p><p>{' '.join(RIGHT)}</p>"
        "</article><footer>Imprint</footer></body></html>",
        "utf-8",
    )
    (tmp_path / "d.txt").write_bytes(" ".join([*LEFT, "Café."]).encode("cp1252"))
    (tmp_path / "e.epub").write_bytes(b"no archive")
    found = questions(tmp_path, path="*.*", domain="history", license="cc-by-4.0")
    passages = [each for each in found if isinstance(each, Question)]
    assert [each.meta["document"] for each in passages] == ["a.pdf", "b.docx", "c.html", "d.txt"]
    assert passages[0].meta["pages"] == [1, 1]
    assert passages[1].prompt == f"The mill\n\n{' '.join(RIGHT)}"
    assert "About" not in passages[2].prompt
    assert "Imprint" not in passages[2].prompt
    assert passages[3].prompt.endswith("Café.")
    assert {(each.domain, each.license, each.reference) for each in passages} == {("history", "cc-by-4.0", None)}
    reasons = {each.reason: each.detail for each in found if isinstance(each, DropReason)}
    assert reasons["page cannot be read"].startswith("a.pdf, page 2")
    assert "e.epub: it is not a ZIP archive" in reasons["document cannot be read"]


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4\n", b"PK\x03\x04", b"\x00" * 1000, b"<" * 5000, b"\xff\xfe<\x00"])
@pytest.mark.parametrize("suffix", [".pdf", ".docx", ".epub", ".html", ".md", ".txt"])
def test_a_broken_file_is_a_reason_and_no_more(tmp_path: Path, suffix: str, content: bytes) -> None:
    (tmp_path / f"a{suffix}").write_bytes(content)
    (tmp_path / "b.txt").write_text(" ".join(LEFT), "utf-8")
    found = questions(tmp_path, path="*.*")
    assert [each.meta["document"] for each in found if isinstance(each, Question)][-1] == "b.txt"


def test_an_archive_that_swells_and_entities_of_xml_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (65 << 20))
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret of this machine", "utf-8")
    entity = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{secret}">]>'
    with zipfile.ZipFile(tmp_path / "b.docx", "w") as archive:
        namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        paragraph = "<w:p><w:r><w:t>Before &x; after, which are more than five words.</w:t></w:r></w:p>"
        body = f'{entity}<w:document xmlns:w="{namespace}"><w:body>{paragraph}</w:body></w:document>'
        archive.writestr("word/document.xml", body)
    found = questions(tmp_path, path="*.docx")
    assert any(isinstance(each, DropReason) and "unpacks to more than 64 MB" in each.detail for each in found)
    assert all("secret" not in each.prompt for each in found if isinstance(each, Question))


def test_faults_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "a.pptx").write_bytes(b"")
    with pytest.raises(UserError, match=r"\.pptx' cannot be read"):
        questions(tmp_path, path="*.pptx")
    (tmp_path / "b.txt").write_text(" ".join(LEFT), "utf-8")
    beside, *passages = questions(tmp_path, path="*")
    assert isinstance(beside, DropReason)
    assert (beside.reason, beside.detail) == (
        "document cannot be read",
        "a.pptx: documents with the suffix '.pptx' cannot be read",
    )
    assert all(isinstance(each, Question) for each in passages)
    assert passages
    with pytest.raises(UserError, match="there is no file"):
        questions(tmp_path, path="*.pdf")
    with pytest.raises(ValidationError, match="above max_words"):
        questions(tmp_path, path="*.pdf", min_words=300)
