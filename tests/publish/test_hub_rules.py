"""The faults of a card, each on a line of its own."""

from __future__ import annotations

import pytest

from open_thoughts_gen.publish.hub_rules import card_faults, size_category

GOOD = """---
license: cc0-1.0
tags: [reasoning-datasets-competition, synthetic, reasoning]
task_categories: [text-generation]
---

# Title

## Purpose and scope

Short cases.

> a row may say TODO, or [More Information Needed]

## Creation method

One line.

## Example uses

```python
# fill this in
```

## Limitations and biases

Some.
"""


def faults(*replaced: tuple[str, str]) -> list[str]:
    card = GOOD
    for old, new in replaced:
        assert old in card
        card = card.replace(old, new)
    return [str(fault) for fault in card_faults(card)]


def test_a_good_card_has_no_fault() -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "license: cc0-1.0",
            "licence: cc0-1.0",
            "README.md:1: the Hub does not know the card's key 'licence'; did you",
        ),
        (
            "cc0-1.0",
            "apache2.0",
            "README.md:1: the Hub does not know the card's license 'apache2.0'; did you mean 'apache-2.0'?",
        ),
        (
            "cc0-1.0",
            "unknown",
            "the Hub does not know the card's license 'unknown'; set publish.license to one",
        ),
        (
            "[text-generation]",
            "[text2text-generation]",
            "the Hub does not know the task category 'text2text-generation'",
        ),
        ("synthetic, ", "", "the card lacks the tag 'synthetic'"),
        ("Short cases.\n\n> a row may say TODO, or [More Information Needed]\n\n", "", "'Purpose and scope' is empty"),
        ("## Example uses", "## Uses", "the card's section 'Example uses' is missing"),
        ("One line.", "[More Information Needed]", "README.md:17: a placeholder was left in the card"),
        ("Some.", "TODO: write", "README.md:27: a placeholder was left in the card: 'TODO'"),
        ("---\nlicense", "license", "README.md:1: the card has no YAML front matter"),
        ("cc0-1.0", "[", "README.md:1: the card's front matter is not YAML"),
    ],
)
def test_each_fault_is_told(old: str, new: str, told: str) -> None:
    said = faults((old, new))
    assert any(told in line for line in said), said
    assert all("\n" not in line for line in said)


def test_all_faults_are_told_at_once() -> None:
    assert len(faults(("cc0-1.0", "cc0"), ("synthetic, ", ""), ("## Example uses", "## Uses"), ("Some.", "TBD"))) == 4


@pytest.mark.parametrize(
    ("num", "bucket"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**4, "10K<n<100K"), (10**8, "100M<n<1B"), (10**9, "1B<n<10B")],
)
def test_size_buckets(num: int, bucket: str) -> None:
    assert size_category(num) == bucket
