"""The rows that the card shows: three whole ones, a minimal pair, and drawings. Long texts are cut in the middle."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from open_thoughts_gen.publish.front_matter import one_line
from open_thoughts_gen.publish.markdown import clip, code, fence, inline, quote, table
from open_thoughts_gen.publish.quality import YES_NO, twins
from open_thoughts_gen.publish.rows import answer_of
from open_thoughts_gen.text import normalise, shorten
from open_thoughts_gen.types import Sample

MAX_TEXT, MAX_LINE = 6_000, 500  # characters of a text, and of what stands on one line
_MAX_LOOKED_AT = 2_000  # rows
_SHORT = 10  # the short row is at this part of the lengths
MAX_DRAWN = 30  # lines of a chart
_CHART = re.compile(r"^```(mermaid|text)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
_ACTIVE = re.compile(r"%%\{|<|\\|://|javascript|\b(?:click|href|call|style|classDef|linkStyle)\b", re.IGNORECASE)


def chosen(samples: Sequence[Sample]) -> list[Sample]:
    """Return the rows that a card shows whole: a short one, one that differs most from it, and a hard one.

    The hard one is of middle length among the hardest level, where rows have levels.
    """
    ordered = sorted(samples, key=lambda sample: (sample.num_characters, sample.question.id))
    ordered = ordered[:: len(ordered) // _MAX_LOOKED_AT + 1]
    if not ordered:
        return []
    right = [sample for sample in ordered if sample.outcome == "correct"] or ordered
    levels = [level for sample in ordered if isinstance(level := sample.trait("level"), int)]
    hardest = [sample for sample in ordered if sample.trait("level") == max(levels)] if levels else ordered
    right = right[len(right) // _SHORT :]
    short, hard = right[0], hardest[len(hardest) // 2]
    shown = [_kind(short), _kind(hard)]

    def news(sample: Sample) -> int:
        return sum(value not in (kind[i] for kind in shown) for i, value in enumerate(_kind(sample)))

    other = max(right, key=news)  # the shortest of those that differ in most
    return list({id(sample): sample for sample in (short, other, hard)}.values())


def _kind(sample: Sample) -> tuple[str, ...]:
    """Return what rows differ by."""
    question = sample.question
    return (
        question.domain,
        question.source,
        *(str(sample.trait(name)) for name in ("scheme", "kind", "asks", "level")),
    )


def folded(sample: Sample, title: str) -> list[str]:
    """Return a row, whole, folded away under a title: the text between the two tags is Markdown."""
    named = {"scheme": "", "kind": "", "level": "level "}
    traits = [f"{said}{value}" for name, said in named.items() if (value := sample.trait(name)) not in (None, "")]
    about = one_line(", ".join([sample.question.domain, *traits]))
    summary = f"<details><summary>{escape(title)}: {escape(shorten(about, 120))}</summary>"
    return [summary, *_whole(sample), "</details>"]


def _whole(sample: Sample) -> list[str]:
    verdicts = [
        f"- {code(v.verifier)} says **{v.outcome}**" + (f": {inline(shorten(v.why, MAX_LINE))}" if v.why else "")
        for v in sample.verdicts
    ]
    answer, reference = (clip(text or "none", MAX_LINE) for text in (answer_of(sample), sample.question.reference))
    texts = {"Question": sample.question.prompt}
    if sample.trace:
        texts |= {"Reasoning": sample.trace.reasoning, "Response": sample.trace.response}
    return [
        f"Row `{sample.question.id}`.",
        *(part for name, text in texts.items() if text for part in (f"**{name}**", quote(clip(text, MAX_TEXT)))),
        f"**Answer** {code(answer)}, **reference** {code(reference)}",
        "\n".join(verdicts),
    ]


def minimal_pair(samples: Sequence[Sample]) -> list[str]:
    """Return the minimal pair that is easiest to read, and what differs in it; nothing if there is no pair.

    The easiest is not in a table, changes little, turns a yes into a no, and has the shortest change.
    """
    pairs = [
        (first, second, *_change(first.question.prompt, second.question.prompt)) for first, second in twins(samples)
    ]
    if not pairs:
        return []

    def effort(pair: tuple[Sample, Sample, str, str]) -> tuple[bool, bool, bool, int, str]:
        question, passages = pair[0].question, pair[2] + pair[3]
        is_judged = normalise(question.reference or "") in YES_NO
        return "|" in passages, len(passages) > MAX_LINE, not is_judged, len(passages), question.id

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


def drawings(samples: Sequence[Sample], limit: int) -> list[str]:
    """Return charts that questions hold, one of each kind, as code that the Hub and GitHub draw; at most `limit`.

    The text of a question may be hostile, so a chart that is more than boxes and lines (links, styles, settings) is
    passed over.
    """
    drawn = [sample for sample in samples if "```" in sample.question.prompt] if limit else []
    shown: dict[str, list[str]] = {}
    for sample in sorted(drawn, key=lambda sample: sample.question.id):
        for kind, language, chart in _charts(sample.question.prompt):
            if len(shown) < limit and kind not in shown:
                reference = code(clip(sample.question.reference or "none", MAX_LINE))
                shown[kind] = [f"From `{sample.question.id}`, whose answer is {reference}:", fence(chart, language)]
    return ["### Some of the drawings", *(part for parts in shown.values() for part in parts)] if shown else []


def _charts(prompt: str) -> Iterator[tuple[str, str, str]]:
    """Yield the kind, the language and the text of each chart that is short and harmless.

    Of blocks of plain text only those count that begin with a line of strokes, as plans do.
    """
    for language, chart in _CHART.findall(prompt):
        head = chart.strip().partition("\n")[0]
        is_drawn = language == "mermaid" or not re.search(r"\w{2}", head)
        if is_drawn and chart.count("\n") < MAX_DRAWN and not _ACTIVE.search(chart):
            kind = re.sub(r"\W.*", "", head) if language == "mermaid" else language
            yield {"graph": "flowchart"}.get(kind, kind), language, chart


def _change(first: str, second: str, around: int = 12) -> tuple[str, str]:
    """Return the passage in which two texts differ, as each of them has it, the change in bold."""
    old, new = (re.findall(r"\n|\S+", text) for text in (first, second))
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
    before = " ".join(words[max(0, start - around) : start]).rpartition("\n")[2]
    changed = shorten(" ".join(words[start:end]), 600)
    after = " ".join(words[end : end + around]).partition("\n")[0]
    marked = f"**{inline(changed)}**" if changed else "**∅**"
    return f"… {inline(before.strip())} {marked} {inline(after.strip())} …"
