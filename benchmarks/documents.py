"""How many pages of documents are read a minute, and how many of thirty made ones are read right.

    python -m benchmarks.documents

A page is 700 words: of a PDF, two columns of 50 lines, drawn line by line, word by word or letter by letter; of the
other kinds, so much text. Processor time of one thread, median of several; the ratio is to pypdfium2's own extraction,
which gives the letters in the order of their drawing and no more, of the same file in the same run.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pypdfium2 as pdfium  # type: ignore[import-untyped]

from open_thoughts_gen.sources.documents.source import READERS
from tests.sources.document_set import CASES, below, justified, letters, misread, prose
from tests.sources.written_files import write_docx, write_epub, write_pdf

PAGE_WORDS = 700
WAYS = {"lines": below, "words": justified, "letters": letters}


def files(folder: Path, num: int) -> dict[str, Path]:
    """Write a file of `num` pages of each kind."""
    texts = [prose(number, PAGE_WORDS) for number in range(num)]
    halves = [(prose(number, PAGE_WORDS // 2), prose(num + number, PAGE_WORDS // 2)) for number in range(num)]
    written = {}
    for name, put in WAYS.items():
        pages = [[*put(left, 50, 790, 235), *put(right, 310, 790, 235)] for left, right in halves]
        written[f"PDF, drawn by {name}"] = write_pdf(folder / f"{name}.pdf", pages)
    written["Word"] = write_docx(folder / "a.docx", [("", text) for text in texts])
    written["EPUB"] = write_epub(
        folder / "a.epub", {f"{number}.xhtml": f"<body><p>{text}</p></body>" for number, text in enumerate(texts)}
    )
    written["HTML"], written["Markdown"] = folder / "a.html", folder / "a.md"
    paragraphs = "".join(f"<p>{text}</p>" for text in texts)
    written["HTML"].write_text(f"<html><body><article>{paragraphs}</article></body></html>", "utf-8")
    written["Markdown"].write_text("\n\n".join(texts), "utf-8")
    return written


def bare(path: Path) -> None:
    """Extract the text of a PDF file as pypdfium2 does."""
    document = pdfium.PdfDocument(path)
    for index in range(len(document)):
        textpage = document[index].get_textpage()
        textpage.get_text_range()
        textpage.close()
    document.close()


def seconds(read: Callable[[], object], repeats: int) -> float:
    """Return the processor time that reading takes."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        read()
        times.append(time.process_time() - start)
    return statistics.median(times)


def main() -> None:
    """Measure what the arguments say."""
    options = argparse.ArgumentParser(description="Measure how fast documents are read.")
    options.add_argument("--pages", type=int, default=100)
    options.add_argument("--repeats", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wrong = misread(Path(folder))
        print(
            f"read right: {len(CASES) - len(wrong)} of {len(CASES)} made documents; not: {', '.join(wrong) or 'none'}"
        )
        for name, path in files(Path(folder), chosen.pages).items():
            ours = seconds(lambda path=path: list(READERS[path.suffix](path)), chosen.repeats)  # type: ignore[misc]
            peer = seconds(lambda path=path: bare(path), chosen.repeats) if path.suffix == ".pdf" else 0.0  # type: ignore[misc]
            ratio = f", {ours / peer:.1f}x of pypdfium2 alone ({60 * chosen.pages / peer:,.0f})" if peer else ""
            print(f"{name:22} {60 * chosen.pages / ours:10,.0f} pages a minute{ratio}")


if __name__ == "__main__":
    main()
