"""Measure how hard a question is, from 1 to 10, by asking a model with a rubric for its domain.

    use: difficulty
    model: openai/gpt-4o-mini
    min: 4

OpenThoughts2 and 3 chose questions so, with scales that experts know: contest mathematics as the Art of Problem Solving
ranks it, programming by the rounds of contests, science by the course in which one meets the question. The rubrics are
in `difficulty.yaml`, by domain, in our own words; `rubric:` replaces them. How good such a grade is depends on the
model: look at some before a run throws questions away by it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import Field

from open_thoughts_gen.filters._grading import Grading

_RUBRICS = Path(__file__).with_suffix(".yaml")


class Difficulty(Grading):
    """Asks a model how hard each question is, from 1 to 10, and keeps what is within bounds."""

    rubric: str = Field(default="", description="a rubric of your own, in place of that of the domain")

    def rubric_for(self, domain: str) -> str:
        """Return the recipe's own rubric, or that of the domain."""
        return self.rubric.strip() or rubrics().get(domain.lower(), rubrics()["other"])

    @property
    def usual_name(self) -> str:
        """`difficulty`."""
        return "difficulty"


@cache
def rubrics() -> dict[str, str]:
    """Return the rubrics by domain; several domains may share one."""
    written: list[dict[str, str]] = yaml.safe_load(_RUBRICS.read_text(encoding="utf-8"))
    return {domain: " ".join(each["rubric"].split()) for each in written for domain in each["domains"].split()}
