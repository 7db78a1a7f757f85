"""The rows that the card shows: one whole, and a minimal pair. Long texts are cut in the middle."""

from __future__ import annotations

from collections.abc import Sequence

from open_thoughts_gen.publish.markdown import clip, code, inline, quote, table
from open_thoughts_gen.publish.quality import YES_NO, twins
from open_thoughts_gen.publish.rows import answer_of
from open_thoughts_gen.text import normalise, shorten
from open_thoughts_gen.types import Sample

MAX_TEXT, MAX_LINE = 6_000, 500  # characters of a text, and of what stands on one line


def one_row(samples: Sequence[Sample]) -> list[str]:
    """Return the row of middle length, of the hardest level where rows have levels."""
    samples = sorted(samples, key=lambda sample: (sample.num_characters, sample.question.id))
    if not samples:
        return ["No row was accepted."]
    hardest = max(
        (level for sample in samples if isinstance(level := sample.question.meta.get("level"), int)), default=None
    )
    if hardest is not None:
        samples = [sample for sample in samples if sample.question.meta.get("level") == hardest]
    sample, among = samples[len(samples) // 2], "" if hardest is None else f" among those of level {hardest}"
    verdicts = [
        f"- {code(v.verifier)} says **{v.outcome}**" + (f": {inline(shorten(v.why, MAX_LINE))}" if v.why else "")
        for v in sample.verdicts
    ]
    answer, reference = (clip(text or "none", MAX_LINE) for text in (answer_of(sample), sample.question.reference))
    texts = {"Question": sample.question.prompt}
    if sample.trace:
        texts |= {"Reasoning": sample.trace.reasoning, "Response": sample.trace.response}
    return [
        f"The row of middle length{among}, `{sample.question.id}`.",
        *(part for name, text in texts.items() if text for part in (f"**{name}**", quote(clip(text, MAX_TEXT)))),
        f"**Answer** {code(answer)}, **reference** {code(reference)}",
        "\n".join(verdicts),
    ]


def minimal_pair(samples: Sequence[Sample]) -> list[str]:
    """Return the minimal pair that is easiest to read, and what differs in it; nothing if there is no pair.

    The easiest is a yes that becomes a no, then the one with the shortest change.
    """
    pairs = [
        (first, second, *_change(first.question.prompt, second.question.prompt)) for first, second in twins(samples)
    ]
    if not pairs:
        return []

    def effort(pair: tuple[Sample, Sample, str, str]) -> tuple[bool, int, str]:
        question = pair[0].question
        return normalise(question.reference or "") not in YES_NO, len(pair[2] + pair[3]), question.id

    first, second, before, after = min(pairs, key=effort)
    rows = []
    for sample, passage in ((first, before), (second, after)):
        answer = sample.question.reference or answer_of(sample) or "none"
        rows.append((f"`{sample.question.id}`", passage, code(clip(answer, MAX_LINE))))
    explanation = (
        f"{len(pairs):,} rows are the twin of another: the same case with one fact changed, and another answer. "
        "Whoever answers both has read the fact, not the style. This pair differs only here:"
    )
    return ["### A minimal pair", explanation, table(("Row", "What differs", "Answer"), rows)]


def _change(first: str, second: str, around: int = 12) -> tuple[str, str]:
    """Return the passage in which two texts differ, as each of them has it, the change in bold."""
    old, new = first.split(), second.split()
    if old == new:
        return "", ""
    start = _num_alike(old, new)
    end = _num_alike(old[start:][::-1], new[start:][::-1])
    return _marked(old, start, len(old) - end, around), _marked(new, start, len(new) - end, around)


def _num_alike(first: Sequence[str], second: Sequence[str]) -> int:
    """Return how many words two texts begin with alike."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((i for i, (one, other) in pairs if one != other), min(len(first), len(second)))


def _marked(words: Sequence[str], start: int, end: int, around: int) -> str:
    before = " ".join(words[max(0, start - around) : start])
    changed = shorten(" ".join(words[start:end]), 600)
    after = " ".join(words[end : end + around])
    marked = f"**{inline(changed)}**" if changed else "**∅**"
    return f"… {inline(before)} {marked} {inline(after)} …"
