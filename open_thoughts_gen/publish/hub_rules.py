"""What the Hub and a competition require of a dataset card, and the faults of a card that lacks it.

The licenses and tasks are in `hub_terms`; `unknown` and `other` tell a reader nothing, and are faults too. Front
matter: the Hub's own pattern and the keys of its `datasetcard.md`. Each check is for a mistake found in published
cards: `licence:` for `license:`, a task that does not exist, a template's placeholder. The Hub validates the front
matter again when it is pushed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import yaml

from open_thoughts_gen.errors import Fault, did_you_mean
from open_thoughts_gen.recipe.hub_terms import License, Task

SECTIONS = ("Purpose and scope", "Creation method", "Example uses", "Limitations and biases")
TAGS = ("reasoning-datasets-competition", "synthetic", "reasoning")

LICENSES = frozenset(get_args(License)) - {"unknown", "other"}
TASKS = frozenset(get_args(Task))
_KEY_NAMES = """
    annotations_creators config_names configs dataset_info extra_gated_fields extra_gated_prompt language
    language_creators language_details license license_link license_name multilinguality paperswithcode_id pretty_name
    size_categories source_datasets tags task_categories task_ids train-eval-index viewer
"""
_KEYS = frozenset(_KEY_NAMES.split())
_BUCKETS = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
)
FRONT_MATTER = re.compile(r"^(\s*---(\r\n|\r|\n))([\S\s]*?)((\r\n|\r|\n)---[ \t]*(\r\n|\n|$))")
BEFORE_RUN = "This is the card before the run"  # what only a card that is not filled yet says
_PLACEHOLDER = re.compile(
    rf"^\*\*{BEFORE_RUN}|"
    r"\[(?:more information needed|insert [^\]\n]*|your [^\]\n]*|todo[^\]\n]*)\]|^[ \t]*(?:todo|tbd|fixme)\b"
    r"|# fill this in|\byour name here\b|lorem ipsum",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED = re.compile(r"^(`{3,})[^\n]*\n[\S\s]*?^\1[ \t]*$|^>[^\n]*$", re.MULTILINE)


def size_category(num_rows: int) -> str:
    """Return the Hub's size bucket of a dataset."""
    return next((name for limit, name in _BUCKETS if num_rows < limit), "1B<n<10B")


def card_faults(readme: str) -> list[Fault]:
    """Return what is wrong with a card: its front matter, its license, its four sections, placeholders left in it."""
    match = FRONT_MATTER.match(readme)
    if not match:
        return [Fault("the card has no YAML front matter", where="README.md:1")]
    try:
        head = yaml.safe_load(match[3])
    except yaml.YAMLError as error:
        return [Fault(f"the card's front matter is not YAML: {error}", where="README.md:1")]
    if not isinstance(head, dict):
        return [Fault("the card's front matter is not a mapping", where="README.md:1")]
    body = readme[match.end() :]
    return [*_head_faults(head), *_body_faults(body, readme.count("\n", 0, match.end()))]


def _head_faults(head: dict[Any, Any]) -> Iterator[Fault]:
    where = "README.md:1"
    for key in head:
        if key not in _KEYS:
            hint = did_you_mean(str(key), _KEYS)
            yield Fault(f"the Hub does not know the card's key {key!r}", where=where, hint=hint)
    license_id = head.get("license")
    if license_id not in LICENSES:
        known = did_you_mean(str(license_id), LICENSES) if license_id else ""
        hint = known if known.startswith("did") else "set publish.license to one that the Hub lists, such as cc0-1.0"
        yield Fault(f"the Hub does not know the card's license {license_id!r}", where=where, hint=hint)
    for task in head.get("task_categories") or ():
        if task not in TASKS:
            hint = did_you_mean(str(task), TASKS)
            yield Fault(f"the Hub does not know the task category {task!r}", where=where, hint=hint)
    for tag in TAGS:
        if tag not in (head.get("tags") or ()):
            yield Fault(f"the card lacks the tag {tag!r}", where=where)


def _body_faults(body: str, line: int) -> Iterator[Fault]:
    # What stands in a quote or a fence is a row of the dataset, and free to say anything.
    prose = _QUOTED.sub(lambda quoted: "…" + "\n" * quoted[0].count("\n"), body)
    for section in SECTIONS:
        match = re.search(rf"^## {section}[ \t]*$([\S\s]*?)(?=^#{{1,2}} |\Z)", prose, re.MULTILINE)
        if not match or not match[1].strip():
            yield Fault(f"the card's section {section!r} is {'empty' if match else 'missing'}", where="README.md")
    for placeholder in _PLACEHOLDER.finditer(prose):
        number = line + body_line(prose, placeholder.start())
        yield Fault(f"a placeholder was left in the card: {placeholder[0].strip()!r}", where=f"README.md:{number}")


def body_line(body: str, offset: int) -> int:
    """Return the line, from 1, that `offset` is on."""
    return body.count("\n", 0, offset) + 1
