"""How the dataset asks to be cited: BibTeX, for the card and for Croissant."""

from __future__ import annotations

import re

from open_thoughts_gen.publish.front_matter import one_line, repository
from open_thoughts_gen.recipe import Recipe


def citation(recipe: Recipe, num_rows: int | None) -> str:
    """Return a BibTeX entry; `num_rows` is None as long as it is not known.

    Its year is the recipe's, since nothing in a dataset's folder depends on the clock.
    """
    publish, repo = recipe.publish, repository(recipe)
    address = f"https://huggingface.co/datasets/{repo}" if repo else publish.homepage
    entries = {
        "author": " and ".join(f"{{{_plain(author)}}}" for author in publish.authors),
        "title": f"{_plain(publish.title)}",
        "year": str(publish.year or ""),
        "howpublished": address,
        "note": "made with open_thoughts_gen" if num_rows is None else f"{num_rows} rows, made with open_thoughts_gen",
    }
    key = re.sub(r"[^a-z0-9]", "", recipe.name.lower()) or "dataset"
    lines = [f"  {name} = {{{value}}}" for name, value in entries.items() if value]
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}"


def _plain(text: str) -> str:
    return one_line(re.sub(r"[\\{}%#$&_~^]", " ", text))
