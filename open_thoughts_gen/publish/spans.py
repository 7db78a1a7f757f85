"""A published derivation says where its steps stand in the trace, for process supervision."""

from __future__ import annotations

from typing import Any

from open_thoughts_gen.types import Trace


def with_spans(derivation: object, trace: Trace | None) -> object:
    """Return a derivation (JSON) with the text and span of each step that the trace says; else as it is.

    A span is `[start, end]`, in characters of the reasoning; `part: response` marks one of the response. Steps that the
    narration leaves out have none, and keep what they claim, without what they cite. Entries after the steps are what
    the trace says besides, by their spans alone: notes, phrases, its end, and steps said again, each with the index
    (`step`, of 0, 1, ...) of that step.
    """
    if trace is None or not trace.passages or not isinstance(derivation, list):
        return derivation
    texts = {"reasoning": trace.reasoning, "response": trace.response}
    steps: list[dict[str, Any]] = [dict(step) for step in derivation]
    besides: list[dict[str, Any]] = []
    for passage in trace.passages:
        where: dict[str, Any] = {
            "span": [passage.start, passage.end],
            **({"part": passage.part} if passage.part == "response" else {}),
        }
        if passage.step is None:
            besides.append({"kind": passage.kind, **where})
        elif passage.again or "span" in steps[passage.step]:
            besides.append({"kind": passage.kind, "step": passage.step, **where})
        else:
            steps[passage.step] |= where | {"text": texts[passage.part][passage.start : passage.end]}
    published = (step if "span" in step else {name: step[name] for name in step if name != "cites"} for step in steps)
    return [*published, *besides]
